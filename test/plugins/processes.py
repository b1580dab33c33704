"""Processes by what they were started with, for tests that look for what is left behind."""

import os
from collections.abc import Callable
from pathlib import Path


def processes_that(match: Callable[[bytes, bytes], bool]) -> list[int]:
    """Other processes of whose command line and environment (in their bytes) `match` is true."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            command = (folder / "cmdline").read_bytes()
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue
        if match(command, environment):
            found.append(int(folder.name))
    return found


def nodes_with(variable: str) -> list[int]:
    """Nodes of this package in whose environment a variable is set so: ``NAME=value``."""
    wanted = os.fsencode(variable)
    return processes_that(lambda c, e: wanted in e.split(b"\0") and b"rlzero_ros.nodes" in c)
