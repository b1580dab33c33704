"""Goals of a thread that does not spin: every answer reaches whoever asked."""

import threading

import pytest
import rclpy
from action_msgs.msg import GoalStatus
from rclpy.action import ActionServer, CancelResponse
from rclpy.executors import ExternalShutdownException

from rlzero_ros.action import ExecuteCommand
from rlzero_ros.nodes.action_client import ThreadSafeActionClient
from rlzero_ros.nodes.executor import make_executor

GOALS = 100


@pytest.fixture
def prompt_server():
    """A server that carries out every goal at once."""
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("prompt", context=context)
    executor = make_executor(1, context=context)
    executor.add_node(node)

    def execute(goal):
        goal.succeed()
        return ExecuteCommand.Result(message=goal.request.command)

    ActionServer(
        node,
        ExecuteCommand,
        "execute_command",
        execute,
        cancel_callback=lambda _: CancelResponse.REJECT,
    )

    def spin():
        try:
            executor.spin()
        except ExternalShutdownException:
            return

    thread = threading.Thread(target=spin, daemon=True)
    thread.start()
    yield
    executor.shutdown()
    rclpy.shutdown(context=context)
    thread.join(5.0)
    node.destroy_node()


def test_no_answer_comes_too_early(ros_node, prompt_server, hasty, wait_until):
    """The defect: a goal was accepted and carried out, and whoever sent it heard nothing."""
    client = ThreadSafeActionClient(ros_node, ExecuteCommand, "execute_command")
    wait_until(client.server_is_ready, 10.0, "the server")
    for number in range(GOALS):
        sent = client.send_goal_async(ExecuteCommand.Goal(command=str(number)))
        wait_until(sent.done, 5.0, f"an answer to goal {number}")
        asked = sent.result().get_result_async()
        wait_until(asked.done, 5.0, f"the result of goal {number}")
        assert asked.result().status == GoalStatus.STATUS_SUCCEEDED
        assert asked.result().result.message == str(number)
        canceled = sent.result().cancel_goal_async()
        wait_until(canceled.done, 5.0, f"an answer to the cancel of goal {number}")
        assert not canceled.result().goals_canceling
    client.destroy()
