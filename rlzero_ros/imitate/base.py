"""What every behaviour foundation model (BFM) offers, whatever it was trained with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class BehaviorFoundationModel(nn.Module, ABC):
    """A family of policies indexed by a latent z on the sphere of radius √d.

    Observations are raw (SI units, the robot's layout); a model normalises for itself. Latents are
    (n, d), actions (n, action_dim) in [−1, 1].

    F and B belong together: F(s, z, a)·B(s') is how much more often π_z comes to s' than the data
    does. So E_data[r·B] is the latent of a reward r, and F·z the value of acting for z. In models
    that learn features and their successors, B is the features times their inverse covariance, and
    E_data[r·B] the least-squares solution (Touati et al. 2023, section 4).
    """

    kind: ClassVar[str]

    def __init__(self, observation_dim: int, action_dim: int, latent_dim: int) -> None:
        super().__init__()
        self.observation_dim = observation_dim
        self.action_dim = action_dim
        self.latent_dim = latent_dim

    @property
    @abstractmethod
    def hyperparameters(self) -> dict[str, Any]:
        """Arguments that build an untrained copy; they travel in the bundle."""

    @abstractmethod
    def forward_map(self, observation: Tensor, z: Tensor, action: Tensor) -> Tensor:
        """F(s, z, a), the successor features: (heads, n, d). F·z is the value of acting for z."""

    @abstractmethod
    def backward_map(self, observation: Tensor) -> Tensor:
        """B(s): (n, d), whose mean over the data, weighted by a reward, is that reward's latent."""

    @abstractmethod
    def act(self, observation: Tensor, z: Tensor) -> Tensor:
        """π(s, z): (n, action_dim), without exploration noise."""

    def actions(
        self, observations: NDArray[np.floating], latents: NDArray[np.floating]
    ) -> NDArray[np.float32]:
        """`act` from arrays to an array, without gradients.

        observations: (n, observation_dim). latents: (n, d), or (d,), one for all of them.
        """
        with torch.inference_mode():
            seen = torch.tensor(observations, dtype=torch.float32)
            z = torch.tensor(latents, dtype=torch.float32).expand(len(seen), -1)
            return self.act(seen, z).numpy()

    def goal_map(self, goal: Tensor, observation: Tensor | None = None) -> Tensor:
        """Directions (n, d) of z that reach goals (n, observation_dim) and stay there.

        observation: (n, observation_dim) where the robot is, for models whose way to a goal depends
        on it; without it, from the middle of the data.
        """
        del observation
        return self.backward_map(goal)
