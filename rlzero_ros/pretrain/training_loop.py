"""The loop of a training command: progress, checks, checkpoints, and an end when asked for one."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from ..errors import DataError
from .checkpoint import load_checkpoint, save_checkpoint

CHECKPOINT_FILE, PROGRESS_FILE = "checkpoint.pt", "progress.jsonl"
_SHOWN_EVERY = 20


class Trainer(Protocol):
    """What a checkpoint holds, and how far it is."""

    step: int

    def state(self) -> dict[str, Any]:
        """Everything that a checkpoint needs."""

    def load(self, state: dict[str, Any]) -> None:
        """The inverse of ``state``."""


def warmed_up(step: int, warmup: int, steps: int) -> float:
    """Share of the learning rate: linear up, then linear down to zero at the last step."""
    return min(1.0, (step + 1) / warmup, max(1.0 - step / steps, 0.0))


def until_interrupted() -> Callable[[], bool]:
    """From now on SIGINT and SIGTERM end nothing; the answer is whether one came."""
    seen: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda n, _: seen.append(n))
    return lambda: bool(seen)


def resume(trainer: Trainer, path: Path) -> dict[str, Any] | None:
    """Puts a trainer where a checkpoint is, and gives it; None where there is none.

    Raises DataError for a checkpoint that cannot be read or that is of another training.
    """
    saved = load_checkpoint(path)
    if saved is None:
        return None
    try:
        trainer.load(saved)
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:100]
        raise DataError(
            f"checkpoint {path} is of another training: {reason}; "
            "train with its options, in another folder, or delete it"
        ) from error
    return saved


class CheckedTraining:
    """Goes on with a run from its last checkpoint, and checks it every so many steps.

    Every check is a line of ``progress.jsonl`` in the run's folder.
    """

    def __init__(self, trainer: Trainer, run: Path, *, steps: int, every: int, label: str) -> None:
        """Resumes. steps: the last one; every: steps between checks; label: of the progress bar."""
        self._trainer, self._run = trainer, run
        self._steps, self._every, self._label = steps, every, label
        saved = resume(trainer, run / CHECKPOINT_FILE)
        self.resumed = saved is not None
        self._before = float(saved["seconds"]) if saved else 0.0
        self._started = time.monotonic()

    def go_on(
        self,
        update: Callable[[], dict[str, float]],
        check: Callable[[], dict[str, Any]],
        export: Callable[[dict[str, Any]], None],
    ) -> None:
        """Trains to the last step, or until SIGINT or SIGTERM.

        Args:
            update: one step of the trainer; the losses by name.
            check: what to note of what has been learnt.
            export: writes what has been learnt, told what was noted. The checkpoint is written
                first, so that where it fails nothing is lost.
        """
        trainer, losses = self._trainer, dict[str, float]()
        interrupted = until_interrupted()
        bar = tqdm(total=self._steps, initial=trainer.step, unit="step", desc=self._label)
        with bar:
            while trainer.step < self._steps and not interrupted():
                for name, value in update().items():
                    losses[name] = value + 0.98 * (losses.get(name, value) - value)
                bar.update()
                if trainer.step % _SHOWN_EVERY == 0:
                    bar.set_postfix({k: f"{v:.3f}" for k, v in losses.items()})
                if trainer.step % self._every == 0 or trainer.step == self._steps:
                    line = {"step": trainer.step, "minutes": round(self._seconds() / 60, 1)}
                    rounded = {name: round(value, 4) for name, value in losses.items()}
                    noted = self._note({**line, **rounded, **check()})
                    self._keep()
                    export(noted)
        self._keep()

    def _seconds(self) -> float:
        return self._before + time.monotonic() - self._started

    def _keep(self) -> None:
        state = {**self._trainer.state(), "seconds": self._seconds()}
        save_checkpoint(self._run / CHECKPOINT_FILE, state)

    def _note(self, line: dict[str, Any]) -> dict[str, Any]:
        self._run.mkdir(parents=True, exist_ok=True)
        with (self._run / PROGRESS_FILE).open("a") as file:
            file.write(json.dumps(line) + "\n")
        tqdm.write(json.dumps(line))
        return line
