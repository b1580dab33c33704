"""The captions' embeddings come from a file, and are those that the encoder gives."""

import numpy as np
import pytest

from rlzero_ros.errors import ImagineError
from rlzero_ros.imagine.known_sentences import FILE, captions, embed_known, read, write
from rlzero_ros.imagine.sentences import WEIGHTS_SHA256, SentenceEncoder

NEW = "a sentence that no caption contains"


@pytest.fixture(scope="module")
def encoder():
    return SentenceEncoder()


def test_the_file_holds_every_caption():
    missing = set(captions()) - set(read(FILE, WEIGHTS_SHA256))
    assert not missing, "python -m rlzero_ros.imagine.known_sentences writes it anew"


def test_what_is_read_is_what_the_encoder_gives(encoder):
    some = captions()[::40]
    found = embed_known(encoder, [*some, NEW])
    assert list(found) == [*some, NEW]
    wanted = encoder.encode([*some, NEW])
    assert ((np.stack(list(found.values())) * wanted).sum(1) > 0.99999).all()


def test_another_encoder_takes_nothing_from_the_file(encoder, tmp_path):
    file = tmp_path / "it.safetensors"
    write(file, encoder, [NEW, "walk", NEW])
    assert list(read(file, encoder.weights)) == [NEW, "walk"]
    assert read(file, "") == {}


def test_a_broken_file_is_named(encoder, tmp_path):
    file = tmp_path / "it.safetensors"
    for content in (None, b"", FILE.read_bytes()[:5000]):
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(ImagineError, match=r"it.safetensors cannot be read.*install"):
            embed_known(encoder, ["walk"], file)
