"""Doing things later, in the order of their times."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable


class DelayLine:
    """A thread that carries out each action when it is due; without delay it is done at once."""

    def __init__(self) -> None:
        """Start the thread."""
        self._count = itertools.count()
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._changed = threading.Condition()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="delay", daemon=True)
        self._thread.start()

    def after(self, delay_s: float, action: Callable[[], None]) -> None:
        """Do `action` in delay_s seconds; now, in the caller's thread, if that is 0."""
        if delay_s <= 0.0:
            action()
            return
        with self._changed:
            entry = (time.monotonic() + delay_s, next(self._count), action)
            heapq.heappush(self._waiting, entry)
            self._changed.notify()

    def close(self) -> None:
        """Forget what is still waiting, and end the thread."""
        with self._changed:
            self._ending = True
            self._waiting.clear()
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._ending and not self._is_due():
                    self._changed.wait(self._until_due())
                if self._ending:
                    return
                _, _, action = heapq.heappop(self._waiting)
            action()

    def _is_due(self) -> bool:
        return bool(self._waiting) and self._waiting[0][0] <= time.monotonic()

    def _until_due(self) -> float | None:
        return max(0.0, self._waiting[0][0] - time.monotonic()) if self._waiting else None
