"""The simulator's camera: renders in its own thread, with its own copy of the robot."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image

from ..robots.simulation import Simulation
from ..robots.spec import RobotSpec


class Camera:
    """Renders snapshots of the physics at rate_hz and hands on (height, width, 3) uint8 images.

    A GL context belongs to the thread that made it and rendering takes longer than a physics
    step, so the camera never touches the simulation that is being stepped.
    """

    def __init__(
        self,
        spec: RobotSpec,
        model_xml: str | Path,
        *,
        rate_hz: float,
        width: int,
        height: int,
        physics: Callable[[], NDArray[np.float64]],
        on_image: Callable[[NDArray[np.uint8]], None],
        on_failure: Callable[[Exception], None],
    ) -> None:
        self._make = lambda: Simulation(spec, model_xml)
        self._period_s = 1.0 / rate_hz
        self._size = (width, height)
        self._physics = physics
        self._on_image = on_image
        self._on_failure = on_failure
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)

    def start(self) -> None:
        """Begin rendering."""
        self._thread.start()

    def stop(self) -> None:
        """End rendering; returns when the thread is gone."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        simulation = self._make()
        try:
            deadline = time.monotonic()
            while not self._stopping.is_set():
                simulation.set_physics(self._physics())
                self._on_image(simulation.render(*self._size))
                deadline = max(deadline + self._period_s, time.monotonic())
                self._stopping.wait(deadline - time.monotonic())
        except Exception as error:  # noqa: BLE001 - no GL or a driver's fault: told, physics go on
            self._on_failure(error)
        finally:
            simulation.close()


def image_message(image: NDArray[np.uint8], frame_id: str) -> Image:
    """An (H, W, 3) uint8 RGB image as a message, without its stamp."""
    height, width = image.shape[:2]
    message = Image(height=height, width=width, encoding="rgb8", step=3 * width)
    message.header.frame_id = frame_id
    message.data = image.tobytes()
    return message
