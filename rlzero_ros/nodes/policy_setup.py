"""Everything that the policy node takes from its bundle, checked against each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..bundle import Bundle
from ..errors import BundleError, ErrorCode
from ..imitate.base import BehaviorFoundationModel
from ..imitate.latent import project_to_sphere
from ..imitate.prompts import PromptInference
from ..imitate.runtime import PolicyRuntime
from ..robots.observation import ObservationAssembler
from ..robots.spec import RobotSpec
from ..robots.state import RobotState


@dataclass(frozen=True)
class PolicySetup:
    """hold_z: (d,) the latent to hold with, None for the guard's own hold."""

    bundle_id: str
    spec: RobotSpec
    bfm: BehaviorFoundationModel
    inference: PromptInference
    runtime: PolicyRuntime
    assembler: ObservationAssembler
    hold_z: NDArray[np.float32] | None

    @classmethod
    def load(cls, bundle: str) -> PolicySetup:
        """Load and try out a bundle, by name or by the path of its folder.

        Raises:
            RlzeroError: with the file or field at fault, if the parts do not belong together or
                the policy does not act.
        """
        loaded = Bundle.load(bundle)
        spec, bfm = loaded.spec, loaded.bfm()
        if loaded.model_xml is None:
            raise BundleError(
                f"bundle {bundle!r} has no model.xml; observations are computed from its "
                "kinematics: pack the bundle with the robot's model"
            )
        assembler = ObservationAssembler(spec, loaded.model_xml)
        hold_z = None if loaded.hold_latent is None else project_to_sphere(loaded.hold_latent)
        runtime = PolicyRuntime(bfm)
        setup = cls(loaded.id, spec, bfm, loaded.inference(), runtime, assembler, hold_z)
        setup.try_out()
        return setup

    def try_out(self) -> None:
        """Act once at the origin, so that parts which do not fit are found before the robot moves.

        Raises:
            BundleError: if the action is not action_dim finite numbers.
        """
        n, joints = self.spec.action_dim, len(self.spec.joint_names)
        rest = RobotState(
            time_s=0.0,
            base_position=np.zeros(3),
            base_orientation=np.array([0.0, 0.0, 0.0, 1.0]),
            base_linear_velocity=np.zeros(3),
            base_angular_velocity=np.zeros(3),
            joint_positions=np.zeros(joints),
            joint_velocities=np.zeros(joints),
        )
        z = project_to_sphere(np.ones(self.bfm.latent_dim))
        action = self.runtime.act(self.assembler.observe(rest), z)
        if action.shape != (n,) or not np.isfinite(action).all():
            raise BundleError(
                f"the policy of bundle {self.bundle_id} does not give {n} finite numbers; "
                "its weights are broken: train or copy them again",
                ErrorCode.BUNDLE_CORRUPT,
            )
