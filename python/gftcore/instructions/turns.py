# SPDX-License-Identifier: Apache-2.0
"""What no library can learn from: turns out of order, and words that stand for an image."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gftcore._validation import describe
from gftcore.errors import ArgumentTypeError
from gftcore.instructions.records import Message

__all__ = ["placeholders", "turn_fault"]

# Processors look for such words in the text itself and cannot know who wrote them: <image>,
# </s>, <|image_pad|>, <start_of_image>, [IMG], [/INST], <<SYS>>. Whatever looks like one is taken.
_MARK = re.compile(
    r"<\|[^<>|\s]{1,60}\|>|<</?[A-Za-z]{1,20}>>|</?[A-Za-z_][\w:.-]{0,60}/?>"
    r"|\[/?(?:IMG|INST|IMG_BREAK|IMG_END|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|SYSTEM_PROMPT)\]",
    re.IGNORECASE,
)


def placeholders(text: str) -> tuple[str, ...]:
    """Return what a processor could take for an image or for a command, in the order of the text.

    Examples
    --------
    >>> placeholders("<image>What is < 3 mm from the <|image_pad|>?")
    ('<image>', '<|image_pad|>')
    """
    if not isinstance(text, str):
        raise ArgumentTypeError(f"text must be a str, got {describe(text)}")
    return tuple(match.group() for match in _MARK.finditer(text))


def turn_fault(messages: Sequence[Message]) -> str:
    """Return what is wrong with the order of the turns; empty if nothing is.

    At most one system message comes first; user and assistant take turns, the user begins, the
    assistant ends.

    Examples
    --------
    >>> question = Message(role="user", content="What is the stage?")
    >>> turn_fault([question])
    'must end with the assistant, got user'
    """
    roles = [one.role for one in messages]
    turns = roles[1:] if roles[:1] == ["system"] else roles
    for number, role in enumerate(turns):
        expected = ("user", "assistant")[number % 2]
        if role != expected:
            place = number + 1 + len(roles) - len(turns)
            return f"must take turns, {expected} at message {place}, got {role}"
    if not turns or turns[-1] != "assistant":
        return f"must end with the assistant, got {roles[-1] if roles else 'nothing'}"
    return ""
