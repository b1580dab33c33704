"""The behaviour foundation models by name, and how they lie on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ..errors import BundleError, ErrorCode
from .base import BehaviorFoundationModel
from .forward_backward import ForwardBackward
from .hilp import Hilp

MAX_SIZE = 1 << 16
"""No layer is so wide, and there are not so many of anything."""

_KINDS: dict[str, type[BehaviorFoundationModel]] = {m.kind: m for m in (ForwardBackward, Hilp)}


def build_bfm(kind: str, hyperparameters: Mapping[str, Any]) -> BehaviorFoundationModel:
    """An untrained model; BundleError on an unknown kind or wrong hyperparameters."""
    if kind not in _KINDS:
        raise BundleError(
            f"unknown behaviour foundation model {kind!r}; known: {', '.join(_KINDS)}",
            ErrorCode.BUNDLE_MISMATCH,
        )
    for name, value in hyperparameters.items():
        if isinstance(value, int) and not 0 <= value <= MAX_SIZE:
            raise BundleError(f"{kind}: {name} must lie in 0..{MAX_SIZE}, not {value}")
    try:
        return _KINDS[kind](**hyperparameters)
    except (TypeError, ValueError, RuntimeError) as error:
        raise BundleError(
            f"hyperparameters of {kind} do not fit: {error}", ErrorCode.BUNDLE_MISMATCH
        ) from error


def save_bfm(path: Path, bfm: BehaviorFoundationModel) -> None:
    """Write the weights as safetensors; kind and hyperparameters belong in the manifest."""
    save_file({k: v.contiguous().cpu() for k, v in bfm.state_dict().items()}, str(path))


def load_bfm(path: Path, kind: str, hyperparameters: Mapping[str, Any]) -> BehaviorFoundationModel:
    """A trained model for inference, without gradients; BundleError if the file does not fit."""
    # Without memory at first: what the file holds decides how much is needed, not what it claims.
    with torch.device("meta"):
        bfm = build_bfm(kind, hyperparameters)
    try:
        weights = {k: v.float() for k, v in load_file(str(path)).items()}
        bfm.load_state_dict(weights, assign=True)
    except (SafetensorError, RuntimeError, OSError) as error:
        raise BundleError(f"{path.name} does not fit a {kind} of these sizes: {error}") from error
    return bfm.eval().requires_grad_(False)
