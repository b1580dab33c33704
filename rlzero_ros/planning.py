"""A sentence to what is sent: recalled if it is known, else imagined, projected and rehearsed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from .bundle import Bundle
from .evaluate.strip import png, projection_strip, spread
from .pipeline import IsCanceled, OnProgress, Pipeline, Plan
from .project.thumbnails import Thumbnails
from .rehearse.rehearsal import Rehearsal
from .robots.state import RobotState
from .skills.memory import SkillMemory
from .skills.skill import Skill, now_utc

Planned: TypeAlias = Plan | Skill


class Planner:
    """The pipeline of one robot with what makes it better: a rehearsal, a memory.

    where: tells where the robot is now; None where that is not known.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        rehearsal: Rehearsal | None = None,
        memory: SkillMemory | None = None,
        where: Callable[[], RobotState | None] = lambda: None,
    ) -> None:
        self._pipeline, self._rehearsal, self._memory = pipeline, rehearsal, memory
        self._where = where

    def plan(
        self,
        command: str,
        *,
        seed: int = 0,
        on_progress: OnProgress | None = None,
        is_canceled: IsCanceled | None = None,
    ) -> Planned:
        """What to send for a sentence; arguments and errors as `Pipeline.plan`.

        A plan of which every rehearsed form is vetoed raises RobotError (REHEARSAL_VETO).
        """
        if self._memory is not None:
            skill = self._memory.recall(command, seed)
            if skill is not None:
                return skill
            command = self._memory.sentence_of(command)
        plan = self._pipeline.plan(
            command, seed=seed, on_progress=on_progress, is_canceled=is_canceled
        )
        if self._rehearsal is None:
            return plan
        return self._rehearsal.improve(
            plan,
            start=self._where(),
            refuse=True,
            on_progress=on_progress,
            is_canceled=is_canceled,
        )

    def worked(self, planned: Planned, seed: int) -> None:
        """The robot acts on it: remember the sentence."""
        if self._memory is not None and isinstance(planned, Plan):
            self._memory.remember(skill_of(planned, self._pipeline.bundle, "plan"), seed)


def strip_of(plan: Planned, thumbnails: Thumbnails) -> bytes:
    """Some of the imagined frames above the real ones that they were projected to, as a PNG."""
    if isinstance(plan, Skill):
        return plan.strip
    chosen = spread(len(plan.clip.frames))
    indices = plan.variations[0].projection.indices
    real = [thumbnails.decode(int(indices[i])) for i in chosen]
    return png(projection_strip([plan.clip.frames[i] for i in chosen], real))


def skill_of(planned: Planned, bundle: Bundle, name: str) -> Skill:
    """What a sentence became, as a skill of the bundle's robot."""
    if isinstance(planned, Skill):
        return planned
    rehearsal = planned.rehearsal
    return Skill(
        name=name,
        command=planned.command,
        source=planned.source,
        robot=bundle.spec.name,
        bundle=bundle.manifest["checksum"],
        created=now_utc(),
        note="" if rehearsal is None else rehearsal.summary(),
        chance_similarity=planned.projection.chance_similarity,
        observations=planned.projection.observations,
        similarities=planned.projection.similarities,
        indices=planned.projection.indices,
        strip=strip_of(planned, bundle.index().thumbnails),
    )
