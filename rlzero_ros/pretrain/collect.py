"""Collecting reward-free data: an agent seeks random skills, and only what it did is kept."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import DataError
from ..robots.registry import Robot
from .checkpoint import load_checkpoint, save_checkpoint
from .collect_rounds import Array, RoundCollector, RoundsConfig
from .dataset import Shard
from .precision import fast_autocast
from .replay import Replay
from .skills import KINDS
from .td3 import SkillAgent


@dataclass(frozen=True)
class CollectConfig(RoundsConfig):
    """How the agent collects, beside what every collector is told.

    skill_weights: shares of the kinds in `skills.KINDS`. random_steps: transitions with random
    actions first. updates_per_step: gradient steps per decision of the agent. decision_s: an action
    is held for so long, or for one period where that is longer: fast control explores little and
    learns slowly. relabel: share of each batch that learns about fresh skills. horizon_s: the
    agent's discount is exp(−t / horizon_s) for a decision of t seconds. learn_from: other sources
    of the folder, of whose transitions the agent learns from the beginning, in place of random
    actions.
    """

    skill_weights: tuple[float, ...] = (0.4, 0.25, 0.1, 0.25)
    random_steps: int = 10_000
    updates_per_step: float = 0.5
    batch: int = 512
    decision_s: float = 0.04
    relabel: float = 0.4
    horizon_s: float = 1.2375
    hidden: int = 256
    learn_from: tuple[str, ...] = ()


class Collector(RoundCollector):
    """Lets an agent learn while it collects; its checkpoint lies beside the shards."""

    def __init__(self, robot: Robot, folder: Path, config: CollectConfig, device: str = "cpu"):
        super().__init__(robot, folder, config)
        self._config = config
        spec = robot.spec
        self._held = max(1, int(config.decision_s / spec.control_period_s + 1e-6))
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
        others = [s for source in config.learn_from for s in self._known(source)]
        self._random_steps = 0 if others else config.random_steps
        size = config.steps + sum(shard.transitions for shard in others) + 50_000
        self._replay = Replay(
            min(size, 3_000_000),
            spec.observation_dim,
            self._skills.dim,
            spec.action_dim,
        )
        self._updates = 0
        self._remember(others)
        self._resume()

    def _begin(self) -> None:
        config = self._config
        self._noise = self._rng.choice(config.noise, size=(config.environments, 1))
        self._asked = self._fresh(config.environments)
        self._debt = 0.0
        self._held_action: NDArray[np.floating] = np.zeros(0)
        self._rewards: list[Array] = []
        self._kinds: list[NDArray[np.intp]] = []

    def _act(self, t: int, observations: Array) -> NDArray[np.floating]:
        config, rng, n = self._config, self._rng, len(observations)
        if t % self._held == 0:
            decision_s = self._held * self._robot.spec.control_period_s
            change = rng.random(n) < decision_s / config.skill_s
            self._asked = np.where(change[:, None], self._fresh(n), self._asked)
            if self.steps + t * n < self._random_steps:
                self._held_action = rng.uniform(-1, 1, (n, self._robot.spec.action_dim))
            else:
                self._held_action = self._explore(observations)
        return self._held_action

    def _learn(self, t: int, observations: Array, actions: Array) -> None:
        config, skills = self._config, self._asked
        self._rewards.append(self._skills.reward(observations[:, -1], skills))
        self._kinds.append(skills[:, : len(KINDS)].argmax(1))
        if (t + 1) % self._held != 0:
            return
        begin = t + 1 - self._held
        self._replay.add(observations[:, begin], skills, actions[:, t], observations[:, -1])
        if self._replay.size >= min(self._random_steps, 5000):
            self._debt += config.environments * config.updates_per_step
            while self._debt >= 1.0:
                self._update()
                self._debt -= 1.0

    def _scores(self) -> str:
        rewards, kinds = np.stack(self._rewards), np.stack(self._kinds)
        return " ".join(
            f"{kind} {rewards[kinds == i].mean():.2f}"
            for i, kind in enumerate(KINDS)
            if np.any(kinds == i)
        )

    def _fresh(self, n: int) -> Array:
        """Skills (n, dim) of the kinds wanted."""
        return self._skills.sample(n, self._rng, np.array(self._config.skill_weights))

    def _explore(self, s: Array) -> NDArray[np.floating]:
        mean = self._agent.act(self._tensor(s), self._tensor(self._asked)).cpu().numpy()
        return np.clip(mean + self._noise * self._rng.standard_normal(mean.shape), -1, 1)

    def _update(self) -> None:
        config, rng = self._config, self._rng
        s, skill, a, s_next = self._replay.sample(config.batch, rng)
        fresh = self._fresh(config.batch)
        # Resumed data has no skill of its own (a zero row): it is always relabelled.
        change = (rng.random(config.batch) < config.relabel) | (skill[:, : len(KINDS)].sum(1) == 0)
        skill = np.where(change[:, None], fresh, skill)
        reward = self._skills.reward(s_next, skill)
        t = self._tensor
        self._updates += 1
        with fast_autocast(self._device.type):
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

    def _known(self, source: str) -> list[Shard]:
        shards = self._shards_of(source)
        if not shards or source == self._config.source:
            raise DataError(f"{self._folder}: no other source {source!r} to learn from")
        return shards

    def _remember(self, shards: list[Shard]) -> None:
        held = self._held
        for shard in shards:
            for o, a in zip(shard.observations, shard.actions, strict=True):
                a = a[: len(a) // held * held : held]
                none = np.zeros((len(a), self._skills.dim), np.float32)
                self._replay.add(o[:-held:held][: len(a)], none, a, o[held::held])

    def _resume(self) -> None:
        self._remember(self._shards_of(self._config.source))
        state = load_checkpoint(self._checkpoint()) if self._rounds else None
        if state is not None:
            self._agent.load_state_dict(state["agent"])
            self._updates = int(state["updates"])
