"""config/sros2 against the nodes as they run: every name that they use is allowed, and no other."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from lxml import etree

from rlzero_ros.robots.registry import load_robot, robot_names

ROOT = Path(__file__).parents[3]
POLICY = ROOT / "config" / "sros2" / "policy.xml"
NODES = {"mujoco_node": "mujoco", "policy_node": "policy", "planner_node": "planner"}
# Kind of rule: its element, and what may be said of it.
RULES = {
    "topics": ("topic", {"publish", "subscribe"}),
    "services": ("service", {"reply", "request"}),
    "actions": ("action", {"call", "execute"}),
}
# What an action is made of: services that the executing side replies to, topics that it publishes.
ACTION_SERVICES = ("send_goal", "cancel_goal", "get_result")
ACTION_TOPICS = ("feedback", "status")


def load():
    tree = etree.parse(str(POLICY))
    tree.xinclude()
    return tree.getroot()


def full_name(name, namespace, node):
    if name.startswith("~/"):
        return f"{namespace.rstrip('/')}/{node}/{name[2:]}"
    return name if name.startswith("/") else f"{namespace.rstrip('/')}/{name}"


def allowed(enclave, access, root=None):
    """Full names that one enclave is allowed one kind of access to."""
    found = set()
    for profile in (root if root is not None else load()).iterfind(
        f".//enclave[@path='/rlzero/{enclave}']/profiles/profile"
    ):
        for kind, (element, _) in RULES.items():
            for rule in profile.iterfind(kind):
                names = [
                    full_name(e.text, profile.get("ns"), profile.get("node"))
                    for e in rule.iterfind(element)
                ]
                if rule.get(access) == "ALLOW":
                    found.update(names)
                if rule.get("execute") == "ALLOW" and access in ("reply", "publish"):
                    parts = ACTION_SERVICES if access == "reply" else ACTION_TOPICS
                    found.update(f"{name}/_action/{part}" for name in names for part in parts)
    return found


def test_the_policy_has_the_form_that_sros2_reads():
    """The rules of SROS2's policy schema 0.2.0, in words of our own."""
    root = load()
    assert root.tag == "policy"
    assert root.get("version") == "0.2.0"
    assert [child.tag for child in root.iterchildren(etree.Element)] == ["enclaves"]
    for enclave in root[0].iterchildren(etree.Element):
        assert enclave.tag == "enclave"
        assert enclave.get("path").startswith("/rlzero/")
        assert [child.tag for child in enclave] == ["profiles"]
        for profile in enclave[0]:
            assert profile.tag == "profile"
            assert {"ns", "node"} <= set(profile.attrib)
            for rule in profile.iterchildren(etree.Element):
                element, accesses = RULES[rule.tag]
                given = {name for name in rule.attrib if not name.startswith("{")}
                assert given
                assert given <= accesses
                assert all(rule.get(name) in ("ALLOW", "DENY") for name in given)
                assert len(rule)
                assert all(e.tag == element and e.text.strip() == e.text for e in rule)


@pytest.mark.skipif(find_spec("sros2") is None, reason="sros2 comes with a ROS 2 installation")
def test_the_policy_is_valid_to_sros2_itself():
    from sros2.policy import load_policy

    load_policy(POLICY)


def test_only_the_operator_commands_and_only_the_policy_moves():
    root = load()
    enclaves = [e.get("path").removeprefix("/rlzero/") for e in root.iter("enclave")]
    assert sorted(enclaves) == ["camera", "mujoco", "observer", "operator", "planner", "policy"]

    def who(access, name):
        return {e for e in enclaves if name in allowed(e, access, root)}

    for name in robot_names():
        topic = "/" + load_robot(name).spec.command.topic
        assert who("publish", topic) == {"policy"}, topic
        assert "mujoco" in who("subscribe", topic), topic
    assert who("publish", "/language_command") == {"operator"}
    assert who("publish", "/prompt") == {"operator"}
    assert who("publish", "/plan") == {"planner"}
    assert who("publish", "/policy_status") == {"policy"}
    assert who("publish", "/video_prompt") == {"camera"}
    for service in ("/arm", "/stop", "/reset_stop", "/reset", "/pause", "/preview_command"):
        assert who("request", service) == {"operator"}, service
    for node in NODES:
        for service in ("set_parameters", "set_parameters_atomically", "change_state"):
            assert who("request", f"/{node}/{service}") == {"operator"}
    assert who("call", "/execute_command") == {"operator"}
    for topic in ("/joint_states", "/imu", "/odom"):
        assert who("publish", topic) == {"mujoco"}


def test_the_running_nodes_use_what_they_are_allowed_and_nothing_else(nodes, ros_node, wait_until):
    nodes.robot()

    def used(node):
        graph = {
            "publish": ros_node.get_publisher_names_and_types_by_node,
            "subscribe": ros_node.get_subscriber_names_and_types_by_node,
            "reply": ros_node.get_service_names_and_types_by_node,
        }
        return {kind: {name for name, _ in ask(node, "/")} for kind, ask in graph.items()}

    marks = {"mujoco_node": "/reset", "policy_node": "/arm", "planner_node": "/preview_command"}
    for node, service in marks.items():
        wait_until(lambda n=node, s=service: is_up(ros_node, n, s), 20.0, f"an active {node}")
    root = load()

    def spare(node, enclave):
        """What it may and does not, by kind of access."""
        return {
            (access, name)
            for access, names in used(node).items()
            for name in allowed(enclave, access, root) - names
            if not name.startswith(("/rosout", "/clock", "/parameter_events", f"/{node}/"))
            # Other robots than the walker have other command topics.
            and not name.endswith("_controller/commands")
        }

    for node, enclave in NODES.items():
        # Publishers and services are heard of by different ways, one later than the other.
        wait_until(
            lambda n=node, e=enclave: not spare(n, e), 20.0, f"{node} to use all that it may"
        )
        for access, names in used(node).items():
            rights = allowed(enclave, access, root)
            assert names <= rights, f"{node} must {access} {sorted(names - rights)}"


def is_up(ros_node, node, service):
    if (node, "/") not in ros_node.get_node_names_and_namespaces():
        return False
    return service in {n for n, _ in ros_node.get_service_names_and_types_by_node(node, "/")}


def test_security_that_cannot_be_had_keeps_the_nodes_from_starting(tmp_path):
    """Enforced, but without keys (or in a build of DDS without security): no node, no robot."""
    security = {
        "ROS_SECURITY_ENABLE": "true",
        "ROS_SECURITY_STRATEGY": "Enforce",
        "ROS_SECURITY_KEYSTORE": str(tmp_path),
        "ROS_LOG_DIR": str(tmp_path),
    }
    ended = subprocess.run(
        [sys.executable, "-m", "rlzero_ros.nodes.mujoco_node"],
        cwd=ROOT,
        env={**os.environ, **security},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert "secur" in (ended.stdout + ended.stderr).lower()
