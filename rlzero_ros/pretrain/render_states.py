"""Renders physics states to pictures, in a process of its own that never imports torch.

    python -m rlzero_ros.pretrain.render_states --robot walker --folder runs/index-walker

The folder holds ``physics.npy`` (N, nq + nv); the pictures go to its ``frames.npy``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, RlzeroError
from ..robots.observation import load_model
from ..robots.registry import load_robot
from .frame_file import digest, fill_frames
from .pose_pool import SIZE
from .render import FrameRenderer


def render_states(robot: str, folder: Path) -> None:
    """Renders every row of the folder's ``physics.npy`` in the robot's own look, resuming."""
    physics = np.load(folder / "physics.npy")
    described = load_robot(robot)
    model = load_model(described.model_xml)
    if physics.ndim != 2 or physics.shape[1] != model.nq + model.nv:
        raise DataError(f"{robot} has physics of {model.nq + model.nv}, not {physics.shape}")

    def render(rows: range) -> Iterator[NDArray[np.uint8]]:
        for row in rows:
            yield renderer.render(physics[row, : model.nq])

    identity = {"robot": robot, "physics": digest(physics)}
    with FrameRenderer(model, SIZE, described.spec.base.body) as renderer:
        fill_frames(folder, len(physics), SIZE, identity, render)


def render_in_process(robot: str, physics: NDArray[np.floating], folder: Path) -> None:
    """Runs ``render_states`` on physics (N, nq + nv) in a fresh process; DataError if it fails."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "physics.npy", physics)
    command = [sys.executable, "-m", "rlzero_ros.pretrain.render_states"]
    done = subprocess.run(
        [*command, "--robot", robot, "--folder", str(folder)],
        env={"MUJOCO_GL": "egl", **os.environ},
        check=False,
    )
    if done.returncode != 0:
        raise DataError(f"rendering into {folder} failed (exit code {done.returncode})")


def main(argv: list[str] | None = None) -> int:
    """The command line; see the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--robot", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    args = parser.parse_args(argv)
    try:
        render_states(args.robot, args.folder)
    except RlzeroError as error:
        print(f"render_states: {error.message}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
