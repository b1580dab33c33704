"""`rlzero run` as a person starts it: reports, exit codes, and nothing left behind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from processes import nodes_with, processes_that

from rlzero_ros.errors import ErrorCode

ROOT = Path(__file__).parents[3]
PATIENCE_S = 240.0


@pytest.fixture
def run(world, tmp_path):
    """run(*arguments): the running process, in a process group of its own."""
    started, mine = [], {"PYTHONFAULTHANDLER": "1", "RLZERO_TEST_RUN": str(tmp_path)}

    def start(*arguments, **environment):
        command = [sys.executable, "-m", "rlzero_ros.cli", "run", "--bundle", "tiny"]
        # A policy with random weights falls whatever it is told; and a stop is to be seen.
        command += ["--rehearse", "0", "--tries", "1"]
        command += ["--report", str(tmp_path / "out" / "report.json"), *arguments]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **mine, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            nodes = nodes_with(f"RLZERO_TEST_RUN={tmp_path}")
            show_where_they_stand(process, nodes, tmp_path / "out" / "log")
            process.kill()
            process.wait()


def show_where_they_stand(process, nodes, logs):
    """What hangs prints the stacks of its threads when it is aborted; shown if the test failed."""
    for pid in nodes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGABRT)
    process.send_signal(signal.SIGABRT)
    try:
        print(process.communicate(timeout=5.0)[1])
    except subprocess.TimeoutExpired:
        print("it does not even end when it is aborted")
    for log in logs.glob("*.log"):
        print(f"{log.name}:\n{log.read_text(errors='replace')[-6000:]}")


def wait_for_line(process, text):
    """Read what it says until a line holds the text; its ROS domain."""
    domain = None
    for line in process.stderr:
        domain = domain or re.search(r"ROS_DOMAIN_ID=(\d+)", line)
        if text in line:
            return domain.group(1)
    pytest.fail(f"it ended without saying {text!r}")


def nodes_of(domain):
    """Nodes whose environment names the domain."""
    return nodes_with(f"ROS_DOMAIN_ID={domain}")


def maps_shared_memory(pid):
    return "/dev/shm/fastrtps" in Path(f"/proc/{pid}/maps").read_text()


def gone(domain, timeout_s=10.0):
    deadline = time.monotonic() + timeout_s
    while nodes_of(domain):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_a_command_is_carried_out_and_reported(run, tmp_path):
    process = run("--command", "walk forward", "--seconds", "2", "--json", str(tmp_path / "j.json"))
    output, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, said
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report == json.loads((tmp_path / "j.json").read_text())
    assert (report["command"], report["robot"], report["seed"]) == ("walk forward", "walker", 0)
    assert report["outcome"]["error_code"] == 0
    assert set(report["timing_s"]) == {"imagine", "project", "imitate", "first_command"}
    assert all(0 < seconds < 30 for seconds in report["timing_s"].values())
    assert report["timing_s"]["first_command"] > report["timing_s"]["imagine"]
    assert report["projection"]["frames"] == 4 * 48
    assert report["projection"]["similarity_mean"] > 0.9
    assert set(report["behaviour"]) == {
        "torso_height_m",
        "upright",
        "forward_speed_mps",
        "distance_m",
    }
    assert report["control"]["rate_hz"] == pytest.approx(40, abs=4)
    assert report["guard"]["ticks"] > 80
    assert (tmp_path / "out" / "strip.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "out" / "run.mp4").stat().st_size > 1000
    assert "carried out" in output
    stages = [line.split()[0] for line in said.splitlines() if "%" in line]
    assert list(dict.fromkeys(stages)) == ["imagine", "project", "send", "act"]
    domain = re.search(r"ROS_DOMAIN_ID=(\d+)", said).group(1)
    assert not nodes_of(domain)


def test_a_run_that_the_computer_did_not_keep_up_with_begins_again(run, tmp_path):
    process = run("--command", "walk forward", "--seconds", "3", "--no-film", "--tries", "3")
    nodes = nodes_of(wait_for_line(process, "act  "))
    simulators = processes_that(lambda command, _: b"rlzero_ros.nodes.mujoco_node" in command)
    (simulator,) = set(nodes) & set(simulators)
    os.kill(simulator, signal.SIGSTOP)
    time.sleep(0.5)
    os.kill(simulator, signal.SIGCONT)
    _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, said
    assert "did not keep up" in said
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["outcome"]["error_code"] == 0
    assert "ms old" in report["stops"][0]


def test_what_falls_in_rehearsal_is_not_done(run, tmp_path):
    """A policy with random weights falls whatever it is told."""
    process = run("--command", "walk forward", "--seconds", "1", "--no-film", "--rehearse", "2")
    _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3, said
    assert "rehearse" in [line.split()[0] for line in said.splitlines() if "%" in line]
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["outcome"]["error_code"] == ErrorCode.REHEARSAL_VETO
    assert "it falls" in report["outcome"]["message"]
    assert report["plan_id"] == ""


def test_a_refused_command_exits_with_3_and_is_reported(run, tmp_path):
    process = run("--command", "make me a coffee", "--seconds", "1", "--no-film")
    output, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3, said
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["outcome"]["error_code"] == ErrorCode.COMMAND_NOT_UNDERSTOOD
    assert report["outcome"]["message"] in output
    assert report["plan_id"] == ""
    assert report["behaviour"]["torso_height_m"] > 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_it_ends_its_nodes(run, number):
    process = run("--command", "walk forward", "--seconds", "60", "--no-film")
    until = "act  " if number == signal.SIGINT else "starting the nodes"
    domain = wait_for_line(process, until)
    deadline = time.monotonic() + 10.0
    while len(nodes_of(domain)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(nodes_of(domain)) == 3
    # Killed processes would leave files behind.
    assert not [pid for pid in (process.pid, *nodes_of(domain)) if maps_shared_memory(pid)]
    if number == signal.SIGINT:
        os.kill(nodes_of(domain)[0], signal.SIGSTOP)  # a node that does not listen
    process.send_signal(number)
    process.communicate(timeout=30.0)
    codes = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}
    assert process.returncode == codes[number]
    assert gone(domain)


def test_it_ends_when_nobody_reads_its_progress_any_more(run):
    # The thread that listens died of a closed pipe, and the robot acted for 36 minutes until found.
    process = run("--command", "walk forward", "--seconds", "60", "--no-film")
    domain = wait_for_line(process, "planner_node is active")
    process.stderr.close()
    assert process.wait(30.0) != 0
    assert gone(domain)


def test_an_evaluation_that_is_told_to_leave_ends_its_run(world, tmp_path, wait_until):
    command = [sys.executable, "-m", "rlzero_ros.cli", "eval", "sentences", "--bundle", "tiny"]
    evaluation = subprocess.Popen(
        [*command, "--seeds", "1", "--work", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        log = tmp_path / "stand_still-0" / "log" / "planner_node.log"
        wait_until(log.exists, 60.0, "the nodes of its first run")
    finally:
        evaluation.terminate()
    assert evaluation.wait(30.0) == 143
    ours = os.fsencode(tmp_path)
    wait_until(lambda: not processes_that(lambda c, e: ours in c + e), 15.0, "their end")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--command", "walk", "--bundle", "nothing"], "no bundle 'nothing'"),
        ([], "say what to do"),
        (["--command", "walk", "--robot", "cheetah"], "of robot walker, not cheetah"),
    ],
)
def test_what_cannot_begin_says_why_in_one_line(run, arguments, message):
    process = run(*arguments)
    _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    lines = [line for line in said.splitlines() if line.startswith("rlzero run: ")]
    assert len(lines) == 1
    assert message in lines[0]
