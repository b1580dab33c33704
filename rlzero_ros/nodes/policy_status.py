"""What policy_node tells people: PolicyStatus and /diagnostics."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from ..msg import PolicyStatus
from ..safety import GuardState
from .diagnostics import diagnostic_message
from .loop_times import LoopReport
from .snapshot import Snapshot

ARMED = (GuardState.ENGAGING, GuardState.RUNNING)
# More missed periods than this share of all are worth a warning.
OVERRUN_SHARE = 0.01


@dataclass(frozen=True)
class Rejection:
    """The last plan refused: its id, the error code, and why."""

    plan_id: str = ""
    code: int = 0
    reason: str = ""


def status_message(
    snapshot: Snapshot, loop: LoopReport, rejection: Rejection, *, dry_run: bool, stamp: Time
) -> PolicyStatus:
    """Return the status as a message."""
    task, z = snapshot.task, snapshot.z
    message = PolicyStatus(
        plan_id=task.plan_id,
        command=task.command,
        z=array("f", b"" if z is None else np.asarray(z, dtype=np.float32).tobytes()),
        guard_state=int(snapshot.state),
        armed=snapshot.state in ARMED,
        dry_run=dry_run,
        joint_command=array("d", b"" if snapshot.command is None else snapshot.command.tobytes()),
        stop_reason=snapshot.stop_reason,
        counters=[KeyValue(key=key, value=str(n)) for key, n in snapshot.counters.items()],
        loop_rate_hz=loop.rate_hz,
        period_error_p50_ms=loop.period_error_p50_ms,
        period_error_p99_ms=loop.period_error_p99_ms,
        latency_p50_ms=loop.latency_p50_ms,
        latency_p99_ms=loop.latency_p99_ms,
        ticks=loop.ticks,
        overruns=loop.overruns,
        imitate_s=task.imitate_s,
        first_command_s=snapshot.first_command_s,
        rejected_plan_id=rejection.plan_id,
        rejected_code=rejection.code,
        rejected_reason=rejection.reason,
    )
    message.header.stamp = stamp
    return message


def policy_diagnostics(
    name: str,
    hardware_id: str,
    snapshot: Snapshot,
    loop: LoopReport,
    *,
    state_label: str,
    dry_run: bool,
    stamp: Time,
) -> DiagnosticArray:
    """Return one DiagnosticStatus named "<name>: task"."""
    level, text = _judge(snapshot, loop, state_label, dry_run)
    values: dict[str, object] = {
        "lifecycle": state_label,
        "guard": snapshot.state.name,
        "plan": snapshot.task.plan_id or "none (hold)",
        "command": snapshot.task.command,
        "plan confidence": f"{snapshot.task.confidence:.3f}",
        "loop rate (Hz)": f"{loop.rate_hz:.2f}",
        "period error p50, p99 (ms)": f"{loop.period_error_p50_ms:.3f}, "
        f"{loop.period_error_p99_ms:.3f}",
        "latency p50, p99 (ms)": f"{loop.latency_p50_ms:.3f}, {loop.latency_p99_ms:.3f}",
        "work p50, p99 (ms)": f"{loop.work_p50_ms:.3f}, {loop.work_p99_ms:.3f}",
        "overruns": loop.overruns,
        "inputs dropped": snapshot.dropped,
    }
    for key, age_s in snapshot.ages_s.items():
        values[f"age of {key} (ms)"] = "never" if age_s == np.inf else f"{age_s * 1e3:.1f}"
    values |= {f"guard: {key}": n for key, n in snapshot.counters.items()}
    return diagnostic_message(name, "task", hardware_id, level, text, values, stamp)


def _judge(
    snapshot: Snapshot, loop: LoopReport, state_label: str, dry_run: bool
) -> tuple[bytes, str]:
    if snapshot.state is GuardState.STOPPED:
        return DiagnosticStatus.ERROR, f"stopped: {snapshot.stop_reason}"
    if loop.overruns > max(1.0, OVERRUN_SHARE * loop.ticks):
        return DiagnosticStatus.WARN, f"{loop.overruns} of {loop.ticks} periods overrun"
    if state_label != "active":
        return DiagnosticStatus.OK, state_label
    if dry_run:
        return DiagnosticStatus.WARN, "dry run: no command is published"
    if snapshot.state is GuardState.DISARMED:
        return DiagnosticStatus.OK, "disarmed"
    return DiagnosticStatus.OK, snapshot.task.command or "hold"
