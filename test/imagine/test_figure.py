"""The planar figure is the walker: same joint signs, same places, same height, by MuJoCo."""

import math

import mujoco
import numpy as np
import pytest
from dm_control.suite import walker

from rlzero_ros.imagine.figure import (
    FigurePose,
    Proportions,
    lowest_point,
    mass_center,
    on_ground,
    segment_lines,
)
from rlzero_ros.imagine.motions.body import human

SIDES = ("right", "left")


@pytest.fixture(scope="module")
def model():
    xml, assets = walker.get_model_and_assets()
    return mujoco.MjModel.from_xml_string(xml, assets=assets)


def test_same_joint_angles_same_body_as_mujoco(model):
    data = mujoco.MjData(model)
    rng = np.random.default_rng(0)
    for _ in range(20):
        torso = rng.uniform(-180, 180)
        legs = [(rng.uniform(-20, 100), rng.uniform(-150, 0), rng.uniform(-45, 45)) for _ in SIDES]
        pose = human(torso, *legs, x=0.7)
        data.joint("rooty").qpos = math.radians(torso)
        for side, angles in zip(SIDES, legs, strict=True):
            for joint, angle in zip(("hip", "knee", "ankle"), angles, strict=True):
                data.joint(f"{side}_{joint}").qpos = math.radians(angle)
        mujoco.mj_kinematics(model, data)
        lines = segment_lines(pose)
        hips = np.array(lines["torso"][:2])
        xmat = data.body("torso").xmat.reshape(3, 3)
        origin = (data.body("torso").xpos - 0.3 * xmat[:, 2])[[0, 2]]
        for name in ("torso", *(f"{s}_{p}" for s in SIDES for p in ("thigh", "leg", "foot"))):
            middle = np.array([lines[name][0] + lines[name][2], lines[name][1] + lines[name][3]])
            expected = data.geom(name).xpos[[0, 2]] - origin
            assert middle / 2 - hips == pytest.approx(expected, abs=1e-6), name


def test_standing_height_is_the_walkers():
    lines = segment_lines(human(0, (0, 0, 0), (0, 0, 0)))
    assert (lines["torso"][1] + lines["torso"][3]) / 2 == pytest.approx(1.3)


def test_parts_that_a_pose_leaves_out_are_absent():
    pose = FigurePose((0, 1), {"torso": 0.0, "right_leg": 0.0})
    assert set(segment_lines(pose)) == {"torso"}


def test_on_ground_moves_nothing_but_height():
    pose = FigurePose((0.3, 5.0), {"torso": 0.4, "head": 0.2})
    grounded = on_ground(pose)
    assert lowest_point(grounded) == pytest.approx(0.0)
    assert grounded.angles == pose.angles
    assert grounded.root[0] == 0.3


def test_proportions_scale_parts():
    pose = FigurePose((0.0, 1.0), {"torso": 0.0})
    line = segment_lines(pose, Proportions(length={"torso": 2.0}))["torso"]
    assert line == pytest.approx((0.0, 1.0, 0.0, 2.2))


def test_mass_center_of_one_segment_is_its_middle():
    assert mass_center(FigurePose((1.0, 1.0), {"torso": 0.0})) == pytest.approx((1.0, 1.3))
