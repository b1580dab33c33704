"""The three steps without ROS: a sentence becomes real observations, and those a latent."""

import json
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import save_file

from rlzero_ros.bundle import Bundle
from rlzero_ros.errors import BundleError, CommandError, ErrorCode, ProjectError, RlzeroError
from rlzero_ros.imagine.base import Imaginer
from rlzero_ros.imagine.clip import Clip
from rlzero_ros.imagine.do_what_you_see import DoWhatYouSee
from rlzero_ros.imagine.frame_stream import FrameStream
from rlzero_ros.imagine.registry import load_imaginer
from rlzero_ros.imitate.forward_backward import ForwardBackward
from rlzero_ros.packing import pack_bundle
from rlzero_ros.pipeline import Pipeline
from rlzero_ros.project.embedder import load_embedder
from rlzero_ros.project.index import ObservationIndex
from rlzero_ros.project.thumbnails import Thumbnails, encode_thumbnail
from rlzero_ros.robots.registry import load_robot

ARCHITECTURE = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 16, "vocab_size": 100, "width": 32, "heads": 2, "layers": 1},
}
LATENT_DIM = 8


def make_model(folder: Path, seed: int) -> Path:
    """A small open_clip model with random weights."""
    folder.mkdir(parents=True)
    config = {"model_cfg": ARCHITECTURE, "preprocess_cfg": {}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    torch.manual_seed(seed)
    model = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the models `tiny` and `other`, and the bundle `walker` made with `tiny`."""
    home = tmp_path_factory.mktemp("home")
    embedder = load_embedder(str(make_model(home / "models" / "tiny", 0)))
    make_model(home / "models" / "other", 1)
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (30, 32, 32, 3), dtype=np.uint8)
    robot = load_robot("walker")
    ObservationIndex.build(
        rng.normal(size=(30, robot.spec.observation_dim)).astype(np.float32),
        np.zeros((30, 18), np.float32),
        np.stack([embedder.embed(frames)] * 3, axis=1),
        Thumbnails.pack([encode_thumbnail(frame) for frame in frames]),
        embedder.id,
        0.05,
    ).save(home / "index")
    torch.manual_seed(0)
    pack_bundle(
        home / "bundles" / "walker",
        spec=robot.spec,
        bfm=ForwardBackward(robot.spec.observation_dim, 6, LATENT_DIM, 16, 16),
        index_folder=home / "index",
        origin={},
        model_xml=robot.model_xml,
    )
    return home


@pytest.fixture
def bundle(home: Path, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    monkeypatch.setenv("RLZERO_HOME", str(home))
    return Bundle.load("walker")


@pytest.fixture(scope="module")
def storyboard() -> Imaginer:
    return load_imaginer("storyboard")


@pytest.fixture
def pipeline(bundle: Bundle, storyboard: Imaginer) -> Pipeline:
    return Pipeline(bundle, storyboard)


def test_sentence_becomes_real_observations_and_a_latent(pipeline: Pipeline) -> None:
    stages: list[tuple[str, float]] = []
    plan = pipeline.plan("walk forward", on_progress=lambda s, f: stages.append((s, f)))
    index = pipeline.bundle.index()
    np.testing.assert_array_equal(
        plan.projection.observations, index.observations[plan.projection.indices]
    )
    assert len(plan.projection.observations) == len(plan.clip.frames)
    assert np.all(np.abs(plan.projection.similarities) <= 1 + 1e-3)
    assert plan.imagine_s > 0
    assert plan.project_s > 0
    names = [stage for stage, _ in stages]
    assert names == sorted(names, key=["imagine", "project"].index)
    assert stages[-1] == ("project", 1.0)

    z = pipeline.latent(plan.projection)
    assert np.linalg.norm(z) == pytest.approx(np.sqrt(LATENT_DIM), rel=1e-5)
    expected = pipeline.bundle.imitator().latent(plan.projection.observations)
    np.testing.assert_array_equal(z, expected)


def test_seed_decides(pipeline: Pipeline) -> None:
    first, again = (pipeline.plan("walk forward", seed=3) for _ in range(2))
    other = pipeline.plan("walk forward", seed=4)
    np.testing.assert_array_equal(first.clip.frames, again.clip.frames)
    np.testing.assert_array_equal(first.projection.indices, again.projection.indices)
    assert not np.array_equal(first.clip.frames, other.clip.frames)


@pytest.mark.parametrize(
    "command", ["", "   ", "a" * 100_000, "walk\x00", "make me a coffee"], ids=range(5)
)
def test_unusable_sentence_is_refused(pipeline: Pipeline, command: str) -> None:
    with pytest.raises(CommandError) as caught:
        pipeline.plan(command)
    assert 100 <= caught.value.code < 200


@pytest.mark.parametrize("stage", ["imagine", "project"])
def test_cancel_ends_the_work(pipeline: Pipeline, stage: str) -> None:
    asked: list[int] = []

    def is_canceled() -> bool:
        asked.append(1)
        return stage == "imagine" or len(asked) > enough

    # How often the imaginer asks is its own affair: cancel at the very last question.
    enough = 10**9
    if stage == "project":
        pipeline.plan("walk forward", is_canceled=is_canceled)
        enough = len(asked) - 1
        asked.clear()
    with pytest.raises(RlzeroError) as caught:
        pipeline.plan("walk forward", is_canceled=is_canceled)
    assert caught.value.code == ErrorCode.CANCELED


def test_other_embedder_is_refused(bundle: Bundle, storyboard: Imaginer) -> None:
    with pytest.raises(BundleError, match=r"tiny-.*not other-") as caught:
        Pipeline(bundle, storyboard, load_embedder("other"))
    assert caught.value.code == ErrorCode.BUNDLE_MISMATCH


def test_missing_embedder_is_named(
    bundle: Bundle, storyboard: Imaginer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RLZERO_HOME", str(tmp_path))
    with pytest.raises(ProjectError, match="tiny"):
        Pipeline(bundle, storyboard)


def test_warm_up_changes_nothing(pipeline: Pipeline) -> None:
    before = pipeline.plan("stand still")
    pipeline.warm_up()
    after = pipeline.plan("stand still")
    np.testing.assert_array_equal(before.projection.indices, after.projection.indices)


def test_variations_are_joined_behind_the_first_clip(bundle: Bundle, storyboard: Imaginer) -> None:
    one = Pipeline(bundle, storyboard).plan("walk forward", seed=5)
    three = Pipeline(bundle, storyboard, variations=3).plan("walk forward", seed=5)
    frames = len(one.clip.frames)
    np.testing.assert_array_equal(three.clip.frames, one.clip.frames)
    assert three.projection.observations.shape == (3 * frames, one.projection.observations.shape[1])
    np.testing.assert_array_equal(three.projection.indices[:frames], one.projection.indices)
    assert not np.array_equal(three.projection.indices[frames : 2 * frames], one.projection.indices)


class Moving(FrameStream):
    """A camera that has seen something else whenever it is asked."""

    def clip(self, prompt: str) -> Clip:
        for _ in range(8):
            self.moment += 0.1
            self.add(self.moment, lambda: np.full((8, 8, 3), round(100 * self.moment) % 256, "u1"))
        return super().clip(prompt)

    moment = 0.0


def test_what_a_camera_saw_is_one_clip(bundle: Bundle, storyboard: Imaginer) -> None:
    """Regression: while new pictures came, a plan was joined of what was seen at four times."""
    camera = Moving(window_s=2.0, fps=10.0)
    pipeline = Pipeline(bundle, DoWhatYouSee(camera, storyboard), variations=4)
    plan = pipeline.plan("do what you see")
    assert [variation.clip.source for variation in plan.variations] == ["video_prompt"]
    assert len(plan.projection.observations) == len(plan.clip.frames)
    assert len(pipeline.plan("walk forward").variations) == 4
