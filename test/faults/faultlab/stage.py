"""The nodes of one scene, each a process of its own, kept from fault to fault while they live."""

from __future__ import annotations

import itertools
import sys
import time
from types import ModuleType
from typing import Any

import numpy as np
from punctual import be_punctual

from rlzero_ros.bundle import Bundle
from rlzero_ros.msg import PolicyStatus

from .operator import Operator, wait_until
from .outside import OutsideNode
from .recorder import CommandRecorder
from .robot import PlayedRobot

START_S = 120.0
BLEND_S = 0.4
POLICY = {
    "dry_run": False,
    "engage_s": 0.3,
    "plan_blend_s": BLEND_S,
    "min_confidence": 0.1,
    # Somebody else on the command topic is a fault of its own.
    "preflight": False,
}


class Stage:
    """A policy node, whatever else is asked for, and an operator and a recorder outside.

    robot: the robot played by this process, or None where mujoco_node is the robot.
    """

    def __init__(self, starter: Any, bundle: Bundle) -> None:
        self.outside = OutsideNode()
        self.node = node = self.outside.node
        self.bundle, self.wait = bundle, wait_until
        self.operator = Operator(node, bundle)
        self.robot: PlayedRobot | None = None
        self._starter = starter
        self._processes: dict[str, Any] = {}
        self._parameters: dict[str, dict[str, object]] = {}
        self.recorder = CommandRecorder(node, bundle.spec)
        self.ids = (f"fault-{n}" for n in itertools.count(1))

    def play(self) -> PlayedRobot:
        """Play the robot in this process."""
        self.robot = PlayedRobot(self.node, self.bundle.spec)
        be_punctual()
        return self.robot

    def process(self, name: str, **parameters: object) -> Any:
        """The process of a node, started if it does not run; parameters are kept for restarts.

        One that runs with other parameters is ended first.
        """
        if parameters and parameters != self._parameters.get(name):
            self.end(name)
        if parameters or name not in self._parameters:
            self._parameters[name] = parameters
        running = self._processes.get(name)
        if running is None or not running.is_running():
            self._processes[name] = self._starter(name, parameters=self._parameters[name])
        return self._processes[name]

    def launch(self, name: str, prelude: str = "", **parameters: object) -> Any:
        """A process of its own that `ready` knows nothing of; prelude: Python to execute first."""
        return self._starter(name, parameters=parameters, prelude=prelude)

    def run_beside(self, module: ModuleType, *arguments: str) -> int:
        """Run a script in a process of its own; its exit status."""
        command = [sys.executable, str(module.__file__), *arguments]
        return int(self._starter.start("beside", command).popen.wait(60.0))

    def start(self, name: str, **parameters: object) -> Any:
        """As `process`, and wait until the node is active."""
        process = self.process(name, **parameters)
        process.wait_for_log("activate done", START_S)
        return process

    def end(self, name: str) -> None:
        """End a process for good, as Ctrl-C does."""
        if name in self._processes:
            self._processes.pop(name).stop()
        self._parameters.pop(name, None)

    def ready(self, *, plan: bool = False) -> str:
        """Whatever the last fault left, bring the robot to where it acts again; return the plan."""
        dead = [n for n, p in self._processes.items() if not p.is_running()]
        if self.robot is not None and dead:
            # Loading models takes long enough without a robot that wants the processor too.
            self.robot.say(lambda topic, message: [message], rate_hz=5.0)
        for name in self._parameters:
            self.process(name)
        for name in self._parameters:
            self.start(name)
        if self.robot is not None:
            self.robot.heal()
        self.operator.make_ready()
        if not plan:
            return ""
        plan_id = next(self.ids)
        self.operator.act(plan_id)
        time.sleep(BLEND_S + 0.1)
        return plan_id

    def close(self) -> None:
        """End everything."""
        for name in list(self._processes):
            self.end(name)
        if self.robot is not None:
            self.robot.close()
        self.outside.close()

    def expect_stop(self, start_s: float, *words: str) -> float:
        """Milliseconds until the robot was stopped; the stop is latched for one of the reasons."""
        self.wait(
            lambda: self.operator.status.guard_state == PolicyStatus.STOPPED,
            3.0,
            "a latched stop",
        )
        time.sleep(0.25)
        status = self.operator.status
        assert status.guard_state == PolicyStatus.STOPPED
        assert not words or any(w in status.stop_reason for w in words), status.stop_reason
        assert not status.plan_id
        assert not self.operator.arm().success, "a stop must not be left by arming"
        return self.recorder.first_stop_s(start_s) * 1e3

    def expect_unmoved(self, plan_id: str, start_s: float, last_s: float = 0.6) -> float:
        """The longest time in ms between two commands, which go on as they were.

        A played robot stands still, so its commands may not change by a single bit.
        """
        end_s = max(start_s + last_s, time.monotonic())
        time.sleep(max(0.0, end_s - time.monotonic()))
        status = self.operator.wait_for(lambda s: True, "policy_status")
        assert status.guard_state == PolicyStatus.RUNNING, status.stop_reason
        assert status.plan_id == plan_id
        before = [c for c in self.recorder.commands if c.received_s <= start_s][-1]
        after = self.recorder.since(start_s)
        assert after
        if self.robot is not None:
            changed = [c for c in after if not np.array_equal(c.values, before.values)]
            assert not changed, f"{len(changed)} of {len(after)} commands changed"
        return self.recorder.largest_gap_s(start_s, end_s) * 1e3

    def refused(self, plan_id: str, timeout_s: float = 5.0) -> PolicyStatus:
        """The status that refuses a plan."""
        return self.operator.wait_for(
            lambda s: s.rejected_code and s.rejected_plan_id == plan_id,
            f"a refusal of {plan_id!r}",
            timeout_s,
        )


class Theatre:
    """Shows one stage at a time; the one with the played robot is kept while nobody else plays."""

    def __init__(self, starter: Any, bundle: Bundle) -> None:
        self._starter, self._bundle = starter, bundle
        self._stage: Stage | None = None

    def played(self, **policy: object) -> Stage:
        """A played robot and a policy node, both as they should be."""
        if self._stage is None or self._stage.robot is None:
            self.empty().play()
        assert self._stage is not None
        assert self._stage.robot is not None
        self._stage.robot.heal()
        self._stage.start("policy_node", **{**POLICY, **policy})
        return self._stage

    def empty(self) -> Stage:
        """A stage with nobody on it."""
        self.close()
        self._stage = Stage(self._starter, self._bundle)
        return self._stage

    def close(self) -> None:
        """End everything."""
        if self._stage is not None:
            self._stage.close()
            self._stage = None
