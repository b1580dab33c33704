"""Which imaginer the planner uses and how, as parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..imagine.base import Imaginer
from ..imagine.do_what_you_see import DoWhatYouSee
from ..imagine.frame_stream import FrameStream
from ..imagine.registry import load_imaginer
from .parameter_table import Row

_DIFFUSERS, _FIGURE_VIDEO = "diffusers.", "figure_video."

IMAGINER_PARAMETERS: dict[str, Row] = {
    "imaginer": (
        "storyboard",
        "What turns sentences into clips: storyboard, figure_video, video or diffusers.",
    ),
    "video": ("", "What the imaginer `video` plays; empty: the sentence names the file."),
    "figure_video.model": (
        "figure-video",
        "Its folder, as `train_video --export` writes it, or the name of one in models/.",
    ),
    "figure_video.steps": (16, "Denoising steps.", 1, 1000),
    "figure_video.guidance": (
        2.0,
        "How closely to follow the sentence; 1: as trained.",
        0.0,
        100.0,
    ),
    "diffusers.model": (
        "",
        "Text-to-video pipeline: a folder, a name in models/, or a hub id (owner/name).",
    ),
    "diffusers.motion_adapter": ("", "AnimateDiff's adapter for a Stable Diffusion model."),
    "diffusers.variant": ("", "Of the weights, such as fp16; empty: the plain ones."),
    "diffusers.dtype": ("auto", "auto, float32, float16 or bfloat16."),
    "diffusers.device": ("auto", "auto, cpu, cuda, cuda:1 and so on."),
    "diffusers.offload": (
        "none",
        "What waits in main memory while the GPU does not need it: none, model or sequential.",
    ),
    "diffusers.steps": (0, "Denoising steps; 0: as many as the pipeline's default.", 0, 1000),
    "diffusers.guidance": (
        -1.0,
        "How closely to follow the sentence; -1: the pipeline's default.",
        -1.0,
        100.0,
    ),
    "diffusers.frames": (0, "Frames of a video; 0: the pipeline's default.", 0, 2000),
    "diffusers.fps": (0.0, "Frames per second of a video; 0: the pipeline's default.", 0.0, 240.0),
    "diffusers.height": (0, "Of a frame, in pixels; 0: the pipeline's default.", 0, 4096),
    "diffusers.width": (0, "Of a frame, in pixels; 0: the pipeline's default.", 0, 4096),
    "diffusers.prompt": ("{command}", "What to ask for; {command} stands for the sentence."),
    "diffusers.negative_prompt": ("", "What to avoid."),
    "diffusers.download": (False, "Whether weights may be fetched from the hub."),
    "video_prompt.window_s": (
        2.4,
        "So many of the last seconds of video_prompt are meant by 'do what you see'.",
        0.5,
        10.0,
    ),
    "video_prompt.fps": (20.0, "Frames per second of the clip made of them.", 1.0, 60.0),
}


def make_imaginer(options: Mapping[str, Any], stream: FrameStream) -> Imaginer:
    """The imaginer that the parameters choose, and beside it what the camera sees.

    Raises ImagineError when it cannot be loaded.
    """
    chosen = {"path": options["video"]} if options["video"] else {}
    if options["imaginer"] == "diffusers":
        chosen |= _diffusers_options(options)
    elif options["imaginer"] == "figure_video":
        chosen |= {
            name.removeprefix(_FIGURE_VIDEO): options[name]
            for name in IMAGINER_PARAMETERS
            if name.startswith(_FIGURE_VIDEO)
        }
    return DoWhatYouSee(stream, load_imaginer(options["imaginer"], **chosen))


def make_stream(options: Mapping[str, Any]) -> FrameStream:
    """The place where the last pictures of video_prompt are kept."""
    return FrameStream(window_s=options["video_prompt.window_s"], fps=options["video_prompt.fps"])


def _diffusers_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """What differs from the defaults, since ROS parameters have no None to say 'the default'."""
    given = {
        name.removeprefix(_DIFFUSERS): options[name]
        for name, (default, *_) in IMAGINER_PARAMETERS.items()
        if name.startswith(_DIFFUSERS) and options[name] != default
    }
    return {"model": "", **given}
