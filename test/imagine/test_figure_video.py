"""The shipped text-to-video model, as the planner uses it."""

import shutil

import numpy as np
import pytest

from rlzero_ros.errors import CommandError, ErrorCode, ImagineError
from rlzero_ros.evaluate.clip_judge import ClipJudge
from rlzero_ros.imagine.registry import load_imaginer
from rlzero_ros.paths import find_folder
from rlzero_ros.project.embedder import load_embedder

STEPS = 16


@pytest.fixture(scope="module")
def imaginer():
    return load_imaginer("figure_video", steps=STEPS)


@pytest.fixture(scope="module")
def walk(imaginer):
    return imaginer.imagine("walk forward", seed=1)


def test_makes_a_clip_of_a_sentence(walk):
    assert walk.frames.shape == (48, 64, 64, 3)
    assert walk.fps == 20.0
    assert walk.prompt == "walk forward"
    assert walk.source == "figure_video"


def test_seed_decides(imaginer, walk):
    assert np.array_equal(imaginer.imagine("walk forward", seed=1).frames, walk.frames)
    assert not np.array_equal(imaginer.imagine("walk forward", seed=2).frames, walk.frames)


def test_shows_what_was_said(imaginer, walk):
    judge = ClipJudge(load_embedder(), ("walk", "lie", "stand", "headstand"), 3)
    assert judge.judge(walk.frames) == "walk"
    for sentence, motion in (
        ("lie down on the floor", "lie"),
        ("please stand still", "stand"),
        ("do a headstand", "headstand"),
    ):
        assert judge.judge(imaginer.imagine(sentence, seed=3).frames) == motion


def test_progress_counts_steps_and_cancel_ends_between_them(imaginer):
    seen: list[float] = []
    imaginer.imagine("run", on_progress=seen.append)
    assert len(seen) == STEPS + 1
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    begun: list[float] = []
    with pytest.raises(CommandError) as caught:
        imaginer.imagine("run", on_progress=begun.append, is_canceled=lambda: len(begun) >= 3)
    assert caught.value.code == ErrorCode.CANCELED
    assert len(begun) == 3


@pytest.mark.parametrize("command", ["make me a coffee", "what is the weather", "?!?"])
def test_nonsense_is_refused_as_the_storyboard_does(imaginer, command):
    with pytest.raises(CommandError) as caught:
        imaginer.imagine(command)
    assert caught.value.code == ErrorCode.COMMAND_NOT_UNDERSTOOD
    assert "nearest" in caught.value.message


def test_the_model_is_small_and_has_no_pickle():
    folder = find_folder("models", "figure-video")
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {".json", ".md", ".safetensors"}
    assert sum(path.stat().st_size for path in files) < 20e6


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(ImagineError, match="there is no model 'nowhere'"):
        load_imaginer("figure_video", model="nowhere")
    with pytest.raises(ImagineError, match="no diffusers pipeline"):
        load_imaginer("figure_video", model=str(tmp_path))
    folder = tmp_path / "copy"
    shutil.copytree(find_folder("models", "figure-video"), folder)
    next((folder / "transformer").glob("*.safetensors")).unlink()
    with pytest.raises(ImagineError, match="cannot load"):
        load_imaginer("figure_video", model=str(folder))
    (folder / "model_index.json").write_text('{"_class_name": "LTXPipeline"}')
    with pytest.raises(ImagineError, match="holds a LTXPipeline"):
        load_imaginer("figure_video", model=str(folder))


def test_options_are_checked():
    with pytest.raises(ImagineError, match="0 steps"):
        load_imaginer("figure_video", steps=0)
    with pytest.raises(ImagineError, match="guidance nan"):
        load_imaginer("figure_video", guidance=float("nan"))
