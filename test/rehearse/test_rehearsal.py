"""A rehearsal prefers what comes nearest to a pose, refuses falls, and can be repeated."""

import dataclasses

import numpy as np
import pytest

from rlzero_ros.errors import CommandError, ErrorCode, RobotError
from rlzero_ros.rehearse.candidates import candidates
from rlzero_ros.rehearse.judge import choose, goes_as_asked, shows_pose, speeds_along
from rlzero_ros.rehearse.rehearsal import Rehearsal
from rlzero_ros.rehearse.twin import Trials
from rlzero_ros.rehearse.veto import VetoLimits, vetoes
from rlzero_ros.robots.simulation import Simulation


@pytest.fixture(scope="module")
def rehearsal(walker):
    return Rehearsal(walker, count=6, seconds=2.0, threads=1)


@pytest.fixture(scope="module")
def improved(rehearsal, lying):
    return rehearsal.improve(lying)


def test_the_first_candidate_is_what_is_done_unrehearsed(walker, lying):
    found = candidates(lying.variations, walker.index(), 16)
    np.testing.assert_array_equal(found[0].projection.observations, lying.projection.observations)
    assert len({c.name for c in found}) == len(found) == 16
    for candidate in found:
        rows, posed = candidate.projection.indices, ~walker.spec.shows_travel
        np.testing.assert_array_equal(
            candidate.projection.observations[:, posed], walker.index().observations[rows][:, posed]
        )
    assert {len(c.projection.indices) for c in found[1:]} == {4, 12}
    assert len(candidates(lying.variations, walker.index(), 3)) == 3


def test_what_is_found_together_agrees_more_than_all_that_is_found(walker, lying):
    def spread(candidate):
        return np.linalg.norm(candidate.projection.observations.std(0))

    usual, *others = candidates(lying.variations, walker.index(), 9)
    assert max(spread(c) for c in others if len(c.projection.indices) == 4) < spread(usual)


def test_few_observations_are_enough(walker, lying):
    one = lying.variations[0]
    rows = [field[:3] for field in (one.projection.observations, one.projection.similarities)]
    short = dataclasses.replace(
        one,
        projection=dataclasses.replace(
            one.projection,
            observations=rows[0],
            similarities=rows[1],
            indices=one.projection.indices[:3],
        ),
    )
    assert len(candidates([short], walker.index(), 8)) == 4


def test_the_nearest_candidate_that_is_not_vetoed_is_sent(improved, lying, walker):
    report = improved.rehearsal
    assert report.pose
    may = [d for d, veto in zip(report.distances, report.vetoes, strict=True) if not veto]
    assert report.chosen == 0 or report.distances[report.chosen] == min(may or report.distances)
    assert report.gain >= 0.0 or report.vetoes[0]
    found = candidates(lying.variations, walker.index(), 6)[report.chosen]
    np.testing.assert_array_equal(improved.projection.observations, found.projection.observations)
    assert improved.variations == lying.variations
    described = report.to_dict()
    assert described["chosen"] == report.names[report.chosen]
    assert len(described["candidates"]) == 6
    assert described["asked"] == 0.0  # a pose goes nowhere
    assert [c["speed"] for c in described["candidates"]] == list(report.speeds)
    assert described["seconds"] > 0


def test_the_same_plan_gives_the_same_choice(rehearsal, lying, improved):
    again = rehearsal.improve(lying).rehearsal
    assert again.distances == improved.rehearsal.distances
    assert again.chosen == improved.rehearsal.chosen


def test_it_begins_where_the_robot_is(rehearsal, lying, improved, walker):
    simulation = Simulation(walker.spec, walker.model_xml, seed=5)
    start = rehearsal.physics_of(simulation.state())
    np.testing.assert_allclose(start, simulation.physics(), atol=1e-9)
    elsewhere = rehearsal.improve(lying, start=start).rehearsal
    assert elsewhere.distances != improved.rehearsal.distances


def test_another_seed_tries_other_candidates(rehearsal, lying, improved):
    assert rehearsal.improve(lying, seed=1).rehearsal.names != improved.rehearsal.names


def test_a_motion_is_done_in_the_usual_way_unless_that_is_vetoed():
    """Regression: a robot that froze in mid-stride came nearer to a walk than one that walked."""
    distances = np.array([2.0, 1.0, 3.0])
    assert choose(distances, [True] * 3, pose=False) == 0
    assert choose(distances, [False, True, True], pose=False) == 1
    assert choose(distances, [False] * 3, pose=False) == 1


