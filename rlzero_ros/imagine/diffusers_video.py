"""Imagining with a text-to-video diffusion model: LTX-Video, Wan, CogVideoX, AnimateDiff, …"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rlzero_ros.errors import ImagineError, RlzeroError
from rlzero_ros.imagine.base import check_canceled
from rlzero_ros.imagine.clip import MAX_FRAMES, Clip
from rlzero_ros.imagine.command import clean_command
from rlzero_ros.imagine.pipeline_loading import failure, load_pipeline

USUAL_FPS = {"Wan": 16.0, "CogVideoX": 8.0, "AnimateDiff": 8.0, "TextToVideo": 8.0}
"""Frames a second that a family, by the beginning of its class names, was trained on."""


class DiffusersVideo:
    """Imagines with any text-to-video pipeline of the diffusers library.

    Weights are read from safetensors files only, and no program that comes with a model is run.
    None, for an option, means what the pipeline itself does by default.
    """

    name = "diffusers"

    def __init__(
        self,
        *,
        model: str,
        motion_adapter: str | None = None,
        variant: str | None = None,
        dtype: str = "auto",
        device: str = "auto",
        offload: str = "none",
        steps: int | None = None,
        guidance: float | None = None,
        frames: int | None = None,
        fps: float | None = None,
        height: int | None = None,
        width: int | None = None,
        prompt: str = "{command}",
        negative_prompt: str | None = None,
        download: bool = False,
    ) -> None:
        """Loads the pipeline.

        Args:
            model: a folder in diffusers' format, the name of one in ``models/``, or a hub id.
            motion_adapter: folder or hub id of the adapter that AnimateDiff adds to a
                Stable Diffusion ``model``.
            variant: of the weights, such as ``fp16``.
            dtype: one of ``DTYPES``; auto is bfloat16 on a GPU and float32 on a CPU.
            device: auto, cpu, cuda, cuda:1, mps …; auto takes a CUDA GPU where there is one.
            offload: one of ``OFFLOADS``: what waits in main memory while it is not needed on the
                GPU: nothing, whole models, or every layer.
            steps: denoising steps.
            guidance: how closely to follow the sentence.
            frames: of the video.
            fps: frames per second of the imagined world.
            height: of the pictures in pixels.
            width: of the pictures in pixels.
            prompt: what to ask for; ``{command}`` stands for the sentence.
            negative_prompt: what to avoid.
            download: whether weights may be fetched from the hub.

        Raises:
            ImagineError: an option is out of range, the model is not there or is something else,
                or memory is short.
        """
        _check("steps", steps, 1, 1000)
        _check("guidance", guidance, 0, 100)
        _check("frames", frames, 1, MAX_FRAMES)
        _check("fps", fps, 0.1, 240)
        _check("height", height, 8, 4096)
        _check("width", width, 8, 4096)
        if "{command}" not in prompt:
            raise ImagineError("diffusers: prompt must contain {command}, the sentence's place")
        self._model, self._prompt = model, prompt
        self._pipeline = load_pipeline(
            model,
            motion_adapter=motion_adapter,
            variant=variant,
            dtype=dtype,
            device=device,
            offload=offload,
            download=download,
        )
        self._pipeline.set_progress_bar_config(disable=True)
        self._kind = type(self._pipeline).__name__
        self._parameters = inspect.signature(type(self._pipeline).__call__).parameters
        self._fps = _usual_fps(self._kind, self._parameters) if fps is None else fps
        wanted = {
            "num_inference_steps": steps,
            "guidance_scale": guidance,
            "num_frames": frames,
            "height": height,
            "width": width,
            "frame_rate": self._fps,
            "fps": self._fps,
            "negative_prompt": negative_prompt,
        }
        self._arguments = {
            name: value
            for name, value in wanted.items()
            if value is not None and name in self._parameters
        }

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
        report = on_progress or (lambda fraction: None)

        def on_step(step: int) -> None:
            check_canceled(is_canceled)
            report(min((step + 1) / (len(self._pipeline.scheduler.timesteps) + 1), 1.0))

        check_canceled(is_canceled)
        try:
            output = self._pipeline(
                prompt=self._prompt.replace("{command}", sentence),
                # On the CPU, so that a seed means the same on every device.
                generator=torch.Generator("cpu").manual_seed(seed),
                output_type="np",
                **self._arguments,
                **self._step_arguments(on_step),
            )
        except RlzeroError:
            raise
        except Exception as error:
            raise failure("cannot imagine with", self._model, error) from error
        finally:
            self._pipeline.maybe_free_model_hooks()
        frames = _pictures(np.asarray(output.frames[0]))
        report(1.0)
        return Clip(frames, self._fps, sentence, f"diffusers:{self._kind}")

    def _step_arguments(self, on_step: Callable[[int], None]) -> dict[str, Any]:
        """How this pipeline calls back after each denoising step; the oldest do it their own way.

        A few classes never call back: they show no progress and end no earlier.
        """
        if "callback_on_step_end" in self._parameters:

            def on_step_end(pipeline: Any, step: int, timestep: Any, tensors: dict) -> dict:
                on_step(step)
                return tensors

            return {"callback_on_step_end": on_step_end}
        if "callback" in self._parameters:
            return {"callback": lambda step, timestep, latents: on_step(step), "callback_steps": 1}
        return {}


def _usual_fps(kind: str, parameters: Mapping[str, inspect.Parameter]) -> float:
    for name in ("frame_rate", "fps"):
        if name in parameters:
            return float(parameters[name].default)
    for family, fps in USUAL_FPS.items():
        if kind.startswith(family):
            return fps
    raise ImagineError(f"diffusers: how many frames a second a {kind} makes is not known; set fps")


def _pictures(frames: np.ndarray) -> np.ndarray:
    """(T, H, W, 3) of numbers from 0 to 1 as uint8."""
    if not np.isfinite(frames).all():
        raise ImagineError(
            "the model's pictures are not numbers; use dtype float32, or bfloat16 on a GPU"
        )
    return np.round(frames.clip(0.0, 1.0) * 255.0).astype(np.uint8)


def _check(name: str, value: float | None, low: float, high: float) -> None:
    # NaN fails every comparison, hence the form.
    if value is not None and not low <= value <= high:
        raise ImagineError(f"diffusers: {name} must lie between {low} and {high}, not {value}")
