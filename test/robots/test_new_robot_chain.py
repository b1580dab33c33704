"""new-robot, collect, pretrain, index, pack: dm_control's hopper becomes a bundle, very small."""

import json
import os
from pathlib import Path

import numpy as np
import open_clip
import pytest
from dm_control import suite
from safetensors.torch import save_file

from rlzero_ros.bundle import Bundle
from rlzero_ros.cli import main
from rlzero_ros.imitate.runtime import PolicyRuntime
from rlzero_ros.robots.registry import load_robot

HOPPER = Path(suite.__file__).parent / "hopper.xml"
ARCHITECTURE = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 16, "vocab_size": 100, "width": 32, "heads": 2, "layers": 1},
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        "MUJOCO_GL" not in os.environ, reason="no GL library: install libegl1 or libosmesa6"
    ),
]


@pytest.fixture
def embedder(tmp_path):
    folder = tmp_path / "tiny"
    folder.mkdir()
    config = {"model_cfg": ARCHITECTURE, "preprocess_cfg": {}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    network = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
    save_file(network.state_dict(), folder / "open_clip_model.safetensors")
    return folder


def test_a_model_that_nobody_prepared_becomes_a_bundle(tmp_path, embedder):
    def rlzero(*arguments):
        assert main([str(argument) for argument in arguments]) == 0

    robot, data, run, index = (tmp_path / name for name in ("hopper", "data", "run", "index"))
    rlzero("new-robot", HOPPER, "--out", robot)
    spec = load_robot(robot).spec
    given = ("--robot", robot)
    rlzero("collect", *given, "--out", data, "--steps", 2000, "--environments", 4)
    sizes = ("--latent-dim", 8, "--hidden", 16, "--backward-hidden", 16, "--batch", 32)
    rlzero("pretrain", *given, "--data", data, "--run", run, "--updates", 20, *sizes)
    made = ("--embedder", embedder, "--states", 40, "--work", tmp_path / "work")
    rlzero("index", *given, "--data", data, "--out", index, *made)
    rlzero("pack", *given, "--run", run, "--index", index, "--out", robot)

    bundle = Bundle.load(robot)
    assert bundle.spec == spec
    assert not (robot / "robot.yaml").exists()
    assert 0 < len(bundle.index()) <= 40
    # The bundle is a robot as well: it can be simulated, and trained again.
    again = load_robot(robot)
    assert again.spec == spec
    assert again.tasks == {}
    action = PolicyRuntime(bundle.bfm()).act(bundle.index().observations[0], bundle.hold_latent)
    assert action.shape == (4,)
    assert np.all(np.abs(action) <= 1)


def test_pack_does_not_delete_what_it_does_not_know(tmp_path):
    """A described robot's folder is replaced; one with notes of its owner in it is not."""
    robot = tmp_path / "hopper"
    assert main(["new-robot", str(HOPPER), "--out", str(robot)]) == 0
    (robot / "notes.txt").write_text("do not lose this")
    command = ["pack", "--robot", str(robot), "--run", str(tmp_path), "--index", str(tmp_path)]
    assert main([*command, "--out", str(robot)]) == 2
    assert (robot / "notes.txt").read_text() == "do not lose this"
    assert (robot / "robot.yaml").is_file()
