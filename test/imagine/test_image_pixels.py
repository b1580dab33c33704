"""Pictures in the layout of sensor_msgs/Image, as cameras send them."""

import array

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlzero_ros.errors import ErrorCode, ImagineError
from rlzero_ros.imagine.image_pixels import ENCODINGS, decode_image

sizes = st.integers(1, 40)
paddings = st.integers(0, 20)


def encode(rgb, encoding, padding, whole_last_row=True):
    """The bytes that a camera with rows of that padding sends for an RGB picture."""
    alpha = np.full_like(rgb[..., :1], 7)
    pixels = {
        "rgb8": rgb,
        "bgr8": rgb[..., ::-1],
        "rgba8": np.concatenate([rgb, alpha], axis=2),
        "bgra8": np.concatenate([rgb[..., ::-1], alpha], axis=2),
        "mono8": rgb[..., :1],
    }[encoding]
    rows = [row.tobytes() + b"\xee" * padding for row in pixels]
    data = b"".join(rows)
    return len(rows[0]), data if whole_last_row or not padding else data[:-padding]


def colours(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(deadline=None)
@given(height=sizes, width=sizes, padding=paddings, whole=st.booleans())
def test_what_was_encoded_comes_back(encoding, height, width, padding, whole):
    rgb = colours(height, width)
    if encoding == "mono8":
        rgb = np.repeat(rgb[..., :1], 3, axis=2)
    step, data = encode(rgb, encoding, padding, whole)
    for buffer in (data, array.array("B", data), np.frombuffer(data, np.uint8)):
        picture = decode_image(encoding, height, width, step, buffer, 1000)
        assert picture.dtype == np.uint8
        assert picture.flags["C_CONTIGUOUS"]
        assert np.array_equal(picture, rgb)


@settings(deadline=None)
@given(height=st.integers(1, 300), width=st.integers(1, 300), side=st.integers(8, 64))
def test_large_pictures_are_reduced_in_proportion(height, width, side):
    step, data = encode(np.full((height, width, 3), 90, np.uint8), "bgr8", 3)
    picture = decode_image("bgr8", height, width, step, data, side)
    assert max(picture.shape[:2]) == min(max(height, width), side)
    assert np.all(picture == 90)
    larger = max(height, width)
    if larger > side:
        for there, was in zip(picture.shape[:2], (height, width), strict=True):
            assert abs(there - max(was * side / larger, 1)) <= 0.5 + 1e-9


def test_reducing_keeps_what_is_where():
    rgb = np.zeros((100, 200, 3), np.uint8)
    rgb[:50, 100:] = (250, 120, 30)
    step, data = encode(rgb, "bgra8", 5)
    picture = decode_image("bgra8", 100, 200, step, data, 20)
    assert picture.shape == (10, 20, 3)
    assert np.all(picture[:5, 10:] == (250, 120, 30))
    assert not picture[5:].any()
    assert not picture[:, :10].any()


@settings(deadline=None)
@given(
    encoding=st.sampled_from([*ENCODINGS, "16UC1", "bayer_rggb8", "yuv422", "", "rgb8\n" * 100]),
    height=st.integers(0, 2**32 - 1) | st.integers(0, 20),
    width=st.integers(0, 2**32 - 1) | st.integers(0, 20),
    step=st.integers(0, 2**32 - 1) | st.integers(0, 80),
    data=st.binary(max_size=2000),
)
def test_nonsense_is_decoded_or_refused_with_one_line(encoding, height, width, step, data):
    picture, refusal = decode(encoding, height, width, step, data)
    assert refusal is None or refusal.code == ErrorCode.VIDEO_UNREADABLE
    assert refusal is None or len(refusal.message) < 250
    sound = encoding in ENCODINGS and height * width > 0
    if not (sound and step * (height - 1) < len(data) <= step * height):
        assert refusal is not None
    if refusal is None:
        assert picture.shape[2] == 3


def decode(*image):
    try:
        return decode_image(*image, max_side=64), None
    except ImagineError as error:
        return None, error


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"encoding": "16UC1"}, "encoding is '16UC1'; republish it as one of rgb8"),
        ({"width": 0}, "0x4 pixels"),
        ({"width": 100_000, "height": 100_000}, "100000x100000 pixels"),
        ({"step": 14}, "step is 14 bytes, but 5 pixels of rgb8 take 15"),
        ({"height": 5}, "60 bytes instead of 75"),
        ({"data": bytes(61)}, "61 bytes instead of 60"),
        ({"data": b""}, "0 bytes instead of 60"),
    ],
)
def test_refusals_say_what_is_wrong(change, says):
    good = {"encoding": "rgb8", "height": 4, "width": 5, "step": 15, "data": bytes(60)}
    assert decode_image(**good, max_side=64).shape == (4, 5, 3)
    with pytest.raises(ImagineError) as caught:
        decode_image(**{**good, **change}, max_side=64)
    assert says in caught.value.message
