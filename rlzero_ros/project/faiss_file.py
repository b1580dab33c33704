"""Looking at a faiss file before faiss does: its reader believes whatever the file says.

Of faiss's many formats only the one that `ObservationIndex.build` writes is let through: a scalar
quantiser to 16-bit floats, every size of which follows from two numbers and the file's length.
"""

from __future__ import annotations

import struct
from pathlib import Path

from ..errors import BundleError

_FOURCC, _QT_FP16, _INNER_PRODUCT = b"IxSQ", 4, 0
# faiss/impl/index_write.cpp, write_index_header and write_ScalarQuantizer: fourcc, d, ntotal, two
# unused numbers, trained, metric, quantiser type, range statistic and its argument, d, bytes of a
# code, trained values, bytes of all codes.
_HEADER = struct.Struct("<4siqqqBiiifQQQQ")


def check_faiss_file(path: Path) -> tuple[int, int]:
    """Return the vectors in the file and their size; BundleError if it is anything else."""
    with path.open("rb") as file:
        head = file.read(_HEADER.size)
    if len(head) < _HEADER.size or head[:4] != _FOURCC:
        raise BundleError(f"{path} is not a faiss index of 16-bit floats: make the index again")
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
    return n, d
