"""Reads an approximate faiss file where it can do no harm, before anybody trusts it.

    python -m rlzero_ros.project.faiss_trial index.faiss

faiss believes what a file says, and graphs and lists have too many sizes to check from outside. So
a process of its own, with bounded memory, reads it, looks at every number that leads somewhere,
and searches it; if that process dies, only that process dies.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from ..errors import BundleError

_MEMORY_BYTES, _MEMORY_PER_BYTE = 4 << 30, 4
_SECONDS = 60.0


def try_faiss_file(path: Path) -> None:
    """BundleError unless a process of its own can read and search the file."""
    command = [sys.executable, "-m", __name__, str(path)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BundleError(f"{path} cannot be read in {_SECONDS:.0f} s: make it again") from error
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise BundleError(f"{path} is damaged ({reason}): make the index again")


def _inspect(path: Path) -> None:
    limit = _MEMORY_BYTES + _MEMORY_PER_BYTE * path.stat().st_size
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    # Heavy, and only this process needs them.
    import faiss
    import numpy as np

    from .faiss_kinds import kind_of, ready

    index = faiss.read_index(str(path))
    kind = kind_of(index)
    if index.metric_type != faiss.METRIC_INNER_PRODUCT or not index.is_trained or index.ntotal < 1:
        raise ValueError("not a trained index of inner products")
    if kind == "hnsw":
        found: Any = faiss.downcast_index(index)
        graph = found.hnsw
        neighbors = faiss.vector_to_array(graph.neighbors)
        links = [int(neighbors.max(initial=-1)), int(graph.entry_point)]
        if neighbors.min(initial=0) < -1 or max(links) >= index.ntotal or min(links[1:]) < 0:
            raise ValueError("its graph leads out of the file")
        levels, offsets = faiss.vector_to_array(graph.levels), faiss.vector_to_array(graph.offsets)
        if len(levels) != index.ntotal or offsets[-1] != len(neighbors) or levels.min() < 1:
            raise ValueError("its graph does not fit its vectors")
        if (np.diff(offsets.astype(np.int64)) < 0).any():
            raise ValueError("its graph does not fit its vectors")
    if kind == "ivfpq":
        lists: Any = faiss.extract_index_ivf(index).invlists
        for number in range(lists.nlist):
            size = lists.list_size(number)
            ids = faiss.rev_swig_ptr(lists.get_ids(number), size) if size else np.zeros(1)
            if ids.min() < 0 or ids.max() >= index.ntotal:
                raise ValueError("its lists name vectors that it does not have")
    ready(index)
    some = index.reconstruct_n(0, min(index.ntotal, 8))
    index.search(np.ascontiguousarray(some), min(5, index.ntotal))


if __name__ == "__main__":
    _inspect(Path(sys.argv[1]))
