"""`rlzero eval imagination`: do clips show what was said?

Every sentence of two lists goes to each imaginer, and a judge that sees only the clip says which
motion it shows: paraphrases of the storyboard's motions (and nonsense, which must be refused), and
sentences in which legs and arms do different things. Compositions that no model was trained on are
counted apart. The storyboard's motions are drawn in the plain style here, as the trained model
draws, so that the judge sees no other difference. `ceiling` is the judge's own accuracy on fresh
drawings of the right motions.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..commands.bounds import whole_number
from ..commands.output import write_json
from ..errors import CommandError, DataError, ErrorCode
from ..imagine.base import Imaginer
from ..imagine.clip import Clip
from ..imagine.composed_captions import COMPOSED, HELD_OUT
from ..imagine.motions import MOTIONS
from ..imagine.registry import load_imaginer
from ..imagine.storyboard import Storyboard
from ..project.embedder import DEFAULT_EMBEDDER, load_embedder
from .clip_judge import FPS, ClipJudge, PictureFeatures, draw_reference
from .motions import SENTENCES, Example, read_sentences
from .strip import png, projection_strip, spread

COMPOSITIONS = Path(__file__).parent / "data" / "compositions.tsv"
Shown = list[tuple[Example, str]]
"""What each sentence asked for and what was shown; empty where it was refused."""


class PlainStoryboard(Storyboard):
    """The storyboard, drawing in the plain style."""

    def imagine(self, command: str, *, seed: int = 0, **_: Any) -> Clip:
        """See ``Imaginer.imagine``."""
        motion = self.choose(command)
        row = tuple(MOTIONS).index(motion)
        return Clip(draw_reference(motion, (seed, 8, row)), FPS, command, f"storyboard:{motion}")


@dataclass(frozen=True)
class Judges:
    """One for plain motions, by the pose embedder; one for composed ones, by pictures."""

    plain: ClipJudge
    composed: ClipJudge


def read_compositions(path: Path) -> list[Example]:
    """Lines of ``sentence<TAB>lower+gesture``.

    Raises:
        DataError: the file cannot be read, or a line is not like that.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read the compositions: {error}") from error
    examples = []
    for number, line in enumerate(lines, 1):
        sentence, _, motion = (field.strip() for field in line.partition("\t"))
        if motion not in COMPOSED or not sentence:
            raise DataError(
                f"{path.name}:{number}: a line is 'sentence<TAB>lower+gesture', not {line!r}"
            )
        examples.append(Example(sentence, motion))
    if not examples:
        raise DataError(f"{path.name} has no sentences")
    return examples


def show(
    imaginer: Imaginer, examples: Sequence[Example], judge: ClipJudge, clips: int, title: str
) -> tuple[Shown, list[NDArray[np.uint8]]]:
    """What ``clips`` clips of each sentence show, and the first clip of each that there is."""
    shown: Shown = []
    films = []
    for number, example in enumerate(tqdm(examples, desc=title, unit="sentence")):
        for k in range(clips):
            try:
                clip = imaginer.imagine(example.sentence, seed=1000 * k + number)
            except CommandError as error:
                if error.code != ErrorCode.COMMAND_NOT_UNDERSTOOD:
                    raise
                shown.append((example, ""))
                continue
            shown.append((example, judge.judge(clip.frames)))
            if k == 0:
                films.append(clip.frames)
    return shown, films


def rate(shown: Shown, right: Callable[[str, str], bool] = str.__eq__) -> float:
    """The share of those that show what was asked for."""
    return float(np.mean([bool(what) and right(e.motion, what) for e, what in shown]))


def composed_rates(shown: Shown) -> dict[str, float]:
    """Accuracy of legs, of arms and of both, on combinations held out of training and on others."""

    def part(k: int) -> Callable[[str, str], bool]:
        return lambda asked, what: asked.split("+")[k] == what.split("+")[k]

    result = {}
    for name, kept in (("held_out", True), ("trained", False)):
        some = [(e, what) for e, what in shown if (e.motion in HELD_OUT) is kept]
        if some:
            result[f"{name}_sentences"] = float(len(some))
            result[name] = rate(some)
            result[f"{name}_legs"], result[f"{name}_arms"] = (
                rate(some, part(0)),
                rate(some, part(1)),
            )
    return result


