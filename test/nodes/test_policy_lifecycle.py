"""Transitions of the policy node, and bundles that it must refuse."""

import shutil
import time

import numpy as np
import pytest
import yaml
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter

from rlzero_ros.msg import PolicyStatus


class Manager:
    """Drives a lifecycle node as a lifecycle manager does."""

    def __init__(self, node, wait_until):
        self._wait = wait_until
        self._change = node.create_client(ChangeState, "policy_node/change_state")
        self._state = node.create_client(GetState, "policy_node/get_state")
        self._set = node.create_client(SetParameters, "policy_node/set_parameters")

    def change(self, transition):
        request = ChangeState.Request(transition=Transition(id=transition))
        return self._call(self._change, request).success

    def state(self):
        return self._call(self._state, GetState.Request()).current_state.label

    def set(self, name, value):
        parameter = Parameter(name, value=value).to_parameter_msg()
        return self._call(self._set, SetParameters.Request(parameters=[parameter])).results[0]

    def _call(self, client, request):
        assert client.wait_for_service(timeout_sec=30.0)
        future = client.call_async(request)
        self._wait(future.done, 30.0, client.srv_name)
        return future.result()


@pytest.fixture
def manager(ros_node, wait_until):
    return Manager(ros_node, wait_until)


def test_every_transition_again_and_again(policy, operator, manager, ros_node, wait_until):
    diagnostics = []
    ros_node.create_subscription(DiagnosticArray, "/diagnostics", diagnostics.append, 10)
    it = policy()
    robot = it.robot
    for cycle in range(3):
        assert manager.state() == "active"
        operator.run()
        assert manager.change(Transition.TRANSITION_DEACTIVATE)
        time.sleep(0.2)
        np.testing.assert_array_equal(robot.commands[-1][1], np.zeros(6))
        silent_s = time.monotonic()
        answer = operator.arm()
        assert not answer.success
        assert answer.message == "policy_node is inactive"
        operator.send(operator.plan(it.bundle.id, f"inactive-{cycle}"))
        refused = f"inactive-{cycle}"
        operator.wait_for(lambda s, r=refused: s.rejected_plan_id == r, "refusal")
        refusal = manager.set("engage_s", 0.1)
        assert not refusal.successful
        assert "read at configure" in refusal.reason
        assert not manager.change(Transition.TRANSITION_CONFIGURE)
        assert manager.change(Transition.TRANSITION_CLEANUP)
        assert manager.state() == "unconfigured"
        assert manager.set("engage_s", 0.1).successful
        assert not manager.set("engage_s", -1.0).successful
        assert manager.change(Transition.TRANSITION_CONFIGURE)
        assert manager.change(Transition.TRANSITION_ACTIVATE)
        time.sleep(0.2)
        assert len(robot.since(silent_s)) == 0
    wait_until(lambda: any(d.status[0].name == "policy_node: task" for d in diagnostics), 5.0)
    status = diagnostics[-1].status[0]
    assert {"loop rate (Hz)", "guard: ticks", "plan"} <= {v.key for v in status.values}
    assert manager.change(Transition.TRANSITION_ACTIVE_SHUTDOWN)
    assert it.process.stop() == 0


def test_a_stop_outlives_deactivation(policy, operator, manager):
    policy()
    operator.run()
    operator.stop()
    assert manager.change(Transition.TRANSITION_DEACTIVATE)
    assert manager.change(Transition.TRANSITION_ACTIVATE)
    assert operator.status.guard_state == PolicyStatus.STOPPED
    assert not operator.arm().success


def flip_a_byte(folder):
    path = folder / "bfm.safetensors"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def swap_joints(folder):
    path = folder / "bundle.yaml"
    manifest = yaml.safe_load(path.read_text())
    joints = manifest["robot"]["joint_names"]
    joints[0], joints[1] = joints[1], joints[0]
    path.write_text(yaml.safe_dump(manifest))


def lose_the_model(folder):
    (folder / "model.xml").unlink()


def test_broken_bundles_are_refused_by_name_and_a_good_one_is_taken(
    node_process, make_bundle, manager, tmp_path
):
    good = make_bundle()
    broken = {}
    for damage, words in (
        (flip_a_byte, "bfm.safetensors is damaged"),
        (swap_joints, "joint order differs"),
        (lose_the_model, "model.xml is missing"),
    ):
        broken[words] = tmp_path / damage.__name__
        shutil.copytree(good, broken[words])
        damage(broken[words])
    broken["no bundle"] = tmp_path / "nowhere"
    first, *others = broken.items()
    node = node_process("policy_node", parameters={"bundle": first[1]})
    node.wait_for_log("autostart failed; the node is unconfigured", 60.0)
    assert first[0] in node.read_log()
    for words, folder in others:
        assert manager.set("bundle", str(folder)).successful
        assert not manager.change(Transition.TRANSITION_CONFIGURE)
        node.wait_for_log(words, 5.0)
        assert manager.state() == "unconfigured"
    assert "Traceback" not in node.read_log()
    assert manager.set("bundle", str(good)).successful
    assert manager.change(Transition.TRANSITION_CONFIGURE)
    assert manager.change(Transition.TRANSITION_ACTIVATE)
    assert node.stop() == 0


@pytest.mark.parametrize("shared", [True, False])
def test_it_warns_where_a_neighbour_can_hold_it_up(node_process, make_bundle, shared):
    """The defect: with Fast DDS's shared memory a killed neighbour held commands up unannounced."""
    by_default = {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    node = node_process(
        "policy_node", parameters={"bundle": make_bundle()}, env=by_default if shared else None
    )
    node.wait_for_log("activate done", 60.0)
    assert ("FASTDDS_BUILTIN_TRANSPORTS" in node.read_log()) == shared
