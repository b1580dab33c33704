"""A trained model wherever it lies: in the folder of a run, or in a bundle."""

from __future__ import annotations

from pathlib import Path

import torch

from ..bundle import Bundle
from ..imitate.actor_critic import ActorCriticModel
from ..imitate.base import BehaviorFoundationModel
from ..manifest import MANIFEST
from .dataset import open_dataset
from .prompt_source import DataPrompts, ObservationPrompts, PromptSource
from .train_bfm import load_run
from .transitions import Transitions

_MEMORY_GB = 8.0


def is_bundle(path: Path) -> bool:
    """Whether a folder is a bundle rather than that of a run."""
    return (path / MANIFEST).is_file()


def load_trained(path: Path) -> tuple[str, BehaviorFoundationModel]:
    """Robot name and model of a run's last checkpoint or of a bundle, ready to use.

    Raises DataError where there is neither, BundleError for a damaged bundle.
    """
    if not is_bundle(path):
        return load_run(path)
    bundle = Bundle.load(path.absolute())
    return bundle.spec.name, bundle.bfm()


def open_prompts(path: Path, data: Path, model: ActorCriticModel, seed: int = 0) -> PromptSource:
    """What the trained model of ``path`` can be asked for: what its bundle, or ``data``, holds.

    Raises DataError for a run without data.
    """
    if is_bundle(path):
        observations = Bundle.load(path.absolute()).index().observations
        return ObservationPrompts(torch.as_tensor(observations), model)
    _, shards = open_dataset(data)
    return DataPrompts(Transitions(shards, torch.device("cpu"), _MEMORY_GB, seed))
