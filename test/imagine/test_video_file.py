"""Videos that people supply: good ones round trip, bad ones give one clear error."""

from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from rlzero_ros.errors import CommandError, ErrorCode, ImagineError
from rlzero_ros.imagine.registry import load_imaginer


def gray(level, width=64, height=48):
    return np.full((height, width, 3), level, np.uint8)


def write_mp4(path, levels, *, fps=10, times=None, size=(64, 48)):
    """A video of plain grey frames; ``times`` in seconds make a variable frame rate."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 2_000_000
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, level in enumerate(levels):
            frame = av.VideoFrame.from_ndarray(gray(level, *size), format="rgb24")
            frame.time_base = Fraction(1, 1000)
            frame.pts = round(1000 * (number / fps if times is None else times[number]))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_gif(path, levels, milliseconds):
    images = [Image.fromarray(gray(level)) for level in levels]
    images[0].save(path, save_all=True, append_images=images[1:], duration=milliseconds, loop=0)
    return path


def levels_of(clip):
    return clip.frames.mean(axis=(1, 2, 3))


def play(path, **options):
    return load_imaginer("video", path=path, **options).imagine("do what you see")


def refusal(path, **options):
    with pytest.raises(ImagineError) as caught:
        play(path, **options)
    assert caught.value.code == ErrorCode.VIDEO_UNREADABLE
    assert "\n" not in caught.value.message
    return caught.value.message


def test_mp4_round_trip_is_resampled(tmp_path):
    levels = np.linspace(20, 230, 20).astype(int)
    clip = play(write_mp4(tmp_path / "ramp.mp4", levels, fps=10), fps=20.0)
    assert clip.frames.shape == (40, 48, 64, 3)
    assert clip.source == "video:ramp.mp4"
    assert clip.prompt == "do what you see"
    assert levels_of(clip) == pytest.approx(np.repeat(levels, 2), abs=6)


def test_variable_frame_rate_shows_each_frame_when_it_was_shown(tmp_path):
    times = [0.0, 0.1, 0.2, 1.2, 1.3]
    path = write_mp4(tmp_path / "vfr.mp4", [0, 60, 120, 180, 240], times=times)
    levels = levels_of(play(path, fps=10.0))
    assert levels[:14] == pytest.approx([0, 60, *[120] * 10, 180, 240], abs=8)


def test_gif_with_unequal_delays(tmp_path):
    path = write_gif(tmp_path / "a.gif", [0, 128, 255], [100, 500, 200])
    assert levels_of(play(path, fps=10.0)) == pytest.approx([0, *[128] * 5, 255, 255], abs=4)


def test_folder_of_images_in_the_order_of_numbers(tmp_path):
    for number in (1, 2, 10):
        Image.fromarray(gray(20 * number)).save(tmp_path / f"frame{number}.png")
    (tmp_path / "notes.txt").write_text("not a picture")
    assert levels_of(play(tmp_path)) == pytest.approx([20, 40, 200])
    assert len(play(tmp_path, folder_fps=10.0).frames) == 6


def test_part_of_a_video(tmp_path):
    path = write_mp4(tmp_path / "long.mp4", np.arange(0, 250, 5), fps=10)
    clip = play(path, fps=10.0, start_s=2.0, duration_s=1.0)
    assert levels_of(clip) == pytest.approx(np.arange(100, 150, 5), abs=6)
    assert "no frames from 60" in refusal(path, start_s=60.0)
    assert "longer than 3 s" in refusal(path, max_duration_s=3.0)


def test_command_names_the_file(tmp_path):
    path = write_mp4(tmp_path / "my clip.mp4", [10, 20, 30])
    assert len(load_imaginer("video", fps=10.0).imagine(str(path)).frames) == 3
    with pytest.raises(CommandError, match="path of a video"):
        load_imaginer("video").imagine("walk forward")
    assert "there is no video" in refusal(tmp_path / "gone.mp4")


def test_large_frames_are_reduced(tmp_path):
    path = write_mp4(tmp_path / "hd.mp4", [50, 60], size=(1280, 720))
    assert play(path).frames.shape[1:] == (144, 256, 3)


def test_huge_pictures_are_refused_before_decoding(tmp_path):
    Image.new("1", (9_000, 9_000)).save(tmp_path / "huge.png")
    assert "too large (9000x9000)" in refusal(tmp_path)


@pytest.mark.parametrize("name", ["empty.mp4", "empty.gif", "empty.png"])
def test_empty_file(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    assert name in refusal(tmp_path / name)


def test_empty_folder(tmp_path):
    assert "no images" in refusal(tmp_path)


def test_not_a_video(tmp_path):
    path = tmp_path / "song.mp4"
    path.write_bytes(np.random.default_rng(0).bytes(20_000))
    assert "song.mp4" in refusal(path)
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    assert "a.png" in refusal(tmp_path / "pictures")


def test_sound_only(tmp_path):
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert "no video stream" in refusal(path)


def test_truncated_video_never_crashes(tmp_path):
    path = write_mp4(tmp_path / "whole.mp4", np.arange(0, 250, 5), fps=10)
    whole = path.read_bytes()
    for part in (0.1, 0.5, 0.9):
        cut = tmp_path / "cut.mp4"
        cut.write_bytes(whole[: int(part * len(whole))])
        assert "cut.mp4" in refusal(cut)


def test_flipped_bytes_give_a_clip_or_a_clear_error(tmp_path):
    data = write_mp4(tmp_path / "a.mp4", np.arange(0, 250, 10), fps=10).read_bytes()
    rng = np.random.default_rng(0)
    codes = set()
    for _ in range(30):
        damaged = bytearray(data)
        for position in rng.integers(0, len(data), 8):
            damaged[position] ^= 1 << int(rng.integers(8))
        path = tmp_path / "damaged.mp4"
        path.write_bytes(bytes(damaged))
        codes.add(code_of_playing(path))
    assert codes == {ErrorCode.OK, ErrorCode.VIDEO_UNREADABLE}


def code_of_playing(path):
    try:
        clip = play(path)
    except ImagineError as error:
        return error.code
    assert 0 < len(clip.frames) <= 600
    return ErrorCode.OK


def test_frames_of_different_sizes_are_refused(tmp_path):
    Image.fromarray(gray(10)).save(tmp_path / "1.png")
    Image.fromarray(gray(10, 32, 32)).save(tmp_path / "2.png")
    assert "frame size" in refusal(tmp_path)


def test_options_are_checked(tmp_path):
    for options in (
        {"fps": 0.0},
        {"fps": float("nan")},
        {"start_s": -1.0},
        {"duration_s": 0.0},
        {"duration_s": 31.0},
        {"max_duration_s": 1e9},
        {"max_side": 1},
    ):
        with pytest.raises(ImagineError):
            load_imaginer("video", path=tmp_path, **options)


def test_cancel(tmp_path):
    path = write_mp4(tmp_path / "a.mp4", [1, 2, 3])
    with pytest.raises(CommandError) as caught:
        load_imaginer("video", path=path).imagine("x", is_canceled=lambda: True)
    assert caught.value.code == ErrorCode.CANCELED
