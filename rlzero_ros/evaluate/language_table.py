"""The benchmark's report as a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .language_scores import OURS, REHEARSED


def methods_of(report: Mapping[str, Any]) -> list[str]:
    """Ours, with rehearsal where it was tried, and the rivals."""
    tried = {m for task in report["details"].values() for m in task["methods"]}
    return [m for m in (OURS, REHEARSED, *report["rivals"]) if m in tried]


def rows(report: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Task, prompt, and of each method the normalised mean and its standard error, or None."""
    for key, task in report["details"].items():
        yield key, task["prompt"], {m: task["methods"].get(m) for m in methods_of(report)}


def cell(result: Mapping[str, Any] | None) -> str:
    """One method on one task: mean ± standard error, and whether it was refused."""
    if result is None:
        return "–"
    text = f"{result['normalized']:.2f} ± {result['stderr']:.2f}"
    return f"{text} (refused)" if result["refused"] else text


def share(value: float | None) -> str:
    """A win rate or a mean, as people read it."""
    return "–" if value is None else f"{value:.3f}"


def markdown(report: Mapping[str, Any]) -> str:
    """The table as Markdown."""
    methods = methods_of(report)
    lines = [
        "| task | prompt | " + " | ".join(methods) + " |",
        "|---|---|" + "---|" * len(methods),
    ]
    for key, prompt, found in rows(report):
        cells = " | ".join(cell(found[m]) for m in methods)
        lines.append(f"| {key} | {prompt} | {cells} |")
    return "\n".join(lines)


def print_table(report: Mapping[str, Any]) -> None:
    """The table, the means and the win rates, on standard output."""
    if report["details"]:
        print(markdown(report))
    print(f"normalised mean {share(report['normalized_mean'])} over {len(report['tasks'])} tasks")
    for rival, rate in report["win_rate"].items():
        if rate is not None:
            print(f"win rate against {rival}: {share(rate)}")
    for rival, rate in report["rehearsal"]["win_rate"].items():
        if rate is not None:
            print(f"win rate against {rival}, rehearsed: {share(rate)}")
    for name, counts in (report["judge"] or {}).items():
        if name == "error" and counts:
            print(f"the judge stopped: {counts}")
        elif name != "error":
            print(f"the judge, ours against {name}: {counts}")
    if report["not_run"]:
        print("not run: " + ", ".join(report["not_run"]))
