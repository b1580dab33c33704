"""Renders robot states offscreen, fast, from the side view that drawings share.

Runs best in a process of its own that never imports torch: where torch is a CUDA build, loading
it after Mesa's software renderer can end the interpreter.
"""

from __future__ import annotations

from types import TracebackType

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..errors import RobotError

WORLD_SIZE_M = 3.0
"""Height and width of the picture at the robot."""
CENTER_HEIGHT_M = 0.9
"""Height of the picture's middle; the ground then lies at 80 % from the top."""
SUPERSAMPLING = 2
SKY = (205, 220, 235)
"""Colour of the background, which MuJoCo leaves black when there is no sky box."""


class FrameRenderer:
    """Small pictures of a robot, seen from its right side, following it along x and y.

    The camera also follows the heading of a robot that moves in three dimensions.

    A context manager; the pictures are (size, size, 3) uint8. Shadows, reflections, sky box and
    multisampling are off, which makes software rendering about twenty times faster; edges are
    smoothed by drawing at twice the size.
    """

    def __init__(self, model: mujoco.MjModel, size: int = 64, follow: str = "torso") -> None:
        """follow: the body that the camera follows. RobotError where there is no GL library."""
        self.model = model
        self._body = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, follow)
        if self._body < 0:
            raise RobotError(f"the model has no body {follow!r} for the camera to follow")
        model.vis.quality.offsamples = 0
        model.vis.quality.shadowsize = 0
        self._data = mujoco.MjData(model)
        try:
            side = size * SUPERSAMPLING
            self._renderer = mujoco.Renderer(model, side, side)
        except Exception as error:  # mujoco raises whatever its GL backend does
            raise RobotError(
                "MuJoCo cannot draw offscreen: install libegl1 (and set MUJOCO_GL=egl) or "
                f"libosmesa6 (MUJOCO_GL=osmesa): {error}"
            ) from error
        for flag in (
            mujoco.mjtRndFlag.mjRND_SHADOW,
            mujoco.mjtRndFlag.mjRND_REFLECTION,
            mujoco.mjtRndFlag.mjRND_SKYBOX,
            mujoco.mjtRndFlag.mjRND_HAZE,
        ):
            self._renderer.scene.flags[flag] = False
        self._camera = mujoco.MjvCamera()
        self._camera.type = mujoco.mjtCamera.mjCAMERA_FREE
        self._camera.azimuth, self._camera.elevation = 90.0, 0.0
        half_view = np.deg2rad(model.vis.global_.fovy) / 2
        self._camera.distance = WORLD_SIZE_M / 2 / np.tan(half_view)

    def render(
        self, qpos: NDArray[np.floating], sky: NDArray[np.uint8] | tuple[int, int, int] = SKY
    ) -> NDArray[np.uint8]:
        """The picture of one configuration qpos (nq,).

        sky: a colour, or a picture SUPERSAMPLING times the size.
        """
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self.model, self._data)
        mujoco.mj_camlight(self.model, self._data)
        self._camera.azimuth = 90.0 + self._heading_deg()
        self._camera.lookat[:] = (*self._data.xpos[self._body, :2], CENTER_HEIGHT_M)
        self._renderer.update_scene(self._data, self._camera)
        image = self._renderer.render()
        empty = ~image.any(axis=2)
        image[empty] = np.broadcast_to(np.asarray(sky, dtype=np.uint8), image.shape)[empty]
        size = len(image) // SUPERSAMPLING
        blocks = image.reshape(size, SUPERSAMPLING, size, SUPERSAMPLING, 3)
        return blocks.mean(axis=(1, 3)).astype(np.uint8)

    def _heading_deg(self) -> float:
        """Where a body that moves freely points, so that it is seen from its right side."""
        if self.model.body_dofnum[self._body] != 6:
            return 0.0
        x, y = self._data.xmat[self._body, [0, 3]]
        return float(np.rad2deg(np.arctan2(y, x)))

    def close(self) -> None:
        """Frees the GL context."""
        self._renderer.close()

    def __enter__(self) -> FrameRenderer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
