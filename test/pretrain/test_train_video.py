"""The video model's trainers: what they learn from, and that they resume exactly."""

import numpy as np
import pytest
import torch

from rlzero_ros.evaluate.imagination import COMPOSITIONS, read_compositions
from rlzero_ros.evaluate.motions import SENTENCES, read_sentences
from rlzero_ros.imagine.composed_captions import HELD_OUT
from rlzero_ros.imagine.video_model.autoencoder import FrameAutoencoder, to_pictures, to_tensor
from rlzero_ros.imagine.video_model.pipeline import FigureVideoPipeline
from rlzero_ros.pretrain.checkpoint import load_checkpoint, save_checkpoint
from rlzero_ros.pretrain.train_video import assemble, export
from rlzero_ros.pretrain.video_autoencoder import AutoencoderTrainer, AutoencoderTraining
from rlzero_ros.pretrain.video_corpus import (
    LIMB_FEATURES,
    MOTIONS_OF_CORPUS,
    DrawnCorpus,
    corpus_sentences,
    draw_performance,
    limb_features,
)
from rlzero_ros.pretrain.video_diffusion import DiffusionTrainer, DiffusionTraining
from rlzero_ros.pretrain.video_latents import FRAMES, SPARE, LatentCorpus


@pytest.fixture(scope="module")
def drawn():
    names = ("walk", "four_legged_run")
    frames, limbs = [], np.zeros((2, 8, max(LIMB_FEATURES.values())), np.float32)
    for clip, name in enumerate(names):
        pictures, poses = draw_performance(name, (0, clip), 8)
        frames.append(pictures)
        features = np.stack([limb_features(pose) for pose in poses])
        limbs[clip, :, : features.shape[1]] = features
    rows = np.array([MOTIONS_OF_CORPUS.index(name) for name in names])
    return DrawnCorpus(np.stack(frames), limbs, np.array([0, 1]), rows)


@pytest.fixture(scope="module")
def latents():
    rng = np.random.default_rng(0)
    rows = np.arange(len(MOTIONS_OF_CORPUS))
    sentences = rng.standard_normal((len(rows), 384), dtype=np.float32)
    sentences /= np.linalg.norm(sentences, axis=1, keepdims=True)
    clips = rng.standard_normal((len(rows), FRAMES + SPARE, 32), dtype=np.float32)
    return LatentCorpus(clips, rows, sentences, rows)


def test_nothing_that_is_judged_is_trained_on():
    assert not HELD_OUT & set(MOTIONS_OF_CORPUS)
    sentences, rows = corpus_sentences(32, 0)
    assert len(sentences) == len(rows)
    assert set(rows) == set(range(len(MOTIONS_OF_CORPUS)))
    trained = {s.lower() for s in sentences}
    judged = [*read_compositions(COMPOSITIONS), *read_sentences(SENTENCES)]
    assert not [e.sentence for e in judged if e.sentence.lower() in trained]


def trainers(drawn, latents):
    frames = AutoencoderTraining(steps=4, batch=4)
    clips = DiffusionTraining(steps=4, batch=4)
    return {
        "autoencoder": lambda: AutoencoderTrainer(frames, drawn),
        "diffusion": lambda: DiffusionTrainer(clips, latents),
    }


@pytest.mark.parametrize("stage", ["autoencoder", "diffusion"])
def test_an_interrupted_run_ends_as_an_uninterrupted_one(stage, drawn, latents, tmp_path):
    make = trainers(drawn, latents)[stage]
    whole = make()
    for _ in range(4):
        whole.update()
    first = make()
    for _ in range(2):
        first.update()
    save_checkpoint(tmp_path / "stage.pt", first.state())
    second = make()
    second.load(load_checkpoint(tmp_path / "stage.pt"))
    assert second.step == 2
    for _ in range(2):
        second.update()
    for key, value in whole.model.state_dict().items():
        assert torch.equal(value, second.model.state_dict()[key]), key


def test_training_brings_the_losses_down(drawn):
    trainer = AutoencoderTrainer(AutoencoderTraining(steps=60, batch=16, warmup=10), drawn)
    losses = [trainer.update()["picture"] for _ in range(30)]
    assert np.mean(losses[-5:]) < 0.7 * losses[0]


def test_latents_are_standardised_and_undone():
    torch.manual_seed(0)
    model = FrameAutoencoder().eval()
    frames = torch.randint(0, 256, (4, 64, 64, 3), dtype=torch.uint8)
    assert torch.equal(to_pictures(to_tensor(frames)), frames)
    with torch.no_grad():
        plain, before = model.encode(to_tensor(frames)), model(to_tensor(frames))
        model.shift.fill_(0.5)
        model.scale.fill_(2.0)
        assert torch.allclose(model.encode(to_tensor(frames)), (plain - 0.5) / 2.0)
        assert torch.allclose(model(to_tensor(frames)), before, atol=1e-4)


def test_what_is_exported_loads_and_samples_alike(latents, tmp_path):
    trainer = DiffusionTrainer(DiffusionTraining(steps=4, batch=4), latents)
    pipeline = assemble(FrameAutoencoder(), trainer.average)
    export(pipeline, tmp_path, {"seed": 0})
    loaded = FigureVideoPipeline.from_pretrained(
        str(tmp_path), local_files_only=True, use_safetensors=True, dtype=torch.float32
    )
    loaded.set_progress_bar_config(disable=True)

    def sample():
        generator = torch.Generator().manual_seed(5)
        return loaded(["walk", "run"], num_inference_steps=2, generator=generator).frames

    videos = sample()
    assert videos.shape == (2, 48, 64, 64, 3)
    assert videos.dtype == np.uint8
    assert np.array_equal(videos, sample())
