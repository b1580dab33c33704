"""Writing a bundle: staged beside its destination, verified as a reader would, then renamed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import save_file

from . import manifest as mf
from .bundle import (
    EMBEDDER_KEY,
    IMITATION_KERNEL,
    LAYOUT_KEY,
    Bundle,
    layout_of,
    read_header,
)
from .errors import BundleError, ErrorCode
from .imitate.base import BehaviorFoundationModel
from .imitate.kernel import Kernel
from .robots.robot_folder import ROBOT_FILE
from .robots.spec import RobotSpec


def pack_bundle(
    destination: Path,
    *,
    spec: RobotSpec,
    bfm: BehaviorFoundationModel,
    index_folder: Path,
    origin: Mapping[str, Any],
    hold_z: NDArray[np.floating] | None = None,
    imitation_bandwidth: float = 0.0,
    imitation_velocity_weight: float = 1.0,
    imitation_kernel: Kernel = IMITATION_KERNEL,
    model_xml: str | None = None,
) -> Bundle:
    """Write a bundle folder, or replace one, and return it as a reader gets it.

    It may also take the place of what `rlzero new-robot` wrote.

    index_folder: holds what `ObservationIndex.save` wrote. origin: plain values that say where
    the data came from and which commands made it. hold_z: the latent (d,) that an armed robot
    without a plan acts on; None for damping. imitation_*: see `Imitator`. model_xml:
    MJCF text.

    Raises BundleError when an input is missing or the parts do not fit together; the destination
    is then as it was.
    """
    destination = destination.absolute()
    check_destination(destination)
    staging = destination.with_name(f".{destination.name}.{os.getpid()}.partial")
    staging.mkdir(parents=True)
    try:
        weights = {name: tensor.contiguous().cpu() for name, tensor in bfm.state_dict().items()}
        save_file(weights, str(staging / mf.BFM), metadata={LAYOUT_KEY: layout_of(spec)})
        for name in (mf.OBSERVATIONS, mf.INDEX):
            _copy(index_folder / name, staging / name)
        if model_xml is not None:
            (staging / mf.MODEL).write_text(model_xml, encoding="utf-8")
        content = {
            "schema": mf.SCHEMA,
            "robot": spec.to_dict(),
            "bfm": {
                "kind": bfm.kind,
                "hyperparameters": bfm.hyperparameters,
                "imitation_bandwidth": float(imitation_bandwidth),
                "imitation_velocity_weight": float(imitation_velocity_weight),
                "imitation_kernel": imitation_kernel,
            },
            "hold": _hold_entry(hold_z),
            "embedder": read_header(staging / mf.OBSERVATIONS)[0].get(EMBEDDER_KEY, ""),
            "origin": dict(origin),
            "files": mf.describe_files(staging),
        }
        mf.write_manifest(staging, content)
        for file in staging.iterdir():
            file.chmod(0o644)  # safetensors writes for the owner alone
        Bundle.load(staging)
        _replace_folder(staging, destination)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Bundle.load(destination)


def pack_with_index(bundle: Bundle, index_folder: Path, destination: Path, command: str) -> Bundle:
    """Write what a bundle holds, but with another index of the same observations.

    command: what made the index, kept beside the others. Raises as `pack_bundle`.
    """
    entry, origin = bundle.manifest["bfm"], bundle.manifest["origin"]
    return pack_bundle(
        destination,
        spec=bundle.spec,
        bfm=bundle.bfm(),
        index_folder=index_folder,
        origin={**origin, "commands": [*origin.get("commands", []), command]},
        hold_z=bundle.hold_latent,
        imitation_bandwidth=entry["imitation_bandwidth"],
        imitation_velocity_weight=entry["imitation_velocity_weight"],
        imitation_kernel=entry["imitation_kernel"],
        model_xml=None if bundle.model_xml is None else bundle.model_xml.read_text("utf-8"),
    )


def check_destination(folder: Path) -> None:
    """Raises BundleError where no bundle may be written, since something else is there."""
    if folder.exists() and not (folder.is_dir() and _replaceable(folder)):
        raise BundleError(f"{folder} exists and is no bundle: give another place")


def _replaceable(folder: Path) -> bool:
    """Whether a folder is a bundle, or holds what describes a robot and nothing else."""
    names = {path.name for path in folder.iterdir()}
    return mf.MANIFEST in names or (ROBOT_FILE in names and names <= {ROBOT_FILE, mf.MODEL})


def _hold_entry(hold_z: NDArray[np.floating] | None) -> dict[str, Any]:
    if hold_z is None:
        return {"kind": "damping"}
    return {"kind": "latent", "z": [round(float(value), 6) for value in hold_z]}


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        raise BundleError(
            f"{source} is missing: make it with `rlzero index`", ErrorCode.BUNDLE_MISSING
        )
    shutil.copyfile(source, target)


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
