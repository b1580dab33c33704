"""out/faults.json into the table of docs/reliability.md.

    python test/faults/report.py out/faults.json docs/reliability.md

Only a whole run is rendered; every row that failed is shown as failed.
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


def all_rows() -> dict[str, list[str]]:
    """The ids of every fault by family, in the order of the tables."""
    here = Path(__file__).parent
    sys.path[:0] = [str(here), str(here.parents[1])]
    return {m: [f.id for f in importlib.import_module(m).table] for m in FAMILIES}


def render(found: dict[str, Any], families: dict[str, list[str]]) -> str:
    """Markdown."""
    rows = found["rows"]
    measured = [r["measured_ms"] for r in rows.values()]
    passed = sum(m is not None for m in measured)
    lines = [
        f"{len(rows)} faults, {passed} as they must be. {found['commands']} commands were received "
        f"in all runs together, {len(found['violations'])} of them outside limits or slew.",
    ]
    for module, ids in families.items():
        lines += ["", f"### {FAMILIES[module]}", ""]
        lines += ["| fault | the robot | limit (ms) | measured (ms) |", "|---|---|---|---|"]
        for name in ids:
            row = rows[name]
            shown = "failed" if row["measured_ms"] is None else f"{row['measured_ms']:.0f}"
            lines.append(f"| {row['what']} | {row['must']} | {row['limit_ms']:.0f} | {shown} |")
    return "\n".join(lines)


def main() -> int:
    """Return the exit status."""
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    found, families = json.loads(source.read_text()), all_rows()
    missing = [i for ids in families.values() for i in ids if i not in found["rows"]]
    if missing:
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
