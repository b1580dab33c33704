"""The report of one run: what was asked, what was done, how fast and how well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .behaviour import Behaviour


@dataclass(frozen=True)
class RunReport:
    """Everything that `report.json` says.

    first_command_s: from sending the sentence to the first joint command computed with its latent.
    rehearse_s, rehearsal_gain: see ExecuteCommand.Result; zero without a rehearsal. None where a
    step was not reached. stops: why the robot stopped in tries before this one.
    """

    command: str
    robot: str
    seed: int
    seconds: float
    bundle_id: str
    error_code: int
    message: str
    plan_id: str
    source: str
    imagine_s: float
    project_s: float
    imitate_s: float | None
    first_command_s: float | None
    similarities: list[float]
    behaviour: Behaviour
    control: Mapping[str, float]
    guard: Mapping[str, int]
    rehearse_s: float = 0.0
    rehearsal_gain: float = 0.0
    files: Mapping[str, str] = field(default_factory=dict)
    stops: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings and lists in the layout of `report.json`."""
        mean = sum(self.similarities) / len(self.similarities) if self.similarities else None
        return {
            "command": self.command,
            "robot": self.robot,
            "seed": self.seed,
            "seconds": self.seconds,
            "bundle_id": self.bundle_id,
            "plan_id": self.plan_id,
            "source": self.source,
            "outcome": {"error_code": self.error_code, "message": self.message},
            "timing_s": {
                "imagine": self.imagine_s,
                "project": self.project_s,
                "imitate": self.imitate_s,
                "first_command": self.first_command_s,
            },
            "projection": {
                "similarity_mean": mean,
                "frames": len(self.similarities),
                "similarities": self.similarities,
            },
            "rehearsal": {"seconds": self.rehearse_s, "gain": self.rehearsal_gain},
            "behaviour": asdict(self.behaviour),
            "control": dict(self.control),
            "guard": dict(self.guard),
            "stops": list(self.stops),
            "files": dict(self.files),
        }
