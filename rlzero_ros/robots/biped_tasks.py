"""Ground-truth rewards that the walker and the stickman share, after GenRL's task suite.

They judge (`rlzero eval`); nothing trains on them. Pairs of limbs are (right, left) columns of
`planar_features`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .planar_features import Features
from .rewards import at_least, at_most, tolerance

Array = NDArray[np.float64]
Reward = Callable[[Features], Array]


def biped_tasks(stand_height: float) -> dict[str, Reward]:
    """Rewards by task, each from features (N,) to (N,) in [0, 1]; stand_height in m."""

    def stand(f: Features) -> Array:
        return (3.0 * at_least(f["torso_height"], stand_height) + _upright(f)) / 4.0

    def moving(target: float) -> Reward:
        """stand · (5·lin(v ≥ target) + 1) / 6, margin half the target."""
        return lambda f: stand(f) * (5.0 * _faster(f["velocity_x"], target) + 1.0) / 6.0

    def turning(name: str) -> Reward:
        """stand · (5·lin(rate ≥ 5) + 1) / 6, zero at no rate: ExORL's spin and flip."""
        return lambda f: stand(f) * (5.0 * _faster(f[name], 5.0, 5.0, 0.0) + 1.0) / 6.0

    def high_kick(f: Features) -> Array:
        feet = f["foot_height"]
        raised = 3 * at_least(feet.max(1), stand_height) + at_most(feet.min(1), 0.1)
        return at_least(f["torso_height"], 1.0) * raised / 4.0

    return {
        "stand": stand,
        "walk": moving(1.0),
        "run": moving(8.0),
        "spin": turning("pitch_rate"),
        "flip": turning("angular_momentum_y"),
        "lying_down": _lying,
        "high_kick": high_kick,
        "one_foot": _one_foot,
        "lunge": _lunge,
        "sit_knees": _sit_knees,
        "headstand": _headstand,
        "flipping": _flipping,
    }


def _faster(x: Array, target: float, margin: float | None = None, at_margin: float = 0.5) -> Array:
    return tolerance(
        x,
        lower=target,
        margin=target / 2 if margin is None else margin,
        sigmoid="linear",
        value_at_margin=at_margin,
    )


def _upright(f: Features) -> Array:
    return (1.0 + f["torso_zz"]) / 2.0


def _lying(f: Features) -> Array:
    limbs = sum(at_most(f[f"{p}_height"].mean(1), 0.1) for p in ("thigh", "foot", "leg"))
    return (3 * at_most(f["torso_height"], 0.1) + (1 - np.abs(f["torso_zz"])) + limbs) / 7.0


def _one_foot(f: Features) -> Array:
    feet = f["foot_height"]
    return at_least(f["torso_height"], 1.0) * at_least(feet.max(1), 0.5) * at_most(feet.min(1), 0.1)


def _lunge(f: Features) -> Array:
    legs = f["leg_height"]
    row = np.arange(len(legs))
    raised, low = legs.argmax(1), legs.argmin(1)
    parts = (
        at_most(legs.min(1), 0.1)
        + at_least(legs.max(1), 0.25)
        + (1 - np.abs(f["thigh_zz"][row, raised]))
        + (1 - np.abs(f["leg_zz"][row, low]))
    )
    return (3 * at_least(f["torso_height"], 0.75) + _upright(f)) / 4.0 * parts / 4.0


def _sit_knees(f: Features) -> Array:
    low = (3 * at_most(f["leg_height"].mean(1), 0.15) + at_most(f["foot_height"].mean(1), 0.1)) / 4
    excess = np.maximum(np.abs(f["thigh_x"].mean(1) - f["foot_x"].mean(1)) - 0.1, 0.0)
    return (3 * at_least(f["torso_height"], 0.55) + _upright(f)) / 4.0 * low * np.exp(-excess)


def _headstand(f: Features) -> Array:
    feet, thighs = f["foot_height"].mean(1), f["thigh_height"].mean(1)
    return (3 * at_least(feet, 1.1) + 2 * at_least(thighs, 1.0)) / 5.0


def _flipping(f: Features) -> Array:
    return _headstand(f) * (5.0 * _faster(np.abs(f["angular_momentum_y"]), 16.0) + 1.0) / 6.0
