"""The cheetah and the quadruped as four-legged figures: limbs point where MuJoCo has them."""

import mujoco
import numpy as np
import pytest

from rlzero_ros.errors import DataError
from rlzero_ros.imagine.figure import KINDS, lowest_point, segment_lines
from rlzero_ros.imagine.motions import MOTIONS, figure_kind
from rlzero_ros.pretrain.figure_observations import observed_angles, observed_forward_speed
from rlzero_ros.pretrain.figure_of import figure_layout, has_figure, poses_of, qpos_of
from rlzero_ros.pretrain.poses import FOUR_LEGGED, pose_error, wrapped
from rlzero_ros.pretrain.render_pool import motion_poses, sample_configurations
from rlzero_ros.robots.heights import lowest_point as lowest_of_robot
from rlzero_ros.robots.observation import ObservationAssembler, load_model
from rlzero_ros.robots.registry import load_robot, robot_names
from rlzero_ros.robots.spec import FIGURES

RNG = np.random.default_rng(0)
ROBOTS = ("cheetah", "quadruped")
FEET = {"front": ("fthigh", "fshin", "ffoot"), "hind": ("bthigh", "bshin", "bfoot")}


def states(robot: str, n: int) -> tuple[mujoco.MjModel, np.ndarray]:
    """A robot's model and n of its states (n, nq + nv), any pose and motion."""
    model = load_model(load_robot(robot).model_xml)
    qpos = sample_configurations(robot, n, RNG)
    qpos[:, 0] = RNG.uniform(-3, 3, n)
    return model, np.concatenate([qpos, RNG.normal(0, 1, (n, model.nv))], axis=1)


def direction(line: tuple[float, float, float, float]) -> np.ndarray:
    """Unit vector (2,) along a line."""
    vector = np.array([line[2] - line[0], line[3] - line[1]])
    return vector / np.linalg.norm(vector)


def test_the_cheetahs_limbs_point_where_mujoco_has_knee_and_toe() -> None:
    model, physics = states("cheetah", 20)
    data = mujoco.MjData(model)
    poses = poses_of("cheetah", physics)
    for row in range(len(physics)):
        data.qpos[:] = physics[row, : model.nq]
        mujoco.mj_kinematics(model, data)
        lines = segment_lines(poses.figure(row))
        np.testing.assert_allclose(
            direction(lines["torso"]), data.body("torso").xmat[[0, 6]], atol=1e-5
        )
        for end, (thigh, shin, foot) in FEET.items():
            geom = data.geom(foot)
            half = model.geom(foot).size[1] * geom.xmat[[2, 8]]
            tips = geom.xpos[[0, 2]] + half, geom.xpos[[0, 2]] - half
            ankle = data.body(foot).xpos[[0, 2]]
            toe = max(tips, key=lambda tip: np.linalg.norm(tip - ankle))
            hip, knee = data.body(thigh).xpos[[0, 2]], data.body(shin).xpos[[0, 2]]
            for side in ("right", "left"):
                upper, lower = (lines[f"{end}_{side}_{part}"] for part in ("upper", "lower"))
                np.testing.assert_allclose(
                    direction(upper), (knee - hip) / np.linalg.norm(knee - hip), atol=1e-5
                )
                along = (toe - knee) / np.linalg.norm(toe - knee)
                np.testing.assert_allclose(direction(lower), along, atol=2e-3)


@pytest.mark.parametrize("robot", ROBOTS)
def test_the_figure_is_as_far_above_the_ground_as_the_robot(robot: str) -> None:
    model, physics = states(robot, 20)
    data = mujoco.MjData(model)
    poses = poses_of(robot, physics)
    for row in range(len(physics)):
        data.qpos[:] = physics[row, : model.nq]
        mujoco.mj_kinematics(model, data)
        drawn = lowest_point(poses.figure(row))
        assert drawn == pytest.approx(lowest_of_robot(model, data), abs=0.01)


def test_a_pose_that_the_cheetah_can_do_comes_back() -> None:
    drawn = motion_poses("cheetah", 60, RNG)
    once = poses_of("cheetah", qpos_of("cheetah", drawn))
    twice = poses_of("cheetah", qpos_of("cheetah", once))
    assert pose_error(once.angles, twice.angles).max() < 1e-4
    np.testing.assert_allclose(once.root, twice.root, atol=1e-4)
    # What it cannot do it does as far as its joints go: standing it can.
    standing = [name for name in MOTIONS if figure_kind(name) == "four_legged"]
    assert len(standing) == 6
    error = np.rad2deg(pose_error(once.angles, drawn.angles))
    assert (error < 1.0).mean() > 0.2
    assert error.max() < 30.0


def test_the_quadrupeds_pose_does_not_depend_on_its_heading() -> None:
    model, physics = states("quadruped", 10)
    turned = physics.copy()
    half = RNG.uniform(-np.pi, np.pi, len(physics)) / 2
    for row, angle in enumerate(half):
        yaw = np.array([np.cos(angle), 0.0, 0.0, np.sin(angle)])
        mujoco.mju_mulQuat(turned[row, 3:7], yaw, physics[row, 3:7])
    one, other = (poses_of("quadruped", rows) for rows in (physics, turned))
    np.testing.assert_allclose(wrapped(one.angles - other.angles), 0, atol=1e-4)
    still = np.concatenate([model.qpos0, np.zeros(model.nv)])[None]
    wanted = np.deg2rad([0, 10, -10, 10, -10, -14, 18, -14, 18])
    np.testing.assert_allclose(poses_of("quadruped", still).angles[0], wanted, atol=1e-5)


@pytest.mark.parametrize("robot", ROBOTS)
def test_observations_show_the_same_poses_and_speed(robot: str) -> None:
    described = load_robot(robot)
    model, physics = states(robot, 20)
    assembler = ObservationAssembler(described.spec, described.model_xml)
    seen = np.stack([assembler.observe_physics(r[: model.nq], r[model.nq :]) for r in physics])
    difference = wrapped(observed_angles(described.spec, seen) - poses_of(robot, physics).angles)
    np.testing.assert_allclose(difference, 0, atol=1e-3)
    stacked = observed_angles(described.spec, seen.reshape(4, 5, -1))
    assert stacked.shape == (4, 5, len(FOUR_LEGGED.segments))
    if robot == "cheetah":
        speed = observed_forward_speed(described.spec, seen)
        np.testing.assert_allclose(speed, physics[:, model.nq], rtol=1e-5)


def test_sides_are_exchanged_at_each_end_alone() -> None:
    angles = RNG.uniform(-3, 3, (50, 9))
    front, hind = [0, 3, 4, 1, 2, 5, 6, 7, 8], [0, 1, 2, 3, 4, 7, 8, 5, 6]
    for order in (front, hind, list(np.array(front)[hind])):
        assert pose_error(angles, angles[:, order]).max() < 1e-6
    ends = [0, 5, 6, 7, 8, 1, 2, 3, 4]
    assert pose_error(angles, angles[:, ends]).mean() > 0.2
    with pytest.raises(DataError, match="not 8"):
        pose_error(angles[:, :8], angles[:, :8])


def test_the_layout_is_that_of_the_robots_figure() -> None:
    assert set(FIGURES) == set(KINDS)
    for robot in filter(has_figure, robot_names()):
        assert figure_layout(robot).kind == load_robot(robot).spec.figure
    with pytest.raises(DataError, match="use its own data"):
        qpos_of("quadruped", poses_of("quadruped", np.zeros((1, 45))))
