"""Reading YAML that anybody may have written: plain values, no aliases, bounded size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 1 << 20


class PlainYamlError(ValueError):
    """The file is not plain YAML, or too large; one line says why."""


def load_plain_yaml(path: Path, max_bytes: int = MAX_BYTES) -> Any:
    """The numbers, strings, lists and mappings in a YAML file; never objects of Python.

    Raises:
        PlainYamlError: larger than max_bytes, not YAML, or more than plain values.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise PlainYamlError(f"{path} is larger than {max_bytes} bytes")
    try:
        return yaml.load(content.decode("utf-8"), Loader=_PlainLoader)
    # ValueError: bytes that are not UTF-8, or impossible dates; RecursionError: absurd nesting.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise PlainYamlError(f"{path} is not readable as YAML: {reason}") from error


class _PlainLoader(yaml.SafeLoader):
    """Safe YAML without aliases: a few lines of those can stand for gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed")
        return super().compose_node(parent, index)
