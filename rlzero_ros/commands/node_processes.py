"""The nodes of one run as processes in a ROS graph of their own; all of them end with it.

Whatever ends this process, a signal that cannot be caught included: the nodes form one process
group, whose leader is a shell that waits for the end of a pipe from here. The system closes the
pipe when this process is gone. A node that is just being started holds the pipe as well, until it
has joined the group, so that none slips through.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType

from ..errors import ErrorCode, RobotError
from ..paths import resource_roots

_PATIENCE_S = 10.0
# Nodes whose parent is gone have so long to leave a safe command behind; then they are killed.
_LAST_S = 5
_REAPER = f"trap '' INT TERM HUP; cat >/dev/null; kill -TERM 0; sleep {_LAST_S}; kill -KILL 0"
# Up to this domain all ports lie below Linux's ephemeral range.
_HIGHEST_DOMAIN = 101


def fresh_domain_id() -> int:
    """A ROS domain that nobody on this machine takes part in at the moment.

    The port is that of DDS discovery for the domain (RTPS 2.2, section 9.6.1.1: 7400 + 250 d).
    """
    domains = list(range(1, _HIGHEST_DOMAIN + 1))
    random.shuffle(domains)
    for domain in domains:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("", 7400 + 250 * domain))
            except OSError:
                continue
            return domain
    raise RobotError("every ROS domain of this machine is in use", ErrorCode.INTERNAL)


def graph_environment(domain_id: int) -> dict[str, str]:
    """What keeps a graph on this machine and by itself, and without shared memory."""
    return {
        "ROS_DOMAIN_ID": str(domain_id),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "SYSTEM_DEFAULT",
        "FASTRTPS_DEFAULT_PROFILES_FILE": str(config_file("fastdds_loopback.xml")),
    }


@dataclass
class _Process:
    name: str
    log: Path
    popen: subprocess.Popen[bytes]

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        errors = [line for line in lines if "[ERROR]" in line or "[FATAL]" in line]
        return (errors or lines or ["it said nothing"])[-1]


class NodeProcesses:
    """Starts nodes of this package; leaving the `with` block ends every one, whatever happened."""

    def __init__(self, log_folder: Path, environment: Mapping[str, str]) -> None:
        self._log_folder = log_folder
        # No renderer in the nodes; it is chosen where pictures are made.
        self._environment = {**os.environ, "MUJOCO_GL": "off", **environment}
        self._environment["ROS_LOG_DIR"] = str(log_folder / "ros")
        self._environment["PYTHONUNBUFFERED"] = "1"
        self._processes: list[_Process] = []
        self._reaper: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> NodeProcesses:
        self._log_folder.mkdir(parents=True, exist_ok=True)
        self._reaper = subprocess.Popen(
            ["/bin/sh", "-c", _REAPER],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=os.setpgrp,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.stop()
        finally:
            reaper, self._reaper = self._reaper, None
            if reaper is not None and reaper.stdin is not None:
                reaper.kill()
                reaper.wait()
                reaper.stdin.close()

    def start(
        self, node: str, parameters: Mapping[str, object], files: Sequence[Path] = ()
    ) -> None:
        """Start rlzero_ros.nodes.<node> with parameter files, then single parameters.

        Only inside the `with` block.
        """
        if self._reaper is None:
            raise RuntimeError("nodes are started inside the `with` block")
        command = [sys.executable, "-m", f"rlzero_ros.nodes.{node}", "--ros-args"]
        for file in files:
            command += ["--params-file", str(file)]
        for name, value in parameters.items():
            command += ["-p", f"{name}:={_as_yaml(value)}"]
        log = self._log_folder / f"{node}.log"
        with log.open("wb") as output:
            popen = subprocess.Popen(
                command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=partial(os.setpgid, 0, self._reaper.pid),
            )
        self._processes.append(_Process(node, log, popen))

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by node."""
        return {process.name: process.popen.pid for process in self._processes}

    def check(self) -> None:
        """RobotError with its last words if one of the nodes has ended."""
        for process in self._processes:
            if process.popen.poll() is not None:
                raise self.failure(process.name, f"ended ({process.popen.returncode})")

    def failure(self, node: str, what: str) -> RobotError:
        """The error to raise when something is wrong with a node."""
        process = next(p for p in self._processes if p.name == node)
        return RobotError(f"{node} {what}: {process.last_words()} (all of it: {process.log})")

    def stop(self) -> None:
        """End all: asked first, then by force. Ctrl-C meanwhile is not heard.

        SIGTERM, since a node that was started in the background ignores SIGINT until it is up.
        """
        heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            for process in self._processes:
                process.popen.terminate()
            deadline = time.monotonic() + _PATIENCE_S
            for process in self._processes:
                try:
                    process.popen.wait(max(0.0, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    process.popen.kill()
                    process.popen.wait()
            self._processes.clear()
        finally:
            signal.signal(signal.SIGINT, heard)


def config_file(name: str) -> Path:
    """A file of the package's config folder."""
    for root in resource_roots():
        if (root / "config" / name).is_file():
            return root / "config" / name
    raise RobotError(f"config/{name} is not installed; build the package again", ErrorCode.INTERNAL)


def _as_yaml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, (str, Path)) else str(value)
