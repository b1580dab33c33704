"""One command on its way: who asked, how far it is, how it ended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import ErrorCode

Feedback = Callable[[str, float, float], None]


@dataclass(frozen=True)
class Outcome:
    """How a command ended; the fields of ExecuteCommand's result."""

    error_code: ErrorCode
    message: str
    plan_id: str = ""
    imagine_s: float = 0.0
    project_s: float = 0.0
    similarity: float = 0.0
    rehearse_s: float = 0.0
    rehearsal_gain: float = 0.0


class CommandJob:
    """A command that ends once, whoever ends it first: the worker, a cancel or a newer command.

    duration_s: 0 ends it as soon as the robot acts on the plan. on_feedback(stage, progress,
    similarity) and on_finished(outcome) may be called from any thread.
    """

    def __init__(
        self,
        command: str,
        *,
        seed: int,
        duration_s: float,
        on_feedback: Feedback,
        on_finished: Callable[[Outcome], None],
    ) -> None:
        self.command = command
        self.seed = seed
        self.duration_s = duration_s
        self.finished = threading.Event()
        self._on_feedback = on_feedback
        self._on_finished = on_finished
        self._lock = threading.Lock()
        self._outcome: Outcome | None = None

    @property
    def outcome(self) -> Outcome:
        """How it ended; only for a finished job."""
        if self._outcome is None:
            raise RuntimeError("the job has not ended")
        return self._outcome

    def finish(self, outcome: Outcome) -> bool:
        """End the job; False if it had ended before."""
        with self._lock:
            if self._outcome is not None:
                return False
            self._outcome = outcome
        self._on_finished(outcome)
        self.finished.set()
        return True

    def feedback(self, stage: str, progress: float, similarity: float = 0.0) -> None:
        """Tell how far it is, unless it has ended."""
        if not self.finished.is_set():
            self._on_feedback(stage, progress, similarity)
