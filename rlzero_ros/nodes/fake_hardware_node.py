"""A robot that is not there: what ros2_control's forward controllers and broadcasters would say.

It is the partner that hardware mode is tested with. Unlike mujoco_node it takes everything from the
bundle, has no services and no clock of its own, stamps with the wall clock, and obeys the last
command for ever, as a forward controller does. Its sensors and wires may be as bad as real ones.
"""

from __future__ import annotations

import math
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from nav_msgs.msg import Odometry
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Imu, JointState

from ..bundle import Bundle
from ..errors import BundleError, RobotError
from ..robots.simulation import Simulation
from ..robots.state import RobotState
from .delay_line import DelayLine
from .fake_faults import Faults, FaultySensors, StateMessage
from .fake_hardware_parameters import FAULTS, PARAMETERS, RELIABILITIES
from .lifecycle import ManagedNode, run_node
from .memory_lock import lock_memory
from .parameter_table import declare_table, read_table
from .read_command import COMMAND_TYPES, CommandMessage, read_command
from .realtime import make_realtime
from .robot_state_messages import imu_message, joint_state_message, odometry_message
from .simulation_loop import SimulationLoop


class FakeHardwareNode(ManagedNode):
    """A SimulationLoop behind faulty sensors and wires."""

    live_parameters = frozenset(FAULTS)

    def __init__(self) -> None:
        super().__init__("fake_hardware_node")
        declare_table(self, PARAMETERS | FAULTS)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._sensors: FaultySensors | None = None
        self.add_on_set_parameters_callback(self._on_parameters)
        self._configured = ExitStack()
        self._activated = ExitStack()

    def configure(self) -> None:
        """Load the robot and open the topics of its states."""
        self._options = options = read_table(self, PARAMETERS)
        if why_not := lock_memory(options["realtime_priority"] > 0):
            self.get_logger().warning(f"memory is not locked: {why_not}")
        bundle = Bundle.load(options["bundle"])
        if bundle.model_xml is None:
            raise BundleError(f"bundle {options['bundle']!r} has no model.xml to move")
        if options["reliability"] not in RELIABILITIES:
            raise RobotError(f"reliability must be {' or '.join(RELIABILITIES)}")
        self._spec = bundle.spec
        self._simulation = Simulation(bundle.spec, bundle.model_xml, seed=options["seed"])
        faults = Faults.of(read_table(self, FAULTS))
        self._sensors = FaultySensors(faults, bundle.spec.joint_names, options["seed"])
        reliability = ReliabilityPolicy[options["reliability"].upper()]
        self._publishers_of_state = {}
        for kind, topic in ((JointState, "joint_states"), (Imu, "imu"), (Odometry, "odom")):
            publisher = self.create_publisher(
                kind, topic, QoSProfile(depth=10, reliability=reliability)
            )
            self._publishers_of_state[topic] = publisher
            self._configured.callback(self.destroy_publisher, publisher)

    def activate(self) -> None:
        """Switch the robot on."""
        self._delays = DelayLine()
        self._activated.callback(self._delays.close)
        self._loop = SimulationLoop(
            self._simulation,
            pose="default",
            state_rate_hz=self._options["state_rate_hz"],
            command_timeout_s=math.inf,
            on_state=self._on_state,
            on_timeout=lambda: None,
            on_failure=self._on_failure,
            paused=self._options["held"],
        )
        command = self._spec.command
        listener = self.create_subscription(
            COMMAND_TYPES[command.message], command.topic, self._on_command, QoSProfile(depth=1)
        )
        self._activated.callback(self.destroy_subscription, listener)
        self._loop.start()
        self._activated.callback(self._loop.stop)
        urgent = (threading.get_native_id(), self._loop.thread_id)
        if why_not := make_realtime(self._options["realtime_priority"], urgent):
            self.get_logger().warning(f"no real-time scheduling: {why_not}")
        self._activated.callback(make_realtime, 0)

    def deactivate(self) -> None:
        """Switch it off."""
        self._activated.close()

    def cleanup(self) -> None:
        """Close the topics."""
        self._configured.close()
        self._sensors = None

    def _on_state(self, state: RobotState) -> None:
        assert self._sensors is not None
        offset = Duration(nanoseconds=round(self._sensors.faults.clock_offset_s * 1e9))
        stamp = (self.get_clock().now() + offset).to_msg()
        for topic, make in (
            ("joint_states", joint_state_message),
            ("imu", imu_message),
            ("odom", odometry_message),
        ):
            for delay_s, message in self._sensors.pass_on(topic, make(self._spec, state, stamp)):
                self._delays.after(delay_s, self._sender(topic, message))

    def _sender(self, topic: str, message: StateMessage) -> Callable[[], None]:
        return lambda: self._publishers_of_state[topic].publish(message)

    def _on_command(self, message: CommandMessage) -> None:
        assert self._sensors is not None
        try:
            values = read_command(message, self._spec)
        except RobotError as error:
            self.get_logger().warning(
                f"ignored a command: {error}",
                throttle_duration_sec=1.0,
                throttle_time_source_type=self._steady,
            )
            return
        if self._sensors.loses_command():
            return

        def obey() -> None:
            self._loop.command(values)
            self._loop.pause(False)

        self._delays.after(self._sensors.faults.command_latency_s, obey)

    def _on_parameters(self, parameters: Sequence[Parameter]) -> SetParametersResult:
        if self._sensors is None:
            return SetParametersResult(successful=True)
        values = read_table(self, FAULTS) | {
            p.name: p.value for p in parameters if p.name in FAULTS
        }
        try:
            self._sensors.faults = Faults.of(values)
        except RobotError as error:
            return SetParametersResult(successful=False, reason=error.message)
        return SetParametersResult(successful=True)

    def _on_failure(self, error: Exception) -> None:
        self.get_logger().error("".join(traceback.format_exception(error)))


def main(args: list[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    return run_node(FakeHardwareNode, args)


if __name__ == "__main__":
    sys.exit(main())
