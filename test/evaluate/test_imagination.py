"""The judge of clips, and the list of compositions."""

import pytest

from rlzero_ros.errors import DataError
from rlzero_ros.evaluate.clip_judge import ClipJudge, PictureFeatures, draw_reference
from rlzero_ros.evaluate.imagination import (
    COMPOSITIONS,
    composed_rates,
    rate,
    read_compositions,
)
from rlzero_ros.evaluate.motions import Example
from rlzero_ros.imagine.composed_captions import HELD_OUT


def test_the_judge_tells_legs_and_arms_apart():
    names = ("walk+hands_up", "walk+behind", "sit+hands_up", "sit+behind")
    judge = ClipJudge(PictureFeatures(), names, performances=3)
    for name in names:
        assert judge.judge(draw_reference(name, (77,))) == name


def test_every_held_out_combination_is_asked_for():
    asked = {example.motion for example in read_compositions(COMPOSITIONS)}
    assert asked >= HELD_OUT
    assert asked - HELD_OUT


def test_bad_lines_are_named(tmp_path):
    path = tmp_path / "list.tsv"
    path.write_text("walk with hands up\twalk+hands_up\nfly\twalk+fly\n")
    with pytest.raises(DataError, match=r"list.tsv:2"):
        read_compositions(path)
    with pytest.raises(DataError, match="cannot read"):
        read_compositions(tmp_path / "none.tsv")


def test_rates_count_refusals_as_wrong():
    asked = Example("walk with hands up", "walk+hands_up")
    seen = Example("run and wave", "run+wave")
    shown = [(asked, "walk+hands_up"), (asked, "walk+wave"), (asked, ""), (seen, "run+wave")]
    assert rate(shown) == 0.5
    rates = composed_rates(shown)
    assert rates["held_out"] == pytest.approx(1 / 3)
    assert rates["held_out_legs"] == pytest.approx(2 / 3)
    assert rates["trained"] == 1.0
