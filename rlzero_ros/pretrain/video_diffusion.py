"""Trains the video model's denoiser by flow matching, step by step.

A clip x and noise e meet at (1 - s) x + s e; the model learns the velocity e - x (Lipman et al.
2023; s drawn from a logistic normal as by Esser et al. 2024).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import DataError, ErrorCode
from ..imagine.video_model.transformer import LatentVideoTransformer
from .precision import fast_autocast
from .video_corpus import GESTURE_CLASSES, MOTIONS_OF_CORPUS, SINGLE, classes_of
from .video_latents import FRAMES, SPARE, LatentCorpus


@dataclass(frozen=True)
class DiffusionTraining:
    """Everything that decides the result besides the corpus.

    average: decay of the averaged weights. plain_share: of the clips of plain motions. dropped:
    share of clips whose sentence is left out. sentence_noise: the largest standard deviation of
    what is added to the numbers of a unit sentence embedding. class_weight: of the loss by which
    the condition tells what legs and arms do.
    """

    steps: int = 3000
    batch: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup: int = 100
    average: float = 0.999
    plain_share: float = 0.6
    dropped: float = 0.1
    sentence_noise: float = 0.08
    class_weight: float = 0.1
    seed: int = 0


class DiffusionTrainer:
    """The denoiser, its average, and the step."""

    def __init__(self, config: DiffusionTraining, corpus: LatentCorpus) -> None:
        torch.manual_seed(config.seed)
        self.config, self._corpus = config, corpus
        dim = corpus.clips.shape[-1]
        self.model = LatentVideoTransformer(latent_dim=dim, frames=FRAMES)
        self.average = LatentVideoTransformer(latent_dim=dim, frames=FRAMES)
        self.average.load_state_dict(self.model.state_dict())
        width = int(self.model.config["width"])
        self.heads = nn.ModuleList(
            [nn.Linear(width, len(SINGLE)), nn.Linear(width, len(GESTURE_CLASSES))]
        )
        parameters = [*self.model.parameters(), *self.heads.parameters()]
        self.optimizer = torch.optim.AdamW(
            parameters,
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
            betas=(0.9, 0.98),
        )
        rows = range(len(MOTIONS_OF_CORPUS))
        self._clips = [np.flatnonzero(corpus.clip_rows == row) for row in rows]
        self._sentences = [np.flatnonzero(corpus.sentence_rows == row) for row in rows]
        self._classes = torch.tensor([classes_of(name) for name in MOTIONS_OF_CORPUS])
        self.step = 0

    def state(self) -> dict[str, Any]:
        """Everything that a checkpoint needs."""
        return {
            "step": self.step,
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "heads": self.heads.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """The inverse of ``state``."""
        self.step = int(state["step"])
        for name in ("model", "average", "heads", "optimizer"):
            getattr(self, name).load_state_dict(state[name])

    def update(self) -> dict[str, float]:
        """One step on clips that only the seed and the step's number decide."""
        config = self.config
        rng = np.random.default_rng((config.seed, 5, self.step))
        clips, sentences, rows = self._batch(rng)
        noise = torch.from_numpy(rng.standard_normal(clips.shape, dtype=np.float32))
        level = torch.from_numpy(rng.standard_normal(len(clips), dtype=np.float32)).sigmoid()
        mixed = torch.lerp(clips, noise, level[:, None, None])
        dropped = torch.from_numpy(rng.random(len(clips)) < config.dropped)
        with fast_autocast("cpu"):
            condition = self.model.sentence(sentences)
            told = [head(condition).float() for head in self.heads]
            shown = torch.where(dropped[:, None], self.model.no_text.to(condition.dtype), condition)
            velocity = self.model(mixed, level, shown).float()
        flow = (velocity - (noise - clips)).square().mean()
        asked = self._classes[rows]
        classes = torch.stack(
            [nn.functional.cross_entropy(t, asked[:, k]) for k, t in enumerate(told)]
        ).sum()
        loss = flow + config.class_weight * classes
        if not torch.isfinite(loss):
            raise DataError(f"training diverged at step {self.step}", ErrorCode.DIVERGED)
        for group in self.optimizer.param_groups:
            up = (self.step + 1) / config.warmup
            group["lr"] = config.learning_rate * min(1.0, up, 1.0 - self.step / config.steps)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        self._follow()
        return {"flow": flow.item(), "classes": classes.item()}

    def _batch(self, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Clips (n, FRAMES, dim), sentences (n, 384) with noise, rows of their motions (n,)."""
        config, corpus = self.config, self._corpus
        plain = rng.random(config.batch) < config.plain_share
        rows = np.where(
            plain,
            rng.integers(len(SINGLE), size=config.batch),
            rng.integers(len(SINGLE), len(MOTIONS_OF_CORPUS), size=config.batch),
        )
        starts = rng.integers(SPARE + 1, size=config.batch)
        clips = np.stack(
            [
                corpus.clips[rng.choice(self._clips[row]), start : start + FRAMES]
                for row, start in zip(rows, starts, strict=True)
            ]
        )
        chosen = corpus.sentences[[rng.choice(self._sentences[row]) for row in rows]]
        size = config.sentence_noise * rng.random((config.batch, 1), dtype=np.float32)
        noisy = chosen + size * rng.standard_normal(chosen.shape, dtype=np.float32)
        noisy /= np.linalg.norm(noisy, axis=1, keepdims=True)
        return torch.from_numpy(clips), torch.from_numpy(noisy), torch.from_numpy(rows)

    @torch.no_grad()
    def _follow(self) -> None:
        decay = min(self.config.average, (1 + self.step) / (10 + self.step))
        for old, new in zip(self.average.parameters(), self.model.parameters(), strict=True):
            old.lerp_(new, 1 - decay)
