"""The motions as physics sees them: joints in range, feet on the ground, gaits told apart."""

import math

import numpy as np
import pytest

from rlzero_ros.errors import ImagineError
from rlzero_ros.imagine.figure import lowest_point, mass_center, segment_lines
from rlzero_ros.imagine.motions import FOUR_LEGGED_MOTIONS, MOTIONS, perform
from rlzero_ros.imagine.motions.body import ANKLE_RANGE, HIP_RANGE, KNEE_RANGE, Variation
from rlzero_ros.imagine.motions.gaits import RUN_CYCLE_S, WALK_CYCLE_S

FPS = 40.0
LEAVES_GROUND = {"run", "jump", "hop", "flip", "four_legged_run", "four_legged_jump"}
HUMAN = sorted(set(MOTIONS) - FOUR_LEGGED_MOTIONS)


def performances(name, count=6, frames=96):
    return [perform(name, np.random.default_rng(seed), frames, FPS) for seed in range(count)]


def joints(pose):
    """Hip, knee, ankle of both legs in degrees, dm_control's signs."""
    a = {name: math.degrees(angle) for name, angle in pose.angles.items()}
    legs = []
    for side in ("right", "left"):
        thigh, leg, foot = (a[f"{side}_{part}"] for part in ("thigh", "leg", "foot"))
        legs.append((a["torso"] - thigh, thigh - leg, leg - foot))
    return np.array(legs)


@pytest.mark.parametrize("name", MOTIONS)
def test_never_below_ground_and_in_the_air_only_when_it_leaps(name):
    for poses in performances(name):
        clearance = np.array([lowest_point(pose) for pose in poses])
        assert clearance.min() == pytest.approx(0.0, abs=1e-9)
        if name in LEAVES_GROUND:
            assert 0.03 < clearance.max() < 1.3
            assert 0.1 < (clearance > 0.01).mean() < 0.75
        else:
            assert clearance.max() < 1e-9


@pytest.mark.parametrize("name", HUMAN)
def test_joints_stay_in_the_walkers_ranges(name):
    angles = np.concatenate([joints(pose) for poses in performances(name) for pose in poses])
    for column, (low, high) in enumerate((HIP_RANGE, KNEE_RANGE, ANKLE_RANGE)):
        assert angles[:, column].min() >= low - 1e-6
        assert angles[:, column].max() <= high + 1e-6


@pytest.mark.parametrize("name", MOTIONS)
def test_moves_smoothly(name):
    for poses in performances(name):
        torso = np.degrees([pose.angles["torso"] for pose in poses])
        turn = (np.diff(torso) + 180) % 360 - 180
        assert np.abs(turn).max() < (45 if name == "flip" else 20)
        height = np.array([mass_center(pose)[1] for pose in poses])
        assert np.abs(np.diff(height)).max() * FPS < 5.5


def test_seed_decides():
    first, again, other = (perform("walk", np.random.default_rng(s), 10, 20.0) for s in (3, 3, 4))
    assert first == again
    assert first != other


def test_unknown_motion_is_named():
    with pytest.raises(ImagineError, match="'moonwalking' is unknown"):
        perform("moonwalking", np.random.default_rng(0), 4, 20.0)


def test_walk_is_a_human_walk():
    poses = [MOTIONS["walk"](t, Variation()) for t in np.arange(0, WALK_CYCLE_S, 0.01)]
    legs = np.array([joints(pose) for pose in poses])
    hip, knee = legs[:, 0, 0], legs[:, 0, 1]
    assert 25 <= hip.max() <= 35
    assert -20 <= hip.min() <= -10
    assert -70 <= knee.min() <= -55
    # Half a cycle later the left leg does the same.
    assert np.allclose(np.roll(legs[:, 0], 50, axis=0), legs[:, 1], atol=1.0)
    torso = np.degrees([pose.angles["torso"] for pose in poses])
    assert 0 < torso.mean() < 10


def test_run_differs_from_walk_as_people_do():
    def measure(name, cycle_s):
        poses = [MOTIONS[name](t, Variation()) for t in np.arange(0, cycle_s, 0.01)]
        legs = np.array([joints(pose) for pose in poses])
        lean = np.degrees(np.mean([pose.angles["torso"] for pose in poses]))
        speed = (poses[-1].root[0] - poses[0].root[0]) / cycle_s
        return np.ptp(legs[:, 0, 0]), -legs[:, 0, 1].min(), lean, speed

    walk, run = measure("walk", WALK_CYCLE_S), measure("run", RUN_CYCLE_S)
    assert run[0] > 1.5 * walk[0]
    assert run[1] > walk[1] + 30
    assert run[2] > walk[2] + 5
    assert run[3] > 2 * walk[3]
    assert RUN_CYCLE_S < 0.7 * WALK_CYCLE_S


def test_backward_is_backward():
    for poses in performances("walk_backward"):
        assert np.all(np.diff([pose.root[0] for pose in poses]) < 0)
    for poses in performances("walk"):
        assert np.all(np.diff([pose.root[0] for pose in poses]) > 0)


def torso_height(pose):
    line = segment_lines(pose)["torso"]
    return (line[1] + line[3]) / 2


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("stand", 1.2, 1.35),
        ("lie", 0.05, 0.15),
        ("sit", 0.3, 0.5),
        ("kneel", 0.5, 0.9),
        ("crouch", 0.5, 0.9),
        ("lunge", 0.7, 1.15),
        ("one_foot", 1.2, 1.35),
        ("hands_up", 1.2, 1.35),
        ("headstand", 0.4, 0.7),
        ("crawl", 0.4, 0.65),
    ],
)
def test_height_of_postures(name, low, high):
    heights = [torso_height(pose) for poses in performances(name) for pose in poses[::8]]
    assert low < min(heights)
    assert max(heights) < high


def test_held_postures_are_still():
    for name in ("stand", "lie", "sit", "kneel", "crouch", "lunge", "hands_up", "headstand"):
        for poses in performances(name, count=3):
            angles = np.degrees([list(pose.angles.values()) for pose in poses])
            assert np.ptp(angles, axis=0).max() < 8


def test_turning_motions_turn_all_the_way():
    for name in ("flip", "cartwheel"):
        for poses in performances(name, count=3):
            assert np.ptp(np.degrees([pose.angles["torso"] for pose in poses])) > 300
