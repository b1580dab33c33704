"""One skill: the observations that a sentence became, as they are kept and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ..errors import ErrorCode, SkillError
from .names import MAX_TEXT, skill_name

if TYPE_CHECKING:
    from ..project.projection import Projection

SCHEMA = 1
MAX_BYTES = 16 << 20
MAX_OBSERVATIONS = 10_000
_TEXTS = ("name", "command", "source", "robot", "bundle", "created", "note")
_NUMBERS = ("confidence", "chance_similarity")
_DTYPES = {"observations": "f4", "similarities": "f4", "indices": "i8", "strip": "u1"}


@dataclass(frozen=True)
class Skill:
    """A plan that worked.

    name: see `skill_name`. command: the sentence. source: the imaginer and what it chose. robot,
    bundle: whose observations these are; the bundle by the checksum of its manifest. created: UTC,
    ISO 8601. note: for people. confidence: of the whole plan. chance_similarity, observations
    (T, dim), similarities (T,), indices (T,): of the `Projection`. strip: a PNG of what was
    imagined; may be empty.
    """

    name: str
    command: str
    source: str
    robot: str
    bundle: str
    created: str
    note: str
    confidence: float
    chance_similarity: float
    observations: NDArray[np.float32]
    similarities: NDArray[np.float32]
    indices: NDArray[np.int64]
    strip: bytes
    # As a plan has them: nothing was imagined for a skill, and nothing rehearsed.
    imagine_s: float = 0.0
    project_s: float = 0.0
    rehearsal: None = None

    def __post_init__(self) -> None:
        steps = len(self.observations)
        if self.observations.ndim != 2 or not 1 <= steps <= MAX_OBSERVATIONS:
            raise SkillError(f"a skill has 1 to {MAX_OBSERVATIONS} observations, not {steps}")
        if self.similarities.shape != (steps,) or self.indices.shape != (steps,):
            raise SkillError("observations, similarities and indices differ in number")
        numbers = (self.observations, self.similarities, np.array(self._numbers()))
        if not all(np.isfinite(part).all() for part in numbers) or (self.indices < 0).any():
            raise SkillError("not all numbers are finite, or an index is negative")
        if skill_name(self.name) != self.name:
            raise SkillError(f"{self.name!r} is not a skill's name", ErrorCode.SKILL_NAME)
        for field in _TEXTS:
            if len(getattr(self, field)) > MAX_TEXT:
                raise SkillError(f"its {field} is longer than {MAX_TEXT} characters")

    def _numbers(self) -> list[float]:
        return [float(getattr(self, field)) for field in _NUMBERS]

    @property
    def projection(self) -> Projection:
        """What the policy is to imitate."""
        from ..project.projection import Projection

        return Projection(
            self.observations, self.similarities, self.indices, self.chance_similarity
        )

    def check_bundle(self, checksum: str) -> None:
        """SkillError (SKILL_MISMATCH) unless it was made with the bundle of this checksum."""
        if checksum != self.bundle:
            raise SkillError(
                f"skill {self.name!r} was made with bundle {self.bundle[:12]} of {self.robot}, "
                f"this is {checksum[:12]}: say its sentence again: {self.command!r}",
                ErrorCode.SKILL_MISMATCH,
            )

    def tensors(self) -> bytes:
        """The arrays as a safetensors file."""
        strip = np.frombuffer(self.strip, dtype=np.uint8)
        arrays = {
            "observations": self.observations,
            "similarities": self.similarities,
            "indices": self.indices,
            "strip": strip,
        }
        return save({k: np.ascontiguousarray(v, dtype=_DTYPES[k]) for k, v in arrays.items()})

    def describe(self, tensors: bytes) -> dict[str, Any]:
        """What `skill.yaml` says: the texts, and size and sha256 of the tensors."""
        return {
            "schema": SCHEMA,
            **{field: getattr(self, field) for field in _TEXTS},
            **dict(zip(_NUMBERS, self._numbers(), strict=True)),
            "bytes": len(tensors),
            "sha256": hashlib.sha256(tensors).hexdigest(),
        }


def now_utc() -> str:
    """The time, as `Skill.created` has it."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def check_description(description: object) -> dict[str, Any]:
    """The description of a skill, if it has the right form; SkillError says what is wrong."""
    if not isinstance(description, Mapping):
        raise SkillError("its description is no mapping")
    schema = description.get("schema")
    if schema != SCHEMA:
        raise SkillError(f"its schema is {schema!r}, this rlzero_ros reads {SCHEMA}")
    for field in (*_TEXTS, "sha256"):
        if not isinstance(description.get(field), str):
            raise SkillError(f"its {field} is missing or no text")
    for field in _NUMBERS:
        if type(description.get(field)) not in (int, float):
            raise SkillError(f"its {field} is missing or no number")
    size = description.get("bytes")
    if type(size) is not int or not 0 < size <= MAX_BYTES:
        raise SkillError(f"its size must lie between 1 and {MAX_BYTES} bytes, not {size!r}")
    return dict(description)


def read_skill(description: object, tensors: bytes) -> Skill:
    """The skill of a description and its tensors; SkillError (SKILL_CORRUPT) if they are damaged.

    Hash first: nothing of a file that was altered is looked into.
    """
    found = check_description(description)
    if len(tensors) != found["bytes"]:
        raise SkillError(f"its tensors have {len(tensors)} bytes, not {found['bytes']}")
    digest = hashlib.sha256(tensors).hexdigest()
    if digest != found["sha256"]:
        raise SkillError(f"its sha256 is {digest[:12]}…, not {found['sha256'][:12]}…")
    try:
        arrays = load(tensors)
    except SafetensorError as error:
        raise SkillError(f"its tensors cannot be read: {error}") from error
    for name, dtype in _DTYPES.items():
        if name not in arrays or arrays[name].dtype != np.dtype(dtype):
            raise SkillError(f"its tensors lack {name} of type {np.dtype(dtype)}")
    fields: dict[str, Any] = {field: found[field] for field in _TEXTS}
    fields |= {field: float(found[field]) for field in _NUMBERS}
    return Skill(
        **fields,
        observations=arrays["observations"],
        similarities=arrays["similarities"],
        indices=arrays["indices"],
        strip=arrays["strip"].tobytes(),
    )
