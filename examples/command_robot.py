"""A small client of a running robot: arm it, tell it what to do, watch, stop it.

    python examples/command_robot.py --arm --release "walk forward"
    python examples/command_robot.py "lie down"
    python examples/command_robot.py --stop

It uses the same services and the same action as any other program would. ``--release`` lets a
paused simulator go once the policy holds the robot.
"""

import argparse
import sys

import rclpy
from rclpy.action import ActionClient
from rclpy.node import Node
from std_srvs.srv import SetBool, Trigger

from rlzero_ros.action import ExecuteCommand

PATIENCE_S = 10.0


def call(node: Node, kind: type, name: str, **request: bool) -> bool:
    """Call a service of the robot and print its answer."""
    client = node.create_client(kind, name)
    if not client.wait_for_service(PATIENCE_S):
        print(f"nobody offers {name}: is the node running?", file=sys.stderr)
        return False
    future = client.call_async(kind.Request(**request))
    rclpy.spin_until_future_complete(node, future, timeout_sec=PATIENCE_S)
    answer = future.result()
    if answer is None:
        print(f"{name} did not answer", file=sys.stderr)
        return False
    print(f"{name}: {answer.message or 'done'}")
    return bool(answer.success)


def execute(node: Node, goal: ExecuteCommand.Goal) -> bool:
    """Send the goal, print stage, progress and similarity, and return whether it succeeded."""
    client = ActionClient(node, ExecuteCommand, "execute_command")
    if not client.wait_for_server(PATIENCE_S):
        print("nobody offers execute_command: is the planner running?", file=sys.stderr)
        return False

    shown: set[tuple[str, int]] = set()

    def show(message: ExecuteCommand.Impl.FeedbackMessage) -> None:
        feedback = message.feedback
        step = (feedback.stage, int(feedback.progress * 4))
        if step not in shown:
            shown.add(step)
            print(f"{feedback.stage:<8} {feedback.progress:4.0%} {feedback.similarity:6.2f}")

    sending = client.send_goal_async(goal, feedback_callback=show)
    rclpy.spin_until_future_complete(node, sending)
    finishing = sending.result().get_result_async()
    rclpy.spin_until_future_complete(node, finishing)
    result = finishing.result().result
    print(f"error_code {result.error_code}: {result.message or 'done'}")
    return result.error_code == 0


def main() -> int:
    """Do what the command line says; 0 if all of it worked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sentence", nargs="?")
    parser.add_argument("--arm", action="store_true", help="let the policy move the robot")
    parser.add_argument("--release", action="store_true", help="let a paused simulator go")
    parser.add_argument("--stop", action="store_true", help="stop now; latched")
    parser.add_argument("--reset-stop", action="store_true", help="allow arming after a stop")
    parser.add_argument("--seconds", type=float, default=0.0, help="0: until the robot acts on it")
    args, ros_arguments = parser.parse_known_args()

    rclpy.init(args=ros_arguments)
    node = rclpy.create_node("command_robot")
    worked = True
    if args.stop:
        worked &= call(node, Trigger, "stop")
    if args.reset_stop:
        worked &= call(node, Trigger, "reset_stop")
    if args.arm:
        worked &= call(node, SetBool, "arm", data=True)
    if args.release:
        worked &= call(node, SetBool, "pause", data=False)
    if args.sentence is not None and worked:
        goal = ExecuteCommand.Goal(command=args.sentence, duration_s=args.seconds)
        worked = execute(node, goal)
    node.destroy_node()
    rclpy.shutdown()
    return 0 if worked else 1


if __name__ == "__main__":
    sys.exit(main())
