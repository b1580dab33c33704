"""Executors that outlive what a lifecycle node takes down while they wait, and their own end.

rclpy's executors collect a node's entities, then build what they wait on. An action server, client
or event handler that another thread destroys in between is noticed, and added nevertheless: `spin`
ends with InvalidHandle or RCLError, and the node with it. What was destroyed leaves its node a
moment later, so it is enough to collect again then.

Their `shutdown` destroys at once what the spinning thread is about to use; a node that was told to
end in that moment died of InvalidHandle or AttributeError. Here the thread leaves first.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from rclpy.context import Context
from rclpy.executors import Executor, MultiThreadedExecutor, SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.task import Future

_GONE = (rclpy_implementation.InvalidHandle, rclpy_implementation.RCLError)
_MOMENT_S = 0.001
# What fails for so long, so many times, does not fail because something was just destroyed: many
# destroyed one after the other, with nothing to call back in between, fail once or twice each.
_LONGEST_S = 1.0
_MOST_TIMES = 200


class _Outliving(Executor):
    """What both kinds have in common."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As rclpy's."""
        super().__init__(*args, **kwargs)
        self._told_to_end = Future()
        self._left = threading.Event()
        self._left.set()

    def spin(self) -> None:
        """Call back until `shutdown`; ExternalShutdownException at the end of the context."""
        self._left.clear()
        try:
            self.spin_until_future_complete(self._told_to_end)
        finally:
            self._left.set()

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        """As rclpy's, once the spinning thread has left or the time is over; not in a callback."""
        self._told_to_end.set_result(None)
        left = self._left.wait(timeout_sec)
        return super().shutdown(timeout_sec) and left

    def wait_for_ready_callbacks(self, *args: Any, **kwargs: Any) -> Any:
        """As rclpy's; errors of callbacks are raised elsewhere and are not caught here."""
        failing_since, times = 0.0, 0
        while True:
            began = time.monotonic()
            try:
                return super().wait_for_ready_callbacks(*args, **kwargs)
            except _GONE:
                now = time.monotonic()
                if times == 0 or now - began > _LONGEST_S:  # it had waited in between
                    failing_since, times = now, 0
                times += 1
                if now - failing_since > _LONGEST_S and times > _MOST_TIMES:
                    raise
                time.sleep(_MOMENT_S)


class _SingleThreaded(_Outliving, SingleThreadedExecutor):
    """One thread waits and calls back."""


class _MultiThreaded(_Outliving, MultiThreadedExecutor):
    """One thread waits, others call back."""


def make_executor(threads: int, context: Context | None = None) -> Executor:
    """An executor that calls back in so many threads; context: rclpy's default if None."""
    if threads == 1:
        return _SingleThreaded(context=context)
    return _MultiThreaded(num_threads=threads, context=context)
