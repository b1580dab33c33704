"""The two threads that move the robot while policy_node is active: control loop and watchdog."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence

from .command_sender import CommandSender
from .control_loop import ControlLoop
from .controller import Controller
from .loop_times import LoopTimes
from .realtime import make_realtime
from .watchdog import Watchdog

# A control step that hangs is given up after so long; its thread dies with the process.
END_WITHIN_S = 2.0


class Drive:
    """One step a period, and somebody who notices when it does not come or its inputs end.

    on_change: told of a new guard state. on_failure: told of an exception that ended a thread.
    Both are called in either thread.
    """

    def __init__(
        self,
        controller: Controller,
        sender: CommandSender,
        period_s: float,
        on_change: Callable[[], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._controller, self._sender = controller, sender
        self._on_change = on_change
        self._seen = controller.guard.state
        self._loop = ControlLoop(period_s, self._step, on_failure)
        self._watchdog = Watchdog(self._look, on_failure)

    @property
    def times(self) -> LoopTimes:
        """How punctual the loop is."""
        return self._loop.times

    def start(self, priority: int, patient: Sequence[int | None] = ()) -> str:
        """Begin; return why there is no real-time scheduling, empty if there is or none is wanted.

        To be called by the thread that receives messages, or starts it: it comes before the
        others, the loop before it, and the watchdog before everything, which may be what hangs.
        patient: numbers of threads that compute for long, and come last.
        """
        self._loop.start()
        self._watchdog.start()
        own = threading.get_native_id()
        urgent = (own, self._loop.thread_id, self._watchdog.thread_id)
        return make_realtime(priority, urgent, patient)

    def wake(self) -> None:
        """Act on what another thread told the controller, before the next step does."""
        self._watchdog.wake()

    def stop(self) -> bool:
        """End both; return whether the step under way ended as well."""
        ended = self._loop.stop(END_WITHIN_S)
        self._watchdog.stop()
        make_realtime(0)
        return ended

    def _step(self, now_s: float) -> float:
        thought = self._controller.think(self._controller.begin_step(now_s))
        command = self._sender.send(lambda: self._controller.end_step(thought, time.monotonic()))
        self._tell()
        return math.nan if command is None else self._controller.published(time.monotonic())

    def _look(self, now_s: float) -> float:
        due_s, hold = self._controller.watch(now_s)
        if hold:
            self._sender.send(lambda: self._controller.hold(time.monotonic()))
        self._tell()
        return due_s

    def _tell(self) -> None:
        state = self._controller.guard.state
        if state is not self._seen:
            self._seen = state
            self._on_change()
