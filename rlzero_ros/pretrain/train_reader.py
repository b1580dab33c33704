"""Trains the reader of an index on drawings of the robot's own windows; see ``project.reader``.

What is to be read is what a silhouette shows: directions of limbs, the same when the sides are
exchanged, and the speed forward. ``rlzero index`` makes a reader with every index of a robot that a
drawn figure stands for. One for the index of a bundle that has none, or another:

    python -m rlzero_ros.pretrain.train_reader --data data/walker --bundle walker --out DIR
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from ..errors import DataError
from ..project.embedder import FrameEmbedder
from ..project.index import WINDOW, ObservationIndex
from ..project.projection import chance_similarity
from ..project.reader import LAYERS, WindowReader, inputs_of
from ..robots.base_motion import BaseMotion
from ..robots.observation import load_model
from ..robots.registry import load_robot
from .bundle_index import change_index, parser_for
from .calibrate_index import calibrate
from .choose_states import choose_windows
from .dataset import read_info
from .drawn_windows import draw_windows
from .figure_of import has_figure, poses_of
from .frame_file import digest
from .pose_loss import arm_features, limb_features

_CHUNK = 200
_FEWEST = 500
"""From fewer windows a reader would learn them by heart."""
_LARGEST = 4.0
"""Features are cut off at so many standard deviations: a fall is not to weigh more than a walk."""


@dataclass(frozen=True)
class ReaderTraining:
    """windows, drawings: so many, each drawn so often. still: share whose changes are hidden.

    It ends after so many updates or epochs, whichever come first.
    """

    windows: int = 14_000
    drawings: int = 2
    updates: int = 6000
    epochs: int = 55
    batch: int = 256
    hidden: int = 512
    learning_rate: float = 1e-3
    weight_decay: float = 0.1
    dropout: float = 0.1
    still: float = 0.2
    seed: int = 0


def shown_by(robot: str, physics: NDArray[np.floating]) -> NDArray[np.float32]:
    """What pictures of physics (N, nq + nv) show: (N, features), the forward speed (m/s) last."""
    poses = poses_of(robot, physics)
    angles, height = torch.from_numpy(poses.angles), torch.from_numpy(poses.root[:, 1])
    parts = [limb_features(angles, height)]
    if np.isfinite(poses.arms).all():
        parts.append(arm_features(torch.from_numpy(poses.arms)))
    described = load_robot(robot)
    motion = BaseMotion(described.spec, load_model(described.model_xml))
    parts.append(torch.from_numpy(np.float32(motion.forward_speed(physics)))[:, None])
    return torch.cat(parts, dim=1).numpy()


def train_reader(
    robot: str,
    physics: NDArray[np.float32],
    embedder: FrameEmbedder,
    index: ObservationIndex,
    config: ReaderTraining | None = None,
    work: Path | None = None,
) -> WindowReader | None:
    """The reader of an index; None for few windows, or a robot that no drawn figure stands for.

    physics: windows (N, 3, nq + nv) of the robot's data, other than those that it is measured on.
    work: keeps the drawings' embeddings, most of the time that it takes, for the next time.
    """
    if not has_figure(robot) or len(physics) < _FEWEST:
        return None
    config = config or ReaderTraining()
    wanted = shown_by(robot, physics[:, WINDOW // 2])
    mean, spread = wanted.mean(0), wanted.std(0).clip(1e-3)

    def normal(features: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.clip((features - mean) / spread, -_LARGEST, _LARGEST).astype(np.float32)

    windows = np.concatenate(
        [
            _embedded_drawings(robot, physics, embedder, (config.seed, drawing), work)
            for drawing in range(config.drawings)
        ]
    )
    whole = np.ones(len(windows), dtype=bool)
    inputs = inputs_of(windows, whole)
    center, scale = inputs.mean(0), inputs.std(0).clip(1e-6)
    net = _fit(
        torch.from_numpy((inputs - center) / scale),
        torch.from_numpy((inputs_of(windows, ~whole) - center) / scale),
        torch.from_numpy(np.tile(normal(wanted), (config.drawings, 1))),
        config,
    )
    return WindowReader(
        tuple(layer.weight.detach().numpy() for layer in net),
        tuple(layer.bias.detach().numpy() for layer in net),
        center,
        scale,
        normal(shown_by(robot, index.physics)).astype(np.float16),
    )


def reader_of_more(
    robot: str, index: ObservationIndex, physics: NDArray[np.float32]
) -> WindowReader:
    """The reader of an index, for physics (N, nq + nv) that begin with those of the index.

    It is the same network; what it would say of new rows follows from what it would of the old.
    """
    reader = index.reader
    if reader is None:
        raise DataError("the index has no reader")
    shown, known = shown_by(robot, physics), len(index)
    stored = reader.shown.astype(np.float32)
    for column, (wanted, raw) in enumerate(zip(stored.T, shown.T, strict=True)):
        kept = np.abs(wanted) < 0.95 * _LARGEST  # what is cut off has another slope
        slope, offset = np.polyfit(raw[:known][kept], wanted[kept], 1)
        shown[:, column] = np.clip(slope * raw + offset, -_LARGEST, _LARGEST)
    shown[:known] = stored
    return replace(reader, shown=shown.astype(np.float16))


def _embedded_drawings(
    robot: str,
    physics: NDArray[np.float32],
    embedder: FrameEmbedder,
    seed: tuple[int, int],
    work: Path | None,
) -> NDArray[np.float32]:
    """Windows (N, 3, dim) of embeddings, each drawn in a style of training, half with clutter."""
    kept = f"drawn-{embedder.id}-{digest(physics)}-{seed[0]}-{seed[1]}"
    rows = []
    for number, start in enumerate(tqdm(range(0, len(physics), _CHUNK), desc="draw", unit="chunk")):
        file = None if work is None else work / f"{kept}-{number}.npy"
        if file is not None and file.exists():
            rows.append(np.load(file))
            continue
        chunk_seed = int(np.random.SeedSequence((*seed, number)).generate_state(1)[0])
        chunk = physics[start : start + _CHUNK]
        frames = draw_windows(robot, chunk, chunk_seed, number % 2 == 1, "varied")
        rows.append(embedder.embed(frames.reshape(-1, *frames.shape[2:])))
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            partial = file.with_suffix(".partial.npy")
            np.save(partial, rows[-1])
            partial.replace(file)
    return np.concatenate(rows).reshape(len(physics), WINDOW, -1)


def _fit(moving: Tensor, still: Tensor, wanted: Tensor, config: ReaderTraining) -> list[nn.Linear]:
    """The layers; moving, still: the same inputs (N, 3 dim) with their changes and without."""
    torch.manual_seed(config.seed)
    rng = np.random.default_rng((config.seed, 2))
    sizes = [moving.shape[1], *[config.hidden] * (LAYERS - 1), wanted.shape[1]]
    layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
    parts: list[nn.Module] = [layers[0]]
    for layer in layers[1:]:
        parts += [nn.SiLU(), nn.Dropout(config.dropout), layer]
    net = nn.Sequential(*parts)
    optimizer = torch.optim.AdamW(
        net.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    updates = min(config.updates, config.epochs * len(moving) // config.batch)
    for update in tqdm(range(updates), desc="read", unit="update"):
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * (1.0 - update / updates)
        rows = torch.from_numpy(rng.integers(len(moving), size=config.batch))
        at_rest = torch.from_numpy(rng.random(config.batch) < config.still)[:, None]
        error = net(torch.where(at_rest, still[rows], moving[rows])) - wanted[rows]
        # What does not change has no speed to be read.
        weight = torch.ones_like(error)
        weight[:, -1] = (~at_rest[:, 0]).float()
        loss = (weight * error.square()).sum() / weight.sum()
        if not torch.isfinite(loss):
            raise DataError(f"the reader's training diverged at update {update}")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return layers


def add_reader(
    data: Path,
    index: ObservationIndex,
    embedder: FrameEmbedder,
    config: ReaderTraining,
    work: Path | None = None,
) -> None:
    """Give an index a reader, and what depends on it anew: calibration and chance similarity.

    work: as in ``train_reader``. Raises DataError for a robot that no drawn figure stands for, and
    for little data.
    """
    robot = read_info(data).robot
    windows = choose_windows(data, config.windows, config.seed)
    index.reader = train_reader(robot, windows.physics, embedder, index, config, work)
    if index.reader is None:
        why = f"{len(windows)} windows are too few" if has_figure(robot) else "no figure is drawn"
        raise DataError(f"no reader for {robot!r} from {data}: {why}")
    index.chance_similarity = chance_similarity(embedder, index, config.seed)
    calibrate(robot, data, embedder, index, config.seed)


def main(argv: list[str] | None = None) -> int:
    """The command line; see the module."""
    parser = parser_for((__doc__ or "").splitlines()[0], "reader")
    names = ("windows", "drawings", "updates", "seed")
    for name in names:
        default = getattr(ReaderTraining(), name)
        parser.add_argument(f"--{name}", type=int, default=default, help="default: %(default)s")
    told = sys.argv[1:] if argv is None else argv
    args = parser.parse_args(told)
    config = ReaderTraining(**{name: getattr(args, name) for name in names})

    def change(index: ObservationIndex, embedder: FrameEmbedder, work: Path) -> ObservationIndex:
        add_reader(args.data, index, embedder, config, work)
        return index

    return change_index(__spec__.name, args, told, change)


if __name__ == "__main__":
    sys.exit(main())
