"""What a pose matcher makes of the poses of an index, and which of them is most probably right.

The likeliest pose is right less often than one that several likely ones are near to: what is wanted
is a pose within a tolerance, not the very one. So the likelihoods of the candidates are taken for
probabilities, and each candidate is as good as the probability that it is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..errors import ProjectError
from .limbs import Limbs

RIGHT_WEIGHT = 0.5
"""What a pose that is e times less probably right costs, in cosines."""
_TEMPERATURE = 0.7
"""Logarithms of likelihoods are divided by it: a mean over enlargements knows more than it says.
Like the weight it was chosen on drawings in the training styles."""
_LIKELIEST = 96
_ALTERNATIVES = 4
"""So many after the best are what is most probably right if those before them are not."""
_LEAST = np.float32(np.exp(-12.0))
"""Below this probability of being right all poses are alike."""
_AHEAD = 100.0
"""A rank before that of every score."""
_CODES, _SCALE = "pose_codes", "pose_scale"
_LIMBS = ("pose_angles", "pose_speeds", "pose_exchanges")
_TOGETHER = 2_000_000
"""Numbers that are computed at once."""


@dataclass(frozen=True)
class PoseCodes:
    """Codes of an index's N poses, and the id of the matcher that made them.

    Attributes:
        codes, scale: (N, d) and (d,); a code is their product.
        limbs: of the same poses.
    """

    matcher_id: str
    codes: NDArray[np.int8]
    scale: NDArray[np.float32]
    limbs: Limbs

    def __post_init__(self) -> None:
        """Raises ProjectError for what are no codes."""
        if self.codes.ndim != 2 or self.scale.shape != (self.codes.shape[1],):
            raise ProjectError(f"pose codes {self.codes.shape} have scales {self.scale.shape}")
        if not np.isfinite(self.scale).all():
            raise ProjectError("the scales of pose codes are not finite")
        if len(self.limbs) != len(self.codes):
            have = f"{len(self.codes)} pose codes have limbs of {len(self.limbs)} poses"
            raise ProjectError(have)

    @classmethod
    def rounded(cls, matcher_id: str, codes: NDArray[np.floating], limbs: Limbs) -> PoseCodes:
        """Of codes (N, d), a byte for each number; ProjectError unless all are finite."""
        if codes.ndim != 2 or not np.isfinite(codes).all():
            raise ProjectError(f"pose codes are finite rows of numbers, not {codes.shape}")
        scale = np.abs(codes).max(axis=0, initial=1e-6).astype(np.float32) / 127
        return cls(matcher_id, np.round(codes / scale).astype(np.int8), scale, limbs)

    @cached_property
    def unrounded(self) -> NDArray[np.float32]:
        """The codes (N, d) in single precision, which is fast to multiply."""
        return self.codes * self.scale

    def candidates(self, seen: NDArray[np.float32], rows: NDArray[np.int64], k: int) -> LikelyPoses:
        """Adds the likeliest poses to rows.

        Args:
            seen: (T, d) codes of windows.
            rows: (T, n) of the index, found by other means; none twice.
            k: so many of the likeliest are looked at besides, or some more.
        """
        poses = self.unrounded
        k = min(max(k, _LIKELIEST), len(poses))
        likelihoods = seen @ poses.T
        best = np.argpartition(-likelihoods, k - 1, axis=1)[:, :k]
        both = np.concatenate([rows, best], axis=1)
        twice = np.zeros(both.shape, dtype=bool)
        twice[:, rows.shape[1] :] = (best[..., None] == rows[:, None]).any(-1)
        behind = np.take_along_axis(likelihoods, both, axis=1)
        behind -= likelihoods.max(axis=1, keepdims=True)
        share = np.where(twice, 0.0, np.exp(behind / _TEMPERATURE))
        share /= share.sum(axis=1, keepdims=True)
        return LikelyPoses(both, twice, share.astype(np.float32), self.limbs.right(both))

    def together(self, rows: int) -> int:
        """How many windows to look at at once, with so many rows each found by other means."""
        wide = rows + max(rows, _LIKELIEST)
        return max(1, _TOGETHER // max(len(self.codes), wide**2))

    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """By name, for a file."""
        limbs = (self.limbs.angles, self.limbs.speeds, self.limbs.exchanges)
        named = {f"{_CODES}.{self.matcher_id}": self.codes, _SCALE: self.scale}
        named.update(zip(_LIMBS, limbs, strict=True))
        return {name: np.ascontiguousarray(tensor) for name, tensor in named.items()}

    @classmethod
    def of_tensors(cls, named: Mapping[str, NDArray[np.generic]]) -> PoseCodes | None:
        """The inverse of ``tensors``; None if there are none. ProjectError where a part is missing,
        as in files from before codes came with a scale and limbs.
        """
        for name, codes in named.items():
            if name.startswith(f"{_CODES}."):
                missing = [part for part in (_SCALE, *_LIMBS) if part not in named]
                if missing:
                    raise ProjectError(
                        f"its pose codes lack {', '.join(missing)}: make the index again with "
                        "'rlzero index'"
                    )
                angles, speeds, exchanges = (named[part] for part in _LIMBS)
                limbs = Limbs(
                    angles.astype(np.float16),
                    speeds.astype(np.float16),
                    exchanges.astype(np.int8),
                )
                scale = named[_SCALE].astype(np.float32)
                return cls(name.partition(".")[2], codes.astype(np.int8), scale, limbs)
        return None


@dataclass(frozen=True)
class LikelyPoses:
    """Candidates (T, m) for T windows.

    Attributes:
        rows: of the index.
        twice: what is among the rows before already.
        shares: how probable each one is; rows sum to one.
        right: (T, m, m), how right each would be where another is shown.
    """

    rows: NDArray[np.int64]
    twice: NDArray[np.bool_]
    shares: NDArray[np.float32]
    right: NDArray[np.float32]

    def ranked(
        self, scores: NDArray[np.float32], k: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The k best by scores (T, m), in cosines, and by how probably they are right.

        Returns:
            scores less what it costs to be less probably right (T, k), and rows (T, k). The best
            one is first, then follow some that are most probably right if it is not.
        """
        windows = np.arange(len(scores))
        scores = np.where(self.twice, -np.inf, scores)
        total = scores - _costs(self.right, self.shares)
        rank, left, by_what_is_left = total.copy(), self.shares, total
        for place in range(min(k, 1 + _ALTERNATIVES)):
            best = by_what_is_left.argmax(axis=1)
            rank[windows, best] = _AHEAD - place
            left = left * (1.0 - self.right[windows, best])
            scores[windows, best] = -np.inf
            by_what_is_left = scores - _costs(self.right, left)
        order = np.argsort(-rank, axis=1, kind="stable")[:, :k]
        return (
            np.take_along_axis(total, order, axis=1).astype(np.float32),
            np.take_along_axis(self.rows, order, axis=1),
        )


def _costs(right: NDArray[np.float32], shares: NDArray[np.float32]) -> NDArray[np.float32]:
    probability = np.einsum("tij,tj->ti", right, shares).clip(_LEAST, 1.0)
    return np.asarray(-RIGHT_WEIGHT * np.log(probability), np.float32)
