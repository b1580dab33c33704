"""The one way to the command topic: what was decided last is sent last."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from builtin_interfaces.msg import Time
from numpy.typing import NDArray
from rclpy.duration import Duration
from rclpy.publisher import Publisher

from .command_messages import MessageMaker

Decide: TypeAlias = Callable[[], NDArray[np.float64] | None]

ACKNOWLEDGED_WITHIN = Duration(seconds=0.2)
TURN_WITHIN_S = 1.0


class CommandSender:
    """Takes turns between the control loop and its watchdog; silent in a dry run and after close.

    publisher: of the command topic. message: makes what it publishes. now: the time to stamp.
    """

    def __init__(
        self, publisher: Publisher, message: MessageMaker, now: Callable[[], Time], *, dry_run: bool
    ) -> None:
        self._publisher, self._message, self._now = publisher, message, now
        self._is_silent = dry_run
        self._turn = threading.Lock()

    def send(self, decide: Decide) -> NDArray[np.float64] | None:
        """Publish the (n,) command that `decide` returns, if any, and return it."""
        with self._turn:
            return self._publish(decide())

    def close(self, decide: Decide) -> None:
        """Publish a last command, wait until it has arrived, and be silent from then on."""
        # A publisher that hangs must not keep the node from ending.
        has_turn = self._turn.acquire(timeout=TURN_WITHIN_S)
        try:
            if self._publish(decide()) is not None and not self._is_silent:
                self._publisher.wait_for_all_acked(ACKNOWLEDGED_WITHIN)
        finally:
            self._is_silent = True
            if has_turn:
                self._turn.release()

    def _publish(self, command: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
        if command is not None and not self._is_silent:
            self._publisher.publish(self._message(command, self._now()))
        return command
