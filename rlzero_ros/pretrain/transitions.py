"""Batches of transitions and of short windows from a dataset of any size.

Data that fits into the memory allowed is loaded once. Of larger data some whole shards are loaded
at a time, drawn without replacement in an order that the seed decides; each makes room for another
when as many transitions were sampled as a shard holds. So the disk is read in long stretches, as
fast as training consumes, and every shard counts as often as any other. Which shards are loaded
follows from the number of samples drawn so far alone, so that a resumed run meets the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import DataError
from .dataset import Shard


@dataclass(frozen=True)
class Batch:
    """n transitions: s, next_s (n, observation_dim), a (n, action_dim).

    rows: (n,) which ones, for `Transitions.windows_after` before the next `advance`.
    """

    s: Tensor
    a: Tensor
    next_s: Tensor
    rows: Tensor


@dataclass(frozen=True)
class _Places:
    """Where n transitions lie: row of s, of a, and of the last state of the episode."""

    state: Tensor
    action: Tensor
    end: Tensor


class Transitions:
    """Transitions of some shards, on the device where batches are made.

    memory_gb: most memory for them. seed: decides the order of shards that do not all fit.
    """

    def __init__(
        self, shards: Sequence[Shard], device: torch.device, memory_gb: float = 12.0, seed: int = 0
    ) -> None:
        self._shards, self._device, self._seed = list(shards), device, seed
        self.observation_dim = shards[0].observations.shape[-1]
        sizes = [s.observations.nbytes + s.actions.nbytes for s in shards]
        states = np.array([int(np.prod(s.observations.shape[:2])) for s in shards])
        moves = np.array([s.transitions for s in shards])
        if sum(sizes) <= memory_gb * 1e9:
            self._slots = len(shards)
            state_starts, action_starts = _starts(states), _starts(moves)
        else:
            self._slots = int(memory_gb * 1e9 // max(sizes))
            if self._slots < 1:
                raise DataError(
                    f"one shard needs {max(sizes) / 1e9:.3g} GB; allow it with --memory-gb"
                )
            state_starts = np.arange(self._slots + 1) * states.max()
            action_starts = np.arange(self._slots + 1) * moves.max()
        # Device arrays of which slot i has the rows from starts[i] on.
        self._state_starts = torch.from_numpy(state_starts[:-1]).to(device)
        self._action_starts = torch.from_numpy(action_starts[:-1]).to(device)
        self._observations = torch.empty(int(state_starts[-1]), self.observation_dim, device=device)
        self._actions = torch.empty(
            int(action_starts[-1]), shards[0].actions.shape[-1], device=device
        )
        self._steps = torch.ones(self._slots, dtype=torch.int64, device=device)
        self._counts = torch.zeros(self._slots, dtype=torch.int64, device=device)
        self._held: list[int | None] = [None] * self._slots
        self._sizes, self._size = moves, int(moves.sum())
        self.advance(0)

    def __len__(self) -> int:
        return self._size

    @property
    def all_loaded(self) -> bool:
        """Whether the whole dataset is in memory."""
        return self._slots == len(self._shards)

    def advance(self, samples: int) -> None:
        """Load what belongs to the time after this many samples; for each update, in order."""
        first = 0 if self.all_loaded else self._passed(samples)
        changed = False
        for position in range(first, first + self._slots):
            slot = position % self._slots
            if self._held[slot] != position:
                self._load(slot, self._shards[self._shard_at(position)])
                self._held[slot] = position
                changed = True
        if changed:
            self._ends = self._counts.cumsum(0)
            self._loaded = int(self._ends[-1])

    def statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation (observation_dim,) of the loaded observations."""
        total = torch.zeros(self.observation_dim, dtype=torch.float64, device=self._device)
        squares, n = torch.zeros_like(total), 0
        for slot in range(self._slots):
            start = int(self._state_starts[slot])
            episodes = int(self._counts[slot] // self._steps[slot])
            rows = episodes * (int(self._steps[slot]) + 1)
            part = self._observations[start : start + rows].double()
            total, squares, n = total + part.sum(0), squares + part.square().sum(0), n + rows
        mean = total / n
        return mean.float(), (squares / n - mean.square()).clamp_min(0).sqrt().float()

    def draw_rows(self, n: int, generator: torch.Generator) -> Tensor:
        """Rows (n,) of loaded transitions, drawn uniformly."""
        return torch.randint(self._loaded, (n,), generator=generator, device=self._device)

    def sample(self, n: int, generator: torch.Generator) -> Batch:
        """n transitions drawn uniformly from those loaded."""
        rows = self.draw_rows(n, generator)
        return self._batch(rows, self._places(rows))

    def sample_with_future(
        self, n: int, discount: float, generator: torch.Generator
    ) -> tuple[Batch, Tensor]:
        """n transitions, and a later state (n, observation_dim) of each one's episode.

        The state is s' or after it, each step further discount times as likely; the episode's last
        takes the rest.
        """
        rows = self.draw_rows(n, generator)
        places = self._places(rows)
        uniform = torch.rand(n, generator=generator, device=self._device).clamp_min(1e-12)
        later = (uniform.log() / np.log(discount)).long()
        future = torch.minimum(places.state + 1 + later, places.end)
        return self._batch(rows, places), self._observations[future]

    def windows_after(self, rows: Tensor, points: int, span: int) -> Tensor:
        """What followed rows (n,): observations (n, points, observation_dim).

        They spread evenly over at most `span` steps of the episode.
        """
        places = self._places(rows)
        start, end = places.state + 1, places.end
        length = torch.minimum(end - start, torch.full_like(end, span))
        steps = torch.linspace(0, 1, points, device=self._device)
        return self._observations[start[:, None] + (length[:, None] * steps).long()]

    def _batch(self, rows: Tensor, places: _Places) -> Batch:
        return Batch(
            self._observations[places.state],
            self._actions[places.action],
            self._observations[places.state + 1],
            rows,
        )

    def _places(self, rows: Tensor) -> _Places:
        slot = torch.searchsorted(self._ends, rows, right=True)
        inside = rows - self._ends[slot] + self._counts[slot]
        steps = self._steps[slot]
        episode = inside // steps
        # An episode has one state more than actions.
        state = self._state_starts[slot] + inside + episode
        end = state + steps - (inside - episode * steps)
        return _Places(state, self._action_starts[slot] + inside, end)

    def _load(self, slot: int, shard: Shard) -> None:
        for source, target, starts in (
            (shard.observations, self._observations, self._state_starts),
            (shard.actions, self._actions, self._action_starts),
        ):
            rows = np.array(source, dtype=np.float32).reshape(-1, source.shape[-1])
            if not np.all(np.isfinite(rows)):
                raise DataError(
                    f"shard {shard.name} holds NaN or infinity; delete it and collect again"
                )
            start = int(starts[slot])
            target[start : start + len(rows)] = torch.from_numpy(rows)
        self._steps[slot], self._counts[slot] = shard.actions.shape[1], shard.transitions

    def _passed(self, samples: int) -> int:
        """How many shards have been replaced after so many samples."""
        epoch, rest = divmod(samples, self._size)
        ends = np.cumsum(self._sizes[self._order(epoch)])
        return epoch * len(self._shards) + int(np.searchsorted(ends, rest, side="right"))

    def _shard_at(self, position: int) -> int:
        """Which shard is the position-th to be loaded."""
        epoch, place = divmod(position, len(self._shards))
        return place if self.all_loaded else int(self._order(epoch)[place])

    def _order(self, epoch: int) -> NDArray[np.int64]:
        return np.random.default_rng((self._seed, epoch)).permutation(len(self._shards))


def _starts(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each of some blocks begins, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(sizes)])
