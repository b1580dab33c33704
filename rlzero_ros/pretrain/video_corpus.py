"""What the video model is trained on: drawn performances and the sentences that describe them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..imagine.captions import CAPTIONS
from ..imagine.composed_captions import COMPOSED, HELD_OUT, composed_captions
from ..imagine.draw import draw
from ..imagine.figure import KINDS, FigurePose
from ..imagine.motions.composed import GESTURES, perform_any
from ..imagine.plain_style import PLAIN_STYLE
from ..imagine.video_model.autoencoder import FRAME_SIZE

FPS = 20.0
SINGLE = tuple(CAPTIONS)
MOTIONS_OF_CORPUS = (*SINGLE, *(name for name in COMPOSED if name not in HELD_OUT))
GESTURE_CLASSES = ("none", *GESTURES)
FRAMINGS = (
    "please {}",
    "can you {}",
    "{} please",
    "the robot should {}",
    "I want you to {}",
    "{} now",
    "now {}",
    "a video of {}",
)
"""Everyday words around a sentence that do not change what it asks for."""
LIMB_FEATURES = {kind: 2 * len(segments) + 1 for kind, segments in KINDS.items()}


def classes_of(name: str) -> tuple[int, int]:
    """The class of a motion's legs, a row of ``SINGLE``, and of its arms in GESTURE_CLASSES."""
    lower, _, gesture = name.partition("+")
    return SINGLE.index(lower), GESTURE_CLASSES.index(gesture or "none")


def limb_features(pose: FigurePose) -> NDArray[np.float32]:
    """Sines and cosines of a pose's segments, and the root's height: what a frame must tell."""
    angles = np.array([pose.angles[segment.name] for segment in KINDS[pose.kind]])
    return np.concatenate([np.sin(angles), np.cos(angles), [pose.root[1]]]).astype(np.float32)


def draw_performance(
    name: str, seed: Sequence[int], frames: int, fps: float = FPS
) -> tuple[NDArray[np.uint8], list[FigurePose]]:
    """One performance of a plain or composed motion in the plain style: frames and their poses."""
    rng = np.random.default_rng(seed)
    poses = perform_any(name, rng, frames, fps)
    return np.stack([draw(pose, PLAIN_STYLE) for pose in poses]), poses


@dataclass(frozen=True)
class DrawnCorpus:
    """Drawn clips: frames (n, T, 64, 64, 3), limbs (n, T, most), kinds (n,), rows (n,).

    kinds: indices of ``KINDS``, which say how many of the limb features count. rows: of
    ``MOTIONS_OF_CORPUS``.
    """

    frames: NDArray[np.uint8]
    limbs: NDArray[np.float32]
    kinds: NDArray[np.int64]
    rows: NDArray[np.int64]


def draw_corpus(plain: int, composed: int, frames: int, seed: int) -> DrawnCorpus:
    """So many performances of every plain and of every composed motion."""
    kinds, most = list(KINDS), max(LIMB_FEATURES.values())
    rows = np.repeat(
        np.arange(len(MOTIONS_OF_CORPUS)),
        [composed if "+" in name else plain for name in MOTIONS_OF_CORPUS],
    )
    drawn = np.empty((len(rows), frames, FRAME_SIZE, FRAME_SIZE, 3), np.uint8)
    limbs = np.zeros((len(rows), frames, most), np.float32)
    kind = np.empty(len(rows), np.int64)
    for clip, row in enumerate(tqdm(rows, desc="draw", unit="clip")):
        name = MOTIONS_OF_CORPUS[row]
        drawn[clip], poses = draw_performance(name, (seed, 1, int(row), clip), frames)
        features = np.stack([limb_features(pose) for pose in poses])
        limbs[clip, :, : features.shape[1]] = features
        kind[clip] = kinds.index(poses[0].kind)
    return DrawnCorpus(drawn, limbs, kind, rows)


def corpus_sentences(composed: int, seed: int) -> tuple[list[str], NDArray[np.int64]]:
    """All training sentences and the row of ``MOTIONS_OF_CORPUS`` that each describes.

    composed: how many captions a composed motion gets. Every sentence also comes in two framings.
    """
    rng = np.random.default_rng((seed, 2))
    sentences, rows = [], []
    for row, name in enumerate(MOTIONS_OF_CORPUS):
        own = CAPTIONS[name] if "+" not in name else composed_captions(name, composed, rng)
        for sentence in own:
            framed = rng.choice(len(FRAMINGS), 2, replace=False) if "+" not in name else ()
            texts = [sentence, *(FRAMINGS[k].format(sentence) for k in framed)]
            sentences += texts
            rows += [row] * len(texts)
    return sentences, np.array(rows)
