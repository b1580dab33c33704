"""What a planner remembers: named skills, and the sentences that worked lately."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import SkillError
from ..imagine.command import clean_command
from .library import SkillLibrary
from .names import skill_name
from .skill import Skill

_CACHE = "cache"
_CACHED = 200


class SkillMemory:
    """The skills of one bundle; those of others stay where they are.

    folder: of the library; the sentence cache lies in it. checksum: of the bundle's manifest.
    settings: whatever else decides what a sentence becomes. on_trouble: told what could not be
    used or kept: a memory that fails costs time, never a command.
    """

    def __init__(
        self,
        folder: Path,
        checksum: str,
        settings: Mapping[str, Any],
        on_trouble: Callable[[str], None] = lambda message: None,
        cached: int = _CACHED,
    ) -> None:
        def quarantined(name: str, reason: str) -> None:
            on_trouble(reason)

        self.library = SkillLibrary(folder, on_quarantine=quarantined)
        self.cache = SkillLibrary(folder / _CACHE, cached + 1, on_quarantine=quarantined)
        self._checksum, self._cached = checksum, cached
        self._settings = json.dumps(dict(settings), sort_keys=True, default=str)
        self._on_trouble = on_trouble

    def recall(self, command: str, seed: int | None) -> Skill | None:
        """The skill whose name or sentence this is, or what the sentence was with this seed.

        seed: None looks for named skills only.

        None: nothing for this bundle; imagine it. Raises CommandError for an unusable sentence.
        """
        sentence = clean_command(command).casefold()
        for description in self._known():
            if sentence not in (_spoken(description["name"]), description["command"].casefold()):
                continue
            if description["bundle"] == self._checksum:
                skill = self._tried(self.library, description["name"])
                if skill is not None:
                    return skill
            else:
                self._on_trouble(
                    f"skill {description['name']!r} was made with another bundle "
                    f"({description['bundle'][:12]}): it is imagined again"
                )
        if seed is None:
            return None
        name = self._key(sentence, seed)
        if not (self.cache.folder / f"{name}.yaml").exists():
            return None
        skill = self._tried(self.cache, name)
        if skill is not None:
            os.utime(self.cache.folder / f"{name}.yaml")
        return skill

    def sentence_of(self, command: str) -> str:
        """What to imagine for a command: the sentence of the skill that is called so, or itself."""
        spoken = clean_command(command).casefold()
        for description in self._known():
            if spoken == _spoken(description["name"]):
                return str(description["command"])
        return command

    def remember(self, skill: Skill, seed: int) -> None:
        """Keep what a sentence became, for the next time; the oldest make room."""
        name = self._key(clean_command(skill.command).casefold(), seed)
        try:
            self.cache.save(_named(skill, name), replace=True)
            files = [self.cache.folder / f"{n}.yaml" for n in self.cache.names()]
            oldest = sorted(files, key=lambda path: path.stat().st_mtime_ns)
            for path in oldest[: max(0, len(files) - self._cached)]:
                self.cache.delete(path.name[: -len(".yaml")])
        except (SkillError, OSError) as error:
            self._on_trouble(f"the sentence is not remembered: {error}")

    def save(self, skill: Skill, name: str, replace: bool = False) -> Skill:
        """Keep a skill for good; SkillError where that is impossible or the name is taken."""
        named = _named(skill, skill_name(name))
        self.library.save(named, replace)
        return named

    def _known(self) -> list[dict[str, Any]]:
        try:
            return self.library.descriptions()
        except (SkillError, OSError) as error:
            self._on_trouble(f"the skill library cannot be read: {error}")
            return []

    def _tried(self, library: SkillLibrary, name: str) -> Skill | None:
        try:
            skill = library.load(name)
            skill.check_bundle(self._checksum)
            return skill
        except (SkillError, OSError) as error:
            self._on_trouble(f"imagined again: {error}")
            return None

    def _key(self, sentence: str, seed: int) -> str:
        text = json.dumps([sentence, seed, self._checksum, self._settings])
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _named(skill: Skill, name: str) -> Skill:
    return replace(skill, name=name)
