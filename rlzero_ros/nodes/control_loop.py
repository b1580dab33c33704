"""A thread that does one thing at a fixed rate, as punctually as Python can."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .loop_times import LoopTimes

# Another thread gives up the interpreter after so long when the control loop wants it.
SWITCH_INTERVAL_S = 0.0005
# Garbage is collected this often, and only if at least this much of the period is left.
COLLECT_EVERY_S = 1.0
COLLECT_SLACK_S = 0.008

Step = Callable[[float], float]


class ControlLoop:
    """Calls `step` at start + k·period on the monotonic clock.

    Deadlines are absolute, so that a late tick does not delay the next. A tick that overruns its
    period is counted and the deadlines that it missed are left out: commands computed in a burst
    would be worse than none.
    """

    def __init__(
        self, period_s: float, step: Step, on_failure: Callable[[BaseException], None]
    ) -> None:
        """Prepare; `start` begins.

        Args:
            period_s: seconds.
            step: gets the monotonic time; returns the latency in seconds from the newest input
                to the published command, NaN where nothing was published.
            on_failure: told of an exception that ended the loop, in the loop's thread.
        """
        self.times = LoopTimes(period_s)
        self._period_s = period_s
        self._step = step
        self._on_failure = on_failure
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    @property
    def thread_id(self) -> int | None:
        """The system's number of the thread, None before `start`."""
        return self._thread.native_id

    def start(self) -> None:
        """Begin to tick."""
        self._thread.start()

    def stop(self, timeout_s: float | None = None) -> bool:
        """End after the tick under way; return whether it ended within `timeout_s`."""
        self._ending.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)
            return not self._thread.is_alive()
        return True

    def _run(self) -> None:
        try:
            with quiet_interpreter():
                self._tick_for_ever()
        except BaseException as error:  # noqa: BLE001 - a loop must never end unheard
            self._on_failure(error)

    def _tick_for_ever(self) -> None:
        period_s, times = self._period_s, self.times
        deadline = time.monotonic()
        collect_at = deadline + COLLECT_EVERY_S
        while not self._ending.is_set():
            start = time.monotonic()
            latency_s = self._step(start)
            end = time.monotonic()
            times.add(start, end - start, latency_s)
            deadline += period_s
            missed = int((end - deadline) / period_s) + 1 if end > deadline else 0
            times.overruns += missed
            deadline += missed * period_s
            if end >= collect_at and deadline - end > COLLECT_SLACK_S:
                gc.collect()
                collect_at = end + COLLECT_EVERY_S
            time.sleep(max(0.0, deadline - time.monotonic()))


@contextmanager
def quiet_interpreter() -> Iterator[None]:
    """Keep the garbage collector and greedy threads from the loop; undo it afterwards.

    Everything that exists now is frozen, that is, never looked at again by the collector: what is
    left for `gc.collect` is the little that came later.
    """
    interval_s = sys.getswitchinterval()
    gc.collect()
    gc.freeze()
    gc.disable()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        yield
    finally:
        sys.setswitchinterval(interval_s)
        gc.enable()
        gc.unfreeze()
