"""Sentences beside pictures: an open_clip model's own text tower, or a head for a small tower."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch

from rlzero_ros.errors import ProjectError
from rlzero_ros.pretrain.train_text_head import TextHeadTraining, train
from rlzero_ros.project.embedder import CARD_FILE, OpenClipEmbedder, load_embedder
from rlzero_ros.project.text_head import TEXT_HEAD_FILE, TextHead

SENTENCES = ["a person walking", "lie down on the ground"]


def frames(n: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 48, 48, 3), dtype=np.uint8)


@pytest.mark.parametrize("architecture", ["clip", "siglip"])
def test_a_model_with_a_text_tower_scores_pictures_with_it(
    model_folder: Callable[..., Path], architecture: str
) -> None:
    folder = model_folder("some-model", architecture)
    embedder = load_embedder(str(folder))
    texts = embedder.embed_text(SENTENCES)
    assert texts.shape == (2, embedder.dim)
    model, _ = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
    tokens = open_clip.get_tokenizer(f"local-dir:{folder}")(SENTENCES)
    with torch.no_grad():
        expected = model.eval().encode_text(tokens, normalize=True).numpy()
    np.testing.assert_allclose(texts, expected, atol=1e-5)
    scores = embedder.image_text_score(frames(3), SENTENCES[0])
    np.testing.assert_allclose(scores, embedder.embed(frames(3)) @ expected[0], atol=1e-5)


def test_a_tower_trained_here_knows_no_sentences_without_a_head(
    model_folder: Callable[..., Path],
) -> None:
    folder = model_folder("small")
    (folder / CARD_FILE).write_text("{}")
    embedder = load_embedder(str(folder))
    with pytest.raises(ProjectError, match="not trained on sentences"):
        embedder.embed_text(SENTENCES)
    rng = np.random.default_rng(0)
    shapes = {"hidden_weight": (8, 384), "hidden_bias": 8, "out_weight": (24, 8), "out_bias": 24}
    tensors = {k: rng.normal(size=shape).astype(np.float32) for k, shape in shapes.items()}
    TextHead(tensors, embedder.id).save(folder)
    texts = load_embedder(str(folder)).embed_text(SENTENCES)
    np.testing.assert_allclose(np.linalg.norm(texts, axis=1), 1.0, atol=1e-5)
    TextHead(tensors, "another").save(folder)
    with pytest.raises(ProjectError, match="goes with embedder another"):
        load_embedder(str(folder))
    (folder / TEXT_HEAD_FILE).write_bytes(b"nonsense")
    with pytest.raises(ProjectError, match=TEXT_HEAD_FILE):
        load_embedder(str(folder))


@pytest.mark.parametrize("sentences", [[], ["walk", "  "]])
def test_empty_sentences_are_refused(
    model_folder: Callable[..., Path], sentences: list[str]
) -> None:
    with pytest.raises(ProjectError, match="sentence"):
        load_embedder(str(model_folder("clip"))).embed_text(sentences)


def test_a_head_learns_which_sentences_go_with_which_pictures() -> None:
    rng = np.random.default_rng(0)

    def unit(rows: np.ndarray) -> np.ndarray:
        return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)

    motions, sentences_each = 6, 12
    places, meanings = rng.normal(size=(motions, 1, 1, 16)), rng.normal(size=(motions, 1, 40))
    clips = unit(places + 0.5 * rng.normal(size=(motions, 10, 5, 16)))
    said = unit(meanings + 0.5 * rng.normal(size=(motions, sentences_each, 40)))
    known, unseen = said[:, :8].reshape(-1, 40), said[:, 8:].reshape(-1, 40)
    config = TextHeadTraining(steps=200, batch=64, hidden=32)
    head = TextHead(train(clips, known, np.arange(motions).repeat(8), config), "test")
    scores = unit(places[:, 0, 0]) @ head.project(unseen).T
    assert (scores.argmax(0) == np.arange(motions).repeat(4)).mean() > 0.9


def test_the_default_tells_motions_by_sentences() -> None:
    """Not how well, which `rlzero eval captions` measures, but that it does."""
    from rlzero_ros.imagine.storyboard import draw_motion

    embedder = load_embedder()
    card = json.loads((Path(__file__).parents[2] / "models/pose-96" / CARD_FILE).read_text())
    assert "text_head" in card
    motions = {"walk": "a stroll", "lie": "have a lie down", "headstand": "upside down on the head"}
    texts = embedder.embed_text(list(motions.values()))
    clips = [np.stack(list(draw_motion(m, 77, 6, 5.0, split="heldout"))) for m in motions]
    scores = np.stack([embedder.embed(clip).mean(0) @ texts.T for clip in clips])
    assert (scores.argmax(1) == np.arange(3)).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ViT-B-32", "ViT-B-16-SigLIP", "ViT-B-32-SigLIP2-256"])
def test_the_real_architectures_run_with_random_weights(name: str) -> None:
    """CLIP, SigLIP and SigLIP 2 as they are, built without a network."""
    torch.manual_seed(0)
    model = open_clip.create_model(name, pretrained=None, load_weights=False, pretrained_hf=False)
    embedder = OpenClipEmbedder(model, name)
    assert embedder.id.startswith(name)
    rows = embedder.embed(frames(2))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-4)
    tokens = torch.randint(1, 1000, (2, model.context_length))
    with torch.no_grad():
        assert model.encode_text(tokens).shape == (2, embedder.dim)
