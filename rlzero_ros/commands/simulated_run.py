"""What `rlzero run` does between its arguments and its report."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from ..action import ExecuteCommand
from ..bundle import Bundle
from ..errors import BundleError, ErrorCode, RobotError
from ..evaluate.behaviour import behaviour_of
from ..evaluate.recording import Recording
from ..evaluate.report import RunReport
from ..msg import PolicyStatus
from ..nodes.run_client import RunClient
from ..robots.registry import load_robot
from .node_processes import NodeProcesses, config_file, fresh_domain_id, graph_environment

_START_TIMEOUT_S = 120.0
# The robot stands by itself for so long before it is told anything.
_SETTLE_S = 1.0
# Guard counters of what stops a robot whose computer does not keep up.
_NOT_KEPT_UP = {"stale_state", "loop_hangs", "loop_overruns"}


class _NotKeptUpError(Exception):
    """The robot stopped because this computer did not keep up; the message is its reason."""


class Progress:
    """Says what happens, in one rewritten line on a terminal, in few lines elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._stage, self._tenth = "", -1

    def say(self, text: str) -> None:
        """One line that stays."""
        print(text, file=self._stream, flush=True)

    def feedback(self, stage: str, progress: float, similarity: float) -> None:
        """Feedback of the action."""
        tenth = int(progress * 10.0)
        if (stage, tenth) == (self._stage, self._tenth):
            return
        changed = stage != self._stage
        self._stage, self._tenth = stage, tenth
        text = f"{stage:<8} {progress:4.0%}"
        if similarity:
            text += f"  similarity {similarity:.2f}"
        if self._stream.isatty():
            print(f"\r{text:<40}", end="\n" if progress >= 1.0 else "", file=self._stream)
            self._stream.flush()
        elif changed or progress >= 1.0:
            self.say(text)


