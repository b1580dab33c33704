"""An independent witness of this machine standing still, and a second chance for tests that did.

A robot stops by itself when its computer stands still for a tenth of a second, as it must; a shared
machine that is paused by its host therefore fails tests of robots that should go on. Such a test
runs once more, and is reported as rerun, if a process that does nothing but sleep under the highest
real-time priority overslept meanwhile, or Linux counted that much of the processor's time as stolen
by the host: then no scheduling by this project could have been in time. Standstills come in
clusters, so there are three further runs, each after a standstill of its own. A host may take away
one processor alone, with whoever runs on it: each of them has a witness. It may also take away a
few milliseconds many times over: what counts is how much is missing of a tenth of a second.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence

import pytest

FOLDERS = ("nodes", "faults")  # of test/: where robots act in real time
# More than the 50 ms in a second for which Linux holds up real-time threads that never sleep: those
# could be this project's own. With its periods and what is under way it can stop a robot.
STOOD_STILL_S = 0.06
WITHIN_S = 0.12
"""In which so much may be missing in pieces."""
OVERSLEPT_S = 0.02
"""What is longer is a standstill by itself; stolen pieces are shorter, and told after the event."""
NO_REALTIME = 77
# Prints that it runs, and then when it woke and for how long it was held up just before; one
# process for each processor that may be used. They end with their parent, whose pipe they hold.
# Stolen time is told in hundredths of a second, so that a sample may bring that of earlier ones.
WITNESS = """
import os, select, sys, time
try:
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(98))
except (AttributeError, PermissionError):
    sys.exit(77)  # nobody can tell who was late
mine, *others = sorted(os.sched_getaffinity(0))
for processor in others:
    if os.fork() == 0:
        mine = processor
        break
os.sched_setaffinity(0, {mine})
stat = os.open("/proc/stat", os.O_RDONLY)
row, column, unit_s = b"\\ncpu%d " % mine, 8, 1 / os.sysconf("SC_CLK_TCK")
def stolen_s():
    text = os.pread(stat, 1 << 16, 0)
    return int(text[text.index(row):].split(None, column + 1)[column]) * unit_s
os.write(1, b"%r 0.0\\n" % time.monotonic())
before_s = stolen_s()
while not select.select([sys.stdin], [], [], 0)[0]:
    slept = time.monotonic()
    time.sleep(0.01)
    woke, now_s = time.monotonic(), stolen_s()
    late, taken = woke - slept - 0.01, min(now_s - before_s, woke - slept)
    before_s = now_s
    if late > 0.02 or taken > 0.0:
        os.write(1, b"%r %r\\n" % (woke, max(late, taken)))
"""


class Witness:
    """The process, and what it wrote."""

    def __init__(self) -> None:
        self._log = tempfile.TemporaryFile(mode="a+b")  # noqa: SIM115 - of no name: nothing is left
        self.process = subprocess.Popen(
            [sys.executable, "-c", WITNESS],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.DEVNULL,
        )

    def has_ended(self) -> bool:
        """Whether it may not have real-time priority; a failure of its own is an AssertionError."""
        assert self.process.poll() in (None, NO_REALTIME), "the witness died"
        return self.process.poll() is not None

    def seen(self) -> list[tuple[float, float]]:
        """When it woke (monotonic) and how long it was held up just before (s); its begin first."""
        size = os.fstat(self._log.fileno()).st_size
        lines = os.pread(self._log.fileno(), size, 0).decode().splitlines()
        return [(float(at), float(late)) for at, late in map(str.split, lines)]

    def worst_since(self, start_s: float) -> float:
        """The longest standstill (s) since a monotonic time, or the most that is missing WITHIN_S.

        0 if nobody knows.
        """
        spans = [(begin_s, end_s) for begin_s, end_s in self._held_up() if end_s > start_s]
        worst_s = 0.0
        for last, (begin_s, end_s) in enumerate(spans):
            worst_s = max(worst_s, end_s - begin_s, _missing_s(spans[: last + 1], end_s - WITHIN_S))
        return worst_s

    def held_up_s(self, begin_s: float, end_s: float) -> float:
        """For how long of this interval (monotonic, s) it, or one of several, could not run.

        Of single standstills alone: a bound that a test subtracts this from is not to be loosened
        by a hundredth of a second that was stolen before, or from another processor.
        Not for tests in which a real-time thread of this project spins: Linux holds those up, and
        the witness with them.
        """
        spans = self._held_up(OVERSLEPT_S)
        return sum(max(min(stop, end_s) - max(start, begin_s), 0.0) for start, stop in spans)

    def _held_up(self, longer_than_s: float = 0.0) -> list[tuple[float, float]]:
        """When it, or one of several, could not run: intervals in order, apart from each other."""
        apart: list[tuple[float, float]] = []
        spans = [(at - late, at) for at, late in self.seen() if late > longer_than_s]
        for begin_s, end_s in sorted(spans):
            if apart and begin_s <= apart[-1][1]:
                apart[-1] = apart[-1][0], max(apart[-1][1], end_s)
            else:
                apart.append((begin_s, end_s))
        return apart

    def close(self) -> None:
        """End it."""
        if not self.has_ended():
            self.process.communicate(b"\n", timeout=5)
        self._log.close()


def _missing_s(spans: Sequence[tuple[float, float]], since_s: float) -> float:
    total_s = 0.0
    for begin_s, end_s in reversed(spans):
        if end_s <= since_s:
            break
        total_s += end_s - max(begin_s, since_s)
    return total_s


class StoodStill:
    """True when the machine stood still since a test began; asked after each of its stages."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item

    def __bool__(self) -> bool:
        start_s = self._item.stash.get(_START, None)  # none where it was skipped
        if start_s is None:
            return False
        return self._item.config.stash[_WITNESS].worst_since(start_s) > STOOD_STILL_S


_WITNESS = pytest.StashKey[Witness]()
_START = pytest.StashKey[float]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give those tests their second chance, if they get any."""
    acting = [
        item
        for item in items
        if any(item.path.is_relative_to(config.rootpath / "test" / name) for name in FOLDERS)
    ]
    for item in acting:
        item.add_marker(pytest.mark.flaky(reruns=3, condition=StoodStill(item)))
    if acting and not config.option.collectonly:
        config.stash[_WITNESS] = Witness()
        config.add_cleanup(config.stash[_WITNESS].close)


@pytest.fixture
def held_up_s(request: pytest.FixtureRequest) -> Callable[[float, float], float]:
    """held_up_s(begin_s, end_s): how long of this the machine stood still (monotonic, s)."""
    return request.config.stash[_WITNESS].held_up_s


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note when the test, or its second run, began."""
    item.stash[_START] = time.monotonic()
