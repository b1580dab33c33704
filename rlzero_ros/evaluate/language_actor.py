"""From a sentence to the policy that acts on it, as planner and policy node do it, without ROS.

The benchmark's robots command torques that may swing over their whole range within one period, so
the guard's limits change none of the actions in [−1, 1]; its gentle engaging is left out.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from ..bundle import Bundle
from ..errors import CommandError, DataError, ErrorCode, RlzeroError
from ..imagine.base import Imaginer
from ..paths import find_folder, resource_roots
from ..pipeline import Pipeline, Plan
from ..planning import strip_of
from .episodes import Policy

PLANNER_CONFIG = "planner.yaml"


@dataclass(frozen=True)
class PlannerSettings:
    """What the planner node is told: see config/planner.yaml."""

    variations: int
    min_confidence: float

    @classmethod
    def shipped(cls) -> PlannerSettings:
        """The values of config/planner.yaml."""
        for root in resource_roots():
            path = root / "config" / PLANNER_CONFIG
            if path.is_file():
                values = yaml.safe_load(path.read_text(encoding="utf-8"))
                options = values["/**/planner_node"]["ros__parameters"]
                return cls(options["storyboard"]["variations"], options["min_confidence"])
        raise DataError(f"config/{PLANNER_CONFIG} is not installed; build the package again")


@dataclass(frozen=True)
class Answer:
    """What became of one sentence.

    z: the latent (d,) that the robot acts on: the sentence's, or the hold behaviour's where it was
    refused; None for a robot that holds without a policy. refusal: why, empty if it was not.
    strip: a PNG of imagined frames above real ones, None without a plan. seconds: of all steps.
    plan: what is imitated, None where it was refused.
    """

    z: NDArray[np.float32] | None
    source: str
    confidence: float
    refusal: str
    code: ErrorCode
    strip: bytes | None
    seconds: float
    plan: Plan | None = None


class Actor:
    """One robot's bundle, ready to be told what to do."""

    def __init__(self, bundle: Bundle, imaginer: Imaginer, settings: PlannerSettings) -> None:
        self.bundle, self.imaginer, self.settings = bundle, imaginer, settings
        self._pipeline = Pipeline(bundle, imaginer, variations=settings.variations)

    def answer(self, sentence: str, seed: int) -> Answer:
        """Imagine, project, imitate; a refusal is an answer too, other errors are raised."""
        started = time.monotonic()
        try:
            plan = self._pipeline.plan(sentence, seed=seed)
        except CommandError as error:
            return self._refused(error, started)
        trust, thumbnails = plan.confidence, self.bundle.index().thumbnails
        strip = strip_of(plan, thumbnails)
        if trust < self.settings.min_confidence:
            needed = f"confidence {trust:.2f} is below {self.settings.min_confidence:.2f}"
            refusal = RlzeroError(needed, ErrorCode.LOW_SIMILARITY)
            return self._refused(refusal, started, plan.clip.source, trust, strip)
        z = self.latent(plan)
        seconds = time.monotonic() - started
        return Answer(z, plan.clip.source, trust, "", ErrorCode.OK, strip, seconds, plan)

    def latent(self, plan: Plan) -> NDArray[np.float32]:
        """The latent (d,) that imitates what a plan found."""
        return self._pipeline.latent(plan.projection)

    def policy(self, z: NDArray[np.float32] | None) -> Policy:
        """π(·, z) for observations (n, observation_dim); without a latent no torque at all.

        z: (d,), or one for each of n robots (n, d).
        """
        bfm, size = self.bundle.bfm(), self.bundle.spec.action_dim
        if z is None:
            if self.bundle.spec.command.interface == "position":
                raise DataError(f"{self.bundle.spec.name} holds a pose, which this cannot simulate")
            return lambda observations: np.zeros((len(observations), size))
        return partial(bfm.actions, latents=z)

    def _refused(
        self,
        error: RlzeroError,
        started: float,
        source: str = "",
        trust: float = 0.0,
        strip: bytes | None = None,
    ) -> Answer:
        seconds = time.monotonic() - started
        hold = self.bundle.hold_latent
        return Answer(hold, source, trust, error.message, error.code, strip, seconds)


def find_bundle_of(robot: str, folder: Path | None = None) -> Bundle | None:
    """The bundle of a robot, by its name or in a folder; None where there is none.

    Raises BundleError for one that is damaged, and DataError for one of another robot.
    """
    if folder is None and find_folder("bundles", robot) is None:
        return None
    bundle = Bundle.load(robot if folder is None else folder)
    if bundle.spec.name != robot:
        raise DataError(f"bundle {bundle.path} is of {bundle.spec.name}, not of {robot}")
    return bundle
