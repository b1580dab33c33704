"""Ask a running robot without words: for a goal, a sequence, a demonstration or a reward.

    python examples/prompt_robot.py --goal crouch.npy
    python examples/prompt_robot.py --track dance.npy --period 0.05
    python examples/prompt_robot.py --imitate walking.npy --rehearse
    python examples/prompt_robot.py --task walk
    python examples/prompt_robot.py --reward my_rewards:crouch --temperature 10
    python examples/prompt_robot.py --task run --rehearse

A goal is one observation of the robot; a sequence, to be followed, and a demonstration, to be
imitated in any order, are rows of them (``numpy.save``). A reward is computed here, on the
observations that the bundle holds; only its values travel. With --rehearse several weightings, or
ways to imitate, are tried on the bundle's model.xml first, from where the robot is, or from its
default pose if it does not say. Arm the robot first.
"""

import argparse
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy, qos_profile_sensor_data

from rlzero_ros.bundle import Bundle
from rlzero_ros.errors import RlzeroError
from rlzero_ros.evaluate.episodes import task_rewards
from rlzero_ros.evaluate.reward_function import with_rewards
from rlzero_ros.imitate.prompts import Goal, Imitation, Prompt, Reward, Tracking
from rlzero_ros.msg import PolicyStatus
from rlzero_ros.msg import Prompt as PromptMessage
from rlzero_ros.nodes.executor import make_executor
from rlzero_ros.nodes.prompt_messages import prompt_message
from rlzero_ros.nodes.robot_watch import RobotWatch
from rlzero_ros.rehearse.imitation import rehearse_imitation
from rlzero_ros.rehearse.reward import rehearse_reward
from rlzero_ros.rehearse.twin import LATE_S, Twin
from rlzero_ros.robots.registry import load_robot

PATIENCE_S = 10.0
HEARD_S = 2.0
AGAIN_S = 1.0


def read(path: Path) -> np.ndarray:
    """Rows of observations from a .npy file."""
    return np.atleast_2d(np.load(path, allow_pickle=False)).astype(np.float32)


@contextmanager
def spinning(node: Node) -> Iterator[None]:
    """Hear what is said meanwhile."""
    executor = make_executor(1)
    executor.add_node(node)

    def spin() -> None:
        with suppress(ExternalShutdownException):  # Ctrl-C
            executor.spin()

    thread = threading.Thread(target=spin, daemon=True)
    thread.start()
    try:
        yield
    finally:
        executor.shutdown()
        thread.join()


def prompt_of(args: argparse.Namespace, bundle: Bundle, node: Node) -> tuple[str, Prompt]:
    """What to say about it, and the prompt."""
    if args.goal is not None:
        return f"reach {args.goal.name}", Goal(read(args.goal)[0])
    if args.track is not None:
        return f"follow {args.track.name}", Tracking(read(args.track), args.period)
    if args.imitate is not None:
        shown = Imitation(read(args.imitate))
        if args.rehearse:
            shown = rehearsed(shown, bundle, node)
        return f"imitate {args.imitate.name}", shown
    name = args.task or args.reward
    robot = with_rewards(
        load_robot(args.robot or bundle.spec.name), [args.reward] * (not args.task)
    )
    if name not in robot.tasks:
        raise RlzeroError(f"no task {name!r}; there are {', '.join(robot.tasks)}")
    index = bundle.index()
    reference = slice(index.reference_size)
    rewards = task_rewards(robot, name, index.physics[reference]).astype(np.float32)
    prompt = Reward(rewards, args.temperature or None)
    if args.rehearse:
        twin = twin_of(bundle)
        trials = rehearse_reward(
            bundle.bfm(),
            twin,
            index.observations[reference],
            rewards,
            lambda physics: task_rewards(robot, name, physics),
            where(node, twin),
            late_s=LATE_S,
        )
        prompt = trials.prompt
        print(f"{trials.names[trials.chosen]} earns most", file=sys.stderr)
    return f"collect {name}", prompt


