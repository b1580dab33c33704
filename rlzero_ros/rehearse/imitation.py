"""How to imitate a demonstration, tried on the robot's own model.

A closed form that was chosen for drawings is not the best one for every demonstration. The robot's
own states lie closer together than what is found for drawings, so a narrower kernel may do, or few
of them. All ways are closed forms, and what was visited says which one comes nearest to what was
shown: no reward is asked for.

Plans of sentences are rehearsed by `Rehearsal` instead: in drawings a motion is shown less exactly
than the robot makes it, so nearness does not tell there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..imitate.base import BehaviorFoundationModel
from ..imitate.imitator import Imitator
from ..imitate.kernel import KERNELS, Smoothing
from ..imitate.latent import Array
from ..imitate.prompts import Imitation
from ..robots.observed_physics import ObservedPhysics
from .candidates import few_alike
from .mass_motion import MassMotion, mismatch
from .twin import Twin

IMITATION_TRIAL_S = 10.0
"""What comes near at first may not stay there."""
# Of the usual bandwidth.
_NARROWER = (0.25, 0.0625)
# Choices of few of the observations.
_FEWER = 7


@dataclass(frozen=True)
class ImitationTrials:
    """What K ways to imitate did from each of S starts; the first is the usual one.

    names: how each was made. prompts: what asks for it. latents: (K, d). mismatches: (K, S) m,
    see `mass_motion.mismatch`.
    """

    names: tuple[str, ...]
    prompts: tuple[Imitation, ...]
    latents: Array
    mismatches: NDArray[np.float64]

    @property
    def chosen(self) -> int:
        """The row that came nearest on the whole."""
        return int(self.mismatches.mean(1).argmin())

    @property
    def chosen_from_each(self) -> NDArray[np.intp]:
        """The row that came nearest from each start (S,): for a robot that is known to be there."""
        return np.asarray(self.mismatches.argmin(0))

    @property
    def prompt(self) -> Imitation:
        """That of the chosen row."""
        return self.prompts[self.chosen]

    @property
    def latent(self) -> Array:
        """The latent (d,) of the chosen row."""
        return np.asarray(self.latents[self.chosen])


def rehearse_imitation(
    bfm: BehaviorFoundationModel,
    imitator: Imitator,
    twin: Twin,
    shown: NDArray[np.floating],
    starts: NDArray[np.floating],
    *,
    seconds: float = IMITATION_TRIAL_S,
    late_s: float = 0.0,
    seed: int = 0,
) -> ImitationTrials:
    """Try to imitate observations in several ways.

    Args:
        bfm: the model that acts.
        imitator: the robot's.
        twin: the robot's own model.
        shown: (T, observation_dim), states of the robot.
        starts: (S, nq + nv) where the trials begin; every way is tried from each.
        seconds: of each trial.
        late_s: how late actions come, see `Twin.try_out`.
        seed: of the choices of few of the observations.

    Raises DataError on wrong shapes, RobotError where observations do not show where all of the
    robot is, or DIVERGED.
    """
    shown = np.asarray(shown, dtype=np.float32)
    usual = imitator.latent(shown)  # checks what is shown
    prompts = ways(imitator, shown, seed)
    others = list(prompts.values())[1:]
    latents = np.stack([usual, *(imitator.latent(p.observations, p.smoothing) for p in others)])
    k, s = len(latents), len(starts)
    trials = twin.try_out(
        bfm.actions, latents.repeat(s, axis=0), np.tile(starts, (k, 1)), seconds, late_s=late_s
    )
    motion = MassMotion(twin.spec, twin.model)
    wanted = motion.vectors(ObservedPhysics(twin.spec, twin.model)(shown))
    settled = trials.physics[:, trials.settled]
    mismatches = np.array([mismatch(motion.vectors(visited), wanted) for visited in settled])
    return ImitationTrials(
        tuple(prompts), tuple(prompts.values()), latents, mismatches.reshape(k, s)
    )


def ways(imitator: Imitator, shown: NDArray[np.float32], seed: int) -> dict[str, Imitation]:
    """Ways to imitate observations (T, observation_dim) by name, the usual one first."""
    usual = imitator.smoothing
    found = {"usual": Imitation(shown)}
    for kernel in (usual.kernel, *(other for other in KERNELS if other != usual.kernel)):
        for share in (1.0, *_NARROWER):
            name = f"{kernel}, bandwidth {usual.bandwidth * share:g}"
            found[name] = Imitation(shown, Smoothing(usual.bandwidth * share, kernel))
    del found[f"{usual.kernel}, bandwidth {usual.bandwidth:g}"]
    found["mean of B"] = Imitation(shown, Smoothing(0.0))
    for name, rows in few_alike(shown, imitator.spread, _FEWER, seed).items():
        found[name] = Imitation(shown[rows])
    return found
