"""Pictures to embeddings, by any image-text model that open_clip can load.

One line names the model: a folder with ``open_clip_config.json`` and
``open_clip_model.safetensors`` (the default, ``pose-96``, is such a folder under ``models/``), a
hub id (``hf-hub:timm/ViT-B-16-SigLIP``), or an open_clip architecture and checkpoint
(``ViT-B-32:laion2b_s34b_b79k``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cached_property, partial
from typing import Any, Protocol, runtime_checkable

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from ..errors import ProjectError
from ..paths import find_folder, names_of
from .pose_matcher import POSE_MATCHER_FILE, PoseMatcher
from .text_head import TEXT_HEAD_FILE, TextHead

DEFAULT_EMBEDDERS = {"human": "pose-96", "four_legged": "pose-96-four"}
"""By the kind of figure that is drawn for a robot."""
DEFAULT_EMBEDDER = DEFAULT_EMBEDDERS["human"]
_HUB = "hf-hub:"
CONFIG_FILE, WEIGHTS_FILE = "open_clip_config.json", "open_clip_model.safetensors"
CARD_FILE = "training.json"
"""Folders that this package trained have one: their open_clip text tower is only a placeholder."""
_BATCH = 128
Tokenizer = Callable[[list[str]], torch.Tensor]


class FrameEmbedder(Protocol):
    """Whatever turns frames into embeddings; ``id`` changes whenever its embeddings would."""

    id: str
    dim: int

    def embed(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Frames (T, H, W, 3) uint8 RGB to unit rows (T, dim) float32."""
        ...


