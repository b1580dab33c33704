"""Forward-backward representations (Touati and Ollivier 2021; Touati et al. 2023)."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from .actor_critic import ActorCriticModel, state_network


class ForwardBackward(ActorCriticModel):
    """F(s, z, a)·B(s') approximates the successor measure of π_z with respect to the data.

    hidden: width of F and the actor. backward_hidden: width of B. heads: copies of F.
    """

    kind = "forward_backward"

    def __init__(
        self,
        observation_dim: int,
        action_dim: int,
        latent_dim: int = 50,
        hidden: int = 256,
        backward_hidden: int = 256,
        heads: int = 2,
    ) -> None:
        super().__init__(observation_dim, action_dim, latent_dim, hidden, heads)
        self._backward_hidden = backward_hidden
        self.add_forward()
        self.backward_network = state_network(observation_dim, backward_hidden, latent_dim)
        self.add_actor()

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """See `BehaviorFoundationModel.hyperparameters`."""
        return {
            "observation_dim": self.observation_dim,
            "action_dim": self.action_dim,
            "latent_dim": self.latent_dim,
            "hidden": self.hidden,
            "backward_hidden": self._backward_hidden,
            "heads": self.heads,
        }

    def backward_map(self, observation: Tensor) -> Tensor:
        """See `BehaviorFoundationModel.backward_map`; rows have norm √d."""
        b = self.backward_network(self.normalizer(observation)).float()
        return self.latent_dim**0.5 * nn.functional.normalize(b, dim=-1)
