"""Somebody who arms, stops, sends plans and sentences, and hears what the nodes say."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from std_srvs.srv import SetBool, Trigger

from rlzero_ros.bundle import Bundle
from rlzero_ros.msg import PolicyStatus, ProjectedPlan

LATCHED = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)


def wait_until(condition: Callable[[], object], timeout_s: float = 10.0, what: str = "") -> None:
    """Poll; the test fails if the condition never holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what or condition}"
        time.sleep(0.01)


class Operator:
    """The services, the plan topic and the status of one policy node."""

    def __init__(self, node: Any, bundle: Bundle) -> None:
        self.node, self.bundle, self.wait = node, bundle, wait_until
        self.statuses: list[tuple[float, PolicyStatus]] = []
        self._clients: dict[str, Any] = {}
        self._plans = node.create_publisher(ProjectedPlan, "plan", LATCHED)
        node.create_subscription(
            PolicyStatus,
            "policy_status",
            lambda message: self.statuses.append((time.monotonic(), message)),
            qos_profile_sensor_data,
        )

    @property
    def status(self) -> PolicyStatus:
        """The newest; fails if there is none."""
        return self.statuses[-1][1]

    def ask(self, kind: Any, name: str, request: Any, timeout_s: float = 20.0) -> Any:
        """Call any service."""
        if name not in self._clients:
            self._clients[name] = self.node.create_client(kind, name)
        client = self._clients[name]
        self.wait(client.service_is_ready, timeout_s, f"service {name}")
        future = client.call_async(request)
        self.wait(future.done, timeout_s, f"an answer of {name}")
        return future.result()

    def arm(self, on: bool = True) -> Any:
        """Call arm."""
        return self.ask(SetBool, "arm", SetBool.Request(data=on))

    def trigger(self, name: str) -> Any:
        """Call stop, reset_stop or reset."""
        return self.ask(Trigger, name, Trigger.Request())

    def wait_for(
        self, condition: Callable[[PolicyStatus], object], what: str, timeout_s: float = 10.0
    ) -> PolicyStatus:
        """Wait for a status, from now on, that fulfils a condition."""
        seen = len(self.statuses)
        found: list[PolicyStatus] = []

        def look() -> list[PolicyStatus]:
            found.extend(s for _, s in self.statuses[seen:] if condition(s))
            return found

        self.wait(look, timeout_s, what)
        return found[0]

    def make_ready(self) -> None:
        """From whatever state to an armed robot that acts on nothing yet."""
        self.wait_for(lambda s: True, "policy_status", 20.0)
        if self.status.guard_state == PolicyStatus.STOPPED:
            assert self.trigger("reset_stop").success
        elif self.status.armed:
            assert self.arm(False).success
        # After a kill, nodes may need a moment to find each other: until then arm is refused.
        deadline = time.monotonic() + 10.0
        while not (answer := self.arm()).success:
            assert time.monotonic() < deadline, answer.message
            time.sleep(0.05)
        status = self.wait_for(
            lambda s: s.guard_state in (PolicyStatus.RUNNING, PolicyStatus.STOPPED), "RUNNING"
        )
        assert status.guard_state == PolicyStatus.RUNNING, status.stop_reason

    def plan(self, plan_id: str, lifetime_s: float = 60.0, steps: int = 8) -> ProjectedPlan:
        """A good plan, made of the robot's own observations."""
        rows = self.bundle.index().observations[:: len(self.bundle.index()) // steps][:steps]
        plan = ProjectedPlan(
            id=plan_id,
            command="fault injection",
            source="test/faults",
            bundle_id=self.bundle.id,
            observation_dim=rows.shape[1],
            observations=np.ravel(rows).astype(np.float32).tolist(),
            similarities=[0.5] * len(rows),
            confidence=0.5,
        )
        now = self.node.get_clock().now()
        plan.header.stamp = now.to_msg()
        until = now.nanoseconds + int(lifetime_s * 1e9)
        plan.valid_until.sec, plan.valid_until.nanosec = divmod(until, 1_000_000_000)
        return plan

    def publish(self, plan: ProjectedPlan) -> float:
        """Send a plan; returns when."""
        self._plans.publish(plan)
        return time.monotonic()

    def act(self, plan_id: str) -> None:
        """Send a good plan and wait until the robot acts on it."""
        self.publish(self.plan(plan_id))
        status = self.wait_for(
            lambda s: plan_id in (s.plan_id, s.rejected_plan_id), f"an answer to plan {plan_id}"
        )
        assert status.plan_id == plan_id, status.rejected_reason
