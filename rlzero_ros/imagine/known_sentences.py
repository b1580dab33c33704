"""The captions' embeddings, made once: all of them take seconds, which every start would wait for.

    python -m rlzero_ros.imagine.known_sentences

writes the file anew; a test fails while it lacks a caption. A sentence that is not in it, or all of
them with another encoder, are embedded as any other.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from rlzero_ros.errors import ErrorCode, ImagineError
from rlzero_ros.imagine.captions import CAPTIONS
from rlzero_ros.imagine.impossible import IMPOSSIBLE
from rlzero_ros.imagine.sentences import SentenceEncoder

FILE = Path(__file__).parent / "data" / "sentences.safetensors"


def embed_known(
    encoder: SentenceEncoder, sentences: Sequence[str], file: Path = FILE
) -> dict[str, NDArray[np.float32]]:
    """The unit embedding (dim,) of each sentence: read where the file has it, made where not.

    Raises:
        ImagineError: the file is not readable.
    """
    known = read(file, encoder.weights)
    if new := [sentence for sentence in dict.fromkeys(sentences) if sentence not in known]:
        known.update(zip(new, encoder.encode(new), strict=True))
    return {sentence: known[sentence] for sentence in sentences}


def read(file: Path, weights: str) -> dict[str, NDArray[np.float32]]:
    """What the file holds for an encoder with these weights; nothing for another one's."""
    try:
        with safe_open(file, framework="np") as content:
            meta = content.metadata()
            rows = content.get_tensor("embeddings").astype(np.float32)
            sentences = json.loads(meta["sentences"])
            made_by = meta["weights"]
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise ImagineError(
            f"{file} cannot be read: {error}; install rlzero_ros again",
            ErrorCode.IMAGINE_FAILED,
        ) from error
    if made_by != weights:
        return {}
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)  # kept with half precision
    return dict(zip(sentences, rows, strict=True))


def write(file: Path, encoder: SentenceEncoder, sentences: Sequence[str]) -> None:
    """Embeds the sentences and writes the file."""
    several = list(dict.fromkeys(sentences))
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file(
        {"embeddings": encoder.encode(several).astype(np.float16)},
        file,
        metadata={"weights": encoder.weights, "sentences": json.dumps(several)},
    )


def captions() -> list[str]:
    """All sentences that stand for a motion, and those that stand for none."""
    return [sentence for group in (*CAPTIONS.values(), IMPOSSIBLE) for sentence in group]


if __name__ == "__main__":
    write(FILE, SentenceEncoder(), captions())
    print(f"wrote {FILE}: {len(set(captions()))} sentences")
    sys.exit(0)
