"""A recording computed again: the same calls, the same inputs, and hopefully the same commands.

The replay makes a controller as policy_node made it and calls it as it was called, with the robot's
state as the guard read it then. Nothing of the physics is computed again, so that a difference in
one step does not grow into others except through the guard's own memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..nodes.control_settings import ControlSettings
from ..nodes.controller import Controller
from ..nodes.journal import ControlEvent
from ..nodes.policy_setup import PolicySetup
from ..nodes.reading_state import state_of
from ..nodes.thinker import Work
from ..robots.state import RobotState
from ..safety import Reading


@dataclass(frozen=True)
class Difference:
    """Where a replay departs from the recording.

    sequence: of the event. step: which control step, from 0. what: command, latent, or guard.
    """

    sequence: int
    step: int
    call: str
    what: str
    recorded: str
    replayed: str


@dataclass
class ReplayReport:
    """What came of a replay. largest: of |recorded − replayed| over all commands, SI units."""

    bundle_id: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    events: int = 0
    steps: int = 0
    commands: int = 0
    differing: int = 0
    largest: float = 0.0
    guard_differing: int = 0
    latents: int = 0
    latents_differing: int = 0
    missing: int = 0
    cut: str = ""
    first: Difference | None = None

    @property
    def is_exact(self) -> bool:
        """Whether everything was the same, bit for bit."""
        return self.first is None and not self.latents_differing


class _PlayedInputs:
    """The robot's state as it was read: one reading for each call that reads."""

    dropped = 0
    newest_joint_s = 0.0

    def __init__(self) -> None:
        self.next: Reading | None = None

    def reading(self, now_s: float) -> Reading:
        if self.next is None:
            raise _DepartedError("the controller reads the robot's state where it did not then")
        return self.next

    def state(self, reading: Reading, now_s: float) -> RobotState:
        return state_of(reading, now_s)

    def ages_s(self, now_s: float) -> Mapping[str, float]:
        return {}


class _DepartedError(Exception):
    """The replay took another way than the recording."""


class Replay:
    """Feeds control events to a controller of its own and compares."""

    def __init__(self, setup: PolicySetup) -> None:
        self.report = ReplayReport(bundle_id=setup.bundle_id)
        self._setup = setup
        self._journal = ""
        self._settings: ControlSettings | None = None
        self._expected = 0

    def feed(self, event: ControlEvent) -> None:
        """Replay the next event.

        Raises:
            DataError: if it cannot be computed from what came before.
        """
        if event.call == "begin":
            self._begin(event)
            return
        if self._settings is None:
            if event.fresh:
                return  # "begin" is told again each second
            raise DataError(
                "the recording lacks the beginning, which is told once a second: "
                "start recorder_node before the robot is armed"
            )
        if missing := event.sequence - self._expected:
            self._skip(event, missing)
        self._expected = event.sequence + 1
        self.report.events += 1
        try:
            self._call(event)
        except _DepartedError as error:
            self._differ(event, "guard", event.guard_state.name, str(error))

    def latent(self, observations: NDArray[np.float32]) -> NDArray[np.float32]:
        """The latent (d,) of a plan's observations (T, observation_dim)."""
        return self._setup.inference.imitator.latent(observations)

    def _begin(self, event: ControlEvent) -> None:
        arguments = dict(event.arguments)
        facts, journal = arguments.pop("facts", {}), arguments.pop("journal", "")
        if journal == self._journal:
            return  # told again to somebody who began to listen
        try:
            self._settings = ControlSettings(**arguments)
        except TypeError as error:
            raise DataError(f"recorded by another version of rlzero_ros: {error}") from error
        self._journal, self.report.facts = journal, facts
        self._expected = event.sequence + 1
        self._make()

    def _skip(self, event: ControlEvent, missing: int) -> None:
        if not event.fresh:
            raise DataError(
                f"{missing} control events before number {event.sequence} are missing, and the "
                "robot had been armed: what follows cannot be computed. Start recorder_node "
                "before the robot is armed, and on a machine that keeps up"
            )
        self.report.missing += missing
        self._make()

    def _make(self) -> None:
        setup, settings = self._setup, self._settings
        assert settings is not None
        self._inputs = _PlayedInputs()
        self._controller = Controller(
            setup.spec, setup.assembler, setup.runtime, self._inputs, setup.hold_z, settings
        )
        self._work: Work | None = None

    def _call(self, event: ControlEvent) -> None:
        """Call what was called, and compare what comes of it."""
        controller, report = self._controller, self.report
        self._inputs.next = event.reading
        command: NDArray[np.float64] | None = None
        if event.call == "begin_step":
            report.steps += 1
            self._work = controller.begin_step(event.now_s)
            self._compare(event, "latent", event.z, controller.snapshot(event.now_s).z)
        elif event.call == "end_step":
            command = controller.end_step(controller.think(self._work), event.now_s)
            self._work = None
        elif event.call == "hold":
            command = controller.hold(event.now_s)
        elif event.call == "release":
            command = controller.release()
        elif event.call == "act_on":
            assert event.task is not None
            controller.act_on(event.task)
        elif event.call == "stop":
            controller.stop(event.reason)
        elif event.call in ("watch", "arm"):
            getattr(controller, event.call)(event.now_s)
        elif event.call in ("disarm", "reset_stop"):
            getattr(controller, event.call)()
        else:
            raise DataError(f"recorded by another version of rlzero_ros: {event.call!r}")
        if event.command is not None or command is not None:
            report.commands += 1
            self._compare(event, "command", event.command, command)
        guard = controller.guard
        now, then = (guard.state, guard.stop_reason), (event.guard_state, event.stop_reason)
        if now != then:
            self._differ(event, "guard", f"{then[0].name} {then[1]}", f"{now[0].name} {now[1]}")

    def _compare(
        self,
        event: ControlEvent,
        what: str,
        recorded: NDArray[np.floating] | None,
        replayed: NDArray[np.floating] | None,
    ) -> None:
        """Compare bits: neither −0 and 0 nor two kinds of NaN are the same."""
        if recorded is None and replayed is None:
            return
        if recorded is not None and replayed is not None and recorded.shape == replayed.shape:
            if recorded.tobytes() == replayed.tobytes():
                return
            apart = np.abs(recorded.astype(np.float64) - replayed)
            if what == "command":
                self.report.largest = max(self.report.largest, float(apart.max()))
        if what == "command":
            self.report.differing += 1
        self._differ(event, what, _shown(recorded), _shown(replayed))

    def _differ(self, event: ControlEvent, what: str, recorded: str, replayed: str) -> None:
        self.report.guard_differing += what == "guard"
        if self.report.first is None:
            step = self.report.steps - 1
            self.report.first = Difference(
                event.sequence, step, event.call, what, recorded, replayed
            )


def _shown(values: NDArray[np.floating] | None) -> str:
    return "none" if values is None else " ".join(repr(float(v)) for v in values)
