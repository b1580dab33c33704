"""A thread beside the control loop that looks when something is due to have happened."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

# It never sleeps longer, so that what it was not told of is seen as well.
LONGEST_S = 0.1
# Nor shorter: a time that lies in the past must not make it spin.
SHORTEST_S = 0.0005


class Watchdog:
    """Calls `look` with the monotonic time; it returns the time at which to look again."""

    def __init__(
        self, look: Callable[[float], float], on_failure: Callable[[BaseException], None]
    ) -> None:
        """Prepare; `start` begins.

        Args:
            look: see above; NaN for no time in particular.
            on_failure: told of an exception that ended it, in its thread.
        """
        self._look, self._on_failure = look, on_failure
        self._ending = False
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    @property
    def thread_id(self) -> int | None:
        """The system's number of the thread, None before `start`."""
        return self._thread.native_id

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def wake(self) -> None:
        """Look now."""
        self._woken.set()

    def stop(self) -> None:
        """End."""
        self._ending = True
        self._woken.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._ending:
                wait_s = self._look(time.monotonic()) - time.monotonic()
                if not wait_s <= LONGEST_S:  # NaN too
                    wait_s = LONGEST_S
                self._woken.wait(max(wait_s, SHORTEST_S))
                self._woken.clear()
        except BaseException as error:  # noqa: BLE001 - a watchdog must never end unheard
            self._on_failure(error)
