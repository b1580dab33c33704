"""Memory that stays: a control loop should not wait for a page to be read back from the disk.

A system short of memory, or one that reclaims what has not been used lately, drops pages of
programs and libraries; the next call of such a function reads them again, page by page, with
Python's interpreter held.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

# linux/mman.h; pages are locked when they are first used, not all that was ever reserved.
_CURRENT, _FUTURE, _ON_FAULT = 1, 2, 4
_CAP_IPC_LOCK = 14


def lock_memory(wanted: bool) -> str:
    """Keep what this process has used and will use in memory, or let it go again.

    Returns:
        Why it could not be done, in words for a person; an empty string if it was.
    """
    if not sys.platform.startswith("linux"):
        return "" if not wanted else "only Linux can"
    # With a limit, allocations beyond it would fail later, while the robot moves.
    if wanted and not _is_unlimited():
        return (
            "not permitted; give the user an unlimited memlock limit in "
            "/etc/security/limits.conf or the program CAP_IPC_LOCK"
        )
    library = ctypes.CDLL(None, use_errno=True)
    failed = library.mlockall(_CURRENT | _FUTURE | _ON_FAULT) if wanted else library.munlockall()
    return os.strerror(ctypes.get_errno()) if failed else ""


def _is_unlimited() -> bool:
    import resource

    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY:
        return True
    try:
        status = Path("/proc/self/status").read_bytes()
    except OSError:  # of a process that has changed its user: nobody can tell
        return False
    capabilities = status.split(b"\nCapEff:")[1].split()[0]
    return bool(int(capabilities, 16) >> _CAP_IPC_LOCK & 1)
