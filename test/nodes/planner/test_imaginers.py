"""What the planner imagines with: a diffusion model, or what a camera on video_prompt sees."""

import runpy
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from action_msgs.msg import GoalStatus
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image
from std_srvs.srv import SetBool

from rlzero_ros.errors import ErrorCode, ImagineError
from rlzero_ros.imagine.storyboard import draw_motion
from rlzero_ros.nodes.imaginer_parameters import make_imaginer, make_stream
from rlzero_ros.nodes.planner_parameters import PARAMETERS

ROOT = Path(__file__).parents[3]
STEPS = 200


class Camera:
    """Films a drawn figure that walks, 30 pictures a second, in rows that are padded."""

    def __init__(self, node, namespace=""):
        self._node = node
        topic = f"{namespace}video_prompt"
        self._publisher = node.create_publisher(Image, topic, qos_profile_sensor_data)
        self._ended = threading.Event()
        self._thread = None

    def film(self, encoding="bgr8"):
        self.stop()
        self._ended.clear()
        self._thread = threading.Thread(target=self._run, args=(encoding,), daemon=True)
        self._thread.start()

    def stop(self):
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, encoding):
        while not self._ended.is_set():
            for picture in draw_motion("walk", 0, 60, 30.0):
                self._publisher.publish(self._message(picture, encoding))
                if self._ended.wait(1 / 30):
                    return

    def _message(self, picture, encoding):
        height, width = picture.shape[:2]
        rows = np.zeros((height, 3 * width + 5), np.uint8)
        rows[:, : 3 * width] = picture[..., ::-1].reshape(height, -1)
        message = Image(height=height, width=width, encoding=encoding, step=rows.shape[1])
        message.header.stamp = self._node.get_clock().now().to_msg()
        message.data = rows.tobytes()
        return message


@pytest.fixture
def camera(ros_node):
    camera = Camera(ros_node)
    yield camera
    camera.stop()


@pytest.fixture(scope="module")
def dreamer(nodes, tmp_path_factory):
    """A planner that imagines with a text-to-video pipeline, small and with random weights."""
    folder = tmp_path_factory.mktemp("video_model")
    makers = runpy.run_path(str(ROOT / "test/imagine/video_models/conftest.py"))["MAKERS"]
    torch.manual_seed(0)
    makers["modelscope"]().save_pretrained(folder)
    size = {"frames": 4, "height": 16, "width": 16, "steps": STEPS, "fps": 20.0}
    options = {f"diffusers.{name}": value for name, value in size.items()}
    return nodes.planner(
        "/dreamer",
        imaginer="diffusers",
        policy_timeout_s=0.5,
        **{"diffusers.model": folder, **options},
    )


def test_the_table_is_what_the_yaml_file_says():
    content = yaml.safe_load((ROOT / "config" / "planner.yaml").read_text())

    def flat(tree, prefix=""):
        for name, value in tree.items():
            if isinstance(value, dict):
                yield from flat(value, f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}", value

    said = dict(flat(content["/**/planner_node"]["ros__parameters"]))
    assert said == {name: row[0] for name, row in PARAMETERS.items()}
    assert all(type(said[name]) is type(row[0]) for name, row in PARAMETERS.items())


@pytest.fixture
def unseeing(nodes):
    """The robot's three nodes, the planner one that has never seen a picture."""
    nodes.robot()[-1].kill()
    return nodes.robot()


def test_the_robot_does_what_its_camera_sees(unseeing, meet, camera):
    person = meet()
    person.forget_what_was_latched()
    person.arm()
    # Nothing to see yet: one clear refusal, and nothing is sent.
    status, result = person.result(person.send("do what you see")[0])
    assert (status, result.error_code) == (GoalStatus.STATUS_ABORTED, ErrorCode.VIDEO_UNREADABLE)
    assert "no picture has come yet" in result.message
    camera.film("16UC3")
    time.sleep(0.5)
    _, result = person.result(person.send("do what you see")[0])
    assert result.error_code == ErrorCode.VIDEO_UNREADABLE
    assert "encoding is '16UC3'" in result.message
    assert not person.plans
    camera.film()
    time.sleep(3.0)
    handle, heard = person.send("do what you see")
    status, result = person.result(handle)
    assert status == GoalStatus.STATUS_SUCCEEDED, result.message
    person.wait(lambda: person.status.plan_id == result.plan_id, 5.0, "a robot that acts on it")
    plan = person.plans[-1]
    assert (plan.command, plan.source) == ("do what you see", "video_prompt")
    assert len(plan.similarities) == 48
    # What was filmed is what the small bundle was made of.
    assert result.similarity > 0.9
    assert {f.stage for f in heard} >= {"imagine", "project", "send"}
    camera.stop()
    time.sleep(1.5)
    person.say("Do what you see")
    person.wait(lambda: "the last picture came" in unseeing[-1].read_log(), 10.0, "a refusal")
    assert len(person.plans) == 1
    person.call(SetBool, "arm", SetBool.Request(data=False))


def test_a_diffusion_model_imagines_step_by_step(dreamer, meet):
    person = meet("/dreamer/")
    person.forget_what_was_latched()
    handle, heard = person.send("walk forward", seed=1)
    status, result = person.result(handle, 60.0)
    # There is no policy node in this namespace; the plan was sent all the same.
    assert (status, result.error_code) == (
        GoalStatus.STATUS_ABORTED,
        ErrorCode.POLICY_UNAVAILABLE,
    ), result.message
    person.wait(lambda: person.plans, 5.0, "the plan")
    assert person.plans[0].source == "diffusers:TextToVideoSDPipeline"
    assert len(person.plans[0].similarities) == 4
    steps = [f.progress for f in heard if f.stage == "imagine"]
    assert len(steps) > STEPS / 2  # feedback is best effort
    assert steps == sorted(steps)
    assert steps[-1] == pytest.approx(1.0)


def test_a_diffusion_model_is_canceled_between_steps(dreamer, meet):
    person = meet("/dreamer/")
    person.forget_what_was_latched()
    handle, heard = person.send("jump")
    person.wait(lambda: len(heard) > 5, 20.0, "some steps")
    assert person.cancel(handle).goals_canceling
    status, result = person.result(handle)
    assert (status, result.error_code) == (GoalStatus.STATUS_CANCELED, ErrorCode.CANCELED)
    assert max(f.progress for f in heard) < 1.0
    # The next sentence finds the model free.
    handle, heard = person.send("walk")
    person.wait(lambda: heard, 5.0, "the first step of another sentence")
    person.cancel(handle)
    person.result(handle)


def test_only_what_was_changed_is_passed_on(tmp_path):
    defaults = {name: row[0] for name, row in PARAMETERS.items()}

    def make(**changed):
        options = {**defaults, "imaginer": "diffusers"}
        options |= {f"diffusers.{name}": value for name, value in changed.items()}
        return make_imaginer(options, make_stream(options))

    # Else the defaults, 0 and -1, would be refused before the model is looked for.
    with pytest.raises(ImagineError, match="there is no model ''"):
        make()
    with pytest.raises(ImagineError, match="'no/model' are not on this machine"):
        make(model="no/model")
    with pytest.raises(ImagineError, match="prompt must contain"):
        make(model=str(tmp_path), prompt="walk")
