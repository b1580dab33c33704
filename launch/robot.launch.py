"""policy_node and planner_node for one robot; nothing is commanded until dry_run is false.

    ros2 launch rlzero_ros robot.launch.py bundle:=/path/to/bundle namespace:=left dry_run:=false

The robot itself (ros2_control, its drivers) is launched elsewhere and speaks joint_states, imu,
odom and the command topic of its bundle.
"""

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch.utilities import perform_substitutions
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from launch import LaunchContext, LaunchDescription

ARGUMENTS = (
    ("namespace", "", "Namespace of both nodes; another one makes a second robot"),
    ("bundle", "walker", "Name or folder of the robot's bundle"),
    ("imaginer", "storyboard", "What turns sentences into clips: storyboard or video"),
    ("dry_run", "true", "true: everything is computed and no command is published"),
    ("params_file", "", "YAML file of your own, applied to both nodes after the package's"),
    ("policy_params_file", "", "YAML file applied to policy_node before params_file"),
    ("autostart", "true", "Configure and activate; false leaves it to a lifecycle manager"),
    ("respawn_planner", "true", "Start planner_node again when it dies; the robot goes on"),
    ("use_sim_time", "false", "Take the time from /clock"),
    ("log_level", "info", "debug, info, warn, error or fatal"),
)


def _node(context: LaunchContext, name: str, own: dict, files: tuple, **more: object) -> Node:
    config = PathJoinSubstitution([FindPackageShare("rlzero_ros"), "config"])
    parameters: list = [PathJoinSubstitution([config, f"{name.split('_')[0]}.yaml"])]
    parameters += [path for path in (_text(context, file) for file in files) if path]
    own = {"bundle": str, "autostart": bool, "use_sim_time": bool, **own}
    parameters.append(
        {key: ParameterValue(LaunchConfiguration(key), value_type=own[key]) for key in own}
    )
    return Node(
        package="rlzero_ros",
        executable=name,
        name=name,
        namespace=LaunchConfiguration("namespace"),
        parameters=parameters,
        arguments=["--ros-args", "--log-level", LaunchConfiguration("log_level")],
        output="screen",
        **more,
    )


def _text(context: LaunchContext, name: str) -> str:
    return perform_substitutions(context, [LaunchConfiguration(name)])


def _nodes(context: LaunchContext) -> list[Node]:
    respawn = _text(context, "respawn_planner").lower() == "true"
    return [
        _node(context, "policy_node", {"dry_run": bool}, ("policy_params_file", "params_file")),
        _node(
            context,
            "planner_node",
            {"imaginer": str},
            ("params_file",),
            respawn=respawn,
            respawn_delay=1.0,
        ),
    ]


def generate_launch_description() -> LaunchDescription:
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, default, text in ARGUMENTS
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=_nodes)])
