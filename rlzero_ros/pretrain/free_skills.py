"""Skills of robots that move freely in three dimensions."""

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

_SEEN = ("base_up", "base_height", "base_linear_velocity", "base_angular_velocity")
_TURN_RADPS = 2.0


class FreeSkills(Skills):
    """Targets: forward, lateral and turning speed, height, up (3), spin (3), then joint angles.

    ``move`` asks for a velocity in the base's own frame while upright; ``posture`` for a height
    and a tilt; ``spin`` for turning over about an axis of the base; ``pose`` for a height, a tilt
    and joint positions, each scaled so that its range covers half a turn.

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
        missing = [kind for kind in (*_SEEN, "joint_positions") if kind not in blocks]
        if spec.base.kind != "free" or missing:
            raise DataError(f"robot {spec.name!r} must observe {', '.join(missing)} of a free base")
        self._up, height, self._linear, self._angular = (blocks[kind] for kind in _SEEN)
        self._height, self._joints = height.start, blocks["joint_positions"]
        low, high = np.asarray(joint_ranges, dtype=np.float64).reshape(-1, 2).T
        self._middle, self._gain = (low + high) / 2.0, np.pi / (high - low)
        self.stand_height = stand_height
        self._ranges = ranges
        self._poses = np.concatenate(
            [rest[:, [self._height]], rest[:, self._up], self._pose(rest)], axis=1
        ).astype(np.float32)
        self.dim = len(KINDS) + 10 + 2 * len(self._middle)

    def sample(self, n: int, rng: np.random.Generator, weights: NDArray[np.floating]) -> Array:
        """Draw n skills (n, dim); weights (4,) are the shares of the kinds."""
        skills = np.zeros((n, self.dim), np.float32)
        kinds = draw_kinds(n, rng, weights)
        skills[np.arange(n), kinds] = 1.0
        k = len(KINDS)
        straight = rng.random(n) < 0.6
        sideways = np.where(straight, 0.0, rng.uniform(-0.3, 0.3, n) * self._ranges.max_speed)
        turning = np.where(straight, 0.0, rng.uniform(-_TURN_RADPS, _TURN_RADPS, n))
        velocity = np.stack([draw_speeds(n, rng, self._ranges), sideways, turning], axis=1)
        height = rng.uniform(0.1, self._ranges.reach, n) * self.stand_height
        up = rng.normal(size=(n, 3))
        up[rng.random(n) < 0.5] *= (0.15, 0.15, 0.0)
        up[:, 2] = np.where(up[:, 2] == 0.0, 1.0, up[:, 2])
        up /= np.linalg.norm(up, axis=1, keepdims=True)
        axis = np.eye(3)[rng.integers(3, size=n)]
        spin = axis * (rng.choice([-1.0, 1.0], n) * rng.uniform(*self._ranges.spin, n))[:, None]
        pose = self._poses[rng.integers(len(self._poses), size=n)]
        move, posture, turn_over, aim = (kinds == i for i in range(k))
        skills[move, k : k + 3] = velocity[move]
        skills[posture, k + 3] = height[posture]
        skills[posture, k + 4 : k + 7] = up[posture]
        skills[turn_over, k + 7 : k + 10] = spin[turn_over]
        skills[aim, k + 3 : k + 7] = pose[aim, :4]
        skills[aim, k + 10 :] = pose[aim, 4:]
        return skills

    def height_and_speed(self, observations: Array) -> tuple[Array, Array]:
        """Base height (m) and forward speed (m/s) of observations (n, observation_dim)."""
        return observations[:, self._height], observations[:, self._linear.start]

    def reward(self, observations: Array, skills: Array) -> Array:
        """How well observations (n, observation_dim) carry out skills (n, dim): (n,) in [0, 1]."""
        k = len(KINDS)
        up, height = observations[:, self._up], observations[:, self._height]
        linear, angular = observations[:, self._linear], observations[:, self._angular]
        velocity, tilt = skills[:, k : k + 3], skills[:, k + 4 : k + 7]
        upright = (1.0 + up[:, 2]) / 2.0
        short = bell(np.maximum(0.8 * self.stand_height - height, 0), 0.4 * self.stand_height)
        standing = upright * (self._ranges.tall * short + 1.0) / (self._ranges.tall + 1.0)
        aside = bell(linear[:, 1] - velocity[:, 1], 1.0) + bell(angular[:, 2] - velocity[:, 2], 2.0)
        moved = on_speed(linear[:, 0], velocity[:, 0]) * (2.0 + aside) / 4.0
        move = standing * (1.0 + 5.0 * moved) / 6.0
        near = bell(np.maximum(np.abs(height - skills[:, k + 3]) - 0.03, 0), 0.4)
        tilted = ((1.0 + (up * tilt).sum(1)) / 2.0) ** 2
        still = 0.5 + 0.5 * bell(np.linalg.norm(linear, axis=1), 1.0)
        posture = near * tilted * still
        wanted = np.linalg.norm(skills[:, k + 7 : k + 10], axis=1)
        along = (angular * skills[:, k + 7 : k + 10]).sum(1) / np.maximum(wanted**2, 1e-6)
        spin = np.clip(along, 0.0, 1.0)
        pairs = (self._pose(observations) * skills[:, k + 10 :]).reshape(len(up), -1, 2)
        pose = np.exp(-np.mean(1.0 - pairs.sum(2), axis=1) / 0.4) * near * tilted * still
        rewards = np.stack([move, posture, spin, pose], axis=1)
        return (rewards * skills[:, :k]).sum(1).astype(np.float32)

    def _pose(self, observations: Array) -> Array:
        """Cosine and sine of every scaled joint angle (n, 2·joints)."""
        angles = (observations[:, self._joints] - self._middle) * self._gain
        pairs = np.stack([np.cos(angles), np.sin(angles)], axis=2)
        return pairs.reshape(len(angles), -1).astype(np.float32)
