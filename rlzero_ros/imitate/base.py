"""What every behaviour foundation model (BFM) offers, whatever it was trained with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from torch import Tensor, nn


class BehaviorFoundationModel(nn.Module, ABC):
    """A family of policies indexed by a latent z on the sphere of radius √d.

    Observations are raw (SI units, the robot's layout); a model normalises for itself. Latents are
    (n, d), actions (n, action_dim) in [−1, 1].
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
        """B(s): (n, d), the features whose discounted sums F predicts."""

    @abstractmethod
    def act(self, observation: Tensor, z: Tensor) -> Tensor:
        """π(s, z): (n, action_dim), without exploration noise."""
