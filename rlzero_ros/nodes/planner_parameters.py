"""The parameters of planner_node; config/planner.yaml holds the same values."""

from __future__ import annotations

from .imaginer_parameters import IMAGINER_PARAMETERS
from .parameter_table import Row
from .planner_setup import PLANNING_PARAMETERS

PARAMETERS: dict[str, Row] = {
    "bundle": ("walker", "Name or folder of the robot's bundle."),
    **IMAGINER_PARAMETERS,
    **PLANNING_PARAMETERS,
    "seed": (0, "Seed of what is imagined for sentences on language_command.", 0, 2**31 - 1),
    "min_confidence": (0.15, "A projection below this confidence is refused.", -1.0, 1.0),
    "min_text_score": (
        -1.0,
        "Clips that look less like their sentence than this cosine are refused; -1: none is. Needs "
        "an embedder that knows sentences; not for the imaginer video.",
        -1.0,
        1.0,
    ),
    "plan_lifetime_s": (
        600.0,
        "For so long after it was made the robot may act on a plan; then it holds.",
        1.0,
        86_400.0,
    ),
    "policy_timeout_s": (
        2.0,
        "So long may the policy node be silent, or take to answer.",
        0.1,
        60.0,
    ),
}
