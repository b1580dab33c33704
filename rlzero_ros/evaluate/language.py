"""`rlzero eval language`: sentences to robots that were never trained for them, and their rivals.

Every prompt of GenRL's task suite goes through the same three steps as in the nodes, the robot acts
on it, and the ground-truth reward judges. Rivals get the same prompt, data and embedder, and train
when they hear it. Results are kept run by run in the work folder; the same command goes on.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from ..commands.bounds import whole_number
from ..commands.output import write_json
from ..errors import DataError, ImagineError, RobotError
from ..imagine.registry import load_imaginer
from ..robots.registry import Robot, load_robot, robot_names
from .judge import add_judge_arguments, make_judge
from .language_actor import Actor, PlannerSettings, find_bundle_of
from .language_judging import judge_runs
from .language_methods import Method, Ours, Rehearsed, Run, Trial, acting_s, runs_of
from .language_scores import OURS, REHEARSED, summarize
from .language_store import ResultStore, RunResult
from .language_suite import LanguageTask, choose, read_prompts, read_suite
from .language_table import print_table
from .rivals import RivalOptions, add_rival_arguments, make_rivals, rival_options

Results = dict[tuple[str, str], dict[int, RunResult]]
QUICK = Trial(episodes=2, steps=1000, seeds=(0,))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `rlzero eval language`."""
    suite = "walker, cheetah, quadruped, stickman"
    parser.add_argument("--robot", type=_names, default=[], help=f"comma-separated; all: {suite}")
    parser.add_argument("--tasks", type=_names, default=[], help="names or robot/name, commas")
    parser.add_argument(
        "--prompts", type=Path, help="other prompts, lines of robot/task<TAB>prompt"
    )
    parser.add_argument("--bundle", type=Path, help="the robot's bundle (default: bundles/ROBOT)")
    parser.add_argument("--imaginer", default="storyboard", help="default: %(default)s")
    parser.add_argument("--episodes", type=whole_number(), default=10, help="of each seed")
    parser.add_argument(
        "--seeds", type=whole_number(), default=3, help="imaginations and trainings"
    )
    parser.add_argument(
        "--steps", type=whole_number(), default=1000, help="control steps an episode"
    )
    parser.add_argument("--quick", action="store_true", help="1 seed, 2 episodes, no rivals")
    parser.add_argument(
        "--rehearse",
        type=whole_number(0),
        default=0,
        metavar="K",
        help="also try K rehearsed plans a prompt",
    )
    parser.add_argument("--html", type=Path, metavar="FOLDER", help="write a page there")
    parser.add_argument(
        "--work", type=Path, default=Path("out/language"), help="keeps the results of the runs"
    )
    parser.add_argument(
        "--minutes", type=float, default=float("inf"), help="begin no run after so long"
    )
    add_rival_arguments(parser)
    add_judge_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """Run what has not been run, print the table; 0 whatever came out."""
    torch.set_num_threads(1)
    tasks = choose(
        read_prompts(args.prompts) if args.prompts else read_suite(), args.robot, args.tasks
    )
    trial = QUICK if args.quick else Trial(args.episodes, args.steps, tuple(range(args.seeds)))
    options = rival_options(args)
    store = ResultStore(args.work)
    entrants = _enter(tasks, args, options)
    for robot, entrant in entrants.items():
        if entrant.status != "ok":
            print(f"{robot}: not evaluated: {entrant.status}")
        for reason in entrant.absent:
            print(f"{robot}: {reason}")
    runs = [run for entrant in entrants.values() for run in entrant.runs(tasks, trial)]
    results = _carry_out(runs, store, args.minutes)
    names = dict.fromkeys(m.name for e in entrants.values() for m in e.methods)
    rivals = [name for name in names if name not in (OURS, REHEARSED)]
    report = summarize(tasks, results, {r: e.status for r, e in entrants.items()}, rivals)
    report["trial"] = vars(trial)
    report["absent"] = {r: e.absent for r, e in entrants.items() if e.absent}
    judge = make_judge(args)
    done = [run for run in runs if store.get(run.key)]
    report["judge"] = None if judge is None else judge_runs(judge, done, store)
    print_table(report)
    write_json(args.json, report)
    if args.html is not None:
        from .language_page import write_page

        write_page(args.html, report, done, store)
        print(f"page: {args.html / 'index.html'}")
    return 0


