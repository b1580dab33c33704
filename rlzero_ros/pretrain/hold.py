"""What an armed robot does without a plan: rest in its default pose.

Several latents stand for that; the one that is kept is the one that rests best on the robot's own
model, pushed a little. Nothing else of the robot's tasks is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..imitate.base import BehaviorFoundationModel
from ..imitate.latent import imitation_latent, project_to_sphere, reward_latent
from ..imitate.runtime import PolicyRuntime
from ..robots.observation import ObservationAssembler
from ..robots.registry import Robot
from ..robots.simulation import Simulation

# Rest is known exactly, unlike what a picture shows: velocities may count more than poses, or less.
_VELOCITY_WEIGHTS = (0.5, 1.0, 2.0)
_BANDWIDTHS = (2.0, 5.0, 12.0, 30.0)
_DELAYS = (0, 0, 1, 1)
"""Control periods from observation to action, for each trial: a real robot is not in step."""
_TRIAL_S = 8.0
_PUSH = 0.2
"""Standard deviation of the velocities (m/s, rad/s) that a trial begins with."""


def hold_latent(
    bfm: BehaviorFoundationModel, robot: Robot, reference: NDArray[np.floating], seed: int = 0
) -> NDArray[np.float32]:
    """The latent (d,) of being near the robot's default pose at rest.

    reference: (N, observation_dim) states of the robot's data. Of all `_candidates`, the one whose
    trials stay nearest to rest.
    """
    simulation = Simulation(robot.spec, robot.model_xml)
    simulation.reset(pose="default")
    assembler = ObservationAssembler(robot.spec, robot.model_xml)
    rest = assembler.observe(simulation.state())
    spread = reference.std(0) + 1e-3
    policy = PolicyRuntime(bfm)

    def restlessness(z: NDArray[np.float32]) -> float:
        """Mean distance from rest, in standard deviations of an observation at most 1 each."""
        rng, distances = np.random.default_rng(seed), []
        for delay in _DELAYS:
            late = [np.zeros(robot.spec.action_dim)] * delay
            simulation.reset(pose="default")
            simulation.data.qvel[:] = _PUSH * rng.standard_normal(simulation.model.nv)
            for _ in range(round(_TRIAL_S / robot.spec.control_period_s)):
                observation = assembler.observe(simulation.state())
                distances.append(np.minimum(np.abs(observation - rest) / spread, 1.0).mean())
                late.append(policy.act(observation, z).copy())
                simulation.step(robot.spec.scale_action(late.pop(0)))
        return float(np.mean(distances))

    return min(_candidates(bfm, robot, reference, rest), key=restlessness)


def _candidates(
    bfm: BehaviorFoundationModel,
    robot: Robot,
    reference: NDArray[np.floating],
    rest: NDArray[np.floating],
) -> Iterator[NDArray[np.float32]]:
    """Rest as a goal, as rewards exp(−‖s − rest‖² / 2h), and as both together."""
    goal = imitation_latent(bfm, rest[None])
    yield goal
    scaled = np.square((reference - rest) / (reference.std(0) + 1e-3))
    for weight, bandwidth in product(_VELOCITY_WEIGHTS, _BANDWIDTHS):
        weights = np.where(robot.spec.shows_velocity, weight**2, 1.0)
        reward = np.exp(-(scaled @ weights) / (2.0 * bandwidth))
        if reward.sum() > 1e-6:
            z = reward_latent(bfm, reference, reward)
            yield z
            yield project_to_sphere(z + goal)
