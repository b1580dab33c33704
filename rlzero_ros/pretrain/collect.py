"""Collecting reward-free data: an agent seeks random skills, and only what it did is kept.

The dataset grows by one shard per round of episodes. Stopping at any time loses the round in
progress; running the same command again continues from the shards and the agent's checkpoint.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from ..errors import DataError
from ..robots.registry import Robot
from .checkpoint import load_checkpoint, save_checkpoint
from .choose_skills import make_skills
from .dataset import DatasetInfo, create_dataset, open_dataset, shard_names, write_shard
from .replay import Replay
from .skills import KINDS, Skills
from .td3 import SkillAgent
from .vector_environment import VectorEnvironment

Array = NDArray[np.float32]


@dataclass(frozen=True)
class CollectConfig:
    """How to collect.

    source: name of this collector's shards. steps: transitions wanted from it. skill_weights:
    shares of the kinds in `skills.KINDS`. random_steps: transitions with random actions first.
    updates_per_step: gradient steps per decision of the agent. noise: standard deviations of the
    exploration noise, one drawn per episode. decision_s: an action is held for so long, or for one
    period where that is longer: fast control explores little and learns slowly. skill_s: a skill's
    mean duration. relabel: share of each batch that learns about fresh skills. horizon_s: the
    agent's discount is exp(−t / horizon_s) for a decision of t seconds. Durations are seconds, so
    that fast robots are not hurried. overturned: share of episodes that begin in any orientation.
    """

    source: str
    steps: int
    seed: int = 0
    environments: int = 16
    episode_s: float = 12.5
    skill_s: float = 3.125
    skill_weights: tuple[float, ...] = (0.4, 0.25, 0.1, 0.25)
    random_steps: int = 10_000
    updates_per_step: float = 0.5
    batch: int = 512
    noise: tuple[float, ...] = (0.1, 0.2, 0.4)
    decision_s: float = 0.04
    horizon_s: float = 1.2375
    relabel: float = 0.4
    hidden: int = 256
    overturned: float = 0.0


class Collector:
    """One collecting process; several with different sources may share a dataset folder."""

    def __init__(self, robot: Robot, folder: Path, config: CollectConfig, device: str = "cpu"):
        self._robot, self._folder, self._config = robot, folder, config
        spec = robot.spec
        self._held = max(1, int(config.decision_s / spec.control_period_s + 1e-6))
        self._environment = VectorEnvironment(
            robot, config.environments, config.seed, config.overturned
        )
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
        self._skills = make_skills(robot, config.seed)
        self._device = torch.device(device)
        self._agent = SkillAgent(
            spec.observation_dim,
            self._skills.dim,
            spec.action_dim,
            config.hidden,
            discount=math.exp(-self._held * spec.control_period_s / config.horizon_s),
            seed=config.seed,
        )
        self._agent.to(self._device)
        self._replay = Replay(
            min(config.steps + 50_000, 3_000_000),
            spec.observation_dim,
            self._skills.dim,
            spec.action_dim,
        )
        self._rounds = len(shard_names(folder, config.source))
        self._steps = 0
        self._updates = 0
        self._resume()
        # A resumed run must not repeat the episodes that it has.
        self._rng = np.random.default_rng((config.seed, self._rounds))
        self._environment.seed((config.seed, self._rounds))

    @property
    def steps(self) -> int:
        """Transitions of this source on disk."""
        return self._steps

    def run(self, minutes: float = float("inf")) -> None:
        """Collect until `steps` are there or the time is over."""
        end = time.monotonic() + 60.0 * minutes
        bar = tqdm(total=self._config.steps, initial=self.steps, unit="step", desc="collect")
        with bar:
            while self.steps < self._config.steps and time.monotonic() < end:
                before = self.steps
                scores = self._round(self._rounds)
                self._rounds += 1
                self._save()
                bar.update(self.steps - before)
                bar.set_postfix_str(scores)

    def _round(self, number: int) -> str:
        config, env, rng = self._config, self._environment, self._rng
        spec = self._robot.spec
        period, held = spec.control_period_s, self._held
        n, steps = config.environments, max(1, round(config.episode_s / period))
        observations = np.empty((n, steps + 1, spec.observation_dim), np.float32)
        physics = np.empty((n, steps + 1, env.physics_dim), np.float32)
        actions = np.empty((n, steps, spec.action_dim), np.float32)
        rewards = np.empty((n, steps), np.float32)
        kinds = np.empty((n, steps), np.int64)
        noise = rng.choice(config.noise, size=(n, 1))
        env.reset()
        skills = self._skills.sample(n, rng, np.array(config.skill_weights))
        observations[:, 0], physics[:, 0] = env.observe(), env.physics()
        debt = 0.0
        for t in range(steps):
            if t % held == 0:
                change = rng.random(n) < held * period / config.skill_s
                fresh = self._skills.sample(n, rng, np.array(config.skill_weights))
                skills = np.where(change[:, None], fresh, skills)
                if self.steps + t * n < config.random_steps:
                    action = rng.uniform(-1, 1, actions[:, t].shape)
                else:
                    action = self._explore(observations[:, t], skills, noise)
            actions[:, t] = action
            env.step(actions[:, t])
            observations[:, t + 1], physics[:, t + 1] = env.observe(), env.physics()
            rewards[:, t] = self._skills.reward(observations[:, t + 1], skills)
            kinds[:, t] = skills[:, : len(KINDS)].argmax(1)
            if (t + 1) % held != 0:
                continue
            begin = t + 1 - held
            self._replay.add(observations[:, begin], skills, actions[:, t], observations[:, t + 1])
            if self._replay.size >= min(config.random_steps, 5000):
                debt += n * config.updates_per_step
                while debt >= 1.0:
                    self._update()
                    debt -= 1.0
        name = f"{config.source}-{number:05d}"
        write_shard(self._folder, name, observations, actions, physics)
        self._steps += n * steps
        scores = " ".join(
            f"{kind} {rewards[kinds == i].mean():.2f}"
            for i, kind in enumerate(KINDS)
            if np.any(kinds == i)
        )
        height = physics_coverage(observations, self._skills)
        return f"{scores} | {height}"

    def _explore(self, s: Array, skills: Array, noise: NDArray[np.floating]) -> NDArray:
        mean = self._agent.act(self._tensor(s), self._tensor(skills)).cpu().numpy()
        return np.clip(mean + noise * self._rng.standard_normal(mean.shape), -1, 1)

    def _update(self) -> None:
        config, rng = self._config, self._rng
        s, skill, a, s_next = self._replay.sample(config.batch, rng)
        fresh = self._skills.sample(config.batch, rng, np.array(config.skill_weights))
        # Resumed data has no skill of its own (a zero row): it is always relabelled.
        change = (rng.random(config.batch) < config.relabel) | (skill[:, : len(KINDS)].sum(1) == 0)
        skill = np.where(change[:, None], fresh, skill)
        reward = self._skills.reward(s_next, skill)
        t = self._tensor
        self._updates += 1
        with torch.autocast(self._device.type, dtype=torch.bfloat16):
            metrics = self._agent.update(
                t(s), t(skill), t(a), t(reward), t(s_next), actor=self._updates % 2 == 0
            )
        if not np.isfinite(metrics["critic_loss"]):
            raise DataError("the collecting agent diverged; the shards written so far are sound")

    def _tensor(self, array: NDArray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)).to(self._device)

    def _checkpoint(self) -> Path:
        return self._folder / f"agent-{self._config.source}.pt"

    def _save(self) -> None:
        save_checkpoint(
            self._checkpoint(), {"agent": self._agent.state_dict(), "updates": self._updates}
        )

    def _resume(self) -> None:
        if self._rounds == 0:
            return
        _, shards = open_dataset(self._folder)
        for shard in shards:
            if shard.name.rsplit("-", 1)[0] != self._config.source:
                continue
            self._steps += shard.transitions
            held = self._held
            for o, a in zip(shard.observations, shard.actions, strict=True):
                a = a[: len(a) // held * held : held]
                none = np.zeros((len(a), self._skills.dim), np.float32)
                self._replay.add(o[:-held:held][: len(a)], none, a, o[held::held])
        state = load_checkpoint(self._checkpoint())
        if state is not None:
            self._agent.load_state_dict(state["agent"])
            self._updates = int(state["updates"])


def physics_coverage(observations: Array, skills: Skills) -> str:
    """Shares of the states that lie and stand, and the speeds of those that stand, in one line."""
    height, vx = skills.height_and_speed(observations.reshape(-1, observations.shape[-1]))
    tall = height > 0.85 * skills.stand_height
    speeds = np.quantile(vx[tall], (0.05, 0.5, 0.95)) if np.any(tall) else np.zeros(3)
    return (
        f"low {np.mean(height < 0.3 * skills.stand_height):.2f} tall {np.mean(tall):.2f} "
        f"at {speeds[0]:.1f} {speeds[1]:.1f} {speeds[2]:.1f} m/s"
    )
