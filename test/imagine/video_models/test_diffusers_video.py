"""Text-to-video pipelines of the published classes, saved and loaded back, with random weights."""

import json
import os
import pickle
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from rlzero_ros.errors import CommandError, ErrorCode, ImagineError
from rlzero_ros.imagine.registry import load_imaginer

# Folder: class, frames a second, and the smallest video that it makes: frames, height, width.
PIPELINES = {
    "ltx": ("LTXPipeline", 25.0, (9, 32, 64)),
    "wan": ("WanPipeline", 16.0, (5, 16, 32)),
    "cogvideox": ("CogVideoXPipeline", 8.0, (9, 16, 32)),
    "modelscope": ("TextToVideoSDPipeline", 8.0, (4, 16, 32)),
    "animatediff": ("AnimateDiffPipeline", 8.0, (4, 16, 32)),
}
SMALL = {"frames": 4, "height": 16, "width": 16, "steps": 2}


@pytest.fixture
def modelscope(saved, tmp_path):
    """A copy to spoil."""
    return Path(shutil.copytree(saved("modelscope"), tmp_path / "model"))


def refused(model, **options):
    """What the imaginer says when it does not take a model: one line."""
    with pytest.raises(ImagineError) as caught:
        load_imaginer("diffusers", model=str(model), **options)
    assert "\n" not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize("name", PIPELINES)
def test_every_class_makes_a_clip(saved, name):
    kind, fps, (frames, height, width) = PIPELINES[name]
    imaginer = load_imaginer(
        "diffusers",
        model=str(saved(name)),
        frames=frames,
        height=height,
        width=width,
        steps=3,
        guidance=2.0,
        negative_prompt="blurred",
        prompt="a figure, seen from the side: {command}",
    )
    progress = []
    clip = imaginer.imagine("walk  forward", seed=1, on_progress=progress.append)
    assert clip.frames.shape == (frames, height, width, 3)
    assert clip.frames.std() > 0
    assert (clip.fps, clip.prompt, clip.source) == (fps, "walk forward", f"diffusers:{kind}")
    assert progress == [0.25, 0.5, 0.75, 1.0]
    assert np.array_equal(imaginer.imagine("walk forward", seed=1).frames, clip.frames)
    assert not np.array_equal(imaginer.imagine("walk forward", seed=2).frames, clip.frames)


@pytest.mark.parametrize("name", ["ltx", "modelscope"])
def test_cancel_between_steps_leaves_a_working_imaginer(saved, name):
    frames, height, width = PIPELINES[name][2]
    imaginer = load_imaginer(
        "diffusers", model=str(saved(name)), frames=frames, height=height, width=width, steps=50
    )
    progress = []
    with pytest.raises(CommandError) as caught:
        imaginer.imagine("walk", on_progress=progress.append, is_canceled=lambda: len(progress) > 1)
    assert caught.value.code == ErrorCode.CANCELED
    assert progress == [1 / 51, 2 / 51]
    with pytest.raises(CommandError):
        imaginer.imagine("walk", on_progress=progress.append, is_canceled=lambda: True)
    assert len(progress) == 2
    assert len(imaginer.imagine("walk").frames) == frames


def test_sentence_template_guidance_and_negative_prompt_have_effect(saved):
    def frames(command="walk", **options):
        options = {"guidance": 3.0, **SMALL, **options}
        return (
            load_imaginer("diffusers", model=str(saved("modelscope")), **options)
            .imagine(command)
            .frames
        )

    plain = frames()
    assert not np.array_equal(frames("jump"), plain)
    assert not np.array_equal(frames(prompt="{command} jump"), plain)
    assert not np.array_equal(frames(guidance=9.0), plain)
    assert not np.array_equal(frames(negative_prompt="jump"), plain)
    assert np.array_equal(frames("jump", prompt="{command}{"), frames("jump{"))


