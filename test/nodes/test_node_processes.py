"""Nodes that a program started end with it, however it ends and whatever they are doing.

They used to be told by a signal at the death of their parent, and were found alive twice.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from processes import nodes_with, processes_that

ROOT = Path(__file__).parents[2]
PARENT = """
import signal, sys, time
from pathlib import Path
from rlzero_ros.commands.node_processes import NodeProcesses
signal.signal(signal.SIGINT, signal.SIG_IGN)  # as for a program in the background of a script
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup may have it ignored
with NodeProcesses(Path(sys.argv[1]), {"RLZERO_TEST_MARK": sys.argv[1]}) as nodes:
    for name in ("mujoco_node", "fake_hardware_node")[: int(sys.argv[2])]:
        nodes.start(name, {"robot": "walker"})
    print("started", flush=True)
    time.sleep(float(sys.argv[3]))
"""


@pytest.fixture
def parent(tmp_path):
    """parent(nodes, seconds): a program with so many nodes, which ends after so long."""
    started = []

    def start(nodes, seconds=600.0):
        command = [sys.executable, "-c", PARENT, str(tmp_path), str(nodes), str(seconds)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout.readline() == b"started\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def nodes_of(mark):
    return nodes_with(f"RLZERO_TEST_MARK={mark}")


def alive(mark):
    """All processes that carry the mark, the shell that ends the nodes among them."""
    return processes_that(lambda c, e: f"RLZERO_TEST_MARK={mark}".encode() in e.split(b"\0"))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_parent_that_dies_while_its_nodes_start_takes_them_along(
    parent, tmp_path, wait_until, number
):
    process = parent(nodes=2)
    wait_until(lambda: len(nodes_of(tmp_path)) == 2, 5.0, "two nodes")
    process.send_signal(number)
    assert process.wait(5.0) == -number
    wait_until(lambda: not nodes_of(tmp_path), 3.0, "the end of the nodes")


def test_nodes_that_are_up_leave_in_order_and_those_that_do_not_listen_are_killed(
    parent, tmp_path, wait_until
):
    process = parent(nodes=2)
    logs = [tmp_path / f"{name}.log" for name in ("mujoco_node", "fake_hardware_node")]
    wait_until(
        lambda: all("activate done" in log.read_text() for log in logs), 60.0, "active nodes"
    )
    frozen = nodes_of(tmp_path)[0]
    os.kill(frozen, signal.SIGSTOP)
    process.kill()
    # The kernel may hang up on a frozen process whose group lost its parent, before it is killed.
    wait_until(lambda: set(nodes_of(tmp_path)) <= {frozen}, 4.0, "the end of the one that listens")
    wait_until(lambda: not alive(tmp_path), 10.0, "the end of the other")


def test_an_ordinary_end_leaves_nothing_behind_and_is_quick(parent, tmp_path, wait_until):
    process = parent(nodes=1, seconds=0.5)
    assert process.wait(10.0) == 0
    wait_until(lambda: not alive(tmp_path), 1.0, "the end of the node")
