"""Partners of the policy node: a small bundle, a robot that plays its part, an operator."""

import contextlib
import dataclasses
import os
import sys
import threading
import time

import numpy as np
import pytest
import torch
from nav_msgs.msg import Odometry
from punctual import be_punctual
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from sensor_msgs.msg import Imu, JointState
from std_srvs.srv import SetBool, Trigger

from rlzero_ros.bundle import Bundle
from rlzero_ros.imitate.registry import build_bfm
from rlzero_ros.msg import PolicyStatus, ProjectedPlan
from rlzero_ros.nodes.command_messages import command_message_maker
from rlzero_ros.packing import pack_bundle
from rlzero_ros.project.index import ObservationIndex
from rlzero_ros.project.thumbnails import Thumbnails, encode_thumbnail
from rlzero_ros.robots.walker import SPEC, model_xml

LATCHED = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
EMBEDDER_ID = "test-embedder-000000000000"
LIMITS = {
    "effort": {},
    "position": {"lower": (-0.5,) * 6, "upper": (0.6,) * 6, "rate_limit": (20.0,) * 6},
    "velocity": {"lower": (-3.0,) * 6, "upper": (3.0,) * 6, "rate_limit": (30.0,) * 6},
}


@pytest.fixture(scope="session")
def spec_for():
    """spec_for(interface, message): the walker's specification with another command interface."""

    def spec_for(interface, message):
        command = dataclasses.replace(
            SPEC.command,
            interface=interface,
            message=message,
            topic=f"{interface}_controller/commands",
            **LIMITS[interface],
        )
        return dataclasses.replace(SPEC, command=command)

    return spec_for


@pytest.fixture(scope="session")
def make_bundle(tmp_path_factory):
    """make_bundle(spec, hold, kind): the folder of a real bundle with random weights."""

    def make(spec=SPEC, hold="latent", seed=0, kind="forward_backward", model=None):
        folder = tmp_path_factory.mktemp("bundle")
        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        other = {"forward_backward": "backward_hidden", "hilp": "metric_hidden"}[kind]
        sizes = {"latent_dim": 16, "hidden": 64, other: 64}
        shape = {"observation_dim": spec.observation_dim, "action_dim": spec.action_dim}
        bfm = build_bfm(kind, {**shape, **sizes})
        observations = rng.normal(size=(20, spec.observation_dim)).astype(np.float32)
        windows = rng.normal(size=(20, 3, 8)).astype(np.float32)
        windows /= np.linalg.norm(windows, axis=-1, keepdims=True)
        picture = encode_thumbnail(np.zeros((8, 8, 3), dtype=np.uint8))
        index = ObservationIndex.build(
            observations,
            physics=rng.normal(size=(20, 18)).astype(np.float32),
            windows=windows,
            thumbnails=Thumbnails.pack([picture] * 20),
            embedder_id=EMBEDDER_ID,
            window_stride_s=0.05,
        )
        index.save(folder / "index")
        z = rng.normal(size=16)
        pack_bundle(
            folder / "bundle",
            spec=spec,
            bfm=bfm,
            index_folder=folder / "index",
            origin={"made by": "test/nodes/conftest.py"},
            hold_z=None if hold == "damping" else 4.0 * z / np.linalg.norm(z),
            model_xml=model or model_xml(),
        )
        return folder / "bundle"

    return make


class PlayedRobot:
    """A robot that says what the test tells it to say, at 200 Hz, and keeps what it is told.

    positions, velocities: (6,) in the spec's order. order: in which joint_states lists them.
    silent: topics that are not published. change: called with every message before it goes out.
    """

    def __init__(self, node, spec=SPEC, rate_hz=200.0):
        self.spec = spec
        self.positions, self.velocities = np.zeros(6), np.zeros(6)
        self.order = list(range(6))
        self.silent = set()
        self.change = lambda message: message
        self.commands = []
        self.sent_s = 0.0
        self._turn = threading.Lock()
        self._node, self._period_s = node, 1.0 / rate_hz
        self._publishers = {
            topic: node.create_publisher(kind, topic, qos_profile_sensor_data)
            for topic, kind in (("joint_states", JointState), ("imu", Imu), ("odom", Odometry))
        }
        kind, _ = command_message_maker(spec)
        reliable = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)
        node.create_subscription(kind, spec.command.topic, self._on_command, reliable)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self):
        self._ending.set()
        self._thread.join()

    def pull_the_plug(self, *topics):
        """Publish nothing more on these topics; return when the last message went out."""
        with self._turn:
            self.silent = set(topics)
            return self.sent_s

    def say(self, change):
        """Change every message from now on; return when the last unchanged one went out."""
        with self._turn:
            self.change = change
            return self.sent_s

    def heal(self):
        """Publish everything again, as it is."""
        self.silent, self.change = set(), lambda message: message

    def since(self, start_s):
        """The (k, 6) commands received after a time."""
        return np.array([command for at, command in self.commands if at > start_s])

    def _on_command(self, message):
        interface = self.spec.command.interface
        if self.spec.command.message == "float64_multi_array":
            values = message.data
        elif self.spec.command.message == "joint_state":
            values = getattr(message, interface)
        else:
            field = {"position": "positions", "velocity": "velocities", "effort": "effort"}
            values = getattr(message.points[0], field[interface])
        self.commands.append((time.monotonic(), np.array(values)))

    def _run(self):
        # A robot's own computer keeps time, whatever else this machine does.
        with contextlib.suppress(PermissionError, AttributeError):
            os.sched_setscheduler(threading.get_native_id(), os.SCHED_RR, os.sched_param(20))
        deadline = time.monotonic()
        while not self._ending.is_set():
            with self._turn:
                self._publish()
                self.sent_s = time.monotonic()
            deadline = max(deadline + self._period_s, time.monotonic())
            self._ending.wait(deadline - time.monotonic())

    def _publish(self):
        joints = JointState(
            name=[self.spec.joint_names[i] for i in self.order],
            position=[float(self.positions[i]) for i in self.order],
            velocity=[float(self.velocities[i]) for i in self.order],
        )
        imu, odom = Imu(), Odometry()
        odom.pose.pose.position.z = 1.3
        stamp = self._node.get_clock().now().to_msg()
        for topic, message in (("joint_states", joints), ("imu", imu), ("odom", odom)):
            message.header.stamp = stamp
            if topic not in self.silent:
                self._publishers[topic].publish(self.change(message))