def test_dtype_and_fps_are_what_was_asked_for(saved):
    def imaginer(name, **options):
        return load_imaginer("diffusers", model=str(saved(name)), **options)

    half = imaginer("modelscope", dtype="bfloat16", **SMALL).imagine("walk")
    full = imaginer("modelscope", fps=20.0, **SMALL).imagine("walk")
    assert not np.array_equal(half.frames, full.frames)
    assert np.abs(half.frames.astype(int) - full.frames).mean() < 30
    assert (half.fps, full.fps) == (8.0, 20.0)
    # LTX is told the frame rate, and moves accordingly.
    size = {"frames": 9, "height": 32, "width": 32, "steps": 2}
    slow, fast = (imaginer("ltx", fps=fps, **size).imagine("walk") for fps in (5.0, 50.0))
    assert not np.array_equal(slow.frames, fast.frames)


def test_stable_diffusion_becomes_animatediff_with_a_motion_adapter(saved):
    imaginer = load_imaginer(
        "diffusers",
        model=str(saved("stable_diffusion")),
        motion_adapter=str(saved("motion_adapter")),
        **SMALL,
    )
    clip = imaginer.imagine("walk")
    assert clip.source == "diffusers:AnimateDiffPipeline"
    assert clip.frames.shape == (4, 16, 16, 3)


def test_models_that_are_not_there(saved, tmp_path):
    assert "there is no model" in refused(tmp_path / "nothing")
    assert "there is no model 'walker-video'" in refused("walker-video")
    assert "not on this machine: set download" in refused("nobody/no-such-video-model")
    assert "check the network" in refused("nobody/no-such-video-model", download=True)
    adapter = "nobody/no-such-adapter"
    assert f"'{adapter}' are not on this" in refused(
        saved("stable_diffusion"), motion_adapter=adapter
    )
    assert "give the folder" in refused("")


WATCHED = """
import sys
from rlzero_ros.errors import ImagineError
from rlzero_ros.imagine.registry import load_imaginer

def watch(event, arguments):
    if event in ("socket.getaddrinfo", "socket.connect"):
        print("CONNECTS", event, arguments)

sys.addaudithook(watch)
load_imaginer("diffusers", model=sys.argv[1], frames=4, height=16, width=16, steps=1).imagine("run")
for options in ({"model": "nobody/none"}, {"model": sys.argv[2], "motion_adapter": "nobody/none"}):
    try:
        load_imaginer("diffusers", **options)
    except ImagineError as error:
        print("REFUSED", error)
"""


