"""Win rates by a model's eyes: films of both robots, shown in both orders.

A model that prefers what it sees first would decide by the order; so each pair is asked twice, and
only an answer that survives the swap is a win. Every other pair is a tie.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .judge_client import Choice, Endpoint, JudgeClient, MalformedAnswer

_URL, _MODEL, _KEY = "RLZERO_JUDGE_URL", "RLZERO_JUDGE_MODEL", "RLZERO_JUDGE_KEY"
_SWAPPED: dict[Choice, Choice] = {"first": "second", "second": "first", "tie": "tie"}
Film = Sequence[NDArray[np.uint8]]


@dataclass
class Tally:
    """Pairs that were judged: ours won, lost, tied; and questions that brought no judgement.

    inconsistent: ties among them that came of two answers which contradict each other. malformed:
    pairs in which an answer was no choice, also when asked again; they count nowhere else.
    """

    wins: int = 0
    losses: int = 0
    ties: int = 0
    inconsistent: int = 0
    malformed: int = 0

    @property
    def win_rate(self) -> float | None:
        """Share of wins, ties counting half; None before the first judgement."""
        judged = self.wins + self.losses + self.ties
        return (self.wins + 0.5 * self.ties) / judged if judged else None

    def add(self, other: Tally) -> None:
        """Count another tally's pairs too."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    def to_dict(self) -> dict[str, Any]:
        """As the report has it."""
        return {**asdict(self), "win_rate": self.win_rate}


class Judge:
    """Compares pairs of films and keeps count."""

    def __init__(self, client: JudgeClient) -> None:
        self._client = client
        self.tally = Tally()

    def judge(self, prompt: str, ours: Film, theirs: Film) -> float | None:
        """1 where ours is better, 0 where theirs is, 0.5 for a tie, None without a judgement.

        Raises DataError where the endpoint refuses or does not answer.
        """
        try:
            forth = self._ask(prompt, ours, theirs)
            back = _SWAPPED[self._ask(prompt, theirs, ours)]
        except MalformedAnswer:
            self.tally.malformed += 1
            return None
        if forth != back or forth == "tie":
            self.tally.ties += 1
            self.tally.inconsistent += {forth, back} == {"first", "second"}
            return 0.5
        won = forth == "first"
        self.tally.wins += won
        self.tally.losses += not won
        return float(won)

    def _ask(self, prompt: str, first: Film, second: Film) -> Choice:
        try:
            return self._client.compare(prompt, first, second)
        except MalformedAnswer:
            # Models at temperature zero are not exact: a second question is worth its price.
            return self._client.compare(prompt, first, second)


def read_film(path: Path) -> list[NDArray[np.uint8]]:
    """The frames (H, W, 3) uint8 of a film; DataError where it cannot be read."""
    import av

    try:
        with av.open(str(path)) as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    except (av.FFmpegError, OSError, IndexError) as error:
        raise DataError(f"the film {path} cannot be read: {error}") from error
    if not frames:
        raise DataError(f"the film {path} is empty")
    return frames


def add_judge_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options that `make_judge` reads."""
    group = parser.add_argument_group(
        "a vision-language model as a second judge, off unless it has an address"
    )
    group.add_argument(
        "--judge-url", help=f"of an OpenAI-compatible endpoint, with /v1 (default: ${_URL})"
    )
    group.add_argument("--judge-model", help=f"its name there (default: ${_MODEL})")
    group.add_argument(
        "--judge-timeout", type=float, default=60.0, help=f"seconds an answer; ${_KEY} has the key"
    )


def make_judge(args: argparse.Namespace) -> Judge | None:
    """The judge of the command line and the environment; None where no address is given."""
    url = args.judge_url or os.environ.get(_URL, "")
    if not url:
        return None
    model = args.judge_model or os.environ.get(_MODEL, "")
    endpoint = Endpoint(url, model, os.environ.get(_KEY, ""), args.judge_timeout)
    return Judge(JudgeClient(endpoint))
