"""Plans as messages."""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray
from rclpy.duration import Duration
from rclpy.time import Time
from sensor_msgs.msg import CompressedImage

from ..msg import ProjectedPlan
from ..planning import Planned, strip_of
from ..project.thumbnails import Thumbnails


def plan_message(
    plan: Planned, *, plan_id: str, bundle_id: str, now: Time, lifetime_s: float
) -> ProjectedPlan:
    """A plan that the policy node may take within lifetime_s from now."""
    message = ProjectedPlan(
        id=plan_id,
        command=plan.command,
        source=plan.source,
        bundle_id=bundle_id,
        observation_dim=plan.projection.observations.shape[1],
        confidence=plan.confidence,
        imagine_s=plan.imagine_s,
        project_s=plan.project_s,
    )
    message.observations = _floats(plan.projection.observations)
    message.similarities = _floats(plan.projection.similarities)
    _stamp(message, now, lifetime_s)
    return message


def hold_message(*, plan_id: str, bundle_id: str, now: Time, lifetime_s: float) -> ProjectedPlan:
    """The plan without observations: the robot returns to its hold behaviour."""
    message = ProjectedPlan(id=plan_id, command="hold", source="cancel", bundle_id=bundle_id)
    _stamp(message, now, lifetime_s)
    return message


def strip_message(plan: Planned, thumbnails: Thumbnails, now: Time) -> CompressedImage:
    """Some of the imagined frames above the real ones that they were projected to, as a PNG."""
    message = CompressedImage(format="png", data=strip_of(plan, thumbnails))
    message.header.stamp = now.to_msg()
    return message


def _stamp(message: ProjectedPlan, now: Time, lifetime_s: float) -> None:
    message.header.stamp = now.to_msg()
    message.valid_until = (now + Duration(seconds=lifetime_s)).to_msg()


def _floats(values: NDArray[np.floating]) -> array:
    return array("f", np.ascontiguousarray(values, dtype=np.float32).tobytes())