def seconds_per_clip(imaginer: Imaginer, threads: int, clips: int = 5) -> float:
    """The median wall time of a clip with so many torch threads."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        imaginer.imagine("walk forward")
        times = []
        for seed in range(clips):
            started = time.perf_counter()
            imaginer.imagine("walk forward", seed=seed)
            times.append(time.perf_counter() - started)
    finally:
        torch.set_num_threads(before)
    return float(np.median(times))


def evaluate(
    imaginer: Imaginer,
    paraphrases: Sequence[Example],
    compositions: Sequence[Example],
    judges: Judges,
    clips: int,
    folder: Path | None = None,
) -> dict[str, Any]:
    """The rates of one imaginer; ``folder`` gets a picture of each composition."""
    asked = [e for e in paraphrases if e.motion]
    nonsense = [e for e in paraphrases if not e.motion]
    shown, _ = show(imaginer, asked, judges.plain, clips, f"{imaginer.name}: motions")
    refused, _ = show(imaginer, nonsense, judges.plain, 1, f"{imaginer.name}: nonsense")
    both, films = show(
        imaginer, compositions, judges.composed, clips, f"{imaginer.name}: compositions"
    )
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for number, film in enumerate(films):
            frames = [film[k] for k in spread(len(film))]
            half = len(frames) // 2
            strip = png(projection_strip(frames[:half], frames[half : 2 * half]))
            (folder / f"{imaginer.name}-{number:03d}.png").write_bytes(strip)
    wrong = [(e.sentence, e.motion, what) for e, what in [*shown, *both] if what != e.motion]
    return {
        "paraphrase_accuracy": rate(shown),
        "refused_paraphrases": float(np.mean([not what for _, what in shown])),
        "refused_nonsense": float(np.mean([not what for _, what in refused])),
        "compositions": {
            **composed_rates(both),
            "refused": float(np.mean([not what for _, what in both])),
        },
        "seconds": {"1": seconds_per_clip(imaginer, 1), "2": seconds_per_clip(imaginer, 2)},
        "wrong": wrong,
    }


def ceilings(examples: Sequence[Example], judge: ClipJudge) -> float:
    """The judge's accuracy on two fresh drawings of each motion that the sentences ask for."""
    names = 2 * sorted({e.motion for e in examples if e.motion})
    drawn = (draw_reference(name, (k, 9)) for k, name in enumerate(names))
    return float(np.mean([judge.judge(d) == n for d, n in zip(drawn, names, strict=True)]))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of `rlzero eval imagination`."""
    parser.add_argument(
        "--imaginers", default="storyboard,figure_video", help="names, commas (%(default)s)"
    )
    parser.add_argument("--model", help="folder of the figure_video imaginer's model")
    parser.add_argument("--guidance", type=float, help="of the figure_video imaginer")
    parser.add_argument("--steps", type=whole_number(), help="of the figure_video imaginer")
    parser.add_argument("--sentences", type=Path, default=SENTENCES, help="as of eval motions")
    parser.add_argument(
        "--compositions",
        type=Path,
        default=COMPOSITIONS,
        help="lines of sentence<TAB>lower+gesture",
    )
    parser.add_argument("--clips", type=whole_number(), default=1, help="of each sentence")
    parser.add_argument(
        "--performances", type=whole_number(), default=12, help="references of each motion"
    )
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="examples to look at")
    parser.add_argument("--details", action="store_true", help="print every clip that was wrong")


def main(args: argparse.Namespace) -> int:
    """Prints the rates and writes them to ``args.json``."""
    import torch

    torch.set_num_threads(1)
    paraphrases, compositions = read_sentences(args.sentences), read_compositions(args.compositions)
    judges = Judges(
        ClipJudge(load_embedder(DEFAULT_EMBEDDER), tuple(MOTIONS), args.performances),
        ClipJudge(PictureFeatures(), COMPOSED, args.performances),
    )
    result: dict[str, Any] = {
        "ceiling": {
            "paraphrases": ceilings(paraphrases, judges.plain),
            "compositions": ceilings(compositions, judges.composed),
        }
    }
    given = {"model": args.model, "guidance": args.guidance, "steps": args.steps}
    for name in args.imaginers.split(","):
        options = {k: v for k, v in given.items() if v is not None and name == "figure_video"}
        plain = name == "storyboard"
        imaginer = PlainStoryboard() if plain else load_imaginer(name, **options)
        rates = evaluate(imaginer, paraphrases, compositions, judges, args.clips, args.pictures)
        wrong = rates.pop("wrong")
        if args.details:
            for sentence, asked, what in wrong:
                print(f"  {name}: {sentence!r} ({asked}): {what or 'refused'}")
        result[name] = rates
    print_rates(result)
    write_json(args.json, result)
    return 0


def print_rates(result: dict[str, Any], indent: str = "") -> None:
    """One line for each number."""
    for key, value in result.items():
        if isinstance(value, dict):
            print(f"{indent}{key}:")
            print_rates(value, indent + "  ")
        else:
            print(f"{indent}{key}: {value:.3f}")
