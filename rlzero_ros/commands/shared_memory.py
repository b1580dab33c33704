"""Files that Fast DDS shares between processes, and often leaves in /dev/shm."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_FOLDER = Path("/dev/shm")
_PREFIX = "fastrtps_"


def shared_files(pids: Iterable[int]) -> set[str]:
    """Names of the Fast DDS files in /dev/shm that these processes have mapped."""
    names = set()
    for pid in pids:
        try:
            maps = Path("/proc", str(pid), "maps").read_text()
        except OSError:  # it has ended
            continue
        for line in maps.splitlines():
            _, found, rest = line.partition(f"{_FOLDER}/{_PREFIX}")
            if found:
                names.add(_PREFIX + rest.split()[0])
    return names


def remove_unused(names: Iterable[str]) -> None:
    """Remove those files, and the locks beside them, that no other process has mapped."""
    processes = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
    living = (pid for pid in processes if pid != os.getpid())
    for name in set(names) - shared_files(living):
        for file in (name, f"{name}_el", f"sem.{name}_mutex"):
            (_FOLDER / file).unlink(missing_ok=True)
