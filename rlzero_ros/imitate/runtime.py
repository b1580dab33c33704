"""The policy as a control loop runs it: one observation, one latent, one action."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from .base import BehaviorFoundationModel


class PolicyRuntime:
    """π(s, z) for one robot on one CPU thread, warmed up so that the first tick is not slow.

    For one thread at a time.
    """

    def __init__(self, bfm: BehaviorFoundationModel) -> None:
        torch.set_num_threads(1)
        self._bfm = bfm
        self.observation_dim, self.latent_dim = bfm.observation_dim, bfm.latent_dim
        # Inputs always lie in the same memory, aligned as torch aligns: how a vector instruction
        # adds up, and so the last bits, may depend on where an array begins.
        self._observation = torch.empty((1, self.observation_dim), dtype=torch.float32)
        self._z = torch.empty((1, self.latent_dim), dtype=torch.float32)
        for _ in range(20):
            self.act(np.zeros(self.observation_dim), np.ones(self.latent_dim))

    def act(
        self, observation: NDArray[np.floating], z: NDArray[np.floating]
    ) -> NDArray[np.float32]:
        """The action (action_dim,) in [−1, 1] for observation (observation_dim,) and z (d,)."""
        with torch.inference_mode():
            self._observation[0] = torch.from_numpy(np.array(observation, dtype=np.float32))
            self._z[0] = torch.from_numpy(np.array(z, dtype=np.float32))
            return self._bfm.act(self._observation, self._z)[0].numpy()
