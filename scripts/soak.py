"""Hours of commands to the simulated robot, and whether anything grows.

Starts mujoco_node, policy_node and planner_node, says a sentence every ten seconds, and reads every
five what each process holds (/proc) and how its control loop keeps time. What counts as growth is
the change from the end of the warm-up to the end, by medians over a tenth of the time each.

    python scripts/soak.py --minutes 60 --json out/soak.json

Ends with 1 if something grew beyond its limit.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from rlzero_ros.commands.node_processes import (
    NodeProcesses,
    config_file,
    fresh_domain_id,
    graph_environment,
)

SENTENCES = ("walk forward", "lie down", "stand still", "run forward", "kneel", "jump")
COMMAND_EVERY_S, SAMPLE_EVERY_S = 10.0, 5.0
NODES = ("mujoco_node", "policy_node", "planner_node")
RSS_SHARE = 0.02
"""Memory may grow by so much of itself."""
LATENCY_MS = 1.0
"""The 99th percentile of the latency may grow by so much."""
WARM_UP_SHARE, WARM_UP_S = 0.1, 30.0


def main() -> int:
    """Run; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--bundle", default="walker")
    parser.add_argument("--json", type=Path, help="write samples and verdict there")
    args = parser.parse_args()
    # As Ctrl-C: the nodes end with this process either way.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="rlzero_soak_") as logs:
        samples, ends = soak(args.minutes * 60.0, args.bundle, Path(logs))
    verdict = judge(samples)
    verdict["commands"] = ends
    if args.json is not None:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps({"verdict": verdict, "samples": samples}, indent=1) + "\n")
    print(table(verdict))
    return 0 if verdict["passed"] else 1


