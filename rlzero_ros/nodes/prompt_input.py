"""Which prompts the policy node takes, and why it refuses the others: by the rules of plans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, ErrorCode, RlzeroError
from ..imitate.kernel import Smoothing
from ..imitate.prompts import Goal, Imitation, Reward, Tracking
from ..imitate.prompts import Prompt as LatentPrompt
from ..msg import Prompt
from .plan_input import Plan, PlanRules

MAX_PERIOD_S = 10.0
MAX_TEMPERATURE = 1e4


@dataclass(frozen=True)
class PromptRules:
    """What a prompt must fit: what a plan must, and the bundle's observations for rewards.

    reference_size: how many observations the bundle has. control_period_s: the robot's.
    """

    plans: PlanRules
    reference_size: int
    control_period_s: float

    def read(self, message: Prompt, now_ns: int, monotonic_s: float) -> Plan:
        """Return the plan in a message; arguments and errors as those of `PlanRules.read`."""
        expires_s = self.plans.check_envelope(message, now_ns, monotonic_s)
        self.plans.check_bundle(message)
        prompt = self._prompt(message)
        self.plans.check_confidence(message)
        confidence = float(message.confidence)
        return Plan(message.id, message.command, prompt, monotonic_s, expires_s, confidence)

    def _prompt(self, message: Prompt) -> LatentPrompt:
        if message.kind == Prompt.REWARD:
            return self._reward(message)
        if message.kind not in (Prompt.GOAL, Prompt.TRACKING, Prompt.IMITATION):
            raise _invalid(f"kind {message.kind} is none of GOAL, TRACKING, REWARD and IMITATION")
        if len(message.rewards):
            raise _invalid("it has rewards, which only a REWARD has")
        observations = self.plans.observations(message)
        if message.kind == Prompt.TRACKING:
            return Tracking(observations, self._period_s(message.observation_period_s))
        if message.kind == Prompt.IMITATION:
            return Imitation(observations, _smoothing(message))
        if len(observations) != 1:
            raise _invalid(f"a GOAL is one observation, not {len(observations)}")
        return Goal(observations[0])

    def _period_s(self, period_s: float) -> float:
        if period_s == 0.0:
            return self.control_period_s
        if not self.control_period_s * 0.999 <= period_s <= MAX_PERIOD_S:  # NaN fails too
            raise _invalid(
                f"observation_period_s is {period_s:g}; it must be 0 for every control period, or "
                f"between {self.control_period_s:g} and {MAX_PERIOD_S:g}"
            )
        return period_s

    def _reward(self, message: Prompt) -> Reward:
        if len(message.observations):
            raise _invalid("a REWARD is given on the bundle's observations and brings none")
        rewards: NDArray[np.float32] = np.array(message.rewards, dtype=np.float32)
        if len(rewards) != self.reference_size:
            raise _invalid(
                f"there are {len(rewards)} rewards for the {self.reference_size} observations of "
                "the bundle"
            )
        if not np.isfinite(rewards).all():
            raise _invalid("its rewards are not finite")
        if not 0.0 <= message.temperature <= MAX_TEMPERATURE:
            raise _invalid(f"its temperature must lie between 0 and {MAX_TEMPERATURE:g}")
        return Reward(rewards, float(message.temperature) or None)


def _smoothing(message: Prompt) -> Smoothing | None:
    if not message.imitation_kernel:
        if message.imitation_bandwidth:
            raise _invalid("it has an imitation_bandwidth, but no imitation_kernel")
        return None
    try:
        return Smoothing(float(message.imitation_bandwidth), message.imitation_kernel)
    except DataError as error:
        raise _invalid(f"its imitation_kernel or imitation_bandwidth: {error.message}") from error


def _invalid(reason: str) -> RlzeroError:
    return RlzeroError(f"the prompt cannot be used: {reason}", ErrorCode.PLAN_INVALID)
