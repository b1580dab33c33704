"""Training a behaviour foundation model from a dataset folder, in resumable runs.

A run folder holds `config.yaml`, `checkpoint.pt` (the state of training), `metrics.csv`,
TensorBoard events and `curves.png`. Running the same command again continues where it stopped.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import yaml
from tqdm import tqdm

from ..errors import DataError
from ..imitate.base import BehaviorFoundationModel
from ..imitate.registry import build_bfm
from .bfm_trainer import BfmConfig, BfmTrainer, check_same
from .checkpoint import load_checkpoint, save_checkpoint
from .curves import plot_curves
from .dataset import open_dataset
from .trainers import trainer_of
from .transitions import Transitions


def train_bfm(
    data: Path,
    run: Path,
    config: BfmConfig,
    device: str = "cpu",
    minutes: float = float("inf"),
    memory_gb: float = 12.0,
    log_every: int = 200,
    checkpoint_every: int = 2000,
    init: tuple[str, BehaviorFoundationModel] | None = None,
) -> int:
    """Train until config.updates are done or the minutes are over; returns the updates done.

    The configuration's class decides what is trained. memory_gb: of larger data, so much is held
    in memory at a time. The data is read anew at every start, so a dataset that grew is used from
    the next start on. init: name and weights that a new run begins with, instead of random ones.
    Raises DataError on missing, foreign or broken data, on a run that began with something else, on
    a full disk, and on divergence.
    """
    info, shards = open_dataset(data)
    run.mkdir(parents=True, exist_ok=True)
    transitions = Transitions(shards, torch.device(device), memory_gb, config.seed)
    trainer = trainer_of(config)(transitions, info.action_dim, config, device)
    state = load_checkpoint(run / "checkpoint.pt")
    if state is not None:
        _check_fits(run, state, trainer, info.robot)
        if init is not None and init[0] != state.get("init"):
            began = state.get("init") or "random weights"
            raise DataError(f"{run} began with {began}, not with {init[0]}; choose another --run")
        trainer.load_state_dict(state["trainer"])
    elif init is not None:
        trainer.begin_with(init[1])
    begun_with = state.get("init") if state is not None else init[0] if init else None
    _write_config(run, config, info.robot, len(transitions), [s.name for s in shards], begun_with)
    end = time.monotonic() + 60.0 * minutes
    bar = tqdm(total=config.updates, initial=trainer.updates, unit="update", desc="pretrain")
    with bar, _Log(run) as log:
        try:
            while trainer.updates < config.updates and time.monotonic() < end:
                metrics = trainer.update()
                bar.update()
                if trainer.updates % log_every == 0:
                    values = {name: float(value) for name, value in metrics.items()}
                    trainer.check(values)
                    bar.set_postfix({k: f"{v:.2f}" for k, v in values.items()})
                    log.add(trainer.updates, values)
                if trainer.updates % checkpoint_every == 0:
                    _save(run, trainer, info.robot, begun_with)
        except KeyboardInterrupt:
            _save(run, trainer, info.robot, begun_with)
            raise
        _save(run, trainer, info.robot, begun_with)
    plot_curves(run / "metrics.csv", run / "curves.png")
    return trainer.updates


def load_run(run: Path) -> tuple[str, BehaviorFoundationModel]:
    """Robot name and averaged model of a run's last checkpoint, ready to use."""
    state = load_checkpoint(run / "checkpoint.pt")
    if state is None:
        raise DataError(f"no checkpoint in {run}; train one with 'rlzero pretrain'")
    bfm = build_bfm(state["kind"], state["hyperparameters"])
    bfm.load_state_dict(state["trainer"]["averaged"])
    return state["robot"], bfm.eval().requires_grad_(False)


def _check_fits(run: Path, state: Mapping[str, Any], trainer: BfmTrainer, robot: str) -> None:
    """DataError unless a run's checkpoint is of this robot, kind of model and sizes."""
    if state["robot"] != robot:
        raise DataError(f"{run} trains {state['robot']}, the data is of {robot}")
    try:
        check_same(state["kind"], state["hyperparameters"], trainer.model, f"the model of {run}")
    except DataError as error:
        raise DataError(f"{error.message}; choose another --run") from error


def _save(run: Path, trainer: BfmTrainer, robot: str, begun_with: str | None) -> None:
    save_checkpoint(
        run / "checkpoint.pt",
        {
            "robot": robot,
            "init": begun_with,
            "kind": trainer.model.kind,
            "hyperparameters": trainer.model.hyperparameters,
            "trainer": trainer.state_dict(),
        },
    )


def _write_config(
    run: Path,
    config: BfmConfig,
    robot: str,
    transitions: int,
    shards: list[str],
    begun_with: str | None,
) -> None:
    sources = sorted({name.rsplit("-", 1)[0] for name in shards})
    record = {"robot": robot, "transitions": transitions, "sources": sources, "init": begun_with}
    record |= asdict(config)
    (run / "config.yaml").write_text(yaml.safe_dump(record, sort_keys=False))


class _Log:
    """metrics.csv, and TensorBoard events where tensorboard is installed."""

    def __init__(self, run: Path) -> None:
        self._path = run / "metrics.csv"
        self._folder = run
        self._columns: list[str] | None = None

    def __enter__(self) -> _Log:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            self._board = None
        else:
            self._board = SummaryWriter(str(self._folder))
        return self

    def add(self, update: int, values: dict[str, float]) -> None:
        """One row of metrics."""
        if self._columns is None:
            self._columns = self._start_table(["update", *values])
        with self._path.open("a", newline="") as file:
            csv.DictWriter(file, self._columns).writerow({"update": update, **values})
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(name, value, update)

    def _start_table(self, columns: list[str]) -> list[str]:
        """Write the header; an older table gets the columns that it lacks, empty."""
        rows: list[dict[str, str]] = []
        if self._path.exists():
            with self._path.open(newline="") as file:
                reader = csv.DictReader(file)
                found = list(reader.fieldnames or ())
                if found == columns:
                    return columns
                columns = [*found, *(name for name in columns if name not in found)]
                rows = list(reader)
        with self._path.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        return columns

    def __exit__(self, *exception: object) -> None:
        if self._board is not None:
            self._board.close()
