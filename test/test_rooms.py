"""The rooms of the package stay apart: who may import what, and what nobody may do."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "rlzero_ros"

ROS = {"rclpy", "std_msgs", "sensor_msgs", "nav_msgs", "geometry_msgs", "lifecycle_msgs"}
# Room: what must not be imported in it, also not inside functions.
FORBIDDEN = {
    "imagine": ROS | {"mujoco", "dm_control", "faiss", "open_clip"},
    "project": ROS | {"mujoco", "dm_control"},
    "imitate": ROS | {"mujoco", "dm_control", "faiss", "open_clip"},
    "robots": ROS | {"torch", "faiss", "open_clip"},
    "safety": ROS | {"torch", "mujoco", "dm_control", "faiss", "open_clip", "scipy"},
    "pretrain": ROS,
    "rehearse": ROS | {"dm_control", "open_clip", "faiss"},
    "skills": ROS | {"mujoco", "dm_control", "open_clip", "faiss", "torch"},
}
# Rooms that a room may use beside its own and the plain modules (errors, paths, YAML).
ROOMS_BELOW = {
    "imagine": set(),
    "project": {"imagine"},
    "imitate": set(),
    "robots": set(),
    "safety": set(),
}


def modules(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*.py"))


def imports_of(path: Path) -> Iterator[str]:
    """Absolute dotted names of everything that a module imports."""
    package = ("rlzero_ros", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield name
            yield from (f"{name}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("room", FORBIDDEN)
def test_room_imports_nothing_forbidden(room: str) -> None:
    assert modules(PACKAGE / room), f"no such room: {room}"
    for path in modules(PACKAGE / room):
        found = {name.split(".")[0] for name in imports_of(path)} & FORBIDDEN[room]
        assert not found, f"{path.name} imports {found}"


@pytest.mark.parametrize("room", ROOMS_BELOW)
def test_room_knows_only_the_rooms_below(room: str) -> None:
    allowed = {room, "errors", "paths", "plain_yaml"} | ROOMS_BELOW[room]
    for path in modules(PACKAGE / room):
        for name in imports_of(path):
            parts = name.split(".")
            if parts[0] == "rlzero_ros" and len(parts) > 1:
                assert parts[1] in allowed | {"__version__"}, f"{path.name} imports {name}"


def test_core_runs_without_ros() -> None:
    for path in modules(PACKAGE):
        if path.relative_to(PACKAGE).parts[0] in ("nodes", "commands", "evaluate"):
            continue
        found = {name.split(".")[0] for name in imports_of(path)} & ROS
        assert not found, f"{path.name} imports {found}"


def test_modules_stay_small() -> None:
    for path in modules(PACKAGE):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= 400, f"{path.name} has {lines} lines: probably two ideas"
