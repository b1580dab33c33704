"""The planner's eyes: pictures on video_prompt go to a FrameStream."""

from __future__ import annotations

from contextlib import ExitStack

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from sensor_msgs.msg import Image

from ..errors import RlzeroError
from ..imagine.frame_stream import FrameStream
from ..imagine.image_pixels import decode_image
from .entities import SENSOR_DATA, open_subscription

_MAX_SIDE = 256


class VideoPrompt:
    """Listens until the stack that it is given closes."""

    def __init__(self, node: Node, stack: ExitStack, stream: FrameStream) -> None:
        self._node, self._stream = node, stream
        # A group of its own, so that pictures and commands do not wait for each other.
        group = MutuallyExclusiveCallbackGroup()
        open_subscription(
            node, stack, Image, "video_prompt", self._on_image, SENSOR_DATA, callback_group=group
        )

    def _on_image(self, message: Image) -> None:
        stamp = message.header.stamp
        taken_s = stamp.sec + 1e-9 * stamp.nanosec
        if taken_s == 0.0:  # a camera that does not say when
            taken_s = 1e-9 * self._node.get_clock().now().nanoseconds
        try:
            self._stream.add(
                taken_s,
                lambda: decode_image(
                    message.encoding,
                    message.height,
                    message.width,
                    message.step,
                    message.data,
                    _MAX_SIDE,
                ),
            )
        except RlzeroError as error:
            self._node.get_logger().warning(
                f"video_prompt: {error.message}", throttle_duration_sec=10.0
            )
