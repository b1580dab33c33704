"""Win rates by a model's eyes: films of both robots, shown in both orders.

A model that prefers what it sees first would decide by the order; so each pair is asked twice, and
only an answer that survives the swap is a win. Every other pair is a tie.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .judge_client import Choice, Endpoint, JudgeClient, MalformedAnswer

_URL, _MODEL, _KEY = "RLZERO_JUDGE_URL", "RLZERO_JUDGE_MODEL", "RLZERO_JUDGE_KEY"
_SWAPPED: dict[Choice, Choice] = {"first": "second", "second": "first", "tie": "tie"}
Outcome = Literal["win", "loss", "tie", "inconsistent", "malformed"]
_OUTCOMES: dict[Choice, Outcome] = {"first": "win", "second": "loss", "tie": "tie"}
Film = Sequence[NDArray[np.uint8]]


@dataclass
class Tally:
    """Pairs that were judged: ours won, lost, tied; and those that brought no judgement.

    inconsistent: two answers that contradict each other, which decides nothing either. malformed:
    pairs in which an answer was no choice, also when asked again; they count nowhere else.
    """

    win: int = 0
    loss: int = 0
    tie: int = 0
    inconsistent: int = 0
    malformed: int = 0

    @property
    def win_rate(self) -> float | None:
        """Share of wins, ties counting half; None before the first judgement."""
        ties = self.tie + self.inconsistent
        judged = self.win + self.loss + ties
        return (self.win + 0.5 * ties) / judged if judged else None

    def count(self, outcome: Outcome) -> None:
        """One pair more."""
        setattr(self, outcome, getattr(self, outcome) + 1)

    def to_dict(self) -> dict[str, Any]:
        """As the report has it."""
        return {**asdict(self), "win_rate": self.win_rate}


class Judge:
    """Compares pairs of films. name: of the model, so that other models' answers are not its."""

    def __init__(self, client: JudgeClient, name: str) -> None:
        self._client = client
        self.name = name

    def judge(self, prompt: str, ours: Film, theirs: Film) -> Outcome:
        """How ours fared against theirs at doing what the prompt says.

        Raises DataError where the endpoint refuses or does not answer.
        """
        try:
            forth = self._ask(prompt, ours, theirs)
            back = _SWAPPED[self._ask(prompt, theirs, ours)]
        except MalformedAnswer:
            return "malformed"
        if forth == back:
            return _OUTCOMES[forth]
        return "tie" if "tie" in (forth, back) else "inconsistent"

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
            frames = [
                frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
                for frame in container.decode(video=0)
            ]
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
    return Judge(JudgeClient(endpoint), model)
