"""Writes everything that moves the robot into one MCAP file, in a process of its own.

What is said, imagined, projected, inferred, decided and commanded, and what the joints did.
Whatever happens to this process or its disk is no matter to the robot: nobody waits for it.
"""

from __future__ import annotations

import os
import platform
import signal
import sys
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CompressedImage, Imu, JointState
from std_msgs.msg import String

from ..bundle import Bundle
from ..errors import DataError, ErrorCode, RlzeroError
from ..evaluate.mcap_file import McapRecording
from ..msg import ControlEvent, PolicyStatus, ProjectedPlan, Prompt
from .command_messages import command_message_maker
from .executor import make_executor
from .message_definitions import message_definition
from .parameter_table import Row, declare_table, read_table
from .parameters import describe_use_sim_time
from .robot_probe import kind_name

PARAMETERS: dict[str, Row] = {
    "bundle": ("walker", "Bundle: the name of an installed one, or the path of its folder"),
    "file": (
        "recordings/{robot}-{time}.mcap",
        "Where to write; {robot} and {time} (UTC) are filled in. An existing file is refused",
    ),
    "min_free_mb": (200, "The recording ends when less than this is free on the disk", 0, 10**9),
}
_BEST_EFFORT = QoSProfile(depth=50, reliability=ReliabilityPolicy.BEST_EFFORT)
_RELIABLE = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE)
_LATCHED = QoSProfile(
    depth=10,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
_MEGABYTE = 1 << 20
_LOOK_S = 0.1
"""So long after a signal, at most, the recording is finished when nothing is heard."""


class RecorderNode(Node):
    """Subscribes without decoding: what is written is what came over the wire."""

    def __init__(self) -> None:
        """Open the file and listen.

        Raises:
            RlzeroError: if the bundle or the file is not good.
        """
        super().__init__("recorder_node")
        describe_use_sim_time(self)
        declare_table(self, PARAMETERS)
        values = read_table(self, PARAMETERS)
        bundle = Bundle.load(values["bundle"])
        now = datetime.now(timezone.utc).strftime("%Y%m%d-%H%M%S")
        named = values["file"].replace("{robot}", bundle.spec.name).replace("{time}", now)
        self.path = Path(named).expanduser()
        self._min_free = values["min_free_mb"] * _MEGABYTE
        self.recording = self._open(bundle)
        command, _ = command_message_maker(bundle.spec)
        for kind, topic, qos in (
            (ControlEvent, "control_events", _RELIABLE),
            (JointState, "joint_states", _BEST_EFFORT),
            (Imu, "imu", _BEST_EFFORT),
            (Odometry, "odom", _BEST_EFFORT),
            (command, bundle.spec.command.topic, _BEST_EFFORT),
            (ProjectedPlan, "plan", _LATCHED),
            (Prompt, "prompt", _RELIABLE),
            (CompressedImage, "imagination", _LATCHED),
            (String, "language_command", _RELIABLE),
            (PolicyStatus, "policy_status", _BEST_EFFORT),
            (DiagnosticArray, "/diagnostics", _BEST_EFFORT),
        ):
            self._listen(kind, topic, qos)
        self.create_timer(1.0, self._look_after)
        self.get_logger().info(f"recording to {self.path}")

    def _open(self, bundle: Bundle) -> McapRecording:
        facts = {
            "bundle": str(bundle.path),
            "bundle_id": bundle.id,
            "robot": bundle.spec.name,
            "machine": platform.machine(),
            "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        }
        try:
            return McapRecording(self.path, facts)
        except FileExistsError as error:
            raise DataError(f"{self.path} exists; name another file") from error
        except OSError as error:
            raise DataError(f"cannot write {self.path}: {error.strerror}") from error

    def _listen(self, kind: type, topic: str, qos: QoSProfile) -> None:
        name = self.resolve_topic_name(topic)
        self.recording.add_topic(name, kind_name(kind), message_definition(kind_name(kind)))

        def take(data: bytes) -> None:
            self._guarded(lambda: self.recording.write(name, data, time.time_ns()))

        self.create_subscription(kind, topic, take, qos, raw=True)

    def _look_after(self) -> None:
        """Flush each second, and end before the disk is full: others need it too."""
        self._guarded(self.recording.flush)
        disk = os.statvfs(self.path.parent)
        free = disk.f_bavail * disk.f_frsize
        if free < self._min_free:
            raise DataError(
                f"the recording ends, {self.path} is good up to here: {free // _MEGABYTE} MB are "
                f"free, less than min_free_mb ({self._min_free // _MEGABYTE}); the robot goes on"
            )

    def _guarded(self, action: Callable[[], None]) -> None:
        try:
            action()
        except OSError as error:
            self.recording.abandon()
            raise DataError(
                f"the recording ends, {self.path} is good up to the last chunk: "
                f"{error.strerror}; the robot goes on",
                ErrorCode.DATA_INVALID,
            ) from error


def main(args: list[str] | None = None) -> int:
    """Record until SIGINT or SIGTERM; 2 if the recording had to end by itself.

    A signal only says so: raised as KeyboardInterrupt in the middle of a write, it would cut the
    chunk that is being written.
    """
    ended: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: ended.append(number))
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    node: RecorderNode | None = None
    try:
        node = RecorderNode()
        executor = make_executor(1)
        executor.add_node(node)
        while not ended:
            executor.spin_once(timeout_sec=_LOOK_S)
    except RlzeroError as error:
        # Nothing else may come of it: what could be written is finished first.
        _finish(node)
        print(f"recorder_node: {error}", file=sys.stderr, flush=True)
        return 2
    finally:
        rclpy.try_shutdown()
    return _finish(node)


def _finish(node: RecorderNode | None) -> int:
    try:
        if node is not None:
            node.recording.finish()
    except OSError as error:
        print(f"recorder_node: no index was written: {error.strerror}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
