"""Returns of one robot as bars, beside published ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .published import PUBLISHED, asked_by_collection

_BARS = {
    "mean": "reward, softmax",
    "plain": "reward, plain",
    "rehearsed": "reward, rehearsed",
    "imitation": "imitation",
    "imitation_rehearsed": "imitation, rehearsed",
    "mean_of_b": "mean of B",
}


def plot_returns(result: Mapping[str, Any], picture: Path) -> None:
    """Draw what `rlzero eval returns` writes as JSON."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    robot, tasks = result["robot"], result["tasks"]
    published = PUBLISHED.get(robot)
    figure, axis = plt.subplots(figsize=(1.6 + 1.3 * len(tasks), 4))
    places = np.arange(len(tasks))
    width = 0.8 / len(_BARS)
    for number, (key, label) in enumerate(_BARS.items()):
        heights = [row[key] for row in tasks.values()]
        errors = [row["stderr"] or 0.0 for row in tasks.values()] if key == "mean" else None
        axis.bar(
            places + (number - (len(_BARS) - 1) / 2) * width,
            heights,
            width,
            yerr=errors,
            label=label,
        )
    if published is not None:
        known = [(i, published.by_task[t]) for i, t in enumerate(tasks) if t in published.by_task]
        if known:
            at, values = zip(*known, strict=True)
            axis.hlines(
                values,
                np.array(at) - 0.45,
                np.array(at) + 0.45,
                colors="black",
                label="TD-Flow's FB",
            )
    names = [t if asked_by_collection(robot, t) else f"{t}\n(unknown to the data)" for t in tasks]
    axis.set_xticks(places, names, fontsize=8)
    axis.set(ylabel="return", title=f"{robot}: zero-shot returns")
    axis.legend(fontsize=8)
    figure.tight_layout()
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, dpi=120)
    plt.close(figure)
