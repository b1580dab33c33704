"""Clips of the corpus as latents: drawn and encoded once, so that a diffusion step is cheap."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from tqdm import tqdm

from ..imagine.sentences import SentenceEncoder
from ..imagine.video_model.autoencoder import FrameAutoencoder, to_tensor
from .precision import fast_autocast
from .video_corpus import DrawnCorpus, corpus_sentences

FRAMES = 48
SPARE = 8
"""Frames that a stored clip is longer than one of training, so that it may begin anywhere."""


@dataclass(frozen=True)
class LatentCorpus:
    """Clips and sentences, each with the row of its motion in ``MOTIONS_OF_CORPUS``.

    clips: (n, FRAMES + SPARE, latent_dim) float32. clip_rows: (n,). sentences: (m, 384) unit rows.
    sentence_rows: (m,).
    """

    clips: NDArray[np.float32]
    clip_rows: NDArray[np.int64]
    sentences: NDArray[np.float32]
    sentence_rows: NDArray[np.int64]

    def save(self, path: Path) -> None:
        """Writes it as safetensors, whole or not at all."""
        temporary = path.with_suffix(".tmp")
        save_file(vars(self), temporary)
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> LatentCorpus:
        """Reads what ``save`` wrote."""
        return cls(**load_file(path))


@torch.no_grad()
def make_latents(
    autoencoder: FrameAutoencoder, corpus: DrawnCorpus, composed: int, seed: int
) -> LatentCorpus:
    """Encodes the corpus, and sets the autoencoder's shift and scale by it.

    Args:
        autoencoder: trained; its latents are standardised afterwards.
        corpus: clips of FRAMES + SPARE frames.
        composed: captions of each composed motion.
        seed: of the captions.
    """
    autoencoder.eval()
    autoencoder.shift.zero_()
    autoencoder.scale.fill_(1.0)
    clips = []
    for frames in tqdm(corpus.frames, desc="encode", unit="clip"):
        with fast_autocast("cpu"):
            clips.append(autoencoder.encode(to_tensor(torch.from_numpy(frames))).numpy())
    stacked = np.stack(clips).astype(np.float32)
    shift, scale = stacked.mean((0, 1)), stacked.std((0, 1)) + 1e-4
    autoencoder.shift.copy_(torch.from_numpy(shift))
    autoencoder.scale.copy_(torch.from_numpy(scale))
    sentences, sentence_rows = corpus_sentences(composed, seed)
    encoded = SentenceEncoder().encode(sentences)
    return LatentCorpus((stacked - shift) / scale, corpus.rows, encoded, sentence_rows)
