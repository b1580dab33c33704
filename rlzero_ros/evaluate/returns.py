"""Returns of zero-shot policies on the ground-truth tasks of a robot.

Six prompts a task: the plain reward latent, its softmax-weighted form (the one that counts), the
one of several weightings that earned most when all were tried for five seconds in simulation from
where the episode begins, and for an observation-only demonstration, 48 states that the best
episode of the softmax-weighted prompt visited, the mean of B, the latent that the robot runs on,
and the one of several ways to imitate that came nearest to what was shown when all were tried so;
no reward is looked at in that.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from ..bundle import (
    IMITATION_BANDWIDTH,
    IMITATION_KERNEL,
    IMITATION_VELOCITY_WEIGHT,
    Bundle,
    imitator_of,
)
from ..commands.bounds import SEEDS, whole_number
from ..commands.output import write_json
from ..errors import DataError
from ..imitate.base import BehaviorFoundationModel
from ..imitate.imitator import Imitator
from ..imitate.kernel import KERNELS, Kernel
from ..imitate.latent import imitation_latent, reward_latent
from ..paths import find_bundle
from ..pretrain.checkpoint import load_checkpoint
from ..pretrain.dataset import open_dataset
from ..pretrain.train_bfm import load_run
from ..pretrain.trained import find_trained, is_bundle
from ..rehearse.imitation import IMITATION_TRIAL_S, rehearse_imitation
from ..rehearse.reward import REWARD_TRIAL_S, rehearse_reward
from ..rehearse.twin import Twin
from ..robots.registry import Robot, load_robot
from .episodes import Episodes, run_episodes, starts, task_rewards
from .returns_plot import plot_returns
from .returns_table import result_of, summary, task_row
from .reward_function import with_rewards


def roll_out(
    bfm: BehaviorFoundationModel,
    robot: Robot,
    z: NDArray[np.float32],
    episodes: int,
    steps: int,
    seed: int,
) -> Episodes:
    """Run π(·, z) from random poses without noise; z is (d,) or one per episode (episodes, d)."""
    return run_episodes(robot, lambda seen: bfm.actions(seen, z), episodes, steps, seed)


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
    imitator: Imitator | None = None,
) -> dict[str, tuple[float, float | None]]:
    """Mean return and its standard error, None of a single episode, for each kind of prompt.

    states: carry the rewards: observations (n, observation_dim) and physics (n, nq + nv). imitator:
    of the demonstration; by default one over these states.
    """
    observations, physics = states
    rewards = task_rewards(robot, task, physics)
    twin = Twin(robot.spec, robot.model_xml, threads=1)
    episode_s = steps * robot.spec.control_period_s
    weighted = rehearse_reward(
        bfm,
        twin,
        observations,
        rewards,
        lambda physics: task_rewards(robot, task, physics),
        starts(robot, episodes, seed),
        seconds=min(REWARD_TRIAL_S, episode_s),
        seed=seed,
    )
    latents = {
        "plain": reward_latent(bfm, observations, rewards),
        "softmax": reward_latent(bfm, observations, rewards, temperature=10.0),
        "rehearsed": weighted.latents[weighted.chosen_from_each],
    }
    results: dict[str, tuple[float, float | None]] = {}
    demonstrations = {}
    for name, z in latents.items():
        rollout = roll_out(bfm, robot, z, episodes, steps, seed)
        returns = rollout.returns(robot, task)
        results[name] = _mean_and_error(returns)
        demonstrations[name] = rollout.observations[returns.argmax()]
    # A demonstration as a video would show it: 48 observations, every second control step.
    start = max(0, steps // 2 - 48)
    demonstration = demonstrations["softmax"][start : start + 96 : 2]
    if imitator is None:
        imitator = _imitator_over(observations, bfm, robot, IMITATION_KERNEL)
    trials = rehearse_imitation(
        bfm,
        imitator,
        twin,
        demonstration,
        starts(robot, episodes, seed + 1),
        seconds=min(IMITATION_TRIAL_S, episode_s),
        seed=seed,
    )
    for name, z in {
        "mean of B": imitation_latent(bfm, demonstration),
        "imitation": imitator.latent(demonstration),
        "imitation rehearsed": trials.latents[trials.chosen_from_each],
    }.items():
        rollout = roll_out(bfm, robot, z, episodes, steps, seed + 1)
        results[name] = _mean_and_error(rollout.returns(robot, task))
    return results


def _states(args: argparse.Namespace) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """States that carry reward prompts: of a dataset or of a bundle."""
    folder = Path("data") / args.robot if args.data is None else find_trained(args.data)
    if args.data is None and not folder.exists():
        print(f"no {folder}: ", end="")
        folder = find_bundle(args.bundle or args.robot)
    if not is_bundle(folder):
        return sample_states(folder, args.samples, args.seed)
    index = Bundle.load(folder.absolute()).index()
    states = slice(index.reference_size)
    print(f"reward prompts use {index.reference_size} states of the bundle")
    return index.observations[states], index.physics[states]


def _imitator(
    args: argparse.Namespace,
    bfm: BehaviorFoundationModel,
    robot: Robot,
    observations: NDArray[np.float32],
) -> Imitator:
    """That of the bundle, over all that it has seen, as a robot has it; of a run over these."""
    if args.run is None:
        bundle = Bundle.load(args.bundle or args.robot)
        if args.imitation_kernel is None:
            return bundle.imitator()
        observations = bundle.index().observations
    return _imitator_over(observations, bfm, robot, args.imitation_kernel or IMITATION_KERNEL)


def _imitator_over(
    observations: NDArray[np.float32],
    bfm: BehaviorFoundationModel,
    robot: Robot,
    kernel: Kernel,
) -> Imitator:
    return imitator_of(
        bfm, robot.spec, observations, IMITATION_BANDWIDTH, IMITATION_VELOCITY_WEIGHT, kernel
    )


def _mean_and_error(returns: NDArray[np.float64]) -> tuple[float, float | None]:
    n = len(returns)
    return float(returns.mean()), float(returns.std(ddof=1) / np.sqrt(n)) if n > 1 else None


def _model(args: argparse.Namespace) -> tuple[BehaviorFoundationModel, int | None]:
    """The model of a run, with its updates, or of a bundle."""
    if args.run is None:
        bundle = Bundle.load(args.bundle or args.robot)
        if bundle.spec.name != args.robot:
            raise DataError(f"{bundle.path} is of {bundle.spec.name}, not {args.robot}")
        updates = bundle.manifest["origin"].get("updates")
        return bundle.bfm(), updates if isinstance(updates, int) else None
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
        metavar="NAME|FOLDER",
        help="dataset, or bundle, whose states carry the reward prompts (default: data/ROBOT, else "
        "the bundle)",
    )
    parser.add_argument(
        "--imitation-kernel",
        choices=KERNELS,
        help=f"see `rlzero pack` (default: the bundle's; of a run, {IMITATION_KERNEL})",
    )
    parser.add_argument("--tasks", help="comma-separated (default: all of the robot's)")
    parser.add_argument(
        "--reward",
        action="append",
        default=[],
        metavar="MODULE:FUNCTION",
        help="judge this reward as well: a function from features by name (and physics) to one "
        "number a state; may be repeated",
    )
    parser.add_argument("--episodes", type=whole_number(), default=10, help="default: %(default)s")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the table there")
    parser.add_argument(
        "--steps", type=whole_number(), default=1000, help="control steps an episode"
    )
    parser.add_argument(
        "--samples", type=whole_number(), default=50_000, help="states for a reward prompt"
    )
    parser.add_argument("--seed", type=whole_number(0, SEEDS), default=0)


def _cell(name: str, score: tuple[float, float | None]) -> str:
    mean, error = score
    return f"{name} {mean:4.0f}" + ("" if error is None else f" ± {error:3.0f}")


def _tasks(args: argparse.Namespace, built_in: Collection[str]) -> list[str]:
    """The tasks asked for: of the robot those named, or all, and every reward given."""
    named = args.tasks.split(",") if args.tasks else []
    unknown = [task for task in named if task not in built_in]
    if unknown:
        raise DataError(f"{args.robot} has no task {', '.join(unknown)}; it has {[*built_in]}")
    if not named and not args.reward:
        named = list(built_in)
    if not named and not args.reward:
        raise DataError(f"{args.robot} has no tasks; give a --reward MODULE:FUNCTION")
    return [*named, *args.reward]


def main(args: argparse.Namespace) -> int:
    """Judge every task and print a table."""
    torch.set_num_threads(1)
    robot = load_robot(args.robot)
    tasks = _tasks(args, robot.tasks)
    robot = with_rewards(robot, args.reward)
    bfm, updates = _model(args)
    states = _states(args)
    imitator = _imitator(args, bfm, robot, states[0])
    rows = {}
    for task in tqdm(tasks, desc="returns", unit="task"):
        scores = evaluate_task(
            bfm, robot, task, states, args.episodes, args.steps, args.seed, imitator
        )
        rows[task] = task_row(args.robot, task, scores, args.steps)
        tqdm.write(f"{task:14s}{'  '.join(map(_cell, scores, scores.values()))}")
    result = result_of(args.robot, updates, rows)
    print("\n".join(summary(result)))
    if args.plot is not None:
        plot_returns(result, args.plot)
    write_json(args.json, result)
    return 0