def test_nothing_asks_the_hub_unless_told_to(saved):
    environment = {k: v for k, v in os.environ.items() if k != "HF_HUB_OFFLINE"}
    models = [str(saved(name)) for name in ("modelscope", "stable_diffusion")]
    result = subprocess.run(
        [sys.executable, "-c", WATCHED, *models],
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.count("REFUSED the weights of 'nobody/none' are not on") == 2
    assert "CONNECTS" not in result.stdout


def test_a_name_in_models(saved, tmp_path, monkeypatch):
    shutil.copytree(saved("modelscope"), tmp_path / "models" / "small-video")
    monkeypatch.setenv("RLZERO_HOME", str(tmp_path))
    clip = load_imaginer("diffusers", model="small-video", **SMALL).imagine("walk")
    assert len(clip.frames) == 4


def test_folders_that_hold_something_else(saved, tmp_path):
    assert "no diffusers pipeline" in refused(tmp_path)
    index = tmp_path / "model_index.json"
    for text in ("{", "[]", "{}", "\x00"):
        index.write_text(text)
        assert "no diffusers pipeline" in refused(tmp_path)
    for name in ("NoSuchPipeline", "UNet3DConditionModel", "__version__", 3):
        index.write_text(json.dumps({"_class_name": name}))
        assert f"names the pipeline {name}" in refused(tmp_path)
    for name in ("WanImageToVideoPipeline", "LTXImageToVideoPipeline", "AudioLDM2Pipeline"):
        index.write_text(json.dumps({"_class_name": name}))
        assert f"{name}, which does not make videos from text" in refused(tmp_path)
    assert "StableDiffusionPipeline, which does not make" in refused(saved("stable_diffusion"))


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_missing_and_damaged_weights(modelscope, part):
    (weights,) = (modelscope / part).glob("*.safetensors")
    content = weights.read_bytes()
    weights.write_bytes(content[: len(content) // 2])
    assert "cannot load" in refused(modelscope)
    weights.write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00{not js}" + bytes(64))
    assert "damaged" in refused(modelscope)
    weights.unlink()
    assert "cannot load" in refused(modelscope)


def test_a_missing_part(modelscope):
    shutil.rmtree(modelscope / "scheduler")
    assert "cannot load" in refused(modelscope)


class Trap:
    """Leaves a file where it is unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


@pytest.mark.parametrize("part", ["unet", "text_encoder"])
def test_pickled_weights_are_never_loaded(modelscope, tmp_path, part):
    (weights,) = (modelscope / part).glob("*.safetensors")
    tensors = load_file(weights)
    weights.unlink()
    name = {"unet": "diffusion_pytorch_model.bin", "text_encoder": "pytorch_model.bin"}[part]
    # Sound ones, which diffusers would load if it were left to itself.
    torch.save(tensors, modelscope / part / name)
    assert "cannot load" in refused(modelscope)
    marker = tmp_path / "marker"
    (modelscope / part / name).write_bytes(pickle.dumps(Trap(marker)))
    assert "cannot load" in refused(modelscope)
    assert not marker.exists()


def test_programs_that_come_with_a_model_are_never_run(modelscope, tmp_path):
    marker = tmp_path / "marker"
    program = f"open({str(marker)!r}, 'w')\nclass Own: pass\n"
    index = modelscope / "model_index.json"
    content = json.loads(index.read_text())
    (modelscope / "pipeline.py").write_text(program)
    index.write_text(json.dumps({**content, "_class_name": ["pipeline", "Own"]}))
    assert "names the pipeline" in refused(modelscope)
    (modelscope / "unet" / "own.py").write_text(program)
    index.write_text(json.dumps({**content, "unet": ["own", "Own"]}))
    assert "cannot load" in refused(modelscope)
    assert not marker.exists()


def test_memory_too_short_for_the_weights_is_said_before_loading(modelscope):
    (weights,) = (modelscope / "unet").glob("*.safetensors")
    header = {"a": {"dtype": "F32", "shape": [1 << 44], "data_offsets": [0, 1 << 46]}}
    text = json.dumps(header).encode()
    weights.write_bytes(len(text).to_bytes(8, "little") + text)
    message = refused(modelscope)
    assert "memory is short" in message
    assert "65536.0 GiB" in message
    assert "32768.0 GiB" in refused(modelscope, dtype="float16")


def test_memory_that_ends_while_imagining_is_said_and_survived(saved):
    imaginer = load_imaginer(
        "diffusers", model=str(saved("modelscope")), frames=64, height=1024, width=1024, steps=1
    )
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + 300_000_000, hard))
    try:
        with pytest.raises(ImagineError, match="memory is short: use fewer frames"):
            imaginer.imagine("walk")
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def test_pictures_that_are_not_numbers_are_refused(modelscope):
    (weights,) = (modelscope / "vae").glob("*.safetensors")
    tensors = load_file(weights)
    tensors["decoder.conv_out.bias"].fill_(float("nan"))
    save_file(tensors, weights, metadata={"format": "pt"})
    imaginer = load_imaginer("diffusers", model=str(modelscope), **SMALL)
    with pytest.raises(ImagineError, match="not numbers"):
        imaginer.imagine("walk")


def test_what_the_pipeline_refuses_is_told(saved):
    imaginer = load_imaginer("diffusers", model=str(saved("ltx")), height=50, width=50, steps=1)
    with pytest.raises(ImagineError, match="divisible by 32"):
        imaginer.imagine("walk")
    with pytest.raises(CommandError):
        imaginer.imagine("  ")


def test_options_are_checked(saved):
    model = saved("modelscope")
    assert "prompt must contain {command}" in refused(model, prompt="walk")
    assert "dtype must be one of" in refused(model, dtype="int8")
    assert "offload must be one of" in refused(model, offload="disk")
    assert "there is no device 'abacus'" in refused(model, device="abacus")
    assert "there is no device 'cuda:77'" in refused(model, device="cuda:77")
    assert "offload is for GPUs" in refused(model, device="cpu", offload="model")
    assert "cannot load" in refused(model, variant="fp16")
    for option in ("steps", "guidance", "frames", "fps", "height", "width"):
        for value in (-1, 1e9, float("nan")):
            assert f"{option} must lie between" in refused(model, **{option: value})
