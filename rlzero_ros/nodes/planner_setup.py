"""The planner that the parameters describe: pipeline, rehearsal and memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..bundle import Bundle
from ..errors import ErrorCode, RobotError
from ..imagine.base import Imaginer
from ..pipeline import Pipeline
from ..planning import Planner
from ..project.text_gate import TextGate
from ..rehearse.rehearsal import Rehearsal
from ..rehearse.twin import LATE_S
from ..rehearse.veto import VetoLimits
from ..robots.state import RobotState
from ..skills.library import default_folder
from ..skills.memory import SkillMemory
from .parameter_table import Row

PLANNING_PARAMETERS: dict[str, Row] = {
    "storyboard.variations": (
        4,
        "Clips that storyboard or figure_video make of one sentence; their projections are joined.",
        1,
        16,
    ),
    "rehearsal.candidates": (
        8,
        "Ways to do a sentence that are tried on the robot's model before one is sent; 0 or 1: "
        "none.",
        0,
        16,
    ),
    "rehearsal.seconds": (5.0, "For so long each of them is simulated.", 0.5, 60.0),
    "rehearsal.late_s": (
        LATE_S,
        "So long after the state that it answers an action comes in a rehearsal, as on the robot.",
        0.0,
        1.0,
    ),
    "rehearsal.threads": (2, "Processor cores that a rehearsal may take.", 1, 64),
    "rehearsal.veto": (
        True,
        "Refuse a sentence when all ways that were tried end in a fall or strain the robot.",
    ),
    "rehearsal.max_saturated": (
        0.95,
        "A way that has more than this share of its commands at their limit is vetoed.",
        0.0,
        1.0,
    ),
    "rehearsal.max_strained": (
        0.8,
        "A way that pushes more than this share of its joints into their stops is vetoed.",
        0.0,
        1.0,
    ),
    "skills.folder": ("", "Of the skill library; empty: rlzero_ros/skills in $XDG_DATA_HOME."),
    "skills.cache": (
        True,
        "Sentences that worked come back without imagining them again. Skills saved by name do so "
        "in any case.",
    ),
}
# What a remembered sentence depends on beside the bundle: all that decides its plan.
_DECISIVE = (
    "imaginer",
    "figure_video.",
    "diffusers.",
    "storyboard.",
    "rehearsal.",
    "min_text_score",
)


def make_planner(
    options: Mapping[str, Any],
    bundle: Bundle,
    imaginer: Imaginer,
    where: Callable[[], RobotState | None],
    warn: Callable[[str], None],
) -> Planner:
    """Build it and load what it needs, which takes seconds.

    where: tells the robot's state. warn: told what is left out, and why.
    """
    # Others are slow, or show the same however often they are asked.
    drawn = options["imaginer"] in ("storyboard", "figure_video")
    pipeline = Pipeline(
        bundle, imaginer, variations=options["storyboard.variations"] if drawn else 1
    )
    pipeline.warm_up()
    settings = {name: options[name] for name in options if name.startswith(_DECISIVE)}
    folder = Path(options["skills.folder"] or default_folder()).expanduser()
    memory = SkillMemory(folder, bundle.manifest["checksum"], settings, warn)
    return Planner(
        pipeline,
        _rehearsal(options, bundle, warn),
        memory,
        # What a camera or a file shows may be something else the next time.
        remembers=options["skills.cache"] and options["imaginer"] != "video",
        refuses=options["rehearsal.veto"],
        min_confidence=options["min_confidence"],
        gate=_gate(options, pipeline),
        where=where,
    )


def _gate(options: Mapping[str, Any], pipeline: Pipeline) -> TextGate | None:
    # The name of a video says nothing of what it shows.
    if options["min_text_score"] <= -1.0 or options["imaginer"] == "video":
        return None
    return TextGate(pipeline.embedder, options["min_text_score"])


def _rehearsal(
    options: Mapping[str, Any], bundle: Bundle, warn: Callable[[str], None]
) -> Rehearsal | None:
    count = options["rehearsal.candidates"]
    if count < 2:
        return None
    try:
        rehearsal = Rehearsal(
            bundle,
            count=count,
            seconds=options["rehearsal.seconds"],
            threads=options["rehearsal.threads"],
            late_s=options["rehearsal.late_s"],
            limits=VetoLimits(
                options["rehearsal.max_saturated"], options["rehearsal.max_strained"]
            ),
        )
    except RobotError as error:
        if error.code != ErrorCode.ROBOT_NOT_SIMULATED:
            raise
        warn(f"no rehearsal: {error.message}")
        return None
    bundle.imitator()  # read now, not at the first sentence
    return rehearsal
