"""Looking at a faiss file before faiss does: its reader believes whatever the file says.

Of faiss's many formats only those that `faiss_kinds` writes are let through. Of the exact kind, a
scalar quantiser to 16-bit floats, every size follows from two numbers and the file's length; the
approximate kinds are first read by a process of their own (`faiss_trial`).
"""

from __future__ import annotations

import struct
from pathlib import Path

from ..errors import BundleError
from .faiss_trial import try_faiss_file

_APPROXIMATE = (b"IHNf", b"IxPT")
_FOURCC, _QT_FP16, _INNER_PRODUCT = b"IxSQ", 4, 0
# faiss/impl/index_write.cpp, write_index_header and write_ScalarQuantizer: fourcc, d, ntotal, two
# unused numbers, trained, metric, quantiser type, range statistic and its argument, d, bytes of a
# code, trained values, bytes of all codes.
_HEADER = struct.Struct("<4siqqqBiiifQQQQ")


def check_faiss_file(path: Path) -> None:
    """BundleError if the file is not an index of a known kind, or its sizes do not agree."""
    with path.open("rb") as file:
        head = file.read(_HEADER.size)
    if len(head) == _HEADER.size and head[:4] in _APPROXIMATE:
        try_faiss_file(path)
        return
    if len(head) < _HEADER.size or head[:4] != _FOURCC:
        raise BundleError(f"{path} is not a faiss index of observations: make the index again")
    _, d, n, _, _, trained, metric, kind, _, _, inner_d, code, values, codes = _HEADER.unpack(head)
    agree = (
        (trained, metric, kind) == (1, _INNER_PRODUCT, _QT_FP16)
        and d > 0
        and n > 0
        and (inner_d, code, values, codes) == (d, 2 * d, 0, 2 * d * n)
        and path.stat().st_size == _HEADER.size + codes
    )
    if not agree:
        raise BundleError(f"{path} is damaged: its sizes do not agree; make the index again")
