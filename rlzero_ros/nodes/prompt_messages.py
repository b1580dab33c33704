"""Goals, sequences and rewards as messages to the policy node, for whoever asks it directly."""

from __future__ import annotations

import uuid
from array import array

import numpy as np
from numpy.typing import NDArray
from rclpy.duration import Duration
from rclpy.time import Time

from ..errors import DataError
from ..imitate.prompts import Goal, Imitation, Reward, Tracking
from ..imitate.prompts import Prompt as LatentPrompt
from ..msg import Prompt


def prompt_message(
    prompt: LatentPrompt,
    *,
    command: str,
    bundle_id: str,
    now: Time,
    lifetime_s: float,
    confidence: float = 1.0,
) -> Prompt:
    """A prompt that the policy node may act on for lifetime_s from now.

    Raises DataError for a demonstration to imitate, which travels as a ProjectedPlan.
    """
    if isinstance(prompt, Imitation):
        raise DataError("a demonstration travels as a ProjectedPlan, not as a Prompt")
    message = Prompt(
        id=uuid.uuid4().hex,
        command=command,
        source="prompt",
        bundle_id=bundle_id,
        confidence=confidence,
        kind={Goal: Prompt.GOAL, Tracking: Prompt.TRACKING, Reward: Prompt.REWARD}[type(prompt)],
    )
    if isinstance(prompt, Reward):
        message.rewards = _floats(prompt.rewards)
        message.temperature = prompt.temperature or 0.0
    else:
        goal = isinstance(prompt, Goal)
        observations = prompt.observation[None] if goal else prompt.observations
        message.observation_dim = observations.shape[1]
        message.observations = _floats(observations)
        message.observation_period_s = 0.0 if goal else prompt.period_s
    message.header.stamp = now.to_msg()
    message.valid_until = (now + Duration(seconds=lifetime_s)).to_msg()
    return message


def _floats(values: NDArray[np.floating]) -> array:
    return array("f", np.ascontiguousarray(values, dtype=np.float32).tobytes())
