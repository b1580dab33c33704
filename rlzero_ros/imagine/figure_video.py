"""Imagining with the small text-to-video model of this repository, ``models/figure-video``.

Unlike the storyboard it does not choose a drawing: it makes the clip from the sentence, so that
legs and arms may do different things. docs/results.md says how far it does. What the storyboard
would not understand it refuses alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rlzero_ros.errors import ErrorCode, ImagineError
from rlzero_ros.imagine.base import check_canceled
from rlzero_ros.imagine.clip import Clip
from rlzero_ros.imagine.command import clean_command
from rlzero_ros.imagine.pipeline_folder import INDEX, find_pipeline
from rlzero_ros.imagine.pipeline_loading import failure
from rlzero_ros.imagine.sentences import SentenceEncoder
from rlzero_ros.imagine.understand import THRESHOLD, SentenceMatcher, understood

DEFAULT_MODEL = "figure-video"
_CLASS = "FigureVideoPipeline"


class FigureVideo:
    """Imagines by diffusion over the latents of drawn frames, on the CPU.

    The seed chooses the performance. The clip's source is ``figure_video``.
    """

    name = "figure_video"

    def __init__(
        self,
        *,
        model: str = DEFAULT_MODEL,
        steps: int = 16,
        guidance: float = 2.0,
        threshold: float = THRESHOLD,
        sentence_model: str | None = None,
    ) -> None:
        """Loads the pipeline and the sentence encoder.

        Args:
            model: a folder that ``train_video --export`` wrote, or the name of one in ``models/``.
            steps: denoising steps.
            guidance: how closely to follow the sentence; 1 is as trained.
            threshold: least score of a sentence that is understood; lower accepts more.
            sentence_model: folder or hub id of another sentence encoder.

        Raises:
            ImagineError: an option is out of range, or the model or the encoder is not there or is
                something else.
        """
        # NaN fails every comparison, hence the form.
        if not 1 <= steps <= 1000 or not 0 <= guidance <= 100:
            raise ImagineError(
                f"figure_video takes 1 to 1000 steps and guidance from 0 to 100, "
                f"not {steps} steps and guidance {guidance}"
            )
        self._model, self._steps, self._guidance = model, steps, guidance
        self._threshold = threshold
        self._pipeline = _load(find_pipeline(model, download=False, variant=None))
        encoder = SentenceEncoder(sentence_model)
        self._matcher = SentenceMatcher(encoder)
        self._pipeline.use_encoder(encoder)

    def for_figure(self, kind: str) -> FigureVideo:
        """See ``FigureImaginer.for_figure``; the model was shown people only.

        Raises:
            ImagineError: the figure is none of a person.
        """
        if kind != "human":
            raise ImagineError(
                f"figure_video draws people, and this robot is drawn as a {kind} figure: "
                "use the imaginer 'storyboard'",
                ErrorCode.IMAGINER_UNFIT,
            )
        return self

    def imagine(
        self,
        command: str,
        *,
        seed: int = 0,
        on_progress: Callable[[float], None] | None = None,
        is_canceled: Callable[[], bool] | None = None,
    ) -> Clip:
        """See ``Imaginer.imagine``; progress counts denoising steps, and decoding as one more."""
        import torch

        sentence = clean_command(command)
        understood(self._matcher, sentence, self._threshold)
        report = on_progress or (lambda fraction: None)

        def on_step(pipeline: Any, step: int, timestep: Any, tensors: dict) -> dict:
            check_canceled(is_canceled)
            report((step + 1) / (self._steps + 1))
            return tensors

        check_canceled(is_canceled)
        videos = self._pipeline(
            sentence,
            num_inference_steps=self._steps,
            guidance_scale=self._guidance,
            generator=torch.Generator("cpu").manual_seed(seed),
            callback_on_step_end=on_step,
        ).frames
        report(1.0)
        return Clip(videos[0], self._pipeline.config.fps, sentence, self.name)


def _load(folder: Path) -> Any:
    try:
        name = json.loads((folder / INDEX).read_text(encoding="utf-8"))["_class_name"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ImagineError(
            f"'{folder}' is no diffusers pipeline: it has no readable {INDEX}"
        ) from error
    if name != _CLASS:
        raise ImagineError(
            f"'{folder}' holds a {name}, not a {_CLASS}: the imaginer 'diffusers' may load it"
        )
    try:
        import torch

        from rlzero_ros.imagine.video_model.pipeline import FigureVideoPipeline
    except ImportError as error:
        raise ImagineError(
            f"the figure_video imaginer lacks a library ({error}): pip install torch diffusers"
        ) from error
    try:
        pipeline = FigureVideoPipeline.from_pretrained(
            str(folder), local_files_only=True, use_safetensors=True, dtype=torch.float32
        )
    except Exception as error:
        raise failure("cannot load", folder, error) from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
