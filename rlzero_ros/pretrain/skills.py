"""Skills that a collecting agent seeks: random commands of speed, posture, spin and pose.

What an operator could ask of any floating-base robot, without naming a task: "move at v", "be this
high and this tilted", "turn over at this rate", "bring your limbs there". Their rewards steer the
collecting agent only and are thrown away with it: the dataset holds no reward.

A skill is a vector: one-hot kind, then the targets (zero where the kind has none).
`choose_skills.make_skills` returns those of a robot.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..robots.spec import RobotSpec

KINDS = ("move", "posture", "spin", "pose")
Array = NDArray[np.float32]


@dataclass(frozen=True)
class SkillRanges:
    """What is worth asking of one robot.

    max_speed: fastest forward speed asked for (m/s). backward: fastest backward (m/s).
    tall: how much standing high counts, beside standing upright (1), while it moves; 0 for robots
    that run low. reach: highest posture asked for, as a share of the height at which it stands.
    spin: slowest and fastest rate of turning over (rad/s). speeds: slowest and fastest forward
    speed (m/s) where all between are asked for alike, in place of rest, slow and fast ones.
    """

    max_speed: float = 5.0
    backward: float = 5.0
    tall: float = 1.0
    reach: float = 1.05
    spin: tuple[float, float] = (3.0, 10.0)
    speeds: tuple[float, float] | None = None


class Skills(ABC):
    """The skills of one robot and how well an observation carries one out.

    dim: length of a skill vector. stand_height: base height in the default pose (m).
    """

    dim: int
    stand_height: float

    @abstractmethod
    def sample(self, n: int, rng: np.random.Generator, weights: NDArray[np.floating]) -> Array:
        """Draw n skills (n, dim); weights (4,) are the shares of the kinds."""

    @abstractmethod
    def reward(self, observations: Array, skills: Array) -> Array:
        """How well observations (n, observation_dim) carry out skills (n, dim): (n,) in [0, 1]."""

    @abstractmethod
    def height_and_speed(self, observations: Array) -> tuple[Array, Array]:
        """Base height (m) and forward speed (m/s) of observations (n, observation_dim)."""


def observation_blocks(spec: RobotSpec) -> dict[str, slice]:
    """Where each kind of term lies in an observation."""
    blocks, start = {}, 0
    for term in spec.observation:
        blocks[term.kind] = slice(start, start + term.size)
        start += term.size
    return blocks


def draw_kinds(n: int, rng: np.random.Generator, weights: NDArray[np.floating]) -> NDArray:
    """The kinds (n,) of n skills, as indices into `KINDS`."""
    return rng.choice(len(KINDS), size=n, p=np.asarray(weights) / np.sum(weights))


def draw_speeds(n: int, rng: np.random.Generator, ranges: SkillRanges) -> NDArray[np.float64]:
    """Forward speeds (n,) m/s: a quarter at rest, the others slow (up to 3 m/s) or fast.

    Uniform between `SkillRanges.speeds`, where these are given.
    """
    if ranges.speeds is not None:
        return rng.uniform(*ranges.speeds, n)
    slow = rng.uniform(-min(ranges.backward, 3.0), min(ranges.max_speed, 3.0), n)
    fast = rng.uniform(min(2.0, ranges.max_speed / 2), ranges.max_speed, n)
    choice = rng.random(n)
    if ranges.backward > 3.0:
        back = rng.random(n) < 0.5
        fast = np.where(back, -fast * ranges.backward / ranges.max_speed, fast)
    return np.where(choice < 0.25, 0.0, np.where(choice < 0.65, slow, fast))


def on_speed(velocity: Array, target: Array) -> Array:
    """1 within a tenth of the target speed (n,), falling linearly to 0 at rest or at twice it."""
    miss = np.maximum(np.abs(velocity - target) - 0.1 * np.abs(target), 0.0)
    return np.maximum(1.0 - miss / np.maximum(np.abs(target), 1.0), 0.0)


def bell(distance: Array, margin: float) -> Array:
    """1 at a distance of 0, 0.1 at the margin, gaussian."""
    return np.exp(np.log(0.1) * (distance / margin) ** 2)
