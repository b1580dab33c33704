"""Clips that do not look like their sentence are refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rlzero_ros.errors import ErrorCode, ImagineError, ProjectError
from rlzero_ros.imagine.storyboard import draw_motion
from rlzero_ros.project.embedder import CARD_FILE, OpenClipEmbedder, load_embedder
from rlzero_ros.project.text_gate import TextGate

THRESHOLD = 0.3


def drawn(motion: str, seed: int = 0, frames: int = 24) -> NDArray[np.uint8]:
    return np.stack(list(draw_motion(motion, seed, frames, 10.0)))


@pytest.fixture(scope="module")
def embedder() -> OpenClipEmbedder:
    embedder = load_embedder()
    assert isinstance(embedder, OpenClipEmbedder)
    return embedder


@pytest.mark.parametrize(
    ("sentence", "motion", "other"),
    [("walk forward", "walk", "lie"), ("lie down", "lie", "walk")],
)
def test_what_looks_like_something_else_is_refused(
    embedder: OpenClipEmbedder, sentence: str, motion: str, other: str
) -> None:
    gate = TextGate(embedder, THRESHOLD)
    assert gate.check(sentence, [embedder.embed(drawn(motion))]) > THRESHOLD
    with pytest.raises(ImagineError, match="does not look like") as caught:
        gate.check(sentence, [embedder.embed(drawn(other))])
    assert caught.value.code == ErrorCode.IMAGINED_SOMETHING_ELSE


def test_an_embedder_without_sentences_is_refused_at_once(
    model_folder: Callable[..., Path],
) -> None:
    folder = model_folder("small")
    (folder / CARD_FILE).write_text("{}")
    with pytest.raises(ProjectError, match="not trained on sentences"):
        TextGate(load_embedder(str(folder)), 0.2)


def test_the_score_is_the_mean_over_all_frames(embedder: OpenClipEmbedder) -> None:
    clips = [drawn("walk", 0, 5), drawn("walk", 1, 9)]
    score = TextGate(embedder, -1.0).check("walk", [embedder.embed(clip) for clip in clips])
    each = embedder.image_text_score(np.concatenate(clips), "walk")
    assert score == pytest.approx(float(each.mean()), abs=1e-5)
