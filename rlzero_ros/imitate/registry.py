"""The behaviour foundation models by name, and how they lie on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ..errors import BundleError, ErrorCode
from .base import BehaviorFoundationModel
from .forward_backward import ForwardBackward

_KINDS: dict[str, type[BehaviorFoundationModel]] = {ForwardBackward.kind: ForwardBackward}


def build_bfm(kind: str, hyperparameters: Mapping[str, Any]) -> BehaviorFoundationModel:
    """An untrained model; BundleError on an unknown kind or wrong hyperparameters."""
    if kind not in _KINDS:
        raise BundleError(
            f"unknown behaviour foundation model {kind!r}; known: {', '.join(_KINDS)}",
            ErrorCode.BUNDLE_MISMATCH,
        )
    try:
        return _KINDS[kind](**hyperparameters)
    except TypeError as error:
        raise BundleError(
            f"hyperparameters of {kind} do not fit: {error}", ErrorCode.BUNDLE_MISMATCH
        ) from error


def save_bfm(path: Path, bfm: BehaviorFoundationModel) -> None:
    """Write the weights as safetensors; kind and hyperparameters belong in the manifest."""
    save_file({k: v.contiguous().cpu() for k, v in bfm.state_dict().items()}, str(path))


def load_bfm(path: Path, kind: str, hyperparameters: Mapping[str, Any]) -> BehaviorFoundationModel:
    """A trained model for inference, without gradients; BundleError if the file does not fit."""
    bfm = build_bfm(kind, hyperparameters)
    try:
        bfm.load_state_dict({k: v.float() for k, v in load_file(str(path)).items()})
    except (SafetensorError, RuntimeError, OSError) as error:
        raise BundleError(f"{path.name} does not fit a {kind} of these sizes: {error}") from error
    return bfm.eval().requires_grad_(False)
