"""One update of forward-backward representations (Touati et al. 2023), without n × n matrices.

The losses sum squares of D = F·Bᵀ − γ F⁻·B⁻ᵀ over all pairs of a batch. With the mean of the heads
as target, D has low rank, and Σ_ij D_ij² = ⟨FᵀF, BᵀB⟩ − 2γ⟨FᵀF⁻, BᵀB⁻⟩ + γ²⟨F⁻ᵀF⁻, B⁻ᵀB⁻⟩ needs
d × d products only: the same value and gradient at n·d² instead of n²·d operations.
"""

from __future__ import annotations

import torch
from torch import Tensor


def pair_square_mean(
    f: Tensor, b: Tensor, f_target: Tensor, b_target: Tensor, discount: float
) -> Tensor:
    """Mean over pairs i ≠ j of (F_i·B_j − γ F⁻_i·B⁻_j)² for (n, d) inputs."""
    n = len(f)
    total = (
        ((f.T @ f) * (b.T @ b)).sum()
        - 2 * discount * ((f.T @ f_target) * (b.T @ b_target)).sum()
        + discount**2 * ((f_target.T @ f_target) * (b_target.T @ b_target)).sum()
    )
    diagonal = (f * b).sum(1) - discount * (f_target * b_target).sum(1)
    return (total - diagonal.square().sum()) / (n * (n - 1))


def successor_loss(
    f: Tensor, b: Tensor, f_target: Tensor, b_target: Tensor, discount: float
) -> Tensor:
    """Σ_heads ½·mean_{i≠j} D² − mean_i F_i·B_i, for F (heads, n, d) and B (n, d).

    f_target: (n, d), the mean over the heads of F⁻(s', z, a').
    """
    loss = torch.zeros((), device=b.device)
    for head in f:
        spread = pair_square_mean(head, b, f_target, b_target, discount)
        loss = loss + 0.5 * spread - (head * b).sum(1).mean()
    return loss


def orthonormality_loss(b: Tensor) -> Tensor:
    """½·mean_{i≠j}(B_i·B_j)² − mean_i ‖B_i‖² for B (n, d): pulls E[B Bᵀ] towards the identity."""
    n = len(b)
    squares = b.square().sum(1)
    off_diagonal = ((b.T @ b).square().sum() - squares.square().sum()) / (n * (n - 1))
    return 0.5 * off_diagonal - squares.mean()
