"""What an armed robot does without a plan: rest in its default pose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..imitate.base import BehaviorFoundationModel
from ..imitate.latent import imitation_latent
from ..robots.observation import ObservationAssembler
from ..robots.registry import Robot
from ..robots.simulation import Simulation
from .dataset import open_dataset


def hold_latent(
    bfm: BehaviorFoundationModel, robot: Robot, data: Path, neighbours: int = 64
) -> NDArray[np.float32]:
    """The latent (d,) that imitates the data's nearest states to the default pose at rest.

    Nearness is Euclidean in observations scaled by their spread in the data.
    """
    simulation = Simulation(robot.spec, robot.model_xml)
    simulation.reset(pose="default")
    wanted = ObservationAssembler(robot.spec, robot.model_xml).observe(simulation.state())
    _, shards = open_dataset(data)
    states = np.concatenate([s.observations.reshape(-1, len(wanted)) for s in shards])
    distance = np.square((states - wanted) / (states.std(0) + 1e-3)).sum(1)
    return imitation_latent(bfm, states[np.argpartition(distance, neighbours)[:neighbours]])
