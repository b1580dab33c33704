"""collect, pretrain, index, pack: the README's four commands, very small, make a bundle."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import save_file

from rlzero_ros.bundle import Bundle
from rlzero_ros.imitate.runtime import PolicyRuntime
from rlzero_ros.robots.registry import load_robot

ROOT = Path(__file__).resolve().parent.parent
ARCHITECTURE = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 16, "vocab_size": 100, "width": 32, "heads": 2, "layers": 1},
}


def rlzero(*arguments: object) -> None:
    command = [sys.executable, "-m", "rlzero_ros.cli", *map(str, arguments)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
def test_four_commands_make_a_bundle(tmp_path: Path) -> None:
    data, run, index, out = (tmp_path / name for name in ("data", "run", "index", "walker"))
    model = tmp_path / "tiny"
    model.mkdir()
    config = {"model_cfg": ARCHITECTURE, "preprocess_cfg": {}}
    (model / "open_clip_config.json").write_text(json.dumps(config))
    network = open_clip.create_model(f"local-dir:{model}", load_weights=False)
    save_file(network.state_dict(), model / "open_clip_model.safetensors")

    rlzero("collect", "--out", data, "--steps", 4000, "--environments", 4)
    sizes = ("--latent-dim", 8, "--hidden", 16, "--backward-hidden", 16, "--batch", 32)
    rlzero("pretrain", "--data", data, "--run", run, "--updates", 20, *sizes)
    work = tmp_path / "work"
    made = ("--embedder", model, "--states", 60, "--work", work)
    rlzero("index", "--data", data, "--out", index, *made)
    report = tmp_path / "pack.json"
    said = ("--made-by", "rlzero collect", "--json", report)
    rlzero("pack", "--run", run, "--index", index, "--out", out, *said)

    bundle = Bundle.load(out)
    assert json.loads(report.read_text())["id"] == bundle.id
    assert bundle.spec == load_robot("walker").spec
    assert bundle.manifest["origin"]["updates"] == 20
    assert bundle.manifest["origin"]["commands"][0] == "rlzero collect"
    assert bundle.hold_latent is not None
    assert 0 < len(bundle.index()) <= 60
    assert np.isfinite(bundle.index().observations).all()
    action = PolicyRuntime(bundle.bfm()).act(bundle.index().observations[0], bundle.hold_latent)
    assert action.shape == (6,)
    assert np.all(np.abs(action) <= 1)
    assert torch.is_inference_mode_enabled() is False
