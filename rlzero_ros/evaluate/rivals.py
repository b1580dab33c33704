"""Rivals: policies trained when the prompt is heard, on rewards that an image-text model gives.

A rival's name is its algorithm, with the reward behind it where that is not the image's own cosine:
``td3``, ``td3_bc``, ``iql``, ``td3_goal``, ``iql_video`` and so on. They train on the robot's own
data and see it through the embedder of the bundle's index, as we do.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..bundle import Bundle
from ..commands.bounds import whole_number
from ..errors import DataError, RlzeroError
from ..pretrain.dataset import read_info
from ..project.embedder import load_embedder, name_of
from ..robots.registry import Robot
from .language_methods import Prepared, Starts
from .language_store import code_digest
from .language_suite import LanguageTask
from .rivals_data import choose_episodes
from .rivals_labels import REWARDS, Labeller, roc_of_labels
from .rivals_training import ALGORITHMS, is_installed, train

NAMES = tuple(a if r == "image" else f"{a}_{r}" for r in REWARDS for a in ALGORITHMS)
DEFAULT = ("td3", "iql")
# Of one gradient step on one core; only the estimate printed in advance uses them.
_STEP_S = {"td3": 0.012, "td3_bc": 0.013, "iql": 0.016}


@dataclass(frozen=True)
class RivalOptions:
    """Which rivals train, on how much data, for how many gradient steps.

    data: a dataset, or a folder that holds one for each robot. alpha, baseline: of the
    goal-baseline form.
    """

    names: tuple[str, ...]
    data: Path
    transitions: int
    steps: int
    alpha: float
    baseline: str


class Rival:
    """One rival for one robot; see `language_methods.Method`."""

    def __init__(self, name: str, labeller: Labeller, options: RivalOptions) -> None:
        self.name = name
        self._algorithm, self._reward = _parts(name)
        self._labeller, self._options = labeller, options

    def config(self, task: LanguageTask) -> dict[str, Any]:
        """See `Method.config`."""
        o = self._options
        # The image tower's id says nothing of the text tower: its answer does.
        text = hashlib.sha256(self._labeller.embed(task.prompt).tobytes()).hexdigest()[:10]
        code = code_digest(*(f"evaluate/rivals_{part}.py" for part in ("reward", "training")))
        config: dict[str, Any] = {
            "data": self._labeller.id,
            "steps": o.steps,
            "text": text,
            "code": code,
        }
        if self._reward == "goal":
            config |= {"alpha": o.alpha, "baseline": o.baseline}
        return config

    def prepare(self, task: LanguageTask, seed: int, starts: Starts) -> Prepared:
        """See `Method.prepare`."""
        data, o = self._labeller.data, self._options
        started = time.monotonic()
        labels = self._labeller.label(self._reward, task.prompt, o.baseline, o.alpha)
        labelled_s = time.monotonic() - started
        trained = train(
            self._algorithm,
            data.observations,
            data.actions,
            labels,
            steps=o.steps,
            seed=seed,
            progress=True,
        )
        details: dict[str, Any] = {
            "reward": REWARDS[self._reward],
            "transitions": data.transitions,
            "gradient_steps": o.steps,
            "train_seconds": trained.seconds,
            "embed_seconds": data.seconds,
        }
        roc = roc_of_labels(labels, self._labeller.truth(task.name))
        if roc is not None:
            details |= {"label_auc": roc[0], "label_roc": roc[1]}
        return Prepared(trained.policy, labelled_s + trained.seconds, details=details)

    def estimate_s(self) -> float:
        """See `Method.estimate_s`."""
        return _STEP_S[self._algorithm] * self._options.steps


def make_rivals(
    robot: Robot, bundle: Bundle, options: RivalOptions, work: Path
) -> tuple[list[Rival], list[str]]:
    """The rivals that can compete for a robot, and why the others cannot."""
    name = robot.spec.name
    if not options.names:
        return [], []
    if not is_installed():
        return [], ["no rivals: d3rlpy is not installed (pip install .[rivals])"]
    data = options.data if (options.data / "dataset.yaml").exists() else options.data / name
    try:
        if read_info(data).robot != name:
            raise DataError(f"{data} is of another robot")
        folder = work / "rivals" / name
        episodes = choose_episodes(data, folder, options.transitions)
        embedder = load_embedder(name_of(bundle.embedder_id))
        bundle.check_embedder(embedder.id)
        labeller = Labeller(robot, data, episodes, embedder, folder)
        labeller.embed(options.baseline)
    except RlzeroError as error:
        return [], [f"no rivals: {error.message}"]
    return [Rival(rival, labeller, options) for rival in options.names], []


def add_rival_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options that `rival_options` reads."""
    group = parser.add_argument_group("rivals, trained when they hear the prompt")
    group.add_argument(
        "--rivals",
        help=f"commas, or none (default: {','.join(DEFAULT)}); there are {', '.join(NAMES)}",
    )
    group.add_argument(
        "--data", type=Path, default=Path("data"), help="a dataset, or a folder with one a robot"
    )
    group.add_argument(
        "--transitions", type=whole_number(), default=50_000, help="that get a label"
    )
    group.add_argument(
        "--rival-steps", type=whole_number(), default=20_000, help="gradient steps a prompt"
    )
    group.add_argument("--alpha", type=float, default=0.5, help="of the goal-baseline reward")
    group.add_argument("--baseline", default="a robot", help="its sentence for no task")


def rival_options(args: argparse.Namespace) -> RivalOptions:
    """What the command line says; DataError for what makes no sense."""
    asked = args.rivals
    if asked is None:
        names: tuple[str, ...] = () if args.quick else DEFAULT
    else:
        names = tuple(n for n in (n.strip() for n in asked.split(",")) if n and n != "none")
    for name in names:
        _parts(name)
    if args.transitions < 1 or args.rival_steps < 1 or not 0.0 <= args.alpha <= 1.0:
        raise DataError("--transitions and --rival-steps are at least 1, --alpha is 0 to 1")
    return RivalOptions(
        names, args.data, args.transitions, args.rival_steps, args.alpha, args.baseline
    )


def _parts(name: str) -> tuple[str, str]:
    """Algorithm and reward of a rival."""
    if name not in NAMES:
        raise DataError(f"no rival {name!r}; there are {', '.join(NAMES)}")
    for reward in REWARDS:
        if name.endswith(f"_{reward}"):
            return name.removesuffix(f"_{reward}"), reward
    return name, "image"
