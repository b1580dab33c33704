"""`rlzero new-robot`: specifications of models that nobody prepared, and clear refusals."""

import json
import re
from pathlib import Path

import mujoco
import numpy as np
import pytest
from dm_control import suite

from rlzero_ros.cli import main
from rlzero_ros.errors import RobotError
from rlzero_ros.robots.describe_mjcf import describe_mjcf
from rlzero_ros.robots.observation import ObservationAssembler
from rlzero_ros.robots.registry import load_robot
from rlzero_ros.robots.simulation import Simulation

SUITE = Path(suite.__file__).parent

FREE = """<mujoco><default><joint armature=".1" damping="2"/></default><worldbody>
  <body name="trunk" pos="0 0 .2">{base}
  <geom size=".1 .1 .05" type="box"/>
  <body name="upper" pos=".1 0 0"><joint name="hip" axis="0 1 0" range="-90 90"/>
    <geom type="capsule" size=".02" fromto="0 0 0 0 0 -.2"/>
    <body name="lower" pos="0 0 -.2"><joint {knee} axis="0 1 0" range="-90 90"/>
      <geom type="capsule" size=".02" fromto="0 0 0 0 0 -.2"/></body></body></body>{more}
  </worldbody>{tendon}<actuator>{actuators}</actuator></mujoco>"""
HIP = '<motor joint="hip" ctrlrange="-1 1"/>'
MOTORS = '<motor joint="hip" gear="{hip}" ctrlrange="-1 1"/><motor joint="knee" ctrlrange="-2 3"/>'


def model(tmp_path: Path, **parts: str) -> Path:
    filled = {
        "base": "<freejoint/>",
        "knee": 'name="knee"',
        "more": "",
        "tendon": "",
        "actuators": MOTORS.format(hip=20),
    }
    path = tmp_path / "model.xml"
    path.write_text(FREE.format(**{**filled, **parts}))
    return path


def test_the_hopper_becomes_a_robot(tmp_path):
    folder, report = tmp_path / "hopper", tmp_path / "report.json"
    command = ["new-robot", str(SUITE / "hopper.xml"), "--out", str(folder), "--json", str(report)]
    assert main(command) == 0
    robot = load_robot(folder)
    assert json.loads(report.read_text())["robot"]["name"] == robot.spec.name == "hopper"
    assert robot.spec.base.kind == "planar"
    assert robot.spec.joint_names == ("waist", "hip", "knee", "ankle")
    np.testing.assert_allclose(robot.spec.command.upper, [30, 40, 30, 10])
    assert robot.spec.control_period_s == 0.02
    text = (folder / "robot.yaml").read_text()
    assert len(re.findall("CHECK", text)) >= 3
    simulation = Simulation(robot.spec, robot.model_xml, seed=0)
    assembler = ObservationAssembler(robot.spec, robot.model_xml)
    environment = suite.load("hopper", "hop", task_kwargs={"random": 1})
    environment.reset()
    data = environment.physics.data
    simulation.set_physics(np.concatenate([data.qpos, data.qvel]))
    rng = np.random.default_rng(0)
    for _ in range(20):
        action = rng.uniform(-1, 1, 4)
        environment.step(action)
        simulation.step(robot.spec.scale_action(action))
        assert np.all(np.isfinite(assembler.observe(simulation.state())))
    np.testing.assert_allclose(simulation.data.qpos, data.qpos, atol=1e-6)
    # A folder with anything in it is left alone.
    assert main(command) == 2
    assert (folder / "robot.yaml").read_text() == text


def test_what_it_makes_of_the_walker_is_what_the_walker_observes():
    made, ours = describe_mjcf(SUITE / "walker.xml", "walker", 40.0).spec, load_robot("walker").spec
    assert made.command == ours.command
    assert made.observation == ours.observation
    assert made.base == ours.base
    assert made.control_period_s == ours.control_period_s


def test_a_free_robot_gets_a_floor_a_light_a_camera_and_names(tmp_path):
    description = describe_mjcf(
        model(
            tmp_path,
            knee="",
            actuators='<motor joint="hip" gear="20" ctrlrange="-1 1"/>',
        ),
        "legs",
    )
    spec = description.spec
    assert spec.base.kind == "free"
    assert spec.joint_names == ("hip", "lower_joint_0")
    assert spec.command_names == ("hip",)
    assert any("floor" in change for change in description.changes)
    assert any("lower_joint_0" in change for change in description.changes)
    simulation = Simulation(spec, description.model_xml)
    simulation.reset(pose="default")
    assert simulation.state().base_position[2] == pytest.approx(0.42, abs=1e-3)
    simulation.step(np.zeros(1), 2.0)
    assert 0.0 < simulation.state().base_position[2] < 0.42


