"""The robot's own MuJoCo model, in which several latents are tried at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np
from mujoco.rollout import Rollout
from numpy.typing import NDArray

from ..errors import CommandError, ErrorCode, RobotError
from ..robots.actuators import Actuators
from ..robots.coordinates import Coordinates
from ..robots.observation import ObservationAssembler, load_model
from ..robots.spec import RobotSpec
from ..robots.state import RobotState

LATE_S = 0.005
"""How late in their control period actions come on a robot whose nodes share a small computer."""
Act = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.floating]]
_STATE = mujoco.mjtState.mjSTATE_FULLPHYSICS
# Of the way to a command limit: beyond it a command counts as saturated.
_SATURATED = 0.99
# What the robot does on its way there does not count.
_TRANSITION = 1.0 / 3.0


@dataclass(frozen=True)
class Trials:
    """What K latents did, for T control periods each.

    observations: (K, T, observation_dim), raw. physics: (K, T, nq + nv). base_height: (K, T) m.
    saturated: (K,) share of the joints and moments whose command is at its limit. strained: (K,)
    share of those that lie at a mechanical stop besides, commanded further into it.
    """

    observations: NDArray[np.float32]
    physics: NDArray[np.float64]
    base_height: NDArray[np.float64]
    saturated: NDArray[np.float64]
    strained: NDArray[np.float64]

    @property
    def settled(self) -> slice:
        """The control periods that count: the last two thirds."""
        return slice(int(_TRANSITION * self.observations.shape[1]), None)


class Twin:
    """Copies of one robot, stepped together in `threads` threads; not thread-safe itself."""

    def __init__(self, spec: RobotSpec, model_xml: str | Path, threads: int = 2) -> None:
        """Raises RobotError when the model is not this robot's."""
        self.spec = spec
        self._model = load_model(model_xml)
        self._assembler = ObservationAssembler(spec, model_xml)
        self._coordinates = Coordinates(spec, self._model)
        self._actuators = Actuators(spec, self._model)
        self._substeps = max(1, round(spec.control_period_s / self._model.opt.timestep))
        self._threads = max(1, threads)
        self._stops = _Stops(spec, self._model)
        self._data = mujoco.MjData(self._model)
        self._base = self._model.body(spec.base.body).id

    @property
    def model(self) -> mujoco.MjModel:
        """The robot's model, which nobody may change."""
        return self._model

    def default_physics(self) -> NDArray[np.float64]:
        """The model's default pose at rest (nq + nv,)."""
        return np.concatenate([self._model.qpos0, np.zeros(self._model.nv)])

    def physics_of(self, state: RobotState) -> NDArray[np.float64]:
        """The physics (nq + nv,) that shows a state."""
        return np.concatenate(self._coordinates.to_qpos_qvel(state))

    def observe(self, physics: NDArray[np.floating]) -> NDArray[np.float32]:
        """Observations (n, observation_dim) of physics (n, nq + nv)."""
        nq = self._model.nq
        return np.stack([self._assembler.observe_physics(p[:nq], p[nq:]) for p in physics])

    def base_height(self, physics: NDArray[np.floating]) -> NDArray[np.float64]:
        """Height of the base (n,) above the ground (m) of physics (n, nq + nv)."""
        heights = np.empty(len(physics))
        for row, one in enumerate(physics):
            self._data.qpos[:] = one[: self._model.nq]
            mujoco.mj_kinematics(self._model, self._data)
            heights[row] = self._data.xpos[self._base, 2]
        return heights

    def try_out(
        self,
        act: Act,
        latents: NDArray[np.float32],
        start: NDArray[np.floating],
        seconds: float,
        *,
        late_s: float = 0.0,
        on_progress: Callable[[float], None] | None = None,
        is_canceled: Callable[[], bool] | None = None,
    ) -> Trials:
        """Act on every latent for so long, all from one state.

        Args:
            act: the policy, from observations (K, observation_dim) and latents (K, d) to actions
                (K, action_dim) in [−1, 1].
            latents: (K, d).
            start: physics (nq + nv,), or one for each latent (K, nq + nv).
            seconds: of simulated time.
            late_s: so long into its control period an action comes; until then the one before acts.
            on_progress: called with a fraction now and then.
            is_canceled: asked every simulated second; True raises CommandError (CANCELED).

        Raises RobotError (DIVERGED) when the simulation does.
        """
        k, steps = len(latents), max(1, round(seconds / self.spec.control_period_s))
        nq, nv = self._model.nq, self._model.nv
        second = max(1, round(1.0 / self.spec.control_period_s))
        state = np.stack([self._state(one) for one in np.broadcast_to(start, (k, nq + nv))])
        physics = np.empty((k, steps, nq + nv))
        observations = np.empty((k, steps, self.spec.observation_dim), np.float32)
        saturated, strained = np.zeros(k), np.zeros(k)
        observation = self.observe(state[:, 1 : 1 + nq + nv])
        late = min(self._substeps, round(late_s / self._model.opt.timestep))
        before = None
        copies = [mujoco.MjData(self._model) for _ in range(self._threads)]
        with Rollout(nthread=self._threads if self._threads > 1 else 0) as together:
            for step in range(steps):
                if step % second == 0:
                    if is_canceled is not None and is_canceled():
                        raise CommandError("the rehearsal was canceled", ErrorCode.CANCELED)
                    if on_progress is not None:
                        on_progress(step / steps)
                action = np.clip(act(observation, latents), -1.0, 1.0)
                saturated += (np.abs(action) >= _SATURATED).mean(1)
                strained += self._stops.strained(state[:, 1 : 1 + nq], action)
                commands = self.spec.scale_action(action)
                control = np.stack([self._actuators.control(command) for command in commands])
                controls = np.repeat(control[:, None], self._substeps, axis=1)
                if before is not None:
                    controls[:, :late] = before[:, None]
                before = control
                path, _ = together.rollout(self._model, copies, state, controls)
                state = np.ascontiguousarray(path[:, -1])
                physics[:, step] = state[:, 1 : 1 + nq + nv]
                if not np.isfinite(physics[:, step]).all():
                    raise RobotError("the rehearsal's simulation diverged", ErrorCode.DIVERGED)
                observation = observations[:, step] = self.observe(physics[:, step])
        heights = self.base_height(physics.reshape(k * steps, -1)).reshape(k, steps)
        return Trials(observations, physics, heights, saturated / steps, strained / steps)

    def _state(self, physics: NDArray[np.floating]) -> NDArray[np.float64]:
        """MuJoCo's whole state for physics (nq + nv,), the actuators at rest there."""
        data, nq = self._data, self._model.nq
        mujoco.mj_resetData(self._model, data)
        data.qpos[:], data.qvel[:] = physics[:nq], physics[nq:]
        joints = self._coordinates.to_state(data.qpos, data.qvel, 0.0).joint_positions
        self._actuators.settle(data, joints)
        state = np.empty(mujoco.mj_stateSize(self._model, _STATE))
        mujoco.mj_getState(self._model, data, state, _STATE)
        return state


class _Stops:
    """Which commands push what they drive against a mechanical stop."""

    def __init__(self, spec: RobotSpec, model: mujoco.MjModel) -> None:
        joints = [model.joint(name).id for name in spec.joint_names]
        limited = model.jnt_limited[joints].astype(bool)
        lower = np.where(limited, model.jnt_range[joints, 0], -np.inf)
        upper = np.where(limited, model.jnt_range[joints, 1], np.inf)
        self._columns = model.jnt_qposadr[joints]
        self._weights = np.stack([spec.driven(unit) for unit in np.eye(len(joints))], axis=1)
        with np.errstate(invalid="ignore"):
            ends = self._weights[..., None] * np.stack([lower, upper], axis=1)
        ends[np.isnan(ends)] = 0.0  # no share of an endless range
        self._lower, self._upper = ends.min(-1).sum(1), ends.max(-1).sum(1)

    def strained(
        self, qpos: NDArray[np.float64], action: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """(K,) share of the commands, for qpos (K, nq) and actions (K, action_dim)."""
        driven = qpos[:, self._columns] @ self._weights.T
        low = (action <= -_SATURATED) & (driven <= self._lower)
        return (low | (action >= _SATURATED) & (driven >= self._upper)).mean(1)
