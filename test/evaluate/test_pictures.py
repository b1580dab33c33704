"""The strip and the film of a run."""

import io

import numpy as np
import pytest
from PIL import Image

from rlzero_ros.evaluate.recording import Recording
from rlzero_ros.evaluate.strip import CELL, png, projection_strip, spread
from rlzero_ros.robots.registry import load_robot
from rlzero_ros.robots.simulation import Simulation


def plain(colour, height=64, width=64):
    return np.full((height, width, 3), colour, np.uint8)


def test_the_strip_shows_imagined_frames_above_real_ones():
    imagined = [plain((255, 0, 0)), plain((0, 255, 0))]
    real = [plain((0, 0, 255), 32, 32), plain((9, 9, 9), 32, 32)]
    strip = projection_strip(imagined, real)
    half = CELL // 2
    assert tuple(strip[half, half]) == (255, 0, 0)
    assert tuple(strip[half, -half]) == (0, 255, 0)
    assert tuple(strip[-half, half]) == (0, 0, 255)
    assert tuple(strip[-half, -half]) == (9, 9, 9)
    assert Image.open(io.BytesIO(png(strip))).size == (strip.shape[1], strip.shape[0])


def test_proportions_are_kept():
    strip = projection_strip([plain((0, 0, 0), 32, 64)], [plain((0, 0, 0), 64, 64)])
    assert tuple(strip[2, CELL // 2]) == (255, 255, 255)
    assert tuple(strip[CELL // 2, CELL // 2]) == (0, 0, 0)


def test_frames_are_spread_over_the_whole_clip():
    assert spread(48, 12)[[0, -1]].tolist() == [0, 47]
    assert spread(3, 12).tolist() == [0, 1, 2]
    assert spread(1, 12).tolist() == [0]


def test_unequal_numbers_of_frames_are_refused():
    with pytest.raises(ValueError, match="2 imagined frames but 1 real"):
        projection_strip([plain(0)] * 2, [plain(0)])


def test_the_film_shows_the_robot_move(tmp_path):
    av = pytest.importorskip("av")
    from ctypes.util import find_library

    from rlzero_ros.evaluate.video import FPS, film

    if not (find_library("EGL") or find_library("OSMesa")):
        pytest.skip("no GL library: apt-get install libegl1 libgl1-mesa-dri")
    robot = load_robot("walker")
    simulation = Simulation(robot.spec, robot.model_xml)
    simulation.reset(pose="default")
    states = []
    for _ in range(100):
        simulation.step(np.zeros(6), 0.01)
        states.append(simulation.state())
    Recording.of(states).save(tmp_path / "states.npz")
    film(tmp_path / "states.npz", "walker", tmp_path / "run.mp4")
    with av.open(str(tmp_path / "run.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    assert len(frames) == pytest.approx(FPS * 0.99, abs=1)
    difference = np.abs(frames[0].astype(int) - frames[-1].astype(int)).mean()
    assert difference > 2.0, "the fall of a second is not to be seen"


def test_a_robot_that_nobody_knows_is_told_in_one_line(tmp_path):
    from rlzero_ros.errors import RobotError
    from rlzero_ros.evaluate.video import film

    robot = load_robot("walker")
    states = [Simulation(robot.spec, robot.model_xml).state()]
    Recording.of(states).save(tmp_path / "states.npz")
    with pytest.raises(RobotError, match="no robot named 'nobody'"):
        film(tmp_path / "states.npz", "nobody", tmp_path / "run.mp4")
