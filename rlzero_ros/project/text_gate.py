"""Does what was imagined look like the sentence? If not, it is not acted on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import ErrorCode, ImagineError, ProjectError
from .embedder import FrameEmbedder, TextEmbedder


class TextGate:
    """Refuses clips by the mean cosine of their frames with the sentence, from −1 to 1.

    `rlzero eval captions` says which scores an embedder gives to clips and sentences that belong
    together, and to others.
    """

    def __init__(self, embedder: FrameEmbedder, min_score: float) -> None:
        """Raises ProjectError when the embedder knows no sentences."""
        if not isinstance(embedder, TextEmbedder):
            raise ProjectError(f"embedder {embedder.id} was not trained on sentences")
        embedder.embed_text(["a person"])  # loads what it needs, or says that it cannot
        self._embedder, self._min_score = embedder, min_score

    def check(self, sentence: str, clips: Sequence[NDArray[np.float32]]) -> float:
        """The score of clips, given as the embeddings (T, dim) of their frames.

        Raises ImagineError (IMAGINED_SOMETHING_ELSE) when it is below the least that is wanted.
        """
        score = float(np.concatenate(clips).mean(0) @ self._embedder.embed_text([sentence])[0])
        if score < self._min_score:
            raise ImagineError(
                f"what was imagined does not look like {sentence!r}: score {score:.2f} is below "
                f"{self._min_score:.2f}; say it in other words or with another seed",
                ErrorCode.IMAGINED_SOMETHING_ELSE,
            )
        return score
