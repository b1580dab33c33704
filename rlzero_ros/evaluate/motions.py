"""`rlzero eval motions`: do sentences reach the right motion, and is nonsense refused?

Every sentence of a list (``sentence<TAB>motion``, an empty motion for one that must be refused)
goes through the storyboard's matcher. A paraphrase counts as right when it is accepted and its
motion is the listed one.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rlzero_ros.commands.output import write_json
from rlzero_ros.errors import DataError
from rlzero_ros.imagine.motions import MOTIONS
from rlzero_ros.imagine.sentences import SentenceEncoder
from rlzero_ros.imagine.understand import THRESHOLD, Match, SentenceMatcher

SENTENCES = Path(__file__).parent / "data" / "paraphrases.tsv"


@dataclass(frozen=True)
class Example:
    """A sentence and the motion that it asks for; an empty motion means none."""

    sentence: str
    motion: str


def read_sentences(path: Path) -> list[Example]:
    """Reads a list of sentences.

    Raises:
        DataError: the file cannot be read, or a line is not ``sentence<TAB>motion``.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read the sentences: {error}") from error
    examples = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        # A line without a tab is a sentence for which nothing is expected: nonsense.
        sentence, _, motion = (field.strip() for field in line.partition("\t"))
        if not sentence or (motion and motion not in MOTIONS):
            raise DataError(
                f"{path.name}:{number}: '{motion}' is no motion; use one of {', '.join(MOTIONS)}, "
                "or nothing for a sentence that must be refused"
            )
        examples.append(Example(sentence, motion))
    if not examples:
        raise DataError(f"{path.name} has no sentences")
    return examples


def score(examples: list[Example], matches: list[Match], threshold: float) -> dict[str, float]:
    """The rates of `rlzero eval motions`; without paraphrases or nonsense theirs are left out."""
    asked = [(e, m) for e, m in zip(examples, matches, strict=True) if e.motion]
    nonsense = [m for e, m in zip(examples, matches, strict=True) if not e.motion]
    result: dict[str, float] = {"threshold": threshold}
    result.update(paraphrases=len(asked), nonsense=len(nonsense))
    if asked:
        right = [m.motion == e.motion for e, m in asked]
        refused = [m.score < threshold for _, m in asked]
        reached = [r and not n for r, n in zip(right, refused, strict=True)]
        result["paraphrase_accuracy"] = float(np.mean(reached))
        result["paraphrase_accuracy_before_refusal"] = float(np.mean(right))
        result["refused_paraphrases"] = float(np.mean(refused))
    if nonsense:
        result["refused_nonsense"] = float(np.mean([m.score < threshold for m in nonsense]))
    return result


def roc(examples: list[Example], matches: list[Match]) -> np.ndarray:
    """(n, 3): threshold, refused paraphrases, refused nonsense; both kinds must be there."""
    scores = np.array([m.score for m in matches])
    asked = np.array([bool(e.motion) for e in examples])
    thresholds = np.append(np.unique(scores), np.inf)
    rates = [[t, *(np.mean(scores[s] < t) for s in (asked, ~asked))] for t in thresholds]
    return np.array(rates)


def plot_roc(curve: np.ndarray, result: dict[str, float], path: Path) -> None:
    """Draws the ROC curve and the threshold's place on it."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(4.5, 4), layout="constrained")
    axes.plot(100 * curve[:, 1], 100 * curve[:, 2])
    at = (100 * result["refused_paraphrases"], 100 * result["refused_nonsense"])
    axes.plot(*at, "o", label=f"threshold {result['threshold']:.2f}")
    axes.axvline(5, color="grey", lw=0.5)
    axes.axhline(90, color="grey", lw=0.5)
    axes.set(xlabel="paraphrases refused (%)", ylabel="nonsense refused (%)")
    axes.set(xlim=(0, 30), ylim=(50, 101))
    axes.legend(loc="lower right")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of `rlzero eval motions`."""
    parser.add_argument(
        "--sentences",
        type=Path,
        default=SENTENCES,
        help="lines of sentence<TAB>motion, an empty motion for nonsense",
    )
    parser.add_argument("--threshold", type=float, default=THRESHOLD, help="least accepted score")
    parser.add_argument("--plot", type=Path, help="PNG of the ROC curve")
    parser.add_argument("--details", action="store_true", help="print every sentence that failed")


def main(args: argparse.Namespace) -> int:
    """Prints the rates and writes them to ``args.json``."""
    examples = read_sentences(args.sentences)
    matcher = SentenceMatcher(SentenceEncoder())
    matches = matcher.match([example.sentence for example in examples])
    result = score(examples, matches, args.threshold)
    for key, value in result.items():
        print(f"{key}: {value:.3f}" if isinstance(value, float) else f"{key}: {value}")
    if args.details:
        _print_failures(examples, matches, args.threshold)
    if args.plot is not None:
        if not {"refused_paraphrases", "refused_nonsense"} <= set(result):
            raise DataError("a ROC curve needs both paraphrases and nonsense in the list")
        plot_roc(roc(examples, matches), result, args.plot)
    write_json(args.json, result)
    return 0


def _print_failures(examples: list[Example], matches: list[Match], threshold: float) -> None:
    confusions: Counter[str] = Counter()
    for example, match in zip(examples, matches, strict=True):
        taken = match.motion if match.score >= threshold else "refused"
        if taken != (example.motion or "refused"):
            print(f"  {example.sentence!r}: {taken} ({match.score:.2f})")
            confusions[f"{example.motion or 'nonsense'} taken for {taken}"] += 1
    for confusion, count in confusions.most_common(10):
        print(f"  {count} {confusion}")
