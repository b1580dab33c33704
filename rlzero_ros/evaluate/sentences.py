"""Does the simulated walker do what it is told? `rlzero run`, sentence by sentence, seed by seed.

Every run is a process of its own with three real nodes; its report stays in the work folder, so
that an interrupted evaluation goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from ..bundle import Bundle
from ..commands.bounds import number, whole_number
from ..commands.output import write_json
from ..errors import DataError
from ..robots.registry import robot_names

Behaviour = dict[str, float]


@dataclass(frozen=True)
class Expectation:
    """Sentences, what their behaviour must be, and whether they must be refused.

    holds: judges the mean behaviour of one run; for running it also gets the walking speed.
    """

    name: str
    sentences: tuple[str, ...]
    wanted: str
    holds: Callable[[Behaviour, float], bool]
    refused: bool = False


EXPECTATIONS = (
    Expectation(
        "stand",
        ("stand still", "stay upright"),
        "torso ≥ 1.0 m, speed within ±0.4 m/s",
        lambda b, _: b["torso_height_m"] >= 1.0 and abs(b["forward_speed_mps"]) < 0.4,
    ),
    Expectation(
        "walk",
        ("walk forward", "go for a walk"),
        "speed ≥ 0.5 m/s, torso ≥ 0.9 m",
        lambda b, _: b["forward_speed_mps"] >= 0.5 and b["torso_height_m"] >= 0.9,
    ),
    Expectation(
        "run",
        ("run", "sprint ahead as fast as you can"),
        "speed ≥ 2 × walking",
        lambda b, walking: b["forward_speed_mps"] >= 2.0 * walking,
    ),
    Expectation(
        "lie",
        ("lie down", "lie flat on the ground"),
        "torso ≤ 0.35 m",
        lambda b, _: b["torso_height_m"] <= 0.35,
    ),
    Expectation(
        "refuse",
        ("make me a coffee",),
        "refused; keeps standing: torso ≥ 1.0 m",
        lambda b, _: b["torso_height_m"] >= 1.0,
        refused=True,
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `rlzero eval sentences`."""
    parser.add_argument("--robot", default="walker", choices=robot_names())
    parser.add_argument("--bundle", help="its bundle (default: the robot's)")
    parser.add_argument("--seeds", type=whole_number(), default=3, help="runs of each sentence")
    parser.add_argument(
        "--seconds", type=number(0, 3600, above=True), default=10.0, help="of each run"
    )
    parser.add_argument(
        "--work", type=Path, default=Path("out/sentences"), help="keeps the reports of the runs"
    )


def main(args: argparse.Namespace) -> int:
    """Run what has not been run, print the table; 0 whatever came out."""
    jobs = [(e, s, seed) for e in EXPECTATIONS for s in e.sentences for seed in range(args.seeds)]
    reports: dict[tuple[str, int], dict[str, Any]] = {}
    bundle_id = Bundle.load(args.bundle or args.robot).id
    for _, sentence, seed in tqdm(jobs, desc="sentences", unit="run"):
        reports[sentence, seed] = _run(args, bundle_id, sentence, seed)
    walked = [reports[s, n] for e, s, n in jobs if e.name == "walk"]
    walking = float(np.mean([r["behaviour"]["forward_speed_mps"] for r in walked]))
    rows = []
    for expectation, sentence, seed in jobs:
        report = reports[sentence, seed]
        refused = report["outcome"]["error_code"] != 0
        behaviour = report["behaviour"]
        good = refused == expectation.refused and expectation.holds(behaviour, walking)
        rows.append(
            {
                "expectation": expectation.name,
                "sentence": sentence,
                "seed": seed,
                "good": bool(good),
                "refused": refused,
                **behaviour,
            }
        )
    print(_table(rows, args.seeds))
    write_json(
        args.json,
        {
            "walking_speed_mps": walking,
            "runs": rows,
            "good_share": float(np.mean([row["good"] for row in rows])),
        },
    )
    return 0


def _run(args: argparse.Namespace, bundle_id: str, sentence: str, seed: int) -> dict[str, Any]:
    folder = args.work / f"{sentence.replace(' ', '_')}-{seed}"
    path = folder / "report.json"
    # What another bundle did is no result of this one.
    if _bundle_of(path) != bundle_id:
        path.unlink(missing_ok=True)
        command = [sys.executable, "-m", "rlzero_ros.cli", "run", "--robot", args.robot]
        command += ["--command", sentence, "--seed", str(seed), "--seconds", str(args.seconds)]
        command += ["--tries", "1"]  # a robot that stopped did not do what it was told
        command += ["--report", str(path)] + (["--bundle", args.bundle] if args.bundle else [])
        # Ends the run, and with it its nodes, if this process is told to leave meanwhile.
        done = subprocess.run(command, capture_output=True, text=True)
        if not path.exists():
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise DataError(f"{sentence!r} with seed {seed} left no report: {last}")
    return json.loads(path.read_text(encoding="utf-8"))


def _table(rows: list[dict[str, Any]], seeds: int) -> str:
    """A Markdown table, one line a sentence; numbers are listed by seed."""
    lines = [
        "| sentence | wanted | torso height (m) | speed (m/s) | met |",
        "|---|---|---|---|---|",
    ]
    wanted = {e.name: e.wanted for e in EXPECTATIONS}
    for first in range(0, len(rows), seeds):
        part = rows[first : first + seeds]
        height = ", ".join(f"{r['torso_height_m']:.2f}" for r in part)
        speed = ", ".join(f"{r['forward_speed_mps']:.2f}" for r in part)
        met = f"{sum(r['good'] for r in part)} of {len(part)}"
        lines.append(
            f"| {part[0]['sentence']} | {wanted[part[0]['expectation']]} "
            f"| {height} | {speed} | {met} |"
        )
    return "\n".join(lines)


def _bundle_of(report: Path) -> str | None:
    if not report.exists():
        return None
    found = json.loads(report.read_text(encoding="utf-8")).get("bundle_id")
    return str(found) if found else None
