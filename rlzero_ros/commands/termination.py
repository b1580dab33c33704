"""SIGTERM leaves a command by the same way down as an error: what it started ends with it."""

from __future__ import annotations

import signal
import sys
from typing import NoReturn


def leave_on_sigterm() -> None:
    """From now on SIGTERM raises SystemExit in the main thread."""
    signal.signal(signal.SIGTERM, _leave)


def _leave(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)
