"""The policy as a control loop runs it: one observation, one latent, one action."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from .base import BehaviorFoundationModel


class PolicyRuntime:
    """π(s, z) for one robot on one CPU thread, warmed up so that the first tick is not slow."""

    def __init__(self, bfm: BehaviorFoundationModel) -> None:
        torch.set_num_threads(1)
        self._bfm = bfm
        self.observation_dim, self.latent_dim = bfm.observation_dim, bfm.latent_dim
        for _ in range(20):
            self.act(np.zeros(self.observation_dim), np.ones(self.latent_dim))

    def act(
        self, observation: NDArray[np.floating], z: NDArray[np.floating]
    ) -> NDArray[np.float32]:
        """The action (action_dim,) in [−1, 1] for observation (observation_dim,) and z (d,)."""
        with torch.inference_mode():
            s = torch.from_numpy(np.asarray(observation, dtype=np.float32)[None])
            latent = torch.from_numpy(np.asarray(z, dtype=np.float32)[None])
            return self._bfm.act(s, latent)[0].numpy()
