"""One robot in MuJoCo, commanded in SI units like the hardware."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..errors import RobotError
from .actuators import Actuators
from .coordinates import Coordinates
from .initial_pose import default_pose, randomize_pose
from .observation import load_model
from .spec import RobotSpec
from .state import RobotState

INITIAL_POSES = ("random", "default")


class Simulation:
    """Physics of one robot.

    seed: seeds the initial poses. `step` holds one command (n,), SI units in joint order, for a
    duration (s). Not thread-safe.
    """

    def __init__(self, spec: RobotSpec, model_xml: str | Path, seed: int = 0) -> None:
        self.spec = spec
        self.model = load_model(model_xml)
        self.data = mujoco.MjData(self.model)
        self._coordinates = Coordinates(spec, self.model)
        self._actuators = Actuators(spec, self.model)
        self._rng = np.random.default_rng(seed)
        self._renderer: mujoco.Renderer | None = None
        self.reset()

    @property
    def time_s(self) -> float:
        """Simulated seconds since the last reset."""
        return float(self.data.time)

    def reset(self, seed: int | None = None, pose: str = "random") -> None:
        """Back to time 0: a random pose above the floor (as dm_control starts) or the default."""
        if pose not in INITIAL_POSES:
            raise RobotError(f"initial pose must be one of {INITIAL_POSES}, not {pose!r}")
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        if pose == "random":
            randomize_pose(self.spec, self.model, self.data, self._rng)
        else:
            default_pose(self.model, self.data)
        mujoco.mj_forward(self.model, self.data)

    def step(self, command: NDArray[np.floating], duration_s: float | None = None) -> None:
        """Hold a command (n,) in SI units for duration_s (default: one control period)."""
        if np.shape(command) != (self.spec.action_dim,) or not np.all(np.isfinite(command)):
            raise RobotError(f"a command needs {self.spec.action_dim} finite numbers")
        self.data.ctrl[:] = self._actuators.control(np.asarray(command, dtype=np.float64))
        duration_s = self.spec.control_period_s if duration_s is None else duration_s
        steps = max(1, round(duration_s / self.model.opt.timestep))
        mujoco.mj_step(self.model, self.data, steps)

    def state(self) -> RobotState:
        """What the robot's sensors would report now."""
        return self._coordinates.to_state(self.data.qpos, self.data.qvel, self.time_s)

    def physics(self) -> NDArray[np.float64]:
        """Generalised coordinates (nq + nv,)."""
        return np.concatenate([self.data.qpos, self.data.qvel])

    def set_physics(self, physics: NDArray[np.floating]) -> None:
        """Put the robot where `physics` (nq + nv,) says, its actuators at rest there."""
        nq = self.model.nq
        if np.shape(physics) != (nq + self.model.nv,) or not np.all(np.isfinite(physics)):
            raise RobotError(f"physics needs {nq + self.model.nv} finite numbers")
        self.data.qpos[:], self.data.qvel[:] = physics[:nq], physics[nq:]
        joints = self._coordinates.to_state(self.data.qpos, self.data.qvel, 0.0).joint_positions
        self._actuators.settle(self.data, joints)
        mujoco.mj_forward(self.model, self.data)

    def render(self, width: int = 320, height: int = 240, camera: str = "side") -> NDArray:
        """The view (height, width, 3) uint8 of a camera; RobotError where no GL library is."""
        if self._renderer is None or (self._renderer.width, self._renderer.height) != (
            width,
            height,
        ):
            self.close()
            self._renderer = _new_renderer(self.model, width, height)
        self._renderer.update_scene(self.data, camera=camera)
        return self._renderer.render()

    def close(self) -> None:
        """Free the renderer."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None


def command_to_control(
    spec: RobotSpec, model: mujoco.MjModel
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """The function from a command (action_dim,) in SI units and spec order to ctrl (nu,)."""
    return Actuators(spec, model).control


def _new_renderer(model: mujoco.MjModel, width: int, height: int) -> mujoco.Renderer:
    try:
        return mujoco.Renderer(model, height, width)
    except Exception as error:  # mujoco and PyOpenGL raise many unrelated types here
        raise RobotError(
            "cannot render: no working OpenGL. Install one with "
            "'apt-get install libegl1 libgl1-mesa-dri' and set MUJOCO_GL=egl, or "
            f"'apt-get install libosmesa6' and MUJOCO_GL=osmesa ({error})"
        ) from error
