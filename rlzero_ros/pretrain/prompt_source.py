"""Where prompts come from when a model is to do what a robot has done: a dataset or a bundle."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from ..imitate.actor_critic import ActorCriticModel
from .prompt_latents import squared_distances
from .transitions import Transitions


class PromptSource(Protocol):
    """States and stretches of states that a robot has been in."""

    def states(self, n: int, generator: torch.Generator) -> Tensor:
        """n observations (n, observation_dim)."""
        ...

    def windows(self, n: int, points: int, span: int, generator: torch.Generator) -> Tensor:
        """Observations (n, points, observation_dim) that belong together.

        span: control steps that they spread over at most, where their times are known.
        """
        ...


class DataPrompts:
    """Prompts from the episodes of a dataset."""

    def __init__(self, data: Transitions) -> None:
        self._data = data

    def states(self, n: int, generator: torch.Generator) -> Tensor:
        """See `PromptSource.states`."""
        return self._data.sample(n, generator).s

    def windows(self, n: int, points: int, span: int, generator: torch.Generator) -> Tensor:
        """See `PromptSource.windows`: what followed a state."""
        return self._data.windows_after(self._data.draw_rows(n, generator), points, span)


class ObservationPrompts:
    """Prompts from single observations, as a bundle keeps them: states and those most like them."""

    def __init__(self, observations: Tensor, model: ActorCriticModel) -> None:
        """observations: (N, observation_dim). model: in the scale of its inputs they are alike."""
        self._observations = observations
        self._scaled = model.normalizer(observations)

    def states(self, n: int, generator: torch.Generator) -> Tensor:
        """See `PromptSource.states`."""
        return self._observations[self._rows(n, generator)]

    def windows(self, n: int, points: int, span: int, generator: torch.Generator) -> Tensor:
        """See `PromptSource.windows`: a state and the ``points`` − 1 nearest to it."""
        shown = self._scaled[self._rows(n, generator)]
        distances = squared_distances(shown[:, None], self._scaled)[:, 0]
        nearest = distances.topk(min(points, len(self._scaled)), largest=False).indices
        return self._observations[nearest]

    def _rows(self, n: int, generator: torch.Generator) -> Tensor:
        return torch.randint(len(self._observations), (n,), generator=generator)
