"""The planner recalls what it knows, and rehearses what it does not."""

import numpy as np
import pytest

from rlzero_ros.errors import ErrorCode, ImagineError, RobotError, SkillError
from rlzero_ros.pipeline import Plan
from rlzero_ros.planning import Planner, skill_of, strip_of
from rlzero_ros.project.text_gate import TextGate
from rlzero_ros.rehearse.rehearsal import Rehearsal
from rlzero_ros.rehearse.veto import VetoLimits
from rlzero_ros.skills.memory import SkillMemory
from rlzero_ros.skills.skill import Skill


@pytest.fixture(scope="module")
def rehearsal(walker):
    return Rehearsal(walker, count=3, seconds=1.0, threads=1)


@pytest.fixture
def memory(walker, tmp_path):
    return SkillMemory(tmp_path, walker.manifest["checksum"], {})


def test_what_worked_is_recalled_with_the_observations_that_were_rehearsed(
    pipeline, rehearsal, memory, walker
):
    planner = Planner(pipeline, rehearsal, memory, refuses=False)
    stages = []
    plan = planner.plan("run", seed=1, on_progress=lambda s, _: stages.append(s))
    assert isinstance(plan, Plan)
    assert plan.rehearsal is not None
    assert list(dict.fromkeys(stages)) == ["imagine", "project", "rehearse"]

    stages.clear()
    planner.worked(plan, 1)
    found = planner.plan("Run", seed=1, on_progress=lambda s, _: stages.append(s))
    assert isinstance(found, Skill)
    assert stages == ["recall"]
    np.testing.assert_array_equal(found.projection.observations, plan.projection.observations)
    assert found.confidence == pytest.approx(plan.confidence)
    assert strip_of(found, walker.index().thumbnails)[:4] == b"\x89PNG"
    # The policy's own inference gives the latent that was tried.
    imitator = walker.imitator()
    np.testing.assert_array_equal(
        imitator.latent(found.observations), imitator.latent(plan.projection.observations)
    )

    saved = planner.save(found, "Good Run")
    assert planner.plan("good run", seed=9).name == saved.name == "good_run"
    planner.worked(found, 9)  # a recalled skill is not remembered again
    assert len(memory.cache.names()) == 1


def test_a_way_that_was_chosen_for_one_place_is_not_remembered(pipeline, rehearsal, memory):
    """Regression: a pose came back as it had suited the place where it was told first."""
    planner = Planner(pipeline, rehearsal, memory, refuses=False)
    plan = planner.plan("lie down", seed=1)
    assert plan.rehearsal.pose
    planner.worked(plan, 1)
    assert isinstance(planner.plan("lie down", seed=1), Plan)
    planner.save(plan, "good rest")  # unless a person says so
    assert isinstance(planner.plan("lie down", seed=1), Skill)


def test_a_planner_that_does_not_remember_still_knows_its_named_skills(pipeline, memory, lying):
    planner = Planner(pipeline, None, memory, remembers=False)
    planner.worked(lying, 1)
    assert memory.cache.names() == []
    planner.save(lying, "rest")
    assert isinstance(planner.plan("rest"), Skill)


def test_without_a_library_nothing_is_saved(pipeline, lying):
    with pytest.raises(SkillError) as caught:
        Planner(pipeline).save(lying, "rest")
    assert caught.value.code == ErrorCode.SKILL_NOT_SAVED


def test_a_vetoed_sentence_is_refused_unless_told_otherwise(pipeline, walker):
    strict = Rehearsal(walker, count=2, seconds=0.5, threads=1, limits=VetoLimits(saturated=0.0))
    with pytest.raises(RobotError) as caught:
        Planner(pipeline, strict).plan("lie down", seed=1)
    assert caught.value.code == ErrorCode.REHEARSAL_VETO
    assert Planner(pipeline, strict, refuses=False).plan("lie down", seed=1).rehearsal is not None


def test_a_plan_that_will_be_refused_is_not_rehearsed(pipeline, rehearsal):
    plan = Planner(pipeline, rehearsal, min_confidence=1.1).plan("lie down", seed=1)
    assert plan.rehearsal is None


def test_a_skill_of_another_bundle_is_imagined_again(pipeline, memory, walker, lying, tmp_path):
    other = SkillMemory(tmp_path, "0" * 64, {})
    memory.save(skill_of(lying, walker, "plan"), "rest")
    plan = Planner(pipeline, None, other).plan("rest", seed=1)
    assert isinstance(plan, Plan)
    assert plan.command == "lie down"


def test_what_does_not_look_like_the_sentence_is_refused_before_it_is_rehearsed(
    pipeline, rehearsal
):
    planner = Planner(pipeline, rehearsal, gate=TextGate(pipeline.embedder, 0.99))
    stages = []
    with pytest.raises(ImagineError) as caught:
        planner.plan("lie down", seed=1, on_progress=lambda s, _: stages.append(s))
    assert caught.value.code == ErrorCode.IMAGINED_SOMETHING_ELSE
    assert "rehearse" not in stages
