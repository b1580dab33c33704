"""The bundle: everything that belongs to one robot, in one verified folder.

`Bundle.load` refuses a folder in which anything is missing, altered, or belongs to another robot,
and says which; what it returns can be trusted to fit together.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from . import manifest as mf
from .errors import BundleError, ErrorCode, RobotError
from .imitate.kernel import Kernel
from .paths import find_bundle
from .robots.model_file import check_model_file
from .robots.spec import RobotSpec

if TYPE_CHECKING:
    from .imitate.base import BehaviorFoundationModel
    from .imitate.imitator import Imitator
    from .imitate.prompts import PromptInference
    from .project.index import ObservationIndex


# How imitation latents are smoothed unless a bundle says otherwise, see `Imitator`.
IMITATION_BANDWIDTH = 4.0
IMITATION_VELOCITY_WEIGHT = 0.3
IMITATION_KERNEL: Kernel = "gaussian"
# In the header of bfm.safetensors: the robot that the weights were trained for (`layout_of`).
LAYOUT_KEY = "rlzero_layout"
# In the header of observations.safetensors: the embedder (`ObservationIndex.save`).
EMBEDDER_KEY = "embedder_id"
# There as well: so many of the first observations are those that rewards are given for.
REFERENCE_KEY = "reference"


@dataclass(frozen=True)
class Bundle:
    """A verified bundle.

    path: its folder. spec: the robot. id: the first 12 hexadecimal digits of the sha256 of
    `bundle.yaml`, which covers every file. manifest: what `bundle.yaml` says.
    """

    path: Path
    spec: RobotSpec
    id: str
    manifest: dict[str, Any]

    @classmethod
    def load(cls, name_or_path: str | Path) -> Bundle:
        """Verify a bundle, by the name of an installed one or by its folder.

        Raises BundleError: BUNDLE_MISSING, BUNDLE_CORRUPT (a file or field is damaged) or
        BUNDLE_MISMATCH (parts of different robots), naming what is at fault.
        """
        path = find_bundle(name_or_path)
        manifest = mf.read_manifest(path)
        mf.check_files(path, manifest)
        try:
            spec = RobotSpec.from_dict(manifest["robot"])
        except RobotError as error:
            raise BundleError(f"{path / mf.MANIFEST}: {error}") from error
        bundle = cls(path, spec, _id_of(path), manifest)
        # Before the checksum, because these say what is wrong rather than that something is.
        bundle._check_parts()
        mf.check_checksum(path, manifest)
        return bundle

    @property
    def embedder_id(self) -> str:
        """The id of the `FrameEmbedder` that the index was made with."""
        return self.manifest["embedder"]

    @property
    def latent_dim(self) -> int:
        """Numbers in a latent z."""
        return int(self.manifest["bfm"]["hyperparameters"]["latent_dim"])

    @property
    def hold_latent(self) -> NDArray[np.float32] | None:
        """What the robot does when armed without a plan: a latent (d,), or None for damping."""
        hold = self.manifest["hold"]
        return np.asarray(hold["z"], dtype=np.float32) if hold["kind"] == "latent" else None

    @property
    def model_xml(self) -> Path | None:
        """The MuJoCo model, for robots that can be simulated."""
        return self.path / mf.MODEL if mf.MODEL in self.manifest["files"] else None

    def bfm(self) -> BehaviorFoundationModel:
        """The behaviour foundation model, ready to act; imports torch, read once."""
        return self._bfm

    def imitator(self) -> Imitator:
        """Infers latents from observations; imports torch but not faiss, read once."""
        return self._inference.imitator

    def inference(self) -> PromptInference:
        """Infers latents from prompts of every kind; imports torch but not faiss, read once."""
        return self._inference

    def index(self) -> ObservationIndex:
        """The observations and their embeddings; imports faiss, read once."""
        return self._index

    @cached_property
    def _bfm(self) -> BehaviorFoundationModel:
        from .imitate.registry import load_bfm

        entry = self.manifest["bfm"]
        return load_bfm(self.path / mf.BFM, entry["kind"], entry["hyperparameters"])

    @cached_property
    def _inference(self) -> PromptInference:
        from .imitate.prompts import PromptInference

        with safe_open(self.path / mf.OBSERVATIONS, framework="numpy") as file:
            observations = file.get_tensor("observations")
            size = (file.metadata() or {}).get(REFERENCE_KEY, len(observations))
        entry = self.manifest["bfm"]
        imitator = imitator_of(
            self._bfm,
            self.spec,
            observations,
            entry["imitation_bandwidth"],
            entry["imitation_velocity_weight"],
            entry["imitation_kernel"],
        )
        return PromptInference(self._bfm, imitator, observations[: int(size)])

    @cached_property
    def _index(self) -> ObservationIndex:
        from .project.index import ObservationIndex

        return ObservationIndex.load(self.path)

    def check_embedder(self, embedder_id: str) -> None:
        """BundleError (BUNDLE_MISMATCH) unless the index was made with this embedder."""
        if embedder_id != self.embedder_id:
            raise _mismatch(
                f"the index of bundle {self.path.name} was made with embedder {self.embedder_id}, "
                f"not {embedder_id}: use that one, or make the index again with `rlzero index`"
            )

    def check_joint_names(self, names: Sequence[str]) -> None:
        """BundleError (BUNDLE_MISMATCH) unless these are the robot's joints in this order."""
        if tuple(names) != self.spec.joint_names:
            raise _mismatch(
                f"joint order differs: bundle {self.path.name} has "
                f"{', '.join(self.spec.joint_names)}; here it is {', '.join(names)}"
            )

    def check_observation_dim(self, size: int) -> None:
        """BundleError (BUNDLE_MISMATCH) unless observations have this many numbers."""
        if size != self.spec.observation_dim:
            raise _mismatch(
                f"observation size differs: bundle {self.path.name} has "
                f"{self.spec.observation_dim} numbers; here it is {size}"
            )

    def _check_parts(self) -> None:
        """The model, the observations and the specification must be of one robot."""
        if self.model_xml is not None:
            try:
                check_model_file(self.model_xml)
            except RobotError as error:
                raise BundleError(error.message) from error
        metadata, _ = read_header(self.path / mf.BFM)
        layout = _parse_layout(self.path / mf.BFM, metadata.get(LAYOUT_KEY, ""))
        if layout["joint_names"] != list(self.spec.joint_names):
            raise _mismatch(
                f"joint order differs: {self.path / mf.MANIFEST} has "
                f"{', '.join(self.spec.joint_names)}; {mf.BFM} was trained with "
                f"{', '.join(layout['joint_names'])}"
            )
        if layout["observation"] != self.spec.to_dict()["observation"]:
            raise _mismatch(
                f"observation layout differs between {self.path / mf.MANIFEST} and {mf.BFM}"
            )
        sizes = self.manifest["bfm"]["hyperparameters"]
        self.check_observation_dim(sizes.get("observation_dim"))
        if sizes.get("action_dim") != self.spec.action_dim:
            raise _mismatch(
                f"{mf.MANIFEST} in {self.path}: the model has {sizes.get('action_dim')} actions, "
                f"the robot {self.spec.action_dim}"
            )
        hold = self.hold_latent
        if type(sizes.get("latent_dim")) is not int or (
            hold is not None and len(hold) != self.latent_dim
        ):
            raise _mismatch(
                f"{mf.MANIFEST} in {self.path}: hold.z and latent_dim of the model differ in size"
            )
        metadata, shapes = read_header(self.path / mf.OBSERVATIONS)
        if "observations" not in shapes or len(shapes["observations"]) != 2:
            raise BundleError(f"{self.path / mf.OBSERVATIONS} holds no table of observations")
        self.check_observation_dim(shapes["observations"][1])
        count = shapes["observations"][0]
        size = metadata.get(REFERENCE_KEY, str(count))
        if not (size.isdecimal() and len(size) < 10 and 1 <= int(size) <= count):
            raise BundleError(
                f"{self.path / mf.OBSERVATIONS}: {size[:20]!r} of {count} observations are no "
                "reference"
            )
        if metadata.get(EMBEDDER_KEY) != self.embedder_id:
            raise _mismatch(
                f"embedder differs: {self.path / mf.MANIFEST} names {self.embedder_id}, "
                f"{mf.OBSERVATIONS} was made with {metadata.get(EMBEDDER_KEY)}"
            )


