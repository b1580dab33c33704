"""The action server by itself: so many goals and no more, each canceled by its own id."""

import pytest
from action_msgs.msg import GoalStatus
from spinning import spinning

from rlzero_ros.action import ExecuteCommand
from rlzero_ros.errors import ErrorCode
from rlzero_ros.nodes.action_client import ThreadSafeActionClient
from rlzero_ros.nodes.command_action import MAX_GOALS, CommandAction
from rlzero_ros.nodes.command_job import CommandJob, Outcome


class Desk:
    """Takes jobs as a planner does, and ends them when it is told to."""

    def __init__(self):
        self.jobs = []

    def start(self, command, seed, duration_s, feedback):
        job = CommandJob(
            command,
            seed=seed,
            duration_s=duration_s,
            on_feedback=feedback,
            on_finished=lambda _: None,
        )
        self.jobs.append(job)
        return job

    def cancel(self, job):
        job.finish(Outcome(ErrorCode.CANCELED, "canceled"))


@pytest.fixture
def desk():
    # Every goal that is followed occupies a thread.
    with spinning("desk", MAX_GOALS + 4) as node:
        it = Desk()
        action = CommandAction(node, it.start, it.cancel)
        yield it
        for job in it.jobs:
            it.cancel(job)
        action.close()


@pytest.fixture
def client(ros_node):
    client = ThreadSafeActionClient(ros_node, ExecuteCommand, "execute_command")
    yield client
    client.destroy()


def send(client, count, wait_until):
    assert client.wait_for_server(10.0)
    handles = []
    # One after the other: a service keeps the last ten requests and loses the others.
    for i in range(count):
        future = client.send_goal_async(ExecuteCommand.Goal(command=f"{i}"))
        wait_until(future.done, 10.0, f"an answer to goal {i}")
        handles.append(future.result())
    return handles


def test_goals_beyond_the_bound_are_refused_and_taken_again_later(desk, client, wait_until):
    handles = send(client, MAX_GOALS + 8, wait_until)
    accepted = [handle for handle in handles if handle.accepted]
    assert len(accepted) == len(desk.jobs) == MAX_GOALS
    for job in desk.jobs:
        desk.cancel(job)
    for handle in accepted:
        result = handle.get_result_async()
        wait_until(result.done, 10.0, "the result")
        assert result.result().result.error_code == ErrorCode.CANCELED
    assert send(client, 1, wait_until)[0].accepted


def test_a_cancel_reaches_the_goal_that_it_names_and_no_other(desk, client, wait_until):
    handles = send(client, 3, wait_until)
    future = handles[1].cancel_goal_async()
    wait_until(future.done, 5.0, "an answer to cancel")
    canceling = [bytes(goal.goal_id.uuid) for goal in future.result().goals_canceling]
    assert canceling == [bytes(handles[1].goal_id.uuid)]
    result = handles[1].get_result_async()
    wait_until(result.done, 5.0, "the result")
    assert result.result().status == GoalStatus.STATUS_CANCELED
    ended = sorted(job.command for job in desk.jobs if job.finished.is_set())
    assert ended == ["1"]
