"""Sentences in the space of a small image tower's pictures.

A tower that was trained on poses has no text tower of its own. Sentences go through the sentence
encoder that the storyboard uses, and a head of two layers puts them where pictures of what they
describe lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ..errors import ProjectError
from ..imagine.sentences import SentenceEncoder

TEXT_HEAD_FILE = "text_head.safetensors"
_TENSORS = ("hidden_weight", "hidden_bias", "out_weight", "out_bias")


class TextHead:
    """Sentences to unit rows (n, dim): encoder, linear, tanh, linear."""

    def __init__(self, tensors: dict[str, NDArray[np.float32]], embedder_id: str) -> None:
        """tensors: weights (out, in) and biases by name; embedder_id: whose pictures it goes with.

        Raises ProjectError when they do not fit together.
        """
        self.embedder_id, self._tensors = embedder_id, tensors
        if set(tensors) != set(_TENSORS):
            raise ProjectError(f"a text head has {', '.join(_TENSORS)}")
        first, a, second, b = (tensors[name] for name in _TENSORS)
        if a.shape != first.shape[:1] or second.shape != (len(b), len(a)):
            raise ProjectError("the text head's layers do not fit together")
        self.dim = len(b)

    @cached_property
    def _encoder(self) -> SentenceEncoder:
        return SentenceEncoder()

    def embed(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """Sentences, at least one, to unit rows (n, dim)."""
        return self.project(self._encoder.encode(list(sentences)))

    def project(self, encoded: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the encoder made of sentences (n, d) to unit rows (n, dim)."""
        first, a, second, b = (self._tensors[name] for name in _TENSORS)
        rows = np.tanh(encoded @ first.T + a) @ second.T + b
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Writes it beside the image tower."""
        tensors = {name: np.ascontiguousarray(t) for name, t in self._tensors.items()}
        save_file(tensors, folder / TEXT_HEAD_FILE, metadata={"embedder_id": self.embedder_id})

    @classmethod
    def load(cls, folder: Path) -> TextHead:
        """Reads what ``save`` wrote; ProjectError names the file at fault."""
        path = folder / TEXT_HEAD_FILE
        try:
            with safe_open(path, framework="np") as file:
                tensors = {name: file.get_tensor(name) for name in _TENSORS}
                return cls(tensors, (file.metadata() or {})["embedder_id"])
        except (SafetensorError, KeyError, OSError) as error:
            raise ProjectError(f"{path} cannot be read: {error}") from error
