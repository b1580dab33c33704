"""Checkpoints that survive a kill or a full disk at any moment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from ..errors import DataError


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write tensors, numbers and strings atomically; the previous checkpoint stays on failure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        torch.save(state, temporary)
        temporary.replace(path)
    except (OSError, RuntimeError) as error:
        temporary.unlink(missing_ok=True)
        raise DataError(f"cannot write checkpoint {path}: {error}; the last one is kept") from error


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """The saved state, or None where there is none; never unpickles code."""
    if not path.exists():
        return None
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    # Whatever the unpickler says: its own advice is to load the file with weights_only=False.
    except Exception as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise DataError(
            f"checkpoint {path} cannot be read: {reason[0][:100]}; delete it to restart"
        ) from error