def test_a_motion_that_stays_where_it_is_gives_way_to_one_that_goes():
    """Regression: told to walk, a robot stood, since its usual way ends at either from a stand."""
    distances, nothing = np.array([1.0, 3.0, 2.0]), np.zeros((50, 1))
    forward = np.array([1.2])
    visited = np.stack([nothing + 0.1, nothing + 0.9, nothing + 1.5])
    speeds = speeds_along(visited, forward)
    np.testing.assert_allclose(speeds, [0.1, 0.9, 1.5])
    goes = goes_as_asked(speeds, forward)
    assert goes.tolist() == [False, True, True]
    assert choose(distances, [True] * 3, False, goes) == 2
    assert choose(distances, [True, True, False], False, goes) == 1
    # Where none goes it is done as usual; where hardly anything travels, whatever goes.
    assert choose(distances, [True, False, False], False, goes) == 0
    assert goes_as_asked(speeds, np.array([0.2])).all()
    # The other way round is not the way that was shown, and sideways is none.
    np.testing.assert_allclose(speeds_along(-visited, forward), -speeds)
    across = np.tile([0.0, 2.0], (1, 50, 1))
    np.testing.assert_allclose(speeds_along(across, np.array([1.0, 0.0])), [0.0])


def test_what_is_shown_to_travel_is_asked_to(pipeline, walker):
    imitator, spec = walker.imitator(), walker.spec

    def asked(sentence):
        return imitator.travel(pipeline.plan(sentence, seed=1).projection.observations)

    assert asked("run")[0] > 2.0
    assert 0.3 < asked("walk forward")[0] < 2.0
    np.testing.assert_array_equal(asked("stand still"), np.zeros(spec.shows_travel.sum()))


def test_of_a_pose_the_nearest_is_taken_that_is_not_vetoed():
    distances = np.array([2.0, 1.0, 3.0])
    assert choose(distances, [True] * 3, pose=True) == 1
    assert choose(distances, [True, False, True], pose=True) == 0
    assert choose(np.array([2.0, 1.9, 3.0]), [True] * 3, pose=True) == 0  # hardly nearer
    assert choose(np.array([2.0, 1.9, 3.0]), [False, True, True], pose=True) == 1
    assert choose(distances, [False] * 3, pose=True) == 1


@pytest.mark.parametrize(
    ("sentence", "pose"),
    [
        *((sentence, True) for sentence in ("lie down", "stand still", "raise both arms", "lunge")),
        *((sentence, False) for sentence in ("walk forward", "run", "throw punches", "kick")),
    ],
)
def test_pictures_tell_poses_from_motions(pipeline, sentence, pose):
    assert [shows_pose(pipeline.plan(sentence, seed=s).variations) for s in (3, 4)] == [pose] * 2


def test_where_all_are_vetoed_it_refuses_or_takes_the_least_bad(walker, lying):
    strict = Rehearsal(walker, count=3, seconds=1.0, threads=1, limits=VetoLimits(saturated=0.0))
    assert all(strict.improve(lying).rehearsal.vetoes)
    with pytest.raises(RobotError, match="at their limit") as caught:
        strict.improve(lying, refuse=True)
    assert caught.value.code == ErrorCode.REHEARSAL_VETO


def test_a_cancel_ends_it(rehearsal, lying):
    with pytest.raises(CommandError) as caught:
        rehearsal.improve(lying, is_canceled=lambda: True)
    assert caught.value.code == ErrorCode.CANCELED


def test_progress_is_told(rehearsal, lying):
    told = []
    rehearsal.improve(lying, on_progress=lambda stage, fraction: told.append((stage, fraction)))
    assert {stage for stage, _ in told} == {"rehearse"}
    fractions = [fraction for _, fraction in told]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)


def test_a_robot_that_cannot_be_simulated_says_so(walker):
    files = {k: v for k, v in walker.manifest["files"].items() if k != "model.xml"}
    real = dataclasses.replace(walker, manifest={**walker.manifest, "files": files})
    with pytest.raises(RobotError, match="cannot be simulated") as caught:
        Rehearsal(real)
    assert caught.value.code == ErrorCode.ROBOT_NOT_SIMULATED


def test_where_observations_hide_a_joint_it_says_so(walker):
    """Regression: the planner, which does without a rehearsal by this code, did not start."""
    first, *others = walker.spec.observation
    fewer = (dataclasses.replace(first, names=first.names[:-1]), *others)
    hidden = dataclasses.replace(walker.spec, observation=fewer)
    with pytest.raises(RobotError, match="do not show left_ankle") as caught:
        Rehearsal(dataclasses.replace(walker, spec=hidden))
    assert caught.value.code == ErrorCode.ROBOT_NOT_SIMULATED


def test_what_counts_as_a_fall_depends_on_what_was_shown():
    steps = 90
    heights = np.array([np.full(steps, 1.2), np.full(steps, 0.2), np.full(steps, 1.2)])
    heights[2, 40:50] = 0.2  # stumbles and gets up again
    nothing = np.zeros((3, steps, 1))
    trials = Trials(nothing.astype(np.float32), nothing, heights, np.zeros(3), np.zeros(3))
    upright, lying = np.full(48, 1.25), np.full(48, 0.15)
    assert [bool(v) for v in vetoes(trials, upright, VetoLimits())] == [False, True, False]
    assert not any(vetoes(trials, lying, VetoLimits()))
    strained = dataclasses.replace(trials, strained=np.array([0.0, 0.0, 0.9]))
    assert "stop" in vetoes(strained, lying, VetoLimits())[2]
