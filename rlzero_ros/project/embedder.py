"""Pictures to embeddings, by any image-text model that open_clip can load.

One line names the model: a folder with ``open_clip_config.json`` and
``open_clip_model.safetensors`` (the default, ``pose-64``, is such a folder under ``models/``), a
hub id (``hf-hub:timm/ViT-B-16-SigLIP``), or an open_clip architecture and checkpoint
(``ViT-B-32:laion2b_s34b_b79k``).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any, Protocol

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from ..errors import ProjectError
from ..paths import find_folder, names_of

DEFAULT_EMBEDDER = "pose-64"
_HUB = "hf-hub:"
CONFIG_FILE, WEIGHTS_FILE = "open_clip_config.json", "open_clip_model.safetensors"
_BATCH = 128


class FrameEmbedder(Protocol):
    """Whatever turns frames into embeddings; ``id`` changes whenever its embeddings would."""

    id: str
    dim: int

    def embed(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Frames (T, H, W, 3) uint8 RGB to unit rows (T, dim) float32."""
        ...


class OpenClipEmbedder:
    """The image tower of an open_clip model, with that model's own preprocessing."""

    def __init__(self, model: torch.nn.Module, name: str, device: str = "cpu") -> None:
        """model: as ``open_clip.create_model`` returns it; name: the readable half of the id."""
        self._device = torch.device(device)
        self._model: Any = model.eval().to(self._device)
        visual: Any = model.visual
        config = PreprocessCfg(**visual.preprocess_cfg)
        self._preprocess = image_transform_v2(config, is_train=False)
        self.id = f"{name}-{_digest(visual, config)}"
        self.dim = int(self.embed(np.zeros((1, 8, 8, 3), np.uint8)).shape[1])

    @torch.no_grad()
    def embed(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Frames (T, H, W, 3) uint8 RGB of any size to unit rows (T, dim) float32.

        Raises ProjectError for anything that is not such an array.
        """
        if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8 or not frames.size:
            raise ProjectError(
                "an embedder takes frames (T, H, W, 3) uint8, T >= 1; "
                f"got {frames.shape} {frames.dtype}"
            )
        rows = []
        for start in range(0, len(frames), _BATCH):
            images = [self._preprocess(Image.fromarray(f)) for f in frames[start : start + _BATCH]]
            batch = torch.stack(images).to(self._device)
            rows.append(self._model.encode_image(batch, normalize=True).float().cpu())
        embeddings = torch.cat(rows).numpy()
        if not np.isfinite(embeddings).all():
            raise ProjectError(f"embedder {self.id} gave numbers that are not finite")
        return embeddings


def _digest(visual: torch.nn.Module, config: PreprocessCfg) -> str:
    """Twelve hexadecimal digits of the sha256 of the weights and of the preprocessing."""
    digest = hashlib.sha256(json.dumps(asdict(config), sort_keys=True).encode())
    for key, tensor in sorted(visual.state_dict().items()):
        digest.update(key.encode())
        digest.update(tensor.float().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]


def load_embedder(name_or_path: str = DEFAULT_EMBEDDER, device: str = "cpu") -> OpenClipEmbedder:
    """Loads an embedder by the name of a folder under ``models/``, a folder, or an open_clip name.

    Raises ProjectError that says what is missing when there is no such model, when its weights
    are absent or damaged, or when they do not fit its configuration.
    """
    folder = None if name_or_path.startswith(_HUB) else find_folder("models", name_or_path)
    if folder is not None:
        for file in (CONFIG_FILE, WEIGHTS_FILE):
            if not (folder / file).is_file():
                raise ProjectError(f"embedder folder {folder} has no {file}")
        source, pretrained, name = f"local-dir:{folder}", None, folder.name
    elif name_or_path.startswith(_HUB):
        source, pretrained, name = name_or_path, None, name_or_path.rsplit("/", 1)[-1]
    else:
        source, _, tag = name_or_path.partition(":")
        if source not in open_clip.list_models() or not tag:
            raise ProjectError(
                f"no embedder {name_or_path!r}: give one of {', '.join(names_of('models'))}, "
                f"a folder, '{_HUB}<id>', or '<open_clip model>:<checkpoint>'"
            )
        pretrained, name = tag, source
    try:
        model = open_clip.create_model(
            source, pretrained=pretrained, device=device, require_pretrained=True
        )
    # open_clip, safetensors and the hub raise whatever they like for files that are not right.
    except Exception as error:
        raise ProjectError(f"embedder {name_or_path!r} cannot be loaded: {error}") from error
    return OpenClipEmbedder(model, name, device)
