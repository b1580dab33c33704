"""What every test shares: a ROS graph of its own, one thread per process, and real node processes.

Everything is set before the first import of rclpy, mujoco or torch.
"""

import ctypes.util
import fcntl
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

pytest_plugins = ["standstill"]

ROOT = Path(__file__).resolve().parent.parent
HAS_ROS = importlib.util.find_spec("rclpy") is not None
NEEDS_ROS = ("nodes", "launch", "faults")  # folders of test/


def _claim_domain_id() -> tuple[int, IO[str]]:
    """Return a ROS domain that no other test run on this machine uses, and the lock that says so.

    101 is the highest domain whose ports lie below Linux's ephemeral range.
    """
    for domain in range(101, 0, -1):
        lock = Path(tempfile.gettempdir(), f"rlzero_ros_test_domain_{domain}.lock").open("w")  # noqa: SIM115
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        return domain, lock
    raise RuntimeError("101 test runs hold a ROS domain each; end some of them")


def _choose_renderer() -> None:
    if "MUJOCO_GL" in os.environ:
        return
    for library, backend in (("EGL", "egl"), ("OSMesa", "osmesa")):
        if ctypes.util.find_library(library):
            os.environ["MUJOCO_GL"] = backend
            return


DOMAIN_ID, _DOMAIN_LOCK = _claim_domain_id()
os.environ["ROS_DOMAIN_ID"] = str(DOMAIN_ID)
# As env.sh: with LOCALHOST, Fast DDS would use shared memory, where a node that a test kills may
# leave a lock for which others wait.
os.environ["FASTRTPS_DEFAULT_PROFILES_FILE"] = str(ROOT / "config" / "fastdds_loopback.xml")
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "SYSTEM_DEFAULT"
os.environ["ROS_PYTHON_CHECK_FIELDS"] = "1"
os.environ["PYTHONUNBUFFERED"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"
_choose_renderer()
# A run started in the background of a script ignores Ctrl-C, and so would every process that it
# starts: the tests of interruption need the ordinary behaviour.
signal.signal(signal.SIGINT, signal.default_int_handler)
# A CUDA build of torch loads triton late and dies if Mesa's renderer came first.
if importlib.util.find_spec("triton"):
    import triton  # noqa: F401


def pytest_report_header() -> list[str]:
    """Say what this run can and cannot test."""
    lines = [f"ROS_DOMAIN_ID={DOMAIN_ID} MUJOCO_GL={os.environ.get('MUJOCO_GL', 'none found')}"]
    if not HAS_ROS:
        folders = ", ".join(f"test/{name}" for name in NEEDS_ROS)
        lines.append(f"rclpy is not installed: {folders} are left out")
    return lines


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave the node tests out on machines without ROS; pytest_report_header says so."""
    if HAS_ROS or ROOT not in collection_path.parents:
        return None
    parts = collection_path.relative_to(ROOT).parts
    return True if len(parts) > 1 and parts[1] in NEEDS_ROS else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show what the nodes said when a test that started some of them fails."""
    report: Any = yield
    if report.failed:
        for owner in item.listchain():
            for process in owner.stash.get(_PROCESSES, []):
                report.sections.append((f"log of {process.name}", process.read_log()[-6000:]))
    return report


@dataclass
class NodeProcess:
    """One node in a process (and process group) of its own, its output in ``log``."""

    name: str
    log: Path
    popen: subprocess.Popen[bytes]

    def read_log(self) -> str:
        """Return everything that the node has written so far."""
        return self.log.read_text(errors="replace")

    def is_running(self) -> bool:
        """Return whether the process lives."""
        return self.popen.poll() is None

    def wait_for_log(self, text: str, timeout_s: float = 30.0) -> None:
        """Wait until the node has written ``text``; fail the test if it ends or takes too long."""
        deadline = time.monotonic() + timeout_s
        while text not in self.read_log():
            if not self.is_running():
                pytest.fail(f"{self.name} ended ({self.popen.returncode}) before saying {text!r}")
            if time.monotonic() > deadline:
                pytest.fail(f"{self.name} did not say {text!r} within {timeout_s} s")
            time.sleep(0.02)

    def send(self, sig: int) -> None:
        """Send a signal to the whole process group, if it still exists."""
        try:
            os.killpg(self.popen.pid, sig)
        except ProcessLookupError:
            return

    def kill(self) -> None:
        """Kill the node as `kill -9` does, and wait for its end."""
        self.send(signal.SIGKILL)
        self.popen.wait()

    def stop(self) -> int:
        """End the node as Ctrl-C does, harder where that does not help; return its exit status."""
        self.send(signal.SIGCONT)
        for sig, patience_s in ((signal.SIGINT, 8.0), (signal.SIGTERM, 3.0)):
            self.send(sig)
            try:
                return self.popen.wait(patience_s)
            except subprocess.TimeoutExpired:
                continue
        self.kill()
        return self.popen.returncode


@dataclass
class NodeStarter:
    """Starts nodes of this package; the fixture that it comes from ends them."""

    folder: Path
    processes: list[NodeProcess] = field(default_factory=list)

    def __call__(
        self,
        node: str,
        *,
        parameters: Mapping[str, object] | None = None,
        remappings: Mapping[str, str] | None = None,
        namespace: str | None = None,
        arguments: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        prelude: str = "",
    ) -> NodeProcess:
        """Start ``rlzero_ros.nodes.<node>``; ``arguments`` go in front of ``--ros-args``.

        ``prelude`` is Python code that the process executes before the node.
        """
        rules = [f"{old}:={new}" for old, new in (remappings or {}).items()]
        if namespace is not None:
            rules.append(f"__ns:={namespace}")
        module = f"rlzero_ros.nodes.{node}"
        command = [sys.executable, "-m", module, *arguments, "--ros-args"]
        if prelude:
            main = f"\nimport runpy\nrunpy.run_module({module!r}, run_name='__main__')"
            command[1:3] = ["-c", prelude + main]
        for rule in rules:
            command += ["-r", rule]
        for name, value in (parameters or {}).items():
            command += ["-p", f"{name}:={_as_yaml(value)}"]
        return self.start(f"{node}-{len(self.processes)}", command, env=env)

    def start(
        self, name: str, command: Sequence[str], *, env: Mapping[str, str] | None = None
    ) -> NodeProcess:
        """Start any command in the repository's root, as a node process."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [*_DYING_WITH_THE_TESTS, *command],
                cwd=ROOT,
                env={**os.environ, "ROS_LOG_DIR": str(self.folder / "ros_log"), **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = NodeProcess(name, log, popen)
        self.processes.append(process)
        return process


# A test run that is killed leaves no nodes behind. Not by preexec_fn, for which this process forks:
# its threads stand still for 20 to 45 ms meanwhile, and one of them may play a robot.
_DYING_WITH_THE_TESTS = ("setpriv", "--pdeathsig", "KILL")


def _as_yaml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | Path):
        return f'"{value}"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_as_yaml(item) for item in value) + "]"
    return str(value)


_PROCESSES = pytest.StashKey[list[NodeProcess]]()


@pytest.fixture
def node_process(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[NodeStarter]:
    """Start real node processes; they end with the test, whatever happens in it."""
    folder = tmp_path / "nodes"
    folder.mkdir()
    yield from _processes_of(request, folder)


# Not for longer: a policy node left over would answer to the tests of other folders.
@pytest.fixture(scope="module")
def starter(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[NodeStarter]:
    """Start real node processes that live as long as the file's tests: loading models is slow."""
    yield from _processes_of(request, tmp_path_factory.mktemp("nodes"))


def _processes_of(request: pytest.FixtureRequest, folder: Path) -> Iterator[NodeStarter]:
    starter = NodeStarter(folder)
    request.node.stash[_PROCESSES] = starter.processes
    yield starter
    for process in starter.processes:
        process.send(signal.SIGCONT)
        process.send(signal.SIGINT)
    for process in starter.processes:
        process.stop()


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """Poll ``wait_until(condition, timeout_s, what)``; the test fails if it never holds."""

    def wait(condition: Callable[[], object], timeout_s: float = 10.0, what: str = "") -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"not within {timeout_s} s: {what or condition}")
            time.sleep(0.01)

    return wait


@pytest.fixture
def ros_node() -> Iterator[Any]:
    """A plain rclpy node, as another program on the robot would have, spun in a thread."""
    # Not at the top: other tests run without ROS.
    from spinning import spinning

    with spinning("test_observer") as node:
        yield node
