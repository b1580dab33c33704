"""Closed-form inference: prompts of any kind to the latent z of a behaviour foundation model.

Everything here is a mean of B under some weighting, projected to the sphere of radius √d; no
gradient step is taken. For imitation see RLZero (arXiv 2412.05718): with the reward
r = ρ_E / ρ_data, E_data[r·B] = E_{ρ_E}[B], the mean of B over the demonstrated observations.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import DataError
from .base import BehaviorFoundationModel

Array = NDArray[np.float32]


def project_to_sphere(z: NDArray[np.floating]) -> Array:
    """Scale latents (…, d) to norm √d; DataError for a zero or non-finite latent."""
    z = np.asarray(z, dtype=np.float64)
    norm = np.linalg.norm(z, axis=-1, keepdims=True)
    if not np.all(np.isfinite(norm)) or np.any(norm < 1e-9):
        raise DataError("a latent is zero or not finite, so it points nowhere")
    return (z * (np.sqrt(z.shape[-1]) / norm)).astype(np.float32)


def backward_features(
    bfm: BehaviorFoundationModel, observations: NDArray[np.floating], batch: int = 8192
) -> Array:
    """B of observations (n, observation_dim): (n, d). DataError on wrong shapes or NaN."""
    states = _checked(bfm, observations)
    with torch.inference_mode():
        parts = [bfm.backward_map(part).cpu() for part in states.split(batch)]
    return torch.cat(parts).numpy()


def _checked(bfm: BehaviorFoundationModel, observations: NDArray[np.floating]) -> torch.Tensor:
    """Observations as a tensor where the model is; DataError on wrong shapes or NaN."""
    observations = np.asarray(observations, dtype=np.float32)
    if observations.ndim != 2 or observations.shape[1] != bfm.observation_dim:
        raise DataError(
            f"observations are {observations.shape}, this model needs (n, {bfm.observation_dim})"
        )
    if len(observations) == 0 or not np.all(np.isfinite(observations)):
        raise DataError("observations are empty or hold NaN or infinity")
    return torch.from_numpy(observations).to(next(bfm.parameters()).device)


def imitation_latent(
    bfm: BehaviorFoundationModel,
    observations: NDArray[np.floating],
    weights: NDArray[np.floating] | None = None,
) -> Array:
    """The latent (d,) that imitates observations (T, observation_dim).

    weights: (T,) non-negative; uniform by default.
    """
    features = backward_features(bfm, observations)
    if weights is None:
        return project_to_sphere(features.mean(0))
    weights = np.asarray(weights, dtype=np.float64)
    if weights.shape != (len(features),) or np.any(weights < 0) or not weights.sum() > 0:
        raise DataError("weights need one non-negative number per observation, not all zero")
    return project_to_sphere(weights @ features / weights.sum())


def reward_latent(
    bfm: BehaviorFoundationModel,
    observations: NDArray[np.floating],
    rewards: NDArray[np.floating],
    temperature: float | None = None,
) -> Array:
    """The latent (d,) that maximises a reward given on samples of the data.

    observations: (n, observation_dim) the states s' that rewards (n,) were computed on.
    temperature: None for E[r·B]; otherwise each term is also weighted by softmax(r · temperature),
    which sharpens it (10 is usual).
    """
    rewards = np.asarray(rewards, dtype=np.float64)
    features = backward_features(bfm, observations)
    if rewards.shape != (len(features),) or not np.all(np.isfinite(rewards)):
        raise DataError("rewards need one finite number per observation")
    return project_to_sphere(reward_weights(rewards, temperature) @ features)


def reward_weights(rewards: NDArray[np.floating], temperature: float | None) -> NDArray[np.float64]:
    """What B of each observation counts for in `reward_latent`: (n,) for rewards (n,)."""
    weights = np.asarray(rewards, dtype=np.float64)
    if temperature is None:
        return weights
    sharp = np.exp(temperature * (weights - weights.max()))
    return weights * (sharp / sharp.sum())


def goal_latent(
    bfm: BehaviorFoundationModel,
    goal: NDArray[np.floating],
    observation: NDArray[np.floating] | None = None,
) -> Array:
    """The latent (d,) that reaches and keeps one observation (observation_dim,).

    observation: (observation_dim,) where the robot is; see `BehaviorFoundationModel.goal_map`.
    """
    rows = [goal] if observation is None else [goal, observation]
    states = _checked(bfm, np.stack([np.asarray(row, dtype=np.float32) for row in rows]))
    with torch.inference_mode():
        start = None if observation is None else states[1:]
        return project_to_sphere(bfm.goal_map(states[:1], start)[0].cpu().numpy())


def tracking_latents(
    bfm: BehaviorFoundationModel, observations: NDArray[np.floating], horizon: int = 8
) -> Array:
    """Latents (T, d) that follow observations (T, observation_dim) step by step.

    z_t is the mean of B over the next `horizon` observations (fewer at the end).
    """
    features = backward_features(bfm, observations).astype(np.float64)
    total = np.concatenate([np.zeros((1, features.shape[1])), features.cumsum(0)])
    start = np.arange(len(features))
    end = np.minimum(start + horizon, len(features))
    return project_to_sphere((total[end] - total[start]) / (end - start)[:, None])
