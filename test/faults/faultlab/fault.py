"""One row of the table in docs/reliability.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

STOP_MS = 125.0
"""A stop takes one control period and 100 ms at worst."""
GAP_MS = 100.0
"""A robot that must not notice gets a command at least so often; the period is 25 ms."""


@dataclass(frozen=True)
class Fault:
    """What is done to the robot, what it must do, and within how many milliseconds.

    inject(stage): brings the fault about, asserts what must hold, and returns the
    milliseconds that are compared with the limit. fast: part of every test run, not only of
    `make faults`.
    """

    id: str
    what: str
    must: str
    limit_ms: float
    inject: Callable[[Any], float]
    fast: bool = False


class Table(list[Fault]):
    """The faults of one family; `@table.row(...)` adds the function below it."""

    def __init__(self, family: str) -> None:
        super().__init__()
        self.family = family

    def row(
        self, what: str, must: str, limit_ms: float, *, fast: bool = False, **more: Any
    ) -> Callable[[Callable[..., float]], Callable[..., float]]:
        """Take a function (stage, **more) as a fault, named after it."""

        def add(inject: Callable[..., float]) -> Callable[..., float]:
            def bound(stage: Any) -> float:
                return inject(stage, **more)

            name = "-".join([inject.__name__.strip("_"), *map(str, more.get("name", "").split())])
            fault_id = f"{self.family}-{name}".replace("_", "-")
            assert fault_id not in {f.id for f in self}, fault_id
            self.append(Fault(fault_id, what, must, limit_ms, bound, fast))
            return inject

        return add

    def parameters(self) -> list[Any]:
        """For pytest.mark.parametrize."""
        marks = {True: [pytest.mark.faults, pytest.mark.fast_faults], False: [pytest.mark.faults]}
        return [pytest.param(fault, id=fault.id, marks=marks[fault.fast]) for fault in self]
