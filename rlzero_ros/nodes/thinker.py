"""The part of a control step that may take long: observation and policy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..imitate.runtime import PolicyRuntime
from ..robots.observation import ObservationAssembler
from ..robots.spec import RobotSpec
from ..safety import Reading, Thought, think
from .reading_state import Inputs


@dataclass(frozen=True)
class Work:
    """What a control step found for the policy to do: reading, (d,) latent, monotonic seconds."""

    reading: Reading
    z: NDArray[np.float32]
    now_s: float


class Thinker:
    """Called by the control loop's thread only; nothing in it is looked at by another."""

    def __init__(
        self,
        spec: RobotSpec,
        assembler: ObservationAssembler,
        runtime: PolicyRuntime,
        inputs: Inputs,
    ) -> None:
        self._spec, self._assembler, self._runtime = spec, assembler, runtime
        self._inputs = inputs

    def think(self, work: Work) -> Thought:
        """Return the action in the command's units, or why there is none; never raises."""

        def observe() -> NDArray[np.float32]:
            return self._assembler.observe(self._inputs.state(work.reading, work.now_s))

        def act(observation: NDArray[np.float64]) -> NDArray[np.float64]:
            return self._spec.scale_action(self._runtime.act(observation, work.z))

        return think(observe, act, self._spec.observation_dim, self._spec.action_dim)
