"""Training curves as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def plot_curves(table: Path, picture: Path) -> None:
    """One panel per column of a metrics.csv over its `update` column."""
    if not table.exists():
        return
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    rows = np.genfromtxt(table, delimiter=",", names=True, ndmin=1)
    names = [n for n in rows.dtype.names or () if n != "update"]
    figure, axes = plt.subplots(1, len(names), figsize=(4 * len(names), 3), squeeze=False)
    for axis, name in zip(axes[0], names, strict=True):
        axis.plot(rows["update"], rows[name], linewidth=1)
        axis.set(title=name.replace("_", " "), xlabel="update")
    figure.tight_layout()
    figure.savefig(picture, dpi=120)
    plt.close(figure)
