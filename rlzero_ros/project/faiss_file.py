"""Looking at a faiss file before faiss does: its reader believes whatever the file says.

Of faiss's many formats only those that `faiss_kinds` writes are let through. Of scalar quantisers,
to 16-bit floats or to bytes, every size follows from two numbers and the file's length; the other
kinds are first read by a process of their own (`faiss_trial`).
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from ..errors import BundleError
from .faiss_trial import try_faiss_file

_APPROXIMATE = (b"IHNf", b"IxPT")
_FOURCC, _INNER_PRODUCT = b"IxSQ", 0
_QT_8BIT, _QT_FP16 = 0, 4
# faiss/impl/index_write.cpp, write_index_header and write_ScalarQuantizer: fourcc, d, ntotal, two
# unused numbers, trained, metric, quantiser type, range statistic and its argument, d, bytes of a
# code, number of trained values; these; bytes of all codes.
_HEADER = struct.Struct("<4siqqqBiiifQQQ")
_COUNT = struct.Struct("<Q")


def check_faiss_file(path: Path) -> None:
    """BundleError if the file is not an index of a known kind, or its sizes do not agree."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEADER.size)
        if len(head) == _HEADER.size and head[:4] in _APPROXIMATE:
            try_faiss_file(path)
            return
        if len(head) < _HEADER.size or head[:4] != _FOURCC:
            raise BundleError(f"{path} is not a faiss index of observations: make the index again")
        _, d, n, _, _, trained, metric, kind, _, _, inner_d, code, values = _HEADER.unpack(head)
        # A range for each number of a vector, of what a byte may be; a float needs none.
        wanted = {_QT_8BIT: (d, 2 * d), _QT_FP16: (2 * d, 0)}.get(kind)
        agree = (trained, metric, inner_d) == (1, _INNER_PRODUCT, d) and d > 0 and n > 0
        agree = agree and (code, values) == wanted
        agree = agree and size == _HEADER.size + 4 * values + _COUNT.size + code * n
        if agree:
            ranges = np.frombuffer(file.read(4 * values), np.float32)
            (codes,) = _COUNT.unpack(file.read(_COUNT.size))
            agree = codes == code * n and bool(np.isfinite(ranges).all())
    if not agree:
        raise BundleError(f"{path} is damaged: its sizes do not agree; make the index again")
