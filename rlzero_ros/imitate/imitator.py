"""Imitation latents smoothed over a sample of the robot's own data.

The reward that a demonstration stands for, r = ρ_E / ρ_data, is a row of spikes when it is taken
from T observations alone: nothing tells the policy that almost there is better than fallen over.
Here r is a kernel estimate on N reference states instead, r(s) = max_t exp(−‖s − s_t‖² / 2h) with
observations scaled by their spread, and z = E_data[r·B] as for any reward: still one closed form,
still no actions. As h goes to 0 it becomes the mean of B over the nearest reference states.
The latent is the sum of both directions, of the demonstration itself and of the smoothed reward:
the first alone often loses the way to what is shown, the second alone its details.

This reward vanishes far from what is shown. A robot that begins there, on its back, say, is led by
a third direction, that of the heavy-tailed r(s) = 1 / (1 + min_t ‖s − s_t‖² / 2h), which counts as
much as the other two. Alone it loses the details: a quadruped that is to lie then stands.

Where most of what is shown moves, the slower half is left out: pictures of a motion are also found
among states at rest in the same poses, and a robot that imitates those stands still. Where most of
it rests, the faster half is left out: those are states that pass through the pose shown. What rests
shows hardly more than one pose, so half the bandwidth does: a motion needs the states between those
shown, a pose is missed by what is only near it.

Observations that were projected from pictures show poses well and velocities badly, so the
coordinates may be weighted: with velocities counting little, r covers every speed at which the
robot passes through the poses shown, and the data decides which of them belong together. How fast
the robot travels is asked for nevertheless, as the mean over the demonstration, in which the errors
of single pictures cancel. What rests is asked not to travel: one that drifts looks no different.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import DataError
from .base import BehaviorFoundationModel
from .kernel import Kernel, Smoothing, kernel_rewards
from .latent import Array, backward_features, project_to_sphere

# Norm of the velocities, in standard deviations each, below which a demonstration rests.
_AT_REST = 0.8
# Of the bandwidth, for what rests.
_RESTING = 0.5
# Reference states compared with what is shown in one go: few enough for a processor's cache.
_AT_ONCE = 1024


class Imitator:
    """Infers latents from demonstrations of one robot.

    reference: (N, observation_dim) states of the robot's data. bandwidth: h for what moves, in
    squared standard deviations of an observation; 0 for the mean of B over the demonstration alone;
    what rests gets half of it. Without ``velocities`` everything counts as moving. weights:
    (observation_dim,) how much differences in each coordinate count; 1 by default. velocities:
    (observation_dim,) which coordinates are velocities; None keeps all that is shown. travel:
    (observation_dim,) which coordinates are replaced by their mean over a demonstration, or by 0 if
    it rests. kernel: how r falls with the distance, one of KERNELS.

    Attributes: smoothing, bandwidth and kernel. spread: (observation_dim,) standard deviations of
    the reference states.
    """

    def __init__(
        self,
        bfm: BehaviorFoundationModel,
        reference: NDArray[np.floating],
        bandwidth: float,
        weights: NDArray[np.floating] | None = None,
        velocities: NDArray[np.bool_] | None = None,
        travel: NDArray[np.bool_] | None = None,
        kernel: Kernel = "gaussian",
    ) -> None:
        self.smoothing = Smoothing(bandwidth, kernel)
        self._bfm = bfm
        features = backward_features(bfm, reference).astype(np.float64)
        reference = np.asarray(reference, dtype=np.float64)
        self.spread = reference.std(0)
        self._scale = 1.0 / (self.spread + 1e-3)
        self._velocities, self._velocity_scale, self._travel = velocities, self._scale, travel
        if weights is not None:
            if np.shape(weights) != self._scale.shape or not np.all(np.isfinite(weights)):
                raise DataError(f"weights need {len(self._scale)} finite numbers")
            self._scale = self._scale * np.asarray(weights, dtype=np.float64)
        # As tensors, with torch's threads: numpy's take every core that there is, beside a robot.
        self._features = torch.from_numpy(features)
        self._reference = torch.from_numpy(reference * self._scale)

    def latent(
        self, observations: NDArray[np.floating], smoothing: Smoothing | None = None
    ) -> Array:
        """The latent (d,) that imitates observations (T, observation_dim).

        smoothing: instead of the imitator's own. Raises DataError on wrong shapes or NaN.
        """
        if np.ndim(observations) != 2 or np.shape(observations)[1] != len(self.spread):
            raise DataError(
                f"observations are {np.shape(observations)}, this robot's are "
                f"(n, {len(self.spread)})"
            )
        smoothing = self.smoothing if smoothing is None else smoothing
        observations, rests = self._typical(np.asarray(observations))
        bandwidth = smoothing.bandwidth * (_RESTING if rests else 1.0)
        observations = self._steady(observations, rests)
        features = backward_features(self._bfm, observations)
        exact = project_to_sphere(features.mean(0))
        if bandwidth == 0:
            return exact
        latent = exact.astype(np.float64)
        distances = self._distances(observations)
        for weight, reward in kernel_rewards(distances, bandwidth, smoothing.kernel):
            # Far from every reference state all rewards vanish: the demonstration itself is left.
            if reward.sum() >= 1e-6:
                asked_for = torch.from_numpy(reward) @ self._features
                latent += weight * project_to_sphere(asked_for.numpy())
        return project_to_sphere(latent)

    def taken(self, shown: NDArray[np.floating], rests: bool | None = None) -> NDArray[np.floating]:
        """What `latent` takes of observations (T, observation_dim): (n, observation_dim), raw.

        rests: whether what is shown rests, and its velocities are to be 0; None: as those tell.
        """
        taken = self._steady(*self._typical(np.asarray(shown), rests))
        if rests and self._velocities is not None:
            taken = np.where(self._velocities, 0.0, taken)
        return taken

    def travel(self, shown: NDArray[np.floating]) -> NDArray[np.float64]:
        """The mean of the coordinates that show travel, of what `latent` takes of observations
        (T, observation_dim): (n,), all 0 for what rests; raw units. Without such: (0,).
        """
        if self._travel is None:
            return np.zeros(0)
        typical, rests = self._typical(np.asarray(shown, dtype=np.float64))
        return np.zeros(self._travel.sum()) if rests else typical[:, self._travel].mean(0)

    def _typical(
        self, observations: NDArray[np.floating], rests: bool | None = None
    ) -> tuple[NDArray[np.floating], bool]:
        """What to imitate of a demonstration, and whether it rests.

        The faster half of one that moves, the slower half of one that rests.
        """
        if self._velocities is None or observations.ndim != 2 or len(observations) < 2:
            return observations, False
        scaled = observations * self._velocity_scale
        speed = np.linalg.norm(scaled[:, self._velocities], axis=1)
        middle = np.median(speed)
        if middle < _AT_REST if rests is None else rests:
            return observations[speed <= middle], True
        return observations[speed >= middle], False

    def _steady(self, observations: NDArray[np.floating], rests: bool) -> NDArray[np.floating]:
        """A demonstration that travels at its mean velocity throughout, at none if it rests."""
        if self._travel is None or observations.ndim != 2 or len(observations) == 0:
            return observations
        return np.where(self._travel, 0.0 if rests else observations.mean(0), observations)

    def _distances(self, observations: NDArray[np.floating]) -> NDArray[np.float64]:
        """Squared distance (N,) of each reference state to the nearest demonstrated one."""
        shown = torch.from_numpy(np.asarray(observations, dtype=np.float64) * self._scale)
        squares = shown.square().sum(1)
        nearest = [
            torch.addmm(squares, part, shown.T, alpha=-2.0).amin(1) + part.square().sum(1)
            for part in self._reference.split(_AT_ONCE)
        ]
        return torch.cat(nearest).clamp_min_(0.0).numpy()
