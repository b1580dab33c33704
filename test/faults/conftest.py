"""One graph of real processes for the whole suite, and the ledger of what was measured."""

import os
from pathlib import Path

import pytest
from faultlab.ledger import Ledger
from faultlab.stage import Theatre

ROOT = Path(__file__).parents[2]
REPORT = Path(os.environ.get("RLZERO_FAULTS_JSON", ROOT / "out" / "faults.json"))
LEDGER = pytest.StashKey[Ledger]()


def pytest_collection_modifyitems(config, items):
    """Without `-m faults`, only the fast ones: every row takes a quarter of an hour."""
    if "faults" in config.option.markexpr:
        return
    slow = [i for i in items if i.get_closest_marker("faults") and not is_fast(i)]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


def is_fast(item):
    return item.get_closest_marker("fast_faults") is not None


def pytest_terminal_summary(terminalreporter, config):
    ledger = config.stash.get(LEDGER, None)
    if ledger is not None and ledger.rows:
        terminalreporter.section("faults")
        terminalreporter.write_line(ledger.table())


@pytest.fixture(scope="session")
def ledger(request):
    """Written to out/faults.json when every row was asked for."""
    ledger = request.config.stash[LEDGER] = Ledger()
    yield ledger
    if "faults" in request.config.option.markexpr:
        ledger.save(REPORT)


@pytest.fixture(scope="session")
def bundle():
    """The walker's, as shipped; read before the robot plays, which must not be kept waiting."""
    from rlzero_ros.bundle import Bundle

    bundle = Bundle.load("walker")
    bundle.index()
    return bundle


@pytest.fixture(scope="module")
def theatre(starter, bundle):
    """Where the faults are played, one stage at a time."""
    theatre = Theatre(starter, bundle)
    yield theatre
    theatre.close()


@pytest.fixture
def judge(ledger):
    """judge(fault, stage): inject, measure, compare, and keep what was found."""

    def check(fault, stage):
        ledger.note(fault, None)
        try:
            measured_ms = fault.inject(stage)
        finally:
            count, violations = stage.recorder.check()
            ledger.commands += count
            ledger.violations += [f"{fault.id}: {v}" for v in violations]
        assert not violations, violations[:3]
        assert measured_ms <= fault.limit_ms, f"{measured_ms:.1f} ms"
        ledger.note(fault, measured_ms)

    return check
