"""From returns to the benchmark's numbers: normalised means, their errors, and win rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .language_store import RunResult
from .language_suite import LanguageTask

OURS = "ours"
REHEARSED = "rehearsed"
SeedResults = Mapping[int, RunResult]


@dataclass(frozen=True)
class Score:
    """A normalised return: its mean over seeds and the standard error of that mean.

    The error is that over the seeds' means; of a single seed, that over its episodes.
    """

    mean: float
    error: float


def score(task: LanguageTask, results: SeedResults) -> Score:
    """The score of one method on one task; there must be a result."""
    seeds = [task.normalize(np.array(r.returns)) for _, r in sorted(results.items())]
    samples = np.array([s.mean() for s in seeds]) if len(seeds) > 1 else seeds[0]
    spread = samples.std(ddof=1) / np.sqrt(len(samples)) if len(samples) > 1 else 0.0
    return Score(float(np.mean([s.mean() for s in seeds])), float(spread))


def win_rate(ours: SeedResults, theirs: SeedResults) -> float:
    """The share of seed pairs (one of ours, one of theirs) in which our mean return is higher.

    A tie counts half.
    """
    mine, other = _means(ours)[:, None], _means(theirs)[None, :]
    return float(np.mean((mine > other) + 0.5 * (mine == other)))


def summarize(
    tasks: Sequence[LanguageTask],
    results: Mapping[tuple[str, str], SeedResults],
    status: Mapping[str, str],
    rivals: Sequence[str],
) -> dict[str, Any]:
    """The benchmark's report, as `rlzero eval language --json` writes it.

    results: by (``robot/task``, method). status: of each robot, "ok" or why it was not evaluated.
    Means are over the tasks that were run; None where there are none.
    """
    scores = {key: score(_by_key(tasks, key[0]), found) for key, found in results.items() if found}

    def against(ours: str) -> dict[tuple[str, str], float]:
        """Win rates of one of our methods by task and rival."""
        return {
            (key, rival): win_rate(results[key, ours], results[key, rival])
            for key in {t.key for t in tasks}
            for rival in rivals
            if (key, ours) in scores and (key, rival) in scores
        }

    wins, rehearsed_wins = against(OURS), against(REHEARSED)
    run = [t for t in tasks if (t.key, OURS) in scores]

    def rates(
        wins: Mapping[tuple[str, str], float], robot: str | None = None
    ) -> dict[str, float | None]:
        def mine(key: str) -> bool:
            return robot is None or key.startswith(f"{robot}/")

        one = {r: _mean([w for (k, m), w in wins.items() if m == r and mine(k)]) for r in rivals}
        return {**one, "all": _mean([w for (k, _), w in wins.items() if mine(k)])}

    def mean(method: str, robot: str | None = None) -> float | None:
        chosen = [t.key for t in run if robot in (None, t.robot) and (t.key, method) in scores]
        return _mean([scores[key, method].mean for key in chosen])

    robots = {
        robot: {
            "status": why,
            "tasks": sum(t.robot == robot for t in run),
            "normalized_mean": mean(OURS, robot),
            "win_rate": rates(wins, robot),
            "rehearsed_win_rate": rates(rehearsed_wins, robot),
            "rivals": {r: mean(r, robot) for r in rivals},
        }
        for robot, why in status.items()
    }
    return {
        "win_rate": rates(wins),
        "normalized_mean": mean(OURS),
        "rivals": {rival: mean(rival) for rival in rivals},
        "robots": robots,
        "tasks": {
            t.key: {m: scores[t.key, m].mean for m in (OURS, *rivals) if (t.key, m) in scores}
            for t in run
        },
        "not_run": [t.key for t in tasks if t not in run],
        "rehearsal": {**_rehearsal(run, results, scores), "win_rate": rates(rehearsed_wins)},
        "details": {t.key: _details(t, results, scores, wins) for t in run},
    }


def _details(
    task: LanguageTask,
    results: Mapping[tuple[str, str], SeedResults],
    scores: Mapping[tuple[str, str], Score],
    wins: Mapping[tuple[str, str], float],
) -> dict[str, Any]:
    methods = {}
    for (key, method), found in results.items():
        if key != task.key or not found:
            continue
        methods[method] = {
            "normalized": scores[key, method].mean,
            "stderr": scores[key, method].error,
            "return": float(_means(found).mean()),
            "seeds": {str(s): float(np.mean(r.returns)) for s, r in sorted(found.items())},
            "episodes": len(next(iter(found.values())).returns),
            "seconds": float(np.mean([r.seconds for r in found.values()])),
            "refused": sorted({r.refused for r in found.values() if r.refused}),
            **({"win_rate": wins[key, method]} if (key, method) in wins else {}),
            **next(iter(found.values())).details,
        }
    return {"prompt": task.prompt, "calibrated": task.expert is not None, "methods": methods}


def _rehearsal(
    run: Sequence[LanguageTask],
    results: Mapping[tuple[str, str], SeedResults],
    scores: Mapping[tuple[str, str], Score],
) -> dict[str, Any]:
    """What choosing among several rehearsed plans gains in the normalised mean, and costs."""
    both = [t for t in run if (t.key, REHEARSED) in scores]

    def gain(tasks: Sequence[LanguageTask]) -> float | None:
        return _mean([scores[t.key, REHEARSED].mean - scores[t.key, OURS].mean for t in tasks])

    tried = [r for t in both for r in results[t.key, REHEARSED].values() if not r.refused]
    seconds = [r.seconds for r in tried]
    robots = dict.fromkeys(t.robot for t in both)
    return {
        "gain": gain(both),
        "seconds": _mean(seconds),
        "robots": {robot: gain([t for t in both if t.robot == robot]) for robot in robots},
    }


def _by_key(tasks: Sequence[LanguageTask], key: str) -> LanguageTask:
    return next(task for task in tasks if task.key == key)


def _means(results: SeedResults) -> NDArray[np.float64]:
    return np.array([np.mean(r.returns) for _, r in sorted(results.items())])


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
