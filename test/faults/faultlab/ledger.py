"""What was measured, kept for the report; `make faults` prints it and renders it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from .fault import Fault


@dataclass
class Ledger:
    """Rows by fault id, and how many commands were looked at in all."""

    rows: dict[str, dict[str, object]] = field(default_factory=dict)
    commands: int = 0
    violations: list[str] = field(default_factory=list)

    def note(self, fault: Fault, measured_ms: float | None) -> None:
        """One fault's outcome; None where it failed."""
        self.rows[fault.id] = {
            "what": fault.what,
            "must": fault.must,
            "limit_ms": fault.limit_ms,
            "measured_ms": None if measured_ms is None else round(measured_ms, 1),
        }

    def save(self, path: Path) -> None:
        """Merge into the file: families may be run one at a time."""
        path.parent.mkdir(parents=True, exist_ok=True)
        known = json.loads(path.read_text()) if path.is_file() else {}
        rows = {**known.get("rows", {}), **self.rows}
        counted = {
            "commands": known.get("commands", 0) + self.commands,
            "violations": [*known.get("violations", []), *self.violations],
        }
        path.write_text(json.dumps({"rows": rows, **counted}, indent=1) + "\n")

    def table(self) -> str:
        """The rows of this run for a terminal."""
        lines = [f"{'fault':44} {'limit':>9} {'measured':>9}"]
        for name, row in self.rows.items():
            found = row["measured_ms"]
            shown = "FAILED" if found is None else f"{found:.1f} ms"
            lines.append(f"{name:44} {row['limit_ms']:>6.0f} ms {shown:>9}")
        lines.append(
            f"{self.commands} commands received, {len(self.violations)} outside limits or slew"
        )
        return "\n".join(lines)
