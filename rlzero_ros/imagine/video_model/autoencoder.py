"""Frames of 64x64 pixels to short vectors and back."""

from __future__ import annotations

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

FRAME_SIZE = 64
_GRID = 4


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.GroupNorm(8, width),
            nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.GroupNorm(8, width),
            nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class FrameAutoencoder(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """A convolutional autoencoder with one vector per frame as its bottleneck.

    The vector is normalised to mean 0 and variance 1 over its numbers, so that noise of a known
    size can be added to it while training and the decoder forgives as much. ``shift`` and
    ``scale`` then standardise each number over a corpus, as diffusion wants it.
    """

    shift: Tensor
    scale: Tensor

    @register_to_config
    def __init__(
        self,
        latent_dim: int = 32,
        encoder_widths: tuple[int, int, int] = (32, 64, 96),
        decoder_widths: tuple[int, int, int] = (128, 96, 48),
    ) -> None:
        super().__init__()
        a, b, c = encoder_widths
        self.encoder = nn.Sequential(
            nn.Conv2d(3, a, 4, stride=4),
            nn.SiLU(),
            nn.Conv2d(a, b, 3, stride=2, padding=1),
            _Block(b),
            nn.Conv2d(b, c, 3, stride=2, padding=1),
            _Block(c),
            nn.Flatten(),
            nn.Linear(c * _GRID**2, latent_dim),
        )
        a, b, c = decoder_widths
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, a * _GRID**2),
            nn.Unflatten(1, (a, _GRID, _GRID)),
            _Block(a),
            nn.Conv2d(a, 4 * b, 1),
            nn.PixelShuffle(2),
            _Block(b),
            nn.Conv2d(b, 4 * c, 1),
            nn.PixelShuffle(2),
            nn.GroupNorm(8, c),
            nn.SiLU(),
            nn.Conv2d(c, 48, 3, padding=1),
            nn.PixelShuffle(4),
        )
        self.register_buffer("shift", torch.zeros(latent_dim))
        self.register_buffer("scale", torch.ones(latent_dim))

    def encode(self, frames: Tensor) -> Tensor:
        """Frames (n, 3, 64, 64) from -1 to 1 to latents (n, latent_dim)."""
        raw = self.encoder(frames).float()
        return (nn.functional.layer_norm(raw, raw.shape[-1:]) - self.shift) / self.scale

    def decode(self, latents: Tensor) -> Tensor:
        """Latents (n, latent_dim) to frames (n, 3, 64, 64), about -1 to 1."""
        return self.decoder(latents * self.scale + self.shift)

    def forward(self, frames: Tensor) -> Tensor:
        """Frames through the bottleneck."""
        return self.decode(self.encode(frames))


def to_tensor(frames: Tensor) -> Tensor:
    """Frames (n, S, S, 3) uint8 as (n, 3, S, S) float32 from -1 to 1."""
    return frames.permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def to_pictures(frames: Tensor) -> Tensor:
    """The inverse of ``to_tensor``: (n, S, S, 3) uint8."""
    scaled = frames.float().clamp(-1.0, 1.0).add(1.0).mul(127.5).round()
    return scaled.permute(0, 2, 3, 1).to(torch.uint8)
