"""Executors outlive what is destroyed while they wait, and nothing else."""

import sys
import threading
import time

import pytest

rclpy = pytest.importorskip("rclpy")

from rclpy.action import ActionServer  # noqa: E402
from rclpy.callback_groups import ReentrantCallbackGroup  # noqa: E402
from rclpy.impl.implementation_singleton import rclpy_implementation  # noqa: E402
from rclpy.waitable import NumberOfEntities, Waitable  # noqa: E402

from rlzero_ros.action import ExecuteCommand  # noqa: E402
from rlzero_ros.nodes.executor import make_executor  # noqa: E402


class Spun:
    """A node whose executor spins in a thread, at every moment collecting what to wait for."""

    def __init__(self, threads, beats=True):
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node("spun", context=self.context)
        self.group = ReentrantCallbackGroup()
        self.beats, self.error = 0, None
        if beats:
            self.node.create_timer(0.0005, self._beat, callback_group=self.group)
        self._executor = make_executor(threads, context=self.context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()

    def action(self):
        return ActionServer(
            self.node, ExecuteCommand, "go", lambda goal: None, callback_group=self.group
        )

    def wake(self):
        self._executor.wake()

    def ended(self, timeout):
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def close(self):
        self._executor.shutdown()
        self._thread.join()
        self.node.destroy_node()
        rclpy.try_shutdown(context=self.context)

    def _beat(self):
        self.beats += 1

    def _spin(self):
        try:
            self._executor.spin()
        except Exception as error:  # noqa: BLE001 - what the tests are about
            self.error = error


@pytest.fixture(params=[1, 4])
def spun(request):
    node = Spun(request.param)
    yield node
    node.close()


def test_an_action_server_may_be_destroyed_while_the_executor_waits(spun):
    """Regression: a planner that was deactivated on a busy machine died of RCLError."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # as if another thread always came in between
    try:
        end = time.monotonic() + 2.0
        while time.monotonic() < end and spun.error is None:
            server = spun.action()
            time.sleep(0.0005)
            server.destroy()
    finally:
        sys.setswitchinterval(interval)
    assert spun.error is None
    before = spun.beats
    time.sleep(0.2)
    assert spun.beats > before


@pytest.mark.parametrize("threads", [1, 4])
def test_it_may_be_shut_down_at_any_moment(threads):
    """Regression: a node that was told to end just when a callback ended died of InvalidHandle."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for number in range(60):
            node = Spun(threads)
            time.sleep(0.002 + 0.0001 * (number % 10))
            node.close()
            assert node.error is None
    finally:
        sys.setswitchinterval(interval)


class DestroyedAgain(Waitable):
    """What the executor collects once too late, whenever it is told to."""

    def __init__(self, node):
        super().__init__(ReentrantCallbackGroup())
        self.too_late = False
        self.times = 0
        node.add_waitable(self)

    def get_num_entities(self):
        return NumberOfEntities()

    def add_to_wait_set(self, wait_set):
        if self.too_late:
            self.too_late = False
            self.times += 1
            raise rclpy_implementation.InvalidHandle("destroyed meanwhile")

    def is_ready(self, wait_set):
        return False


@pytest.mark.parametrize("threads", [1, 4])
def test_many_may_be_destroyed_one_after_the_other(threads):
    """Regression: a node that had nothing else to do for a second died of the third."""
    node = Spun(threads, beats=False)
    destroyed = DestroyedAgain(node.node)
    try:
        for _ in range(6):
            time.sleep(0.4)
            destroyed.too_late = True
            node.wake()
    finally:
        node.close()
    assert node.error is None
    assert destroyed.times >= 5


def test_what_stays_invalid_ends_it(spun):
    server = spun.action()
    server._handle.destroy_when_not_in_use()  # and stays with its node
    assert spun.ended(10.0)
    assert isinstance(
        spun.error, rclpy_implementation.RCLError | rclpy_implementation.InvalidHandle
    )