@dataclass(frozen=True)
class Entrant:
    """A robot of the suite: status "ok", or why it cannot compete. absent: rivals that cannot."""

    status: str
    robot: Robot | None = None
    methods: tuple[Method, ...] = ()
    absent: tuple[str, ...] = ()

    def runs(self, tasks: list[LanguageTask], trial: Trial) -> list[Run]:
        """Its runs, ours first."""
        if self.robot is None:
            return []
        mine = [t for t in tasks if t.robot == self.robot.spec.name]
        return runs_of(self.robot, self.methods, mine, trial)


def _enter(
    tasks: list[LanguageTask], args: argparse.Namespace, options: RivalOptions
) -> dict[str, Entrant]:
    bundle, candidates, work = args.bundle, args.rehearse, args.work
    robots = list(dict.fromkeys(task.robot for task in tasks))
    if bundle is not None and len(robots) > 1:
        raise DataError("--bundle is of one robot: say which with --robot")
    imaginer, settings = None, PlannerSettings.shipped()
    entrants: dict[str, Entrant] = {}
    for name in robots:
        if name not in robot_names():
            entrants[name] = Entrant("no such robot is built in")
            continue
        robot = load_robot(name)
        unknown = [t.name for t in tasks if t.robot == name and t.name not in robot.tasks]
        if unknown:
            raise DataError(f"{name} has no task {', '.join(unknown)}; it has {[*robot.tasks]}")
        found = find_bundle_of(name, bundle)
        if found is None:
            entrants[name] = Entrant("no bundle")
            continue
        imaginer = imaginer or load_imaginer(args.imaginer)
        try:
            actor = Actor(found, imaginer, settings)
        except ImagineError as error:
            entrants[name] = Entrant(error.message)
            continue
        rivals, absent = make_rivals(robot, found, options, work)
        methods: list[Method] = [Ours(actor)]
        if candidates:
            try:
                methods.append(Rehearsed(actor, candidates))
            except RobotError as error:
                absent = [*absent, f"no rehearsal: {error.message}"]
        entrants[name] = Entrant("ok", robot, (*methods, *rivals), tuple(absent))
    return entrants


def _carry_out(runs: list[Run], store: ResultStore, minutes: float) -> Results:
    """The results that there are, after running what is missing: ours first, then rivals."""
    runs = sorted(runs, key=lambda run: run.method.name != OURS)
    results: Results = {}
    missing = []
    for run in runs:
        result = store.get(run.key)
        if result is None:
            missing.append(run)
        else:
            results.setdefault((run.task.key, run.method.name), {})[run.seed] = result
    print(f"{len(runs)} runs, {len(runs) - len(missing)} of them done before")
    if missing:
        print(f"the others take about {_duration(_estimate(missing))} on this machine")
    end = time.monotonic() + 60.0 * minutes
    for run in tqdm(missing, desc="language", unit="run"):
        if time.monotonic() > end:
            tqdm.write(f"time is over after {minutes:g} minutes; the same command goes on")
            break
        result = run.carry_out(store)
        results.setdefault((run.task.key, run.method.name), {})[run.seed] = result
        tqdm.write(_line(run, result))
    return results


def _estimate(missing: list[Run]) -> float:
    """Seconds, from a few control steps of each robot and what the methods say of themselves."""
    acting = {}
    for run in missing:
        name = run.robot.spec.name
        if name not in acting:
            acting[name] = acting_s(run.robot, run.trial)
    return sum(acting[run.robot.spec.name] + run.method.estimate_s() for run in missing)


def _line(run: Run, result: RunResult) -> str:
    normalized = run.task.normalize(np.array(result.returns)).mean()
    refused = f"  refused: {result.refused}" if result.refused else ""
    return (
        f"{run.task.key:<22} {run.method.name:<12} seed {run.seed}  return "
        f"{np.mean(result.returns):4.0f}  normalised {normalized:5.2f}{refused}"
    )


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
