"""Bundles and models are found by name in every place where they may be."""

from pathlib import Path

import pytest

from rlzero_ros.errors import BundleError, ErrorCode
from rlzero_ros.paths import find_bundle, find_folder, names_of, resource_roots

ROOT = Path(__file__).resolve().parent.parent


def test_source_tree_is_a_root() -> None:
    assert ROOT in resource_roots()


def test_home_comes_first_and_workspaces_are_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, prefix = tmp_path / "home", tmp_path / "ws"
    share = prefix / "share" / "rlzero_ros"
    for folder in (home / "bundles" / "a", share / "bundles" / "a", share / "bundles" / "b"):
        folder.mkdir(parents=True)
    monkeypatch.setenv("RLZERO_HOME", str(home))
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"/nowhere:{prefix}")
    assert find_bundle("a") == home / "bundles" / "a"
    assert find_bundle("b") == share / "bundles" / "b"
    assert {"a", "b"} <= set(names_of("bundles"))
    assert find_folder("models", "a") is None


def test_paths_are_taken_as_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    assert find_bundle("./mine") == Path("./mine")
    assert find_bundle(tmp_path / "mine") == tmp_path / "mine"


@pytest.mark.parametrize("name", ["", "nobody", "../nobody", "/nowhere/at/all", "a\0b", "long"])
def test_what_is_not_there_is_said(name: str) -> None:
    name = name.replace("long", "x" * 5000)
    with pytest.raises(BundleError, match="no bundle") as caught:
        find_bundle(name)
    assert caught.value.code == ErrorCode.BUNDLE_MISSING
