"""Several ways to do a motion: each is the motion, and the storyboard draws them on request."""

import math

import numpy as np
import pytest

from rlzero_ros.errors import CommandError, ErrorCode, ImagineError
from rlzero_ros.imagine.base import each_way, varies
from rlzero_ros.imagine.do_what_you_see import DO_WHAT_YOU_SEE, DoWhatYouSee
from rlzero_ros.imagine.figure import lowest_point, mass_center, segment_lines
from rlzero_ros.imagine.frame_stream import FrameStream
from rlzero_ros.imagine.motions import MOTIONS, perform
from rlzero_ros.imagine.motions.ways import WAYS, ways_of
from rlzero_ros.imagine.registry import load_imaginer

FPS = 40.0
ALL = [(motion, way) for motion, ways in WAYS.items() for way in ways]
LEGS = [f"{end}_{side}_lower" for end in ("front", "hind") for side in ("right", "left")]


@pytest.fixture(scope="module")
def storyboard():
    return load_imaginer("storyboard")


@pytest.fixture(scope="module")
def animal(storyboard):
    return storyboard.for_figure("four_legged")


def performances(motion, way, count=6, frames=96):
    return [perform(motion, np.random.default_rng(s), frames, FPS, way) for s in range(count)]


def ways(motion):
    return pytest.mark.parametrize("way", WAYS[motion])


def torso_height(pose):
    line = segment_lines(pose)["torso"]
    return (line[1] + line[3]) / 2


def feet_in_the_air(pose):
    """Which of the four feet are 0.15 m and more above the ground."""
    lines = segment_lines(pose)
    return np.array([lines[leg][3] > 0.15 for leg in LEGS])


@pytest.mark.parametrize(("motion", "way"), ALL)
def test_every_way_stays_above_the_ground_and_moves_smoothly(motion, way):
    for poses in performances(motion, way):
        clearance = np.array([lowest_point(pose) for pose in poses])
        assert clearance.min() == pytest.approx(0.0, abs=1e-9)
        angles = np.degrees([list(pose.angles.values()) for pose in poses])
        turn = (np.diff(angles, axis=0) + 180) % 360 - 180
        assert np.abs(turn).max() < 25
        height = np.array([mass_center(pose)[1] for pose in poses])
        assert np.abs(np.diff(height)).max() * FPS < 5.5


@ways("four_legged_lie")
def test_every_way_of_lying_has_the_trunk_on_the_ground_and_keeps_still(way):
    for poses in performances("four_legged_lie", way):
        assert max(torso_height(pose) for pose in poses) < 0.22
        angles = np.degrees([list(pose.angles.values()) for pose in poses])
        assert np.ptp(angles, axis=0).max() < 8


@ways("two_legs")
def test_every_way_on_two_legs_is_on_the_hind_legs_alone(way):
    for poses in performances("two_legs", way):
        for pose in poses:
            air = feet_in_the_air(pose)
            assert air[:2].all()
            assert not air[2:].any()
            assert math.degrees(pose.angles["torso"]) < -35


@ways("four_legged_run")
def test_every_run_is_faster_than_every_walk_and_leaves_the_ground(way):
    def measure(motion, way):
        poses = performances(motion, way, count=4)
        speeds = [(p[-1].root[0] - p[0].root[0]) * FPS / (len(p) - 1) for p in poses]
        return speeds, [max(lowest_point(pose) for pose in p) for p in poses]

    speeds, flights = measure("four_legged_run", way)
    walks = [measure("four_legged_walk", walk) for walk in WAYS["four_legged_walk"]]
    assert min(speeds) > 1.5 * max(max(speed) for speed, _ in walks)
    assert min(flights) > 0.02
    assert max(max(flight) for _, flight in walks) < 1e-9


@ways("four_legged_jump")
def test_every_jump_leaves_the_ground_with_all_legs_and_stays_on_the_spot(way):
    for poses in performances("four_legged_jump", way):
        clearance = np.array([lowest_point(pose) for pose in poses])
        assert 0.15 < clearance.max() < 0.8
        assert 0.1 < (clearance > 0.01).mean() < 0.6
        assert np.ptp([pose.root[0] for pose in poses]) < 1e-9


def test_the_first_way_is_the_usual_one():
    for motion in WAYS:
        usual, first = (
            perform(motion, np.random.default_rng(3), 20, FPS, way)
            for way in (None, ways_of(motion)[0])
        )
        assert usual == first
    assert set(WAYS) <= set(MOTIONS)
    assert ways_of("punch") == ()


def test_an_unknown_way_is_named():
    with pytest.raises(ImagineError, match="no way 'upwards'; known are gallop"):
        perform("four_legged_run", np.random.default_rng(0), 4, 20.0, "upwards")
    with pytest.raises(ImagineError, match="the usual one only"):
        perform("walk", np.random.default_rng(0), 4, 20.0, "gallop")


def test_the_storyboard_draws_each_way_of_a_sentence_in_one_style(animal):
    clips = [way.imagine("lie down", seed=5) for way in each_way(animal, "lie down")]
    names = WAYS["four_legged_lie"]
    assert [clip.source for clip in clips] == [f"storyboard:four_legged_lie:{n}" for n in names]
    assert len({clip.frames.tobytes() for clip in clips}) == len(clips)
    # Corner pixels are background: the same colours whichever way it lies.
    assert len({tuple(clip.frames[0, 0, 0]) for clip in clips}) == 1
    assert np.array_equal(clips[0].frames, animal.imagine("lie down", seed=5).frames)


def test_what_can_be_done_in_one_way_or_not_at_all(storyboard, animal):
    assert each_way(storyboard, "walk forward") == (storyboard,)
    with pytest.raises(CommandError) as caught:
        each_way(animal, "make me a coffee")
    assert caught.value.code == ErrorCode.COMMAND_NOT_UNDERSTOOD


def test_the_ways_reach_the_imaginer_behind_a_camera(animal):
    both = DoWhatYouSee(FrameStream(), animal)
    assert len(each_way(both, "lie down")) == len(WAYS["four_legged_lie"])
    (camera,) = each_way(both, DO_WHAT_YOU_SEE.upper())
    assert not varies(camera)
    assert varies(both)
