"""One check of sentences for the command line and the node."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlzero_ros.errors import CommandError, ErrorCode
from rlzero_ros.imagine.command import MAX_CHARACTERS, clean_command


@pytest.mark.parametrize("text", ["", " ", "\n\t  \r\n", "\u00a0\u2003"])
def test_empty(text):
    with pytest.raises(CommandError) as caught:
        clean_command(text)
    assert caught.value.code == ErrorCode.COMMAND_EMPTY


def test_length_limit_is_exact():
    assert clean_command("x" * MAX_CHARACTERS) == "x" * MAX_CHARACTERS
    for text in ("x" * (MAX_CHARACTERS + 1), "walk " * 20_000):
        with pytest.raises(CommandError) as caught:
            clean_command(text)
        assert caught.value.code == ErrorCode.COMMAND_TOO_LONG
        assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    "text",
    [
        "walk\x00forward",
        "walk\x1b[31m",
        "walk\x1cforward",
        "\x7f",
        "walk\x85",
        b"walk \xff\xfe".decode("utf-8", "replace"),
        b"walk \xff".decode("utf-8", "surrogateescape"),
        None,
        b"walk",
    ],
)
def test_not_text(text):
    with pytest.raises(CommandError) as caught:
        clean_command(text)
    assert caught.value.code == ErrorCode.COMMAND_NOT_TEXT


def test_white_space_is_tidied_and_words_are_kept():
    assert clean_command("  walk \t forward\n") == "walk forward"
    assert clean_command("gehe vorwärts, 歩いて") == "gehe vorwärts, 歩いて"


@given(st.text(alphabet=st.characters(), max_size=MAX_CHARACTERS + 20))
def test_anything_is_cleaned_or_refused(text):
    try:
        cleaned = clean_command(text)
    except CommandError as error:
        refused = error
    else:
        assert 0 < len(cleaned) <= MAX_CHARACTERS
        assert clean_command(cleaned) == cleaned
        assert cleaned.encode("utf-8").decode("utf-8") == cleaned
        return
    assert refused.code in (
        ErrorCode.COMMAND_EMPTY,
        ErrorCode.COMMAND_TOO_LONG,
        ErrorCode.COMMAND_NOT_TEXT,
    )
    assert refused.message.isprintable()
