"""Episodes of one robot under any policy, judged by the ground truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..pretrain.vector_environment import VectorEnvironment
from ..robots.observation import load_model
from ..robots.registry import Robot

Policy = Callable[[NDArray[np.float32]], NDArray[np.floating]]
"""Observations (n, observation_dim) to actions (n, action_dim) in [−1, 1]."""


@dataclass(frozen=True)
class Episodes:
    """observations (E, T, observation_dim) and physics (E, T, nq + nv) of E episodes.

    Both after each of T control steps.
    """

    observations: NDArray[np.float32]
    physics: NDArray[np.float64]

    def returns(self, robot: Robot, task: str) -> NDArray[np.float64]:
        """Sum of the task's ground-truth rewards over each episode (E,)."""
        return task_rewards(robot, task, self.physics).sum(1)


def task_rewards(robot: Robot, task: str, physics: NDArray[np.floating]) -> NDArray[np.float64]:
    """Rewards (...) of physics (..., nq + nv)."""
    flat = physics.reshape(-1, physics.shape[-1])
    rewards = robot.tasks[task](robot.features(load_model(robot.model_xml), flat))
    return np.asarray(rewards, dtype=np.float64).reshape(physics.shape[:-1])


def run_episodes(robot: Robot, policy: Policy, episodes: int, steps: int, seed: int) -> Episodes:
    """Run a policy from random poses, all episodes side by side; equal seeds begin alike."""
    environment = _begun(robot, episodes, seed)
    physics = np.empty((episodes, steps, environment.physics_dim))
    observations = np.empty((episodes, steps, robot.spec.observation_dim), np.float32)
    observation = environment.observe()
    for step in range(steps):
        environment.step(policy(observation))
        observation = environment.observe()
        observations[:, step], physics[:, step] = observation, environment.physics()
    return Episodes(observations, physics)


def starts(robot: Robot, episodes: int, seed: int) -> NDArray[np.float64]:
    """Where `run_episodes` begins: physics (episodes, nq + nv)."""
    return _begun(robot, episodes, seed).physics()


def _begun(robot: Robot, episodes: int, seed: int) -> VectorEnvironment:
    environment = VectorEnvironment(robot, episodes, seed)
    environment.reset()
    return environment
