"""Many copies of one robot stepped together, for collecting data."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..robots.actuators import Actuators
from ..robots.initial_pose import overturn_pose, randomize_pose
from ..robots.observation import ObservationAssembler, load_model
from ..robots.registry import Robot


class VectorEnvironment:
    """n simulations of one robot; actions in [−1, 1], one control period a step."""

    def __init__(
        self, robot: Robot, n: int, seed: int, overturned: float = 0.0, late_s: float = 0.0
    ) -> None:
        """overturned: share of the resets that put a robot down in any orientation. late_s: how
        long into a control period its action comes at most, until when the one before acts; each
        robot draws its own at a reset. DataError for a whole period or more.
        """
        if not 0.0 <= late_s < robot.spec.control_period_s:
            raise DataError(
                f"actions cannot come {late_s} s late: a control period of {robot.spec.name} is "
                f"{robot.spec.control_period_s} s"
            )
        self.spec, self._overturned = robot.spec, overturned
        self._model = load_model(robot.model_xml)
        self._assembler = ObservationAssembler(robot.spec, robot.model_xml)
        self._data = [mujoco.MjData(self._model) for _ in range(n)]
        self._control = Actuators(robot.spec, self._model).control
        self._steps = round(self.spec.control_period_s / self._model.opt.timestep)
        self._latest = round(late_s / self._model.opt.timestep)
        self._late = np.zeros(n, dtype=int)
        self.seed(seed)

    def seed(self, seed: int | tuple[int, ...]) -> None:
        """Restart the stream of random poses."""
        self._rng = np.random.default_rng(seed)

    @property
    def physics_dim(self) -> int:
        """Size of one row of `physics`."""
        return int(self._model.nq + self._model.nv)

    def reset(self) -> None:
        """Every simulation to a random pose."""
        if self._latest:
            self._late = self._rng.integers(self._latest + 1, size=len(self._data))
        for data in self._data:
            overturned = self._overturned and self._rng.random() < self._overturned
            put = overturn_pose if overturned else randomize_pose
            put(self.spec, self._model, data, self._rng)
            mujoco.mj_forward(self._model, data)

    def step(self, actions: NDArray[np.floating]) -> None:
        """Apply actions (n, action_dim) for one control period."""
        for data, action, late in zip(self._data, actions, self._late, strict=True):
            mujoco.mj_step(self._model, data, late)
            data.ctrl[:] = self._control(self.spec.scale_action(action))
            mujoco.mj_step(self._model, data, self._steps - late)

    def physics(self) -> NDArray[np.float64]:
        """Generalised coordinates (n, nq + nv)."""
        return np.stack([np.concatenate([d.qpos, d.qvel]) for d in self._data])

    def observe(self) -> NDArray[np.float32]:
        """Observations (n, observation_dim)."""
        return np.stack([self._assembler.observe_physics(d.qpos, d.qvel) for d in self._data])
