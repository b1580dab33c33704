"""The rivals' share of a robot's offline data: whole episodes, and how every state looks.

Pictures are rendered and embedded a few episodes at a time and then thrown away: what stays is one
embedding for each state, in files that a later run, of whatever prompt, takes up again.
"""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..errors import DataError
from ..pretrain.dataset import open_dataset
from ..pretrain.frame_file import read_frames
from ..pretrain.heldout import split_episodes
from ..pretrain.render_states import render_in_process
from ..project.embedder import FrameEmbedder

Episodes = list[tuple[str, int]]
"""Names of shards, and rows in them."""
_CHUNK = 10
_BATCH = 512


@dataclass(frozen=True)
class RivalData:
    """E episodes of T transitions.

    observations: (E, T + 1, observation_dim). actions: (E, T, action_dim) in [−1, 1]. physics:
    (E, T, nq + nv) and embeddings (E, T, d), unit rows, of the states after each action. seconds:
    what rendering and embedding took.
    """

    observations: NDArray[np.float32]
    actions: NDArray[np.float32]
    physics: NDArray[np.float32]
    embeddings: NDArray[np.float32]
    seconds: float

    @property
    def transitions(self) -> int:
        """How many there are."""
        return int(self.actions.shape[0] * self.actions.shape[1])


def choose_episodes(data: Path, work: Path, transitions: int, seed: int = 0) -> Episodes:
    """Episodes with at least so many transitions in all, or all that may be trained on.

    Chosen once for a work folder, since the dataset may grow. Raises DataError where there is no
    dataset, or the folder holds another choice.
    """
    path = work / "episodes.json"
    wanted = {"data": str(data.resolve()), "transitions": transitions, "seed": seed}
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        episodes = found.pop("episodes")
        if found != wanted:
            raise DataError(f"{work} holds other episodes ({found}): delete it")
        return [(name, row) for name, row in episodes]
    _, shards = open_dataset(data)
    lengths = {shard.actions.shape[1] for shard in shards}
    if len(lengths) > 1:
        raise DataError(f"{data} has episodes of several lengths: {sorted(lengths)}")
    rng = np.random.default_rng(seed)
    rows = [(s.name, int(r)) for s in shards for r in split_episodes(len(s.actions))[0]]
    count = min(-(-transitions // lengths.pop()), len(rows))
    chosen = [rows[i] for i in rng.permutation(len(rows))[:count]]
    work.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**wanted, "episodes": chosen}), encoding="utf-8")
    return chosen


def load_rival_data(
    data: Path, episodes: Episodes, embedder: FrameEmbedder, work: Path
) -> RivalData:
    """Read episodes of a dataset; render and embed what has not been.

    work: keeps the embeddings. Raises DataError where shards are gone, or nothing can render.
    """
    info, shards = open_dataset(data)
    by_name = {shard.name: shard for shard in shards}
    lost = {name for name, _ in episodes} - set(by_name)
    if lost:
        raise DataError(f"{data} has lost the shards {', '.join(sorted(lost))}: delete {work}")
    pairs = [(by_name[name], row) for name, row in episodes]
    physics = np.stack([shard.physics[row, 1:] for shard, row in pairs])
    embeddings, seconds = _embedded(info.robot, physics, embedder, work / embedder.id)
    observations = np.stack([shard.observations[row] for shard, row in pairs])
    actions = np.stack([shard.actions[row] for shard, row in pairs])
    return RivalData(observations, actions, physics, embeddings, seconds)


def _embedded(
    robot: str, physics: NDArray[np.float32], embedder: FrameEmbedder, folder: Path
) -> tuple[NDArray[np.float32], float]:
    """Embeddings of physics (E, T, nq + nv), and the seconds that they took, whenever that was."""
    folder.mkdir(parents=True, exist_ok=True)
    parts, seconds = [], 0.0
    for start in tqdm(range(0, len(physics), _CHUNK), desc=f"label {robot}", unit="chunk"):
        path, episodes = folder / f"{start:05d}.npz", physics[start : start + _CHUNK]
        if not path.exists():
            began = time.monotonic()
            frames = folder / "frames"
            shutil.rmtree(frames, ignore_errors=True)
            render_in_process(robot, episodes.reshape(-1, episodes.shape[-1]), frames)
            pictures = read_frames(frames)
            rows = [
                embedder.embed(np.asarray(pictures[i : i + _BATCH]))
                for i in range(0, len(pictures), _BATCH)
            ]
            embedded = np.concatenate(rows).reshape(*episodes.shape[:2], -1)
            partial = path.with_name("partial.npz")
            np.savez(partial, embeddings=embedded, seconds=time.monotonic() - began)
            partial.replace(path)
            shutil.rmtree(frames)
        with np.load(path) as file:
            parts.append(file["embeddings"])
            seconds += float(file["seconds"])
    return np.concatenate(parts), seconds