def twin_of(bundle: Bundle) -> Twin:
    """The robot that the bundle is of, to try things on."""
    if bundle.model_xml is None:
        raise RlzeroError(f"{bundle.path.name} has no model.xml to rehearse on")
    return Twin(bundle.spec, bundle.model_xml)


def where(node: Node, twin: Twin) -> np.ndarray:
    """Where to begin trials (1, nq + nv): as the robot says, else in its default pose."""
    with ExitStack() as stack:
        state = RobotWatch(node, stack, twin.spec).state(HEARD_S)
    if state is None:
        print("the robot does not say where it is: tried from its default pose", file=sys.stderr)
        return twin.default_physics()[None]
    return twin.physics_of(state)[None]


def rehearsed(shown: Imitation, bundle: Bundle, node: Node) -> Imitation:
    """The way to imitate that comes nearest to what is shown."""
    twin, imitator = twin_of(bundle), bundle.imitator()
    trials = rehearse_imitation(
        bundle.bfm(), imitator, twin, shown.observations, where(node, twin), late_s=LATE_S
    )
    print(f"{trials.names[trials.chosen]} comes nearest", file=sys.stderr)
    return trials.prompt


def send(node: Node, message: PromptMessage) -> str:
    """Publish until somebody answers; return why it was refused, empty if it was taken.

    Whoever is known to listen may not hear yet; a robot that acts on it passes over the same id.
    """
    answers: list[str] = []

    def look(status: PolicyStatus) -> None:
        if status.plan_id == message.id:
            answers.append("")
        elif status.rejected_plan_id == message.id:
            answers.append(f"{status.rejected_reason} (code {status.rejected_code})")

    node.create_subscription(PolicyStatus, "policy_status", look, qos_profile_sensor_data)
    reliable = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
    publisher = node.create_publisher(PromptMessage, "prompt", reliable)
    end = time.monotonic() + PATIENCE_S
    again_s = 0.0
    while not answers and time.monotonic() < end:
        if publisher.get_subscription_count() and time.monotonic() >= again_s:
            publisher.publish(message)
            again_s = time.monotonic() + AGAIN_S
        time.sleep(0.05)
    return answers[0] if answers else "nobody answered: is the policy node running?"


def main() -> int:
    """Send one prompt; 0 if the robot acts on it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--goal", type=Path, metavar="FILE.npy")
    what.add_argument("--track", type=Path, metavar="FILE.npy")
    what.add_argument("--imitate", type=Path, metavar="FILE.npy")
    what.add_argument("--task", help="one of the robot's own rewards")
    what.add_argument("--reward", metavar="MODULE:FUNCTION", help="from features to rewards")
    parser.add_argument("--bundle", default="walker", help="the one that the policy node runs")
    parser.add_argument("--robot", help="whose tasks and features (default: the bundle's)")
    parser.add_argument("--period", type=float, default=0.0, help="seconds between rows of --track")
    parser.add_argument("--temperature", type=float, default=10.0, help="0 for the plain reward")
    parser.add_argument("--rehearse", action="store_true", help="choose one by trials")
    parser.add_argument("--lifetime", type=float, default=60.0, help="seconds to act on it")
    args, ros_arguments = parser.parse_known_args()
    rclpy.init(args=ros_arguments)
    node = rclpy.create_node("prompt_robot")
    try:
        bundle = Bundle.load(args.bundle)
        with spinning(node):
            command, prompt = prompt_of(args, bundle, node)
            message = prompt_message(
                prompt,
                command=command,
                bundle_id=bundle.id,
                now=node.get_clock().now(),
                lifetime_s=args.lifetime,
            )
            refused = send(node, message)
    except (RlzeroError, OSError, ValueError) as error:
        refused = str(error)
    except KeyboardInterrupt:
        refused = "interrupted"
    rclpy.try_shutdown()
    print(refused or command, file=sys.stderr if refused else sys.stdout)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
