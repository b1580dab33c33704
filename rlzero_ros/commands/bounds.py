"""Types of command-line options that are numbers within bounds."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeVar

_Number = TypeVar("_Number", int, float)
SEEDS = 2**31 - 1
"""The largest seed: some of what is seeded takes 32 bits with a sign."""


def whole_number(low: int = 1, high: int | None = None) -> Callable[[str], int]:
    """A type of whole numbers from low to high, both allowed; without high, of any size."""

    def parse(text: str) -> int:
        value = _read(int, text, "a whole number")
        if value < low:
            raise argparse.ArgumentTypeError(f"{text} is less than {low}")
        if high is not None and value > high:
            raise argparse.ArgumentTypeError(f"{text} is more than {high}")
        return value

    return parse


def number(low: float, high: float, *, above: bool = False) -> Callable[[str], float]:
    """A type of numbers from low to high, both allowed; above: low itself is not."""

    def parse(text: str) -> float:
        value = _read(float, text, "a number")
        if not low <= value <= high or (above and value == low):  # NaN is refused too
            least = "more than" if above else "at least"
            raise argparse.ArgumentTypeError(f"{text} is not {least} {low:g} and at most {high:g}")
        return value

    return parse


def _read(kind: type[_Number], text: str, what: str) -> _Number:
    try:
        return kind(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}") from None
