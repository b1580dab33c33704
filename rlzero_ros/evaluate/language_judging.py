"""The second judge's opinion of the benchmark's films."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tqdm import tqdm

from ..commands.output import write_json
from ..errors import RlzeroError
from .judge import Judge, Outcome, Tally, read_film
from .language_films import film_of
from .language_methods import Run
from .language_scores import OURS, REHEARSED
from .language_store import ResultStore, config_digest


def judge_runs(judge: Judge, runs: Sequence[Run], store: ResultStore) -> dict[str, Any]:
    """Compare the films of ours with those of every rival, seed by seed.

    Returns of each rival, and of all, how often ours was better. A judgement is kept beside the
    rival's result and not asked for again. Where the endpoint stops to answer or nothing can
    render, ``error`` says so and the counts are those until then.
    """
    ours = {(r.task.key, r.seed): r for r in runs if r.method.name == OURS}
    pairs = [
        (ours[r.task.key, r.seed], r)
        for r in runs
        if r.method.name not in (OURS, REHEARSED) and (r.task.key, r.seed) in ours
    ]
    tallies, total, error = {other.method.name: Tally() for _, other in pairs}, Tally(), None
    for mine, other in tqdm(pairs, desc="judge", unit="pair"):
        try:
            outcome = _outcome(judge, mine, other, store)
        except RlzeroError as reason:
            error = reason.message
            break
        tallies[other.method.name].count(outcome)
        total.count(outcome)
    counts = {name: tally.to_dict() for name, tally in {**tallies, "all": total}.items()}
    return {**counts, "error": error}


def _outcome(judge: Judge, mine: Run, other: Run, store: ResultStore) -> Outcome:
    key = config_digest({"judge": judge.name, "ours": str(mine.key.stem)})
    path = store.path(other.key, f".judge-{key}.json")
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))["outcome"]
    films = read_film(film_of(mine, store)), read_film(film_of(other, store))
    outcome = judge.judge(mine.task.prompt, *films)
    if outcome != "malformed":
        write_json(path, {"outcome": outcome})
    return outcome
