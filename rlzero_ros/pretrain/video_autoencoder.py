"""Trains the video model's frame autoencoder, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..errors import DataError, ErrorCode
from ..imagine.video_model.autoencoder import FrameAutoencoder, to_tensor
from .precision import fast_autocast
from .video_corpus import LIMB_FEATURES, DrawnCorpus


@dataclass(frozen=True)
class AutoencoderTraining:
    """Everything that decides the result besides the frames.

    noise: standard deviation of what is added to latents before decoding. figure_weight: of the
    pixels that differ from the empty scene. limb_weight: of the limb angles, which must be read
    off the latent by one linear map, so that near latents are near poses.
    """

    steps: int = 2000
    batch: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    warmup: int = 100
    noise: float = 0.1
    figure_weight: float = 8.0
    limb_weight: float = 0.3
    seed: int = 0


class AutoencoderTrainer:
    """The autoencoder, its limb heads, and the step."""

    def __init__(self, config: AutoencoderTraining, corpus: DrawnCorpus) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        n, length = corpus.frames.shape[:2]
        self._frames = corpus.frames.reshape(n * length, *corpus.frames.shape[2:])
        self._limbs = corpus.limbs.reshape(n * length, -1)
        self._kinds = corpus.kinds.repeat(length)
        self.model = FrameAutoencoder().to(memory_format=torch.channels_last)
        dim = int(self.model.config["latent_dim"])
        self.heads = nn.ModuleList(nn.Linear(dim, size) for size in LIMB_FEATURES.values())
        parameters = [*self.model.parameters(), *self.heads.parameters()]
        self.optimizer = torch.optim.AdamW(
            parameters, lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self._empty = to_tensor(torch.from_numpy(empty_scene(self._frames))[None])
        self.step = 0

    def state(self) -> dict[str, Any]:
        """Everything that a checkpoint needs."""
        return {
            "step": self.step,
            "model": self.model.state_dict(),
            "heads": self.heads.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """The inverse of ``state``."""
        self.step = int(state["step"])
        for name in ("model", "heads", "optimizer"):
            getattr(self, name).load_state_dict(state[name])

    def update(self) -> dict[str, float]:
        """One step on frames that only the seed and the step's number decide."""
        config = self.config
        rng = np.random.default_rng((config.seed, 3, self.step))
        rows = np.sort(rng.integers(len(self._frames), size=config.batch))
        frames = to_tensor(torch.from_numpy(self._frames[rows]))
        with fast_autocast("cpu"):
            latents = self.model.encode(frames.contiguous(memory_format=torch.channels_last))
        noise = torch.from_numpy(rng.standard_normal(latents.shape, dtype=np.float32))
        with fast_autocast("cpu"):
            decoded = self.model.decode(latents + config.noise * noise)
        picture = self._picture_loss(decoded.float(), frames)
        limbs = self._limb_loss(latents, rows)
        loss = picture + config.limb_weight * limbs
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
        return {"picture": picture.item(), "limbs": limbs.item()}

    def _picture_loss(self, decoded: Tensor, frames: Tensor) -> Tensor:
        figure = ((frames - self._empty).abs().amax(1, keepdim=True) > 0.05).float()
        # The figure's surroundings too: a blurred edge is as wrong outside as inside.
        near = nn.functional.max_pool2d(figure, 3, stride=1, padding=1)
        error = (decoded - frames).abs() * (1.0 + self.config.figure_weight * near)
        return error.mean()

    def _limb_loss(self, latents: Tensor, rows: NDArray[np.int64]) -> Tensor:
        losses = []
        for kind, head in enumerate(self.heads):
            assert isinstance(head, nn.Linear)
            mine = self._kinds[rows] == kind
            wanted = torch.from_numpy(self._limbs[rows[mine], : head.out_features])
            losses.append((head(latents[torch.from_numpy(mine)]) - wanted).square().sum())
        return torch.stack(losses).sum() / (latents.shape[0] * max(LIMB_FEATURES.values()))


def empty_scene(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The scene (64, 64, 3) without a figure: what a pixel shows most often over all frames."""
    return np.median(frames[:: max(len(frames) // 400, 1)], axis=0).astype(np.uint8)
