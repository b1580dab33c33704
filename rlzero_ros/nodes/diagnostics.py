"""One DiagnosticStatus as nodes publish it at 1 Hz."""

from __future__ import annotations

from collections.abc import Mapping

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue


def diagnostic_message(
    node: str,
    task: str,
    hardware_id: str,
    level: bytes,
    text: str,
    values: Mapping[str, object],
    stamp: Time,
) -> DiagnosticArray:
    """A status named "node: task" (REP-107); level: one of DiagnosticStatus' constants."""
    status = DiagnosticStatus(
        level=level,
        name=f"{node}: {task}",
        message=text,
        hardware_id=hardware_id,
        values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
    )
    message = DiagnosticArray(status=[status])
    message.header.stamp = stamp
    return message
