"""What is wrong with a robot is told by doctor, refused at arm, and stopped while it runs."""

import math
import time

from std_msgs.msg import Float64MultiArray

from rlzero_ros.cli import main
from rlzero_ros.msg import PolicyStatus

TOPIC = "effort_controller/commands"


def test_a_robot_that_is_not_right_is_not_armed(policy, operator, ros_node, wait_until, capsys):
    it = policy()

    def doctor():
        options = ["--preflight", "--bundle", str(it.bundle.path), "--seconds", "4"]
        status = main(["doctor", *options])
        return status, capsys.readouterr().out

    def refused(*words):
        """Wait until arm is refused in these words: a robot's messages are kept for 2 s."""
        answers = []

        def is_refused():
            answers.append(operator.arm())
            if answers[-1].success:
                operator.arm(False)
            return all(word in answers[-1].message for word in words)

        wait_until(is_refused, 5.0, f"a refusal with {words}")
        assert not answers[-1].success

    time.sleep(1.0)
    status, said = doctor()
    assert status == 0, said
    assert "may be armed" in said

    rogue = ros_node.create_publisher(Float64MultiArray, TOPIC, 1)
    refused("preflight: ", f"{TOPIC}: /test_observer publishes it too; end that node")
    status, said = doctor()
    assert status == 2
    assert "FAILURE  effort_controller/commands: /test_observer publishes it too" in said
    ros_node.destroy_publisher(rogue)

    def in_degrees(message):
        if hasattr(message, "velocity"):
            message.position = [math.degrees(-0.3)] * 6
        return message

    it.robot.say(in_degrees)
    refused("right_hip is at -17.19 rad", "these look like degrees: convert to radians")
    it.robot.heal()
    time.sleep(2.5)
    # Armed just before the degrees came, the guard has stopped the robot for them.
    operator.reset_stop()

    operator.run()
    start_s = time.monotonic()
    rogue = ros_node.create_publisher(Float64MultiArray, TOPIC, 1)
    stopped = operator.wait_for(lambda s: s.guard_state == PolicyStatus.STOPPED, "the stop")
    # A publisher may be heard of before the name of its node.
    assert " publishes effort_controller/commands too" in stopped.stop_reason
    assert time.monotonic() - start_s < 2.0
    assert operator.reset_stop().success
    refused("preflight: ", f"{TOPIC}: /test_observer publishes it too; end that node")
    ros_node.destroy_publisher(rogue)