class Operator:
    """Arms, stops, sends plans, and keeps every status."""

    def __init__(self, node, wait_until):
        self._node, self._wait = node, wait_until
        self._arm = node.create_client(SetBool, "arm")
        self._triggers = {s: node.create_client(Trigger, s) for s in ("stop", "reset_stop")}
        self._plans = node.create_publisher(ProjectedPlan, "plan", LATCHED)
        self.statuses = []
        node.create_subscription(
            PolicyStatus,
            "policy_status",
            lambda message: self.statuses.append((time.monotonic(), message)),
            qos_profile_sensor_data,
        )

    @property
    def status(self):
        return self.statuses[-1][1]

    def arm(self, on=True):
        return self._call(self._arm, SetBool.Request(data=on))

    def run(self):
        """Arm, and wait until the policy drives.

        After a kill, nodes may take seconds to find each other: until then arm is refused.
        """
        deadline = time.monotonic() + 10.0
        while not (answer := self.arm()).success:
            assert time.monotonic() < deadline, answer.message
            time.sleep(0.1)
        self.wait_for(lambda s: s.guard_state == PolicyStatus.RUNNING, "RUNNING")

    def counter(self, name):
        """A guard counter of the last status."""
        return int({c.key: c.value for c in self.status.counters}[name])

    def stop(self):
        return self._call(self._triggers["stop"], Trigger.Request())

    def reset_stop(self):
        return self._call(self._triggers["reset_stop"], Trigger.Request())

    def send(self, plan):
        self._plans.publish(plan)

    def plan(self, bundle_id, plan_id, lifetime_s=60.0, steps=5, seed=0):
        """A good plan."""
        rng = np.random.default_rng(seed)
        until = self._node.get_clock().now().nanoseconds + int(lifetime_s * 1e9)
        plan = ProjectedPlan(
            id=plan_id,
            command="walk forward",
            source="test",
            bundle_id=bundle_id,
            observation_dim=24,
            observations=rng.normal(size=steps * 24).astype(np.float32).tolist(),
            similarities=[0.5] * steps,
            confidence=0.5,
        )
        plan.header.stamp = self._node.get_clock().now().to_msg()
        plan.valid_until.sec, plan.valid_until.nanosec = divmod(until, 1_000_000_000)
        return plan

    def wait_for(self, condition, what, timeout_s=10.0):
        """Wait for a status, from now on, that fulfils a condition; return it."""
        seen = len(self.statuses)
        found = []

        def look():
            found.extend(s for _, s in self.statuses[seen:] if condition(s))
            return found

        self._wait(look, timeout_s, what)
        return found[0]

    def _call(self, client, request):
        assert client.wait_for_service(timeout_sec=20.0), f"no service {client.srv_name}"
        future = client.call_async(request)
        self._wait(future.done, 10.0, f"answer of {client.srv_name}")
        return future.result()


@pytest.fixture
def hasty():
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def played_robot(ros_node):
    """played_robot(spec) starts one; it ends with the test."""
    robots = []

    def start(spec=SPEC, **more):
        robots.append(PlayedRobot(ros_node, spec, **more))
        be_punctual()
        return robots[-1]

    yield start
    for robot in robots:
        robot.close()


@pytest.fixture
def operator(ros_node, wait_until):
    return Operator(ros_node, wait_until)


@pytest.fixture
def policy(node_process, played_robot, operator, make_bundle, wait_until):
    """policy(spec, hold, **parameters): the node with a robot around it, active and disarmed.

    kind: of the model. prelude: Python that its process executes first, to plant a fault in it.
    """

    def start(spec=SPEC, hold="latent", prelude="", kind="forward_backward", **parameters):
        bundle = Bundle.load(make_bundle(spec, hold, kind=kind))
        robot = played_robot(spec)
        given = {"dry_run": False, "engage_s": 0.2, "plan_blend_s": 0.1, **parameters}
        process = node_process(
            "policy_node", parameters={"bundle": bundle.path, **given}, prelude=prelude
        )
        process.wait_for_log("activate done", 60.0)
        wait_until(lambda: operator.statuses, 10.0, "policy_status")
        return Policy(process, robot, bundle)

    return start


@dataclasses.dataclass
class Policy:
    """What the `policy` fixture starts."""

    process: object
    robot: PlayedRobot
    bundle: Bundle
