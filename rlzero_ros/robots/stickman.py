"""The planar stickman: a walker with arms, neck and head (after GenRL's new robot)."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from .biped_tasks import Reward, biped_tasks
from .planar_features import Features, planar_features
from .rewards import at_least, tolerance
from .spec import BaseSpec, ObservationTerm, RobotSpec
from .suite_robot import torque_command

_GEARS = {
    "right_hip": 100.0,
    "right_knee": 50.0,
    "right_ankle": 20.0,
    "left_hip": 100.0,
    "left_knee": 50.0,
    "left_ankle": 20.0,
    "left_shoulder": 100.0,
    "left_elbow": 50.0,
    "right_shoulder": 100.0,
    "right_elbow": 50.0,
}
_JOINTS, _GEAR = tuple(_GEARS), tuple(_GEARS.values())
_SIDES = ("right", "left")
_BODIES = (
    "torso",
    "neck",
    "head",
    *(f"{side}_{part}" for side in _SIDES for part in ("thigh", "leg", "foot")),
    *(f"{side}_{part}" for side in _SIDES for part in ("arm", "forearm", "hand")),
)
_PERIOD_S = 0.025

SPEC = RobotSpec(
    name="stickman",
    joint_names=_JOINTS,
    control_period_s=_PERIOD_S,
    base=BaseSpec("planar", "torso", x_joint="rootx", z_joint="rootz", pitch_joint="rooty"),
    command=torque_command(_GEAR, _PERIOD_S),
    observation=(
        ObservationTerm("body_orientation_xz", _BODIES),
        ObservationTerm("base_height"),
        ObservationTerm("planar_base_velocity"),
        ObservationTerm("joint_velocities", _JOINTS),
    ),
    velocity_limit=(60.0,) * len(_JOINTS),
)

_WORLD = """
<mujoco model="stickman">
  <option timestep="0.0025"/>
  <statistic extent="2" center="0 0 1"/>
  <visual><headlight ambient=".4 .4 .4" diffuse=".8 .8 .8"/></visual>
  <asset>
    <texture name="grid" type="2d" builtin="checker" rgb1=".1 .2 .3" rgb2=".2 .3 .4"
      width="300" height="300"/>
    <material name="grid" texture="grid" texrepeat="1 1" texuniform="true"/>
    <material name="self" rgba=".7 .5 .3 1"/>
  </asset>
  <default>
    <joint damping=".1" armature="0.01" limited="true" solimplimit="0 .99 .01" axis="0 -1 0"/>
    <geom type="capsule" contype="1" conaffinity="0" friction=".7 .1 .1" material="self"/>
    <motor ctrlrange="-1 1" ctrllimited="true"/>
  </default>
  <worldbody>
    <geom name="floor" type="plane" conaffinity="1" pos="248 0 0" size="250 .8 .2"
      material="grid"/>
    <body name="torso" pos="0 0 1.25">
      <light name="light" pos="0 0 2" mode="trackcom"/>
      <camera name="side" pos="0 -2.25 1" euler="60 0 0" mode="trackcom"/>
      <joint name="rootz" axis="0 0 1" type="slide" limited="false" armature="0" damping="0"/>
      <joint name="rootx" axis="1 0 0" type="slide" limited="false" armature="0" damping="0"/>
      <joint name="rooty" axis="0 1 0" type="hinge" limited="false" armature="0" damping="0"/>
      <geom name="torso" size=".06 .25"/>
      <body name="neck" pos="0 0 .35">
        <geom name="neck" size=".045 .045"/>
        <body name="head" pos="0 0 .1"><geom name="head" type="sphere" size=".1"/></body>
      </body>
      {limbs}
    </body>
  </worldbody>
  <actuator>{motors}</actuator>
</mujoco>
"""

_LEG = """
      <body name="{side}_thigh" pos="0 {y} -.25">
        <joint name="{side}_hip" range="-20 100"/>
        <geom name="{side}_thigh" pos="0 0 -.225" size=".05 .225"/>
        <body name="{side}_leg" pos="0 0 -.7">
          <joint name="{side}_knee" pos="0 0 .25" range="-150 0"/>
          <geom name="{side}_leg" size=".04 .25"/>
          <body name="{side}_foot" pos=".06 0 -.25">
            <joint name="{side}_ankle" pos="-.06 0 0" range="-45 45"/>
            <geom name="{side}_foot" zaxis="1 0 0" size=".04 .1"/>
          </body>
        </body>
      </body>
"""

_ARM = """
      <body name="{side}_arm" pos="0 {y} .2">
        <joint name="{side}_shoulder" range="-20 100"/>
        <geom name="{side}_arm" pos="0 0 -.135" size=".04 .135"/>
        <body name="{side}_forearm" pos="0 0 -.45">
          <joint name="{side}_elbow" pos="0 0 .15" range="0 150"/>
          <geom name="{side}_forearm" size=".035 .15"/>
          <body name="{side}_hand" pos="0 0 -.15">
            <geom name="{side}_hand" type="sphere" size=".05"/>
          </body>
        </body>
      </body>
"""


def model_xml() -> str:
    """The MJCF of the stickman."""
    places = (("right", "-.05"), ("left", ".05"))
    limbs = "".join(part.format(side=s, y=y) for part in (_LEG, _ARM) for s, y in places)
    motors = "".join(
        f'<motor name="{name}" joint="{name}" gear="{gear}"/>' for name, gear in _GEARS.items()
    )
    return _WORLD.format(limbs=limbs, motors=motors)


def features(model: mujoco.MjModel, physics: NDArray[np.floating]) -> Features:
    """What the tasks look at, for states (N, nq + nv); see `planar_features`."""
    pairs = {p: (f"right_{p}", f"left_{p}") for p in ("thigh", "leg", "foot", "hand")}
    return planar_features(model, physics, "torso", pairs)


TASKS: dict[str, Reward] = biped_tasks(stand_height=1.15)


def _boxing(f: Features) -> NDArray[np.float64]:
    fastest = np.abs(f["hand_velocity_x"]).max(1)
    punching = tolerance(fastest, 5.0, margin=2.5, sigmoid="linear", value_at_margin=0.5)
    return TASKS["stand"](f) * punching


def _hands_up(f: Features) -> NDArray[np.float64]:
    return TASKS["stand"](f) * at_least(f["hand_height"].mean(1), 1.75)


TASKS |= {"boxing": _boxing, "hands_up": _hands_up}
