"""Prompts of every kind as messages to the policy node, for whoever asks it directly."""

from __future__ import annotations

import uuid
from array import array

import numpy as np
from numpy.typing import NDArray
from rclpy.duration import Duration
from rclpy.time import Time

from ..imitate.prompts import Goal, Imitation, Tracking
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
    """A prompt that the policy node may act on for lifetime_s from now."""
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
    elif isinstance(prompt, Imitation):
        message.kind = Prompt.IMITATION
        _set_observations(message, prompt.observations)
        if prompt.smoothing is not None:
            message.imitation_kernel = prompt.smoothing.kernel
            message.imitation_bandwidth = prompt.smoothing.bandwidth
    else:
        message.kind = Prompt.REWARD
        message.rewards = _floats(prompt.rewards)
        message.temperature = prompt.temperature or 0.0
    message.header.stamp = now.to_msg()
    message.valid_until = (now + Duration(seconds=lifetime_s)).to_msg()
    return message


def _set_observations(message: Prompt, observations: NDArray[np.floating]) -> None:
    message.observation_dim = observations.shape[1]
    message.observations = _floats(observations)


def _floats(values: NDArray[np.floating]) -> array:
    return array("f", np.ascontiguousarray(values, dtype=np.float32).tobytes())
