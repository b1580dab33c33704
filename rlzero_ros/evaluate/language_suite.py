"""The language benchmark: tasks, their prompts, and the scores that returns are measured on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError

SUITE = Path(__file__).parent / "data" / "language_suite.tsv"
EPISODE_STEPS = 1000
"""Control steps that the calibration scores are returns of."""


@dataclass(frozen=True)
class LanguageTask:
    """One task of one robot, and the sentence that asks for it.

    expert, random: returns of `EPISODE_STEPS` control steps; None for a task without calibration.
    """

    robot: str
    name: str
    prompt: str
    expert: float | None = None
    random: float | None = None

    @property
    def key(self) -> str:
        """``robot/task``, as results name it."""
        return f"{self.robot}/{self.name}"

    def normalize(self, returns: NDArray[np.float64]) -> NDArray[np.float64]:
        """(return − random) / (expert − random); return / 1000 without calibration scores."""
        low = 0.0 if self.random is None else self.random
        high = float(EPISODE_STEPS) if self.expert is None else self.expert
        return (np.asarray(returns, dtype=np.float64) - low) / (high - low)


def read_suite(path: Path = SUITE) -> list[LanguageTask]:
    """The tasks of a file ``robot/task<TAB>prompt[<TAB>expert<TAB>random]``, # for remarks.

    Raises DataError naming the line that is not like that, or a task that stands there twice.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read the prompts: {error}") from error
    tasks: dict[str, LanguageTask] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        task = _parse(line, f"{path.name}:{number}")
        if task.key in tasks:
            raise DataError(f"{path.name}:{number}: {task.key} stands there twice")
        tasks[task.key] = task
    if not tasks:
        raise DataError(f"{path.name} has no tasks")
    return list(tasks.values())


def read_prompts(path: Path) -> list[LanguageTask]:
    """Other prompts, with the calibration scores of those tasks that the suite has."""
    known = {task.key: task for task in read_suite()}
    prompts = read_suite(path)
    return [
        replace(task, expert=known[task.key].expert, random=known[task.key].random)
        if task.expert is None and task.key in known
        else task
        for task in prompts
    ]


def choose(
    tasks: Sequence[LanguageTask], robots: Iterable[str] = (), names: Iterable[str] = ()
) -> list[LanguageTask]:
    """The tasks of some robots, by task name or ``robot/task``; empty chooses all.

    Raises DataError naming what none of the tasks has.
    """
    robots, names = list(robots), list(names)
    for robot in robots:
        if robot not in {t.robot for t in tasks}:
            raise DataError(f"no task is of {robot!r}; there are {_list(t.robot for t in tasks)}")
    chosen = [t for t in tasks if not robots or t.robot in robots]
    for name in names:
        if not any(name in (t.name, t.key) for t in chosen):
            raise DataError(f"no task {name!r}; there are {_list(t.key for t in chosen)}")
    return [t for t in chosen if not names or t.name in names or t.key in names]


def _parse(line: str, where: str) -> LanguageTask:
    fields = [field.strip() for field in line.split("\t")]
    robot, _, name = fields[0].partition("/")
    if len(fields) not in (2, 4) or not (robot and name and fields[1]):
        raise DataError(f"{where}: a line is 'robot/task<TAB>prompt', not {line!r}")
    if len(fields) == 2:
        return LanguageTask(robot, name, fields[1])
    try:
        expert, random = float(fields[2]), float(fields[3])
    except ValueError as error:
        raise DataError(f"{where}: scores are numbers, not {fields[2:]}") from error
    if not 0.0 <= random < expert <= EPISODE_STEPS:
        raise DataError(f"{where}: scores are 0 <= random < expert <= {EPISODE_STEPS}")
    return LanguageTask(robot, name, fields[1], expert, random)


def _list(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
