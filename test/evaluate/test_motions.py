"""`rlzero eval motions`: the lists are honest, the rates are above a floor, mistakes are named."""

import argparse
import json
import re

import numpy as np
import pytest

from rlzero_ros.cli import main as rlzero
from rlzero_ros.errors import DataError
from rlzero_ros.evaluate.motions import SENTENCES, Example, read_sentences, roc, score
from rlzero_ros.imagine.captions import CAPTIONS
from rlzero_ros.imagine.impossible import IMPOSSIBLE
from rlzero_ros.imagine.motions import MOTIONS
from rlzero_ros.imagine.understand import Match


def normal(sentence):
    return re.sub(r"[^a-z0-9 ]", "", sentence.lower()).strip()


EVALUATION = read_sentences(SENTENCES)
TUNING = read_sentences(SENTENCES.with_name("tuning.tsv"))


def test_every_motion_is_captioned_and_tested():
    assert list(CAPTIONS) == list(MOTIONS)
    assert min(len(captions) for captions in CAPTIONS.values()) >= 8
    for examples in (EVALUATION, TUNING):
        assert {example.motion for example in examples} == {*MOTIONS, ""}
    assert sum(bool(example.motion) for example in EVALUATION) >= 200
    assert sum(not example.motion for example in EVALUATION) >= 100


def test_lists_share_no_sentence():
    captions = [normal(c) for group in CAPTIONS.values() for c in group]
    assert len(captions) == len(set(captions)), "a caption stands twice"
    known = {*captions, *map(normal, IMPOSSIBLE)}
    evaluation = {normal(example.sentence) for example in EVALUATION}
    tuning = {normal(example.sentence) for example in TUNING}
    assert not known & evaluation
    assert not known & tuning
    assert not tuning & evaluation


def test_rates_are_above_the_floor(tmp_path, capsys):
    result_file, plot = tmp_path / "deep" / "motions.json", tmp_path / "plots" / "roc.png"
    assert rlzero(["eval", "motions", "--json", str(result_file), "--plot", str(plot)]) == 0
    result = json.loads(result_file.read_text())
    assert result["paraphrase_accuracy"] >= 0.90
    assert result["refused_nonsense"] >= 0.90
    assert result["refused_paraphrases"] <= 0.05
    assert "paraphrase_accuracy: 0.9" in capsys.readouterr().out
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_other_peoples_lists(tmp_path, capsys):
    sentences, result_file = tmp_path / "mine.tsv", tmp_path / "mine.json"
    sentences.write_text("keep walking on\twalk\n\nmake some coffee\t\nwalk over\trun\n")
    arguments = ["--json", str(result_file), "--sentences", str(sentences), "--details"]
    assert rlzero(["eval", "motions", *arguments]) == 0
    result = json.loads(result_file.read_text())
    assert (result["paraphrases"], result["nonsense"]) == (2, 1)
    assert result["paraphrase_accuracy"] == 0.5
    assert result["refused_nonsense"] == 1.0
    assert "'walk over': walk" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"walk on\twaltz\n", "'waltz' is no motion"),
        (b"\twalk\n", "mine.tsv:1"),
        (b"\n\n", "no sentences"),
        (b"\xff\xfe\tstand\n", "cannot read"),
    ],
)
def test_bad_lists_are_refused(tmp_path, content, reason):
    path = tmp_path / "mine.tsv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=reason):
        read_sentences(path)


def test_error_is_one_line_and_in_the_json(tmp_path, capsys):
    result_file = tmp_path / "r.json"
    arguments = ["eval", "motions", "--json", str(result_file), "--sentences", str(tmp_path / "no")]
    assert rlzero(arguments) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert json.loads(result_file.read_text())["error"] == "DATA_INVALID"


def test_rates_count_what_they_say():
    examples = [Example("a", "walk"), Example("b", "walk"), Example("c", "run"), Example("d", "")]
    matches = [Match(m, s, (m,)) for m, s in (("walk", 1), ("walk", -1), ("walk", 1), ("run", 0.5))]
    result = score(examples, matches, 0.0)
    assert result["paraphrase_accuracy"] == pytest.approx(1 / 3)
    assert result["paraphrase_accuracy_before_refusal"] == pytest.approx(2 / 3)
    assert result["refused_paraphrases"] == pytest.approx(1 / 3)
    assert result["refused_nonsense"] == 0.0
    curve = roc(examples, matches)
    assert np.all(np.diff(curve[:, 1:], axis=0) >= 0)
    assert curve[-1].tolist() == [np.inf, 1.0, 1.0]


def test_measures_declare_their_options_alike():
    from rlzero_ros.evaluate import motions

    parser = argparse.ArgumentParser()
    motions.add_arguments(parser)
    assert parser.parse_args([]).sentences == SENTENCES
