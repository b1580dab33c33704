"""Small real models and indexes for the tests of projection."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from rlzero_ros.project.index import ObservationIndex
from rlzero_ros.project.thumbnails import Thumbnails, encode_thumbnail

torch.set_num_threads(1)

_TEXT = {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1}
_CLIP: dict[str, Any] = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": _TEXT,
}
# SigLIP's architecture (map pooling, no projection, a bias on the logits) on a tiny transformer.
_SIGLIP: dict[str, Any] = {
    "embed_dim": 192,
    "init_logit_bias": -10,
    "custom_text": True,
    "vision_cfg": {
        "image_size": 224,
        "timm_model_name": "vit_tiny_patch16_224",
        "timm_model_pretrained": False,
        "timm_pool": "map",
        "timm_proj": "none",
    },
    "text_cfg": {
        **_TEXT,
        "no_causal_mask": True,
        "proj_bias": True,
        "pool_type": "last",
        "norm_kwargs": {"eps": 1e-6},
    },
}

_ARCHITECTURES = {"clip": _CLIP, "siglip": _SIGLIP}


@pytest.fixture
def model_folder(tmp_path: Path) -> Callable[..., Path]:
    """``make(name, architecture)``: an open_clip model with random weights, as hub folders are."""

    def make(name: str, architecture: str = "clip", seed: int = 0, **preprocess: Any) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        text = json.dumps({"model_cfg": _ARCHITECTURES[architecture], "preprocess_cfg": preprocess})
        (folder / "open_clip_config.json").write_text(text)
        torch.manual_seed(seed)
        model = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
        tensors = {k: v.contiguous().clone() for k, v in model.state_dict().items()}
        save_file(tensors, folder / "open_clip_model.safetensors")
        return folder

    return make


@pytest.fixture
def make_index() -> Callable[..., ObservationIndex]:
    """``make(windows)``: an index of windows (N, 3, dim) whose observations are row numbers."""

    def make(
        windows: NDArray[np.float32],
        embedder_id: str = "test-0",
        stride_s: float = 0.05,
        kind: str = "auto",
    ) -> ObservationIndex:
        n = len(windows)
        observations = np.repeat(np.arange(n, dtype=np.float32)[:, None], 5, axis=1)
        greys = (np.full((16, 16, 3), 40 + row % 200, np.uint8) for row in range(n))
        thumbnails = Thumbnails.pack([encode_thumbnail(grey) for grey in greys])
        physics = -observations
        return ObservationIndex.build(
            observations, physics, windows, thumbnails, embedder_id, stride_s, kind
        )

    return make
