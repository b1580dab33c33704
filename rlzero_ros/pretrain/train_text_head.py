"""Puts sentences where pictures of what they describe lie, for a tower that knows only poses.

    python -m rlzero_ros.pretrain.train_text_head --model models/pose-96
    python -m rlzero_ros.pretrain.train_text_head --model models/pose-96-four --figure four_legged

Motions of the storyboard are drawn in the training styles and embedded by the tower, which stays
as it is; captions go through the sentence encoder; the head between them learns to find a
motion's captions from its pictures and the other way round (InfoNCE with several positives).
Sentences that ask for none of the motions belong to no picture. A minute on one core.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from ..errors import ProjectError, RlzeroError
from ..imagine.figure import KINDS
from ..imagine.figure_captions import captions_of
from ..imagine.sentences import SentenceEncoder
from ..imagine.storyboard import draw_motion
from ..project.embedder import CARD_FILE, FrameEmbedder, load_embedder
from ..project.text_head import TEXT_HEAD_FILE, TextHead

FRAMES, FPS = 12, 5.0


@dataclass(frozen=True)
class TextHeadTraining:
    """Everything that decides the result besides the tower.

    figure: kind of figure whose motions and captions it learns. performances: clips drawn of each
    motion, each in a style of its own. batch: pictures a step,
    half of them single frames and half means over a whole clip. scale: inverse temperature.
    """

    figure: str = "human"
    performances: int = 24
    steps: int = 400
    batch: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    hidden: int = 256
    scale: float = 12.0
    dropout: float = 0.3
    seed: int = 0


def draw_clips(
    embedder: FrameEmbedder, motions: Sequence[str], performances: int, seed: int, split: str
) -> NDArray[np.float32]:
    """Embeddings (motions, performances, FRAMES, dim) of drawn motions."""
    clips = []
    for motion in tqdm(motions, desc="draw", unit="motion"):
        for performance in range(performances):
            drawn = draw_motion(motion, seed + performance, FRAMES, FPS, split=split, clutter=None)
            clips.append(embedder.embed(np.stack(list(drawn))))
    return np.stack(clips).reshape(len(motions), performances, FRAMES, -1)


def _unit(rows: Tensor) -> Tensor:
    return nn.functional.normalize(rows, dim=-1)


def _positives(a: Tensor, b: Tensor) -> Tensor:
    """Rows of weights: the motion's own, evenly."""
    same = (a[:, None] == b[None]).float()
    return same / same.sum(1, keepdim=True).clamp(min=1.0)


def train(
    clips: NDArray[np.float32],
    encoded: NDArray[np.float32],
    motion_of: NDArray[np.int64],
    config: TextHeadTraining,
) -> dict[str, NDArray[np.float32]]:
    """The head's tensors.

    clips (motions, performances, FRAMES, dim); encoded sentences (n, d) and the motion of each,
    -1 for none.
    """
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    motions, performances, frames, dim = clips.shape
    first = nn.Linear(encoded.shape[1], config.hidden)
    second = nn.Linear(config.hidden, dim)
    head = nn.Sequential(first, nn.Tanh(), nn.Dropout(config.dropout), second)
    optimizer = torch.optim.AdamW(
        head.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    flat, sentences = torch.from_numpy(clips), torch.from_numpy(encoded)
    asked = torch.from_numpy(motion_of)
    for step in tqdm(range(config.steps), desc="text head", unit="step"):
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * (1 - step / config.steps)
        shown = torch.from_numpy(rng.integers(motions, size=config.batch))
        which = torch.from_numpy(rng.integers(performances, size=config.batch))
        one = flat[shown, which, torch.from_numpy(rng.integers(frames, size=config.batch))]
        whole = flat[shown, which].mean(1)
        pictures = _unit(torch.where(torch.arange(config.batch)[:, None] % 2 == 0, one, whole))
        logits = config.scale * pictures @ _unit(head(sentences)).T
        target = _positives(shown, asked)
        found = -(target * logits.log_softmax(1)).sum(1).mean()
        known = asked >= 0
        back = _positives(asked[known], shown)
        described = -(back * logits.T[known].log_softmax(1)).sum(1).mean()
        loss = found + described
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    names = ("hidden_weight", "hidden_bias", "out_weight", "out_bias")
    tensors = (first.weight, first.bias, second.weight, second.bias)
    return {n: t.detach().numpy().astype(np.float32) for n, t in zip(names, tensors, strict=True)}


def make_text_head(model: Path, config: TextHeadTraining) -> TextHead:
    """Trains the head of a model folder and writes it there, noting how in ``training.json``."""
    card = model / CARD_FILE
    if not card.exists():
        raise ProjectError(f"{model} has no {CARD_FILE}: its own text tower takes its sentences")
    # A head of other weights would be refused, and the old one is no part of the new one.
    (model / TEXT_HEAD_FILE).unlink(missing_ok=True)
    embedder = load_embedder(str(model))
    captions, impossible = captions_of(config.figure)
    groups = [*captions.values(), impossible]
    encoded = SentenceEncoder().encode([sentence for group in groups for sentence in group])
    motion_of = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    motion_of[motion_of == len(captions)] = -1
    clips = draw_clips(embedder, list(captions), config.performances, config.seed, "varied")
    head = TextHead(train(clips, encoded, motion_of, config), embedder.id)
    head.save(model)
    content = {**json.loads(card.read_text()), "text_head": asdict(config)}
    card.write_text(json.dumps(content, indent=2) + "\n")
    return head


def main(argv: list[str] | None = None) -> int:
    """The command line; see the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, default=Path("models/pose-96"), help="its folder")
    settings = asdict(TextHeadTraining())
    parser.add_argument("--figure", choices=sorted(KINDS), default=settings.pop("figure"))
    for key, value in settings.items():
        parser.add_argument(f"--{key.replace('_', '-')}", type=type(value), default=value)
    args = vars(parser.parse_args(argv))
    model = args.pop("model")
    try:
        make_text_head(model, TextHeadTraining(**args))
    except RlzeroError as error:
        print(f"train_text_head: {error.message}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
