"""The simulated robot with policy_node and planner_node: what robot.launch.py is for hardware.

ros2 launch rlzero_ros sim.launch.py
ros2 service call /arm std_srvs/srv/SetBool "{data: true}"
ros2 topic pub --once /language_command std_msgs/msg/String "{data: walk forward}"
"""

from launch.actions import DeclareLaunchArgument, GroupAction, IncludeLaunchDescription
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription

ARGUMENTS = (
    ("robot", "walker", "Built-in robot to simulate"),
    ("seed", "0", "Seed of random initial poses"),
    ("initial_pose", "default", "Pose at the start: random or default"),
    ("start_paused", "false", "Hold the robot in its initial pose until pause(false)"),
    ("camera_rate_hz", "0.0", "Pictures per second on camera/image_raw; needs a GL library"),
    ("namespace", "", "Namespace of all nodes"),
    ("bundle", LaunchConfiguration("robot"), "Name or folder of the bundle; default: the robot's"),
    ("imaginer", "storyboard", "What turns sentences into clips: storyboard, figure_video, video"),
    ("dry_run", "false", "true: everything is computed and no command is published"),
    ("params_file", "", "YAML file of your own for policy_node and planner_node"),
    ("record", "false", "true: start recorder_node, which writes an MCAP file"),
    ("record_file", "recordings/{robot}-{time}.mcap", "Where; {robot} and {time} are filled in"),
    ("autostart", "true", "Configure and activate; false leaves it to a lifecycle manager"),
    ("respawn_planner", "true", "Start planner_node again when it dies; the robot goes on"),
    ("use_sim_time", "true", "Take the time from /clock"),
    ("log_level", "info", "debug, info, warn, error or fatal"),
)
PASSED_ON = (
    "namespace",
    "bundle",
    "imaginer",
    "dry_run",
    "params_file",
    "record",
    "record_file",
    "autostart",
    "respawn_planner",
    "use_sim_time",
    "log_level",
)


def generate_launch_description() -> LaunchDescription:
    share = FindPackageShare("rlzero_ros")
    parameters = {
        "robot": str,
        "seed": int,
        "initial_pose": str,
        "start_paused": bool,
        "autostart": bool,
    }
    own = {
        name: ParameterValue(LaunchConfiguration(name), value_type=kind)
        for name, kind in parameters.items()
    }
    own["camera.rate_hz"] = ParameterValue(LaunchConfiguration("camera_rate_hz"), value_type=float)
    simulator = Node(
        package="rlzero_ros",
        executable="mujoco_node",
        name="mujoco_node",
        namespace=LaunchConfiguration("namespace"),
        parameters=[PathJoinSubstitution([share, "config", "mujoco.yaml"]), own],
        arguments=["--ros-args", "--log-level", LaunchConfiguration("log_level")],
        output="screen",
    )
    robot = IncludeLaunchDescription(
        PathJoinSubstitution([share, "launch", "robot.launch.py"]),
        launch_arguments={
            **{name: LaunchConfiguration(name) for name in PASSED_ON},
            "policy_params_file": PathJoinSubstitution([share, "config", "policy_sim.yaml"]),
        }.items(),
    )
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, default, text in ARGUMENTS
    ]
    # Scoped, so that dry_run and the like do not leak into what else is launched.
    return LaunchDescription([*arguments, simulator, GroupAction([robot])])
