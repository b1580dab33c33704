"""A whole small world for the planner: an embedder and a bundle with random weights."""

import json
import os
import time
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from rclpy.time import Time
from safetensors.torch import save_file
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import Float64MultiArray, String
from std_srvs.srv import SetBool, Trigger

from rlzero_ros.action import ExecuteCommand
from rlzero_ros.imagine.storyboard import draw_motion
from rlzero_ros.imitate.registry import build_bfm
from rlzero_ros.msg import PolicyStatus, ProjectedPlan
from rlzero_ros.nodes.action_client import ThreadSafeActionClient
from rlzero_ros.packing import pack_bundle
from rlzero_ros.project.embedder import load_embedder
from rlzero_ros.project.index import ObservationIndex
from rlzero_ros.project.thumbnails import Thumbnails, encode_thumbnail
from rlzero_ros.robots.observation import ObservationAssembler
from rlzero_ros.robots.simulation import Simulation
from rlzero_ros.robots.walker import SPEC, model_xml

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
ROOT = Path(__file__).parents[3]
MODEL = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "head_width": 32},
    "text_cfg": {"context_length": 8, "vocab_size": 16, "width": 16, "heads": 1, "layers": 1},
}
START_S = 90.0
COMMANDS = SPEC.command.topic


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """RLZERO_HOME with models/tiny and bundles/tiny: real files, random weights."""
    home = tmp_path_factory.mktemp("home")
    previous = os.environ.get("RLZERO_HOME")
    os.environ["RLZERO_HOME"] = str(home)
    os.environ["XDG_DATA_HOME"] = str(home / "data")  # nobody's own skills
    _make_embedder(home / "models" / "tiny")
    _make_bundle(home, "tiny", likeness=1.0)
    _make_bundle(home, "alien", likeness=-1.0)
    yield home
    if previous is None:
        del os.environ["RLZERO_HOME"]
    else:
        os.environ["RLZERO_HOME"] = previous


def _make_embedder(folder):
    folder.mkdir(parents=True)
    preprocess = {"mean": [0.5] * 3, "std": [0.25] * 3, "interpolation": "bicubic"}
    config = {"model_cfg": MODEL, "preprocess_cfg": preprocess}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    torch.manual_seed(0)
    model = open_clip.model.CLIP(**MODEL)
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, str(folder / "open_clip_model.safetensors"))


def _make_bundle(home, name, likeness):
    """likeness: 1 where the robot has seen the storyboard's drawings, -1 their opposites."""
    embedder = load_embedder("tiny")
    rows = 60
    simulation = Simulation(SPEC, model_xml(), seed=0)
    assembler = ObservationAssembler(SPEC, model_xml())
    observations, physics = [], []
    for _ in range(rows):
        simulation.reset()
        observations.append(assembler.observe(simulation.state()))
        physics.append(simulation.physics().astype(np.float32))
    frames = np.stack(
        [f for motion in ("walk", "stand", "lie") for f in draw_motion(motion, 0, 20, 20.0)]
    )
    windows = likeness * np.repeat(embedder.embed(frames)[:, None], 3, axis=1)
    thumbnails = Thumbnails.pack([encode_thumbnail(frame) for frame in frames])
    index = ObservationIndex.build(
        np.stack(observations), np.stack(physics), windows, thumbnails, embedder.id, 0.05
    )
    index.save(home / "index" / name)
    torch.manual_seed(1)
    bfm = build_bfm(
        "forward_backward",
        {
            "observation_dim": SPEC.observation_dim,
            "action_dim": SPEC.action_dim,
            "latent_dim": 16,
            "hidden": 64,
            "backward_hidden": 64,
        },
    )
    (home / "bundles").mkdir(exist_ok=True)
    pack_bundle(
        home / "bundles" / name,
        spec=SPEC,
        bfm=bfm,
        index_folder=home / "index" / name,
        origin={"made by": "test/nodes/planner/conftest.py"},
        hold_z=[1.0] * 16,
        model_xml=model_xml(),
    )