@dataclass(frozen=True)
class SimulatedRun:
    """One command on a simulated robot, through the same nodes and topics as on a real one."""

    command: str
    robot: str
    bundle: str
    imaginer: str
    video: Path | None
    seconds: float
    seed: int
    folder: Path
    rehearse: int
    tries: int = 1

    def carry_out(self, progress: Progress) -> tuple[RunReport, Recording]:
        """Start the nodes, arm, send the command, let the robot act, end the nodes.

        All of it again, up to `tries` times, if this computer stood still for so long that the
        robot stopped by itself: of a simulated robot that says nothing about the command.

        Returns the report and the states while it acted; if the command was refused, the states of
        as many seconds after the refusal. Raises RlzeroError when the nodes or the robot fail.
        """
        bundle = Bundle.load(self.bundle)
        if bundle.spec.name != load_robot(self.robot).spec.name:
            raise BundleError(
                f"bundle {self.bundle} is of robot {bundle.spec.name}, not {self.robot}",
                ErrorCode.BUNDLE_MISMATCH,
            )
        stops: list[str] = []
        while True:
            try:
                last = len(stops) + 1 >= self.tries
                report, recording = self._try(bundle, progress, last)
            except _NotKeptUpError as reason:
                stops.append(str(reason))
                progress.say(
                    f"this computer did not keep up ({reason}): "
                    f"try {len(stops) + 1} of {self.tries}"
                )
            else:
                return replace(report, stops=stops), recording

    def _try(self, bundle: Bundle, progress: Progress, last: bool) -> tuple[RunReport, Recording]:
        """Once; raises _NotKeptUpError unless it is the last time."""
        domain = fresh_domain_id()
        environment = graph_environment(domain)
        progress.say(f"starting the nodes (ROS_DOMAIN_ID={domain}, logs in {self.folder / 'log'})")
        with NodeProcesses(self.folder / "log", environment) as nodes:
            self._start(nodes)
            # This process takes part in the same graph, by the same rules.
            os.environ.update(environment)
            client = RunClient(bundle.spec, domain, nodes.check)
            try:
                return self._operate(nodes, client, bundle, progress, last)
            finally:
                client.close()

    def _start(self, nodes: NodeProcesses) -> None:
        # Held at first, as on a gantry: a robot without torque would have fallen before it is told
        # anything.
        nodes.start(
            "mujoco_node",
            {"robot": self.robot, "seed": self.seed, "start_paused": True},
            [config_file("mujoco.yaml")],
        )
        clock = {"use_sim_time": True}
        nodes.start(
            "policy_node",
            {"bundle": self.bundle, **clock},
            [config_file("policy.yaml"), config_file("policy_sim.yaml")],
        )
        planner: dict[str, object] = {
            "bundle": self.bundle,
            "imaginer": self.imaginer,
            # A run measures all steps, and a user's own skills must not change it.
            "skills.cache": False,
            "skills.folder": str(self.folder / "skills"),
            "rehearsal.candidates": self.rehearse,
            **clock,
        }
        if self.video is not None:
            planner["video"] = self.video.absolute()
        nodes.start("planner_node", planner, [config_file("planner.yaml")])

    def _operate(
        self,
        nodes: NodeProcesses,
        client: RunClient,
        bundle: Bundle,
        progress: Progress,
        last: bool,
    ) -> tuple[RunReport, Recording]:
        for node in ("mujoco_node", "policy_node", "planner_node"):
            if not client.wait_until_started(node, _START_TIMEOUT_S):
                raise nodes.failure(node, "did not become active")
            progress.say(f"{node} is active")
        late_before = self._engage(client, last)
        began: list[float] = []

        def on_feedback(stage: str, fraction: float, similarity: float) -> None:
            if stage == "act" and not began:
                began.append(_now_s(client))
            progress.feedback(stage, fraction, similarity)

        sent_s = time.monotonic()
        result = client.execute(self.command, self.seed, self.seconds, on_feedback)
        if result.error_code == ErrorCode.STOPPED and not last:
            client.wait(lambda: _is_stopped(client), 2.0, "the reason of the stop")
            _raise_if_not_kept_up(client, late_before)
        carried_out = result.error_code == ErrorCode.OK
        if not carried_out:
            progress.say(f"refused ({result.error_code}): {result.message}")
            began[:] = [_now_s(client)]
        end_s = began[0] + self.seconds
        client.wait(lambda: _now_s(client) >= end_s, 60.0 + 10.0 * self.seconds, "the robot to act")
        recording = client.recorder.recording().between(began[0], end_s)
        return self._report(client, bundle, result, sent_s, recording), recording

    def _engage(self, client: RunClient, last: bool) -> int:
        """Arm the robot and let it go; how many faults of lateness were counted before."""
        client.wait(lambda: client.recorder.latest_s is not None, 10.0, "the robot's states")
        client.wait(lambda: client.status is not None, 10.0, "policy_status")
        late_before = _late_faults(client)
        answer = client.set("arm", True)
        if not answer.success:
            raise RobotError(f"the robot cannot be armed: {answer.message}", ErrorCode.NOT_ARMED)
        took_over = (PolicyStatus.RUNNING, PolicyStatus.STOPPED)
        client.wait(
            lambda: client.status is not None and client.status.guard_state in took_over,
            10.0,
            "the policy to take over",
        )
        if _is_stopped(client):
            if not last:
                _raise_if_not_kept_up(client, late_before)
            assert client.status is not None
            raise RobotError(
                f"the robot stopped at once: {client.status.stop_reason}", ErrorCode.STOPPED
            )
        client.set("pause", False)
        settled_s = _now_s(client) + _SETTLE_S
        client.wait(lambda: _now_s(client) >= settled_s, 30.0, "the robot to settle")
        return late_before

    def _report(
        self,
        client: RunClient,
        bundle: Bundle,
        result: ExecuteCommand.Result,
        sent_s: float,
        recording: Recording,
    ) -> RunReport:
        status, plan = client.status, client.plan
        assert status is not None
        acted_on = bool(result.plan_id) and status.plan_id == result.plan_id
        if plan is not None and plan.id != result.plan_id:
            plan = None
        first_command_s = None
        if acted_on and plan is not None and status.first_command_s > 0.0:
            first_command_s = client.plan_received_s - sent_s + status.first_command_s
        files = {}
        if plan is not None and client.imagination is not None:
            strip = self.folder / "strip.png"
            strip.write_bytes(bytes(client.imagination.data))
            files["strip"] = strip.name
        return RunReport(
            command=self.command,
            robot=self.robot,
            seed=self.seed,
            seconds=self.seconds,
            bundle_id=bundle.id,
            error_code=int(result.error_code),
            message=result.message,
            plan_id=result.plan_id,
            source=plan.source if plan is not None else "",
            imagine_s=result.imagine_s,
            project_s=result.project_s,
            imitate_s=status.imitate_s if acted_on else None,
            first_command_s=first_command_s,
            similarities=list(plan.similarities) if plan is not None else [],
            behaviour=behaviour_of(recording),
            control={
                "rate_hz": status.loop_rate_hz,
                "period_error_p50_ms": status.period_error_p50_ms,
                "period_error_p99_ms": status.period_error_p99_ms,
                "latency_p50_ms": status.latency_p50_ms,
                "latency_p99_ms": status.latency_p99_ms,
                "ticks": status.ticks,
                "overruns": status.overruns,
            },
            guard={counter.key: int(counter.value) for counter in status.counters},
            rehearse_s=result.rehearse_s,
            rehearsal_gain=result.rehearsal_gain,
            files=files,
        )


def _now_s(client: RunClient) -> float:
    """Simulated time, by the stamp of the newest state."""
    latest_s = client.recorder.latest_s
    assert latest_s is not None
    return latest_s


def _is_stopped(client: RunClient) -> bool:
    return client.status is not None and client.status.guard_state == PolicyStatus.STOPPED


def _late_faults(client: RunClient) -> int:
    assert client.status is not None
    return sum(int(c.value) for c in client.status.counters if c.key in _NOT_KEPT_UP)


def _raise_if_not_kept_up(client: RunClient, late_before: int) -> None:
    """Of a stopped robot: whether lateness stopped it."""
    if _late_faults(client) > late_before:
        assert client.status is not None
        raise _NotKeptUpError(client.status.stop_reason)
