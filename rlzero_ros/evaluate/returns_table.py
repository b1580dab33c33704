"""The table that `rlzero eval returns` prints and writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .published import PUBLISHED, asked_by_collection

Scores = Mapping[str, tuple[float, float | None]]


def task_row(robot: str, task: str, scores: Scores, steps: int) -> dict[str, Any]:
    """One task's numbers: those of the softmax-weighted prompt count, the others stand beside.

    normalized: return per step. stderr: None for a single episode. known: the kind of skill by
    which the data collection knew the task, None if it did not.
    """
    mean, error = scores["softmax"]
    row: dict[str, Any] = {"mean": mean, "stderr": error, "normalized": mean / steps}
    for name in ("plain", "rehearsed", "mean of B", "imitation", "imitation rehearsed"):
        key = name.replace(" ", "_").lower()
        row[key], row[f"{key}_stderr"] = scores[name]
    for key in ("imitation", "imitation_rehearsed"):
        row[f"{key}_share"] = row[key] / mean if mean > 0 else None
    row["known"] = asked_by_collection(robot, task)
    return row


def result_of(robot: str, updates: int | None, rows: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the JSON file says."""
    known = [task for task, row in rows.items() if row["known"]]
    result: dict[str, Any] = {
        "robot": robot,
        "updates": updates,
        "tasks": dict(rows),
        "mean": _mean(rows, list(rows)),
        "mean_known": _mean(rows, known),
        "mean_unknown": _mean(rows, [task for task in rows if task not in known]),
    }
    if published := PUBLISHED.get(robot):
        result["published"] = {"tasks": list(published.tasks), "means": dict(published.means)}
        compared = set(published.tasks) <= set(rows)
        for key in ("mean", "plain", "rehearsed", "imitation", "imitation_rehearsed"):
            name = f"{key.removeprefix('mean')}_mean_published_tasks".removeprefix("_")
            result[name] = _mean(rows, published.tasks, key) if compared else None
    return result


def summary(result: Mapping[str, Any]) -> list[str]:
    """Lines below the table."""
    lines = [f"mean {result['mean']:.0f} over {len(result['tasks'])} tasks"]
    for key, words in (
        ("mean_known", "that a skill of the data collection comes near"),
        ("mean_unknown", "that the data collection did not know"),
    ):
        if result[key] is not None:
            lines.append(f"mean {result[key]:.0f} over the tasks {words}")
    if (ours := result.get("mean_published_tasks")) is not None:
        published = result["published"]
        others = ", ".join(f"{name} {mean:.0f}" for name, mean in published["means"].items())
        ways = ", ".join(
            f"{key.replace('_', ' ')} {result[f'{key}_mean_published_tasks']:.0f}"
            for key in ("plain", "rehearsed", "imitation", "imitation_rehearsed")
        )
        tasks = ", ".join(published["tasks"])
        lines.append(f"{tasks}: ours {ours:.0f} ({ways}); published: {others}")
    return lines


def _mean(rows: Mapping[str, Any], tasks: Sequence[str], key: str = "mean") -> float | None:
    return float(np.mean([rows[task][key] for task in tasks])) if tasks else None
