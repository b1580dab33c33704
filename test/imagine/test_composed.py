"""Composed motions: legs of one, arms of another."""

import numpy as np
import pytest

from rlzero_ros.errors import ImagineError
from rlzero_ros.imagine.composed_captions import (
    COMPOSED,
    GESTURE_PHRASES,
    HELD_OUT,
    LOWER_FORMS,
    composed_captions,
)
from rlzero_ros.imagine.figure import lowest_point, segment_lines
from rlzero_ros.imagine.motions import perform
from rlzero_ros.imagine.motions.composed import GESTURES, LOWER, perform_any


@pytest.mark.parametrize("name", COMPOSED)
def test_legs_are_those_of_the_motion_and_nothing_is_under_the_ground(name):
    lower = name.partition("+")[0]
    both = perform_any(name, np.random.default_rng(3), 12, 5.0)
    alone = perform(lower, np.random.default_rng(3), 12, 5.0)
    for pose, plain in zip(both, alone, strict=True):
        same = [s for s in plain.angles if not s.endswith("arm")]
        assert all(pose.angles[segment] == plain.angles[segment] for segment in same)
        assert lowest_point(pose) > -1e-9


def test_hands_are_above_the_head_while_walking():
    for pose in perform_any("walk+hands_up", np.random.default_rng(0), 20, 10.0):
        lines = segment_lines(pose)
        assert min(lines[f"{side}_forearm"][3] for side in ("right", "left")) > lines["head"][3]


def test_unknown_parts_are_named():
    with pytest.raises(ImagineError, match=r"walk\+fly"):
        perform_any("walk+fly", np.random.default_rng(0), 2, 5.0)


def test_every_legs_and_arms_are_held_out_somewhere_and_trained_elsewhere():
    assert "walk+hands_up" in HELD_OUT
    for part, names in ((0, LOWER), (1, GESTURES)):
        held = {name.split("+")[part] for name in HELD_OUT}
        kept = {name.split("+")[part] for name in COMPOSED if name not in HELD_OUT}
        assert held == set(names) == kept
    assert set(LOWER_FORMS) == set(LOWER)
    assert set(GESTURE_PHRASES) == set(GESTURES)


def test_captions_name_both_parts():
    captions = composed_captions("walk+wave", 6, np.random.default_rng(0))
    assert len(captions) == 6
    assert all(any(c.endswith(p) for p in GESTURE_PHRASES["wave"]) for c in captions)
