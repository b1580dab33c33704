"""Configure, activate, deactivate, clean up, again and again: nothing is left behind.

RLZERO_LIFECYCLE_CYCLES=100 makes it a hundred cycles; 20 without it.
"""

import os
import time
from pathlib import Path

import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState

CYCLES = int(os.environ.get("RLZERO_LIFECYCLE_CYCLES", "20"))
# Caches fill up in the first cycles.
WARM_UP = 5
# What one cycle left may wait for the garbage collector: the least of so many cycles counts.
LEAST_OF = 6
# Freed memory goes back to the system, so that only what is kept is seen.
RETURNED = {"MALLOC_TRIM_THRESHOLD_": "0", "MALLOC_ARENA_MAX": "1"}
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
    process = node_process(name, parameters=parameters, env=RETURNED)
    client = ros_node.create_client(ChangeState, f"{name}/change_state")
    assert client.wait_for_service(60.0)
    time.sleep(0.2)  # until whoever answers knows this client too

    def cycle():
        for step in STEPS:
            request = ChangeState.Request(transition=Transition(id=step))
            future = client.call_async(request)
            wait_until(future.done, 30.0, f"transition {step}")
            assert future.result().success, step

    def memory_after(cycles):
        """The least resident memory (kB) after so many cycles and a few more."""
        for _ in range(cycles):
            cycle()
        least = []
        for _ in range(LEAST_OF):
            cycle()
            least.append(used_by(process.popen.pid)[2])
        return min(least)

    memory_kb = memory_after(WARM_UP)
    threads, files, _ = used_by(process.popen.pid)
    growth = memory_after(CYCLES) / memory_kb - 1.0
    # What the last cycle ended may take a moment to leave.
    wait_until(
        lambda: used_by(process.popen.pid)[:2] == (threads, files), 10.0, f"{threads}, {files} left"
    )
    record_property("cycles", CYCLES)
    record_property("growth", f"{growth:.4f} of {memory_kb} kB")
    assert growth < 0.02
    assert process.stop() == 0
