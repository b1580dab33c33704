"""What competes in the language benchmark: our pipeline, and whatever else has a policy to show."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..rehearse.rehearsal import Rehearsal
from ..robots.registry import Robot
from .episodes import Policy, run_episodes, starts
from .language_actor import Actor
from .language_scores import OURS, REHEARSED
from .language_store import ResultStore, RunKey, RunResult, code_digest, config_digest
from .language_suite import EPISODE_STEPS, LanguageTask

Starts = NDArray[np.floating]
FILM_S = 10.0
"""Of the first episode so much is kept to be looked at."""


@dataclass(frozen=True)
class Trial:
    """How often a method is tried: episodes of so many control steps, for every seed."""

    episodes: int
    steps: int
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Prepared:
    """A policy that answers a prompt, and the seconds that it took to get there.

    Of rehearsal they are what it cost on top.
    """

    policy: Policy
    seconds: float
    refused: str = ""
    strip: bytes | None = None
    details: dict[str, Any] = field(default_factory=dict)


class Method(Protocol):
    """One contestant for one robot."""

    name: str

    def config(self, task: LanguageTask) -> dict[str, Any]:
        """Plain values that, with the seed, decide what `prepare` gives."""
        ...

    def prepare(self, task: LanguageTask, seed: int, starts: Starts) -> Prepared:
        """Get ready to act on the task's prompt; nothing else of the task may be looked at.

        starts: physics (episodes, nq + nv), where the robot is in each episode when it hears it.
        """
        ...

    def estimate_s(self) -> float:
        """About how long `prepare` takes."""
        ...


class Ours:
    """A sentence to a latent without training."""

    name = OURS

    def __init__(self, actor: Actor) -> None:
        self._actor = actor

    def config(self, task: LanguageTask) -> dict[str, Any]:
        """See `Method.config`."""
        return {
            "bundle": self._actor.bundle.id,
            "imaginer": self._actor.imaginer.name,
            "planner": vars(self._actor.settings),
            "code": code_digest("imagine", "project", "imitate", "bundle.py", "pipeline.py"),
        }

    def prepare(self, task: LanguageTask, seed: int, starts: Starts) -> Prepared:
        """See `Method.prepare`."""
        answer = self._actor.answer(task.prompt, seed)
        details = {"source": answer.source, "confidence": answer.confidence}
        policy = self._actor.policy(answer.z)
        return Prepared(policy, answer.seconds, answer.refusal, answer.strip, details)

    def estimate_s(self) -> float:
        """See `Method.estimate_s`."""
        return 1.0


class Rehearsed:
    """Ours, with several ways tried on the robot's own model, from where it is in each episode."""

    name = REHEARSED

    def __init__(self, actor: Actor, candidates: int) -> None:
        """candidates: plans to try. Raises RobotError for a robot that cannot be simulated."""
        self._actor, self._candidates = actor, candidates
        # Episodes are stepped together with the policy: no action comes late.
        self._rehearsal = Rehearsal(actor.bundle, count=candidates, late_s=0.0)

    def config(self, task: LanguageTask) -> dict[str, Any]:
        """See `Method.config`."""
        ours = Ours(self._actor).config(task)
        return {**ours, "candidates": self._candidates, "rehearsal": code_digest("rehearse")}

    def prepare(self, task: LanguageTask, seed: int, starts: Starts) -> Prepared:
        """See `Method.prepare`; rehearsed from every start, seconds: of one rehearsal."""
        answer = self._actor.answer(task.prompt, seed)
        details: dict[str, Any] = {"source": answer.source, "confidence": answer.confidence}
        if answer.plan is None:
            policy = self._actor.policy(answer.z)
            return Prepared(policy, 0.0, answer.refusal, answer.strip, details)
        began = time.monotonic()
        plans = [self._rehearsal.improve(answer.plan, start=one, seed=seed) for one in starts]
        seconds = (time.monotonic() - began) / len(plans)
        policy = self._actor.policy(np.stack([self._actor.latent(plan) for plan in plans]))
        details["rehearsals"] = [plan.rehearsal.to_dict() for plan in plans if plan.rehearsal]
        return Prepared(policy, seconds, "", answer.strip, details)

    def estimate_s(self) -> float:
        """See `Method.estimate_s`."""
        return 1.0 + 0.6 * self._candidates


@dataclass(frozen=True)
class Run:
    """One thing to do: a method, for a seed, on a task of a robot."""

    robot: Robot
    method: Method
    task: LanguageTask
    seed: int
    trial: Trial

    @property
    def key(self) -> RunKey:
        """Where its result is kept."""
        config = {
            **self.method.config(self.task),
            "prompt": self.task.prompt,
            "episodes": self.trial.episodes,
            "steps": self.trial.steps,
            "physics": code_digest("robots"),
        }
        return RunKey(self.task.key, self.method.name, self.seed, config_digest(config))

    def carry_out(self, store: ResultStore) -> RunResult:
        """Prepare, act, judge, and keep the result."""
        trial = self.trial
        begin = starts(self.robot, trial.episodes, self.seed)
        prepared = self.method.prepare(self.task, self.seed, begin)
        episodes = run_episodes(self.robot, prepared.policy, trial.episodes, trial.steps, self.seed)
        returns = episodes.returns(self.robot, self.task.name) * (EPISODE_STEPS / trial.steps)
        result = RunResult(
            [float(r) for r in returns], prepared.seconds, prepared.refused, prepared.details
        )
        kept = round(FILM_S / self.robot.spec.control_period_s)
        store.put(self.key, result, episodes.physics[0, :kept], prepared.strip)
        return result


def acting_s(robot: Robot, trial: Trial, steps: int = 20) -> float:
    """About how long the episodes of one run take, measured on a few steps of random actions.

    A policy's forward pass is small beside the physics of ten episodes; a tenth is added for it.
    """
    rng, size = np.random.default_rng(0), robot.spec.action_dim

    def policy(observations: NDArray[np.float32]) -> NDArray[np.float64]:
        return rng.uniform(-1.0, 1.0, (len(observations), size))

    task = next(iter(robot.tasks))
    # The first call loads what the others find loaded.
    run_episodes(robot, policy, 1, 1, 0).returns(robot, task)
    started = time.monotonic()
    run_episodes(robot, policy, trial.episodes, steps, 0).returns(robot, task)
    return 1.1 * (time.monotonic() - started) * trial.steps / steps


def runs_of(
    robot: Robot, methods: Sequence[Method], tasks: Sequence[LanguageTask], trial: Trial
) -> list[Run]:
    """All runs of one robot, the first method's first."""
    return [
        Run(robot, method, task, seed, trial)
        for method in methods
        for task in tasks
        for seed in trial.seeds
    ]
