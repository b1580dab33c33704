"""`rlzero collect`: reward-free data of a robot."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DataError
from ..pretrain.skills import KINDS
from .bounds import SEEDS, number, whole_number

if TYPE_CHECKING:
    from ..pretrain.collect_rounds import RoundCollector
    from ..robots.registry import Robot

HELP = "collect reward-free data in simulation (resumable)"

_SKILLS, _DECISION_S = "move=0.4,posture=0.25,spin=0.1,pose=0.25", 0.04
_OF_AGENTS = ("skills", "decision_s", "speeds", "learn_from", "batch", "updates_per_step", "device")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--robot",
        default="walker",
        help="built-in robot, or a folder of `rlzero new-robot` (default: %(default)s)",
    )
    parser.add_argument("--out", type=Path, help="dataset folder (default: data/ROBOT)")
    parser.add_argument(
        "--source",
        default="skills",
        help="name of this collector's shards; several collectors may share a folder, each with "
        "its own source (default: %(default)s)",
    )
    parser.add_argument(
        "--skills",
        type=_weights,
        metavar="KIND=SHARE,…",
        help=f"shares of the skill kinds that the collecting agent seeks (default: {_SKILLS})",
    )
    parser.add_argument(
        "--model",
        type=Path,
        metavar="NAME|FOLDER",
        help="a trained model acts instead of an agent that learns skills: that of a run folder of "
        "`rlzero pretrain`, on latents drawn from the data in --out, or that of a bundle, on "
        "latents of the bundle's own observations; a name is that of an installed bundle",
    )
    parser.add_argument(
        "--speeds",
        type=_speeds,
        metavar="LOW,HIGH",
        help="who moves is asked for forward speeds between these (m/s), all alike (default: a "
        "quarter at rest, the others slow or fast, as suits the robot)",
    )
    parser.add_argument(
        "--learn-from",
        type=lambda text: tuple(text.split(",")),
        metavar="SOURCE,…",
        help="sources that are in --out already; the agent learns from what they did, too, and "
        "does not begin with random actions",
    )
    parser.add_argument(
        "--batch",
        type=whole_number(),
        metavar="N",
        help="transitions an update of the agent is of (512)",
    )
    parser.add_argument(
        "--updates-per-step",
        type=number(0, 64, above=True),
        metavar="N",
        help="updates of the agent for each of its decisions, most of the time that an agent takes "
        "(default: 0.5)",
    )
    parser.add_argument(
        "--steps", type=whole_number(), default=900_000, help="transitions to collect"
    )
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after this long")
    parser.add_argument(
        "--environments", type=whole_number(), default=16, help="simulations in parallel"
    )
    parser.add_argument(
        "--decision-s",
        type=number(0, 10, above=True),
        metavar="S",
        help="the agent holds an action for so long, or for one control period where that is "
        f"longer: fast control explores little (default: {_DECISION_S})",
    )
    parser.add_argument(
        "--overturned",
        type=number(0, 1),
        default=0.0,
        metavar="SHARE",
        help="of the episodes that begin in any orientation, such as on the back, where those of "
        "the robot would begin on its feet (default: %(default)s)",
    )
    parser.add_argument(
        "--late-s",
        type=float,
        default=0.0,
        metavar="S",
        help="actions come up to so late, each episode's by its own share of it, as they do on a "
        "robot; less than a control period (default: %(default)s)",
    )
    parser.add_argument("--seed", type=whole_number(0, SEEDS), default=0)
    parser.add_argument("--device", help="torch device of the agent (default: cpu)")
    parser.add_argument("--threads", type=whole_number(), default=1, help="torch threads")


def main(args: argparse.Namespace) -> int:
    """Run the collector until the steps are there or the time is over."""
    import torch

    from ..pretrain.dataset import open_dataset
    from ..robots.registry import load_robot
    from .output import write_json

    torch.set_num_threads(args.threads)
    robot = load_robot(args.robot)
    folder = args.out or Path("data") / robot.spec.name
    collector = (
        _by_agent(args, robot, folder) if args.model is None else _by_model(args, robot, folder)
    )
    collector.run(args.minutes)
    _, shards = open_dataset(folder)
    total = sum(s.transitions for s in shards)
    print(f"{folder}: {collector.steps} transitions of source {args.source!r}, {total} in all")
    write_json(args.json, {"source_steps": collector.steps, "total_steps": total})
    return 0


def _by_agent(args: argparse.Namespace, robot: Robot, folder: Path) -> RoundCollector:
    from ..pretrain.collect import CollectConfig, Collector

    config = CollectConfig(
        args.source,
        args.steps,
        seed=args.seed,
        environments=args.environments,
        overturned=args.overturned,
        late_s=args.late_s,
        skill_weights=tuple(args.skills or _weights(_SKILLS)),
        decision_s=args.decision_s or _DECISION_S,
        speeds=args.speeds,
        learn_from=args.learn_from or (),
        batch=args.batch or CollectConfig.batch,
        updates_per_step=args.updates_per_step or CollectConfig.updates_per_step,
    )
    return Collector(robot, folder, config, args.device or "cpu")


def _by_model(args: argparse.Namespace, robot: Robot, folder: Path) -> RoundCollector:
    from ..imitate.actor_critic import ActorCriticModel
    from ..pretrain.collect_by_model import ModelCollectConfig, ModelCollector
    from ..pretrain.trained import load_trained, open_prompts

    foreign = [f"--{n.replace('_', '-')}" for n in _OF_AGENTS if getattr(args, n) is not None]
    if foreign:
        raise DataError(f"{', '.join(foreign)}: only of agents that learn skills, not of --model")
    name, bfm = load_trained(args.model)
    if name != robot.spec.name:
        raise DataError(f"{args.model} is of {name}, not of {robot.spec.name}")
    if not isinstance(bfm, ActorCriticModel):
        raise DataError(f"a model of kind {bfm.kind} cannot collect")
    config = ModelCollectConfig(
        args.source,
        args.steps,
        seed=args.seed,
        environments=args.environments,
        overturned=args.overturned,
        late_s=args.late_s,
    )
    prompts = open_prompts(args.model, folder, bfm, args.seed)
    return ModelCollector(robot, folder, config, bfm, prompts)


def _speeds(text: str) -> tuple[float, float]:
    low, _, high = text.partition(",")
    speeds = float(low), float(high)
    if not -20.0 <= speeds[0] <= speeds[1] <= 20.0:  # NaN is refused too
        raise argparse.ArgumentTypeError("two speeds of at most 20 m/s, the slower first")
    return speeds


def _weights(text: str) -> list[float]:
    """'move=1,spin=0.5' to one share per kind of skill."""
    shares = dict.fromkeys(KINDS, 0.0)
    for part in text.split(","):
        kind, _, value = part.partition("=")
        if kind not in shares:
            raise argparse.ArgumentTypeError(f"no skill kind {kind!r}; known: {', '.join(KINDS)}")
        try:
            shares[kind] = float(value)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{part!r} is not KIND=SHARE") from None
    if min(shares.values()) < 0 or sum(shares.values()) <= 0:
        raise argparse.ArgumentTypeError("shares must be non-negative and not all zero")
    return list(shares.values())
