"""What a skill may be called: a name is also the name of its files."""

from __future__ import annotations

import unicodedata

from ..errors import ErrorCode, SkillError

MAX_NAME = 64
MAX_TEXT = 1000


def skill_name(text: str) -> str:
    """The name in its one form: lower case, words joined by ``_``.

    Letters and digits of any script, ``_`` and ``-``, 1 to 64 of them, a letter or digit first.
    SkillError (SKILL_NAME) for anything else, such as a path.
    """
    name = "_".join(unicodedata.normalize("NFKC", text[: 4 * MAX_NAME]).casefold().split())
    plain = all(c.isalnum() or c in "_-" or unicodedata.category(c) == "Mn" for c in name)
    if not (plain and 0 < len(name) <= MAX_NAME and name[0].isalnum() and len(text) < 4 * MAX_NAME):
        raise SkillError(
            f"{text[:MAX_NAME]!r} cannot be a skill's name: use 1 to {MAX_NAME} letters, digits, "
            "'_' and '-', a letter or digit first",
            ErrorCode.SKILL_NAME,
        )
    if len(name.encode()) > 3 * MAX_NAME:
        raise SkillError("the name takes too many bytes as a file's name", ErrorCode.SKILL_NAME)
    return name
