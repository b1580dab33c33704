"""An action client for programs that spin in one thread and ask in another.

rclpy 7.1.5 sends a request first and notes then that it waits for the answer. An executor in
another thread may take the answer in between, and throws it away ("Ignoring unexpected goal
response"): the future never completes, and the goal runs without anybody who follows it.
https://github.com/ros2/rclpy/issues/1123, mended upstream after that release.
"""

from __future__ import annotations

import threading
from typing import Any

from rclpy.action import ActionClient
from rclpy.task import Future


class ThreadSafeActionClient(ActionClient):
    """As rclpy's; goals, results and cancels may be asked for in any thread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As rclpy's."""
        self._asking = threading.Lock()
        super().__init__(*args, **kwargs)

    def send_goal_async(self, *args: Any, **kwargs: Any) -> Future:
        """As rclpy's."""
        with self._asking:
            return super().send_goal_async(*args, **kwargs)

    def take_data(self) -> dict[str, Any]:
        """As rclpy's, called by the executor; an answer is taken once its request is noted."""
        with self._asking:
            return super().take_data()

    # What a goal handle calls.
    def _get_result_async(self, *args: Any, **kwargs: Any) -> Future:
        with self._asking:
            return super()._get_result_async(*args, **kwargs)

    def _cancel_goal_async(self, *args: Any, **kwargs: Any) -> Future:
        with self._asking:
            return super()._cancel_goal_async(*args, **kwargs)
