"""Skills of robots that move in a vertical plane."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..robots.spec import RobotSpec
from .skills import (
    KINDS,
    Array,
    SkillRanges,
    Skills,
    bell,
    draw_kinds,
    draw_speeds,
    observation_blocks,
    on_speed,
)


class PlanarSkills(Skills):
    """Targets: speed, height, cosine and sine of pitch, pitch rate, then the pose's angles.

    The pose is what the robot observes of its limbs: the orientations of its bodies, or its pitch
    and its joints, each scaled so that its range covers half a turn.

    rest: (P, observation_dim) observations of poses on the floor, the targets of ``pose``.
    stand_height: base height in the default pose (m). joint_ranges: (joints, 2) rad, of the
    ``joint_positions`` that the robot observes.
    """

    def __init__(
        self,
        spec: RobotSpec,
        rest: Array,
        stand_height: float,
        ranges: SkillRanges,
        joint_ranges: NDArray[np.floating],
    ) -> None:
        blocks = observation_blocks(spec)
        if spec.base.kind != "planar" or "planar_base_velocity" not in blocks:
            raise DataError(f"planar skills need a planar robot that sees its speed: {spec.name}")
        self._velocity = blocks["planar_base_velocity"].start
        self._orientation = blocks.get("body_orientation_xz")
        self._joints = blocks.get("joint_positions")
        if self._orientation is not None and "base_height" in blocks:
            names = next(t.names for t in spec.observation if t.kind == "body_orientation_xz")
            self._base = 2 * names.index(spec.base.body)
            self._height, self._above = blocks["base_height"].start, 0.0
        elif self._joints is not None and "planar_base_pose" in blocks:
            self._orientation = None
            self._height, self._above = blocks["planar_base_pose"].start, stand_height
            self._base = 0
        else:
            raise DataError(
                f"robot {spec.name!r} must observe body_orientation_xz and base_height, "
                "or planar_base_pose and joint_positions"
            )
        low, high = np.asarray(joint_ranges, dtype=np.float64).reshape(-1, 2).T
        self._middle, self._gain = (low + high) / 2.0, np.pi / (high - low)
        self.stand_height = stand_height
        self._ranges = ranges
        self._poses = np.concatenate(
            [self.height_and_speed(rest)[0][:, None], self._pose(rest)], axis=1
        ).astype(np.float32)
        self.dim = len(KINDS) + 4 + self._poses.shape[1]

    def sample(self, n: int, rng: np.random.Generator, weights: NDArray[np.floating]) -> Array:
        """Draw n skills (n, dim); weights (4,) are the shares of the kinds."""
        skills = np.zeros((n, self.dim), np.float32)
        kinds = draw_kinds(n, rng, weights)
        skills[np.arange(n), kinds] = 1.0
        k = len(KINDS)
        speed = draw_speeds(n, rng, self._ranges)
        height = rng.uniform(0.05, self._ranges.reach, n) * self.stand_height
        pitch = rng.uniform(-np.pi, np.pi, n)
        upright = rng.random(n) < 0.4
        pitch = np.where(upright, 0.15 * pitch, pitch)
        rate = rng.choice([-1.0, 1.0], n) * rng.uniform(*self._ranges.spin, n)
        pose = self._poses[rng.integers(len(self._poses), size=n)]
        move, posture, spin, aim = (kinds == i for i in range(k))
        skills[move, k] = speed[move]
        skills[posture, k + 1] = height[posture]
        skills[posture, k + 2] = np.cos(pitch[posture])
        skills[posture, k + 3] = np.sin(pitch[posture])
        skills[spin, k + 4] = rate[spin]
        skills[aim, k + 1] = pose[aim, 0]
        skills[aim, k + 5 :] = pose[aim, 1:]
        return skills

    def height_and_speed(self, observations: Array) -> tuple[Array, Array]:
        """Base height (m) and forward speed (m/s) of observations (n, observation_dim)."""
        return observations[:, self._height] + self._above, observations[:, self._velocity + 1]

    def reward(self, observations: Array, skills: Array) -> Array:
        """How well observations (n, observation_dim) carry out skills (n, dim): (n,) in [0, 1]."""
        k = len(KINDS)
        body = self._pose(observations)
        height, vx = self.height_and_speed(observations)
        rate = observations[:, self._velocity + 2]
        cos, sin = body[:, self._base], body[:, self._base + 1]
        up = (1.0 + cos) / 2.0
        short = np.maximum(0.92 * self.stand_height - height, 0)
        tall = self._ranges.tall
        standing = (tall * bell(short, 0.46 * self.stand_height) + up) / (tall + 1.0)
        move = standing * (1.0 + 5.0 * on_speed(vx, skills[:, k])) / 6.0
        near = bell(np.maximum(np.abs(height - skills[:, k + 1]) - 0.03, 0), 0.4)
        tilt = (1.0 + cos * skills[:, k + 2] + sin * skills[:, k + 3]) / 2.0
        still = 0.5 + 0.5 * bell(np.abs(vx), 1.0)
        posture = near * tilt**2 * still
        wanted = skills[:, k + 4]
        turned = np.clip(rate * np.sign(wanted) / np.maximum(np.abs(wanted), 1e-6), 0.0, 1.0)
        # Turning over in the air rather than rolling on the floor, as far as the body can.
        spin = turned * (1.0 + 3.0 * np.clip(height / self.stand_height, 0.0, 1.0)) / 4.0
        alike = (body * skills[:, k + 5 :]).reshape(len(body), -1, 2).sum(2)
        pose = np.exp(-np.mean(1.0 - alike, axis=1) / 0.6) * near * still
        rewards = np.stack([move, posture, spin, pose], axis=1)
        return (rewards * skills[:, :k]).sum(1).astype(np.float32)

    def _pose(self, observations: Array) -> Array:
        """Cosine and sine of every angle of the pose (n, 2·angles), the base's pitch among them."""
        if self._orientation is not None:
            return observations[:, self._orientation]
        pitch = observations[:, self._height + 1 : self._height + 2]
        joints = (observations[:, self._joints] - self._middle) * self._gain
        angles = np.concatenate([pitch, joints], axis=1)
        pairs = np.stack([np.cos(angles), np.sin(angles)], axis=2)
        return pairs.reshape(len(angles), -1).astype(np.float32)
