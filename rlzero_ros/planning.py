"""A sentence to what is sent: recalled if it is known, else imagined, projected and rehearsed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from .bundle import Bundle
from .errors import ErrorCode, SkillError
from .evaluate.strip import png, projection_strip, spread
from .imagine.do_what_you_see import DO_WHAT_YOU_SEE
from .pipeline import IsCanceled, OnProgress, Pipeline, Plan
from .project.text_gate import TextGate
from .project.thumbnails import Thumbnails
from .rehearse.rehearsal import Rehearsal
from .robots.state import RobotState
from .skills.memory import SkillMemory
from .skills.skill import Skill, now_utc

Planned: TypeAlias = Plan | Skill


class Planner:
    """The pipeline of one robot with what makes it better: a rehearsal, a memory.

    remembers: whether sentences that worked come back without being imagined again. refuses:
    whether a plan of which all rehearsed forms are vetoed is an error. min_confidence: a plan below
    it is not worth a rehearsal. gate: refuses what was imagined if it does not look like the
    sentence; None takes it as it is. where: tells where the robot is; None where that is not known.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        rehearsal: Rehearsal | None = None,
        memory: SkillMemory | None = None,
        *,
        remembers: bool = True,
        refuses: bool = True,
        min_confidence: float = -1.0,
        gate: TextGate | None = None,
        where: Callable[[], RobotState | None] = lambda: None,
    ) -> None:
        self._pipeline, self._rehearsal, self._memory = pipeline, rehearsal, memory
        self._remembers, self._refuses, self._where = remembers, refuses, where
        self._min_confidence, self._gate = min_confidence, gate

    @property
    def rehearses(self) -> bool:
        """Whether plans are tried on the robot's model first."""
        return self._rehearsal is not None

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
            skill = self._memory.recall(command, seed if self._remembers else None)
            if skill is not None:
                if on_progress is not None:
                    on_progress("recall", 1.0)
                return skill
            command = self._memory.sentence_of(command)
        plan = self._pipeline.plan(
            command, seed=seed, on_progress=on_progress, is_canceled=is_canceled
        )
        # What a camera sees is no picture of the words that ask for it.
        if self._gate is not None and plan.command.casefold() != DO_WHAT_YOU_SEE:
            self._gate.check(plan.command, [v.embeddings for v in plan.variations])
        if self._rehearsal is None or plan.confidence < self._min_confidence:
            return plan
        state = self._where()
        return self._rehearsal.improve(
            plan,
            start=None if state is None else self._rehearsal.physics_of(state),
            seed=seed,
            refuse=self._refuses,
            on_progress=on_progress,
            is_canceled=is_canceled,
        )

    def worked(self, planned: Planned, seed: int) -> None:
        """The robot acts on it: remember the sentence.

        Not a way that was chosen for where the robot is.
        """
        if self._memory is None or not self._remembers or not isinstance(planned, Plan):
            return
        if planned.rehearsal is not None and planned.rehearsal.suits_here:
            return
        if planned.command.casefold() != DO_WHAT_YOU_SEE:
            self._memory.remember(skill_of(planned, self._pipeline.bundle, "plan"), seed)

    def save(self, planned: Planned, name: str, replace: bool = False) -> Skill:
        """Keep it for good under a name; SkillError where that is impossible."""
        if self._memory is None:
            raise SkillError("this planner has no skill library", ErrorCode.SKILL_NOT_SAVED)
        skill = skill_of(planned, self._pipeline.bundle, "plan")
        return self._memory.save(skill, name, replace)


def strip_of(plan: Planned, thumbnails: Thumbnails) -> bytes:
    """Some of the imagined frames above the real ones that they were projected to, as a PNG."""
    if isinstance(plan, Skill):
        return plan.strip
    # Of the clip alone: a plan's projection may join several, or be what a rehearsal chose.
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
        confidence=planned.confidence,
        chance_similarity=planned.projection.chance_similarity,
        observations=planned.projection.observations,
        similarities=planned.projection.similarities,
        indices=planned.projection.indices,
        strip=strip_of(planned, bundle.index().thumbnails),
    )
