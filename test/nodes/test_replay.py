"""What a controller did, recorded, is computed again bit for bit by another process."""

import json
import subprocess
import sys

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from rclpy.serialization import serialize_message

from rlzero_ros.bundle import Bundle
from rlzero_ros.cli import main
from rlzero_ros.evaluate.mcap_file import McapReader, McapRecording
from rlzero_ros.imitate.prompts import Imitation
from rlzero_ros.msg import ControlEvent, ProjectedPlan
from rlzero_ros.nodes.control_event_messages import event_message
from rlzero_ros.nodes.control_settings import ControlSettings
from rlzero_ros.nodes.controller import Controller
from rlzero_ros.nodes.journal import Journal
from rlzero_ros.nodes.machine_facts import machine_facts
from rlzero_ros.nodes.message_definitions import message_definition
from rlzero_ros.nodes.policy_setup import PolicySetup
from rlzero_ros.nodes.robot_state_input import RobotStateInput
from rlzero_ros.nodes.robot_state_messages import (
    imu_message,
    joint_state_message,
    odometry_message,
    time_message,
)
from rlzero_ros.nodes.task import Task
from rlzero_ros.robots.simulation import Simulation
from rlzero_ros.robots.walker import SPEC, model_xml

KINDS = {"control_events": "rlzero_ros/msg/ControlEvent", "plan": "rlzero_ros/msg/ProjectedPlan"}


@pytest.fixture(scope="module")
def bundle(make_bundle):
    return Bundle.load(make_bundle())


@pytest.fixture(scope="module")
def story(bundle):
    """An eventful life of a controller: its events, and the plan that it acted on."""
    setup = PolicySetup.load(str(bundle.path))
    journal = Journal(machine_facts(), size=100_000)
    inputs = RobotStateInput(SPEC, new_stamps_only=True)
    settings = ControlSettings(engage_s=0.2, plan_blend_s=0.3)
    controller = Controller(
        SPEC, setup.assembler, setup.runtime, inputs, setup.hold_z, settings, journal
    )
    simulation = Simulation(SPEC, model_xml(), seed=3)
    rng = np.random.default_rng(0)
    now_s, observations = 1000.0 / 3.0, rng.normal(size=(5, 24)).astype(np.float32)

    def run(steps, spoil=lambda joints: None):
        nonlocal now_s
        for _ in range(steps):
            now_s += SPEC.control_period_s + rng.uniform(0, 1e-4)
            state, stamp = simulation.state(), time_message(now_s)
            joints = joint_state_message(SPEC, state, stamp)
            spoil(joints)
            received_s = now_s - rng.uniform(0, 0.004)
            inputs.on_joint_states(joints, received_s)
            inputs.on_imu(imu_message(SPEC, state, stamp), received_s)
            inputs.on_odom(odometry_message(SPEC, state, stamp), received_s)
            command = controller.step(now_s)
            if command is not None:
                simulation.step(command)

    def spoil(joints):
        joints.velocity[2] = float("nan")

    run(5)
    controller.arm(now_s)
    run(30)
    z = setup.inference.latents(Imitation(observations))
    controller.act_on(Task("plan-1", "walk", z, received_s=now_s, expires_s=now_s + 1.5))
    run(30)
    controller.stop("stop was called")
    run(5)
    controller.reset_stop()
    controller.arm(now_s)
    run(60)
    run(3, spoil)
    controller.watch(now_s + 0.5)
    controller.hold(now_s + 0.5)
    controller.release()
    plan = ProjectedPlan(id="plan-1", observation_dim=24, observations=observations.ravel())
    events = journal.take()
    assert len({event.call for event in events}) >= 9, "not eventful enough"
    assert sum(event.command is not None for event in events) > 120
    return [event_message(event, Time(sec=i)) for i, event in enumerate(events)], plan


def write(path, bundle, messages, plan):
    facts = {"bundle": str(bundle.path), "bundle_id": bundle.id}
    recording = McapRecording(path, facts)
    for topic, kind in KINDS.items():
        recording.add_topic(f"/left/{topic}", kind, message_definition(kind))
    recording.write("/left/plan", serialize_message(plan), 1)
    for i, message in enumerate(messages):
        recording.write("/left/control_events", serialize_message(message), i)
    recording.finish()
    return path


@pytest.fixture
def replay(capsys):
    """replay(file, *options): exit status, stdout, stderr and the report."""

    def run(path, *options):
        report = path.with_suffix(".json")
        status = main(["replay", str(path), "--json", str(report), *options])
        said = capsys.readouterr()
        return status, said.out, said.err, json.loads(report.read_text())

    return run


