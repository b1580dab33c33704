"""A Simulation stepped in real time by its own thread, with absolute deadlines."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..robots.simulation import Simulation
from ..robots.state import RobotState

# Physics steps shorter than this are taken several at a time: Python wakes no oftener.
_SHORTEST_TICK_S = 0.002
# Further behind than this, the loop gives up catching up: the real-time factor drops instead.
_LARGEST_LAG_S = 0.05


@dataclass
class LoopCounters:
    """What the loop met since it was made."""

    ticks: int = 0
    late_ticks: int = 0
    dropped_s: float = 0.0
    command_timeouts: int = 0
    divergences: int = 0


class SimulationLoop:
    """Steps, holds the newest command, publishes states; safe to call from any thread.

    state_rate_hz: how often on_state gets the state; its time_s never goes back, not at a reset
    either. command_timeout_s: older commands count as none: zero effort or velocity, or the last
    position. on_timeout hears when that begins; on_failure gets an exception that ended the loop.
    """

    def __init__(
        self,
        simulation: Simulation,
        *,
        pose: str,
        state_rate_hz: float,
        command_timeout_s: float,
        on_state: Callable[[RobotState], None],
        on_timeout: Callable[[], None],
        on_failure: Callable[[Exception], None],
        paused: bool = False,
        epoch_s: float = 0.0,
    ) -> None:
        self.counters = LoopCounters()
        self._simulation = simulation
        self._pose = pose
        timestep = float(simulation.model.opt.timestep)
        self.tick_s = timestep * math.ceil(_SHORTEST_TICK_S / timestep)
        self._ticks_per_state = max(1, round(1.0 / (state_rate_hz * self.tick_s)))
        self._command_timeout_s = command_timeout_s
        self._on_state = on_state
        self._on_timeout = on_timeout
        self._on_failure = on_failure
        self._epoch_s = epoch_s
        self._lock = threading.Lock()
        self._paused = paused
        self._steps = 0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._place()

    @property
    def paused(self) -> bool:
        """Whether time stands still."""
        return self._paused

    @property
    def time_s(self) -> float:
        """Simulated time: the epoch plus what was stepped."""
        return self._epoch_s + self._steps * self.tick_s

    @property
    def thread_id(self) -> int | None:
        """The system's number of the thread that steps, None while none does."""
        return None if self._thread is None else self._thread.native_id

    def start(self) -> None:
        """Begin stepping."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="simulation", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End stepping; returns when the thread is gone."""
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._thread = None

    def command(self, values: NDArray[np.float64]) -> None:
        """Take a command (n,) in SI units; it counts from the next physics step."""
        with self._lock:
            self._command, self._command_time, self._commanded = values, time.monotonic(), True

    def pause(self, paused: bool) -> None:
        """Stop or continue time; states are published all the same."""
        with self._lock:
            self._paused = paused

    def reset(self, seed: int | None = None) -> None:
        """Put the robot back to an initial pose, at rest, without a command."""
        with self._lock:
            self._place(seed)

    def state(self) -> RobotState:
        """The state now."""
        with self._lock:
            return self._state()

    def physics(self) -> NDArray[np.float64]:
        """Generalised coordinates (nq + nv,) now, for a renderer in another thread."""
        with self._lock:
            return self._simulation.physics()

    def _place(self, seed: int | None = None) -> None:
        self._simulation.reset(seed, pose=self._pose)
        joints = self._simulation.state().joint_positions
        self._command = self._no_command(self._simulation.spec.driven(joints))
        self._command_time, self._commanded = 0.0, False

    def _no_command(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        if self._simulation.spec.command.interface == "position":
            return positions
        return np.zeros(self._simulation.spec.action_dim)

    def _state(self) -> RobotState:
        return replace(self._simulation.state(), time_s=self.time_s)

    def _run(self) -> None:
        try:
            self._loop()
        except Exception as error:  # noqa: BLE001 - whatever ended the physics is told
            self._on_failure(error)

    def _loop(self) -> None:
        deadline = time.monotonic()
        while not self._stopping.is_set():
            with self._lock:
                if not self._paused:
                    self._tick()
                due = self.counters.ticks % self._ticks_per_state == 0
                state = self._state() if due else None
                self.counters.ticks += 1
            if state is not None:
                self._on_state(state)
            deadline = self._wait(deadline + self.tick_s)

    def _tick(self) -> None:
        if self._commanded and time.monotonic() - self._command_time > self._command_timeout_s:
            self.counters.command_timeouts += 1
            self._command, self._commanded = self._no_command(self._command), False
            self._on_timeout()
        before = self._simulation.time_s
        self._simulation.step(self._command, self.tick_s)
        if self._simulation.time_s < before:  # MuJoCo put back a state that was not finite
            self.counters.divergences += 1
        self._steps += 1

    def _wait(self, deadline: float) -> float:
        """Sleep until the deadline; returns the one to count the next from."""
        ahead = deadline - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)
            return deadline
        self.counters.late_ticks += 1
        if -ahead > _LARGEST_LAG_S:
            self.counters.dropped_s += -ahead
            return deadline - ahead
        return deadline
