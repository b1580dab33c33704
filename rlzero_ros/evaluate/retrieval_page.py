"""Curves and examples of `rlzero eval retrieval`: one folder that opens without a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ..project.index import WINDOW, ObservationIndex
from ..project.limbs import TOLERANCE_DEG
from .retrieval import Retrieved

Found = tuple[str, ObservationIndex, Mapping[str, Retrieved]]
_CELL, _GAP, _LABEL, _EXAMPLES, _WORST = 96, 4, 14, 16, 8
_RIGHT, _WRONG = (40, 150, 60), (200, 50, 40)
_BINS = 10


def write_page(
    folder: Path, report: Mapping[str, Mapping[str, Mapping[str, float]]], found: Sequence[Found]
) -> Path:
    """Writes ``index.html`` with its pictures into the folder; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for robot, index, sceneries in found:
        parts.append(f"<h2>{escape(robot)}</h2>\n{_table(report[robot])}")
        _plot(index, sceneries).save(folder / f"{robot}.png")
        parts.append(f'<img src="{robot}.png" alt="error and confidence">')
        for name, result in sceneries.items():
            for title, rows in _chosen(result).items():
                file = f"{robot}-{name}-{title}.png"
                example_sheet(index, result, rows).save(folder / file)
                parts.append(f'<h3>{name}: {title}</h3>\n<img src="{file}" alt="{title}">')
    page = folder / "index.html"
    page.write_text(_PAGE.format(tolerance=TOLERANCE_DEG, body="\n".join(parts)), encoding="utf-8")
    return page


_PAGE = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Retrieval</title>
<style>body {{ font: 16px sans-serif; margin: 2em; }} td, th {{ padding: .2em .8em;
text-align: right; }} img {{ max-width: 100%; display: block; }}</style>
<h1>Are drawings projected to the state that was drawn?</h1>
<p>Each line of examples: the three frames of a clip in a held-out style, then the five nearest
observations of the robot, best first, with their mean joint error; green is within
{tolerance:.0f} degrees.</p>
{body}
</html>
"""


def _table(scores: Mapping[str, Mapping[str, float]]) -> str:
    keys = list(dict.fromkeys(key for row in scores.values() for key in row))
    head = "".join(f"<th>{escape(key)}</th>" for key in keys)
    lines = [
        f"<tr><th>{escape(name)}</th>"
        + "".join(f"<td>{row[key]:.3g}</td>" if key in row else "<td></td>" for key in keys)
        + "</tr>"
        for name, row in scores.items()
    ]
    return f"<table><tr><th></th>{head}</tr>{''.join(lines)}</table>"


def _chosen(result: Retrieved) -> dict[str, NDArray[np.int64]]:
    """Rows to show: the first ones, and the worst mistakes."""
    return {
        "examples": np.arange(min(_EXAMPLES, len(result.rows))),
        "worst": np.argsort(-result.errors[:, 0])[:_WORST],
    }


def example_sheet(
    index: ObservationIndex, result: Retrieved, rows: NDArray[np.int64]
) -> Image.Image:
    """One line for each of the rows: the clip, then what was found, framed and labelled."""
    columns = WINDOW + result.rows.shape[1]
    width, height = columns * (_CELL + _GAP), len(rows) * (_CELL + _LABEL + _GAP)
    sheet = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(sheet)
    for line, row in enumerate(rows):
        top = line * (_CELL + _LABEL + _GAP)
        for column, frame in enumerate(result.frames[row]):
            _paste(sheet, frame, column * (_CELL + _GAP), top)
        for rank, entry in enumerate(result.rows[row]):
            left, error = (WINDOW + rank) * (_CELL + _GAP), float(result.errors[row, rank])
            color = _RIGHT if error < TOLERANCE_DEG else _WRONG
            _paste(sheet, index.thumbnails.decode(int(entry)), left, top)
            pen.rectangle((left, top, left + _CELL - 1, top + _CELL - 1), outline=color, width=2)
            pen.text((left + 2, top + _CELL), f"{error:.0f} deg", fill=color)
    return sheet


def _paste(sheet: Image.Image, frame: NDArray[np.uint8], left: int, top: int) -> None:
    picture = Image.fromarray(frame).resize((_CELL, _CELL), Image.Resampling.BILINEAR)
    sheet.paste(picture, (left, top))


def _plot(index: ObservationIndex, sceneries: Mapping[str, Retrieved]) -> Image.Image:
    """Share of queries below an error, recall by how many are looked at, and calibration."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, (errors, recall, trust) = plt.subplots(1, 3, figsize=(13, 3.8))
    for name, result in sceneries.items():
        ordered = np.sort(result.errors[:, 0])
        errors.plot(ordered, np.arange(1, len(ordered) + 1) / len(ordered), label=name)
        right = result.errors < TOLERANCE_DEG
        shares = np.maximum.accumulate(right, axis=1).mean(0)
        recall.plot(np.arange(1, right.shape[1] + 1), shares, marker="o", label=name)
        if index.calibration is not None:
            expected = index.calibration.probability(result.similarities[:, 0])
            groups = np.array_split(np.argsort(expected), _BINS)
            trust.plot(
                [expected[g].mean() for g in groups],
                [right[g, 0].mean() for g in groups],
                marker="o",
                label=name,
            )
    errors.axvline(TOLERANCE_DEG, color="grey", linewidth=1)
    errors.set(xlabel="mean joint error of the best match (degrees)", ylabel="share of drawings")
    errors.set(xlim=(0, 90), ylim=(0, 1))
    recall.set(xlabel="k", ylabel="recall@k", ylim=(0, 1))
    trust.plot([0, 1], [0, 1], color="grey", linewidth=1)
    trust.set(xlabel="confidence", ylabel="share of right poses", xlim=(0, 1), ylim=(0, 1))
    for axis in (errors, recall, trust):
        axis.grid(alpha=0.3)
        axis.legend(*axis.get_legend_handles_labels())
    figure.tight_layout()
    figure.canvas.draw()
    picture = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())[..., :3].copy())  # type: ignore[attr-defined]
    plt.close(figure)
    return picture
