"""One skill as one file, to be copied to another machine: a zip of its two files."""

from __future__ import annotations

import zipfile
from pathlib import Path

import yaml

from ..errors import ErrorCode, SkillError
from .skill import MAX_BYTES, Skill, read_skill

_DESCRIPTION, _TENSORS = "skill.yaml", "skill.safetensors"
_LIMITS = {_DESCRIPTION: 1 << 16, _TENSORS: MAX_BYTES}


def export_skill(skill: Skill, file: Path) -> None:
    """Write the skill; an existing file is not overwritten. SkillError when it cannot be."""
    tensors = skill.tensors()
    text = yaml.safe_dump(skill.describe(tensors), sort_keys=False, allow_unicode=True)
    try:
        with file.open("xb") as output, zipfile.ZipFile(output, "w") as archive:
            archive.writestr(_DESCRIPTION, text)
            archive.writestr(_TENSORS, tensors)
    except FileExistsError as error:
        raise SkillError(f"{file} is there already", ErrorCode.SKILL_NOT_SAVED) from error
    except OSError as error:
        file.unlink(missing_ok=True)
        reason = f"cannot write {file}: {error.strerror or error}"
        raise SkillError(reason, ErrorCode.SKILL_NOT_SAVED) from error


def import_skill(file: Path) -> Skill:
    """Read what `export_skill` wrote; SkillError if it is anything else. Nothing is unpacked."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = {info.filename: info for info in archive.infolist()}
            for name, limit in _LIMITS.items():
                if name not in members or members[name].file_size > limit:
                    raise SkillError(f"{file} is no exported skill: {name} is missing or too large")
            text, tensors = archive.read(_DESCRIPTION), archive.read(_TENSORS)
    except FileNotFoundError as error:
        raise SkillError(f"there is no file {file}", ErrorCode.SKILL_MISSING) from error
    # zipfile raises NotImplementedError and RuntimeError for what it does not read.
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise SkillError(f"{file} is no exported skill: {error}") from error
    try:
        description = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SkillError(f"{file}: {_DESCRIPTION} is not readable") from error
    try:
        return read_skill(description, tensors)
    except SkillError as error:
        raise SkillError(f"{file} is damaged: {error.message}", error.code) from error
