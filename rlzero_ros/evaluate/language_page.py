"""The benchmark's page: one folder that opens from the file system, without a server."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from .language_films import films_of
from .language_methods import Run
from .language_plots import bars, label_rocs, refusal_roc
from .language_scores import OURS
from .language_store import ResultStore
from .language_table import cell, methods_of, rows, share

_TEMPLATE = Path(__file__).parent / "data" / "language_page.html"


def write_page(
    folder: Path, report: Mapping[str, Any], runs: Sequence[Run], store: ResultStore
) -> None:
    """Write index.html, its strips and its films.

    report: as `summarize` gives it. runs: those whose results are in the store. Where nothing can
    render, the page says so instead of showing films.
    """
    (folder / "media").mkdir(parents=True, exist_ok=True)
    shown = _first_of_each(runs)
    films, missing = films_of([r for r in shown if r.method.name == OURS], store)
    files = {r.key: _copy(films[r.key], folder, r, ".mp4") for r in shown if r.key in films}
    strips = {
        run.key: _copy(path, folder, run, ".png")
        for run in shown
        if (path := store.path(run.key, ".png")).exists()
    }
    plots = [("Normalised return", bars(report))] if report["details"] else []
    if report["details"]:
        plots.append(("Prompts understood, nonsense refused", _refusals(report)))
    labels = label_rocs(report)
    if labels:
        plots.append(("How well the rivals' image rewards agree with the real ones", labels))
    page = Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        summary=_summary(report),
        robots=_robots(report),
        table=_table(report),
        plots="\n".join(f"<h2>{title}</h2>\n<figure>{svg}</figure>" for title, svg in plots),
        tasks="\n".join(
            _task(run, report, strips.get(run.key), files.get(run.key), missing)
            for run in shown
            if run.method.name == OURS
        ),
    )
    (folder / "index.html").write_text(page, encoding="utf-8")


def _first_of_each(runs: Sequence[Run]) -> list[Run]:
    """The first seed of every method on every task."""
    first: dict[tuple[str, str], Run] = {}
    for run in runs:
        first.setdefault((run.task.key, run.method.name), run)
    return list(first.values())


def _copy(path: Path, folder: Path, run: Run, suffix: str) -> str:
    """Copy a file into the page's folder; its address as seen from the page."""
    name = f"{run.task.robot}-{run.task.name}-{run.method.name}{suffix}"
    shutil.copyfile(path, folder / "media" / name)
    return f"media/{name}"


def _refusals(report: Mapping[str, Any]) -> str:
    from ..imagine.sentences import SentenceEncoder
    from ..imagine.understand import THRESHOLD, SentenceMatcher
    from .motions import SENTENCES, read_sentences

    nonsense = [e.sentence for e in read_sentences(SENTENCES) if not e.motion]
    prompts = list({task["prompt"] for task in report["details"].values()})
    matches = SentenceMatcher(SentenceEncoder()).match([*prompts, *nonsense])
    scores = [match.score for match in matches]
    return refusal_roc(scores[: len(prompts)], scores[len(prompts) :], THRESHOLD)


def _summary(report: Mapping[str, Any]) -> str:
    trial, parts = report["trial"], []
    parts.append(
        f"Normalised mean <b>{share(report['normalized_mean'])}</b> over {len(report['tasks'])} "
        f"tasks; {len(trial['seeds'])} seeds of {trial['episodes']} episodes of {trial['steps']} "
        "control steps."
    )
    rates = {m: r for m, r in report["win_rate"].items() if r is not None}
    if rates:
        won = ", ".join(f"{escape(m)} <b>{r:.3f}</b>" for m, r in rates.items())
        parts.append(f"Win rate against {won}.")
    if (rehearsed := report["rehearsal"]["win_rate"]["all"]) is not None:
        parts.append(f"Win rate rehearsed, against all: <b>{rehearsed:.3f}</b>.")
    for robot, reasons in report["absent"].items():
        parts.extend(f"{escape(robot)}: {escape(reason)}." for reason in reasons)
    if report["not_run"]:
        parts.append("Not run: " + escape(", ".join(report["not_run"])) + ".")
    return "\n".join(f"<p>{part}</p>" for part in parts)


def _robots(report: Mapping[str, Any]) -> str:
    lines = [
        f"<tr><td>{escape(robot)}</td><td>{escape(entry['status'])}</td>"
        f"<td>{entry['tasks']}</td><td>{share(entry['normalized_mean'])}</td>"
        f"<td>{share(entry['win_rate']['all'])}</td></tr>"
        for robot, entry in report["robots"].items()
    ]
    head = "<tr><th>robot</th><th></th><th>tasks</th><th>normalised mean</th><th>win rate</th></tr>"
    return f"<table>{head}{''.join(lines)}</table>"


def _table(report: Mapping[str, Any]) -> str:
    methods = methods_of(report)
    head = "".join(f"<th>{escape(m)}</th>" for m in methods)
    lines = [
        f'<tr><td><a href="#{escape(key)}">{escape(key)}</a></td><td>{escape(prompt)}</td>'
        + "".join(f"<td>{escape(cell(found[m]))}</td>" for m in methods)
        + "</tr>"
        for key, prompt, found in rows(report)
    ]
    return f"<table><tr><th>task</th><th>prompt</th>{head}</tr>{''.join(lines)}</table>"


def _task(
    run: Run, report: Mapping[str, Any], strip: str | None, film: str | None, missing: str
) -> str:
    details = report["details"][run.task.key]["methods"][OURS]
    refused = (
        f"<p>Refused: {escape('; '.join(details['refused']))}</p>" if details["refused"] else ""
    )
    picture = (
        f'<img src="{strip}" alt="imagined frames above real ones">' if strip else "<p>No plan.</p>"
    )
    video = (
        f'<video src="{film}" controls loop muted preload="metadata"></video>'
        if film
        else f"<p>No film: {escape(missing)}</p>"
    )
    return (
        f'<section id="{escape(run.task.key)}"><h3>{escape(run.task.key)}: '
        f"“{escape(run.task.prompt)}”</h3><p>{escape(cell(details))}, "
        f"{escape(details.get('source', ''))}, confidence {details.get('confidence', 0.0):.2f}</p>"
        f"{refused}{picture}{video}</section>"
    )
