"""The simulated robot: stands where the real one stands, with the same topics and units."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from contextlib import ExitStack
from dataclasses import asdict, replace

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from nav_msgs.msg import Odometry
from numpy.typing import NDArray
from rclpy.clock import Clock, ClockType
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import Image, Imu, JointState
from std_srvs.srv import SetBool, Trigger

from ..errors import RobotError
from ..robots.registry import load_robot
from ..robots.simulation import Simulation
from ..robots.state import RobotState
from .camera import Camera, image_message
from .diagnostics import diagnostic_message
from .entities import RELIABLE, SENSOR_DATA, open_publisher, open_subscription
from .lifecycle import ManagedNode, run_node
from .memory_lock import lock_memory
from .mujoco_parameters import PARAMETERS
from .parameter_table import declare_table, read_table
from .read_command import COMMAND_TYPES, CommandMessage, read_command
from .realtime import make_realtime
from .robot_state_messages import imu_message, joint_state_message, odometry_message, time_message
from .simulation_loop import LoopCounters, SimulationLoop


class MujocoNode(ManagedNode):
    """Physics in its own thread, in real time, between a command topic and the state topics.

    Time starts at the wall clock when the node is activated and never goes back, so that a
    restarted simulator does not confuse the others, with or without use_sim_time.
    """

    def __init__(self) -> None:
        super().__init__("mujoco_node")
        declare_table(self, PARAMETERS)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._configured = ExitStack()
        self._activated = ExitStack()

    def configure(self) -> None:
        """Load the robot and open the topics."""
        self._options = read_table(self, PARAMETERS)
        if why_not := lock_memory(self._options["realtime_priority"] > 0):
            self.get_logger().warning(f"memory is not locked: {why_not}")
        robot = load_robot(self._options["robot"])
        self._spec, self._model_xml = robot.spec, robot.model_xml
        self._simulation = Simulation(robot.spec, robot.model_xml, seed=self._options["seed"])
        self._joint_states = self._publisher(JointState, "joint_states", SENSOR_DATA)
        self._imu = self._publisher(Imu, "imu", SENSOR_DATA)
        self._odom = self._publisher(Odometry, "odom", SENSOR_DATA)
        self._images = self._publisher(Image, "camera/image_raw", SENSOR_DATA)
        self._clocks = self._publisher(ClockMessage, "/clock", RELIABLE)
        self._diagnostics = self._publisher(DiagnosticArray, "/diagnostics", RELIABLE)

    def activate(self) -> None:
        """Start the physics and listen."""
        self._refused_commands = 0
        self._next_clock_s = 0.0
        self._failure = ""
        self._told = (0.0, time.monotonic(), LoopCounters())
        self._loop = SimulationLoop(
            self._simulation,
            pose=self._options["initial_pose"],
            state_rate_hz=self._options["state_rate_hz"],
            command_timeout_s=self._options["command_timeout_s"],
            on_state=self._publish_state,
            on_timeout=self._warn_of_timeout,
            on_failure=self._report_failure,
            paused=self._options["start_paused"],
            epoch_s=time.time(),
        )
        command = self._spec.command
        kind = COMMAND_TYPES[command.message]
        open_subscription(self, self._activated, kind, command.topic, self._on_command, RELIABLE)
        for service in (
            self.create_service(Trigger, "reset", self._on_reset),
            self.create_service(SetBool, "pause", self._on_pause),
        ):
            self._activated.callback(self.destroy_service, service)
        told = self.create_timer(1.0, self._publish_diagnostics, clock=self._steady)
        self._activated.callback(self.destroy_timer, told)
        if self._options["camera.rate_hz"] > 0.0:
            camera = Camera(
                self._spec,
                self._model_xml,
                rate_hz=self._options["camera.rate_hz"],
                width=self._options["camera.width"],
                height=self._options["camera.height"],
                physics=self._loop.physics,
                on_image=self._publish_image,
                on_failure=self._report_failure,
            )
            camera.start()
            self._activated.callback(camera.stop)
        self._loop.start()
        self._activated.callback(self._loop.stop)
        urgent = (threading.get_native_id(), self._loop.thread_id)
        if why_not := make_realtime(self._options["realtime_priority"], urgent):
            self.get_logger().warning(f"no real-time scheduling: {why_not}")
        self._activated.callback(make_realtime, 0)

    def deactivate(self) -> None:
        """Stop the physics; the robot is put back to an initial pose at the next activation."""
        self._activated.close()

    def cleanup(self) -> None:
        """Close the topics."""
        self._configured.close()

    def _publisher(self, message_type: type, topic: str, qos: QoSProfile) -> Publisher:
        return open_publisher(self, self._configured, message_type, topic, qos)

    def _publish_state(self, state: RobotState) -> None:
        stamp = time_message(state.time_s)
        rate_hz, now_s = self._options["clock_rate_hz"], time.monotonic()
        if rate_hz > 0.0 and now_s >= self._next_clock_s:
            self._clocks.publish(ClockMessage(clock=stamp))
            self._next_clock_s = max(self._next_clock_s, now_s - 1.0 / rate_hz) + 1.0 / rate_hz
        self._joint_states.publish(joint_state_message(self._spec, state, stamp))
        self._imu.publish(imu_message(self._spec, state, stamp))
        self._odom.publish(odometry_message(self._spec, state, stamp))

    def _publish_image(self, image: NDArray[np.uint8]) -> None:
        message = image_message(image, "camera")
        message.header.stamp = time_message(self._loop.time_s)
        self._images.publish(message)

    def _on_command(self, message: CommandMessage) -> None:
        try:
            self._loop.command(read_command(message, self._spec))
        except RobotError as error:
            self._refused_commands += 1
            self._warn(f"ignored a command: {error} ({self._refused_commands} ignored so far)")

    def _warn_of_timeout(self) -> None:
        self._warn(f"no command for {self._options['command_timeout_s']} s")

    def _warn(self, text: str) -> None:
        self.get_logger().warning(
            text, throttle_duration_sec=1.0, throttle_time_source_type=self._steady
        )

    def _publish_diagnostics(self) -> None:
        """What happened since the last time, so that a fault which is over is not told for ever."""
        sim_s, wall_s, before = self._told
        now = replace(self._loop.counters)
        self._told = (self._loop.time_s, time.monotonic(), now)
        factor = (self._told[0] - sim_s) / (self._told[1] - wall_s) if sim_s else 1.0
        level, text = DiagnosticStatus.OK, "paused" if self._loop.paused else "running"
        if now.divergences > before.divergences:
            level, text = DiagnosticStatus.WARN, "the physics diverged and was put back"
        elif now.dropped_s > before.dropped_s:
            level, text = DiagnosticStatus.WARN, "slower than real time"
        if self._failure:
            level, text = DiagnosticStatus.ERROR, self._failure
        values = {"real time factor": f"{factor:.3f}", **asdict(now)}
        values["commands ignored"] = self._refused_commands
        stamp = time_message(self._loop.time_s)
        self._diagnostics.publish(
            diagnostic_message(
                self.get_name(), "simulation", self._spec.name, level, text, values, stamp
            )
        )

    def _report_failure(self, error: Exception) -> None:
        self._failure = f"{type(error).__name__}: {error}"
        if isinstance(error, RobotError):
            self.get_logger().error(str(error))
        else:
            self.get_logger().error("".join(traceback.format_exception(error)))

    def _on_reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._loop.reset()
        response.success, response.message = True, f"{self._options['initial_pose']} pose"
        return response

    def _on_pause(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._loop.pause(request.data)
        response.success, response.message = True, "paused" if request.data else "running"
        return response


def main(args: list[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    return run_node(MujocoNode, args)


if __name__ == "__main__":
    sys.exit(main())
