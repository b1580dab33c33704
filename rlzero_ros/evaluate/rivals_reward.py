"""Rewards that an image-text model gives to pictures of the robot, for a sentence.

VLM-RM (Rocamonde et al. 2023) and its goal-baseline form, and the same for windows of frames.
Embeddings are unit vectors of dimension d; nothing here knows the task's own reward.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
WINDOW_FRAMES, WINDOW_STRIDE = 8, 2
"""A window is so many pictures, so many control steps apart, that end with the state judged."""


def cosine_reward(embeddings: Array, goal: Array) -> Array:
    """Cosine (…) of embeddings (…, d) to the sentence's (d,)."""
    return np.asarray(embeddings.astype(np.float32) @ goal, dtype=np.float32)


def goal_baseline_reward(embeddings: Array, goal: Array, baseline: Array, alpha: float) -> Array:
    """1 − ‖α·proj_L(x) + (1 − α)·x − g‖² / 2 for embeddings x (…, d), g the goal's.

    L is the line through goal and baseline, which describes the robot doing nothing in particular:
    α = 0 is the cosine, α = 1 looks only at what tells the two sentences apart.
    """
    line = goal - baseline
    length = float(np.linalg.norm(line))
    off = embeddings.astype(np.float32) - goal
    if length < 1e-6:
        along = np.zeros_like(off)
    else:
        line = line / length
        along = (off @ line)[..., None] * line
    rest = alpha * along + (1.0 - alpha) * off
    return np.asarray(1.0 - 0.5 * np.square(rest).sum(-1), dtype=np.float32)


def window_embeddings(
    embeddings: Array, frames: int = WINDOW_FRAMES, stride: int = WINDOW_STRIDE
) -> Array:
    """Of each step of episodes (E, T, d) the unit mean of the window that ends with it.

    A window that would begin before its episode repeats the episode's first picture.
    """
    steps = np.arange(embeddings.shape[1])
    total = np.zeros(embeddings.shape, np.float32)
    for back in range(frames):
        total += embeddings[:, np.maximum(steps - back * stride, 0)]
    return np.asarray(total / np.linalg.norm(total, axis=-1, keepdims=True), dtype=np.float32)
