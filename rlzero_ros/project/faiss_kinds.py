"""Which faiss index holds the observations: exact while that is fast, approximate above.

* ``flat``: all vectors are compared. Exact but for rounding, since the file has 16-bit floats; in
  memory they have 32 bits, which are compared ten times as fast.
* ``sq8``: the same with a byte for each number in the file (scalar quantisation), which moves a
  cosine by 0.001: for indexes whose files have to be small.
* ``hnsw``: a graph of the vectors (Malkov and Yashunin 2018) is walked instead.
* ``ivfpq``: vectors cut into pieces of four numbers, a byte each (product quantisation, Jégou et
  al. 2011), in lists of which only the nearest are looked through: a sixteenth of the memory.

Scores are inner products, which a rotation keeps and a subtracted mean would not: vectors are
rotated at random, to a width that the pieces divide, before they are quantised.
"""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from ..errors import ProjectError

KINDS = ("flat", "sq8", "hnsw", "ivfpq")
HNSW_FROM, IVFPQ_FROM = 100_000, 500_000
"""Vectors from which on a kind is taken when none is asked for; see docs/projection.md."""
_QUANTIZERS = {"flat": faiss.ScalarQuantizer.QT_fp16, "sq8": faiss.ScalarQuantizer.QT_8bit}
_NEIGHBOURS, _BUILD_DEPTH, _SEARCH_DEPTH = 32, 100, 256
_NUMBERS_PER_CODE = 4
_VECTORS_PER_LIST = 100
_PROBED = 0.125
"""Share of the lists that a search looks through."""
_TRAINED_ON = 100_000
_RECALL_AT = 5


def kind_for(vectors: int) -> str:
    """The kind that suits a number of vectors."""
    return "ivfpq" if vectors >= IVFPQ_FROM else "hnsw" if vectors >= HNSW_FROM else "flat"


def make_faiss(vectors: NDArray[np.float32], kind: str, seed: int = 0) -> faiss.Index:
    """An index of vectors (N, d) under the inner product; ProjectError for an unknown kind."""
    d = vectors.shape[1]
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    product = faiss.METRIC_INNER_PRODUCT
    index: Any
    if kind in _QUANTIZERS:
        index = faiss.IndexScalarQuantizer(d, _QUANTIZERS[kind], product)
        index.train(vectors)
    elif kind == "hnsw":
        index = faiss.IndexHNSWFlat(d, _NEIGHBOURS, product)
        index.hnsw.efConstruction, index.hnsw.efSearch = _BUILD_DEPTH, _SEARCH_DEPTH
    elif kind == "ivfpq":
        index = _ivfpq(vectors, seed)
    else:
        raise ProjectError(f"no kind of index {kind!r}: use auto, {', '.join(KINDS)}")
    index.add(vectors)
    return ready(index)


def _ivfpq(vectors: NDArray[np.float32], seed: int) -> faiss.Index:
    n, d = vectors.shape
    pieces = -(-d // _NUMBERS_PER_CODE)
    width = pieces * _NUMBERS_PER_CODE
    lists = max(n // _VECTORS_PER_LIST, 1)
    if n < 256:
        raise ProjectError(f"ivfpq needs 256 vectors to learn its codes from, not {n}")
    rotation = faiss.RandomRotationMatrix(d, width)
    rotation.init(seed)
    quantizer = faiss.IndexFlatIP(width)
    codes = faiss.IndexIVFPQ(quantizer, width, lists, pieces, 8, faiss.METRIC_INNER_PRODUCT)
    codes.cp.seed = codes.pq.cp.seed = seed
    codes.nprobe = max(round(_PROBED * lists), min(8, lists))
    index = faiss.IndexPreTransform(rotation, codes)
    some = np.random.default_rng(seed).permutation(n)[:_TRAINED_ON]
    index.train(np.ascontiguousarray(vectors[np.sort(some)]))
    return index


def ready(index: faiss.Index) -> faiss.Index:
    """An index just made or read, able to give back its vectors."""
    if kind_of(index) == "ivfpq":
        faiss.extract_index_ivf(index).make_direct_map()
    return index


def in_memory(index: faiss.Index) -> faiss.Index:
    """What to search instead of an index: where all are compared, a copy in 32-bit floats."""
    if kind_of(index) not in _QUANTIZERS:
        return index
    fast = faiss.IndexFlatIP(index.d)
    fast.add(index.reconstruct_n(0, index.ntotal))
    return fast


def kind_of(index: faiss.Index) -> str:
    """The kind of an index; ProjectError for one that ``make_faiss`` does not make."""
    found = faiss.downcast_index(index)
    if isinstance(found, faiss.IndexPreTransform):
        found = faiss.downcast_index(found.index)
    if isinstance(found, faiss.IndexScalarQuantizer):
        kinds = {quantizer: kind for kind, quantizer in _QUANTIZERS.items()}
        kind = kinds.get(found.sq.qtype)
    else:
        names = {"IndexHNSWFlat": "hnsw", "IndexIVFPQ": "ivfpq"}
        kind = names.get(type(found).__name__)
    if kind is None:
        raise ProjectError(f"an observation index of kind {type(found).__name__} is not known")
    return kind


def recall_against_exact(
    index: faiss.Index, vectors: NDArray[np.float32], queries: NDArray[np.float32]
) -> float:
    """Share of the exact five best of queries (T, d) that the index finds in its five.

    vectors (N, d): what the index holds, unrounded.
    """
    queries = np.ascontiguousarray(queries, dtype=np.float32)
    k = min(_RECALL_AT, len(vectors))
    exact = np.argpartition(-(queries @ vectors.T), k - 1, axis=1)[:, :k]
    found = index.search(queries, k)[1]
    return float(np.mean([np.isin(a, b).mean() for a, b in zip(exact, found, strict=True)]))
