"""Trains the small text-to-video model of drawn figures: first frames, then clips.

    python -m rlzero_ros.pretrain.train_video --run runs/figure-video --export models/figure-video

Interrupt it at any time: the same command goes on from its last checkpoint with the same batches.
``--export`` writes the finished pipeline in diffusers' format.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from tqdm import tqdm

from ..errors import RlzeroError
from ..imagine.video_model.autoencoder import FrameAutoencoder
from ..imagine.video_model.pipeline import FigureVideoPipeline
from ..imagine.video_model.transformer import LatentVideoTransformer
from .checkpoint import load_checkpoint, save_checkpoint
from .curves import plot_curves
from .training_loop import Trainer, resume, until_interrupted
from .video_autoencoder import AutoencoderTrainer, AutoencoderTraining
from .video_corpus import FPS, draw_corpus
from .video_diffusion import DiffusionTrainer, DiffusionTraining
from .video_latents import FRAMES, SPARE, LatentCorpus, make_latents

CARD_FILE = "training.json"
_BLOCK = 50


@dataclass(frozen=True)
class VideoTraining:
    """The corpus and both stages.

    plain, composed: performances of each plain and of each composed motion. captions: of each
    composed motion.
    """

    autoencoder: AutoencoderTraining
    diffusion: DiffusionTraining
    plain: int = 24
    composed: int = 8
    captions: int = 24
    seed: int = 0


class _Trainer(Trainer, Protocol):
    def update(self) -> dict[str, float]: ...


def train_video(
    run: Path, config: VideoTraining, every: int = 250, until: int | None = None
) -> FigureVideoPipeline | None:
    """Trains both stages to their last step, from where the run folder stands.

    until: ends the second stage at this step already; a later call goes on from there.
    None: SIGINT or SIGTERM came; the same call goes on.
    """
    run.mkdir(parents=True, exist_ok=True)
    path = run / "latents.safetensors"
    saved = load_checkpoint(run / "encoder.pt")
    if saved is None or not path.is_file():
        drawn = draw_corpus(config.plain, config.composed, FRAMES + SPARE, config.seed)
        first = AutoencoderTrainer(config.autoencoder, drawn)
        if not _go(first, config.autoencoder.steps, run, "autoencoder", every):
            return None
        autoencoder = first.model
        corpus = make_latents(autoencoder, drawn, config.captions, config.seed)
        corpus.save(path)
        save_checkpoint(run / "encoder.pt", {"model": autoencoder.state_dict()})
    else:
        autoencoder = FrameAutoencoder()
        autoencoder.load_state_dict(saved["model"])
        corpus = LatentCorpus.load(path)
    trainer = DiffusionTrainer(config.diffusion, corpus)
    last = min(until or config.diffusion.steps, config.diffusion.steps)
    finished = _go(trainer, last, run, "diffusion", every)
    return assemble(autoencoder, trainer.average) if finished else None


def assemble(
    autoencoder: FrameAutoencoder, transformer: LatentVideoTransformer
) -> FigureVideoPipeline:
    """The pipeline of trained parts."""
    scheduler = FlowMatchEulerDiscreteScheduler()
    return FigureVideoPipeline(autoencoder.eval(), transformer.eval(), scheduler, fps=FPS)


def export(pipeline: FigureVideoPipeline, folder: Path, card: dict[str, Any]) -> None:
    """Writes the pipeline with weights of 16 bits, and how it came to be."""
    pipeline.to(torch.float16)
    pipeline.save_pretrained(folder, safe_serialization=True)
    pipeline.to(torch.float32)
    (folder / CARD_FILE).write_text(json.dumps(card, indent=2) + "\n")


def _go(trainer: _Trainer, steps: int, run: Path, name: str, every: int) -> bool:
    """Runs one stage, with checkpoints, a table of losses and their curves; whether it ended."""
    path, table = run / f"{name}.pt", run / f"{name}.csv"
    resume(trainer, path)
    interrupted = until_interrupted()
    sums: dict[str, float] = {}
    with tqdm(total=steps, initial=trainer.step, unit="step", desc=name) as bar:
        while trainer.step < steps and not interrupted():
            for key, value in trainer.update().items():
                sums[key] = sums.get(key, 0.0) + value
            bar.update()
            if trainer.step % _BLOCK == 0:
                means = {key: value / _BLOCK for key, value in sums.items()}
                sums = {}
                bar.set_postfix({key: f"{value:.4f}" for key, value in means.items()})
                _append(table, trainer.step, means)
            if trainer.step % every == 0:
                save_checkpoint(path, trainer.state())
    save_checkpoint(path, trainer.state())
    plot_curves(table, run / f"{name}.png")
    return trainer.step >= steps


def _append(table: Path, step: int, means: dict[str, float]) -> None:
    fresh = not table.exists()
    with table.open("a") as file:
        if fresh:
            file.write(",".join(["update", "seconds", *means]) + "\n")
        file.write(",".join([str(step), f"{time.process_time():.0f}"]))
        file.write("".join(f",{value:.6f}" for value in means.values()) + "\n")


def main(argv: list[str] | None = None) -> int:
    """The command line; see the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="folder of the checkpoints")
    parser.add_argument("--export", type=Path, help="write the finished pipeline here")
    parser.add_argument("--every", type=int, default=250, help="steps between checkpoints")
    parser.add_argument("--until", type=int, help="end the second stage at this step already")
    parser.add_argument("--threads", type=int, default=1)
    stages: dict[str, Any] = {
        "autoencoder": AutoencoderTraining(),
        "diffusion": DiffusionTraining(),
    }
    whole = VideoTraining(**stages)
    plain = ("plain", "composed", "captions", "seed")
    for key in plain:
        parser.add_argument(f"--{key.replace('_', '-')}", type=int, default=getattr(whole, key))
    for stage, defaults in stages.items():
        for key, value in asdict(defaults).items():
            if key != "seed":
                option = f"--{stage}-{key.replace('_', '-')}"
                parser.add_argument(option, type=type(value), default=value)
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)

    def chosen(stage: str) -> dict[str, Any]:
        names = [key for key in asdict(stages[stage]) if key != "seed"]
        return {key: getattr(args, f"{stage}_{key}") for key in names} | {"seed": args.seed}

    config = VideoTraining(
        AutoencoderTraining(**chosen("autoencoder")),
        DiffusionTraining(**chosen("diffusion")),
        **{key: getattr(args, key) for key in plain},
    )
    try:
        pipeline = train_video(args.run, config, args.every, args.until)
    except RlzeroError as error:
        print(f"train_video: {error.message}", file=sys.stderr)
        return 2
    if pipeline is None:
        print(f"train_video: stopped; its checkpoints are in {args.run}, the same command goes on")
        return 130
    if args.export is not None:
        export(pipeline, args.export, asdict(config) | {"until": args.until})
        print(f"{args.export}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