def test_another_process_computes_the_same_bits_without_ros(tmp_path, bundle, story):
    path, result = write(tmp_path / "it.mcap", bundle, *story), tmp_path / "it.json"
    code = (
        "import sys; sys.modules['rclpy'] = sys.modules['sensor_msgs'] = None\n"
        "from rlzero_ros.cli import main\n"
        f"sys.exit(main(['replay', {str(path)!r}, '--json', {str(result)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert b"the same, bit for bit" in done.stdout
    report = json.loads(result.read_text())
    assert report["steps"] == 133
    assert report["commands"] > 120
    assert report["latents"] == 1
    assert report["missing"] == 0


def test_one_altered_bit_is_found_and_its_step_named(tmp_path, bundle, story, replay):
    messages, plan = story
    commanded = [i for i, m in enumerate(messages) if m.call == "end_step" and m.joint_command]
    altered = messages[commanded[50]]
    step = sum(m.call == "begin_step" for m in messages[: commanded[50]]) - 1
    good = altered.joint_command[3]
    altered.joint_command[3] = np.nextafter(good, 1e9)
    try:
        path = write(tmp_path / "it.mcap", bundle, messages, plan)
    finally:
        altered.joint_command[3] = good
    status, _, _, report = replay(path)
    assert status == 1
    assert report["first"]["step"] == step
    assert report["first"]["what"] == "command"
    assert report["differing"] == 1
    assert replay(path, "--tolerance", "1e-9")[0] == 0


def test_a_cut_recording_is_replayed_as_far_as_it_goes(tmp_path, bundle, story, replay):
    path = write(tmp_path / "it.mcap", bundle, *story)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    status, said, _, report = replay(path)
    assert status == 0
    assert "ends early" in said
    assert 40 < report["steps"] < 133


def test_what_is_missing_is_forgiven_before_arming_only(tmp_path, bundle, story, replay):
    messages, plan = story
    late = [messages[0], *messages[5:]]  # a recorder that came late is told "begin" all the same
    status, _, error, report = replay(write(tmp_path / "late.mcap", bundle, late, plan))
    assert status == 0, error
    assert report["missing"] == 4
    # Regression: a recorder was told "begin" before it could hear, and its recording was worthless.
    deaf = [*messages[1:4], messages[0], *messages[4:]]
    status, _, error, report = replay(write(tmp_path / "deaf.mcap", bundle, deaf, plan))
    assert status == 0, error
    assert report["missing"] == 3
    holes = [*messages[:60], *messages[62:]]
    status, _, error, _ = replay(write(tmp_path / "holes.mcap", bundle, holes, plan))
    assert status == 2
    assert "2 control events before number 62 are missing" in error
    _, _, error, _ = replay(write(tmp_path / "no.mcap", bundle, messages[1:], plan))
    assert "lacks the beginning" in error


def test_other_files_are_refused_in_one_line(tmp_path, bundle, story, make_bundle, replay):
    nothing, text = tmp_path / "nothing.mcap", tmp_path / "text.mcap"
    text.write_text("walk forward")
    for path, words in ((nothing, "No such file"), (text, "is no recording of rlzero_ros")):
        status, _, error, _ = replay(path)
        assert status == 2
        assert words in error
        assert error.count("\n") == 1
    path = write(tmp_path / "it.mcap", bundle, *story)
    status, _, error, _ = replay(path, "--bundle", str(make_bundle(seed=1)))
    assert status == 2
    assert "this one is" in error


def test_definitions_hold_everything_that_a_message_is_made_of():
    text = message_definition("nav_msgs/msg/Odometry")
    for part in ("geometry_msgs/PoseWithCovariance", "std_msgs/Header", "geometry_msgs/Point"):
        assert f"MSG: {part}\n" in text
    assert "MSG: builtin_interfaces/Time\n" in text


def test_a_recording_reads_as_it_was_written(tmp_path, bundle, story):
    messages, _ = story
    path = write(tmp_path / "it.mcap", bundle, *story)
    read = [r.message for r in McapReader(path, ["control_events"])]
    assert [m.sequence for m in read] == list(range(len(messages)))
    for name in ControlEvent.get_fields_and_field_types():
        if name not in ("header", "arguments"):
            np.testing.assert_array_equal(getattr(read[-10], name), getattr(messages[-10], name))
