"""Which states an index lacks most."""

import numpy as np

from rlzero_ros.pretrain.cover import farthest

RNG = np.random.default_rng(0)


def test_every_one_is_the_farthest_from_all_before_it() -> None:
    known = RNG.normal(size=(1300, 3)).astype(np.float32)
    some = RNG.normal(scale=2.0, size=(400, 3)).astype(np.float32)
    rows = farthest(known, some, 30)
    assert len(set(rows.tolist())) == 30
    for n, row in enumerate(rows):
        before = np.concatenate([known, some[rows[:n]]])
        apart = np.linalg.norm(some[:, None] - before[None], axis=-1).min(1)
        assert apart[row] >= apart.max() - 1e-4


def test_they_cover_better_than_as_many_at_random() -> None:
    some = np.concatenate([RNG.normal(size=(3000, 4)), 6.0 + RNG.normal(size=(30, 4))])
    some = some.astype(np.float32)

    def radius(rows: np.ndarray) -> float:
        return float(np.linalg.norm(some[:, None] - some[None, rows], axis=-1).min(1).max())

    rows = farthest(some[:1], some, 60)
    assert radius(rows) < 0.6 * radius(RNG.permutation(len(some))[:60])


def test_what_is_known_is_not_taken() -> None:
    known = 50.0 + RNG.normal(size=(40, 5)).astype(np.float32)
    assert len(farthest(known, known[::-1].copy(), 40)) == 0
    more = np.concatenate([known, known[:1] + 1.0, known[:1] + 1.0])
    assert farthest(known, more, 10).tolist() == [40]
    assert len(farthest(known, known[:0], 3)) == 0
    assert len(farthest(known[:0], known, 3)) == 3
