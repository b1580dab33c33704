"""The second judge's opinion of the benchmark's films."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tqdm import tqdm

from ..errors import RlzeroError
from .judge import Judge, Tally, read_film
from .language_films import film_of
from .language_methods import Run
from .language_scores import OURS, REHEARSED
from .language_store import ResultStore


def judge_runs(judge: Judge, runs: Sequence[Run], store: ResultStore) -> dict[str, Any]:
    """Compare the films of ours with those of every rival, seed by seed.

    Returns of each rival, and of all, how often ours was better. Where the endpoint stops to
    answer or nothing can render, ``error`` says so and the counts are those until then.
    """
    ours = {(r.task.key, r.seed): r for r in runs if r.method.name == OURS}
    pairs = [(ours[r.task.key, r.seed], r) for r in runs if (r.task.key, r.seed) in ours]
    pairs = [(mine, other) for mine, other in pairs if other.method.name not in (OURS, REHEARSED)]
    tallies: dict[str, Tally] = {}
    error = None
    for mine, other in tqdm(pairs, desc="judge", unit="pair"):
        judge.tally = tallies.setdefault(other.method.name, Tally())
        try:
            films = read_film(film_of(mine, store)), read_film(film_of(other, store))
            judge.judge(mine.task.prompt, *films)
        except RlzeroError as reason:
            error = reason.message
            break
    total = Tally()
    for tally in tallies.values():
        total.add(tally)
    counts = {name: tally.to_dict() for name, tally in {**tallies, "all": total}.items()}
    return {**counts, "error": error}
