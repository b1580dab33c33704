"""Films of what robots did in the benchmark, made of the states that were kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..errors import RlzeroError
from ..robots.coordinates import Coordinates
from ..robots.observation import load_model
from .language_methods import Run
from .language_store import ResultStore, RunKey
from .recording import Recording
from .video import film


def film_of(run: Run, store: ResultStore) -> Path:
    """The film (mp4) of a run that was carried out, made where there is none yet.

    Raises RobotError where nothing can render here.
    """
    video = store.path(run.key, ".mp4")
    if video.exists():
        return video
    states = store.path(run.key, ".states.npz")
    _recording(run, store).save(states)
    partial = store.path(run.key, ".partial.mp4")
    try:
        film(states, run.robot.spec.name, partial)
        partial.replace(video)
    finally:
        states.unlink(missing_ok=True)
        partial.unlink(missing_ok=True)
    return video


def films_of(runs: list[Run], store: ResultStore) -> tuple[dict[RunKey, Path], str]:
    """The films of runs, and why there are no more, empty if there are all."""
    films: dict[RunKey, Path] = {}
    for run in tqdm(runs, desc="films", unit="film"):
        try:
            films[run.key] = film_of(run, store)
        except RlzeroError as error:
            return films, error.message
    return films, ""


def _recording(run: Run, store: ResultStore) -> Recording:
    physics = np.load(store.path(run.key, ".npy"), allow_pickle=False).astype(np.float64)
    model = load_model(run.robot.model_xml)
    coordinates = Coordinates(run.robot.spec, model)
    period = run.robot.spec.control_period_s
    return Recording.of(
        [
            coordinates.to_state(row[: model.nq], row[model.nq :], step * period)
            for step, row in enumerate(physics)
        ]
    )
