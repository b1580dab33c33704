"""The witness that decides whether a test of a robot may run again."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from standstill import Witness

ROOT = Path(__file__).parents[1]


@pytest.fixture
def witness():
    witness = Witness()
    yield witness
    witness.close()


def test_it_sees_that_it_was_held_up_and_only_then(witness, wait_until):
    wait_until(lambda: witness.seen() or witness.has_ended(), 10.0, "the witness")
    if witness.has_ended():
        pytest.skip("no real-time scheduling here")
    for _ in range(5):  # now and then it is not asleep just then
        witness.process.send_signal(signal.SIGSTOP)
        time.sleep(0.3)  # for so long it is held up
        witness.process.send_signal(signal.SIGCONT)
        time.sleep(0.2)
        if witness.worst_since(0.0) > 0.25:
            break
    assert witness.worst_since(0.0) > 0.25
    assert witness.worst_since(time.monotonic()) == 0.0


@pytest.mark.parametrize(
    ("seen", "worst_s"),
    [
        ([(10.0, 0.0)], 0.0),
        ([(10.0, 0.0), (11.0, 0.3)], 0.3),
        # The defect: many short ones starved a robot's simulator, and none was long enough alone.
        ([(11.0, 0.02), (11.03, 0.02), (11.06, 0.02), (11.09, 0.02)], 0.08),
        ([(11.0, 0.02), (11.5, 0.02), (12.0, 0.02), (12.5, 0.02)], 0.02),
        # Two processors at once count once; what was before counts not at all.
        ([(11.0, 0.05), (11.01, 0.05)], 0.06),
        ([(8.0, 0.3), (11.0, 0.02)], 0.02),
    ],
)
def test_short_standstills_close_together_count_as_a_long_one(witness, monkeypatch, seen, worst_s):
    monkeypatch.setattr(witness, "seen", lambda: seen)
    assert witness.worst_since(9.0) == pytest.approx(worst_s)


def test_it_says_for_how_long_an_interval_was_held_up(witness, monkeypatch):
    monkeypatch.setattr(witness, "seen", lambda: [(1.0, 0.0), (2.0, 0.5), (2.1, 0.2), (3.0, 0.5)])
    assert witness.held_up_s(1.75, 2.75) == pytest.approx(0.35 + 0.25)
    monkeypatch.setattr(witness, "seen", lambda: [(2.0, 0.01), (2.01, 0.01), (2.02, 0.02)])
    assert witness.held_up_s(1.75, 2.75) == 0.0  # stolen pieces loosen no bound


# A copy of the plugin, a conftest that takes its witness's word for a number, and a failing test.
CONFTEST = """
pytest_plugins = ["standstill"]
import standstill
standstill.Witness.worst_since = lambda self, start_s: {worst}
"""
TEST = """
import pytest

@pytest.mark.skip
def test_that_is_skipped():
    raise AssertionError

def test_of_a_robot(tmp_path_factory):
    tries = tmp_path_factory.getbasetemp() / "tries"
    tries.write_text((tries.read_text() if tries.exists() else "") + "x")
    assert tries.read_text() == "xx"
"""


@pytest.mark.parametrize(
    ("folder", "worst", "said"),
    [
        ("nodes", 0.2, "1 passed, 1 skipped.* 1 rerun"),
        ("nodes", 0.0, "1 failed, 1 skipped"),
        ("imitate", 0.2, "1 failed, 1 skipped"),
    ],
)
def test_a_failed_test_of_a_robot_runs_again_if_the_machine_stood_still(
    tmp_path, folder, worst, said
):
    place = tmp_path / "test" / folder
    place.mkdir(parents=True)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test" / "conftest.py").write_text(CONFTEST.format(worst=worst))
    (place / "test_robot.py").write_text(TEST)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-o"]
    command += [f"pythonpath={ROOT / 'test' / 'plugins'}", "--basetemp", tmp_path / "base", place]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert re.search(said, done.stdout), done.stdout + done.stderr
