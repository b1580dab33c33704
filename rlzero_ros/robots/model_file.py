"""An MJCF model that came with a bundle: it may describe a robot, but not name other files."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from ..errors import RobotError

MAX_BYTES = 16 << 20
# What makes MuJoCo open other files, or run other people's code.
_FORBIDDEN_ELEMENTS = frozenset({"include", "extension", "plugin", "attach", "model"})


def check_model_file(path: Path) -> None:
    """Refuse a model that is huge, uses XML entities, or reaches outside its own text.

    Raises:
        RobotError: naming what is at fault.
    """
    if path.stat().st_size > MAX_BYTES:
        raise RobotError(f"{path} is larger than {MAX_BYTES} bytes")
    content = path.read_bytes()
    # In any encoding that expat takes without being told (UTF-8, UTF-16), this finds them.
    if b"<!" in content.replace(b"\0", b"").replace(b"<!--", b""):
        raise RobotError(f"{path} declares a document type or entities; a model needs none")
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise RobotError(f"{path} is not readable as XML: {error}") from error
    for element in root.iter():
        if element.tag in _FORBIDDEN_ELEMENTS:
            raise RobotError(
                f"{path} has an element <{element.tag}>; a bundle's model is whole by itself"
            )
        for name in element.attrib:
            if name.startswith("file"):
                raise RobotError(
                    f"{path}: <{element.tag} {name}=...> names another file; "
                    "a bundle's model is whole by itself"
                )
