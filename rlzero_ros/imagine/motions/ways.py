"""Several ways to do one motion, each clearly that motion, for bodies that differ.

A dog lies on its belly, a robot that cannot may roll onto its back; a horse gallops, a rabbit
bounds. The first way of each is what ``MOTIONS`` performs. Which one suits a robot shows when they
are projected to what it has seen.
"""

from __future__ import annotations

from rlzero_ros.imagine.motions import four_legged, four_legged_rest
from rlzero_ros.imagine.motions.body import MotionFunction

WAYS: dict[str, dict[str, MotionFunction]] = {
    "four_legged_walk": {"in_turn": four_legged.walk, "in_pairs": four_legged.amble},
    "four_legged_run": {
        "gallop": four_legged.run,
        "bound": four_legged.bound,
        "canter": four_legged.canter,
    },
    "four_legged_jump": {
        "stretched": four_legged.jump,
        "level": four_legged.pronk,
        "front_first": four_legged.spring,
    },
    "four_legged_lie": {
        "stretched": four_legged_rest.lie,
        "folded": four_legged_rest.lie_folded,
        "sprawled": four_legged_rest.lie_sprawled,
        "turned_over": four_legged_rest.lie_turned_over,
    },
    "two_legs": {
        "reared": four_legged_rest.rear,
        "low": four_legged_rest.rear_low,
        "tall": four_legged_rest.rear_tall,
    },
}


def ways_of(motion: str) -> tuple[str, ...]:
    """Names of the ways to do a motion, the usual one first; none where there is only that one."""
    return tuple(WAYS.get(motion, ()))
