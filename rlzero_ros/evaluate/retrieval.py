"""`rlzero eval retrieval`: is the state that a drawing is projected to the state that was drawn?

Held-out states of a robot (from episodes that neither the embedder nor the index has seen) are
redrawn in styles, proportions, viewpoints and scenery that training never draws, each as a short
clip of three frames, and projected onto the robot's observation index. Judged are the limbs: a
pose counts as found when its mean joint error, legs assigned the better way, is below 15 degrees.

The held-out states come with the package; ``--make-states DATASET`` chooses them anew. ``--plot``
writes curves and a page of examples. A robot that no drawn figure stands for is left out.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from tqdm import tqdm

from ..commands.bounds import SEEDS, whole_number
from ..commands.output import write_json
from ..errors import BundleError, DataError
from ..paths import find_bundle
from ..pretrain.drawn_windows import draw_windows
from ..pretrain.figure_observations import observed_angles, observed_forward_speed
from ..pretrain.figure_of import has_figure
from ..pretrain.poses import nearest_pose_error, pose_error
from ..project.embedder import FrameEmbedder, load_embedder, name_of
from ..project.index import WINDOW, ObservationIndex
from ..project.limbs import TOLERANCE_DEG
from ..project.projection import SINGLE_FRAME, WINDOW_WEIGHTS, check_embedder, find_windows
from ..robots.registry import load_robot, robot_names
from ..robots.spec import RobotSpec

MOVING_MPS = 0.3
"""Only windows that move at least this fast have a direction to get right."""
STATES_FOLDER = Path(__file__).parent / "data"
SCENERIES = (("clean", False), ("distractors", True))
_STATES = 500


@dataclass(frozen=True)
class HeldoutStates:
    """N held-out windows: physics (N, 3, nq + nv), observations (N, obs) of the middle."""

    physics: NDArray[np.float32]
    observations: NDArray[np.float32]

    @classmethod
    def load(cls, robot: str) -> HeldoutStates:
        """The states that come with the package; DataError where a robot has none."""
        path = STATES_FOLDER / f"{robot}_heldout.safetensors"
        if not path.is_file():
            raise DataError(
                f"no held-out states of {robot!r}: make them with "
                f"'rlzero eval retrieval --robot {robot} --make-states data/{robot}'"
            )
        return cls(**load_file(path))


def make_states(robot: str, data: Path, seed: int) -> Path:
    """Chooses held-out states of a dataset and keeps them beside this module."""
    from ..pretrain.choose_states import choose_windows

    windows = choose_windows(data, _STATES, seed, heldout=True)
    path = STATES_FOLDER / f"{robot}_heldout.safetensors"
    save_file({"physics": windows.physics, "observations": windows.observations}, path)
    return path


@dataclass(frozen=True)
class Retrieved:
    """What N drawn windows (N, 3, S, S, 3) were projected to: k rows of the index, best first.

    similarities, rows: (N, k). errors: (N, k), mean joint errors in degrees.
    """

    frames: NDArray[np.uint8]
    similarities: NDArray[np.float32]
    rows: NDArray[np.int64]
    errors: NDArray[np.float32]


def retrieve(
    frames: NDArray[np.uint8],
    embedder: FrameEmbedder,
    index: ObservationIndex,
    weights: tuple[float, float, float] = WINDOW_WEIGHTS,
    k: int = 5,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Projects windows of frames (N, 3, S, S, 3): similarities and rows (N, k), best first."""
    flat = frames.reshape(-1, *frames.shape[2:])
    rows = np.arange(len(flat)).reshape(-1, WINDOW)
    shares = np.tile(np.asarray(weights, np.float32) / sum(weights), (len(frames), 1))
    return find_windows(flat, rows, shares, embedder, index, k=k)


def score(
    spec: RobotSpec, wanted: NDArray[np.float32], found: NDArray[np.float32]
) -> dict[str, float]:
    """Scores of found observations (N, k, obs), best first, against the wanted ones (N, obs)."""
    angles = observed_angles(spec, wanted)
    errors = np.rad2deg(pose_error(angles[:, None], observed_angles(spec, found)))
    speed = observed_forward_speed(spec, wanted)
    moving = np.abs(speed) >= MOVING_MPS
    same = np.sign(observed_forward_speed(spec, found[:, 0])) == np.sign(speed)
    result = {
        "recall@1": float((errors[:, 0] < TOLERANCE_DEG).mean()),
        "recall@5": float((errors.min(1) < TOLERANCE_DEG).mean()),
        "joint_error_deg": float(errors[:, 0].mean()),
        "states": len(wanted),
        "moving_states": int(moving.sum()),
    }
    if moving.any():
        result["velocity_sign"] = float(same[moving].mean())
    return result


