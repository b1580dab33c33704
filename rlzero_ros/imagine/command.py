"""Which sentences are accepted at all: one check for the command line and the node alike."""

from __future__ import annotations

import unicodedata

from rlzero_ros.errors import CommandError, ErrorCode

MAX_CHARACTERS = 500


def clean_command(text: str) -> str:
    """Returns the sentence without surrounding white space and with single spaces inside.

    Raises:
        CommandError: empty, longer than ``MAX_CHARACTERS``, or not plain text: control
            characters, or what remains of bytes that were not UTF-8 (U+FFFD and surrogates).
            Tabs and line ends count as white space.
    """
    if not isinstance(text, str):
        raise CommandError(
            f"a command is a sentence, not {type(text).__name__}", ErrorCode.COMMAND_NOT_TEXT
        )
    # Length first, so that a huge text costs nothing.
    if len(text) > MAX_CHARACTERS:
        raise CommandError(
            f"the command has {len(text)} characters; say it in at most {MAX_CHARACTERS}",
            ErrorCode.COMMAND_TOO_LONG,
        )
    for character in text:
        if character == "\ufffd" or "\ud800" <= character <= "\udfff":
            raise CommandError("the command is not valid UTF-8 text", ErrorCode.COMMAND_NOT_TEXT)
        if unicodedata.category(character) == "Cc" and character not in "\t\n\r":
            raise CommandError(
                f"the command has a control character (U+{ord(character):04X}); send plain text",
                ErrorCode.COMMAND_NOT_TEXT,
            )
    sentence = " ".join(text.split())
    if not sentence:
        raise CommandError(
            "the command is empty; say what the robot should do", ErrorCode.COMMAND_EMPTY
        )
    return sentence
