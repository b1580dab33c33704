"""From similarity to the probability that what was found is in the pose that was shown.

A logistic curve (Platt 1999) through drawings whose poses are known: of held-out states, in
styles that the embedder never saw. It is made with the index and lies in its file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import ProjectError

_STEPS, _RIDGE, _NOISE = 50, 1e-3, 1e-6


@dataclass(frozen=True)
class Calibration:
    """probability = 1/(1 + exp(-(slope · similarity + offset)))."""

    slope: float
    offset: float

    def probability(self, similarities: NDArray[np.floating]) -> NDArray[np.float64]:
        """That the pose is within the tolerance, for similarities of any shape."""
        return 1.0 / (1.0 + np.exp(-(self.slope * np.float64(similarities) + self.offset)))

    def write(self) -> str:
        """As text, for a file's metadata."""
        return f"{self.slope!r} {self.offset!r}"

    @classmethod
    def read(cls, text: str) -> Calibration:
        """The inverse of ``write``; ValueError for anything else."""
        slope, offset = map(float, text.split())
        if not (np.isfinite(slope) and np.isfinite(offset) and slope >= 0):
            raise ValueError(f"no calibration: {text!r}")
        return cls(slope, offset)


def fit_calibration(similarities: NDArray[np.floating], right: NDArray[np.bool_]) -> Calibration:
    """The likeliest curve for similarities (N,) and whether each found the pose (N,).

    Newton's method on Platt's smoothed targets, which stay below one where all are right.
    ProjectError if similarity does not grow with being right: it is no measure of confidence then.
    """
    center, spread = float(similarities.mean()), float(similarities.std()) or 1.0
    x = np.stack([(similarities - center) / spread, np.ones(len(similarities))], axis=1)
    hits = int(right.sum())
    targets = np.where(right, (hits + 1) / (hits + 2), 1 / (len(right) - hits + 2))
    weights = np.zeros(2)
    for _ in range(_STEPS):
        p = 1.0 / (1.0 + np.exp(-x @ weights))
        gradient = x.T @ (targets - p) - _RIDGE * weights
        curvature = (x * (p * (1 - p))[:, None]).T @ x + _RIDGE * np.eye(2)
        weights = weights + np.linalg.solve(curvature, gradient)
    if weights[0] < -_NOISE or not np.isfinite(weights).all():
        raise ProjectError("similarity says nothing about the pose: train the embedder further")
    slope = max(float(weights[0] / spread), 0.0)
    return Calibration(slope, float(weights[1]) - slope * center)
