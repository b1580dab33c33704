"""Which of the messages of one input bring something new."""

from __future__ import annotations

from builtin_interfaces.msg import Time

# Further back than this is no late message but a clock that began again.
RESTART_NS = 1_000_000_000


class StampOrder:
    """Tells new messages from late, reordered and repeated ones by their stamps.

    A driver that froze may repeat its last reading for ever; to the robot that is silence. A
    paused simulator does the same, wherefore repeats can be let through.
    """

    def __init__(self, new_stamps_only: bool) -> None:
        self._new_stamps_only = new_stamps_only
        self._last_ns: int | None = None
        self.dropped = 0
        self.restarts = 0

    def accept(self, stamp: Time) -> bool:
        """Return whether the message with this stamp is to be used; unstamped ones always are."""
        now_ns = stamp.sec * 1_000_000_000 + stamp.nanosec
        if now_ns == 0:
            return True
        if self._last_ns is not None and now_ns <= self._last_ns:
            if self._last_ns - now_ns > RESTART_NS:
                self.restarts += 1
            elif now_ns < self._last_ns or self._new_stamps_only:
                self.dropped += 1
                return False
        self._last_ns = now_ns
        return True
