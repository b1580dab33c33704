"""Which plans the policy node takes, and why it refuses the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from builtin_interfaces.msg import Time
from numpy.typing import NDArray

from ..errors import ErrorCode, RlzeroError
from ..imitate.prompts import Imitation
from ..imitate.prompts import Prompt as LatentPrompt
from ..msg import ProjectedPlan, Prompt

MAX_TEXT = 1000
MAX_AHEAD_S = 5.0
"""How far a planner's clock may be ahead of this one."""
MAX_LIFETIME_S = 2.0 * 86_400.0
"""The planner gives at most twice a command's day."""
SIMILARITY_SLACK = 1e-3  # cosines of float16 embeddings overshoot 1


@dataclass(frozen=True)
class Plan:
    """A plan that has been found good.

    Attributes:
        id, command: as sent.
        prompt: what is asked for; None asks the robot to hold.
        received_s: monotonic seconds.
        expires_s: when it ends, monotonic seconds: a later jump of the wall clock is no matter.
        confidence: of the projection, −1 to 1.
    """

    id: str
    command: str
    prompt: LatentPrompt | None
    received_s: float
    expires_s: float
    confidence: float

    @property
    def holds(self) -> bool:
        """Whether it asks for the hold behaviour."""
        return self.prompt is None


@dataclass(frozen=True)
class PlanRules:
    """What a plan must fit: the bundle's id and observation size, and the node's bounds."""

    bundle_id: str
    observation_dim: int
    max_steps: int
    min_confidence: float

    def read(self, message: ProjectedPlan, now_ns: int, monotonic_s: float) -> Plan:
        """Return the plan in a message.

        Args:
            message: as received.
            now_ns: the node's clock, which `valid_until` is compared with.
            monotonic_s: when it was received.

        Raises:
            RlzeroError: with the code and reason that the sender is told.
        """
        expires_s = self.check_envelope(message, now_ns, monotonic_s)
        if not len(message.observations):
            return Plan(message.id, message.command, None, monotonic_s, expires_s, 0.0)
        self.check_bundle(message)
        observations = self.observations(message)
        self._check_similarities(message, len(observations))
        self.check_confidence(message)
        prompt = Imitation(observations)
        confidence = float(message.confidence)
        return Plan(message.id, message.command, prompt, monotonic_s, expires_s, confidence)

    def check_envelope(
        self, message: ProjectedPlan | Prompt, now_ns: int, monotonic_s: float
    ) -> float:
        """Check everything but the content; return when it ends, monotonic seconds."""
        if not message.id:
            raise RlzeroError("the plan has no id", ErrorCode.PLAN_INVALID)
        for name in ("id", "command", "source", "bundle_id"):
            if len(getattr(message, name)) > MAX_TEXT:
                raise RlzeroError(
                    f"the plan's {name} is longer than {MAX_TEXT} characters",
                    ErrorCode.PLAN_INVALID,
                )
        left_s = (_nanoseconds(message.valid_until) - now_ns) * 1e-9
        if left_s <= 0:
            raise RlzeroError(
                f"the plan's valid_until passed {-left_s:.3f} s ago; "
                "send a new plan, and compare the clocks of both machines",
                ErrorCode.PLAN_EXPIRED,
            )
        ahead_s = (_nanoseconds(message.header.stamp) - now_ns) * 1e-9
        if ahead_s > MAX_AHEAD_S or left_s > MAX_LIFETIME_S:
            raise RlzeroError(
                f"the plan was made {ahead_s:.0f} s from now and is valid for {left_s:.0f} s; "
                f"at most {MAX_AHEAD_S:g} s and {MAX_LIFETIME_S:g} s are taken: compare the "
                "clocks of both machines",
                ErrorCode.PLAN_INVALID,
            )
        return monotonic_s + left_s

    def check_bundle(self, message: ProjectedPlan | Prompt) -> None:
        """Refuse what was made with another bundle."""
        if message.bundle_id != self.bundle_id:
            raise RlzeroError(
                f"the plan was made with bundle {message.bundle_id!r}, "
                f"this node runs {self.bundle_id!r}",
                ErrorCode.BUNDLE_MISMATCH,
            )

    def check_confidence(self, message: ProjectedPlan | Prompt) -> None:
        """Refuse what its sender is not sure enough of."""
        if not abs(message.confidence) <= 1.0 + SIMILARITY_SLACK:  # NaN fails too
            raise RlzeroError(
                "the plan's confidence is not within -1 and 1", ErrorCode.PLAN_INVALID
            )
        if message.confidence < self.min_confidence:
            raise RlzeroError(
                f"the plan's confidence {message.confidence:.2f} is below min_confidence "
                f"{self.min_confidence:.2f}",
                ErrorCode.LOW_SIMILARITY,
            )

    def observations(self, message: ProjectedPlan | Prompt) -> NDArray[np.float32]:
        """Return its observations (T, observation_dim); there may be none."""
        dim, size = self.observation_dim, len(message.observations)
        if message.observation_dim != dim:
            raise RlzeroError(
                f"the plan's observation_dim is {message.observation_dim}, this robot's is {dim}",
                ErrorCode.PLAN_INVALID,
            )
        if size % dim:
            raise RlzeroError(
                f"the plan's {size} numbers are not rows of {dim}", ErrorCode.PLAN_INVALID
            )
        if size // dim > self.max_steps:
            raise RlzeroError(
                f"the plan has {size // dim} observations, more than {self.max_steps}",
                ErrorCode.PLAN_INVALID,
            )
        observations = np.array(message.observations, dtype=np.float32).reshape(-1, dim)
        if not np.isfinite(observations).all():
            raise RlzeroError("the plan's observations are not finite", ErrorCode.PLAN_INVALID)
        return observations

    def _check_similarities(self, message: ProjectedPlan, steps: int) -> None:
        similarities = np.array(message.similarities, dtype=np.float32)
        if len(similarities) != steps:
            raise RlzeroError(
                f"the plan has {len(similarities)} similarities for {steps} observations",
                ErrorCode.PLAN_INVALID,
            )
        if not (np.abs(similarities) <= 1.0 + SIMILARITY_SLACK).all():  # NaN fails too
            raise RlzeroError(
                "the plan's similarities are not all within -1 and 1", ErrorCode.PLAN_INVALID
            )


def _nanoseconds(time: Time) -> int:
    return int(time.sec) * 1_000_000_000 + int(time.nanosec)
