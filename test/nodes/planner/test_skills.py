"""Skills through the nodes: saved by service, recalled by name and sentence, over restarts."""

import itertools

import numpy as np
import pytest

from rlzero_ros.errors import ErrorCode
from rlzero_ros.skills.library import SkillLibrary
from rlzero_ros.srv import SaveSkill

# A test that runs once more, since the machine stood still, must not meet what it remembered.
UNHEARD_SEEDS = itertools.count(3, 2)
UNUSED_NAMES = (f"my_walk_{n}" for n in itertools.count(1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("skills")


def remembering(folder):
    return {"skills.cache": True, "skills.folder": folder}


@pytest.fixture(scope="module")
def robot(nodes, folder):
    """Simulator, policy and a planner that remembers."""
    return nodes.robot(**remembering(folder))


@pytest.fixture
def person(robot, meet):
    somebody = meet()
    get_ready(somebody)
    return somebody


def get_ready(person):
    """Also after a start of the planner: on a busy machine it may stop the robot."""
    person.forget_what_was_latched()
    person.arm()


def save(person, name, replace=False):
    return person.call(SaveSkill, "save_skill", SaveSkill.Request(name=name, replace=replace))


def carry_out(person, command, seed=0):
    handle, heard = person.send(command, seed=seed)
    _, result = person.result(handle)
    assert result.error_code == ErrorCode.OK, result.message
    person.wait(lambda: person.plans and person.plans[-1].id == result.plan_id, 5.0, "the plan")
    stages = [f.stage for f in heard]
    return np.array(person.plans[-1].observations), stages, result


def was_imagined(result):
    """As the result tells; the first feedback is lost while the planner does not know us."""
    return result.imagine_s > 0.0 and result.project_s > 0.0


def test_nothing_is_saved_before_the_robot_did_something(person):
    answer = save(person, "nothing")
    assert answer.error_code == ErrorCode.SKILL_MISSING
    assert "command" in answer.message


def test_what_worked_comes_back_without_being_imagined(person, folder, robot, nodes):
    seed, name = next(UNHEARD_SEEDS), next(UNUSED_NAMES)
    said = name.title().replace("_", " ")
    first, _, result = carry_out(person, "walk forward", seed=seed)
    assert was_imagined(result)
    again, stages, result = carry_out(person, "walk forward", seed=seed)
    assert "recall" in stages
    assert "imagine" not in stages
    assert (result.imagine_s, result.project_s) == (0.0, 0.0)
    np.testing.assert_array_equal(again, first)
    other, stages, result = carry_out(person, "walk forward", seed=seed + 1)
    assert "imagine" in stages
    assert was_imagined(result)
    assert not np.array_equal(other, first)

    # By name: the last plan, whatever the seed, also after a restart.
    assert save(person, "../walk").error_code == ErrorCode.SKILL_NAME
    answer = save(person, said)
    assert (answer.error_code, answer.name) == (ErrorCode.OK, name), answer.message
    assert answer.command == "walk forward"
    assert save(person, said.lower()).error_code == ErrorCode.SKILL_NAME
    assert save(person, said.lower(), replace=True).error_code == ErrorCode.OK
    robot[-1].kill()
    nodes.robot(**remembering(folder))
    get_ready(person)
    named, _, result = carry_out(person, said.lower(), seed=99)
    assert (result.imagine_s, result.project_s) == (0.0, 0.0)
    np.testing.assert_array_equal(named, other)
    assert len(SkillLibrary(folder).load(name).strip) > 100
    person.wait(lambda: person.pictures, 5.0, "the strip of the skill")

    # Damaged on the disk: imagined again, and set aside.
    for tensors in folder.glob(f"{name}.*.safetensors"):
        content = bytearray(tensors.read_bytes())
        content[-1] ^= 1
        tensors.write_bytes(content)
    back, _, _ = carry_out(person, "walk forward", seed=seed)
    assert name not in SkillLibrary(folder).names()
    np.testing.assert_array_equal(back, first)
    (place,) = (folder / "quarantine").glob(f"{name}*")
    assert "sha256" in (place / "reason.txt").read_text()
