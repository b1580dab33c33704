"""Several ways to do a sentence, tried on the robot's own model; the best one is sent."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..bundle import Bundle
from ..errors import ErrorCode, RobotError
from ..pipeline import OnProgress, Plan, Variation
from ..project.projection import join
from ..robots.state import RobotState
from .candidates import Candidate, candidates
from .judge import choose, standardized
from .likeness import Likeness
from .report import RehearsalReport
from .twin import Trials, Twin
from .veto import VetoLimits, vetoes

# Moments of a trial that are compared, per second, as in an imagined clip.
_MOMENTS_HZ = 20.0
# What the robot does on its way there does not count.
_TRANSITION = 1.0 / 3.0
_STARTS = 2


class Rehearsal:
    """Rehearses plans of one bundle's robot; one plan at a time."""

    def __init__(
        self,
        bundle: Bundle,
        *,
        count: int = 8,
        seconds: float = 5.0,
        threads: int = 2,
        limits: VetoLimits | None = None,
    ) -> None:
        """count: candidates to try, the unrehearsed one among them. seconds: of each trial.

        Raises RobotError when the robot cannot be simulated.
        """
        if bundle.model_xml is None:
            raise RobotError(
                f"bundle {bundle.path.name} has no model.xml: {bundle.spec.name} cannot be "
                "simulated, so nothing can be rehearsed",
                ErrorCode.ROBOT_NOT_SIMULATED,
            )
        self._bundle, self._count, self._seconds = bundle, count, seconds
        self._limits = limits or VetoLimits()
        self._twin = Twin(bundle.spec, bundle.model_xml, threads)
        self._likeness = Likeness(bundle.index())

    def improve(
        self,
        plan: Plan,
        *,
        start: RobotState | None = None,
        seed: int = 0,
        refuse: bool = False,
        on_progress: OnProgress | None = None,
        is_canceled: Callable[[], bool] | None = None,
    ) -> Plan:
        """The plan with the observations of the candidate that did best, and the report.

        Args:
            plan: as the pipeline made it.
            start: where the robot is; None: the default pose of its model. Every candidate is tried
                from there and from some state of the robot's data.
            seed: of that state.
            refuse: where all candidates are vetoed, raise RobotError (REHEARSAL_VETO) instead of
                taking the least bad one.
            on_progress: called with ``rehearse`` and a fraction.
            is_canceled: asked every simulated second; True raises CommandError (CANCELED).
        """
        began = time.monotonic()
        report = on_progress or (lambda stage, fraction: None)
        report("rehearse", 0.0)
        found = candidates(plan.variations, self._bundle.index(), self._count)
        imitator = self._bundle.imitator()
        latents = np.stack([imitator.latent(c.projection.observations) for c in found])
        starts = np.repeat(self._starts(start, seed), len(found), axis=0)
        trials = self._twin.try_out(
            self._act,
            np.tile(latents, (_STARTS, 1)),
            starts,
            self._seconds,
            on_progress=lambda fraction: report("rehearse", 0.9 * fraction),
            is_canceled=is_canceled,
        )
        result = self._judge(plan.variations, found, trials, began)
        report("rehearse", 1.0)
        if refuse and all(result.vetoes):
            raise RobotError(
                f"every way of {plan.command!r} that was rehearsed is vetoed; "
                f"{result.names[result.chosen]}: {result.vetoes[result.chosen]}",
                ErrorCode.REHEARSAL_VETO,
            )
        chosen = found[result.chosen]
        order = [
            chosen.variation,
            *(n for n in range(len(plan.variations)) if n != chosen.variation),
        ]
        return replace(
            plan,
            variations=tuple(plan.variations[n] for n in order),
            projection=chosen.projection,
            rehearsal=result,
        )

    def _act(
        self, observations: NDArray[np.float32], latents: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        import torch

        with torch.inference_mode():
            return (
                self._bundle.bfm()
                .act(torch.from_numpy(observations), torch.from_numpy(latents))
                .numpy()
            )

    def _starts(self, start: RobotState | None, seed: int) -> NDArray[np.float64]:
        """Where the robot is, and states that it has been in: (_STARTS, nq + nv)."""
        here = self._twin.default_physics() if start is None else self._twin.physics_of(start)
        known = self._bundle.index().physics
        rows = np.random.default_rng(seed).integers(len(known), size=_STARTS - 1)
        return np.stack([here, *known[rows]])

    def _judge(
        self,
        variations: tuple[Variation, ...],
        found: list[Candidate],
        trials: Trials,
        began: float,
    ) -> RehearsalReport:
        """trials: of all candidates from the first start, then from the next."""
        shown = join([v.projection for v in variations])
        clips = [(v.embeddings, v.clip.fps) for v in variations]
        steps = trials.observations.shape[1]
        period = self._bundle.spec.control_period_s
        stride = max(1, round(1.0 / (_MOMENTS_HZ * period)))
        hz = 1.0 / (stride * period)
        moments = trials.observations[:, int(_TRANSITION * steps) :: stride]
        shape = (_STARTS, len(found))
        looks = np.array([self._likeness.looks(done, hz, clips) for done in moments])
        moves = np.array([self._likeness.moves(done, shown.observations) for done in moments])
        looks, moves = looks.reshape(shape), moves.reshape(shape)
        scores = standardized(looks) + standardized(moves)
        heights = self._twin.base_height(self._bundle.index().physics[shown.indices])
        # From where the robot is; it may well fall from a state that it only might be in.
        vetoed = vetoes(trials.first(len(found)), heights, self._limits)
        return RehearsalReport(
            names=tuple(c.name for c in found),
            looks=tuple(looks.mean(0).tolist()),
            moves=tuple(moves.mean(0).tolist()),
            scores=tuple(scores.mean(0).tolist()),
            vetoes=vetoed,
            chosen=choose(scores, [not veto for veto in vetoed]),
            seconds=time.monotonic() - began,
            simulated_s=self._seconds,
        )
