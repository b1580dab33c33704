"""`rlzero eval captions`: do pictures and sentences find each other in the embedder's space?

Every motion of a kind of figure is drawn in held-out styles, and every sentence is a paraphrase
that no caption contains. ``clip_accuracy``: of one random sentence for each of the motions, the
one nearest to a clip's mean is its own; ``frame_accuracy``: the same for single frames;
``sentence_accuracy``: of one random clip of each motion, the one nearest to a sentence is its own.
``match_auc``: a clip and its sentence score higher than the clip and another motion's.
``score_of_95``: 95 % of the clips score at least that with their sentence; ``others_below`` is the
share of other motions' sentences that do not (a `min_text_score` and what it refuses).
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from ..commands.bounds import SEEDS, whole_number
from ..commands.output import write_json
from ..errors import DataError
from ..imagine.figure import KINDS
from ..imagine.figure_captions import captions_of
from ..pretrain.train_text_head import draw_clips
from ..project.embedder import DEFAULT_EMBEDDER, OpenClipEmbedder, load_embedder
from .motions import SENTENCES, read_sentences

_DRAWS = 200
_SEED_OFFSET = 10_000


def paraphrases(figure: str) -> dict[str, list[str]]:
    """Sentences by motion of a kind of figure; DataError if a motion has none."""
    found: dict[str, list[str]] = defaultdict(list)
    for example in read_sentences(SENTENCES):
        found[example.motion].append(example.sentence)
    motions, _ = captions_of(figure)
    if missing := [motion for motion in motions if motion not in found]:
        raise DataError(f"no paraphrases of {', '.join(missing)}")
    return {motion: found[motion] for motion in motions}


def evaluate(
    embedder: OpenClipEmbedder, clips_each: int, seed: int, figure: str = "human"
) -> dict[str, float]:
    """The scores; see the module."""
    sentences = paraphrases(figure)
    frames = draw_clips(embedder, list(sentences), clips_each, seed + _SEED_OFFSET, "heldout")
    clips = frames.mean(2)
    clips /= np.linalg.norm(clips, axis=-1, keepdims=True)
    texts = [embedder.embed_text(group) for group in sentences.values()]
    rng = np.random.default_rng(seed)
    motions = np.arange(len(texts))
    hits: dict[str, list[float]] = defaultdict(list)
    pairs, others = [], []
    for _ in range(_DRAWS):
        chosen = np.stack([group[rng.integers(len(group))] for group in texts])
        which = rng.integers(clips_each, size=len(motions))
        shown = clips[motions, which]
        single = frames[motions, which, rng.integers(frames.shape[2], size=len(motions))]
        scores = shown @ chosen.T
        hits["clip_accuracy"].append(_right(scores))
        hits["sentence_accuracy"].append(_right(scores.T))
        hits["frame_accuracy"].append(_right(single @ chosen.T))
        pairs.append(np.diag(scores))
        others.append(scores[~np.eye(len(motions), dtype=bool)])
    result = {key: float(np.mean(values)) for key, values in hits.items()}
    together, apart = np.concatenate(pairs), np.concatenate(others)
    result["match_auc"] = _area(together, apart)
    result["score_of_95"] = float(np.percentile(together, 5))
    result["others_below"] = float((apart < result["score_of_95"]).mean())
    return {**result, "motions": len(motions), "chance": 1 / len(motions)}


def _right(scores: NDArray[np.float32]) -> float:
    return float((scores.argmax(1) == np.arange(len(scores))).mean())


def _area(high: NDArray[np.float32], low: NDArray[np.float32]) -> float:
    """How often a number of ``high`` exceeds one of ``low``: the area under the ROC curve."""
    return float(np.searchsorted(np.sort(low), high).mean() / len(low))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of `rlzero eval captions`."""
    parser.add_argument(
        "--embedder", default=DEFAULT_EMBEDDER, help="folder, name or open_clip model"
    )
    parser.add_argument(
        "--figure", choices=sorted(KINDS), default="human", help="whose motions are drawn"
    )
    parser.add_argument("--clips", type=whole_number(), default=10, help="clips of each motion")
    parser.add_argument("--seed", type=whole_number(0, SEEDS), default=0)


def main(args: argparse.Namespace) -> int:
    """Prints the scores and writes them to ``args.json``."""
    embedder = load_embedder(args.embedder)
    result = evaluate(embedder, args.clips, args.seed, args.figure)
    print("  ".join(f"{key} {value:.3g}" for key, value in result.items()))
    write_json(args.json, {"embedder": embedder.id, **result})
    return 0
