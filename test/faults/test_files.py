"""Bundles that are damaged when a node reads them, and disks that are full."""

import shutil
import time

import pytest
from faultlab.fault import GAP_MS, Table
from faultlab.stage import POLICY
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState

from rlzero_ros import manifest as mf

table = Table("file")
GOES_ON = "goes on, bit for bit the same commands"
START_MS = 60_000.0
"""Models are read first; what counts is that the node says no."""


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path):
    path.write_bytes(path.read_bytes()[:1000])


HARM = {
    "weights altered": (mf.BFM, flip, "is damaged"),
    "weights cut short": (mf.BFM, cut, "bytes"),
    "index altered": (mf.INDEX, flip, "is damaged"),
    "manifest altered": (mf.MANIFEST, flip, "bundle.yaml"),
    "model missing": (mf.MODEL, lambda path: path.unlink(), "is missing"),
}
# What a full disk is to a program: writing fails, here after 200 kB.
FULL_DISK = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
"""


@table.row("the disk is full while a recorder writes", GOES_ON, GAP_MS)
def disk_full(stage):
    stage.start("policy_node", **POLICY)
    plan = stage.ready(plan=True)
    start_s = time.monotonic()
    file = stage.folder / "full.mcap"
    recorder = stage.launch("recorder_node", FULL_DISK, file=str(file))
    assert recorder.popen.wait(60.0) == 2
    assert "the robot goes on" in recorder.read_log()
    assert file.stat().st_size > 100_000
    return stage.expect_unmoved(plan, start_s)


@table.row("the recorder is killed (SIGKILL)", GOES_ON, GAP_MS)
def recorder_killed(stage):
    stage.start("policy_node", **POLICY)
    plan = stage.ready(plan=True)
    file = stage.folder / "killed.mcap"
    recorder = stage.launch("recorder_node", file=str(file))
    recorder.wait_for_log("recording to", 60.0)
    time.sleep(2.0)
    start_s = time.monotonic()
    recorder.kill()
    measured_ms = stage.expect_unmoved(plan, start_s)
    assert file.stat().st_size > 0
    return measured_ms


@table.row("the bundle's files are removed while the robot acts", GOES_ON, GAP_MS)
def removed(stage):
    folder = stage.folder / "removed"
    shutil.copytree(stage.bundle.path, folder)
    stage.start("policy_node", **{**POLICY, "bundle": str(folder)})
    plan = stage.ready(plan=True)
    start_s = time.monotonic()
    for file in folder.iterdir():
        file.unlink()
    return stage.expect_unmoved(plan, start_s)


for key in HARM:

    @table.row(
        f"the bundle at configure: {key}",
        "stays unconfigured, names the file, publishes nothing",
        START_MS,
        name=key,
    )
    def bundle(stage, name):
        file, harm, words = HARM[name]
        folder = stage.folder / name.replace(" ", "-")
        shutil.copytree(stage.bundle.path, folder)
        harm(folder / file)
        stage.end("policy_node")
        received, start_s = len(stage.recorder.commands), time.monotonic()
        process = stage.launch("policy_node", **{**POLICY, "bundle": str(folder)})
        process.wait_for_log("autostart failed", 60.0)
        measured_ms = (time.monotonic() - start_s) * 1e3
        assert words in process.read_log()
        state = stage.operator.ask(GetState, "policy_node/get_state", GetState.Request())
        assert state.current_state.id == State.PRIMARY_STATE_UNCONFIGURED
        assert len(stage.recorder.commands) == received
        process.stop()
        return measured_ms


@pytest.fixture(scope="module")
def stage(theatre, tmp_path_factory):
    stage = theatre.played()
    stage.folder = tmp_path_factory.mktemp("bundles")
    return stage


@pytest.mark.parametrize("fault", table.parameters())
def test_fault(fault, stage, judge):
    judge(fault, stage)
