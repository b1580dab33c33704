"""States are as far apart as the robot's mass is, on the whole."""

import mujoco
import numpy as np
import pytest

from rlzero_ros.rehearse.mass_motion import AHEAD_S, MassMotion, mismatch
from rlzero_ros.robots.observation import load_model
from rlzero_ros.robots.registry import load_robot


def apart(motion, one, other):
    first, second = motion.vectors(np.stack([one, other]))
    return np.linalg.norm(first - second)


@pytest.fixture(scope="module")
def quadruped():
    robot = load_robot("quadruped")
    model = load_model(robot.model_xml)
    return MassMotion(robot.spec, model), model


@pytest.fixture(scope="module")
def stickman():
    robot = load_robot("stickman")
    model = load_model(robot.model_xml)
    return MassMotion(robot.spec, model), model


def upright(model):
    return np.concatenate([model.qpos0, np.zeros(model.nv)])


def test_where_on_the_ground_and_where_to_does_not_count(quadruped):
    motion, model = quadruped
    here = upright(model)
    here[model.nq : model.nq + 6] = 1.0, 0.2, 0.0, 0.0, 0.0, 0.5
    there = here.copy()
    there[:2] += 3.0, -2.0
    there[3:7] = np.sqrt(0.5), 0, 0, np.sqrt(0.5)  # turned left by a quarter
    there[model.nq : model.nq + 2] = -0.2, 1.0
    assert apart(motion, here, there) == pytest.approx(0.0, abs=1e-9)


def test_a_height_and_a_speed_are_what_they_are(quadruped):
    motion, model = quadruped
    low = upright(model)
    high, fast = low.copy(), low.copy()
    high[2] += 0.25
    fast[model.nq] = 2.0
    assert apart(motion, low, high) == pytest.approx(0.25)
    assert apart(motion, low, fast) == pytest.approx(2.0 * AHEAD_S)


@pytest.mark.parametrize("seed", range(3))
def test_all_of_the_mass_is_seen(quadruped, seed):
    """Speeds as by the kinetic energy, and ways of a millionth of a second as by the speeds."""
    motion, model = quadruped
    rng = np.random.default_rng(seed)
    rest, nq = upright(model), model.nq
    rest[7:nq] += rng.uniform(-0.3, 0.3, nq - 7)
    moving = rest.copy()
    moving[nq:] = rng.normal(size=model.nv)
    data = mujoco.MjData(model)
    data.qpos[:], data.qvel[:] = moving[:nq], moving[nq:]
    mujoco.mj_forward(model, data)
    mujoco.mj_energyVel(model, data)
    rotors = (model.dof_armature * moving[nq:] ** 2).sum()
    squared = (2.0 * data.energy[1] - rotors) / model.body_mass.sum()
    assert apart(motion, rest, moving) == pytest.approx(AHEAD_S * np.sqrt(squared), rel=1e-6)
    later, dt = rest.copy(), 1e-6
    mujoco.mj_integratePos(model, later[:nq], moving[nq:], dt)
    turned = moving[nq + 5]  # its heading does not count, nor where on the ground it goes
    still = moving.copy()
    still[nq + 3 : nq + 6] -= 0.0, 0.0, turned
    data.qvel[:] = still[nq:]
    mujoco.mj_forward(model, data)
    mujoco.mj_energyVel(model, data)
    mujoco.mj_subtreeVel(model, data)
    rotors = (model.dof_armature * still[nq:] ** 2).sum()
    squared = (2.0 * data.energy[1] - rotors) / model.body_mass.sum()
    drift = np.square(data.subtree_linvel[1, :2]).sum()
    assert apart(motion, rest, later) == pytest.approx(dt * np.sqrt(squared - drift), rel=1e-4)


def test_the_trunk_counts_more_than_the_arms(stickman):
    """Regression: lying on hands and feet was taken for lying, since the arms were as shown."""
    motion, model = stickman
    shown = upright(model)
    tilted, waving = shown.copy(), shown.copy()
    tilted[int(model.joint("rooty").qposadr[0])] -= 0.5
    for joint in ("right_shoulder", "left_shoulder"):
        waving[int(model.joint(joint).qposadr[0])] += 1.0
    assert apart(motion, shown, waving) < 0.7 * apart(motion, shown, tilted)


def test_a_mismatch_sees_what_was_left_out_and_what_was_not_shown(stickman):
    motion, model = stickman
    low, high = upright(model), upright(model)
    high[int(model.joint("rootz").qposadr[0])] += 0.4
    both = motion.vectors(np.stack([low, high]))
    assert mismatch(both, both) == pytest.approx(0.0, abs=1e-9)
    assert mismatch(both[:1], both) == pytest.approx(0.2)
    assert mismatch(both, both[:1]) == pytest.approx(0.2)
