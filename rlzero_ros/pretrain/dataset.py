"""Reward-free data on disk: folders of memory-mapped arrays, larger than RAM if need be.

Layout of a dataset folder::

    dataset.yaml                     format, robot, sizes, control period
    shards/<source>-<number>/        one shard; complete as soon as its folder exists
        observations.npy             (E, T + 1, observation_dim) float32
        actions.npy                  (E, T, action_dim) float32 in [-1, 1]
        physics.npy                  (E, T + 1, nq + nv) float32, what the observations show

A shard is written beside its place and renamed into it, so that a killed process or a full disk
costs the shard in progress and nothing else. Rewards are never stored.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from ..errors import DataError
from ..plain_yaml import PlainYamlError, load_plain_yaml

FORMAT_VERSION = 1
_ARRAYS = ("observations", "actions", "physics")


@dataclass(frozen=True)
class DatasetInfo:
    """What every shard of a dataset has in common."""

    robot: str
    observation_dim: int
    action_dim: int
    physics_dim: int
    control_period_s: float


@dataclass(frozen=True)
class Shard:
    """One complete shard; the arrays are memory-mapped and read-only."""

    name: str
    observations: NDArray[np.float32]
    actions: NDArray[np.float32]
    physics: NDArray[np.float32]

    @property
    def transitions(self) -> int:
        """Number of (s, a, s') in this shard."""
        return int(self.actions.shape[0] * self.actions.shape[1])


def create_dataset(folder: Path, info: DatasetInfo) -> None:
    """Start a dataset, or check that the one in the folder is of the same robot."""
    path = folder / "dataset.yaml"
    if path.exists():
        found = read_info(folder)
        if found != info:
            raise DataError(
                f"{folder} holds data of another robot or layout ({found}); choose another folder"
            )
        return
    (folder / "shards").mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump({"format": FORMAT_VERSION, **vars(info)}, sort_keys=False)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(text)
    temporary.replace(path)


def read_info(folder: Path) -> DatasetInfo:
    """The header of a dataset; DataError if it is absent, malformed or of another format."""
    path = folder / "dataset.yaml"
    try:
        data = load_plain_yaml(path)
        version = data.pop("format")
        if version != FORMAT_VERSION:
            raise DataError(f"{path}: format {version}, this version reads {FORMAT_VERSION}")
        return DatasetInfo(**data)
    except FileNotFoundError as error:
        raise DataError(f"no dataset in {folder}; make one with 'rlzero collect'") from error
    except (PlainYamlError, TypeError, KeyError, AttributeError) as error:
        raise DataError(f"{path} is malformed: {error}") from error


def write_shard(
    folder: Path,
    name: str,
    observations: NDArray[np.floating],
    actions: NDArray[np.floating],
    physics: NDArray[np.floating],
) -> Path:
    """Add one shard; DataError on NaN, on wrong shapes and on a full disk."""
    info = read_info(folder)
    episodes, steps = actions.shape[:2]
    wanted = {
        "observations": (episodes, steps + 1, info.observation_dim),
        "actions": (episodes, steps, info.action_dim),
        "physics": (episodes, steps + 1, info.physics_dim),
    }
    arrays = {"observations": observations, "actions": actions, "physics": physics}
    for key, array in arrays.items():
        if array.shape != wanted[key]:
            raise DataError(f"shard {name}: {key} is {array.shape}, expected {wanted[key]}")
        if not np.all(np.isfinite(array)):
            raise DataError(f"shard {name}: {key} holds NaN or infinity; nothing was written")
    target = folder / "shards" / name
    if target.exists():
        raise DataError(f"shard {target} exists already")
    temporary = folder / "shards" / f".{name}.{os.getpid()}.tmp"
    try:
        temporary.mkdir(parents=True)
        for key, array in arrays.items():
            np.save(temporary / f"{key}.npy", array.astype(np.float32))
        temporary.rename(target)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise DataError(f"cannot write {target}: {error.strerror}; earlier shards are safe") from (
            error
        )
    return target


def shard_names(folder: Path, source: str = "") -> list[str]:
    """Names of the complete shards of a source (all by default), sorted."""
    shards = folder / "shards"
    if not shards.is_dir():
        return []
    names = (p.name for p in shards.iterdir() if p.is_dir() and not p.name.startswith("."))
    return sorted(n for n in names if n.rsplit("-", 1)[0] == source or not source)


def open_dataset(folder: Path) -> tuple[DatasetInfo, list[Shard]]:
    """Memory-map every complete shard; DataError if there is none or one does not fit."""
    info = read_info(folder)
    shards = []
    for name in shard_names(folder):
        path = folder / "shards" / name
        try:
            arrays = {key: np.load(path / f"{key}.npy", mmap_mode="r") for key in _ARRAYS}
        except (OSError, ValueError) as error:
            raise DataError(f"shard {path} cannot be read: {error}; delete it to go on") from error
        shard = Shard(name, **arrays)
        if (
            shard.observations.shape[-1] != info.observation_dim
            or shard.actions.shape[-1] != info.action_dim
            or shard.physics.shape[-1] != info.physics_dim
            or shard.observations.shape[:2] != shard.physics.shape[:2]
            or shard.observations.shape[1] != shard.actions.shape[1] + 1
        ):
            raise DataError(f"shard {path} does not have the sizes that dataset.yaml names")
        shards.append(shard)
    if not shards:
        raise DataError(f"{folder} has no complete shard; run 'rlzero collect' first")
    return info, shards
