"""Tells a recorder what the controller does, without the control loop ever waiting for it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from builtin_interfaces.msg import Time
from rclpy.duration import Duration
from rclpy.publisher import Publisher

from .control_event_messages import event_message
from .journal import Journal

_EVERY_S = 0.02
# A listener that this side knows already may not know this side yet, and then hears nothing of what
# is said once.
_BEGIN_AGAIN_S = 1.0
_ACKNOWLEDGED_WITHIN = Duration(seconds=0.2)


class JournalPublisher:
    """A thread that empties the journal into a topic while somebody listens, and away otherwise.

    However slow the topic is, the journal is bounded and drops its oldest: `sequence` shows it.
    "begin", with what the controller was made, is told again each second.
    """

    def __init__(self, journal: Journal, publisher: Publisher, now: Callable[[], Time]) -> None:
        """Start the thread; now: the time to stamp."""
        self._journal, self._publisher, self._now = journal, publisher, now
        self._listeners = 0
        self._began_s = -math.inf
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Publish what is left, and end the thread."""
        self._ending.set()
        self._thread.join()
        self._publish()
        if self._listeners:
            self._publisher.wait_for_all_acked(_ACKNOWLEDGED_WITHIN)

    def _run(self) -> None:
        while not self._ending.wait(_EVERY_S):
            self._publish()

    def _publish(self) -> None:
        listeners = self._publisher.get_subscription_count()
        events = self._journal.take()
        first, now_s = self._journal.first, time.monotonic()
        due = listeners > self._listeners or now_s - self._began_s > _BEGIN_AGAIN_S
        if listeners and due and first is not None:
            self._began_s = now_s
            if first not in events[:1]:
                events.insert(0, first)
        self._listeners = listeners
        if listeners:
            for event in events:
                self._publisher.publish(event_message(event, self._now()))
