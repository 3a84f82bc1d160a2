# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the texts of a data set, row by row and among rows."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from gftcore.instructions.faults import SetProblem
from gftcore.instructions.records import Instruction
from gftcore.instructions.turns import placeholders, turn_fault

__all__ = ["text_problems", "words"]

_MOST_CHARACTERS, _MOST_WORDS = 4000, 700
#: Fewer images may well have the same answer.
_SAME_FROM = 10
_WORD = re.compile(r"[^\W_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}-][^\W_]+)*")


def words(text: str) -> list[str]:
    """Return the words of a text in small letters.

    Examples
    --------
    >>> words("Non-perfusion at 2 o'clock.")
    ['non-perfusion', 'at', '2', "o'clock"]
    """
    return _WORD.findall(text.lower())


def text_problems(rows: Iterable[Instruction]) -> Iterator[SetProblem]:
    """Yield what is wrong with turns and texts, what repeats itself, and what says nothing."""
    ids: Counter[str] = Counter()
    asked: dict[tuple[str, str], str] = {}
    answers: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for one in rows:
        ids[one.id] += 1
        yield from _own_problems(one)
        question = " ".join(words(one.question))
        other = asked.setdefault((one.image_id, question), one.id)
        if question and other != one.id:
            message = f"must ask what no other row asks about this image, got that of {other}"
            yield SetProblem("SAME_QUESTION", one.id, message)
        answers[one.slot][one.answer].add(one.image_id)
    for name, count in ids.items():
        if count > 1:
            yield SetProblem("SAME_ID", name, f"must be the id of one row, got {count}")
    for slot, by_answer in answers.items():
        images = set().union(*by_answer.values())
        if len(by_answer) == 1 and len(images) >= _SAME_FROM:
            message = f"all {len(images)} images have the same answer"
            yield SetProblem("SAME_ANSWER", slot, message, warning=True)


def _own_problems(one: Instruction) -> Iterator[SetProblem]:
    fault = turn_fault(one.messages)
    if fault:
        yield SetProblem("TURNS", one.id, f"messages {fault}")
    for place, message in enumerate(one.messages, start=1):
        text = message.content
        marks = placeholders(text)
        if marks:
            told = f"message {place} must be plain text without images, got {marks[0]!r}"
            yield SetProblem("PLACEHOLDER", one.id, told)
        count = len(words(text))
        if not count:
            told = f"message {place} must have a word, got none"
            yield SetProblem("EMPTY_TEXT", one.id, told)
        if len(text) > _MOST_CHARACTERS or count > _MOST_WORDS:
            told = (
                f"message {place} must have {_MOST_CHARACTERS} characters and {_MOST_WORDS} words "
                f"at most, got {len(text)} and {count}"
            )
            yield SetProblem("LONG_TEXT", one.id, told)