def soak(duration_s: float, bundle: str, logs: Path) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Samples over the time, and how often a command ended with which error code."""
    domain = fresh_domain_id()
    with NodeProcesses(logs, graph_environment(domain)) as processes:
        sim = [config_file("policy.yaml"), config_file("policy_sim.yaml")]
        start_paused = {"start_paused": True}
        processes.start("mujoco_node", start_paused, [config_file("mujoco.yaml")])
        processes.start("policy_node", {"bundle": bundle}, sim)
        # Nobody's own skills; and a sentence that is remembered would not be imagined again.
        thinking = {"bundle": bundle, "skills.folder": str(logs / "skills"), "skills.cache": False}
        processes.start("planner_node", thinking, [config_file("planner.yaml")])
        client = Client(domain, processes.check)
        try:
            client.begin()
            return client.run(duration_s, processes.pids)
        finally:
            client.close()


class Client:
    """An operator that keeps nothing but the newest status."""

    def __init__(self, domain: int, check: Any) -> None:
        os.environ.update(graph_environment(domain))
        import rclpy
        from rclpy.qos import qos_profile_sensor_data
        from rclpy.signals import SignalHandlerOptions
        from std_srvs.srv import SetBool

        from rlzero_ros.action import ExecuteCommand
        from rlzero_ros.msg import PolicyStatus
        from rlzero_ros.nodes.action_client import ThreadSafeActionClient

        self._check, self._rclpy, self._bool = check, rclpy, SetBool
        self._goal = ExecuteCommand.Goal
        self._context = rclpy.Context()
        rclpy.init(args=[], context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self._node = rclpy.create_node("soak", context=self._context)
        self.status: Any = None
        self._node.create_subscription(
            PolicyStatus,
            "policy_status",
            lambda message: setattr(self, "status", message),
            qos_profile_sensor_data,
        )
        self._action = ThreadSafeActionClient(self._node, ExecuteCommand, "execute_command")
        self._ends: dict[str, int] = {}
        executor = rclpy.executors.SingleThreadedExecutor(context=self._context)
        executor.add_node(self._node)
        self._thread = threading.Thread(target=self._spin, args=(executor,), daemon=True)
        self._thread.start()

    def _spin(self, executor: Any) -> None:
        try:
            executor.spin()
        except self._rclpy.executors.ExternalShutdownException:
            return

    def begin(self) -> None:
        """Wait for the nodes, arm, let the robot go."""
        self._wait(self._action.server_is_ready, 180.0, "the planner")
        self._wait(lambda: self.status is not None, 60.0, "policy_status")
        for service, value in (("arm", True), ("pause", False)):
            client = self._node.create_client(self._bool, service)
            self._wait(client.service_is_ready, 30.0, service)
            answer = client.call_async(self._bool.Request(data=value))
            self._wait(answer.done, 10.0, service)
            if not answer.result().success:
                raise RuntimeError(f"{service}: {answer.result().message}")

    def run(
        self, duration_s: float, pids: dict[str, int]
    ) -> tuple[list[dict[str, Any]], dict[str, int]]:
        """Command and sample until the time is over."""
        samples: list[dict[str, Any]] = []
        begin_s = time.monotonic()
        next_command_s = next_sample_s = 0.0
        count = 0
        while (now_s := time.monotonic() - begin_s) < duration_s:
            self._check()
            if now_s >= next_command_s:
                self._command(SENTENCES[count % len(SENTENCES)])
                count, next_command_s = count + 1, next_command_s + COMMAND_EVERY_S
            if now_s >= next_sample_s:
                samples.append({"at_s": round(now_s, 1), **self._loop(), **held(pids)})
                next_sample_s += SAMPLE_EVERY_S
                if len(samples) % 12 == 0:
                    print(f"{now_s / 60:.0f} of {duration_s / 60:.0f} min", file=sys.stderr)
            time.sleep(0.1)
        return samples, {"sent": count, **self._ends}

    def close(self) -> None:
        """Leave the graph."""
        self._rclpy.shutdown(context=self._context)
        self._thread.join(5.0)

    def _loop(self) -> dict[str, Any]:
        s = self.status
        return {
            "latency_p99_ms": round(float(s.latency_p99_ms), 3),
            "period_error_p99_ms": round(float(s.period_error_p99_ms), 3),
            "loop_rate_hz": round(float(s.loop_rate_hz), 2),
            "ticks": int(s.ticks),
            "overruns": int(s.overruns),
            "stopped": s.stop_reason,
        }

    def _command(self, sentence: str) -> None:
        sent = self._action.send_goal_async(self._goal(command=sentence))
        sent.add_done_callback(
            lambda future: future.result().get_result_async().add_done_callback(self._end)
        )

    def _end(self, future: Any) -> None:
        code = f"ended {future.result().result.error_code}"
        self._ends[code] = self._ends.get(code, 0) + 1

    def _wait(self, condition: Any, timeout_s: float, what: str) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            self._check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {timeout_s:.0f} s for {what}")
            time.sleep(0.02)


def held(pids: dict[str, int]) -> dict[str, Any]:
    """Resident memory (MB), threads and file descriptors of every process."""
    found: dict[str, Any] = {}
    for name, pid in pids.items():
        status = dict(
            line.split(":\t", 1)
            for line in Path(f"/proc/{pid}/status").read_text().splitlines()
            if ":\t" in line
        )
        found[f"{name} rss_mb"] = round(int(status["VmRSS"].split()[0]) / 1024, 2)
        found[f"{name} threads"] = int(status["Threads"])
        found[f"{name} fds"] = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return found


def judge(samples: list[dict[str, Any]]) -> dict[str, Any]:
    """Before and after by quantity, and whether all stayed within their limits."""
    duration_s = samples[-1]["at_s"]
    warm_s = max(WARM_UP_SHARE * duration_s, WARM_UP_S)
    warm = [s for s in samples if s["at_s"] >= warm_s]
    part = max(len(warm) // 10, 3)
    if len(warm) < 2 * part:
        raise ValueError(f"{duration_s:.0f} s are too few to judge; give 2 minutes or more")
    rows, passed = {}, True
    for key in warm[0]:
        if not isinstance(warm[0][key], (int, float)) or key in ("at_s", "ticks"):
            continue
        first = statistics.median(s[key] for s in warm[:part])
        last = statistics.median(s[key] for s in warm[-part:])
        limit = limit_of(key, first)
        passed &= limit is None or last - first <= limit
        rows[key] = {"first": first, "last": last, "limit": limit}
    stops = sorted({s["stopped"] for s in samples if s["stopped"]})
    return {
        "minutes": duration_s / 60,
        "rows": rows,
        "stops": stops,
        "passed": passed and not stops,
    }


def limit_of(key: str, first: float) -> float | None:
    """How much a quantity may grow; None for what is only shown."""
    if key.endswith("rss_mb"):
        return RSS_SHARE * first
    if key.endswith(("threads", "fds")):
        return 0.0
    return LATENCY_MS if key == "latency_p99_ms" else None


def table(verdict: dict[str, Any]) -> str:
    """The verdict for a terminal."""
    lines = [f"{'':28}{'after warm-up':>14}{'at the end':>12}{'may grow by':>13}"]
    for key, row in verdict["rows"].items():
        limit = "" if row["limit"] is None else f"{row['limit']:.2f}"
        lines.append(f"{key:28}{row['first']:14.2f}{row['last']:12.2f}{limit:>13}")
    lines += [f"stopped: {reason}" for reason in verdict["stops"]]
    lines.append(f"commands: {verdict['commands']}")
    word = "nothing grew" if verdict["passed"] else "FAILED"
    return "\n".join([*lines, f"{verdict['minutes']:.1f} minutes: {word}"])


if __name__ == "__main__":
    sys.exit(main())
