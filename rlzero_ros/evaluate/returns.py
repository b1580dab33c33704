"""Returns of zero-shot policies on the ground-truth tasks of a robot.

Three prompts a task: the reward latent, its softmax-weighted form, and the imitation latent of
observation-only demonstrations (the states that the reward latent's own policy visits).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ..imitate.base import BehaviorFoundationModel
from ..imitate.latent import imitation_latent, reward_latent
from ..pretrain.dataset import open_dataset
from ..pretrain.vector_environment import VectorEnvironment
from ..robots.observation import load_model
from ..robots.registry import Robot


@dataclass(frozen=True)
class Rollout:
    """observations (E, T, observation_dim) and physics (E, T, nq + nv) after each of T steps."""

    observations: NDArray[np.float32]
    physics: NDArray[np.float64]


def roll_out(
    bfm: BehaviorFoundationModel,
    robot: Robot,
    z: NDArray[np.float32],
    episodes: int,
    steps: int,
    seed: int,
) -> Rollout:
    """Run π(·, z) from random poses without noise; z is (d,) or one per episode (episodes, d)."""
    environment = VectorEnvironment(robot, episodes, seed)
    environment.reset()
    latents = torch.from_numpy(np.broadcast_to(z, (episodes, bfm.latent_dim)).copy())
    observation = environment.observe()
    observations, physics = [], []
    with torch.inference_mode():
        for _ in range(steps):
            action = bfm.act(torch.from_numpy(observation), latents).numpy()
            environment.step(action)
            observation = environment.observe()
            observations.append(observation)
            physics.append(environment.physics())
    return Rollout(np.stack(observations, 1), np.stack(physics, 1))


def task_rewards(robot: Robot, task: str, physics: NDArray[np.floating]) -> NDArray[np.float64]:
    """Rewards (...) of physics (..., nq + nv)."""
    flat = physics.reshape(-1, physics.shape[-1])
    rewards = robot.tasks[task](robot.features(load_model(robot.model_xml), flat))
    return rewards.reshape(physics.shape[:-1])


def sample_states(data: Path, n: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """n states of a dataset: observations (n, observation_dim), physics (n, nq + nv)."""
    _, shards = open_dataset(data)
    rng = np.random.default_rng(seed)
    shares = np.array([s.transitions for s in shards], dtype=np.float64)
    counts = rng.multinomial(n, shares / shares.sum())
    observations, physics = [], []
    for shard, count in zip(shards, counts, strict=True):
        episode = rng.integers(shard.observations.shape[0], size=count)
        step = rng.integers(shard.observations.shape[1], size=count)
        observations.append(shard.observations[episode, step])
        physics.append(shard.physics[episode, step])
    return np.concatenate(observations), np.concatenate(physics)


def evaluate_task(
    bfm: BehaviorFoundationModel,
    robot: Robot,
    task: str,
    states: tuple[NDArray[np.float32], NDArray[np.float32]],
    episodes: int = 10,
    steps: int = 1000,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Mean return and its standard error for each kind of prompt."""
    observations, physics = states
    rewards = task_rewards(robot, task, physics)
    latents = {
        "reward": reward_latent(bfm, observations, rewards),
        "softmax": reward_latent(bfm, observations, rewards, temperature=10.0),
    }
    results, best = {}, None
    for name, z in latents.items():
        rollout = roll_out(bfm, robot, z, episodes, steps, seed)
        returns = task_rewards(robot, task, rollout.physics).sum(1)
        results[name] = _mean_and_error(returns)
        if best is None or returns.max() > best[0]:
            best = (returns.max(), rollout.observations[returns.argmax()])
    assert best is not None
    # A demonstration as a video would show it: 48 observations, every second control step.
    middle = best[1][steps // 2 : steps // 2 + 96 : 2]
    z = imitation_latent(bfm, middle)
    rollout = roll_out(bfm, robot, z, episodes, steps, seed + 1)
    results["imitation"] = _mean_and_error(task_rewards(robot, task, rollout.physics).sum(1))
    return results


def _mean_and_error(returns: NDArray[np.float64]) -> tuple[float, float]:
    return float(returns.mean()), float(returns.std(ddof=1) / np.sqrt(len(returns)))