@pytest.mark.parametrize(
    ("actuators", "interface", "lower", "upper"),
    [
        (
            '<position joint="hip" kp="50" ctrlrange="-1 1"/>'
            '<position joint="knee" kp="20" gear="2" ctrlrange="-2 2"/>',
            "position",
            (-1.0, -1.0),
            (1.0, 1.0),
        ),
        (
            '<velocity joint="hip" kv="100" ctrlrange="-3 3"/>'
            '<velocity joint="knee" kv="100" ctrlrange="-4 4"/>',
            "velocity",
            (-3.0, -4.0),
            (3.0, 4.0),
        ),
        (MOTORS.format(hip=-20), "effort", (-20.0, -2.0), (20.0, 3.0)),
    ],
)
def test_commands_are_in_si_units(tmp_path, actuators, interface, lower, upper):
    description = describe_mjcf(model(tmp_path, actuators=actuators), "legs")
    command = description.spec.command
    assert command.interface == interface
    np.testing.assert_allclose((command.lower, command.upper), (lower, upper))
    simulation = Simulation(description.spec, description.model_xml)
    simulation.reset(pose="default")
    simulation.data.qpos[2] = 3.0
    goal = np.array([0.4, -0.6])
    simulation.step(goal, 0.5 if interface != "effort" else 0.01)
    state = simulation.state()
    if interface == "position":
        np.testing.assert_allclose(state.joint_positions, goal, atol=0.15)
    elif interface == "velocity":
        np.testing.assert_allclose(state.joint_velocities, goal, atol=0.1)
    else:
        np.testing.assert_array_equal(np.sign(simulation.data.qfrc_actuator[6:]), np.sign(goal))
        np.testing.assert_allclose(simulation.data.qfrc_actuator[6:], goal, atol=1e-9)


TENDON = '<tendon><fixed name="both"><joint joint="hip" coef=".5"/>{}</fixed></tendon>'.format(
    '<joint joint="knee" coef="-.5"/>'
)


def test_tendons_become_drives(tmp_path):
    actuators = '<position tendon="both" kp="50" ctrlrange="-1 1"/>'
    path = model(tmp_path, tendon=TENDON, actuators=actuators)
    spec = describe_mjcf(path, "legs").spec
    assert spec.command_names == ("both",)
    np.testing.assert_allclose(spec.driven(np.array([0.4, -0.2])), [0.3])


