"""Recorders beside a running policy node: one ends well, one is killed, one has a full disk."""

import json
import sys
import time

from rlzero_ros.cli import main
from rlzero_ros.evaluate.mcap_file import McapReader
from rlzero_ros.msg import PolicyStatus

WRITTEN = ("control_events", "joint_states", "imu", "odom", "commands", "plan", "policy_status")


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
    command = f"{sys.executable} -m rlzero_ros.nodes.recorder_node --ros-args"
    for name, value in options("full").items():
        command += f" -p {name}:={value}"
    # A file that must not grow: to the process it is a disk without room.
    full = node_process.start("full", ["bash", "-c", f"ulimit -f 160; exec {command}"])
    for process in (whole, killed, full):
        process.wait_for_log("recording to", 60.0)
    # The policy node hears of them at about the time that this one does.
    heard = lambda: ros_node.count_subscribers("control_events") == 3  # noqa: E731
    wait_until(heard, 20.0, "three recorders in the graph")
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


def test_a_disk_that_is_nearly_full_and_a_file_that_exists_are_told(node_process, tmp_path):
    options = {"file": tmp_path / "it.mcap", "min_free_mb": 10**9}
    nearly = node_process("recorder_node", parameters=options)
    assert nearly.popen.wait(60.0) == 2
    assert "less than min_free_mb" in nearly.read_log()
    again = node_process("recorder_node", parameters=options)
    assert again.popen.wait(60.0) == 2
    assert "it.mcap exists; name another file" in again.read_log()
