"""A trained model wherever it lies: in the folder of a run, or in a bundle."""

from __future__ import annotations

from pathlib import Path

import torch

from ..bundle import Bundle
from ..imitate.actor_critic import ActorCriticModel
from ..imitate.base import BehaviorFoundationModel
from ..manifest import MANIFEST
from ..paths import find_folder
from .dataset import open_dataset
from .prompt_source import DataPrompts, ObservationPrompts, PromptSource
from .train_bfm import load_run
from .transitions import Transitions

_MEMORY_GB = 8.0


def find_trained(name_or_path: Path) -> Path:
    """The folder of a run or a bundle; what is no folder here is the name of an installed bundle.

    Where there is neither, what was given comes back.
    """
    if name_or_path.is_dir():
        return name_or_path
    return find_folder("bundles", name_or_path) or name_or_path


def is_bundle(path: Path) -> bool:
    """Whether a folder is a bundle rather than that of a run."""
    return (path / MANIFEST).is_file()


def load_trained(path: Path) -> tuple[str, BehaviorFoundationModel]:
    """Robot name and model of a run's last checkpoint or of a bundle, ready to use.

    path: as `find_trained` takes it. Raises DataError where there is neither, BundleError for a
    damaged bundle.
    """
    path = find_trained(path)
    if not is_bundle(path):
        return load_run(path)
    bundle = Bundle.load(path.absolute())
    return bundle.spec.name, bundle.bfm()


def open_prompts(path: Path, data: Path, model: ActorCriticModel, seed: int = 0) -> PromptSource:
    """What the trained model of ``path`` can be asked for: what its bundle, or ``data``, holds.

    path: as `find_trained` takes it. Raises DataError for a run without data.
    """
    path = find_trained(path)
    if is_bundle(path):
        observations = Bundle.load(path.absolute()).index().observations
        return ObservationPrompts(torch.as_tensor(observations), model)
    _, shards = open_dataset(data)
    return DataPrompts(Transitions(shards, torch.device("cpu"), _MEMORY_GB, seed))
