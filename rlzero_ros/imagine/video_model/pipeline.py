"""Sentence to video: a diffusers pipeline of its usual form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.utils import BaseOutput

from rlzero_ros.imagine.sentences import SentenceEncoder
from rlzero_ros.imagine.video_model.autoencoder import FrameAutoencoder, to_pictures
from rlzero_ros.imagine.video_model.transformer import LatentVideoTransformer

OnStep = Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]


@dataclass
class FigureVideoOutput(BaseOutput):
    """frames: (n, T, 64, 64, 3) uint8, or float32 from 0 to 1 for ``output_type="np"``."""

    frames: np.ndarray


class FigureVideoPipeline(DiffusionPipeline):
    """Videos of drawn figures from sentences.

    Sentences are encoded by all-MiniLM-L6-v2, which is a Python package of its own and no part of
    the saved pipeline.
    """

    autoencoder: FrameAutoencoder
    transformer: LatentVideoTransformer
    scheduler: Any  # of diffusers' lazily imported names type checkers see placeholders only

    def __init__(
        self,
        autoencoder: FrameAutoencoder,
        transformer: LatentVideoTransformer,
        scheduler: FlowMatchEulerDiscreteScheduler,
        fps: float = 20.0,
    ) -> None:
        super().__init__()
        self.register_modules(autoencoder=autoencoder, transformer=transformer, scheduler=scheduler)
        self.register_to_config(fps=fps)
        self._encoder: SentenceEncoder | None = None

    def use_encoder(self, encoder: SentenceEncoder) -> None:
        """Shares an encoder that is loaded already."""
        self._encoder = encoder

    def encode_prompt(self, prompt: Sequence[str]) -> torch.Tensor:
        """Sentences to unit rows (n, 384)."""
        if self._encoder is None:
            self._encoder = SentenceEncoder()
        return torch.from_numpy(self._encoder.encode(list(prompt)))

    @torch.no_grad()
    def __call__(
        self,
        prompt: str | Sequence[str],
        *,
        num_inference_steps: int = 16,
        guidance_scale: float = 2.0,
        generator: torch.Generator | None = None,
        output_type: str = "uint8",
        callback_on_step_end: OnStep | None = None,
    ) -> FigureVideoOutput:
        """Makes one video for each sentence.

        Args:
            prompt: one sentence or several.
            num_inference_steps: Euler steps from noise to clip.
            guidance_scale: 1 follows the sentence as trained, more exaggerates it.
            generator: of the noise, on the CPU.
            output_type: "uint8", or "np" for float32 from 0 to 1.
            callback_on_step_end: called as pipeline, step, timestep, tensors after each step.
        """
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        device, model = self._execution_device, self.transformer
        n, frames, dim = len(prompts), model.config["frames"], model.config["latent_dim"]
        condition = model.sentence(self.encode_prompt(prompts).to(device, model.dtype))
        guided = guidance_scale != 1.0
        if guided:
            condition = torch.cat([condition, model.no_text.expand_as(condition)])
        noise = torch.randn((n, frames, dim), generator=generator)
        clips = noise.to(device, model.dtype)
        self.scheduler.set_timesteps(num_inference_steps, device=device)
        for step, timestep in enumerate(self.progress_bar(self.scheduler.timesteps)):
            noisy = torch.cat([clips, clips]) if guided else clips
            level = (timestep / self.scheduler.config["num_train_timesteps"]).expand(len(noisy))
            velocity = model(noisy, level, condition)
            if guided:
                with_text, without = velocity.chunk(2)
                velocity = without + guidance_scale * (with_text - without)
            clips = self.scheduler.step(velocity, timestep, clips).prev_sample
            if callback_on_step_end is not None:
                callback_on_step_end(self, step, timestep, {"latents": clips})
        pictures = to_pictures(self.autoencoder.decode(clips.reshape(n * frames, dim)))
        videos = pictures.cpu().numpy().reshape(n, frames, *pictures.shape[1:])
        if output_type == "np":
            videos = videos.astype(np.float32) / 255.0
        return FigureVideoOutput(frames=videos)
