"""What an observation shows is found again, for every layout."""

from dataclasses import replace

import numpy as np
import pytest

from rlzero_ros.errors import DataError, RobotError
from rlzero_ros.evaluate.episodes import run_episodes
from rlzero_ros.robots.describe_mjcf import describe_mjcf
from rlzero_ros.robots.observation import ObservationAssembler, load_model
from rlzero_ros.robots.observed_physics import ObservedPhysics
from rlzero_ros.robots.registry import load_robot

ROBOTS = ("walker", "stickman", "cheetah", "quadruped")


def flailing(robot, seed=0):
    """Physics of a robot whose actions are random, well into every direction."""
    rng = np.random.default_rng(seed)
    act = lambda seen: rng.uniform(-1, 1, (len(seen), robot.spec.action_dim))  # noqa: E731
    physics = run_episodes(robot, act, 4, 60, seed).physics
    return physics.reshape(-1, physics.shape[-1])


@pytest.mark.parametrize("name", ROBOTS)
def test_physics_that_shows_the_same_is_found(name):
    robot = load_robot(name)
    model = load_model(robot.model_xml)
    physics, nq = flailing(robot), model.nq
    assembler = ObservationAssembler(robot.spec, robot.model_xml)
    seen = np.stack([assembler.observe_physics(p[:nq], p[nq:]) for p in physics])
    found = ObservedPhysics(robot.spec, model)(seen)
    again = np.stack([assembler.observe_physics(p[:nq], p[nq:]) for p in found])
    np.testing.assert_allclose(again, seen, atol=1e-5)
    joints = [int(model.joint(joint).qposadr[0]) for joint in robot.spec.joint_names]
    turns = (found - physics)[:, joints] / (2 * np.pi)
    np.testing.assert_allclose(turns, np.round(turns), atol=1e-5)


def test_a_robot_that_nobody_prepared(tmp_path):
    hinge = '<joint name="{0}" type="hinge" axis="0 1 0" range="-90 90"/>'
    (tmp_path / "leg.xml").write_text(
        '<mujoco><worldbody><body name="trunk" pos="0 0 1"><freejoint/>'
        '<geom type="sphere" size=".1"/><body name="leg">'
        + hinge.format("hip")
        + '<geom type="capsule" size=".05" fromto="0 0 0 0 0 -.5"/></body></body></worldbody>'
        '<actuator><motor joint="hip" ctrlrange="-1 1"/></actuator></mujoco>'
    )
    described = describe_mjcf(tmp_path / "leg.xml", "leg")
    spec = described.spec
    model = load_model(described.model_xml)
    physics = np.r_[0, 0, 0.8, np.sqrt(0.5), 0, np.sqrt(0.5), 0, 0.3, 1, 2, 3, 4, 5, 6, 7.0]
    seen = ObservationAssembler(spec, described.model_xml).observe_physics(physics[:8], physics[8:])
    np.testing.assert_allclose(ObservedPhysics(spec, model)(seen[None])[0], physics, atol=1e-5)


def test_what_no_observation_shows_is_said():
    robot = load_robot("cheetah")
    model = load_model(robot.model_xml)
    kept = tuple(t for t in robot.spec.observation if t.kind != "planar_base_pose")
    with pytest.raises(RobotError, match="planar_base_pose"):
        ObservedPhysics(replace(robot.spec, observation=kept), model)
    walker = load_robot("walker")
    first = walker.spec.observation[0]
    fewer = (replace(first, names=first.names[:-1]), *walker.spec.observation[1:])
    with pytest.raises(RobotError, match="left_ankle"):
        ObservedPhysics(replace(walker.spec, observation=fewer), load_model(walker.model_xml))
    with pytest.raises(DataError, match="observations are"):
        ObservedPhysics(robot.spec, model)(np.zeros((3, 4)))
