"""Recorders beside a running policy node: one ends well, one is killed, one has a full disk."""

import json
import sys
import time

from rclpy.qos import QoSProfile
from std_msgs.msg import String

from rlzero_ros.cli import main
from rlzero_ros.evaluate.mcap_file import McapReader
from rlzero_ros.msg import PolicyStatus

WRITTEN = ("control_events", "joint_states", "imu", "odom", "commands", "plan", "policy_status")

# Whoever presses Ctrl-C does so in the middle of a write, once there is the sign for it.
INTERRUPTED = """
import os, signal
from pathlib import Path
from rlzero_ros.evaluate.mcap_file import _Unbuffered

write, sign = _Unbuffered.write, Path({sign!r})

def interrupted(self, data):
    if len(data) < 64 or not sign.exists():
        return write(self, data)
    sign.unlink()
    done = write(self, data[:32])
    os.kill(os.getpid(), signal.SIGINT)
    return done + write(self, data[32:])

_Unbuffered.write = interrupted
"""


def replay(path, capsys):
    report = path.with_suffix(".json")
    status = main(["replay", str(path), "--json", str(report)])
    said = capsys.readouterr()
    assert status == 0, said.out + said.err
    return json.loads(report.read_text())


def test_what_a_robot_did_is_recorded_and_replayed_bit_for_bit(
    policy, operator, node_process, tmp_path, capsys, ros_node, wait_until
):
    it = policy()

    def options(name, **more):
        return {"bundle": it.bundle.path, "file": tmp_path / f"{name}.mcap", **more}

    whole = node_process("recorder_node", parameters=options("whole"))
    killed = node_process("recorder_node", parameters=options("killed"))
    for process in (whole, killed):
        process.wait_for_log("recording to", 60.0)
    # The policy node hears of them at about the time that this one does.
    heard = lambda count: ros_node.count_subscribers("control_events") == count  # noqa: E731
    wait_until(lambda: heard(2), 20.0, "two recorders in the graph")
    command = f"{sys.executable} -m rlzero_ros.nodes.recorder_node --ros-args"
    for name, value in options("full").items():
        command += f" -p {name}:={value}"
    # A file that must not grow: to the process it is a disk without room, after some seven seconds.
    full = node_process.start("full", ["bash", "-c", f"ulimit -f 240; exec {command}"])
    wait_until(lambda: heard(3), 60.0, "three recorders in the graph")
    time.sleep(2.0)

    operator.run()
    operator.send(operator.plan(it.bundle.id, "plan-1"))
    operator.wait_for(lambda s: s.plan_id == "plan-1", "the plan")
    time.sleep(3.0)
    killed.kill()
    assert full.popen.wait(30.0) == 2
    assert "the recording ends" in full.read_log()
    assert "File too large; the robot goes on" in full.read_log()
    assert "Traceback" not in full.read_log()
    assert operator.status.guard_state == PolicyStatus.RUNNING, operator.status.stop_reason
    operator.stop()
    operator.reset_stop()
    operator.run()
    it.robot.pull_the_plug("imu")
    operator.wait_for(lambda s: s.guard_state == PolicyStatus.STOPPED, "the stop")
    it.process.stop()
    assert whole.stop() == 0

    report = replay(tmp_path / "whole.mcap", capsys)
    assert report["exact"]
    assert report["commands"] > 120
    assert report["latents"] == 1
    assert report["cut"] == ""
    for name in ("killed", "full"):
        report = replay(tmp_path / f"{name}.mcap", capsys)
        assert report["cut"]
        assert report["commands"] > 10, name
    topics = {record.topic for record in McapReader(tmp_path / "whole.mcap", WRITTEN)}
    assert topics == set(WRITTEN)


def test_an_interrupt_in_the_middle_of_a_write_cuts_nothing(
    node_process, make_bundle, ros_node, wait_until, tmp_path
):
    """The defect: KeyboardInterrupt left half a chunk in the file, which ends there."""
    sign, file = tmp_path / "sign", tmp_path / "it.mcap"
    recorder = node_process(
        "recorder_node",
        parameters={"bundle": make_bundle(), "file": file},
        prelude=INTERRUPTED.format(sign=str(sign)),
    )
    recorder.wait_for_log("recording to", 60.0)
    publisher = ros_node.create_publisher(String, "language_command", QoSProfile(depth=10))
    wait_until(publisher.get_subscription_count, 20.0, "a recorder that listens")
    sign.touch()

    def has_ended():
        publisher.publish(String(data="walk forward"))
        return not recorder.is_running()

    wait_until(has_ended, 20.0, "the end of the recorder")
    assert recorder.popen.returncode == 0, recorder.read_log()
    assert not sign.exists()
    reader = McapReader(file, ["language_command"])
    assert {record.message.data for record in reader} == {"walk forward"}
    assert reader.cut == ""


def test_a_disk_that_is_nearly_full_and_a_file_that_exists_are_told(node_process, tmp_path):
    options = {"file": tmp_path / "it.mcap", "min_free_mb": 10**9}
    nearly = node_process("recorder_node", parameters=options)
    assert nearly.popen.wait(60.0) == 2
    assert "less than min_free_mb" in nearly.read_log()
    again = node_process("recorder_node", parameters=options)
    assert again.popen.wait(60.0) == 2
    assert "it.mcap exists; name another file" in again.read_log()
