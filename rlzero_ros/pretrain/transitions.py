"""Batches of transitions and of short windows from a dataset, in memory on the training device."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..errors import DataError
from .dataset import Shard


@dataclass(frozen=True)
class Batch:
    """n transitions: s, next_s (n, observation_dim), a (n, action_dim)."""

    s: Tensor
    a: Tensor
    next_s: Tensor


class Transitions:
    """Every transition of some shards, with the observations held once.

    device: where batches are made. memory_gb: refuses to load more than this.
    """

    def __init__(self, shards: list[Shard], device: torch.device, memory_gb: float = 12.0) -> None:
        size = sum(s.observations.nbytes + s.actions.nbytes for s in shards) / 1e9
        if size > memory_gb:
            raise DataError(f"the data needs {size:.1f} GB; allow it with --memory-gb or use less")
        observations, actions, starts, ends, offset = [], [], [], [], 0
        for shard in shards:
            episodes, steps = shard.actions.shape[:2]
            observations.append(shard.observations.reshape(-1, shard.observations.shape[-1]))
            actions.append(shard.actions.reshape(-1, shard.actions.shape[-1]))
            first = offset + np.arange(episodes) * (steps + 1)
            starts.append((first[:, None] + np.arange(steps)).ravel())
            ends.append(np.repeat(first + steps, steps))
            offset += episodes * (steps + 1)
        everything = np.concatenate(observations)
        if not (np.all(np.isfinite(everything)) and all(np.all(np.isfinite(a)) for a in actions)):
            raise DataError("the dataset holds NaN or infinity; delete the shard and collect again")
        self.observations = torch.from_numpy(everything).to(device)
        self._actions = torch.from_numpy(np.concatenate(actions)).to(device)
        self._starts = torch.from_numpy(np.concatenate(starts)).to(device)
        self._ends = torch.from_numpy(np.concatenate(ends)).to(device)
        self._device = device

    def __len__(self) -> int:
        return len(self._starts)

    def sample(self, n: int, generator: torch.Generator) -> Batch:
        """n transitions drawn uniformly."""
        rows = self._rows(n, generator)
        here = self._starts[rows]
        return Batch(self.observations[here], self._actions[rows], self.observations[here + 1])

    def sample_windows(self, n: int, points: int, span: int, generator: torch.Generator) -> Tensor:
        """Observations (n, points, observation_dim) spread evenly over at most `span` steps."""
        rows = self._rows(n, generator)
        start, end = self._starts[rows] + 1, self._ends[rows]
        length = torch.minimum(end - start, torch.full_like(end, span))
        steps = torch.linspace(0, 1, points, device=self._device)
        return self.observations[start[:, None] + (length[:, None] * steps).long()]

    def _rows(self, n: int, generator: torch.Generator) -> Tensor:
        return torch.randint(len(self), (n,), generator=generator, device=self._device)