def imitator_of(
    bfm: BehaviorFoundationModel,
    spec: RobotSpec,
    reference: NDArray[np.floating],
    bandwidth: float,
    velocity_weight: float,
    kernel: Kernel = IMITATION_KERNEL,
) -> Imitator:
    """The imitator of one robot; imports torch.

    velocity_weight: how much velocities count beside poses, but for that of the robot's travel.
    """
    from .imitate.imitator import Imitator

    weights = np.where(spec.shows_velocity & ~spec.shows_travel, velocity_weight, 1.0)
    return Imitator(
        bfm, reference, bandwidth, weights, spec.shows_velocity, spec.shows_travel, kernel
    )


def layout_of(spec: RobotSpec) -> str:
    """What ties weights to one robot, as text for the header of a safetensors file."""
    data = spec.to_dict()
    return json.dumps({"joint_names": data["joint_names"], "observation": data["observation"]})


def read_header(path: Path) -> tuple[dict[str, str], dict[str, list[int]]]:
    """Metadata and the shape of every tensor of a safetensors file, without reading the tensors."""
    try:
        with safe_open(path, framework="numpy") as file:
            shapes = {name: list(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            return file.metadata() or {}, shapes
    except (SafetensorError, OSError) as error:
        raise BundleError(f"{path} is not a safetensors file: {error}") from error


def _parse_layout(path: Path, text: str) -> dict[str, Any]:
    try:
        layout = json.loads(text)
        return {"joint_names": layout["joint_names"], "observation": layout["observation"]}
    except (ValueError, KeyError, TypeError) as error:
        raise BundleError(
            f"{path} does not say which joints it was trained for; pack the bundle again"
        ) from error


def _id_of(path: Path) -> str:
    return hashlib.sha256((path / mf.MANIFEST).read_bytes()).hexdigest()[:12]


def _mismatch(message: str) -> BundleError:
    return BundleError(message, ErrorCode.BUNDLE_MISMATCH)
