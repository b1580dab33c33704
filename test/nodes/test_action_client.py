"""Goals of a thread that does not spin: every answer reaches whoever asked."""

import pytest
from action_msgs.msg import GoalStatus
from rclpy.action import ActionServer, CancelResponse
from spinning import spinning

from rlzero_ros.action import ExecuteCommand
from rlzero_ros.nodes.action_client import ThreadSafeActionClient

GOALS = 100


@pytest.fixture
def prompt_server():
    """A server that carries out every goal at once."""

    def execute(goal):
        goal.succeed()
        return ExecuteCommand.Result(message=goal.request.command)

    def refuse(_):
        return CancelResponse.REJECT

    with spinning("prompt") as node:
        server = ActionServer(
            node, ExecuteCommand, "execute_command", execute, cancel_callback=refuse
        )
        yield
        server.destroy()  # the node's end alone would leave it to be found by the next test


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
