"""Configure, activate, deactivate, clean up, again and again: nothing is left behind.

RLZERO_LIFECYCLE_CYCLES=100 makes it a hundred cycles; 20 without it.
"""

import os
from pathlib import Path

import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState

CYCLES = int(os.environ.get("RLZERO_LIFECYCLE_CYCLES", "20"))
# Allocators and caches fill up in the first cycles.
WARM_UP = 5
STEPS = (
    Transition.TRANSITION_CONFIGURE,
    Transition.TRANSITION_ACTIVATE,
    Transition.TRANSITION_DEACTIVATE,
    Transition.TRANSITION_CLEANUP,
)


def used_by(pid):
    """Threads, open files and resident memory (kB) of a process."""
    folder = Path(f"/proc/{pid}")
    status = dict(
        line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line
    )
    files = len(list((folder / "fd").iterdir()))
    return int(status["Threads"]), files, int(status["VmRSS"].split()[0])


@pytest.mark.parametrize("name", ["policy_node", "mujoco_node"])
def test_cycles_leave_no_threads_files_or_memory_behind(
    name, node_process, make_bundle, ros_node, wait_until, record_property
):
    parameters = {"autostart": False}
    if name == "policy_node":
        parameters |= {"bundle": make_bundle(), "dry_run": False}
    process = node_process(name, parameters=parameters)
    client = ros_node.create_client(ChangeState, f"{name}/change_state")
    assert client.wait_for_service(60.0)

    def cycle():
        for step in STEPS:
            request = ChangeState.Request(transition=Transition(id=step))
            future = client.call_async(request)
            wait_until(future.done, 30.0, f"transition {step}")
            assert future.result().success, step

    for _ in range(WARM_UP):
        cycle()
    threads, files, memory_kb = used_by(process.popen.pid)
    for _ in range(CYCLES):
        cycle()
    threads_after, files_after, memory_after_kb = used_by(process.popen.pid)
    growth = memory_after_kb / memory_kb - 1.0
    record_property("cycles", CYCLES)
    record_property("growth", f"{growth:.4f} of {memory_kb} kB")
    assert threads_after == threads
    assert files_after == files
    assert growth < 0.02
    assert process.stop() == 0
