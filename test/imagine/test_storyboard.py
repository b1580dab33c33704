"""The storyboard with the real sentence encoder."""

import numpy as np
import pytest

from rlzero_ros.errors import CommandError, ErrorCode, ImagineError
from rlzero_ros.imagine.base import imaginer_for
from rlzero_ros.imagine.do_what_you_see import DoWhatYouSee
from rlzero_ros.imagine.frame_stream import FrameStream
from rlzero_ros.imagine.registry import load_imaginer
from rlzero_ros.imagine.sentences import SentenceEncoder
from rlzero_ros.imagine.storyboard import draw_motion


@pytest.fixture(scope="module")
def storyboard():
    return load_imaginer("storyboard")


@pytest.mark.parametrize(
    ("command", "motion"),
    [
        ("stand still", "stand"),
        ("stay upright", "stand"),
        ("walk forward", "walk"),
        ("go for a walk", "walk"),
        ("run", "run"),
        ("sprint ahead as fast as you can", "run"),
        ("lie down", "lie"),
        ("lie flat on the ground", "lie"),
        ("  Walk backwards! \n", "walk_backward"),
        ("a horse galloping over the field", "four_legged_run"),
    ],
)
def test_sentence_reaches_its_motion(storyboard, command, motion):
    clip = storyboard.imagine(command, seed=1)
    assert clip.source == f"storyboard:{motion}"
    assert clip.frames.shape == (48, 64, 64, 3)
    assert clip.fps == 20.0
    assert clip.duration_s == pytest.approx(2.4)


@pytest.mark.parametrize(
    "command", ["make me a coffee", "what is the weather", "sing a song", "hgjfkd slkfjh", "?!?"]
)
def test_what_is_no_motion_is_refused_with_the_nearest_named(storyboard, command):
    with pytest.raises(CommandError) as caught:
        storyboard.imagine(command)
    assert caught.value.code == ErrorCode.COMMAND_NOT_UNDERSTOOD
    assert "nearest" in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("command", "motion"),
    [
        ("running like a quadruped", "four_legged_run"),
        ("standing like a human", "two_legs"),
        ("lying down", "four_legged_lie"),
        ("walk", "four_legged_walk"),
        ("stand still", "four_legged_stand"),
        ("spider jumping", "four_legged_jump"),
    ],
)
def test_a_four_legged_robot_moves_as_animals_do(storyboard, command, motion):
    assert storyboard.for_figure("four_legged").choose(command) == motion


def test_a_four_legged_robot_is_not_asked_for_what_only_humans_do(storyboard):
    animal = storyboard.for_figure("four_legged")
    for command in ("punch", "do a cartwheel", "cook dinner"):
        with pytest.raises(CommandError, match="not a motion"):
            animal.choose(command)
    assert storyboard.choose("punch") == "punch"
    with pytest.raises(ImagineError, match="centaur"):
        storyboard.for_figure("centaur")


def test_the_kind_of_figure_reaches_the_imaginer_behind_a_camera(storyboard):
    stream = FrameStream()
    both = imaginer_for(DoWhatYouSee(stream, storyboard), "four_legged")
    clip = both.imagine("run", seed=0)
    assert clip.source == "storyboard:four_legged_run"


def test_bad_text_is_refused_before_anything_is_drawn(storyboard):
    for text, code in (("", ErrorCode.COMMAND_EMPTY), ("walk " * 1000, ErrorCode.COMMAND_TOO_LONG)):
        with pytest.raises(CommandError) as caught:
            storyboard.imagine(text)
        assert caught.value.code == code


def test_seed_decides(storyboard):
    first, again, other = (storyboard.imagine("walk", seed=seed).frames for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_progress_and_cancel(storyboard):
    seen: list[float] = []
    storyboard.imagine("run", on_progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    with pytest.raises(CommandError) as caught:
        storyboard.imagine("run", is_canceled=lambda: True)
    assert caught.value.code == ErrorCode.CANCELED


def test_moving_clips_move_and_still_clips_hardly():
    def motion_energy(name):
        frames = np.stack(list(draw_motion(name, 3, 24, 20.0))).astype(float)
        return np.abs(np.diff(frames, axis=0)).mean()

    assert motion_energy("walk") > 3 * motion_energy("stand")
    assert motion_energy("run") > motion_energy("walk")


def test_options_are_checked():
    with pytest.raises(ImagineError, match="unknown; known are storyboard, video") as caught:
        load_imaginer("dreams")
    assert caught.value.code == ErrorCode.IMAGINER_UNKNOWN
    with pytest.raises(ImagineError, match="colour"):
        load_imaginer("storyboard", colour="red")
    with pytest.raises(ImagineError, match="16 to 1024"):
        load_imaginer("storyboard", size=4)
    with pytest.raises(ImagineError, match="frames"):
        load_imaginer("storyboard", fps=float("nan"))


def test_missing_encoder_is_named(tmp_path):
    with pytest.raises(ImagineError, match="cannot load the sentence encoder"):
        SentenceEncoder(str(tmp_path))


def test_encoder_does_not_depend_on_the_batch():
    encoder = SentenceEncoder()
    sentences = ["walk", "a very long sentence about a man who walks down a road", "run", "hop"]
    together, alone = encoder.encode(sentences), encoder.encode(sentences, batch=1)
    assert together.shape == (4, 384)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert np.allclose(together, alone, atol=1e-5)