class Person:
    """Somebody who talks to the robot and hears what it says."""

    def __init__(self, node, wait_until, namespace=""):
        self.node, self.wait, self._namespace = node, wait_until, namespace
        self._since_s = time.time()
        self.plans, self.pictures, self.statuses, self.commands = [], [], [], []
        plan, picture = f"{namespace}plan", f"{namespace}imagination"
        node.create_subscription(ProjectedPlan, plan, self._keep(self.plans), LATCHED)
        node.create_subscription(CompressedImage, picture, self._keep(self.pictures), LATCHED)
        self.on_status = lambda status: None
        node.create_subscription(
            PolicyStatus, "policy_status", self._on_status, qos_profile_sensor_data
        )
        node.create_subscription(
            Float64MultiArray,
            COMMANDS,
            lambda message: self.commands.append((time.monotonic(), message)),
            QoSProfile(depth=50),
        )
        self._sentences = node.create_publisher(String, f"{namespace}language_command", 1)
        self._action = ThreadSafeActionClient(node, ExecuteCommand, f"{namespace}execute_command")

    def _keep(self, heard):
        """Planners that live longer than one test repeat their last plan to newcomers."""

        def keep(message):
            if Time.from_msg(message.header.stamp).nanoseconds > 1e9 * self._since_s:
                heard.append(message)

        return keep

    def _on_status(self, status):
        self.statuses.append(status)
        self.on_status(status)

    @property
    def status(self):
        return self.statuses[-1] if self.statuses else None

    def forget_what_was_latched(self):
        """Keep only plans and pictures of what is said from now on."""
        assert self._action.wait_for_server(60.0)
        self._since_s = time.time()
        self.plans.clear()
        self.pictures.clear()

    def say(self, sentence):
        self.wait(lambda: self._sentences.get_subscription_count(), 60.0, "a listening planner")
        self._sentences.publish(sentence if isinstance(sentence, bytes) else String(data=sentence))

    def send(self, command, duration_s=0.0, seed=0):
        """An accepted goal: its handle and the list that its feedback goes to."""
        assert self._action.wait_for_server(60.0)
        goal = ExecuteCommand.Goal(command=command, duration_s=duration_s, seed=seed)
        # A busy machine discovers this client after its request came: then the answer is lost.
        for _ in range(3):
            heard = []
            future = self._action.send_goal_async(goal, lambda m, h=heard: h.append(m.feedback))
            given_up = time.monotonic() + 5.0
            while not future.done() and time.monotonic() < given_up:
                time.sleep(0.02)
            if future.done():
                break
        assert future.done(), "the goal was not accepted"
        assert future.result().accepted
        return future.result(), heard

    def result(self, handle, timeout_s=20.0):
        future = handle.get_result_async()
        self.wait(future.done, timeout_s, "the result")
        return future.result().status, future.result().result

    def cancel(self, handle):
        future = handle.cancel_goal_async()
        self.wait(future.done, 5.0, "an answer to cancel")
        return future.result()

    def call(self, kind, name, request, timeout_s=20.0):
        client = self.node.create_client(kind, name)
        assert client.wait_for_service(30.0), name
        future = client.call_async(request)
        self.wait(future.done, timeout_s, name)
        return future.result()

    def arm(self):
        self.wait(lambda: self.status is not None, 60.0, "a policy node")
        # After a kill, nodes may take seconds to find each other again.
        deadline = time.monotonic() + 10.0
        while not (answer := self._arm()).success:
            assert time.monotonic() < deadline, answer.message
            time.sleep(0.1)
        self.wait(lambda: self.status.armed, 5.0, "an armed robot")

    def _arm(self):
        if self.status.guard_state == PolicyStatus.STOPPED:  # in the test before, or just now
            self.trigger("reset_stop")
        return self.call(SetBool, "arm", SetBool.Request(data=True))

    def trigger(self, name):
        return self.call(Trigger, name, Trigger.Request())


@pytest.fixture
def meet(ros_node, wait_until):
    """meet(namespace): somebody who talks to the planner of that namespace."""
    return lambda namespace="": Person(ros_node, wait_until, namespace)


@pytest.fixture
def person(meet):
    return meet()


class Nodes:
    """Active nodes of the small world, each in a process of its own."""

    def __init__(self, starter):
        self.starter = starter
        self._alive = {}

    def planner(self, namespace=None, **parameters):
        return self._wait(self._planner(namespace, **parameters))

    def simulator(self, **parameters):
        return self._wait(self._simulator(**parameters))

    def robot(self, **planner):
        """Simulator, policy node and planner; those that still run are kept."""
        makers = {
            "simulator": self._simulator,
            "policy": self._policy,
            "planner": lambda: self._planner(**planner),
        }
        for name, make in makers.items():
            if name not in self._alive or not self._alive[name].is_running():
                self._alive[name] = make()
        return [self._wait(self._alive[name]) for name in makers]

    def _planner(self, namespace=None, **parameters):
        # Nothing that another test said comes back, and nothing is rehearsed, since a policy with
        # random weights falls whatever it is told; unless a test is about that.
        options = {"bundle": "tiny", "min_confidence": -1.0, "skills.cache": False}
        options |= {"rehearsal.candidates": 0, **parameters}
        return self.starter("planner_node", parameters=options, namespace=namespace)

    def _simulator(self, **parameters):
        return self.starter("mujoco_node", parameters=parameters)

    def _policy(self):
        options = {"bundle": "tiny", "dry_run": False, "new_stamps_only": False, "engage_s": 0.1}
        # A policy with random weights presses MuJoCo's soft joints far beyond their ranges.
        free = {"joint_velocity_stop": 0.0, "joint_margin_stop": 0.0}
        # As config/policy_sim.yaml: on a slow machine simulated time falls behind for good.
        free["preflight"] = False
        return self.starter("policy_node", parameters=options | free)

    def _wait(self, process):
        deadline = time.monotonic() + START_S
        while "activate done" not in (log := process.read_log()):
            if "autostart failed" in log or not process.is_running():
                pytest.fail(f"{process.name} did not start:\n{log}")
            if time.monotonic() > deadline:
                pytest.fail(f"{process.name} did not start within {START_S} s:\n{log}")
            time.sleep(0.05)
        return process


@pytest.fixture(scope="module")
def nodes(world, starter):
    return Nodes(starter)