def calibration_scores(
    index: ObservationIndex, similarities: NDArray[np.float32], errors: NDArray[np.float32]
) -> dict[str, float]:
    """How well the index's confidence foretells the poses found, best matches (N,) of each.

    ``expected``: the share that it expects to be right; ``brier``: the mean squared error of its
    probabilities. Nothing for an index that is not calibrated.
    """
    if index.calibration is None:
        return {}
    expected = index.calibration.probability(similarities)
    brier = np.square(expected - (errors < TOLERANCE_DEG)).mean()
    return {"expected": float(expected.mean()), "brier": float(brier)}


def evaluate(
    robot: str,
    embedder: FrameEmbedder,
    index: ObservationIndex,
    *,
    weights: tuple[float, float, float] = WINDOW_WEIGHTS,
    seed: int = 0,
) -> tuple[dict[str, dict[str, float]], dict[str, Retrieved]]:
    """Scores and what was found by scenery, "clean" and "distractors".

    ``reachable`` is what the index allows: the share of states with an entry within tolerance.
    """
    check_embedder(embedder, index)
    spec = load_robot(robot).spec
    states = HeldoutStates.load(robot)
    angles = observed_angles(spec, states.observations)
    nearest = nearest_pose_error(angles, observed_angles(spec, index.observations))
    reachable = float((np.rad2deg(nearest) < TOLERANCE_DEG).mean())
    scores, found = {}, {}
    for name, clutter in tqdm(SCENERIES, desc=robot, leave=False):
        frames = draw_windows(robot, states.physics, seed, clutter)
        similarities, rows = retrieve(frames, embedder, index, weights)
        observations = index.observations[rows]
        errors = np.rad2deg(pose_error(angles[:, None], observed_angles(spec, observations)))
        scores[name] = {
            **score(spec, states.observations, observations),
            "reachable": reachable,
            **calibration_scores(index, similarities[:, 0], errors[:, 0]),
        }
        found[name] = Retrieved(frames, similarities, rows, errors)
    return scores, found


def measurable(robot: str) -> str:
    """Why a robot cannot be measured here, or nothing."""
    if not has_figure(robot):
        return "no drawn figure stands for it"
    try:
        find_bundle(robot)
        HeldoutStates.load(robot)
    except (BundleError, DataError) as error:
        return error.message
    return ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of `rlzero eval retrieval`."""
    parser.add_argument("--robot", nargs="+", choices=robot_names(), help="default: all that can")
    parser.add_argument("--index", type=Path, help="folder of the index (default: its bundle)")
    parser.add_argument(
        "--embedder", help="folder, name or open_clip model (default: the one of the index)"
    )
    parser.add_argument("--single", action="store_true", help="single frames, not windows")
    parser.add_argument(
        "--seed", type=whole_number(0, SEEDS), default=0, help="of the held-out styles"
    )
    parser.add_argument("--plot", type=Path, metavar="DIR", help="write curves and examples there")
    parser.add_argument(
        "--make-states", type=Path, metavar="DATASET", help="choose the held-out states anew"
    )


def main(args: argparse.Namespace) -> int:
    """Prints the scores and writes them to ``args.json``."""
    weights = SINGLE_FRAME if args.single else WINDOW_WEIGHTS
    report, pages = {}, []
    for robot in args.robot or robot_names():
        if args.make_states is not None:
            print(f"wrote {make_states(robot, args.make_states, args.seed)}")
        if args.robot is None and (why := measurable(robot)):
            print(f"{robot} is left out: {why}")
            continue
        index = ObservationIndex.load(args.index or find_bundle(robot))
        embedder = load_embedder(args.embedder or name_of(index.embedder_id))
        report[robot], found = evaluate(robot, embedder, index, weights=weights, seed=args.seed)
        for name, scores in report[robot].items():
            text = "  ".join(f"{key} {value:.3g}" for key, value in scores.items())
            print(f"{robot} {name}: {text}")
        pages.append((robot, index, found))
    if not report:
        raise DataError("no robot has a bundle, held-out states and a drawn figure")
    write_json(args.json, report)
    if args.plot is not None:
        from .retrieval_page import write_page

        print(f"wrote {write_page(args.plot, report, pages)}")
    return 0
