"""Where bundles, models and configuration are found: one list of places for every program.

In this order: ``$RLZERO_HOME``, the source tree, the share folders of the sourced ROS workspaces,
and the share folder of a ``pip install``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .errors import BundleError, ErrorCode

PACKAGE = "rlzero_ros"


def resource_roots() -> tuple[Path, ...]:
    """The folders that may hold ``bundles/``, ``models/`` and ``config/``, most specific first."""
    roots: list[Path] = []
    if home := os.environ.get("RLZERO_HOME"):
        roots.append(Path(home).expanduser())
    # Resolved, so that files linked into a workspace lead to the tree that they come from.
    source = Path(__file__).resolve().parent.parent
    if (source / "package.xml").is_file():
        roots.append(source)
    for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        if prefix:
            roots.append(Path(prefix, "share", PACKAGE))
    roots.append(Path(sys.prefix, "share", PACKAGE))
    return tuple(root for root in roots if root.is_dir())


def find_folder(kind: str, name_or_path: str | Path) -> Path | None:
    """The folder ``<root>/<kind>/<name>``, or the path itself where a path is given.

    Anything with a slash, or that begins with ``.`` or ``~``, is a path. None: there is none.
    """
    text = os.fspath(name_or_path)
    if not text:
        return None
    if os.sep in text or text.startswith((".", "~")):
        path = Path(text).expanduser()
        return path if _is_folder(path) else None
    for root in resource_roots():
        if _is_folder(root / kind / text):
            return root / kind / text
    return None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that no file system takes
        return False


def names_of(kind: str) -> list[str]:
    """The names that `find_folder` finds for ``bundles`` or ``models``, sorted."""
    folders = (root / kind for root in resource_roots())
    return sorted({p.name for f in folders if f.is_dir() for p in f.iterdir() if p.is_dir()})


def find_bundle(name_or_path: str | Path) -> Path:
    """The folder of a bundle; BundleError (BUNDLE_MISSING) lists those that there are."""
    folder = find_folder("bundles", name_or_path)
    if folder is None:
        known = ", ".join(names_of("bundles")) or "none"
        raise BundleError(
            f"no bundle {os.fspath(name_or_path)!r}: give the path of its folder, or one of the "
            f"installed ones: {known}",
            ErrorCode.BUNDLE_MISSING,
        )
    return folder