@runtime_checkable
class TextEmbedder(FrameEmbedder, Protocol):
    """One that puts sentences where pictures of them lie."""

    def embed_text(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """Sentences to unit rows (n, dim); ProjectError when the model never learnt any."""
        ...


@runtime_checkable
class MatchingEmbedder(FrameEmbedder, Protocol):
    """One that may have a pose matcher beside it."""

    @property
    def matcher(self) -> PoseMatcher | None:
        """None where none was trained."""
        ...

    def match(
        self, frames: NDArray[np.uint8], rows: NDArray[np.integer], whole: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """The matcher's codes (n, d) of windows, rows (n, 3), of frames (T, H, W, 3).

        whole: see ``PoseMatcher.code_windows``.
        """
        ...


class OpenClipEmbedder:
    """The image tower of an open_clip model, with that model's own preprocessing.

    Sentences go through its own text tower, or through a head where the folder has one.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        name: str,
        device: str = "cpu",
        *,
        tokenizer: Callable[[], Tokenizer] | None = None,
        text_head: TextHead | None = None,
        matcher: PoseMatcher | None = None,
    ) -> None:
        """model: as ``open_clip.create_model`` returns it; name: the readable half of the id.

        tokenizer: makes that of the text tower, if that was trained; asked when it is needed,
        since it may come from the hub. text_head: instead of the text tower. matcher: the pose
        matcher that was trained beside it. Raises ProjectError for a head or a matcher that goes
        with other weights.
        """
        self._device = torch.device(device)
        self._model: Any = model.eval().to(self._device)
        visual: Any = model.visual
        config = PreprocessCfg(**visual.preprocess_cfg)
        self._preprocess = image_transform_v2(config, is_train=False)
        size = config.size if isinstance(config.size, tuple | list) else (config.size,) * 2
        self._size = tuple(size)
        self._bicubic = config.interpolation == "bicubic" and _square(self._size)
        self._mean, self._std = (torch.tensor(v)[:, None, None] for v in (config.mean, config.std))
        self.id = f"{name}-{_digest(visual, config)}"
        self.dim = int(self.embed(np.zeros((1, 8, 8, 3), np.uint8)).shape[1])
        self._make_tokenizer, self._text_head = tokenizer, text_head
        if text_head is not None and (text_head.embedder_id, text_head.dim) != (self.id, self.dim):
            raise ProjectError(
                f"the text head goes with embedder {text_head.embedder_id}, not with {self.id}: "
                "train it again with 'python -m rlzero_ros.pretrain.train_text_head'"
            )
        if matcher is not None and matcher.embedder_id != self.id:
            raise ProjectError(
                f"the pose matcher goes with embedder {matcher.embedder_id}, not with {self.id}: "
                "train it again with 'python -m rlzero_ros.pretrain.train_pose_matcher'"
            )
        self._matcher = matcher

    @property
    def tower(self) -> torch.nn.Module:
        """What sees the pictures."""
        visual: torch.nn.Module = self._model.visual
        return visual

    @property
    def matcher(self) -> PoseMatcher | None:
        """What tells how likely poses are, if one was trained beside this embedder."""
        return self._matcher

    @torch.no_grad()
    def match(
        self, frames: NDArray[np.uint8], rows: NDArray[np.integer], whole: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """See ``MatchingEmbedder``; ProjectError without a matcher."""
        if self._matcher is None:
            raise ProjectError(f"embedder {self.id} has no pose matcher")
        return self._matcher.code_windows(self.images(frames), rows, whole)

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
            batch = self.images(frames[start : start + _BATCH]).to(self._device)
            rows.append(self._model.encode_image(batch, normalize=True).float().cpu())
        embeddings = torch.cat(rows).numpy()
        if not np.isfinite(embeddings).all():
            raise ProjectError(f"embedder {self.id} gave numbers that are not finite")
        return embeddings

    def images(self, frames: NDArray[np.uint8]) -> torch.Tensor:
        """What the tower takes (T, 3, S, S) of frames, as its own preprocessing makes it."""
        if frames.shape[1:3] != self._size and not (self._bicubic and _square(frames.shape[1:3])):
            return torch.stack([self._preprocess(Image.fromarray(f)) for f in frames])
        # Nothing is to be cut off, and all frames can be resized and normalised at once: twice as
        # fast. The copy is for frames that lie in a file and may not be written to.
        images = torch.from_numpy(np.array(frames)).permute(0, 3, 1, 2).float().div_(255.0)
        return resized(images, self._size).sub_(self._mean).div_(self._std)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        if self._make_tokenizer is None:
            raise ProjectError(f"embedder {self.id} was not trained on sentences")
        try:
            return self._make_tokenizer()
        except Exception as error:  # the hub raises whatever it likes
            raise ProjectError(f"embedder {self.id} has no tokenizer here: {error}") from error

    @torch.no_grad()
    def embed_text(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """Sentences to unit rows (n, dim) in the space of the pictures.

        Raises ProjectError without a sentence, or when the model never learnt any.
        """
        if not sentences or not all(s.strip() for s in sentences):
            raise ProjectError("embed_text takes at least one sentence, and no empty ones")
        if self._text_head is not None:
            return self._text_head.embed(sentences)
        tokens = self._tokenizer(list(sentences)).to(self._device)
        embeddings = self._model.encode_text(tokens, normalize=True).float().cpu().numpy()
        return np.asarray(embeddings, dtype=np.float32)

    def image_text_score(self, frames: NDArray[np.uint8], sentence: str) -> NDArray[np.float32]:
        """Cosines (T,) of frames (T, H, W, 3) with a sentence, from -1 to 1."""
        return np.asarray(self.embed(frames) @ self.embed_text([sentence])[0], dtype=np.float32)


def name_of(embedder_id: str) -> str:
    """The name that an embedder is loaded by: its id without the digest of the weights."""
    return embedder_id.rpartition("-")[0]


def resized(images: torch.Tensor, size: tuple[int, ...]) -> torch.Tensor:
    """Pictures (N, 3, H, W) in [0, 1] as PIL's bicubic filter makes them (N, 3, *size)."""
    if images.shape[2:] == size:
        return images
    bicubic = torch.nn.functional.interpolate(images, size, mode="bicubic", antialias=True)
    return bicubic.clamp_(0.0, 1.0)


def _square(size: tuple[int, ...]) -> bool:
    return size[0] == size[1]


def _digest(visual: torch.nn.Module, config: PreprocessCfg) -> str:
    """Twelve hexadecimal digits of the sha256 of the weights and of the preprocessing."""
    digest = hashlib.sha256(json.dumps(asdict(config), sort_keys=True).encode())
    for key, tensor in sorted(visual.state_dict().items()):
        digest.update(key.encode())
        digest.update(tensor.float().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]


def load_embedder(
    name_or_path: str = DEFAULT_EMBEDDER, device: str = "cpu", *, matcher: bool = True
) -> OpenClipEmbedder:
    """Loads an embedder by the name of a folder under ``models/``, a folder, or an open_clip name.

    matcher: with the pose matcher that is in the folder, if there is one.
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
    trained_here = folder is not None and (folder / CARD_FILE).exists()
    tokenizer = None if trained_here else partial(open_clip.get_tokenizer, source)
    head = TextHead.load(folder) if folder and (folder / TEXT_HEAD_FILE).exists() else None
    there = matcher and folder is not None and (folder / POSE_MATCHER_FILE).exists()
    matching = PoseMatcher.load(folder) if folder is not None and there else None
    return OpenClipEmbedder(
        model, name, device, tokenizer=tokenizer, text_head=head, matcher=matching
    )
