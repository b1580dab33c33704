"""Skills that a collecting agent seeks: random commands of speed, posture, spin and pose.

What an operator could ask of any floating-base robot, without naming a task: "move at v", "be this
high and this tilted", "turn over at this rate", "bring your limbs there". Their rewards steer the
collecting agent only and are thrown away with it: the dataset holds no reward.

A skill is a vector: one-hot kind, then the targets (zero where the kind has none).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..robots.spec import RobotSpec

KINDS = ("move", "posture", "spin", "pose")
Array = NDArray[np.float32]


class SkillSpace:
    """The skills of one planar robot and how well an observation carries one out.

    poses: (P, 1 + 2·bodies) heights and body orientations that rest on the floor, the targets of
    ``pose``. stand_height: base height in the default pose (m).
    """

    def __init__(self, spec: RobotSpec, poses: Array, stand_height: float, max_speed: float):
        blocks, start = {}, 0
        for term in spec.observation:
            blocks[term.kind] = slice(start, start + term.size)
            start += term.size
        if spec.base.kind != "planar" or "body_orientation_xz" not in blocks:
            raise DataError(f"skills need a planar robot that observes orientations: {spec.name}")
        self._orientation = blocks["body_orientation_xz"]
        self._height = blocks["base_height"].start
        self._velocity = blocks["planar_base_velocity"].start
        self._poses = poses.astype(np.float32)
        self.stand_height = stand_height
        self._max_speed = max_speed
        self.dim = len(KINDS) + 5 + (self._orientation.stop - self._orientation.start)

    def sample(self, n: int, rng: np.random.Generator, weights: NDArray[np.floating]) -> Array:
        """Draw n skills (n, dim); weights (4,) are the shares of the kinds."""
        skills = np.zeros((n, self.dim), np.float32)
        kinds = rng.choice(len(KINDS), size=n, p=np.asarray(weights) / np.sum(weights))
        skills[np.arange(n), kinds] = 1.0
        k = len(KINDS)
        # Targets: speed, height, cos and sin of pitch, pitch rate, then body orientations.
        slow = rng.uniform(-2.0, 3.0, n)
        fast = rng.uniform(2.0, self._max_speed, n)
        choice = rng.random(n)
        speed = np.where(choice < 0.25, 0.0, np.where(choice < 0.65, slow, fast))
        height = rng.uniform(0.05, 1.05, n) * self.stand_height
        pitch = rng.uniform(-np.pi, np.pi, n)
        upright = rng.random(n) < 0.4
        pitch = np.where(upright, 0.15 * pitch, pitch)
        rate = rng.choice([-1.0, 1.0], n) * rng.uniform(3.0, 10.0, n)
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
        return observations[:, self._height], observations[:, self._velocity + 1]

    def reward(self, observations: Array, skills: Array) -> Array:
        """How well observations (n, observation_dim) carry out skills (n, dim): (n,) in [0, 1]."""
        k = len(KINDS)
        body = observations[:, self._orientation]
        height = observations[:, self._height]
        vx = observations[:, self._velocity + 1]
        rate = observations[:, self._velocity + 2]
        cos, sin = body[:, 0], body[:, 1]
        up = (1.0 + cos) / 2.0
        tall = (
            3.0 * _bell(np.maximum(0.92 * self.stand_height - height, 0), 0.46 * self.stand_height)
            + up
        ) / 4
        target = skills[:, k]
        miss = np.maximum(np.abs(vx - target) - 0.1 * np.abs(target), 0.0)
        on_speed = np.maximum(1.0 - miss / np.maximum(np.abs(target), 1.0), 0.0)
        move = tall * (1.0 + 5.0 * on_speed) / 6.0
        near = _bell(np.maximum(np.abs(height - skills[:, k + 1]) - 0.03, 0), 0.4)
        tilt = (1.0 + cos * skills[:, k + 2] + sin * skills[:, k + 3]) / 2.0
        still = 0.5 + 0.5 * _bell(np.abs(vx), 1.0)
        posture = near * tilt**2 * still
        wanted = skills[:, k + 4]
        turned = np.clip(rate * np.sign(wanted) / np.maximum(np.abs(wanted), 1e-6), 0.0, 1.0)
        # Turning over in the air rather than rolling on the floor, as far as the body can.
        spin = turned * (1.0 + 3.0 * np.clip(height / self.stand_height, 0.0, 1.0)) / 4.0
        alike = (body * skills[:, k + 5 :]).reshape(len(body), -1, 2).sum(2)
        pose = np.exp(-np.mean(1.0 - alike, axis=1) / 0.6) * near * still
        kinds = skills[:, :k]
        rewards = np.stack([move, posture, spin, pose], axis=1)
        return (rewards * kinds).sum(1).astype(np.float32)


def _bell(distance: Array, margin: float) -> Array:
    """1 at a distance of 0, 0.1 at the margin, gaussian."""
    return np.exp(np.log(0.1) * (distance / margin) ** 2)
