"""Robot states as drawn figures: the same body in the same place as in MuJoCo."""

import mujoco
import numpy as np
import pytest

from rlzero_ros.errors import DataError
from rlzero_ros.imagine.figure import segment_lines
from rlzero_ros.pretrain.figure_observations import observed_angles, observed_forward_speed
from rlzero_ros.pretrain.figure_of import poses_of, walker_qpos
from rlzero_ros.pretrain.pose_sampler import lowest_below_hips, near_poses, sample_poses
from rlzero_ros.pretrain.poses import HUMAN, nearest_pose_error, pose_error, wrapped
from rlzero_ros.robots.observation import ObservationAssembler, load_model
from rlzero_ros.robots.registry import load_robot

RNG = np.random.default_rng(0)


def random_physics(n: int) -> np.ndarray:
    """States (n, 18) of the walker, any pose and motion."""
    return np.concatenate([RNG.uniform(-1, 1, (n, 9)), RNG.normal(0, 3, (n, 9))], axis=1)


def test_figure_lies_where_mujoco_has_the_limbs() -> None:
    model = load_model(load_robot("walker").model_xml)
    data = mujoco.MjData(model)
    physics = random_physics(20)
    poses = poses_of("walker", physics)
    for row in range(len(physics)):
        data.qpos[:] = physics[row, :9]
        mujoco.mj_kinematics(model, data)
        camera_x = data.body("torso").xpos[0]
        lines = segment_lines(poses.figure(row))
        for name in HUMAN.segments:
            x0, z0, x1, z1 = lines[name]
            middle = data.geom(name).xpos
            np.testing.assert_allclose(
                [(x0 + x1) / 2 + camera_x, (z0 + z1) / 2], middle[[0, 2]], atol=0.01
            )
            axis = data.geom(name).xmat.reshape(3, 3)[[0, 2], 2]
            along = np.array([x1 - x0, z1 - z0]) / np.hypot(x1 - x0, z1 - z0)
            assert abs(along @ axis) == pytest.approx(1, abs=1e-4)


def test_poses_give_back_the_joints() -> None:
    physics = random_physics(30)
    qpos = walker_qpos(poses_of("walker", physics))
    np.testing.assert_allclose(np.delete(qpos, 1, 1), np.delete(physics[:, :9], 1, 1), atol=1e-5)


def test_observations_show_the_same_poses_and_speed() -> None:
    robot = load_robot("walker")
    assembler = ObservationAssembler(robot.spec, robot.model_xml)
    physics = random_physics(30)
    seen = np.stack([assembler.observe_physics(row[:9], row[9:]) for row in physics])
    difference = wrapped(observed_angles(robot.spec, seen) - poses_of("walker", physics).angles)
    np.testing.assert_allclose(difference, 0, atol=1e-5)
    np.testing.assert_allclose(observed_forward_speed(robot.spec, seen), physics[:, 10], rtol=1e-5)


def test_pose_error_forgives_whole_turns_and_exchanged_legs() -> None:
    angles = RNG.uniform(-3, 3, (50, 7))
    assert pose_error(angles, angles + 2 * np.pi).max() < 1e-5
    assert pose_error(angles, angles[:, list(HUMAN.exchanges[1])]).max() < 1e-6
    tilted = angles.copy()
    tilted[:, 0] += 0.7
    np.testing.assert_allclose(pose_error(angles, tilted), 0.1, atol=1e-5)
    # Half a leg exchanged is another pose.
    mixed = angles[:, [0, 4, 2, 3, 1, 5, 6]]
    assert pose_error(angles, mixed).mean() > 0.2


def test_nearest_pose_error_is_the_smallest() -> None:
    queries, poses = RNG.uniform(-3, 3, (5, 7)), RNG.uniform(-3, 3, (5000, 7))
    wanted = pose_error(queries[:, None], poses[None]).min(1)
    np.testing.assert_allclose(nearest_pose_error(queries, poses), wanted, atol=1e-6)


def test_sampled_poses_stand_on_the_ground_and_keep_joint_ranges() -> None:
    model = load_model(load_robot("walker").model_xml)
    poses = sample_poses(400, RNG)
    for some in (poses, near_poses(poses, RNG)):
        clearance = some.root[:, 1] + lowest_below_hips(some.angles.astype(float))
        assert clearance.min() > -1e-5
        assert 0.7 < (clearance < 1e-5).mean() < 0.95
        joints = walker_qpos(some)[:, 3:]
        low, high = model.jnt_range[3:].T
        assert ((joints > low - 1e-3) & (joints < high + 1e-3)).all()


def test_a_robot_without_a_figure_is_named() -> None:
    with pytest.raises(DataError, match="octopus"):
        poses_of("octopus", np.zeros((1, 18)))
    with pytest.raises(DataError, match="9 positions"):
        poses_of("walker", np.zeros((3, 4)))
