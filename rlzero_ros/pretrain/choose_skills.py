"""Which skills a robot's collecting agent seeks."""

from __future__ import annotations

from dataclasses import replace

from ..robots.initial_pose import joint_ranges
from ..robots.registry import Robot
from ..robots.simulation import Simulation
from .free_skills import FreeSkills
from .planar_skills import PlanarSkills
from .resting_poses import resting_poses
from .skills import SkillRanges, Skills

_RANGES = {
    "walker": SkillRanges(max_speed=8.0, backward=2.0, tall=3.0),
    "stickman": SkillRanges(max_speed=8.0, backward=2.0, tall=3.0),
    "cheetah": SkillRanges(max_speed=10.0, backward=10.0, tall=0.0),
    "quadruped": SkillRanges(max_speed=5.0, backward=2.0, reach=2.0, spin=(1.5, 6.0)),
}


def make_skills(
    robot: Robot, seed: int, poses: int = 4000, speeds: tuple[float, float] | None = None
) -> Skills:
    """The skills of a robot, with so many resting poses as targets; speeds as in `SkillRanges`."""
    spec = robot.spec
    simulation = Simulation(spec, robot.model_xml)
    simulation.reset(pose="default")
    height = float(simulation.state().base_position[2])
    ranges = replace(_RANGES.get(spec.name, SkillRanges()), speeds=speeds)
    rest = resting_poses(robot, poses, seed)
    observed = next((t.names for t in spec.observation if t.kind == "joint_positions"), ())
    limits = joint_ranges(simulation.model, observed)
    if spec.base.kind == "free":
        return FreeSkills(spec, rest, height, ranges, limits)
    return PlanarSkills(spec, rest, height, ranges, limits)
