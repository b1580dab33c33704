"""Several ways to do a sentence, tried on the robot's own model; the best one is sent."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..bundle import Bundle
from ..errors import ErrorCode, RobotError
from ..pipeline import OnProgress, Plan
from ..robots.observed_physics import ObservedPhysics
from ..robots.state import RobotState
from .candidates import candidates
from .judge import choose, goes_as_asked, shows_pose, speeds_along
from .mass_motion import MassMotion, mismatch
from .report import RehearsalReport
from .twin import LATE_S, Trials, Twin
from .veto import VetoLimits, vetoes


class Rehearsal:
    """Rehearses plans of one bundle's robot; one plan at a time."""

    def __init__(
        self,
        bundle: Bundle,
        *,
        count: int = 8,
        seconds: float = 5.0,
        threads: int = 2,
        late_s: float = LATE_S,
        limits: VetoLimits | None = None,
    ) -> None:
        """count: candidates to try, the unrehearsed one among them. seconds: of each trial. late_s:
        how late in their control period actions come on the robot.

        Raises RobotError (ROBOT_NOT_SIMULATED) when the robot cannot be simulated, or observations
        do not show where all of it is.
        """
        if bundle.model_xml is None:
            raise RobotError(
                f"bundle {bundle.path.name} has no model.xml: {bundle.spec.name} cannot be "
                "simulated, so nothing can be rehearsed",
                ErrorCode.ROBOT_NOT_SIMULATED,
            )
        self._bundle, self._count, self._seconds = bundle, count, seconds
        self._late_s = late_s
        self._limits = limits or VetoLimits()
        self._twin = Twin(bundle.spec, bundle.model_xml, threads)
        self._motion = MassMotion(bundle.spec, self._twin.model)
        self._seen = ObservedPhysics(bundle.spec, self._twin.model)

    def physics_of(self, state: RobotState) -> NDArray[np.float64]:
        """Where a robot is that says so, as `improve` takes it."""
        return self._twin.physics_of(state)

    def improve(
        self,
        plan: Plan,
        *,
        start: NDArray[np.floating] | None = None,
        seed: int = 0,
        refuse: bool = False,
        on_progress: OnProgress | None = None,
        is_canceled: Callable[[], bool] | None = None,
    ) -> Plan:
        """The plan with the observations of the candidate that did best, and the report.

        Args:
            plan: as the pipeline made it.
            start: physics (nq + nv,) where the robot is, from where every candidate is tried; None:
                the default pose of its model.
            seed: of the candidates.
            refuse: where all candidates are vetoed, raise RobotError (REHEARSAL_VETO) instead of
                taking the least bad one.
            on_progress: called with ``rehearse`` and a fraction.
            is_canceled: asked every simulated second; True raises CommandError (CANCELED).
        """
        began = time.monotonic()
        report = on_progress or (lambda stage, fraction: None)
        report("rehearse", 0.0)
        found = candidates(plan.variations, self._bundle.index(), self._count, seed)
        imitator = self._bundle.imitator()
        latents = np.stack([imitator.latent(c.projection.observations) for c in found])
        trials = self._twin.try_out(
            self._bundle.bfm().actions,
            latents,
            self._twin.default_physics() if start is None else start,
            self._seconds,
            late_s=self._late_s,
            on_progress=lambda fraction: report("rehearse", 0.9 * fraction),
            is_canceled=is_canceled,
        )
        result = self._judge(plan, [candidate.name for candidate in found], trials, began)
        report("rehearse", 1.0)
        if refuse and all(result.vetoes):
            raise RobotError(
                f"every way of {plan.command!r} that was rehearsed is vetoed; "
                f"{result.names[result.chosen]}: {result.vetoes[result.chosen]}",
                ErrorCode.REHEARSAL_VETO,
            )
        return replace(plan, projection=found[result.chosen].projection, rehearsal=result)

    def _judge(self, plan: Plan, names: list[str], trials: Trials, began: float) -> RehearsalReport:
        pose, shown = shows_pose(plan.variations), plan.projection
        imitator = self._bundle.imitator()
        taken = imitator.taken(shown.observations, rests=pose or None)
        wanted = self._motion.vectors(self._seen(taken))
        visited = trials.physics[:, trials.settled]
        distances = np.array([mismatch(self._motion.vectors(done), wanted) for done in visited])
        settled = trials.observations[:, trials.settled]
        travels = self._bundle.spec.shows_travel
        asked = np.zeros(travels.sum()) if pose else imitator.travel(shown.observations)
        speeds = speeds_along(settled[..., travels], asked)
        goes = goes_as_asked(speeds, asked)
        heights = self._twin.base_height(self._bundle.index().physics[shown.indices])
        vetoed = vetoes(trials, heights, self._limits)
        return RehearsalReport(
            names=tuple(names),
            distances=tuple(distances.tolist()),
            speeds=tuple(speeds.tolist()),
            vetoes=vetoed,
            chosen=choose(distances, [not veto for veto in vetoed], pose, goes),
            pose=pose,
            asked=float(np.linalg.norm(asked)),
            seconds=time.monotonic() - began,
            simulated_s=self._seconds,
        )
