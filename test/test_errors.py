"""The page of error codes and the code agree."""

import re
from pathlib import Path

import pytest

from rlzero_ros.errors import ErrorCode

PAGE = Path(__file__).parents[1].joinpath("docs/errors.md").read_text()
ROWS = re.findall(r"^\| (\d+) \| ([A-Z_]+) \| (.+?) \| (.*?) ?\|$", PAGE, re.MULTILINE)
QUIET = {ErrorCode.OK, ErrorCode.CANCELED, ErrorCode.PREEMPTED}


def test_every_code_has_its_row_in_order_and_no_row_is_made_up():
    assert [(int(number), name) for number, name, *_ in ROWS] == [(c, c.name) for c in ErrorCode]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1])
def test_every_row_says_what_to_do(row):
    number, _, meaning, advice = row
    assert meaning
    assert advice or int(number) in QUIET


def test_every_code_lies_in_a_range_that_is_explained():
    ranges = {int(digit) for digit in re.findall(r"(\d)xx ", PAGE)}
    assert {code // 100 for code in ErrorCode} <= ranges | {0}
