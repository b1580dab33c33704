"""Preflight from outside, as `rlzero doctor` does it: a node of its own that only listens."""

from __future__ import annotations

import time

import rclpy
from rclpy.executors import SingleThreadedExecutor

from ..bundle import Bundle
from ..errors import BundleError
from ..robots.observation import ObservationAssembler
from ..robots.plausible import Span
from ..robots.preflight import Finding, preflight
from .robot_probe import RobotProbe

# A report should say who is in the way. Where names take longer, nobody gives one.
_NAMED_WITHIN_S = 3.0


def preflight_of(bundle: Bundle, namespace: str, seconds: float) -> list[Finding]:
    """Listen for some seconds, then judge; empty if the robot may be armed.

    Raises:
        BundleError: if the bundle has no model.
    """
    if bundle.model_xml is None:
        raise BundleError(f"bundle {bundle.path.name} has no model.xml; pack it with the model")
    assembler = ObservationAssembler(bundle.spec, bundle.model_xml)
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("rlzero_preflight", namespace=namespace, context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    try:
        own_name = node.get_namespace().rstrip("/") + "/policy_node"
        probe = RobotProbe(node, bundle.spec, own_name, ranges_of(assembler))
        probe.subscribe()
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            executor.spin_once(timeout_sec=left_s)
        end_s += _NAMED_WITHIN_S
        while probe.misses_names() and time.monotonic() < end_s:
            executor.spin_once(timeout_sec=0.1)
        return preflight(bundle.spec, probe.seen())
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown(context=context)


def ranges_of(assembler: ObservationAssembler) -> dict[str, Span]:
    """(lower, upper) in rad of the joints that have limits."""
    lower, upper = assembler.joint_ranges
    names = assembler.spec.joint_names
    spans = zip(names, lower.tolist(), upper.tolist(), strict=True)
    return {name: (low, high) for name, low, high in spans if low > -1e9 and high < 1e9}
