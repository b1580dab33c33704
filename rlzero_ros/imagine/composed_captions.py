"""What composed motions are called, and which of them no model is trained on.

A caption joins a caption of the legs' motion, or one of a few plain forms, with a phrase of the
arms' gesture. ``HELD_OUT`` combinations are for evaluation: neither their clips nor their
captions take part in training.
"""

from __future__ import annotations

import numpy as np

from rlzero_ros.imagine.captions import CAPTIONS
from rlzero_ros.imagine.motions.composed import GESTURES, LOWER


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(" ".join(line.split()) for line in text.strip().split(";"))


LOWER_FORMS: dict[str, tuple[str, ...]] = {
    "stand": _phrases("stand; standing; stand still; a person standing"),
    "walk": _phrases("walk; walking; walk ahead; a person walking; stroll; a robot walking"),
    "walk_backward": _phrases("walk backwards; walking backwards; step back; a person backing up"),
    "run": _phrases("run; running; run fast; a person running; jog; sprinting"),
    "jump": _phrases("jump; jumping; jump up and down; a person jumping; leap"),
    "hop": _phrases("hop; hopping; hop on one leg; a person hopping on one leg"),
    "sit": _phrases("sit; sitting; sit on the floor; a person sitting; stay seated"),
    "kneel": _phrases("kneel; kneeling; kneel down; a person kneeling; be on your knees"),
    "crouch": _phrases("crouch; crouching; squat; a person squatting; stay low"),
    "kick": _phrases("kick; kicking; kick high; a person kicking; throw a kick"),
    "lunge": _phrases("lunge; lunging; do a lunge; a person in a deep lunge; hold a lunge"),
    "one_foot": _phrases("stand on one foot; balance on one leg; a person balancing on one foot"),
}
"""Plain forms of the legs' part."""
GESTURE_PHRASES: dict[str, tuple[str, ...]] = {
    "hands_up": _phrases(
        """with your hands up; with both hands raised; with raised arms; with the arms stretched
        overhead; and raise your hands; and put your arms up; while holding both hands above the
        head; reaching for the ceiling with both hands; with the hands in the air"""
    ),
    "punch": _phrases(
        """and punch; while boxing; throwing punches; while punching the air; and throw a jab; with
        the fists flying; and shadowbox; while hitting with your fists; and box with both hands"""
    ),
    "wave": _phrases(
        """and wave; while waving; waving one hand; and wave hello; while waving goodbye; with a
        waving hand; and wave to the people; while you wave with one arm; greeting with one hand"""
    ),
    "forward": _phrases(
        """with your arms stretched out in front; like a zombie; with both arms pointing forward;
        with the arms held straight ahead; like a sleepwalker; and reach forward; and stretch both
        arms forward; holding your hands out in front of you; while reaching ahead with both
        arms"""
    ),
    "swing": _phrases(
        """and swing your arms around; waving the arms about wildly; while dancing with the arms;
        and move your arms to the music; with flailing arms; and flail your arms; swinging both
        arms up and down; while the arms dance; with wildly swinging arms"""
    ),
    "hips": _phrases(
        """with your hands on your hips; with the hands on the waist; and put your hands on your
        hips; with arms akimbo; holding the hips; with both hands at the waist; keeping the hands
        on the hips; while holding your waist; with bent elbows and the hands on the hips"""
    ),
    "behind": _phrases(
        """with your hands behind your back; with the arms behind you; and put your hands behind
        your back; holding the hands behind the back; with both arms stretched backward; keeping
        the arms behind the body; while reaching behind you; with the arms held back; and stretch
        the arms to the back"""
    ),
    "hang": _phrases(
        """with your arms hanging down; with the arms at your sides; without moving the arms; and
        let your arms hang; keeping the arms down; with relaxed arms; with the hands down; with
        both arms straight down; and keep your hands at your sides"""
    ),
}
"""How each gesture follows the legs' part in a sentence."""

COMPOSED = tuple(f"{lower}+{gesture}" for lower in LOWER for gesture in GESTURES)
HELD_OUT = frozenset(
    f"{lower}+{gesture}"
    for i, lower in enumerate(LOWER)
    for j, gesture in enumerate(GESTURES)
    if (i + 2 * j) % 5 == 1
)
"""A fifth of the combinations, some of every motion and every gesture: walk+hands_up is one."""


def composed_captions(name: str, count: int, rng: np.random.Generator) -> list[str]:
    """Some of the captions of a composed motion: its plain forms first, then any caption's.

    Args:
        name: as in ``COMPOSED``.
        count: how many.
        rng: chooses among them.
    """
    lower, _, gesture = name.partition("+")
    captions = []
    for k in range(count):
        parts = LOWER_FORMS[lower] if k % 2 == 0 else CAPTIONS[lower]
        part = parts[int(rng.integers(len(parts)))]
        phrase = GESTURE_PHRASES[gesture][int(rng.integers(len(GESTURE_PHRASES[gesture])))]
        captions.append(f"{part} {phrase}")
    return captions
