"""Rendering: the robot where its drawing is; looks that change and change back; resumable files."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rlzero_ros.errors import DataError
from rlzero_ros.imagine.draw import draw
from rlzero_ros.imagine.figure import REFERENCE
from rlzero_ros.imagine.palette import Palette
from rlzero_ros.imagine.style import PARTS, FigureStyle
from rlzero_ros.pretrain.figure_of import poses_of, walker_qpos
from rlzero_ros.pretrain.frame_file import fill_frames, read_frames
from rlzero_ros.pretrain.looks import LookRandomizer
from rlzero_ros.pretrain.pose_sampler import sample_poses
from rlzero_ros.pretrain.render import SKY, SUPERSAMPLING, FrameRenderer
from rlzero_ros.pretrain.render_states import render_in_process, render_states
from rlzero_ros.robots.observation import load_model
from rlzero_ros.robots.registry import load_robot

pytestmark = pytest.mark.skipif(
    "MUJOCO_GL" not in os.environ, reason="no GL library: install libegl1 or libosmesa6"
)
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
PLAIN = FigureStyle(
    body="capsule",
    palette=Palette(dict.fromkeys(PARTS["human"], BLACK), 1.0, BLACK, *[WHITE] * 4),
    proportions=REFERENCE,
    head="none",
    arms=False,
    floor="none",
)


@pytest.fixture(scope="module")
def renderer() -> Iterator[FrameRenderer]:
    """A renderer of the walker."""
    with FrameRenderer(load_model(load_robot("walker").model_xml)) as made:
        yield made


def walker_states(n: int) -> np.ndarray:
    """Physics (n, 18) on and above the ground."""
    qpos = walker_qpos(sample_poses(n, np.random.default_rng(0)))
    qpos[:, 1] = np.linspace(-3, 3, n)
    return np.concatenate([qpos, np.zeros((n, 9))], axis=1)


def test_the_robot_is_where_its_drawing_is(renderer: FrameRenderer) -> None:
    physics = walker_states(30)
    poses = poses_of("walker", physics)
    overlaps = []
    for row in range(len(physics)):
        frame = renderer.render(physics[row, :9]).astype(int)
        robot = frame[..., 0] - frame[..., 2] > 20  # the walker alone is orange
        drawn = draw(poses.figure(row), PLAIN).mean(-1) < 128
        # A drawing is centred on the limbs, a rendering on the trunk: align them sideways.
        columns = [np.nonzero(mask.any(0))[0].mean() for mask in (robot, drawn)]
        drawn = np.roll(drawn, round(columns[0] - columns[1]), axis=1)
        overlaps.append((robot & drawn).sum() / (robot | drawn).sum())
    assert np.mean(overlaps) > 0.55
    assert np.min(overlaps) > 0.3


def test_the_camera_follows_the_robot(renderer: FrameRenderer) -> None:
    frame = renderer.render(np.zeros(9))
    assert tuple(frame[0, 0]) == SKY
    assert frame.shape == (64, 64, 3)
    far = np.zeros(9)
    far[1] = 40.0
    robot = [np.ptp(f.astype(int), axis=-1) > 60 for f in (frame, renderer.render(far))]
    np.testing.assert_array_equal(robot[0][10:40], robot[1][10:40])


def test_looks_change_and_change_back(renderer: FrameRenderer) -> None:
    looks = LookRandomizer(renderer.model)
    looks.original()
    before = renderer.render(np.zeros(9))
    side = 64 * SUPERSAMPLING
    one = renderer.render(np.zeros(9), looks.random(np.random.default_rng(0), side))
    two = renderer.render(np.zeros(9), looks.random(np.random.default_rng(1), side))
    assert np.abs(before.astype(int) - one).mean() > 5
    assert np.abs(two.astype(int) - one).mean() > 5
    looks.original()
    np.testing.assert_array_equal(renderer.render(np.zeros(9)), before)


def test_a_process_of_its_own_renders_the_same(renderer: FrameRenderer, tmp_path: Path) -> None:
    physics = walker_states(12)
    render_in_process("walker", physics, tmp_path)
    frames = read_frames(tmp_path)
    LookRandomizer(renderer.model).original()
    for row in (0, 11):
        np.testing.assert_allclose(frames[row], renderer.render(physics[row, :9]), atol=1)
    np.save(tmp_path / "physics.npy", physics[:, :-1])
    with pytest.raises(DataError, match="18"):
        render_states("walker", tmp_path)
    with pytest.raises(DataError, match="failed"):
        render_in_process("octopus", physics, tmp_path / "other")


def test_interrupted_renderings_go_on_where_they_were(tmp_path: Path) -> None:
    asked: list[int] = []

    def render(rows: range) -> Iterator[np.ndarray]:
        for row in rows:
            asked.append(row)
            if row == 700 and len(asked) < 1000:
                raise KeyboardInterrupt
            yield np.full((4, 4, 3), row % 256, np.uint8)

    with pytest.raises(KeyboardInterrupt):
        fill_frames(tmp_path, 1200, 4, {"seed": 1}, render)
    with pytest.raises(DataError, match="500 of 1200"):
        read_frames(tmp_path)
    asked += [0] * 1000
    fill_frames(tmp_path, 1200, 4, {"seed": 1}, render)
    assert asked.count(499) == 1
    np.testing.assert_array_equal(read_frames(tmp_path)[:, 0, 0, 0], np.arange(1200) % 256)
    with pytest.raises(DataError, match="other pictures"):
        fill_frames(tmp_path, 1200, 4, {"seed": 2}, render)
    assert json.loads((tmp_path / "progress.json").read_text())["done"] == 1200