REFUSED = {
    "no actuators": ({"actuators": ""}, "no actuators"),
    "no base": ({"base": ""}, "floating base"),
    "unbounded": ({"actuators": '<motor name="m" joint="hip"/>'}, "ctrlrange to 'm'"),
    "two actuators": (
        {"actuators": MOTORS.format(hip=1) + '<motor joint="hip" ctrlrange="-1 1"/>'},
        "several actuators",
    ),
    "mixed": (
        {"actuators": HIP + '<position joint="knee" ctrlrange="-1 1"/>'},
        "mixed",
    ),
    "muscle": (
        {"actuators": '<muscle joint="hip" ctrlrange="0 1"/>'},
        "neither a motor",
    ),
    "integrator": (
        {"actuators": '<intvelocity joint="hip" kp="1" actrange="-1 1" ctrlrange="-1 1"/>'},
        "neither a motor",
    ),
    "site": (
        {
            "more": '<site name="s"/>',
            "actuators": '<general site="s" ctrlrange="-1 1"/>',
        },
        "neither a joint nor a tendon",
    ),
    "no range": (
        {"actuators": '<motor joint="hip" gear="0" ctrlrange="-1 1"/>'},
        "leaves no range",
    ),
    "duplicate joint": ({"knee": 'name="hip"'}, "repeated name"),
    "ball": (
        {"knee": 'name="knee" type="ball"', "actuators": HIP},
        "ball joint",
    ),
    "a ball to play with": (
        {"more": '<body name="toy" pos="1 0 1"><freejoint/><geom size=".1"/></body>'},
        "keep only the robot",
    ),
    "a door": (
        {"more": '<body pos="1 0 1"><joint name="hinge"/><geom size=".1"/></body>'},
        "another thing",
    ),
    "no mass": ({"more": '<body pos="0 0 9"><freejoint/></body>'}, "compile"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_work_is_refused_with_the_reason(tmp_path, what, capsys):
    parts, reason = REFUSED[what]
    out = tmp_path / "out"
    assert main(["new-robot", str(model(tmp_path, **parts)), "--out", str(out)]) == 2
    told = capsys.readouterr().err.strip()
    assert reason in told
    assert told.count("\n") == 0
    assert not out.exists()


@pytest.mark.parametrize("text", ["<mujoco><nonsense/></mujoco>", "no xml at all", "", "<a/>"])
def test_what_is_not_mjcf_is_refused(tmp_path, text):
    (tmp_path / "model.xml").write_text(text)
    with pytest.raises(RobotError, match="not readable as MJCF"):
        describe_mjcf(tmp_path / "model.xml", "nobody")


def test_absurd_rates_and_missing_files_are_refused(tmp_path):
    for rate, why in ((1e6, "timestep"), (0.0, "positive"), (float("nan"), "positive")):
        with pytest.raises(RobotError, match=why):
            describe_mjcf(model(tmp_path), "legs", rate)
    with pytest.raises(RobotError, match="no file"):
        describe_mjcf(tmp_path / "absent.xml", "nobody")


CORNERS = [(x, y, z) for x in (0, 0.2) for y in (-0.05, 0.05) for z in (0, 0.1)]
FACES = "132 243 567 687 125 265 347 487 153 375 246 468"


def test_meshes_become_part_of_the_model(tmp_path):
    """A box as a mesh file, stretched, turned and off its own centre, weighs and lies as before."""
    lines = ["v {} {} {}".format(*corner) for corner in CORNERS]
    lines += ["f {} {} {}".format(*face) for face in FACES.split()]
    (tmp_path / "box.obj").write_text("\n".join(lines))
    text = model(tmp_path).read_text()
    text = text.replace(
        "<worldbody>", '<asset><mesh file="box.obj" scale="2 1 1"/></asset><worldbody>'
    )
    text = text.replace(
        '<geom size=".1 .1 .05" type="box"/>',
        '<geom type="mesh" mesh="box" pos=".1 0 0" euler="10 0 40"/>',
    )
    path = tmp_path / "meshed.xml"
    path.write_text(text)
    before = mujoco.MjModel.from_xml_path(str(path))
    description = describe_mjcf(path, "legs")
    assert any("hulls" in change for change in description.changes)
    assert "file=" not in description.model_xml
    after = mujoco.MjModel.from_xml_string(description.model_xml)
    for name in ("body_mass", "body_inertia", "body_ipos", "mesh_vert"):
        np.testing.assert_allclose(getattr(after, name), getattr(before, name), atol=1e-5)
    trunk = 0 if after.ngeom == before.ngeom else 1  # the floor comes first
    np.testing.assert_allclose(after.geom_pos[trunk:], before.geom_pos, atol=1e-5)
    (tmp_path / "box.obj").unlink()
    with pytest.raises(RobotError, match=r"box.obj"):
        describe_mjcf(path, "legs")


def test_a_keyframe_is_the_default_pose(tmp_path):
    path = model(tmp_path)
    key = '<keyframe><key name="home" qpos="0 0 .5 1 0 0 0 .3 -.2"/></keyframe></mujoco>'
    path.write_text(path.read_text().replace("</mujoco>", key))
    description = describe_mjcf(path, "legs")
    simulation = Simulation(description.spec, description.model_xml)
    simulation.reset(pose="default")
    np.testing.assert_allclose(simulation.state().joint_positions, [0.3, -0.2])
    assert simulation.state().base_position[2] == pytest.approx(0.5)
    simulation.reset()
    np.testing.assert_allclose(simulation.state().joint_positions, [0.3, -0.2])


def test_a_broken_folder_names_what_is_wrong(tmp_path):
    folder = tmp_path / "hopper"
    assert main(["new-robot", str(SUITE / "hopper.xml"), "--out", str(folder)]) == 0
    whole = (folder / "robot.yaml").read_text()
    (folder / "robot.yaml").write_text(whole.replace("upper: [30.0,", "upper: [fast,"))
    with pytest.raises(RobotError, match="fast"):
        load_robot(folder)
    for broken, why in (("a: &x [1]\nb: *x\n", "aliases"), ("{", "unreadable"), ("[]", "no robot")):
        (folder / "robot.yaml").write_text(broken)
        with pytest.raises(RobotError, match=why):
            load_robot(folder)
    (folder / "robot.yaml").write_text(whole)
    (folder / "model.xml").unlink()
    with pytest.raises(RobotError, match=r"model.xml"):
        load_robot(folder)
    with pytest.raises(RobotError, match="new-robot"):
        load_robot(tmp_path / "nobody")
