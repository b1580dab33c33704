"""Real-time scheduling where it is permitted, and words where it is not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rlzero_ros.nodes.realtime import make_realtime


def policies(pid):
    return {os.sched_getscheduler(int(t.name)) for t in Path(f"/proc/{pid}/task").iterdir()}


def is_permitted():
    code = "import os; os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


SCRIPT = """
import os, threading
from rlzero_ros.nodes.realtime import make_realtime
threading.Thread(target=threading.Event().wait, daemon=True).start()
os.setuid(65534)
print(make_realtime(20))
"""


def test_ordinary_scheduling_is_always_permitted():
    assert make_realtime(0) == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without the right")
def test_without_the_right_it_says_what_to_do():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert "limits.conf" in done.stdout, done.stderr


@pytest.mark.skipif(not is_permitted(), reason="real-time scheduling is not permitted here")
def test_every_thread_of_an_active_policy_node(policy):
    it = policy()
    assert policies(it.process.popen.pid) == {os.SCHED_RR}
    assert "no real-time scheduling" not in it.process.read_log()
    it.process.stop()
    plain = policy(realtime_priority=0)
    assert policies(plain.process.popen.pid) == {os.SCHED_OTHER}
