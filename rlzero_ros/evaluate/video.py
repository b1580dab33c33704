"""A film of a recording, rendered after the run in a process without torch.

Rendering loads Mesa's LLVM, and torch may load another: one process for each keeps both alive.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import RlzeroError, RobotError
from .recording import Recording

FPS = 25
WIDTH, HEIGHT = 480, 360
_RENDERERS = (("EGL", "egl"), ("OSMesa", "osmesa"))
_HINT = "Install one: 'apt-get install libegl1 libgl1-mesa-dri', or 'apt-get install libosmesa6'"
_EXIT_TOLD = 2


def film(recording_file: Path, robot: str, video: Path, timeout_s: float = 300.0) -> None:
    """Render a saved recording to an mp4 file; RobotError tells what is missing."""
    command = [sys.executable, "-m", __name__, str(recording_file), robot, str(video)]
    environment = {**os.environ, **_renderer()}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise RobotError(f"rendering took longer than {timeout_s:.0f} s") from error
    if done.returncode == _EXIT_TOLD:
        raise RobotError(done.stderr.strip().splitlines()[-1])
    if done.returncode != 0:
        # A GL library that is there but broken ends in many ways, a crash among them.
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        renderer = environment.get("MUJOCO_GL", "the default renderer")
        raise RobotError(f"rendering with {renderer} failed: {lines[-1]}. {_HINT}")


def write_mp4(frames: Iterator[NDArray[np.uint8]], video: Path, fps: int) -> None:
    """Encode frames (H, W, 3) uint8 of one even size as H.264."""
    import av

    with av.open(str(video), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps))
        stream.pix_fmt = "yuv420p"
        for number, image in enumerate(frames):
            if number == 0:
                stream.height, stream.width = image.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))


def render(recording: Recording, robot_name: str, fps: int = FPS) -> Iterator[NDArray[np.uint8]]:
    """Pictures (HEIGHT, WIDTH, 3) uint8 of the recording in real time."""
    from ..robots.coordinates import Coordinates
    from ..robots.registry import load_robot
    from ..robots.simulation import Simulation

    robot = load_robot(robot_name)
    simulation = Simulation(robot.spec, robot.model_xml)
    # Without a GPU, shadows, mirrors and smoothing take four fifths of the time.
    simulation.model.vis.quality.shadowsize = 0
    simulation.model.vis.quality.offsamples = 1
    simulation.model.mat_reflectance[:] = 0.0
    coordinates = Coordinates(robot.spec, simulation.model)
    times = np.arange(recording.time_s[0], recording.time_s[-1], 1.0 / fps)
    indices = np.searchsorted(recording.time_s, times)
    try:
        for index in indices:
            qpos, qvel = coordinates.to_qpos_qvel(recording.state(int(index)))
            simulation.set_physics(np.concatenate([qpos, qvel]))
            yield simulation.render(WIDTH, HEIGHT)
    finally:
        simulation.close()


def _renderer() -> dict[str, str]:
    """MUJOCO_GL for a machine without a screen, unless the user chose."""
    from ctypes.util import find_library

    if os.environ.get("MUJOCO_GL", "off") != "off":
        return {}
    for library, name in _RENDERERS:
        if find_library(library):
            return {"MUJOCO_GL": name}
    raise RobotError(f"no GL library to render with. {_HINT}")


def main(arguments: list[str] | None = None) -> int:
    """python -m rlzero_ros.evaluate.video RECORDING ROBOT VIDEO."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("recording", type=Path)
    parser.add_argument("robot")
    parser.add_argument("video", type=Path)
    options = parser.parse_args(arguments)
    try:
        write_mp4(render(Recording.load(options.recording), options.robot), options.video, FPS)
    except RlzeroError as error:
        print(error, file=sys.stderr)
        return _EXIT_TOLD
    return 0


if __name__ == "__main__":
    sys.exit(main())
