"""out/faults.json into the table of docs/reliability.md.

    python test/faults/report.py out/faults.json docs/reliability.md

Only a whole run is rendered, unless --partial is said; what failed is shown as failed, what was not
injected as a dash.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

FAMILIES = {
    "test_inputs": "The robot's state",
    "test_plans": "Plans",
    "test_requests": "People and tools",
    "test_planner": "The planner",
    "test_simulator": "The simulator",
    "test_clock": "Clocks",
    "test_files": "Files and disks",
}
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"


def all_faults() -> dict[str, list[Any]]:
    """Every fault by family, in the order of the tables."""
    here = Path(__file__).parent
    # As pytest's pythonpath; see pyproject.toml.
    sys.path[:0] = [str(here), str(here.parents[1]), str(here.parent / "plugins")]
    return {m: list(importlib.import_module(m).table) for m in FAMILIES}


def line_of(fault: Any, row: dict[str, Any] | None) -> str:
    """One row of a table."""
    if row is None:
        shown = "–"
    else:
        shown = "failed" if row["measured_ms"] is None else f"{row['measured_ms']:.0f}"
    return f"| {fault.what} | {fault.must} | {fault.limit_ms:.0f} | {shown} |"


def render(found: dict[str, Any], families: dict[str, list[Any]]) -> str:
    """Markdown."""
    rows = found["rows"]
    faults = {f.id: f for family in families.values() for f in family}
    injected = [rows[name]["measured_ms"] for name in faults if name in rows]
    passed = sum(m is not None for m in injected)
    lines = [
        f"{len(faults)} faults, {len(injected)} injected, {passed} as they must be. "
        f"{found['commands']} commands were received in all runs together, "
        f"{len(found['violations'])} of them outside limits or slew.",
    ]
    if len(injected) < len(faults):
        lines[0] += " A dash: not injected with this version yet."
    for module, family in families.items():
        lines += ["", f"### {FAMILIES[module]}", ""]
        lines += ["| fault | the robot | limit (ms) | measured (ms) |", "|---|---|---|---|"]
        lines += [line_of(fault, rows.get(fault.id)) for fault in family]
    return "\n".join(lines)


def main() -> int:
    """Return the exit status."""
    partial = "--partial" in sys.argv
    source, target = (Path(a) for a in sys.argv[1:] if a != "--partial")
    found, families = json.loads(source.read_text()), all_faults()
    missing = [f for family in families.values() for f in family if f.id not in found["rows"]]
    if missing and not partial:
        print(f"{len(missing)} faults were not injected; {target} is left as it is")
        return 0
    text = target.read_text()
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    if not rest or not tail:
        print(f"{target} has no lines {BEGIN} and {END}", file=sys.stderr)
        return 1
    target.write_text(f"{head}{BEGIN}\n{render(found, families)}\n{END}{tail}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
