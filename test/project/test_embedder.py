"""The embedder: any open_clip model by one line, its own preprocessing, an id that tells."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from rlzero_ros.errors import ProjectError
from rlzero_ros.project.embedder import load_embedder


def random_frames(n: int, height: int = 48, width: int = 64, seed: int = 0) -> np.ndarray:
    """Noise pictures (n, height, width, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (n, height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(("architecture", "dim"), [("clip", 24), ("siglip", 192)])
def test_embeds_like_open_clip_does(
    model_folder: Callable[..., Path], architecture: str, dim: int
) -> None:
    folder = model_folder("some-model", architecture, mean=[0.1, 0.2, 0.3], std=[0.5, 0.6, 0.7])
    embedder = load_embedder(str(folder))
    frames = random_frames(3)
    embeddings = embedder.embed(frames)
    assert embeddings.shape == (3, dim)
    assert embeddings.dtype == np.float32
    assert embedder.dim == dim
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1.0, atol=1e-5)
    model, preprocess = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
    model.eval()
    with torch.no_grad():
        images = torch.stack([preprocess(Image.fromarray(f)) for f in frames])
        expected = model.encode_image(images, normalize=True).numpy()
    np.testing.assert_allclose(embeddings, expected, atol=1e-5)


def test_frames_of_the_right_size_are_embedded_as_all_others(
    model_folder: Callable[..., Path],
) -> None:
    folder = model_folder("some-model", "clip", mean=[0.1, 0.2, 0.3], std=[0.5, 0.6, 0.7])
    frames = random_frames(3, 32, 32)
    model, preprocess = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
    with torch.no_grad():
        images = torch.stack([preprocess(Image.fromarray(f)) for f in frames])
        expected = model.eval().encode_image(images, normalize=True).numpy()
    np.testing.assert_allclose(load_embedder(str(folder)).embed(frames), expected, atol=1e-5)


@pytest.mark.parametrize("side", [20, 64])
def test_square_frames_of_another_size_are_resized_together_as_one_by_one(
    model_folder: Callable[..., Path], side: int
) -> None:
    folder = model_folder("some-model", "clip", mean=[0.1, 0.2, 0.3], std=[0.5, 0.6, 0.7])
    # Not noise: PIL rounds and clips each of its two passes.
    smooth = np.asarray(
        [Image.fromarray(f).resize((side, side)) for f in random_frames(3, 6, 6)], np.uint8
    )
    model, preprocess = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
    with torch.no_grad():
        images = torch.stack([preprocess(Image.fromarray(f)) for f in smooth])
        expected = model.eval().encode_image(images, normalize=True).numpy()
    np.testing.assert_allclose(load_embedder(str(folder)).embed(smooth), expected, atol=5e-3)


def test_batches_do_not_change_embeddings(model_folder: Callable[..., Path]) -> None:
    embedder = load_embedder(str(model_folder("clip")))
    frames = random_frames(150, 32, 32)
    np.testing.assert_allclose(
        embedder.embed(frames)[140:], embedder.embed(frames[140:]), atol=1e-5
    )


def test_id_tells_weights_and_preprocessing_apart(model_folder: Callable[..., Path]) -> None:
    same = load_embedder(str(model_folder("a", seed=1))).id
    assert same.startswith("a-")
    digest = same.removeprefix("a-")
    assert digest == load_embedder(str(model_folder("b", seed=1))).id[2:]
    assert digest != load_embedder(str(model_folder("c", seed=2))).id[2:]
    changed = model_folder("d", seed=1, mean=[0.0, 0.0, 0.0])
    assert digest != load_embedder(str(changed)).id[2:]


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((4, 8, 8), np.uint8),
        np.zeros((1, 8, 8, 4), np.uint8),
        np.zeros((1, 8, 8, 3), np.float32),
        np.zeros((0, 8, 8, 3), np.uint8),
        np.zeros((1, 0, 8, 3), np.uint8),
    ],
)
def test_refuses_what_is_not_frames(model_folder: Callable[..., Path], frames: np.ndarray) -> None:
    embedder = load_embedder(str(model_folder("clip")))
    with pytest.raises(ProjectError, match="frames"):
        embedder.embed(frames)


def test_says_what_is_missing(model_folder: Callable[..., Path]) -> None:
    folder = model_folder("clip")
    weights = folder / "open_clip_model.safetensors"
    weights.rename(folder / "elsewhere.bin")
    with pytest.raises(ProjectError, match=r"open_clip_model\.safetensors"):
        load_embedder(str(folder))
    weights.write_bytes((folder / "elsewhere.bin").read_bytes()[:1000])
    with pytest.raises(ProjectError, match="cannot be loaded"):
        load_embedder(str(folder))
    with pytest.raises(ProjectError, match="no embedder 'no-such-model'"):
        load_embedder("no-such-model")
    shutil.rmtree(folder)
    with pytest.raises(ProjectError, match="no embedder"):
        load_embedder(str(folder))


def test_refuses_weights_of_another_architecture(model_folder: Callable[..., Path]) -> None:
    folder = model_folder("clip")
    path = folder / "open_clip_model.safetensors"
    tensors = load_file(path)
    tensors["visual.conv1.weight"] = torch.zeros(8, 3, 4, 4)
    save_file(tensors, path)
    with pytest.raises(ProjectError, match="cannot be loaded"):
        load_embedder(str(folder))


def test_refuses_weights_that_are_not_finite(model_folder: Callable[..., Path]) -> None:
    folder = model_folder("clip")
    path = folder / "open_clip_model.safetensors"
    tensors = load_file(path)
    tensors["visual.conv1.weight"][:] = float("nan")
    save_file(tensors, path)
    with pytest.raises(ProjectError, match="not finite"):
        load_embedder(str(folder))
