"""What the shipped cheetah and quadruped are shown for a sentence, judged by their physics.

A dog's lying, rearing and galloping were all that was imagined, and their plans were refused.
"""

import dataclasses
from itertools import product

import mujoco
import numpy as np
import pytest

from rlzero_ros.bundle import Bundle
from rlzero_ros.errors import ErrorCode, ImagineError
from rlzero_ros.evaluate.language_actor import PlannerSettings
from rlzero_ros.imagine.registry import load_imaginer
from rlzero_ros.pipeline import Pipeline, trusted
from rlzero_ros.planning import strip_of
from rlzero_ros.pretrain.figure_observations import observed_forward_speed
from rlzero_ros.project.projection import confidence
from rlzero_ros.robots.observation import load_model
from rlzero_ros.robots.registry import load_robot

ROBOTS = ("cheetah", "quadruped")
SEED = 300


@pytest.fixture(scope="module")
def storyboard():
    return load_imaginer("storyboard")


@pytest.fixture(scope="module")
def plans(storyboard):
    """plan(robot, sentence), as the planner node makes it."""
    count = PlannerSettings.shipped().variations
    pipelines = {r: Pipeline(Bundle.load(r), storyboard, variations=count) for r in ROBOTS}

    def plan(robot, sentence, seed=SEED):
        return pipelines[robot], pipelines[robot].plan(sentence, seed=seed)

    return plan


def torso_heights(robot, pipeline, plan):
    model = load_model(load_robot(robot).model_xml)
    data = mujoco.MjData(model)
    heights = []
    for row in plan.projection.indices:
        data.qpos[:] = pipeline.bundle.index().physics[row, : model.nq]
        mujoco.mj_kinematics(model, data)
        heights.append(data.body("torso").xpos[2])
    return np.array(heights)


@pytest.mark.parametrize(
    ("robot", "sentence"),
    product(ROBOTS, ("a horse gallops", "a horse rears up", "a cat leaps", "a dog asleep")),
)
def test_what_was_refused_is_found(plans, robot, sentence):
    _, plan = plans(robot, sentence)
    assert plan.confidence > PlannerSettings.shipped().min_confidence
    assert len({variation.clip.source for variation in plan.variations}) == 1
    assert len(plan.variations) == PlannerSettings.shipped().variations


def test_the_usual_way_stays_unless_another_suits_clearly_better(plans):
    # Ties went to and fro between ways with the seed.
    _, leaping = plans("cheetah", "a cat leaps")
    assert leaping.source == "storyboard:four_legged_jump:stretched"
    walks = {plans("quadruped", "a dog walking along", SEED + k)[1].source for k in range(3)}
    assert len(walks) == 1
    for robot in ROBOTS:
        _, running = plans(robot, "a horse gallops")
        assert running.source.startswith("storyboard:four_legged_run:")
        assert not running.source.endswith(":gallop")


def test_lying_is_found_near_the_ground(plans):
    # Drawn on its back, the quadruped was found rolling, and walked off.
    pipeline, plan = plans("quadruped", "a dog asleep")
    assert plan.source == "storyboard:four_legged_lie:folded"
    standing = torso_heights("quadruped", pipeline, plans("quadruped", "a dog standing")[1]).mean()
    assert np.median(torso_heights("quadruped", pipeline, plan)) < 0.6 * standing


def test_a_body_that_cannot_lie_on_its_belly_is_shown_its_back(plans):
    # The cheetah's trunk is never low while it is on its feet: every plan was refused.
    pipeline, plan = plans("cheetah", "a dog asleep")
    assert plan.source == "storyboard:four_legged_lie:turned_over"
    rotation = load_model(load_robot("cheetah").model_xml).joint("rooty").qposadr[0]
    pitch = pipeline.bundle.index().physics[plan.projection.indices, rotation]
    assert np.mean(np.cos(pitch) < 0) > 0.8


def test_a_drawing_that_is_hardly_found_is_not_imitated(plans):
    # It was found standing where the others lie, and the cheetah stayed on its feet.
    _, plan = plans("cheetah", "a dog asleep", 500)
    sure = [confidence(v.projection) for v in plan.variations]
    assert min(sure) < 0.3 * max(sure)
    kept = [v.projection.indices for v in trusted(plan.variations)]
    assert 1 <= len(kept) < len(plan.variations)
    assert np.array_equal(plan.projection.indices, np.concatenate(kept))
    assert plan.confidence == pytest.approx(np.mean(sure))  # the gate sees all of them


@pytest.mark.parametrize("seed", [501, 504])  # both are hardly found as they are drawn first
def test_people_are_shown_a_drawing_that_is_imitated(plans, seed):
    # The strip and the preview showed the one that was left out.
    pipeline, plan = plans("cheetah", "a dog asleep", seed)

    def strip(variations):
        shown = dataclasses.replace(plan, variations=variations)
        return strip_of(shown, pipeline.bundle.index().thumbnails)

    kept = trusted(plan.variations)
    assert 1 <= len(kept) < len(plan.variations)
    assert strip(plan.variations) in {strip((variation,)) for variation in kept}
    assert any(plan.clip is variation.clip for variation in kept)
    assert set(plan.variations[0].projection.indices) <= set(plan.projection.indices)


@pytest.mark.parametrize("robot", ROBOTS)
def test_running_is_found_among_states_that_run(plans, robot):
    # Confidence alone would take a cheetah that stands on bent legs for a low fast run.
    def speed(sentence):
        pipeline, plan = plans(robot, sentence)
        return observed_forward_speed(pipeline.bundle.spec, plan.projection.observations).mean()

    assert speed("a horse gallops") > speed("a dog standing") + 0.3
    assert speed("a horse gallops") > speed("a dog walking along")


def test_an_imaginer_that_draws_people_only_is_refused_for_other_robots():
    # A four-legged robot was shown humans, and its plans looked like nothing it had seen.
    people = load_imaginer("figure_video", steps=1)
    with pytest.raises(ImagineError, match=r"draws people.*'storyboard'") as caught:
        Pipeline(Bundle.load("cheetah"), people)
    assert caught.value.code == ErrorCode.IMAGINER_UNFIT
    assert Pipeline(Bundle.load("walker"), people).plan("walk forward").source == "figure_video"
