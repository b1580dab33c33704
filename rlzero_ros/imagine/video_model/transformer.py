"""The denoiser: a transformer over the time of a clip of frame latents.

Adaptive layer norms take the noise level and the sentence (DiT, Peebles and Xie 2023), one
modulation being shared by all layers (PixArt-alpha, Chen et al. 2024).
"""

from __future__ import annotations

import math

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn


def _sinusoids(t: Tensor, dim: int) -> Tensor:
    """(n,) noise levels from 0 to 1 as (n, dim) sines and cosines."""
    rates = torch.exp(-math.log(1000.0) * torch.arange(dim // 2, device=t.device) / (dim // 2))
    angles = 1000.0 * t.float()[:, None] * rates[None]
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class _Layer(nn.Module):
    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(width, elementwise_affine=False)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm_mlp = nn.LayerNorm(width, elementwise_affine=False)
        self.mlp = nn.Sequential(
            nn.Linear(width, hidden), nn.GELU(approximate="tanh"), nn.Linear(hidden, width)
        )
        self.table = nn.Parameter(torch.randn(6, width) / width**0.5)

    def forward(self, x: Tensor, modulation: Tensor) -> Tensor:
        parts = (modulation + self.table).unsqueeze(2).unbind(1)
        shift_a, scale_a, gate_a, shift_m, scale_m, gate_m = parts
        n, tokens, width = x.shape
        y = self.norm_attention(x) * (1 + scale_a) + shift_a
        q, k, v = self.qkv(y).view(n, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        # Written out: for so few tokens on a CPU the fused kernel is several times slower.
        weights = (q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5).softmax(-1)
        y = weights.to(v.dtype) @ v
        x = x + gate_a * self.out(y.transpose(1, 2).reshape(n, tokens, width))
        y = self.norm_mlp(x) * (1 + scale_m) + shift_m
        return x + gate_m * self.mlp(y)


class LatentVideoTransformer(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Predicts the flow's velocity (noise minus clip) of noisy clips of frame latents."""

    @register_to_config
    def __init__(
        self,
        latent_dim: int = 32,
        frames: int = 48,
        patch: int = 4,
        text_dim: int = 384,
        width: int = 192,
        layers: int = 5,
        heads: int = 4,
        hidden: int = 512,
    ) -> None:
        """``patch`` frames make a token; ``frames`` must be a multiple of it."""
        super().__init__()
        self.embed = nn.Linear(patch * latent_dim, width)
        self.places = nn.Parameter(torch.randn(frames // patch, width) * 0.02)
        self.time = nn.Sequential(nn.Linear(128, width), nn.SiLU(), nn.Linear(width, width))
        self.text = nn.Sequential(nn.Linear(text_dim, width), nn.SiLU(), nn.Linear(width, width))
        self.no_text = nn.Parameter(torch.zeros(width))
        self.modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))
        self.blocks = nn.ModuleList(_Layer(width, heads, hidden) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, patch * latent_dim)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def sentence(self, embeddings: Tensor, dropped: Tensor | None = None) -> Tensor:
        """Unit sentence embeddings (n, text_dim) as conditions (n, width).

        dropped: (n,) bool, whose sentence is left out, for guidance without a classifier.
        """
        condition = self.text(embeddings * embeddings.shape[1] ** 0.5)
        if dropped is None:
            return condition
        return torch.where(dropped[:, None], self.no_text.to(condition.dtype), condition)

    def forward(self, clips: Tensor, noise_level: Tensor, condition: Tensor) -> Tensor:
        """Noisy clips (n, frames, latent_dim), levels (n,) from 0 to 1, conditions (n, width).

        Returns (n, frames, latent_dim).
        """
        n, frames, dim = clips.shape
        patch = self.config["patch"]
        x = self.embed(clips.reshape(n, frames // patch, patch * dim)) + self.places
        context = self.time(_sinusoids(noise_level, 128).to(condition.dtype)) + condition
        modulation = self.modulation(context).view(n, 6, -1)
        for block in self.blocks:
            x = block(x, modulation)
        return self.head(self.norm(x)).reshape(n, frames, dim)
