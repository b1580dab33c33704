"""The parameters of policy_node; config/policy.yaml holds the same values for an operator."""

from __future__ import annotations

from .parameter_table import Row

PARAMETERS: dict[str, Row] = {
    "bundle": ("walker", "Bundle: the name of an installed one, or the path of its folder"),
    "dry_run": (True, "Compute everything, publish no command"),
    "engage_s": (1.0, "Seconds in which the policy takes over after arming", 0.0, 30.0),
    "plan_blend_s": (0.3, "Seconds in which the latent of one plan becomes the next", 0.0, 30.0),
    "new_stamps_only": (
        True,
        "An input whose stamp does not advance is silent; false for a simulator that can pause",
    ),
    "min_confidence": (0.0, "A plan with less confidence than this is refused", -1.0, 1.0),
    "max_plan_steps": (2000, "A plan with more observations than this is refused", 1, 100_000),
    "realtime_priority": (
        20,
        "SCHED_RR priority of this process while active, if the system permits; 0 for none",
        0,
        98,
    ),
    "status_rate_hz": (10.0, "Rate of policy_status", 1.0, 50.0),
}
