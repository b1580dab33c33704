"""The text of message definitions, as recordings carry it so that anybody can read them."""

from __future__ import annotations

import re
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory

from ..errors import DataError, ErrorCode

_SEPARATOR = "=" * 80
_FIELD = re.compile(r"^\s*([A-Za-z][\w/]*)(?:<=\d+)?(?:\[[^\]]*\])?\s+[A-Za-z]\w*", re.MULTILINE)
_PLAIN = re.compile(r"(bool|byte|char|w?string|u?int(8|16|32|64)|float(32|64))$")


def message_definition(kind: str) -> str:
    """The definition of package/msg/Name, followed by those of all that it is made of.

    Raises:
        DataError: if the definition is not installed.
    """
    package, _, name = kind.split("/")
    main = _text(package, name)
    parts, todo, known = [main], _used(package, main), {(package, name)}
    while todo:
        used = todo.pop(0)
        if used in known:
            continue
        known.add(used)
        text = _text(*used)
        parts.append(f"{_SEPARATOR}\nMSG: {used[0]}/{used[1]}\n{text}")
        todo += _used(used[0], text)
    return "\n".join(parts)


def _used(package: str, text: str) -> list[tuple[str, str]]:
    """(package, name) of every message that a definition has a field of."""
    without_comments = re.sub(r"#.*", "", text)
    kinds = _FIELD.findall(without_comments)
    found = []
    for kind in kinds:
        if not _PLAIN.match(kind):
            *place, name = kind.split("/")
            found.append((place[0] if place else package, name))
    return found


def _text(package: str, name: str) -> str:
    try:
        share = get_package_share_directory(package)
        return Path(share, "msg", f"{name}.msg").read_text(encoding="utf-8")
    except (PackageNotFoundError, OSError) as error:
        raise DataError(
            f"the definition of {package}/msg/{name} is not installed ({error})", ErrorCode.INTERNAL
        ) from error
