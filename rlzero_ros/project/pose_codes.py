"""What a pose matcher makes of the poses of an index; see ``pose_matcher``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..errors import ProjectError

LIKELIHOOD_WEIGHT = 0.1
"""What a pose that is e times less likely than the likeliest one costs, in cosines. Chosen on
drawings in the training styles."""
_LEAST = -12.0
"""Logarithm of the likelihood below which all poses are alike."""
_ROWS = "pose_codes"
_TOGETHER = 2_000_000
"""Likelihoods that are computed at once."""


@dataclass(frozen=True)
class PoseCodes:
    """Codes (N, d) of an index's N poses, and the id of the matcher that made them."""

    matcher_id: str
    codes: NDArray[np.float16]

    def __post_init__(self) -> None:
        """Raises ProjectError for what are no codes."""
        if self.codes.ndim != 2 or not np.isfinite(self.codes).all():
            raise ProjectError(f"pose codes are finite rows of numbers, not {self.codes.shape}")

    @cached_property
    def _searched(self) -> NDArray[np.float32]:
        """In single precision, which is sixteen times faster to multiply."""
        return self.codes.astype(np.float32)

    def costs(
        self, seen: NDArray[np.float32], rows: NDArray[np.int64], k: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Adds the likeliest poses to rows, and says what all cost.

        Args:
            seen: (T, d) codes of windows.
            rows: (T, n) of the index, found by other means; none twice.
            k: so many of the likeliest are looked at besides.

        Returns:
            costs (T, n + k), in cosines, infinite for a row that was there already, and rows
            (T, n + k).
        """
        k = min(k, len(self.codes))
        poses = self._searched
        costs, wider = [], []
        step = max(1, _TOGETHER // len(poses))
        for start in range(0, len(seen), step):
            likelihoods = seen[start : start + step] @ poses.T
            best = np.argpartition(-likelihoods, k - 1, axis=1)[:, :k]
            found = rows[start : start + step]
            both = np.concatenate([found, best], axis=1)
            behind = np.take_along_axis(likelihoods, both, axis=1)
            behind -= likelihoods.max(axis=1, keepdims=True)
            cost = -LIKELIHOOD_WEIGHT * behind.clip(_LEAST)
            cost[:, found.shape[1] :][(best[..., None] == found[:, None]).any(-1)] = np.inf
            costs.append(cost)
            wider.append(both)
        return np.concatenate(costs).astype(np.float32), np.concatenate(wider)

    def tensors(self) -> dict[str, NDArray[np.floating]]:
        """By name, for a file."""
        return {f"{_ROWS}.{self.matcher_id}": np.ascontiguousarray(self.codes)}

    @classmethod
    def of_tensors(cls, named: Mapping[str, NDArray[np.floating]]) -> PoseCodes | None:
        """The inverse of ``tensors``; None if there are none."""
        for name, codes in named.items():
            if name.startswith(f"{_ROWS}."):
                return cls(name.partition(".")[2], np.asarray(codes, np.float16))
        return None
