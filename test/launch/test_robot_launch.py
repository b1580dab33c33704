"""`ros2 launch rlzero_ros robot.launch.py` for real; skipped where the launch stack is absent."""

import os
import signal
import subprocess
import sys
import time

import pytest

REASON = "the launch stack comes with a ROS 2 installation, not with the Python wheels"
for module in ("launch", "launch_ros", "launch_pytest"):
    pytest.importorskip(module, reason=f"no {module}: {REASON}")

import launch_pytest  # noqa: E402
import psutil  # noqa: E402
from ament_index_python.packages import get_package_share_path  # noqa: E402
from launch.actions import GroupAction, IncludeLaunchDescription  # noqa: E402
from launch.launch_description_sources import (  # noqa: E402
    get_launch_description_from_python_launch_file,
)
from launch_pytest.actions import ReadyToTest  # noqa: E402
from lifecycle_msgs.msg import State  # noqa: E402
from lifecycle_msgs.srv import GetState  # noqa: E402
from rcl_interfaces.srv import GetParameters  # noqa: E402
from std_srvs.srv import SetBool  # noqa: E402

from launch import LaunchDescription  # noqa: E402
from rlzero_ros.evaluate.mcap_file import McapReader  # noqa: E402

LAUNCH_FILE = get_package_share_path("rlzero_ros") / "launch" / "robot.launch.py"


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return tmp_path_factory.mktemp("recording") / "it.mcap"


@launch_pytest.fixture
def robot(recording):
    given = {
        "namespace": "left",
        "fake_hardware": "true",
        "record": "true",
        "record_file": str(recording),
    }
    included = IncludeLaunchDescription(str(LAUNCH_FILE), launch_arguments=given.items())
    return LaunchDescription([GroupAction([included]), ReadyToTest()])


def call(node, wait_until, kind, name, request, timeout_s=120.0):
    client = node.create_client(kind, name)
    assert client.wait_for_service(timeout_s), f"no service {name}"
    future = client.call_async(request)
    wait_until(future.done, timeout_s, name)
    return future.result()


def wait_until_active(node, wait_until, name):
    def is_active():
        answer = call(node, wait_until, GetState, f"{name}/get_state", GetState.Request())
        return answer.current_state.id == State.PRIMARY_STATE_ACTIVE

    wait_until(is_active, 120.0, f"{name} to be active")


def process_of(executable):
    """The process that the launch file started for a node."""
    for process in psutil.Process().children(recursive=True):
        try:
            words = process.cmdline()
        except psutil.NoSuchProcess:  # killed, and perhaps not yet waited for
            continue
        if any(executable in word for word in words):
            return process
    return None


def test_every_argument_is_described_and_hardware_starts_in_a_dry_run():
    description = get_launch_description_from_python_launch_file(str(LAUNCH_FILE))
    arguments = {a.name: a for a in description.get_launch_arguments()}
    assert {"namespace", "bundle", "dry_run", "record", "fake_hardware"} <= arguments.keys()
    assert all(argument.description for argument in arguments.values())
    assert arguments["dry_run"].default_value[0].text == "true"
    assert arguments["fake_hardware"].default_value[0].text == "false"


@pytest.mark.launch(fixture=robot)
def test_a_fake_robot_in_a_namespace_is_armed_dry_recorded_and_keeps_its_planner(
    ros_node, wait_until, recording
):
    for name in ("fake_hardware_node", "policy_node", "planner_node"):
        wait_until_active(ros_node, wait_until, f"/left/{name}")
    request = GetParameters.Request(names=["dry_run", "preflight", "bundle"])
    name = "/left/policy_node/get_parameters"
    values = call(ros_node, wait_until, GetParameters, name, request).values
    assert [values[0].bool_value, values[1].bool_value] == [True, True]
    assert values[2].string_value == "walker"

    answers = []

    def is_armed():
        answers.append(call(ros_node, wait_until, SetBool, "/left/arm", SetBool.Request(data=True)))
        return answers[-1].success

    wait_until(is_armed, 20.0, "arming")
    assert "dry run" in answers[-1].message

    first = process_of("planner_node")
    first.kill()
    wait_until(
        lambda: (p := process_of("planner_node")) is not None and p.pid != first.pid,
        30.0,
        "the planner to be started again",
    )
    wait_until_active(ros_node, wait_until, "/left/policy_node")
    time.sleep(2.0)
    topics = ("control_events", "joint_states", "policy_status")
    assert {r.topic for r in McapReader(recording, topics)} == set(topics)


def test_exit_codes_a_recorder_that_ends_leaves_the_others_and_ctrl_c_ends_all(
    tmp_path, wait_until
):
    taken = tmp_path / "taken.mcap"
    taken.write_text("something else")
    code = (
        "import sys\n"
        "from launch import LaunchDescription, LaunchService\n"
        "from launch.actions import IncludeLaunchDescription as Include\n"
        "given = {'fake_hardware': 'true', 'record': 'true', 'record_file': sys.argv[2],\n"
        "         'respawn_planner': 'false'}\n"
        "service = LaunchService(argv=[])\n"
        "service.include_launch_description(LaunchDescription(\n"
        "    [Include(sys.argv[1], launch_arguments=given.items())]))\n"
        "sys.exit(service.run())\n"
    )
    log = tmp_path / "launch.log"
    with log.open("wb") as output:
        launched = subprocess.Popen(
            [sys.executable, "-c", code, str(LAUNCH_FILE), str(taken)],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "ROS_LOG_DIR": str(tmp_path / "ros")},
        )
    try:
        wait_until(lambda: "exit code 2" in log.read_text(), 60.0, "the recorder's end")
        assert "name another file" in log.read_text()
        wait_until(lambda: log.read_text().count("activate done") == 3, 120.0, "the others")
        launched.send_signal(signal.SIGINT)
        assert launched.wait(30.0) == 0, log.read_text()[-3000:]
    finally:
        if launched.poll() is None:
            os.killpg(launched.pid, signal.SIGKILL)
    said = log.read_text()
    assert said.count("process has finished cleanly") == 3, said[-3000:]
    assert "Traceback" not in said
    assert taken.read_text() == "something else"
