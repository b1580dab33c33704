"""What a window of pictures shows, read from its embeddings.

Similar embeddings are similar pictures, and most of a picture is not the pose. A reader is a small
network that was trained on drawings of one robot's own states to tell directions of limbs and the
speed forward; the index knows what each of its observations would have it say. A candidate is the
better, the less the two differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..errors import ProjectError

POSE_WEIGHT, SPEED_WEIGHT = 0.2, 0.15
"""What a difference of one standard deviation costs, in cosines: in all of the pose, in the speed.
Both were chosen on drawings in the training styles, the second beside a pose matcher: from 0.05 to
0.15 it trades 0.01 of recall for 0.015 of the velocity's sign."""
LAYERS = 3
_PREFIX, _ROWS = "reader.", "reader.shown"
_PER_DEVIATION = 31
"""Features of rows are kept in so many parts of a standard deviation."""
_Tensors = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class WindowReader:
    """The network, and what each row of an index shows.

    Attributes:
        weights, biases: of the layers, (out, in) and (out,); between them is x / (1 + exp(-x)).
        mean, spread: (3 dim,) of the inputs, see ``inputs_of``.
        shown: (N, features) of the index's rows, each feature by its own mean and spread, the
            forward speed last.
    """

    weights: tuple[NDArray[np.float32], ...]
    biases: tuple[NDArray[np.float32], ...]
    mean: NDArray[np.float32]
    spread: NDArray[np.float32]
    shown: NDArray[np.float16]

    def __post_init__(self) -> None:
        """Raises ProjectError when the parts do not fit together."""
        rows = (self.mean, *self.biases)
        sizes = [row.size for row in rows]
        shapes = [weight.shape for weight in self.weights]
        fits = shapes == [(b, a) for a, b in pairwise(sizes)] and len(shapes) == LAYERS
        fits = fits and all(row.ndim == 1 for row in rows)
        one_row = self.shown.ndim == 2 and self.shown.shape[1] == sizes[-1] >= 2
        if not fits or self.spread.shape != self.mean.shape or not one_row:
            raise ProjectError(f"the reader's parts do not fit together: {shapes}, {sizes}")
        parts: tuple[NDArray[np.floating], ...] = (*self.weights, *self.biases, self.mean)
        parts = (*parts, self.spread, self.shown)
        if not all(np.isfinite(part).all() for part in parts) or not (self.spread > 0).all():
            raise ProjectError("the reader has numbers that are not finite")

    def read(
        self, windows: NDArray[np.float32], weights: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Features (T, features) of windows (T, 3, dim); weights (T, 3): zero, one is missing."""
        x = (inputs_of(windows, _whole(weights)) - self.mean) / self.spread
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            if layer:
                x = x / (1.0 + np.exp(-np.clip(x, -50.0, None)))
            x = x @ weight.T + bias
        return np.asarray(x, np.float32)

    def disagreement(
        self,
        windows: NDArray[np.float32],
        weights: NDArray[np.float32],
        rows: NDArray[np.int64],
    ) -> NDArray[np.float32]:
        """What rows (T, k) of the index cost (T, k) as an answer to windows, in cosines.

        Without its neighbours a picture has no speed.
        """
        square = np.square(self.read(windows, weights)[:, None] - np.float32(self.shown[rows]))
        speed = np.where(_whole(weights), SPEED_WEIGHT, 0.0)[:, None] * square[..., -1]
        return np.asarray(POSE_WEIGHT * square[..., :-1].mean(-1) + speed, np.float32)

    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """By name, for a file, with a byte for each feature of a row."""
        shown = np.round(self.shown.astype(np.float32) * _PER_DEVIATION).clip(-127, 127)
        named: dict[str, NDArray[np.generic]] = {_ROWS: shown.astype(np.int8)}
        for layer in range(LAYERS):
            # Half precision moves what is read by less than its error by far.
            named[f"{_PREFIX}weight{layer}"] = self.weights[layer].astype(np.float16)
            named[f"{_PREFIX}bias{layer}"] = self.biases[layer]
        named[f"{_PREFIX}mean"], named[f"{_PREFIX}spread"] = self.mean, self.spread
        return named

    @classmethod
    def of_tensors(cls, named: Mapping[str, NDArray[np.generic]]) -> WindowReader | None:
        """The inverse of ``tensors``; None if there is none. KeyError if there is half of one."""
        if not any(name.startswith(_PREFIX) for name in named):
            return None
        found: _Tensors = {
            name: np.asarray(tensor, np.float32) for name, tensor in named.items() if name != _ROWS
        }
        layers, shown = range(LAYERS), named[_ROWS]
        if shown.dtype == np.int8:  # files of before have half precision
            shown = shown.astype(np.float32) / _PER_DEVIATION
        return cls(
            tuple(found[f"{_PREFIX}weight{layer}"] for layer in layers),
            tuple(found[f"{_PREFIX}bias{layer}"] for layer in layers),
            found[f"{_PREFIX}mean"],
            found[f"{_PREFIX}spread"],
            np.asarray(shown, np.float16),
        )


def inputs_of(windows: NDArray[np.float32], whole: NDArray[np.bool_]) -> NDArray[np.float32]:
    """What a reader sees (T, 3 dim) of windows (T, 3, dim): the middle, and how it changes.

    whole: (T,), whether a window has all three pictures; without them nothing changes.
    """
    before, now, after = windows[:, 0], windows[:, 1], windows[:, 2]
    changes = np.concatenate([after - before, before + after - 2.0 * now], axis=1)
    return np.concatenate([now, np.where(whole[:, None], changes, 0.0)], axis=1)


def _whole(weights: NDArray[np.float32]) -> NDArray[np.bool_]:
    return np.asarray((weights > 0.0).all(axis=1))
