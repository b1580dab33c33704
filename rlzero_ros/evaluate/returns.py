"""Returns of zero-shot policies on the ground-truth tasks of a robot.

Four prompts a task: the plain reward latent, its softmax-weighted form (the one that counts), and
for an observation-only demonstration, 48 states that the best episode of the softmax-weighted
prompt visited, the mean of B and the latent that the robot runs on.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from ..bundle import IMITATION_BANDWIDTH, IMITATION_VELOCITY_WEIGHT, Bundle
from ..commands.output import write_json
from ..errors import DataError
from ..imitate.base import BehaviorFoundationModel
from ..imitate.imitator import Imitator, imitator_of
from ..imitate.latent import reward_latent
from ..pretrain.checkpoint import load_checkpoint
from ..pretrain.dataset import open_dataset
from ..pretrain.train_bfm import load_run
from ..pretrain.vector_environment import VectorEnvironment
from ..robots.observation import load_model
from ..robots.registry import Robot, load_robot


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
        "plain": reward_latent(bfm, observations, rewards),
        "softmax": reward_latent(bfm, observations, rewards, temperature=10.0),
    }
    results, demonstrations = {}, {}
    for name, z in latents.items():
        rollout = roll_out(bfm, robot, z, episodes, steps, seed)
        returns = task_rewards(robot, task, rollout.physics).sum(1)
        results[name] = _mean_and_error(returns)
        demonstrations[name] = rollout.observations[returns.argmax()]
    # A demonstration as a video would show it: 48 observations, every second control step.
    start = max(0, steps // 2 - 48)
    demonstration = demonstrations["softmax"][start : start + 96 : 2]
    for name, imitator in {
        "mean of B": Imitator(bfm, observations, 0.0),
        "imitation": imitator_of(
            bfm, robot.spec, observations, IMITATION_BANDWIDTH, IMITATION_VELOCITY_WEIGHT
        ),
    }.items():
        rollout = roll_out(bfm, robot, imitator.latent(demonstration), episodes, steps, seed + 1)
        results[name] = _mean_and_error(task_rewards(robot, task, rollout.physics).sum(1))
    return results


def _states(args: argparse.Namespace) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """States that carry reward prompts: of the dataset, or where there is none of the bundle."""
    folder = args.data or Path("data") / args.robot
    if args.data is None and not folder.exists():
        index = Bundle.load(args.bundle or args.robot).index()
        print(f"no {folder}: reward prompts use the {len(index)} states of the bundle")
        return index.observations, index.physics
    return sample_states(folder, args.samples, args.seed)


def _mean_and_error(returns: NDArray[np.float64]) -> tuple[float, float]:
    return float(returns.mean()), float(returns.std(ddof=1) / np.sqrt(len(returns)))


def _model(args: argparse.Namespace) -> tuple[BehaviorFoundationModel, int | None]:
    """The model of a run, with its updates, or of a bundle."""
    if args.run is None:
        return Bundle.load(args.bundle or args.robot).bfm(), None
    name, bfm = load_run(args.run)
    if name != args.robot:
        raise DataError(f"{args.run} trains {name}, not {args.robot}")
    state = load_checkpoint(args.run / "checkpoint.pt")
    return bfm, None if state is None else int(state["trainer"]["updates"])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `rlzero eval returns`."""
    parser.add_argument("--robot", default="walker", help="built-in robot (default: %(default)s)")
    parser.add_argument("--bundle", type=Path, help="bundle to judge (default: bundles/ROBOT)")
    parser.add_argument("--run", type=Path, help="judge the last checkpoint of a training run")
    parser.add_argument(
        "--data",
        type=Path,
        help="dataset whose states carry the reward prompts (default: data/ROBOT, else the bundle)",
    )
    parser.add_argument("--tasks", help="comma-separated (default: all of the robot's)")
    parser.add_argument("--episodes", type=int, default=10)
    parser.add_argument("--steps", type=int, default=1000, help="control steps an episode")
    parser.add_argument("--samples", type=int, default=50_000, help="states for a reward prompt")
    parser.add_argument("--seed", type=int, default=0)


def main(args: argparse.Namespace) -> int:
    """Judge every task and print a table."""
    torch.set_num_threads(1)
    robot = load_robot(args.robot)
    tasks = args.tasks.split(",") if args.tasks else list(robot.tasks)
    unknown = [t for t in tasks if t not in robot.tasks]
    if unknown:
        raise DataError(f"{args.robot} has no task {', '.join(unknown)}; it has {[*robot.tasks]}")
    bfm, updates = _model(args)
    states = _states(args)
    results = {}
    for task in tqdm(tasks, desc="returns", unit="task"):
        results[task] = evaluate_task(
            bfm, robot, task, states, args.episodes, args.steps, args.seed
        )
        row = "".join(f"  {k} {m:4.0f} ± {e:3.0f}" for k, (m, e) in results[task].items())
        tqdm.write(f"{task:12s}{row}")
    table = {
        task: {
            "mean": r["softmax"][0],
            "stderr": r["softmax"][1],
            "normalized": r["softmax"][0] / args.steps,
            "plain": r["plain"][0],
            "mean_of_b": r["mean of B"][0],
            "imitation": r["imitation"][0],
        }
        for task, r in results.items()
    }
    mean = float(np.mean([row["mean"] for row in table.values()]))
    print(f"mean {mean:.0f} over {len(tasks)} tasks")
    write_json(args.json, {"robot": args.robot, "updates": updates, "tasks": table, "mean": mean})
    return 0
