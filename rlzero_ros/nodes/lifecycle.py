"""The base of every node here: a lifecycle node that says why a transition failed.

rclpy turns an exception in a transition callback into a bare error code. Here a wrong input
(RlzeroError) becomes one line in the log, anything else a traceback, and whatever had been built
up to then is taken down again by the one way down: `deactivate`, then `cleanup`.
"""

from __future__ import annotations

import queue
import signal
import threading
import traceback
from collections.abc import Callable, Sequence
from typing import ClassVar

import rclpy
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import SetParametersResult
from rclpy.executors import ExternalShutdownException
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions

from ..errors import RlzeroError
from .executor import make_executor
from .parameters import declare, describe_use_sim_time


class ManagedNode(LifecycleNode):
    """A lifecycle node with four steps to fill in; each raises to fail.

    `cleanup` must accept a half-built configuration and `deactivate` a half-built activation:
    they are called to undo a step that failed.
    """

    live_parameters: ClassVar[frozenset[str]] = frozenset()
    """Parameters that may change while the node is configured; others are refused then."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        declare(
            self,
            "autostart",
            True,
            "Configure and activate at start; false where a lifecycle manager does it",
        )
        describe_use_sim_time(self)
        self.add_on_set_parameters_callback(self._refuse_late_parameters)
        self._change_state = self._service_change_state.callback
        self._service_change_state.callback = self._on_change_state

    def configure(self) -> None:
        """Read the parameters and build what lasts until `cleanup`."""

    def activate(self) -> None:
        """Begin to act."""

    def deactivate(self) -> None:
        """End what `activate` began."""

    def cleanup(self) -> None:
        """Take down what `configure` built."""

    @property
    def state_label(self) -> str:
        """The lifecycle state: unconfigured, inactive, active, finalized or a transition."""
        return str(self._state_machine.current_state[1])

    def autostart(self) -> bool:
        """Configure and activate if the parameter says so; return whether nothing failed."""
        if not self.get_parameter("autostart").value:
            return True
        success = TransitionCallbackReturn.SUCCESS
        if self.trigger_configure() == success and self.trigger_activate() == success:
            return True
        self.get_logger().error(f"autostart failed; the node is {self.state_label}")
        return False

    def close(self) -> None:
        """Go down from any state, once."""
        if self.state_label in ("unconfigured", "inactive", "active"):
            self.trigger_shutdown()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle callback."""
        return self._up("configure", self.configure, self.cleanup, super().on_configure, state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle callback."""
        return self._up("activate", self.activate, self.deactivate, super().on_activate, state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle callback."""
        done = self._try("deactivate", self.deactivate)
        result = super().on_deactivate(state)
        return result if done else TransitionCallbackReturn.ERROR

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle callback."""
        done = self._try("cleanup", self.cleanup)
        result = super().on_cleanup(state)
        return result if done else TransitionCallbackReturn.ERROR

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle callback."""
        if state.label == "active":
            self._try("deactivate", self.deactivate)
        if state.label in ("active", "inactive"):
            self._try("cleanup", self.cleanup)
        return super().on_shutdown(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle callback: what failed on the way down is taken down as far as it goes."""
        self._try("cleanup", self.cleanup)
        return TransitionCallbackReturn.SUCCESS

    def _up(
        self,
        step: str,
        build: Callable[[], None],
        undo: Callable[[], None],
        entities: Callable[[LifecycleState], TransitionCallbackReturn],
        state: LifecycleState,
    ) -> TransitionCallbackReturn:
        if not self._try(step, build):
            self._try(f"undo of {step}", undo)
            return TransitionCallbackReturn.FAILURE
        self.get_logger().info(f"{step} done")
        return entities(state)

    def _try(self, step: str, action: Callable[[], None]) -> bool:
        try:
            action()
        except RlzeroError as error:
            self.get_logger().error(f"{step} refused: {error} (code {int(error.code)})")
        except Exception:  # noqa: BLE001 - rclpy would lose it; here is where it is told
            self.get_logger().error(f"{step} failed:\n{traceback.format_exc()}")
        else:
            return True
        return False

    def _on_change_state(
        self, request: ChangeState.Request, response: ChangeState.Response
    ) -> ChangeState.Response:
        """Answer an impossible transition with failure; rclpy would let it end the node."""
        try:
            return self._change_state(request, response)
        except rclpy_implementation.RCLError as error:
            self.get_logger().error(f"no such transition from {self.state_label}: {error}")
            response.success = False
            return response

    def _refuse_late_parameters(self, parameters: Sequence[Parameter]) -> SetParametersResult:
        if self.state_label in ("inactive", "active"):
            for parameter in parameters:
                known = self.has_parameter(parameter.name) and parameter.name != "use_sim_time"
                if known and parameter.name not in self.live_parameters:
                    reason = f"{parameter.name} is read at configure: deactivate and clean up first"
                    return SetParametersResult(successful=False, reason=reason)
        return SetParametersResult(successful=True)


def run_node(
    factory: Callable[[], ManagedNode], args: list[str] | None = None, *, threads: int = 1
) -> int:
    """Run one node until SIGINT or SIGTERM; return the exit status.

    The executor spins in a thread of its own, since a signal reaches Python only in the main
    thread, and rclpy's own handlers would close the context before the node could send its last
    command.

    Args:
        factory: makes the node, after rclpy is initialised.
        args: command line, sys.argv if None.
        threads: of the executor.

    """
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    # A queue, not an Event: its put may be interrupted by a second signal without a deadlock.
    ended: queue.SimpleQueue[None] = queue.SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.put(None))
    node = factory()
    executor = make_executor(threads)
    executor.add_node(node)
    status = [0]

    def spin() -> None:
        try:
            executor.spin()
        except ExternalShutdownException:
            pass
        except Exception:  # noqa: BLE001 - told, and the process ends with it
            node.get_logger().fatal(f"a callback failed:\n{traceback.format_exc()}")
            status[0] = 1
        ended.put(None)

    node.autostart()
    spinner = threading.Thread(target=spin, name="executor")
    spinner.start()
    try:
        ended.get()
    finally:
        # First the node's own way down: callbacks may still be needed, and the context is valid.
        executor.shutdown(timeout_sec=1.0)
        node.close()
        rclpy.try_shutdown()
        spinner.join(5.0)
        node.destroy_node()
    return status[0]
