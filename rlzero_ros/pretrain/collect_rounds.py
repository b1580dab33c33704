"""A dataset grows by one shard per round of episodes, whoever acts in them.

Stopping at any time loses the round in progress; the same command again continues from the shards.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..robots.registry import Robot
from .choose_skills import make_skills
from .dataset import DatasetInfo, Shard, create_dataset, open_dataset, shard_names, write_shard
from .skills import Skills
from .vector_environment import VectorEnvironment

Array = NDArray[np.float32]


@dataclass(frozen=True)
class RoundsConfig:
    """What every collector is told.

    source: name of this collector's shards. steps: transitions wanted from it. skill_s: mean
    duration of what the one that acts is asked for. noise: standard deviations of the exploration
    noise, one drawn per episode. overturned: share of episodes that begin in any orientation.
    late_s: how late an episode's actions come at most. speeds: see `SkillRanges`.
    Durations are seconds, so that fast robots are not hurried.
    """

    source: str
    steps: int
    seed: int = 0
    environments: int = 16
    episode_s: float = 12.5
    skill_s: float = 3.125
    noise: tuple[float, ...] = (0.1, 0.2, 0.4)
    overturned: float = 0.0
    late_s: float = 0.0
    speeds: tuple[float, float] | None = None


class RoundCollector(ABC):
    """One collecting process; several with different sources may share a dataset folder."""

    def __init__(self, robot: Robot, folder: Path, config: RoundsConfig) -> None:
        self._robot, self._folder, self._rounds_config = robot, folder, config
        self._skills = make_skills(robot, config.seed, speeds=config.speeds)
        self._environment = VectorEnvironment(
            robot, config.environments, config.seed, config.overturned, config.late_s
        )
        spec = robot.spec
        create_dataset(
            folder,
            DatasetInfo(
                spec.name,
                spec.observation_dim,
                spec.action_dim,
                self._environment.physics_dim,
                spec.control_period_s,
            ),
        )
        own = self._shards_of(config.source)
        self._rounds, self._steps = len(own), sum(shard.transitions for shard in own)
        # A resumed run must not repeat the episodes that it has.
        self._rng = np.random.default_rng((config.seed, self._rounds))
        self._environment.seed((config.seed, self._rounds))

    @property
    def steps(self) -> int:
        """Transitions of this source on disk."""
        return self._steps

    def run(self, minutes: float = float("inf")) -> None:
        """Collect until `steps` are there or the time is over."""
        end, wanted = time.monotonic() + 60.0 * minutes, self._rounds_config.steps
        with tqdm(total=wanted, initial=self.steps, unit="step", desc="collect") as bar:
            while self.steps < wanted and time.monotonic() < end:
                before = self.steps
                scores = self._round()
                self._rounds += 1
                self._save()
                bar.update(self.steps - before)
                bar.set_postfix_str(scores)

    @abstractmethod
    def _begin(self) -> None:
        """A round begins, of `environments` episodes."""

    @abstractmethod
    def _act(self, t: int, observations: Array) -> NDArray[np.floating]:
        """Actions (n, action_dim) at control period t of a round, for observations (n, dim)."""

    @abstractmethod
    def _learn(self, t: int, observations: Array, actions: Array) -> None:
        """After period t: what the round holds so far, observations (n, t + 2, dim)."""

    @abstractmethod
    def _scores(self) -> str:
        """How well the round's episodes did what they were asked for, in a few words."""

    @abstractmethod
    def _save(self) -> None:
        """What is needed beside the shards to go on."""

    def _round(self) -> str:
        config, env, spec = self._rounds_config, self._environment, self._robot.spec
        n, steps = config.environments, max(1, round(config.episode_s / spec.control_period_s))
        observations = np.empty((n, steps + 1, spec.observation_dim), np.float32)
        physics = np.empty((n, steps + 1, env.physics_dim), np.float32)
        actions = np.empty((n, steps, spec.action_dim), np.float32)
        env.reset()
        self._begin()
        observations[:, 0], physics[:, 0] = env.observe(), env.physics()
        for t in range(steps):
            actions[:, t] = self._act(t, observations[:, t])
            env.step(actions[:, t])
            observations[:, t + 1], physics[:, t + 1] = env.observe(), env.physics()
            self._learn(t, observations[:, : t + 2], actions[:, : t + 1])
        name = f"{self._rounds_config.source}-{self._rounds:05d}"
        write_shard(self._folder, name, observations, actions, physics)
        self._steps += n * steps
        parts = (self._scores(), physics_coverage(observations, self._skills))
        return " | ".join(part for part in parts if part)

    def _shards_of(self, source: str) -> list[Shard]:
        """What a source has collected."""
        names = set(shard_names(self._folder, source))
        if not names:
            return []
        return [shard for shard in open_dataset(self._folder)[1] if shard.name in names]


def physics_coverage(observations: Array, skills: Skills) -> str:
    """Shares of the states that lie and stand, and the speeds of those that stand, in one line."""
    height, vx = skills.height_and_speed(observations.reshape(-1, observations.shape[-1]))
    tall = height > 0.85 * skills.stand_height
    speeds = np.quantile(vx[tall], (0.05, 0.5, 0.95)) if np.any(tall) else np.zeros(3)
    return (
        f"low {np.mean(height < 0.3 * skills.stand_height):.2f} tall {np.mean(tall):.2f} "
        f"at {speeds[0]:.1f} {speeds[1]:.1f} {speeds[2]:.1f} m/s"
    )
