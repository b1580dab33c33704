"""Latents are inferred beside the control loop, one plan at a time, the newest first.

A plan that asks the robot to hold takes the same way, so that it cannot be overtaken by the
result of an older one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..imitate.prompts import PromptInference, Tracking
from .plan_input import Plan
from .task import Task


class LatentWorker:
    """A thread with a mailbox for one plan; a newer plan replaces one that still waits in it."""

    def __init__(
        self,
        inference: PromptInference,
        on_task: Callable[[Plan, Task], None],
        on_failure: Callable[[Plan, Exception], None],
        on_replaced: Callable[[Plan], None],
    ) -> None:
        """Start the thread.

        Args:
            inference: turns prompts into latents.
            on_task: gets the result, in the worker's thread.
            on_failure: gets the error instead, in the worker's thread.
            on_replaced: told of a plan that was never looked at, in `submit`'s thread.
        """
        self._inference = inference
        self._on_task, self._on_failure, self._on_replaced = on_task, on_failure, on_replaced
        self._mail = threading.Condition()
        self._plan: Plan | None = None
        self._under_way: Plan | None = None
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="imitate", daemon=True)
        self._thread.start()

    @property
    def thread_id(self) -> int | None:
        """The system's number of the thread."""
        return self._thread.native_id

    def submit(self, plan: Plan) -> None:
        """Infer this plan's latent next; nothing if that is being done, or waits to be done.

        Who is not sure to be heard says the same plan again. To hold is never passed over.
        """
        with self._mail:
            known = [other.id for other in (self._under_way, self._plan) if other is not None]
            if plan.id and plan.id in known and not plan.holds:
                return
            replaced, self._plan = self._plan, plan
            self._mail.notify()
        if replaced is not None:
            self._on_replaced(replaced)

    def close(self) -> None:
        """End the thread after the plan under way."""
        with self._mail:
            self._ending = True
            self._plan = None
            self._mail.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._mail:
                self._mail.wait_for(lambda: self._ending or self._plan is not None)
                if self._ending:
                    return
                plan, self._plan = self._plan, None
                self._under_way = plan
            assert plan is not None
            self._infer(plan)
            with self._mail:
                self._under_way = None

    def _infer(self, plan: Plan) -> None:
        start = time.monotonic()
        try:
            z = None if plan.prompt is None else self._inference.latents(plan.prompt)
        except Exception as error:  # noqa: BLE001 - told to the sender and the log
            self._on_failure(plan, error)
            return
        imitate_s = time.monotonic() - start
        self._on_task(plan, _task(plan, z, imitate_s))


def _task(plan: Plan, z: NDArray[np.float32] | None, imitate_s: float) -> Task:
    if z is None:
        return Task(received_s=plan.received_s)
    track = plan.prompt if isinstance(plan.prompt, Tracking) else None
    return Task(
        plan_id=plan.id,
        command=plan.command,
        z=z,
        received_s=plan.received_s,
        expires_s=plan.expires_s,
        imitate_s=imitate_s,
        confidence=plan.confidence,
        steps=0 if track is None else len(z),
        step_s=0.0 if track is None else track.period_s,
    )
