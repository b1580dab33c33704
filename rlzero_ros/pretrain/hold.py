"""What an armed robot does without a plan: rest in its default pose."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..imitate.imitator import Imitator
from ..robots.observation import ObservationAssembler
from ..robots.registry import Robot
from ..robots.simulation import Simulation


def hold_latent(imitator: Imitator, robot: Robot) -> NDArray[np.float32]:
    """The latent (d,) that imitates the robot's default pose at rest."""
    simulation = Simulation(robot.spec, robot.model_xml)
    simulation.reset(pose="default")
    assembler = ObservationAssembler(robot.spec, robot.model_xml)
    return imitator.latent(assembler.observe(simulation.state())[None])
