"""`bundle.yaml`: what it must say, and whether the files beside it are the ones that it describes.

Everything is checked before anything is loaded: sizes first, so that a hostile file costs nothing,
then hashes. No field can name a path: the files of a bundle have fixed names.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .errors import BundleError, ErrorCode
from .imitate.kernel import KERNELS
from .plain_yaml import PlainYamlError, load_plain_yaml

SCHEMA = 1
MANIFEST = "bundle.yaml"
BFM, OBSERVATIONS, INDEX, MODEL = (
    "bfm.safetensors",
    "observations.safetensors",
    "index.faiss",
    "model.xml",
)
REQUIRED_FILES = (BFM, OBSERVATIONS, INDEX)
FILES = (*REQUIRED_FILES, MODEL)
MAX_MANIFEST_BYTES = 1 << 20
MAX_FILE_BYTES = 4 << 30

_KEYS: dict[str, type] = {
    "schema": int,
    "robot": dict,
    "bfm": dict,
    "hold": dict,
    "embedder": str,
    "origin": dict,
    "files": dict,
    "checksum": str,
}


def sha256_of(path: Path) -> str:
    """The sha256 of a file, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def checksum_of(manifest: Mapping[str, Any]) -> str:
    """The sha256 of everything that a manifest says, except of its own ``checksum``."""
    content = {key: value for key, value in manifest.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def describe_files(folder: Path) -> dict[str, dict[str, Any]]:
    """The manifest's ``files``: size and sha256 of every bundle file in a folder."""
    return {
        name: {"bytes": (folder / name).stat().st_size, "sha256": sha256_of(folder / name)}
        for name in FILES
        if (folder / name).is_file()
    }


def write_manifest(folder: Path, content: Mapping[str, Any]) -> None:
    """Write `bundle.yaml` with its checksum; ``content`` is plain lists, numbers and strings."""
    manifest = {**content, "checksum": checksum_of(content)}
    text = yaml.dump(manifest, Dumper=_PlainDumper, sort_keys=False, default_flow_style=None)
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read `bundle.yaml` and check its form; BundleError names the key at fault."""
    path = folder / MANIFEST
    if not path.is_file():
        raise BundleError(
            f"{folder} is not a bundle: it has no {MANIFEST}", ErrorCode.BUNDLE_MISSING
        )
    try:
        manifest = load_plain_yaml(path, MAX_MANIFEST_BYTES)
    except PlainYamlError as error:
        raise BundleError(str(error)) from error
    if not isinstance(manifest, dict):
        raise BundleError(f"{path} holds no mapping; copy or pack the bundle again")
    _check_schema(path, manifest)
    _check_keys(path, manifest)
    return manifest


def check_checksum(folder: Path, manifest: Mapping[str, Any]) -> None:
    """BundleError if `bundle.yaml` was edited after it was packed."""
    try:
        found = checksum_of(manifest)
    except TypeError as error:
        raise BundleError(f"{folder / MANIFEST} holds more than plain values: {error}") from error
    if found != manifest["checksum"]:
        raise BundleError(
            f"{folder / MANIFEST} was changed after packing (its checksum is {found[:12]}…, it "
            f"says {manifest['checksum'][:12]}…); copy or pack the bundle again"
        )


def check_files(folder: Path, manifest: Mapping[str, Any]) -> None:
    """BundleError naming the first file that is missing, of another size, or altered."""
    files = manifest["files"]
    for name in REQUIRED_FILES:
        if name not in files:
            raise BundleError(f"{folder / MANIFEST}: files lacks {name}")
    # A build with --symlink-install links the files one by one, all to the same folder.
    home = (folder / MANIFEST).resolve().parent
    for name, entry in files.items():
        if name not in FILES:
            raise BundleError(
                f"{folder / MANIFEST}: files names {name!r}; a bundle holds only {', '.join(FILES)}"
            )
        size, digest = _entry_of(folder, name, entry)
        path = folder / name
        if not path.is_file():
            raise BundleError(f"{path} is missing; copy the bundle again", ErrorCode.BUNDLE_MISSING)
        if path.resolve() != home / name:
            raise BundleError(
                f"{path} is a link to {path.resolve()}, outside the bundle; copy the bundle again"
            )
        if path.stat().st_size != size:
            raise BundleError(
                f"{path} has {path.stat().st_size} bytes, {MANIFEST} says {size}; "
                "copy the bundle again"
            )
        found = sha256_of(path)
        if found != digest:
            raise BundleError(
                f"{path} is damaged: its sha256 is {found[:12]}…, {MANIFEST} says {digest[:12]}…; "
                "copy the bundle again"
            )


def _entry_of(folder: Path, name: str, entry: object) -> tuple[int, str]:
    if isinstance(entry, dict):
        size, digest = entry.get("bytes"), entry.get("sha256")
        if (
            type(size) is int
            and 0 < size <= MAX_FILE_BYTES
            and isinstance(digest, str)
            and len(digest) == 64
        ):
            return size, digest
    raise BundleError(
        f"{folder / MANIFEST}: files.{name} needs bytes (1 to {MAX_FILE_BYTES}) and sha256"
    )


def _check_schema(path: Path, manifest: Mapping[str, Any]) -> None:
    schema = manifest.get("schema")
    if type(schema) is int and schema > SCHEMA:
        raise BundleError(
            f"{path} has schema {schema}, this rlzero_ros reads {SCHEMA}: update rlzero_ros",
            ErrorCode.BUNDLE_MISMATCH,
        )
    if schema != SCHEMA:
        raise BundleError(f"{path}: schema must be {SCHEMA}, not {schema!r}")


def _check_keys(path: Path, manifest: Mapping[str, Any]) -> None:
    for key, kind in _KEYS.items():
        if key not in manifest:
            raise BundleError(f"{path} lacks {key}")
        if not isinstance(manifest[key], kind):
            raise BundleError(f"{path}: {key} must be a {kind.__name__}")
    if unknown := sorted(str(key) for key in manifest if key not in _KEYS):
        raise BundleError(f"{path}: unknown keys {', '.join(unknown)}")
    bfm, hold = manifest["bfm"], manifest["hold"]
    if not isinstance(bfm.get("kind"), str) or not isinstance(bfm.get("hyperparameters"), dict):
        raise BundleError(f"{path}: bfm needs kind and hyperparameters")
    for key in ("imitation_bandwidth", "imitation_velocity_weight"):
        if not _finite_numbers([bfm.get(key)]) or bfm[key] < 0:
            raise BundleError(f"{path}: bfm.{key} must be a number >= 0")
    if bfm.get("imitation_kernel") not in KERNELS:
        raise BundleError(f"{path}: bfm.imitation_kernel must be one of {', '.join(KERNELS)}")
    if hold.get("kind") not in ("latent", "damping"):
        raise BundleError(f"{path}: hold.kind must be latent or damping")
    if hold["kind"] == "latent" and not _finite_numbers(hold.get("z")):
        raise BundleError(f"{path}: hold.z must be a list of finite numbers")


def _finite_numbers(values: object) -> bool:
    return (
        isinstance(values, list)
        and len(values) > 0
        and all(type(v) in (int, float) and math.isfinite(v) for v in values)
    )


class _PlainDumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True
