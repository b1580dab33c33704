"""Whether what was found changes as what was shown, on sequences whose changes are known."""

import numpy as np
import pytest

from rlzero_ros.project.agreement import change_agreement

FPS, STRIDE_S, DIM = 20.0, 0.2, 8
STEP = round(FPS * STRIDE_S)


def circle(frames, turns_per_s, start=0.0):
    """Unit vectors (frames, DIM) that go round in a plane."""
    angle = start + 2 * np.pi * turns_per_s * np.arange(frames) / FPS
    rows = np.zeros((frames, DIM), np.float32)
    rows[:, 0], rows[:, 1] = np.cos(angle), np.sin(angle)
    return rows


def index_of(sequence, make_index):
    """An index of a sequence's windows, and the rows that have a whole one."""
    rows = np.arange(STEP, len(sequence) - STEP)
    windows = sequence[rows[:, None] + STEP * np.array([-1, 0, 1])]
    return make_index(windows, "known", stride_s=STRIDE_S), len(rows)


def agreement(shown, found, make_index):
    index, count = index_of(found, make_index)
    return change_agreement(shown[STEP : STEP + count], FPS, index, np.arange(count))


def test_the_same_motion_agrees_and_its_reverse_does_not(make_index):
    forward, backward = circle(40, 0.8), circle(40, -0.8)
    assert agreement(forward, forward, make_index) == pytest.approx(1.0, abs=0.02)
    assert agreement(forward, backward, make_index) < 0.3


def test_a_still_one_does_not_agree_with_a_lively_one_either_way_round(make_index):
    moving, still = circle(40, 0.8), circle(40, 0.0)
    assert agreement(still, still, make_index) == pytest.approx(1.0)
    assert agreement(moving, still, make_index) < 0.1
    assert agreement(still, moving, make_index) < 0.1


def test_a_little_jitter_is_still(make_index):
    rng = np.random.default_rng(0)
    jitter = circle(40, 0.0) + rng.normal(0, 0.01, (40, DIM)).astype(np.float32)
    assert agreement(circle(40, 0.0), jitter, make_index) > 0.9


def test_a_clip_too_short_for_a_window_shows_no_change(make_index):
    index, _ = index_of(circle(40, 0.8), make_index)
    shown = circle(3, 0.8)
    assert change_agreement(shown, FPS, index, np.arange(3)) == 1.0
