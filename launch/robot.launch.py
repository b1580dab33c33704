"""policy_node and planner_node for one robot; nothing is commanded until dry_run is false.

    ros2 launch rlzero_ros robot.launch.py bundle:=/path/to/bundle namespace:=left dry_run:=false

The robot itself (ros2_control, its drivers) is launched elsewhere and speaks joint_states, imu,
odom and the command topic of its bundle; fake_hardware:=true stands in for it. record:=true writes
everything into one file that `rlzero replay` computes again. docs/bringup.md is the way to a first
motion.
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
    ("imaginer", "storyboard", "What turns sentences into clips: storyboard, figure_video, video"),
    ("dry_run", "true", "true: everything is computed and no command is published"),
    ("params_file", "", "YAML file of your own, applied to both nodes after the package's"),
    ("fake_hardware", "false", "true: start fake_hardware_node in the robot's place"),
    ("record", "false", "true: start recorder_node, which writes an MCAP file"),
    ("record_file", "recordings/{robot}-{time}.mcap", "Where; {robot} and {time} are filled in"),
    ("policy_params_file", "", "YAML file applied to policy_node before params_file"),
    ("autostart", "true", "Configure and activate; false leaves it to a lifecycle manager"),
    ("respawn_planner", "true", "Start planner_node again when it dies; the robot goes on"),
    ("use_sim_time", "false", "Take the time from /clock"),
    ("log_level", "info", "debug, info, warn, error or fatal"),
)
# Parameters whose launch argument has another name.
RENAMED = {"file": "record_file"}


def _node(context: LaunchContext, name: str, own: dict, files: tuple, **more: object) -> Node:
    config = PathJoinSubstitution([FindPackageShare("rlzero_ros"), "config"])
    shipped = [name.removesuffix("_node")]
    if name == "policy_node" and _is_true(context, "fake_hardware"):
        shipped.append("policy_fake_hardware")
    parameters: list = [PathJoinSubstitution([config, f"{file}.yaml"]) for file in shipped]
    parameters += [path for path in (_text(context, file) for file in files) if path]
    own = {"bundle": str, "use_sim_time": bool, **own}
    parameters.append(
        {
            key: ParameterValue(LaunchConfiguration(RENAMED.get(key, key)), value_type=own[key])
            for key in own
        }
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


def _is_true(context: LaunchContext, name: str) -> bool:
    return _text(context, name).lower() == "true"


def _nodes(context: LaunchContext) -> list[Node]:
    managed = {"autostart": bool}
    nodes = [
        _node(
            context,
            "policy_node",
            {"dry_run": bool, **managed},
            ("policy_params_file", "params_file"),
        ),
        _node(
            context,
            "planner_node",
            {"imaginer": str, **managed},
            ("params_file",),
            respawn=_is_true(context, "respawn_planner"),
            respawn_delay=1.0,
        ),
    ]
    if _is_true(context, "record"):
        # First, so that it hears everything.
        nodes.insert(0, _node(context, "recorder_node", {"file": str}, ("params_file",)))
    if _is_true(context, "fake_hardware"):
        nodes.insert(0, _node(context, "fake_hardware_node", managed, ("params_file",)))
    return nodes


def generate_launch_description() -> LaunchDescription:
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, default, text in ARGUMENTS
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=_nodes)])
