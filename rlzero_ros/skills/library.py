"""A folder of skills: ``NAME.yaml`` describes one and names the tensors that belong to it.

The tensors, ``NAME.SHA.safetensors``, are written first and the description last, by renaming, so
that a kill at any moment leaves the old entry or the new one. What fails its hash is moved to
``quarantine/`` with the reason and is never used.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from ..errors import ErrorCode, SkillError
from ..plain_yaml import PlainYamlError, load_plain_yaml
from .atomic import TEMPORARY, locked, sync_folder, write_whole
from .names import skill_name
from .skill import MAX_BYTES, Skill, check_description, read_skill

QUARANTINE = "quarantine"
_DESCRIPTION_BYTES = 1 << 16


class SkillLibrary:
    """The skills in one folder, which any number of processes may use at once.

    max_entries: more cannot be saved. on_quarantine: told the name and the reason.
    """

    def __init__(
        self,
        folder: Path | str,
        max_entries: int = 1000,
        on_quarantine: Callable[[str, str], None] = lambda name, reason: None,
    ) -> None:
        self.folder = Path(folder).expanduser()
        self._max_entries = max_entries
        self._on_quarantine = on_quarantine
        self._seen: dict[str, tuple[int, dict[str, Any]]] = {}

    def names(self) -> list[str]:
        """Of all entries, sorted; they may turn out to be damaged."""
        try:
            return sorted(p.name[: -len(".yaml")] for p in self.folder.glob("*.yaml"))
        except OSError as error:
            raise _disk(f"cannot read {self.folder}", error) from error

    def descriptions(self) -> list[dict[str, Any]]:
        """What every entry says of itself; a damaged description goes to quarantine."""
        found = []
        for name in self.names():
            try:
                found.append(self.describe(name))
            except SkillError as error:
                if error.code not in (ErrorCode.SKILL_CORRUPT, ErrorCode.SKILL_MISSING):
                    raise
        return found

    def describe(self, name: str) -> dict[str, Any]:
        """The description of one entry; read from the disk only when it has changed.

        SkillError: SKILL_MISSING, or SKILL_CORRUPT once it was moved to quarantine.
        """
        return self._checked(skill_name(name), self._description)

    def load(self, name: str) -> Skill:
        """A whole skill, its hashes verified; errors as `describe`."""
        return self._checked(skill_name(name), self._skill)

    def save(self, skill: Skill, replace: bool = False) -> None:
        """Keep a skill; SkillError: SKILL_NAME when the name is taken, SKILL_NOT_SAVED."""
        tensors = skill.tensors()
        if len(tensors) > MAX_BYTES:
            raise SkillError(
                f"skill {skill.name!r} has {len(tensors)} bytes, at most {MAX_BYTES} can be kept",
                ErrorCode.SKILL_NOT_SAVED,
            )
        content = skill.describe(tensors)
        content["checksum"] = _checksum(content)
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        try:
            with locked(self.folder):
                self._check_room(skill.name, replace)
                path = self._tensors(skill.name, content["sha256"])
                write_whole(path, tensors)
                write_whole(self._path(skill.name), text.encode())
                self._sweep(skill.name, keep=path)
        except OSError as error:
            raise _disk(f"cannot save skill {skill.name!r} in {self.folder}", error) from error

    def delete(self, name: str) -> None:
        """Forget a skill; SkillError (SKILL_MISSING) if there is none."""
        name = skill_name(name)
        try:
            with locked(self.folder):
                if not self._path(name).exists():
                    raise self._missing(name)
                self._path(name).unlink()
                self._sweep(name, keep=None)
                sync_folder(self.folder)
        except OSError as error:
            raise _disk(f"cannot delete skill {name!r}", error) from error

    def _checked(self, name: str, read: Callable[[str], Any]) -> Any:
        """Read an entry; where that fails, look again with no writer about, then quarantine it."""
        try:
            return read(name)
        except SkillError as error:
            if error.code == ErrorCode.SKILL_MISSING:
                raise
        try:
            with locked(self.folder):
                try:
                    return read(name)
                except SkillError as error:
                    if error.code == ErrorCode.SKILL_MISSING:
                        raise
                    place = self._quarantine(name, error.message)
                    message = f"skill {name!r} is damaged: {error.message}; moved to {place}"
        except OSError as error:
            raise _disk(f"skill {name!r} is damaged and cannot be moved aside", error) from error
        self._on_quarantine(name, message)
        raise SkillError(message, ErrorCode.SKILL_CORRUPT)

    def _description(self, name: str) -> dict[str, Any]:
        path = self._path(name)
        try:
            stamp = path.stat().st_mtime_ns
            if name in self._seen and self._seen[name][0] == stamp:
                return self._seen[name][1]
            content = load_plain_yaml(path, _DESCRIPTION_BYTES)
        except FileNotFoundError as error:
            raise self._missing(name) from error
        except (PlainYamlError, OSError) as error:
            raise SkillError(str(error)) from error
        description = check_description(content)
        checksum = description.pop("checksum", None)
        if checksum != _checksum(description):
            raise SkillError("its description was changed after it was saved")
        if description["name"] != name:
            raise SkillError(f"its description is that of {description['name']!r}")
        self._seen[name] = (stamp, description)
        return description

    def _skill(self, name: str) -> Skill:
        description = self._description(name)
        path = self._tensors(name, description["sha256"])
        try:
            with path.open("rb") as file:
                tensors = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise SkillError(f"its tensors cannot be read: {error}") from error
        return read_skill(description, tensors)

    def _check_room(self, name: str, replace: bool) -> None:
        names = self.names()
        if name in names and not replace:
            raise SkillError(
                f"there is a skill {name!r} already: delete it, or choose another name",
                ErrorCode.SKILL_NAME,
            )
        if name not in names and len(names) >= self._max_entries:
            raise SkillError(
                f"{self.folder} holds {len(names)} skills, as many as it may: delete some",
                ErrorCode.SKILL_NOT_SAVED,
            )

    def _quarantine(self, name: str, reason: str) -> Path:
        self._seen.pop(name, None)
        place = self.folder / QUARANTINE / f"{name}-{time.time_ns()}"
        place.mkdir(parents=True)
        (place / "reason.txt").write_text(reason + "\n", encoding="utf-8")
        for path in (self._path(name), *self._all_tensors(name)):
            if path.exists():
                path.replace(place / path.name)
        sync_folder(self.folder)
        return place

    def _sweep(self, name: str, keep: Path | None) -> None:
        """Remove what older entries and killed writers left; the lock is held."""
        self._seen.pop(name, None)
        leftovers = [*self.folder.glob(f"*{TEMPORARY}"), *self._all_tensors(name)]
        for path in leftovers:
            if path != keep:
                path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.yaml"

    def _tensors(self, name: str, sha256: str) -> Path:
        digest = "".join(c for c in sha256[:16] if c in "0123456789abcdef")
        return self.folder / f"{name}.{digest}.safetensors"

    def _all_tensors(self, name: str) -> list[Path]:
        return list(self.folder.glob(f"{name}.*.safetensors"))

    def _missing(self, name: str) -> SkillError:
        known = ", ".join(self.names()[:20]) or "none"
        return SkillError(
            f"no skill {name!r} in {self.folder}; there are: {known}", ErrorCode.SKILL_MISSING
        )


def default_folder() -> Path:
    """``rlzero_ros/skills`` under ``$XDG_DATA_HOME``, which is ``~/.local/share`` by default."""
    home = os.environ.get("XDG_DATA_HOME", "")
    base = Path(home) if home.startswith("/") else Path.home() / ".local" / "share"
    return base / "rlzero_ros" / "skills"


def _checksum(description: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(description, sort_keys=True, default=str).encode()).hexdigest()


def _disk(what: str, error: OSError) -> SkillError:
    return SkillError(f"{what}: {error.strerror or error}", ErrorCode.SKILL_NOT_SAVED)
