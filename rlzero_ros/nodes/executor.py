"""Executors that outlive what a lifecycle node takes down while they wait.

rclpy's executors collect a node's entities, then build what they wait on. An action server, client
or event handler that another thread destroys in between is noticed, and added nevertheless: `spin`
ends with InvalidHandle or RCLError, and the node with it. What was destroyed leaves its node a
moment later, so it is enough to collect again then.
"""

from __future__ import annotations

import time
from typing import Any

from rclpy.context import Context
from rclpy.executors import Executor, MultiThreadedExecutor, SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation

_GONE = (rclpy_implementation.InvalidHandle, rclpy_implementation.RCLError)
_MOMENT_S = 0.001
# What fails for so long does not fail because something was just destroyed.
_LONGEST_S = 1.0


class _CollectsAgain(Executor):
    """What both kinds have in common."""

    def wait_for_ready_callbacks(self, *args: Any, **kwargs: Any) -> Any:
        """As rclpy's; errors of callbacks are raised elsewhere and are not caught here."""
        failing_since: float | None = None
        while True:
            began = time.monotonic()
            try:
                return super().wait_for_ready_callbacks(*args, **kwargs)
            except _GONE:
                now = time.monotonic()
                if failing_since is None or now - began > _LONGEST_S:  # it had waited in between
                    failing_since = now
                elif now - failing_since > _LONGEST_S:
                    raise
                time.sleep(_MOMENT_S)


class _SingleThreaded(_CollectsAgain, SingleThreadedExecutor):
    """One thread waits and calls back."""


class _MultiThreaded(_CollectsAgain, MultiThreadedExecutor):
    """One thread waits, others call back."""


def make_executor(threads: int, context: Context | None = None) -> Executor:
    """An executor that calls back in so many threads; context: rclpy's default if None."""
    if threads == 1:
        return _SingleThreaded(context=context)
    return _MultiThreaded(num_threads=threads, context=context)
