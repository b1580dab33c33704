"""From a dataset to the observation index: choose states, render, embed, save."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..errors import DataError
from ..project.embedder import FrameEmbedder
from ..project.index import FAISS_FILE, OBSERVATIONS_FILE, WINDOW, ObservationIndex
from ..project.projection import MOTION_WEIGHT, WINDOW_WEIGHTS, chance_similarity
from ..project.thumbnails import Thumbnails, encode_thumbnail
from .calibrate_index import calibrate
from .choose_states import choose_windows
from .dataset import read_info
from .frame_file import read_frames
from .match_poses import pose_codes
from .render_states import render_in_process
from .train_reader import ReaderTraining, train_reader
from .windows import Windows, window_steps

_BATCH = 512


@dataclass(frozen=True)
class IndexReport:
    """What was built.

    bytes: of both files. kind: how it is searched. recall: share of the exact five best that a
    search finds. calibrated: whether confidences are probabilities. reads: whether a reader
    chooses among what is found. matches: whether a pose matcher does.
    """

    states: int
    dim: int
    bytes: int
    embedder_id: str
    kind: str
    recall: float
    calibrated: bool
    reads: bool
    matches: bool


def embed_windows(
    embedder: FrameEmbedder, frames: NDArray[np.uint8], desc: str = "embed"
) -> NDArray[np.float32]:
    """Embeddings (N, 3, dim) of frames (3N, S, S, 3), window by window."""
    rows = [
        embedder.embed(np.asarray(frames[start : start + _BATCH]))
        for start in tqdm(range(0, len(frames), _BATCH), desc=desc, unit="batch")
    ]
    return np.concatenate(rows).reshape(-1, WINDOW, embedder.dim)


def render_windows(robot: str | Path, windows: Windows, work: Path) -> NDArray[np.uint8]:
    """Renders every frame of the windows: (3N, 64, 64, 3), kept in ``work`` for the next time."""
    physics = windows.physics.reshape(-1, windows.physics.shape[-1])
    render_in_process(str(robot), physics, work)
    return read_frames(work)


def thumbnails_of(frames: NDArray[np.uint8]) -> Thumbnails:
    """Of the middle of each window, of frames (3N, S, S, 3)."""
    middle = tqdm(frames[WINDOW // 2 :: WINDOW], desc="thumbnails", unit="frame")
    return Thumbnails.pack([encode_thumbnail(np.asarray(frame)) for frame in middle])


def build_index(
    data: Path,
    embedder: FrameEmbedder,
    out: Path,
    work: Path,
    *,
    states: int,
    seed: int = 0,
    robot: str | Path | None = None,
    kind: str = "auto",
) -> IndexReport:
    """Builds the index of a dataset and writes it into ``out``.

    Args:
        data: folder of the dataset.
        embedder: made the embeddings from now on.
        out: receives ``observations.safetensors`` and ``index.faiss``.
        work: keeps the renderings and the reader's drawings, so that an interrupted build goes on,
            and another embedder need not render again.
        states: how many observations, at most.
        seed: decides the choice.
        robot: name or folder of the robot; by default the one that the dataset names.
        kind: of the search: "auto" by the number of states, or one of ``faiss_kinds.KINDS``.
    """
    if states < 1:
        raise DataError(f"an index needs at least one state, not {states}")
    out.mkdir(parents=True, exist_ok=True)  # where it cannot be, better now than in an hour
    info = read_info(data)
    robot = info.robot if robot is None else robot
    windows = choice_for(data, work, states, seed, robot)
    frames = render_windows(robot, windows, work)
    embedded = embed_windows(embedder, frames)
    stride = window_steps(info.control_period_s) * info.control_period_s
    index = ObservationIndex.build(
        windows.observations,
        windows.middle,
        embedded,
        thumbnails_of(frames),
        embedder.id,
        stride,
        kind,
        seed,
    )
    training = ReaderTraining(seed=seed)
    index.reader = train_reader(
        info.robot, windows.physics, embedder, index, training, work / "reader"
    )
    index.pose_codes = pose_codes(info.robot, index.physics, embedder)
    index.chance_similarity = chance_similarity(embedder, index, seed)
    calibrate(info.robot, data, embedder, index, seed)
    index.save(out)
    size = sum((out / name).stat().st_size for name in (OBSERVATIONS_FILE, FAISS_FILE))
    recall = index.recall(embedded, WINDOW_WEIGHTS, MOTION_WEIGHT, seed)
    calibrated, reads = index.calibration is not None, index.reader is not None
    return IndexReport(
        len(index),
        index.dim,
        size,
        embedder.id,
        index.kind,
        recall,
        calibrated,
        reads,
        index.pose_codes is not None,
    )


def choice_for(data: Path, work: Path, states: int, seed: int, robot: str | Path) -> Windows:
    """The choice of states, made once for a work folder: the dataset may grow meanwhile."""
    wanted: dict[str, Any] = {
        "format": 2,
        "data": str(data),
        "states": states,
        "seed": seed,
    }
    stamp, file = work / "choice.json", work / "choice.npz"
    if stamp.exists():
        found = json.loads(stamp.read_text())
        if found != wanted:
            raise DataError(f"{work} holds another choice of states ({found}): delete it")
        with np.load(file) as arrays:
            return Windows(**arrays)
    windows = choose_windows(data, states, seed, robot=robot)
    work.mkdir(parents=True, exist_ok=True)
    np.savez(file, **asdict(windows))
    stamp.write_text(json.dumps(wanted))
    return windows
