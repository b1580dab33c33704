"""Goals, sequences and rewards as messages to the policy node, for whoever asks it directly."""

from __future__ import annotations

import uuid
from array import array

import numpy as np
from numpy.typing import NDArray
from rclpy.duration import Duration
from rclpy.time import Time

from ..errors import DataError
from ..imitate.prompts import Goal, Reward, Tracking
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
    message = Prompt(
        id=uuid.uuid4().hex,
        command=command,
        source="prompt",
        bundle_id=bundle_id,
        confidence=confidence,
    )
    if isinstance(prompt, Goal):
        message.kind = Prompt.GOAL
        _set_observations(message, prompt.observation[None])
    elif isinstance(prompt, Tracking):
        message.kind = Prompt.TRACKING
        _set_observations(message, prompt.observations)
        message.observation_period_s = prompt.period_s
    elif isinstance(prompt, Reward):
        message.kind = Prompt.REWARD
        message.rewards = _floats(prompt.rewards)
        message.temperature = prompt.temperature or 0.0
    else:
        raise DataError("a demonstration travels as a ProjectedPlan, not as a Prompt")
    message.header.stamp = now.to_msg()
    message.valid_until = (now + Duration(seconds=lifetime_s)).to_msg()
    return message


def _set_observations(message: Prompt, observations: NDArray[np.floating]) -> None:
    message.observation_dim = observations.shape[1]
    message.observations = _floats(observations)


def _floats(values: NDArray[np.floating]) -> array:
    return array("f", np.ascontiguousarray(values, dtype=np.float32).tobytes())
