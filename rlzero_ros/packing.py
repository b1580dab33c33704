"""Writing a bundle: staged beside its destination, verified as a reader would, then renamed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from . import manifest as mf
from .bundle import LAYOUT_KEY, Bundle, layout_of
from .errors import BundleError, ErrorCode
from .robots.spec import RobotSpec


def pack_bundle(
    destination: Path,
    *,
    spec: RobotSpec,
    weights: Path,
    kind: str,
    hyperparameters: Mapping[str, Any],
    index_folder: Path,
    embedder_id: str,
    origin: Mapping[str, Any],
    hold_z: Sequence[float] | None = None,
    model_xml: str | None = None,
) -> Bundle:
    """Write a bundle folder, or replace one, and return it as a reader gets it.

    weights: safetensors of a model of that kind and hyperparameters. index_folder: holds
    observations.safetensors and index.faiss, made with the embedder of that id. origin: plain
    values that say where the data came from and which commands made it. hold_z: the latent (d,)
    that an armed robot without a plan acts on; None for damping. model_xml: MJCF text.

    Raises BundleError when an input is missing or the parts do not fit together; the destination
    is then as it was.
    """
    destination = destination.absolute()
    if destination.exists() and not (destination / mf.MANIFEST).is_file():
        raise BundleError(f"{destination} exists and is no bundle: give another place")
    staging = destination.with_name(f".{destination.name}.{os.getpid()}.partial")
    staging.mkdir(parents=True)
    try:
        _copy_weights(weights, staging / mf.BFM, layout_of(spec))
        for name in (mf.OBSERVATIONS, mf.INDEX):
            _copy(index_folder / name, staging / name)
        if model_xml is not None:
            (staging / mf.MODEL).write_text(model_xml, encoding="utf-8")
        content = {
            "schema": mf.SCHEMA,
            "robot": spec.to_dict(),
            "bfm": {"kind": kind, "hyperparameters": dict(hyperparameters)},
            "hold": _hold_entry(hold_z),
            "embedder": embedder_id,
            "origin": dict(origin),
            "files": mf.describe_files(staging),
        }
        mf.write_manifest(staging, content)
        Bundle.load(staging)
        _replace_folder(staging, destination)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Bundle.load(destination)


def _hold_entry(hold_z: Sequence[float] | None) -> dict[str, Any]:
    if hold_z is None:
        return {"kind": "damping"}
    return {"kind": "latent", "z": [round(float(value), 6) for value in hold_z]}


def _copy_weights(source: Path, target: Path, layout: str) -> None:
    """Copy weights, with the joints and the layout that they were trained for in the header."""
    from safetensors.torch import load_file, save_file

    _require(source)
    try:
        tensors = load_file(str(source))
    except SafetensorError as error:
        raise BundleError(f"{source} is not a safetensors file: {error}") from error
    save_file(tensors, str(target), metadata={LAYOUT_KEY: layout})


def _copy(source: Path, target: Path) -> None:
    _require(source)
    shutil.copyfile(source, target)


def _require(path: Path) -> None:
    if not path.is_file():
        raise BundleError(f"{path} is missing", ErrorCode.BUNDLE_MISSING)


def _replace_folder(new: Path, destination: Path) -> None:
    """Rename ``new`` to ``destination``; what was there is removed only afterwards."""
    old = destination.with_name(f".{destination.name}.{os.getpid()}.old")
    if destination.exists():
        destination.rename(old)
    try:
        new.rename(destination)
    except OSError:
        if old.exists():
            old.rename(destination)
        raise
    shutil.rmtree(old, ignore_errors=True)
