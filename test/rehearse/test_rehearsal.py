"""A rehearsal prefers what looks like the sentence, refuses falls, and can be repeated."""

import dataclasses

import numpy as np
import pytest

from rlzero_ros.errors import CommandError, ErrorCode, RobotError
from rlzero_ros.rehearse.candidates import candidates
from rlzero_ros.rehearse.judge import choose
from rlzero_ros.rehearse.likeness import Likeness, energy_distance
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
    assert len({c.name for c in found}) == len(found) == 6
    for candidate in found:
        rows = candidate.projection.indices
        np.testing.assert_array_equal(
            candidate.projection.observations, walker.index().observations[rows]
        )
    assert len(candidates(lying.variations, walker.index(), 3)) == 3
    assert len(candidates(lying.variations[:1], walker.index(), 16)) == 4


def test_the_best_candidate_that_is_not_vetoed_is_sent(improved, lying, walker):
    report = improved.rehearsal
    assert report.vetoes[report.chosen] == "" or all(report.vetoes)
    assert report.gain >= 0.0 or report.vetoes[0]
    found = candidates(lying.variations, walker.index(), 6)[report.chosen]
    np.testing.assert_array_equal(improved.projection.observations, found.projection.observations)
    # The clip that stands for the plan is one that its observations came from.
    shown = improved.variations[0].projection.indices
    assert set(improved.projection.indices) & set(shown)
    assert len(improved.variations) == len(lying.variations)
    described = report.to_dict()
    assert described["chosen"] == report.names[report.chosen]
    assert len(described["candidates"]) == 6
    assert described["seconds"] > 0


def test_the_same_plan_gives_the_same_choice(rehearsal, lying, improved):
    again = rehearsal.improve(lying).rehearsal
    assert again.scores == improved.rehearsal.scores
    assert again.chosen == improved.rehearsal.chosen


def test_it_begins_where_the_robot_is(rehearsal, lying, improved, walker):
    simulation = Simulation(walker.spec, walker.model_xml, seed=5)
    elsewhere = rehearsal.improve(lying, start=simulation.state()).rehearsal
    assert elsewhere.scores != improved.rehearsal.scores


def test_another_seed_tries_from_another_state(rehearsal, lying, improved):
    assert rehearsal.improve(lying, seed=1).rehearsal.scores != improved.rehearsal.scores


def test_the_usual_way_is_left_only_for_one_that_is_better_from_every_start():
    scores = np.array([[0.0, 1.0, 2.0, 0.5], [0.0, 1.0, -0.5, 0.6]])
    assert choose(scores, [True] * 4) == 1
    assert choose(scores, [True, False, True, True]) == 3
    assert choose(scores, [True, False, True, False]) == 0
    assert choose(scores, [False, False, True, True]) == 2
    assert choose(scores, [False] * 4) == 1


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


def test_likeness_is_greatest_for_the_very_same(walker):
    index = walker.index()
    likeness = Likeness(index)
    rows = np.arange(0, len(index), 400)
    same, other = index.observations[rows], index.observations[rows + 100]
    clips = [(index.embeddings[rows].astype(np.float32), 20.0)]
    assert likeness.looks(same, 20.0, clips) == pytest.approx(0.0, abs=1e-3)
    assert likeness.looks(other[:5], 20.0, clips) < likeness.looks(same, 20.0, clips) - 0.01
    assert likeness.moves(same, same) == pytest.approx(0.0, abs=1e-6)
    assert likeness.moves(other[:5], same) < -0.1
    # Order makes no difference to what is visited.
    assert likeness.moves(same[::-1], same) == pytest.approx(0.0, abs=1e-6)


def test_to_freeze_in_one_pose_is_not_to_do_it(walker):
    """Regression: the nearest neighbours of each moment prefer a robot that stops mid-stride."""
    index = walker.index()
    likeness = Likeness(index)
    rows = np.arange(0, len(index), 200)
    walking = index.observations[rows]
    frozen = np.tile(walking[:1], (len(walking), 1))
    assert likeness.moves(frozen, walking) < likeness.moves(walking[::2], walking[1::2]) - 0.5


def test_energy_distance_of_two_points():
    assert energy_distance(np.zeros((2, 1)), np.ones((3, 1))) == pytest.approx(2.0)
    assert energy_distance(np.ones((4, 2)), np.ones((1, 2))) == 0.0


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
