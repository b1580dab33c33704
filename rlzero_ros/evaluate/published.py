"""Published zero-shot returns, and what our data collection had asked for: what a table stands by.

Mean returns of 1000 steps on ExORL's RND data. Sources: TD-JEPA, Table 1 (FB in its best published
configuration, HILP, TD-JEPA); TD-Flow, Table 17 (FB by task).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Published:
    """Of one robot: the tasks that the means are over, means by method, FB by task (TD-Flow)."""

    tasks: tuple[str, ...]
    means: Mapping[str, float]
    by_task: Mapping[str, float] = field(default_factory=dict)


PUBLISHED: Mapping[str, Published] = {
    "walker": Published(
        ("stand", "walk", "run", "spin"),
        {"FB (TD-JEPA)": 811, "HILP": 796, "TD-JEPA": 801, "FB (TD-Flow)": 527},
        {"stand": 853, "walk": 589, "run": 327, "spin": 338},
    ),
    "cheetah": Published(
        ("walk", "run", "walk_backward", "run_backward"),
        {"FB (TD-JEPA)": 673, "HILP": 618, "TD-JEPA": 689},
    ),
    "quadruped": Published(
        ("stand", "walk", "run", "jump"),
        {"FB (TD-JEPA)": 596, "HILP": 695, "TD-JEPA": 732, "FB (TD-Flow)": 627},
        {"stand": 896, "walk": 476, "run": 452, "jump": 684},
    ),
}

_BIPED = {
    "stand": "move",
    "walk": "move",
    "run": "move",
    "spin": "spin",
    "flip": "spin",
    "lying_down": "posture",
}
_ASKED: Mapping[str, Mapping[str, str]] = {
    "walker": _BIPED,
    "stickman": _BIPED,
    "cheetah": {
        "walk": "move",
        "run": "move",
        "walk_backward": "move",
        "run_backward": "move",
        "lying_down": "posture",
    },
    "quadruped": {
        "stand": "move",
        "walk": "move",
        "run": "move",
        "jump": "posture",
        "lie_down": "posture",
    },
}


def asked_by_collection(robot: str, task: str) -> str | None:
    """The kind of skill of `rlzero collect` that comes near a task; None for none.

    Skills are random commands: a velocity while upright (move), a height and a tilt of the base
    (posture), a turning rate (spin), a pose that rests on the floor (pose). The data knew a task
    of which one of them is nearly the reward; poses are random and stand for no task.
    """
    return _ASKED.get(robot, {}).get(task)
