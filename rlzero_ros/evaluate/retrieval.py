"""`rlzero eval retrieval`: is the state that a drawing is projected to the state that was drawn?

Held-out states of a robot (from episodes that neither the embedder nor the index has seen) are
redrawn in styles, proportions, viewpoints and scenery that training never draws, each as a short
clip of three frames, and projected onto the robot's observation index. Judged are the limbs: a
pose counts as found when its mean joint error, legs assigned the better way, is below 15 degrees.

The held-out states come with the package; ``--make-states DATASET`` chooses them anew.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from tqdm import tqdm

from ..errors import DataError
from ..imagine.draw import draw
from ..imagine.figure import FigurePose
from ..imagine.style import FigureStyle, random_style
from ..paths import find_bundle
from ..pretrain.figure_observations import observed_angles, observed_forward_speed
from ..pretrain.figure_of import nearest_pose_error, pose_error, poses_of
from ..project.embedder import FrameEmbedder, load_embedder
from ..project.index import WINDOW, ObservationIndex
from ..project.projection import MOTION_WEIGHT, WINDOW_WEIGHTS
from ..robots.registry import load_robot, robot_names
from ..robots.spec import RobotSpec

TOLERANCE_DEG = 15.0
MOVING_MPS = 0.3
"""Only windows that move at least this fast have a direction to get right."""
STATES_FOLDER = Path(__file__).parent / "data"
_STATES = 500
_SIZE = 64
_X_COLUMN = 1


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


def draw_windows(
    robot: str, physics: NDArray[np.float32], seed: int, clutter: bool
) -> NDArray[np.uint8]:
    """Each window (N, 3, nq + nv) as three drawings in one held-out style: (N, 3, 64, 64, 3)."""
    rng = np.random.default_rng((seed, int(clutter)))
    styles = [random_style(rng, "heldout", clutter=clutter) for _ in range(len(physics))]
    frames = np.empty((len(physics), WINDOW, _SIZE, _SIZE, 3), np.uint8)
    for moment in range(WINDOW):
        poses = poses_of(robot, physics[:, moment])
        for row, style in enumerate(styles):
            pose = poses.figure(row)
            frames[row, moment] = _draw_at(pose, float(physics[row, moment, _X_COLUMN]), style)
    return frames


def _draw_at(pose: FigurePose, x: float, style: FigureStyle) -> NDArray[np.uint8]:
    # The camera follows the figure, so only the floor shows that it gets somewhere.
    moved = FigurePose((pose.root[0] + x, pose.root[1]), pose.angles, pose.kind)
    return draw(moved, style, _SIZE)


@dataclass(frozen=True)
class Retrieved:
    """What N drawn windows were projected to: k observations each (N, k, obs), best first."""

    observations: NDArray[np.float32]
    similarities: NDArray[np.float32]


def retrieve(
    frames: NDArray[np.uint8],
    embedder: FrameEmbedder,
    index: ObservationIndex,
    weights: tuple[float, float, float],
    k: int = 5,
) -> Retrieved:
    """Projects windows of frames (N, 3, S, S, 3)."""
    embedded = embedder.embed(frames.reshape(-1, *frames.shape[2:]))
    windows = embedded.reshape(len(frames), WINDOW, -1)
    shares = np.tile(np.asarray(weights, np.float32) / sum(weights), (len(frames), 1))
    similarities, rows = index.search(windows, shares, MOTION_WEIGHT, k)
    return Retrieved(index.observations[rows], similarities)


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


def evaluate(
    robot: str,
    embedder: FrameEmbedder,
    index: ObservationIndex,
    *,
    weights: tuple[float, float, float] = WINDOW_WEIGHTS,
    seed: int = 0,
) -> dict[str, dict[str, float]]:
    """Scores by scenery, "clean" and "distractors"; ``reachable`` is what the index allows."""
    spec = load_robot(robot).spec
    states = HeldoutStates.load(robot)
    nearest = nearest_pose_error(
        observed_angles(spec, states.observations), observed_angles(spec, index.observations)
    )
    reachable = float((np.rad2deg(nearest) < TOLERANCE_DEG).mean())
    result = {}
    for name, clutter in tqdm((("clean", False), ("distractors", True)), desc=robot, leave=False):
        frames = draw_windows(robot, states.physics, seed, clutter)
        found = retrieve(frames, embedder, index, weights)
        result[name] = score(spec, states.observations, found.observations)
        result[name]["reachable"] = reachable
    return result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of `rlzero eval retrieval`."""
    parser.add_argument("--robot", nargs="+", choices=robot_names(), help="default: all")
    parser.add_argument("--index", type=Path, help="folder of the index (default: its bundle)")
    parser.add_argument("--embedder", default="pose-64", help="folder, name or open_clip model")
    parser.add_argument("--single", action="store_true", help="single frames, not windows")
    parser.add_argument("--seed", type=int, default=0, help="of the held-out styles")
    parser.add_argument(
        "--make-states", type=Path, metavar="DATASET", help="choose the held-out states anew"
    )


def main(args: argparse.Namespace) -> int:
    """Prints the scores and writes them to ``args.json``."""
    embedder = load_embedder(args.embedder)
    weights = (0.0, 1.0, 0.0) if args.single else WINDOW_WEIGHTS
    report = {}
    for robot in args.robot or robot_names():
        if args.make_states is not None:
            print(f"wrote {make_states(robot, args.make_states, args.seed)}")
        index = ObservationIndex.load(args.index or find_bundle(robot))
        report[robot] = evaluate(robot, embedder, index, weights=weights, seed=args.seed)
        for name, scores in report[robot].items():
            text = "  ".join(f"{key} {value:.3g}" for key, value in scores.items())
            print(f"{robot} {name}: {text}")
    if args.json is not None:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0
