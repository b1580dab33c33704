"""What an armed robot does without a plan: rest in its default pose."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..imitate.base import BehaviorFoundationModel
from ..imitate.latent import reward_latent
from ..robots.observation import ObservationAssembler
from ..robots.registry import Robot
from ..robots.simulation import Simulation

# Rest is known exactly, unlike what a picture shows, so velocities count more than poses.
_VELOCITY_WEIGHT = 2.0
_BANDWIDTH = 6.0


def hold_latent(
    bfm: BehaviorFoundationModel, robot: Robot, reference: NDArray[np.floating]
) -> NDArray[np.float32]:
    """The latent (d,) of being near the robot's default pose at rest.

    reference: (N, observation_dim) states of the robot's data; the reward of each is
    exp(−‖s − rest‖² / 2h) with observations scaled by their spread.
    """
    simulation = Simulation(robot.spec, robot.model_xml)
    simulation.reset(pose="default")
    rest = ObservationAssembler(robot.spec, robot.model_xml).observe(simulation.state())
    weights = np.where(robot.spec.shows_velocity, _VELOCITY_WEIGHT, 1.0)
    scale = weights / (reference.std(0) + 1e-3)
    distance = np.square((reference - rest) * scale).sum(1)
    return reward_latent(bfm, reference, np.exp(-distance / (2.0 * _BANDWIDTH)))
