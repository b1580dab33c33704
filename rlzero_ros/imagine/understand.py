"""Which motion a sentence asks for, or that it asks for none.

The captions of every motion, and the impossible sentences as one class more, are points on the
unit sphere of sentence embeddings. Kernel ridge regression (Saunders et al. 1998: one linear
solve, no training loop) with the kernel exp((cosine - 1)/width) turns them into one smooth score
per motion, about 1 near its captions and 0 elsewhere. Unlike the nearest caption it weighs what
tells motions apart: a horse from a man, upright from lying. The score of a command is its best
motion's lead over the impossible sentences, and one threshold on it refuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from textwrap import shorten

import numpy as np

from rlzero_ros.errors import CommandError, ErrorCode
from rlzero_ros.imagine.captions import CAPTIONS
from rlzero_ros.imagine.impossible import IMPOSSIBLE
from rlzero_ros.imagine.known_sentences import embed_known
from rlzero_ros.imagine.sentences import SentenceEncoder

# Chosen on the captions left out one by one and on rlzero_ros/evaluate/data/tuning.tsv. Width and
# ridge matter little within a factor of two. A threshold of zero asks that a motion beats the
# impossible sentences, however small the lead.
KERNEL_WIDTH = 0.4
RIDGE = 0.1
THRESHOLD = 0.0


@dataclass(frozen=True)
class Match:
    """What a sentence was taken for.

    Attributes:
        motion: the best motion, whether or not it is good enough.
        score: its lead over the impossible sentences, from about -1 to 1.
        nearest: the best motions, best first.
    """

    motion: str
    score: float
    nearest: tuple[str, ...]


class SentenceMatcher:
    """Matches sentences with motions; holds the captions' embeddings in memory."""

    def __init__(
        self,
        encoder: SentenceEncoder,
        captions: Mapping[str, Sequence[str]] = CAPTIONS,
        impossible: Sequence[str] = IMPOSSIBLE,
    ) -> None:
        self._encoder = encoder
        sentences = [sentence for group in (*captions.values(), impossible) for sentence in group]
        self._embedded = embed_known(encoder, sentences)
        self._group(captions, impossible)

    def regrouped(
        self, captions: Mapping[str, Sequence[str]], impossible: Sequence[str]
    ) -> SentenceMatcher:
        """A matcher of the same sentences, none of them new, that stand for other motions."""
        other = copy(self)
        other._group(captions, impossible)
        return other

    def _group(self, captions: Mapping[str, Sequence[str]], impossible: Sequence[str]) -> None:
        self.motions = tuple(captions)
        groups = [*captions.values(), impossible]
        self._points = np.stack([self._embedded[s] for group in groups for s in group])
        classes = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
        gram = self._kernel(self._points) + RIDGE * np.eye(len(classes))
        self._weights = np.linalg.solve(gram, np.eye(len(groups))[classes])

    def match(self, sentences: Sequence[str]) -> list[Match]:
        """Matches each sentence with its best motion."""
        scores = self._kernel(self._encoder.encode(list(sentences))) @ self._weights
        order = np.argsort(-scores[:, :-1], axis=1)
        return [
            Match(
                motion=self.motions[best[0]],
                score=float(row[best[0]] - row[-1]),
                nearest=tuple(self.motions[k] for k in best[:3]),
            )
            for row, best in zip(scores, order, strict=True)
        ]

    def _kernel(self, points: np.ndarray) -> np.ndarray:
        cosines = points.astype(np.float64) @ self._points.T.astype(np.float64)
        return np.exp((cosines - 1) / KERNEL_WIDTH)


def understood(matcher: SentenceMatcher, sentence: str, threshold: float = THRESHOLD) -> Match:
    """What a clean sentence asks for.

    Raises:
        CommandError: its score is below the threshold; the nearest motions are named.
    """
    match = matcher.match([sentence])[0]
    if match.score < threshold:
        raise CommandError(
            f"'{shorten(sentence, 80)}' is not a motion that I know (score {match.score:.2f}, "
            f"needs {threshold:.2f}); the nearest ones are "
            f"{', '.join(name.replace('_', ' ') for name in match.nearest)}",
            ErrorCode.COMMAND_NOT_UNDERSTOOD,
        )
    return match
