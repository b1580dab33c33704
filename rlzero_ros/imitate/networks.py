"""Building blocks shared by the behaviour foundation models."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class ParallelLinear(nn.Module):
    """Several linear layers of one size evaluated together: (heads, n, in) to (heads, n, out)."""

    def __init__(self, heads: int, fan_in: int, fan_out: int) -> None:
        super().__init__()
        weight = torch.empty(heads, fan_in, fan_out)
        for head in weight:
            nn.init.orthogonal_(head)
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(heads, 1, fan_out))

    def forward(self, x: Tensor) -> Tensor:
        """Apply every head to its own inputs."""
        return torch.baddbmm(self.bias, x, self.weight)


class Tanh(nn.Module):
    """tanh; on a CPU as 2σ(2x) − 1, since torch vectorises σ there and tanh hardly."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply it to every number, in full precision."""
        if x.device.type != "cpu":
            return torch.tanh(x)
        return _SigmoidTanh.apply(x)


class _SigmoidTanh(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = torch.sigmoid(2.0 * x.float()).mul_(2.0).sub_(1.0).to(x.dtype)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return torch.ops.aten.tanh_backward(gradients[0], y)


class ParallelLayerNorm(nn.Module):
    """Layer normalisation with scale and shift of their own for each head."""

    def __init__(self, heads: int, size: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(heads, 1, size))
        self.shift = nn.Parameter(torch.zeros(heads, 1, size))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last dimension of (heads, n, size)."""
        return torch.addcmul(self.shift, nn.functional.layer_norm(x, x.shape[-1:]), self.scale)


def parallel_embedding(heads: int, inputs: int, hidden: int) -> nn.Sequential:
    """Linear, LayerNorm, Tanh, Linear, ReLU: the input embedding of forward-backward networks."""
    return nn.Sequential(
        ParallelLinear(heads, inputs, hidden),
        ParallelLayerNorm(heads, hidden),
        Tanh(),
        ParallelLinear(heads, hidden, hidden // 2),
        nn.ReLU(),
    )


def orthogonal_linear(fan_in: int, fan_out: int) -> nn.Linear:
    """A linear layer with orthogonal weights and zero bias."""
    layer = nn.Linear(fan_in, fan_out)
    nn.init.orthogonal_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def embedding(inputs: int, hidden: int) -> nn.Sequential:
    """`parallel_embedding` with one head and no head dimension."""
    return nn.Sequential(
        orthogonal_linear(inputs, hidden),
        nn.LayerNorm(hidden),
        Tanh(),
        orthogonal_linear(hidden, hidden // 2),
        nn.ReLU(),
    )


class Normalizer(nn.Module):
    """Fixed shift and scale of observations, measured on the training data."""

    mean: Tensor
    scale: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))

    def fit(self, mean: Tensor, std: Tensor) -> None:
        """Set from statistics (size,) of the data."""
        self.mean.copy_(mean)
        self.scale.copy_(1.0 / std.clamp_min(1e-3))

    def forward(self, x: Tensor) -> Tensor:
        """Standardised observations, clipped to ±8 so that a glitch cannot saturate a network."""
        return ((x - self.mean) * self.scale).clamp(-8.0, 8.0)
