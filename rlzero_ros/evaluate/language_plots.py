"""Plots of the benchmark's page, as SVG text."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .language_table import methods_of, rows


def bars(report: Mapping[str, Any]) -> str:
    """Normalised return by task and method, with standard errors."""
    methods, entries = methods_of(report), list(rows(report))
    figure, axes = _subplots(max(6.0, 0.55 * len(entries) * max(1, len(methods)) ** 0.5 + 2), 4.2)
    places, width = np.arange(len(entries)), 0.8 / len(methods)
    for number, method in enumerate(methods):
        found = [(i, e[2][method]) for i, e in enumerate(entries) if e[2][method] is not None]
        axes.bar(
            [places[i] + (number - (len(methods) - 1) / 2) * width for i, _ in found],
            [r["normalized"] for _, r in found],
            width,
            yerr=[r["stderr"] for _, r in found],
            label=method,
            capsize=2,
        )
    axes.axhline(1.0, color="grey", lw=0.5)
    axes.axhline(0.0, color="black", lw=0.5)
    axes.set_xticks(places, [key for key, _, _ in entries], rotation=60, ha="right")
    axes.set_ylabel("normalised return (expert 1, random 0)")
    axes.legend()
    return _svg(figure)


def refusal_roc(asked: Sequence[float], nonsense: Sequence[float], threshold: float) -> str:
    """ROC of understanding: the suite's prompts against nonsense, by the matcher's score."""
    figure, axes = _subplots(4.2, 4.0)
    thresholds = np.append(np.unique([*asked, *nonsense]), np.inf)
    accepted = [[np.mean(np.array(s) >= t) for s in (nonsense, asked)] for t in thresholds]
    curve = np.array(accepted)
    axes.plot(curve[:, 0], curve[:, 1])
    at = [float(np.mean(np.array(s) >= threshold)) for s in (nonsense, asked)]
    axes.plot(*at, "o", label=f"threshold {threshold:.2f}")
    axes.set(xlabel="nonsense accepted", ylabel="prompts accepted", xlim=(-0.02, 1), ylim=(0, 1.02))
    axes.legend(loc="lower right")
    return _svg(figure)


def label_rocs(report: Mapping[str, Any]) -> str:
    """ROC of the rivals' labels against the real reward, one line a task; empty without any."""
    figure, axes = _subplots(5.6, 4.0)
    drawn = 0
    for key, task in report["details"].items():
        for result in task["methods"].values():
            if "label_roc" in result:
                points = np.array(result["label_roc"])
                axes.plot(points[:, 0], points[:, 1], label=f"{key} {result['label_auc']:.2f}")
                drawn += 1
                break
    if not drawn:
        return ""
    axes.plot([0, 1], [0, 1], color="grey", lw=0.5)
    axes.set(xlabel="other states labelled higher", ylabel="good states labelled higher")
    axes.legend(fontsize="small", loc="lower right", title="area under the curve")
    return _svg(figure)


def _subplots(width: float, height: float) -> tuple[Any, Any]:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")


def _svg(figure: Any) -> str:
    from matplotlib import pyplot as plt

    buffer = io.StringIO()
    # Text as text, without a date: small, searchable, and the same for the same numbers.
    with plt.rc_context({"svg.fonttype": "none", "svg.hashsalt": "rlzero"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    plt.close(figure)
    text = buffer.getvalue()
    return text[text.index("<svg") :]
