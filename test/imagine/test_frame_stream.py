"""The last seconds of a camera as a clip, whatever the camera does."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rlzero_ros.errors import CommandError, ErrorCode, ImagineError
from rlzero_ros.imagine.do_what_you_see import DoWhatYouSee
from rlzero_ros.imagine.frame_stream import MAX_FRAMES, FrameStream
from rlzero_ros.imagine.registry import load_imaginer


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def shade(number, size=8):
    """A picture whose colour tells its number."""
    return lambda: np.full((size, size, 3), (number % 256, number // 256, 0), np.uint8)


def play(stream, times, number=lambda time_s: round(time_s * 10)):
    for time_s in times:
        stream.add(time_s, shade(number(time_s)))


def seen(clip):
    return [int(frame[0, 0, 0]) + 256 * int(frame[0, 0, 1]) for frame in clip.frames]


def test_the_last_seconds_at_the_rate_of_the_camera():
    stream = FrameStream(window_s=1.0, fps=10.0)
    play(stream, np.arange(0, 5, 0.1))
    clip = stream.clip("do what you see")
    assert (clip.fps, clip.prompt, clip.source) == (10.0, "do what you see", "video_prompt")
    assert seen(clip) == list(range(40, 50))


@pytest.mark.parametrize("rate", [30.0, 24.0, 60.0, 200.0, 7.0])
def test_other_rates_are_resampled_evenly(rate):
    stream = FrameStream(window_s=2.0, fps=20.0)
    times = 1_700_000_000.0 + np.arange(0, 6, 1 / rate)  # as large as the stamps of a real camera
    for number, time_s in enumerate(times):
        stream.add(time_s, shade(number))
    clip = stream.clip("x")
    assert clip.frames.shape == (40, 8, 8, 3)
    shown = times[seen(clip)]
    off = shown - (shown[-1] - np.arange(40)[::-1] / 20)
    between = 1 / rate if rate <= 40 else 1 / rate + 1 / 40
    assert np.abs(off).max() <= between / 2 + 1e-3


def test_every_moment_shows_the_picture_nearest_to_it():
    stream = FrameStream(window_s=1.0, fps=10.0)
    play(stream, [0.0, 0.5, 0.6, 1.41])
    assert seen(stream.clip("x")) == [5, 6, 6, 6, 6, 14, 14, 14, 14, 14]


def test_only_what_is_kept_is_decoded_and_memory_is_bounded():
    stream = FrameStream(window_s=2.0, fps=20.0)
    decoded = []

    def picture():
        decoded.append(1)
        return np.zeros((8, 8, 3), np.uint8)

    most = 0
    for time_s in np.arange(0, 20, 0.002):
        stream.add(time_s, picture)
        most = max(most, len(stream))
    assert 790 <= len(decoded) <= 801
    assert 80 <= most <= 82


@settings(deadline=None)
@given(st.lists(st.floats(-2, 3, allow_nan=False), max_size=300), st.floats(0, 1e9))
def test_any_times_give_a_clip_of_bounded_size_or_one_clear_error(steps, begin):
    stream = FrameStream(window_s=1.0, fps=10.0)
    time_s = begin
    for number, step in enumerate(steps):
        time_s += step / 10
        stream.add(time_s, shade(number))
        assert len(stream) <= 22
    code, frames = take(stream)
    assert code == ErrorCode.OK if frames else code == ErrorCode.VIDEO_UNREADABLE
    assert frames == 0 or 5 <= frames <= 10


def take(stream):
    """The error code, and the number of frames."""
    try:
        return ErrorCode.OK, len(stream.clip("x").frames)
    except ImagineError as error:
        return error.code, 0


def test_late_and_repeated_pictures_are_left_out():
    stream = FrameStream(window_s=1.0, fps=10.0)
    play(stream, np.arange(0, 1.05, 0.1))
    stream.add(0.7, shade(200))
    stream.add(1.0, shade(201))
    assert seen(stream.clip("x")) == list(range(1, 11))


@pytest.mark.parametrize("jump", [5.0, -5.0])
def test_a_jump_in_time_begins_anew(jump):
    stream = FrameStream(window_s=1.0, fps=10.0)
    play(stream, 10 + np.arange(0, 2, 0.1))
    play(stream, 10 + jump + np.arange(0, 0.3, 0.1))
    with pytest.raises(ImagineError, match=r"only 0\.2 s were seen"):
        stream.clip("x")
    play(stream, 10 + jump + np.arange(0.3, 0.75, 0.1), number=lambda _: 1)
    assert len(stream.clip("x").frames) == 8


def test_another_size_begins_anew():
    stream = FrameStream(window_s=1.0, fps=10.0)
    play(stream, np.arange(0, 2, 0.1))
    for time_s in np.arange(2, 2.65, 0.1):
        stream.add(time_s, shade(3, size=16))
    assert stream.clip("x").frames.shape == (7, 16, 16, 3)


def test_no_pictures_and_old_pictures_are_refused(clock):
    stream = FrameStream(window_s=1.0, fps=10.0, max_age_s=1.0, now_s=clock)
    with pytest.raises(ImagineError, match="no picture has come") as caught:
        stream.clip("x")
    assert caught.value.code == ErrorCode.VIDEO_UNREADABLE
    play(stream, np.arange(0, 2, 0.1))
    clock.now += 0.9
    assert len(stream.clip("x").frames) == 10
    clock.now += 0.2
    with pytest.raises(ImagineError, match=r"last picture came 1\.1 s ago"):
        stream.clip("x")
    # A driver that hangs repeats its last picture; that is no new one.
    stream.add(1.9, shade(0))
    with pytest.raises(ImagineError, match="last picture came"):
        stream.clip("x")


def test_a_picture_that_cannot_be_decoded_is_told_until_a_good_one_comes():
    def bad():
        raise ImagineError("its encoding is 'x'", ErrorCode.VIDEO_UNREADABLE)

    stream = FrameStream(window_s=1.0, fps=10.0)
    play(stream, np.arange(0, 2, 0.1))
    with pytest.raises(ImagineError, match="encoding"):
        stream.add(2.0, bad)
    with pytest.raises(ImagineError, match="nothing to do as seen: its encoding is 'x'"):
        stream.clip("x")
    play(stream, np.arange(2.1, 2.75, 0.1))
    assert len(stream.clip("x").frames) == 7


def test_adding_and_taking_at_once():
    stream = FrameStream(window_s=1.0, fps=20.0)
    play(stream, np.arange(0, 1, 0.01))
    stop, clips = threading.Event(), []

    def keep_taking():
        while not stop.is_set():
            clips.append(stream.clip("x"))

    taker = threading.Thread(target=keep_taking)
    taker.start()
    play(stream, np.arange(1, 20, 0.001))
    stop.set()
    taker.join()
    assert clips
    assert all(len(clip.frames) == 20 for clip in clips)
    assert all(set(np.diff(seen(clip))) <= {0, 1} for clip in clips)


def test_numbers_are_checked():
    for options in (
        {"fps": 0.0},
        {"fps": float("nan")},
        {"window_s": 0.1},
        {"window_s": MAX_FRAMES / 10},
        {"max_age_s": 0.0},
    ):
        with pytest.raises(ImagineError, match="a video prompt lasts"):
            FrameStream(**options)


def test_only_the_one_command_looks(tmp_path):
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(tmp_path / "1.png")
    stream = FrameStream(window_s=1.0, fps=10.0)
    imaginer = DoWhatYouSee(stream, load_imaginer("video", path=tmp_path))
    assert imaginer.name == "video"
    for command in ("walk forward", "do what you see in your dreams"):
        assert imaginer.imagine(command).source == f"video:{tmp_path.name}"
    with pytest.raises(ImagineError, match="no picture has come"):
        imaginer.imagine("do what you see")
    play(stream, np.arange(0, 2, 0.1))
    progress = []
    for command in ("do what you see", "  Do what\tyou see "):
        clip = imaginer.imagine(command, on_progress=progress.append)
        assert clip.source == "video_prompt"
        assert seen(clip) == list(range(10, 20))
    assert progress == [1.0, 1.0]
    with pytest.raises(CommandError) as caught:
        imaginer.imagine("do what you see", is_canceled=lambda: True)
    assert caught.value.code == ErrorCode.CANCELED
    with pytest.raises(CommandError):
        imaginer.imagine("  ")
