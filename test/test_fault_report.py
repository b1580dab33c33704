"""The table of injected faults, as `make faults` renders it."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_a_part_of_the_faults_is_rendered(tmp_path):
    """The defect: after six minutes of faults the report could not import what they share."""
    found = {
        "rows": {
            "planner-killed-holding": {"measured_ms": 26.4},
            "planner-frozen-acting": {"measured_ms": None},
        },
        "commands": 5056,
        "violations": [],
    }
    source, page = tmp_path / "faults.json", tmp_path / "reliability.md"
    source.write_text(json.dumps(found))
    page.write_text("before\n<!-- faults: begin -->\noutdated\n<!-- faults: end -->\nafter\n")
    command = [sys.executable, "test/faults/report.py", str(source), str(page), "--partial"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "outdated" not in text
    assert "2 injected, 1 as they must be. 5056 commands" in text
    rows = [line for line in text.splitlines() if line.endswith(("| 26 |", "| failed |"))]
    assert len(rows) == 2
