# SPDX-License-Identifier: Apache-2.0
"""Replies of a teacher, read and checked."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from gftcore._validation import describe, require_choice, require_iterator
from gftcore.claims import text_claims
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.findings.vocabulary import NO_ABNORMALITY
from gftcore.teacher.cases import TeachingCase
from gftcore.teacher.checks import check_pair
from gftcore.teacher.pairs import SLOTS, Dropped, Lesson, Pair, Problem
from gftcore.teacher.plain import bare_words

__all__ = ["MAX_REPLY", "check_pairs", "read_lesson"]

#: Characters; thirty pairs of the longest texts need less than half of it.
MAX_REPLY = 100_000
#: No part of a reply lies deeper: object, list, object.
_DEPTH = 3
#: What is found at a border of two quadrants is said of both, and of its hour.
_SAME_ANSWER = 3
_FENCE = re.compile(r"```(?:json)?[ \t]*\r?\n(.*)\r?\n[ \t]*```", re.DOTALL)
_KEYS = ("slot", "question", "answer")


class _Unreadable(Exception):
    """A reply that is not of the form asked for; with the code and the reason."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


def read_lesson(case: TeachingCase, stage: int, reply: str) -> Lesson:
    """Read the reply of a teacher, and keep the pairs that may be used.

    Parameters
    ----------
    case
        The image that was asked about.
    stage
        1 or 2.
    reply
        JSON as the ``schema`` of a `Prompt` asks for; blanks around it and a fence of Markdown do
        no harm.

    Returns
    -------
    Lesson
        Never an error for what a teacher writes. A reply that is no such JSON, or that has not each
        slot once, has no pairs, and is not ``usable``; ``reason`` is what to tell the teacher.
    """
    _require_case(case)
    slots = SLOTS[require_choice(stage, tuple(SLOTS), "stage")]
    if not isinstance(reply, str):
        raise ArgumentTypeError(f"reply must be a str, got {describe(reply)}")
    try:
        pairs = _pairs(reply, slots)
    except _Unreadable as error:
        dropped = tuple(Dropped(slot, error.code, error.reason) for slot in slots)
        return Lesson(stage=stage, pairs=(), dropped=dropped)
    return check_pairs(case, stage, pairs)


def check_pairs(case: TeachingCase, stage: int, pairs: Iterable[Pair]) -> Lesson:
    """Check all pairs about one image, each alone and beside the others.

    Parameters
    ----------
    case, stage
        As for `read_lesson`.
    pairs
        One for each slot of the stage, in any order.

    Returns
    -------
    Lesson
        Of equal questions the first is kept, and of equal answers that claim something the first
        three: what lies at the border of two quadrants is said of both, and of its hour.
    """
    _require_case(case)
    slots = SLOTS[require_choice(stage, tuple(SLOTS), "stage")]
    given = tuple(require_iterator(pairs, "pairs", "a sequence of Pairs"))
    for pair in given:
        if not isinstance(pair, Pair):
            raise ArgumentTypeError(f"pairs must hold Pairs, got {describe(pair)}")
    if sorted(pair.slot for pair in given) != sorted(slots):
        raise ArgumentError(f"pairs must have each of the {len(slots)} slots of the stage once")
    kept: list[Pair] = []
    dropped: list[Dropped] = []
    for pair in sorted(given, key=lambda pair: slots.index(pair.slot)):
        problems = check_pair(case, pair) or _repeated(pair, kept)
        if problems:
            reasons = "; ".join(one.reason for one in problems)
            dropped.append(Dropped(pair.slot, problems[0].code, reasons, pair))
        else:
            kept.append(pair)
    return Lesson(stage=stage, pairs=tuple(kept), dropped=tuple(dropped))


def _require_case(case: object) -> None:
    if not isinstance(case, TeachingCase):
        raise ArgumentTypeError(f"case must be a TeachingCase, got {describe(case)}")


def _repeated(pair: Pair, kept: Sequence[Pair]) -> tuple[Problem, ...]:
    question, answer = bare_words(pair.question), bare_words(pair.answer)
    if question == answer:
        return (Problem("duplicate", "the answer repeats the question"),)
    same = next((one.slot for one in kept if bare_words(one.question) == question), None)
    if same is not None:
        return (Problem("duplicate", f"the question is that of {same}"),)
    alike = [one.slot for one in kept if bare_words(one.answer) == answer]
    if len(alike) >= _SAME_ANSWER and _says_something(pair.answer):
        return (Problem("duplicate", f"the answer is that of {', '.join(alike)}"),)
    return ()


def _says_something(answer: str) -> bool:
    """Whether an answer claims more than that nothing is there, or that nobody can tell."""
    claims = text_claims(answer, eye="OD")
    return any(one.negated == (one.value == NO_ABNORMALITY) for one in claims)


def _pairs(reply: str, slots: Sequence[str]) -> list[Pair]:
    records = _records(reply)
    for record in records:
        if not isinstance(record, dict) or sorted(record) != sorted(_KEYS):
            raise _Unreadable("reply", f"each pair must have the keys {', '.join(_KEYS)} only")
        if not all(isinstance(value, str) for value in record.values()):
            raise _Unreadable("reply", "slot, question and answer must be text")
    counts = Counter(record["slot"] for record in records)
    missing = [slot for slot in slots if not counts[slot]]
    twice = [slot for slot in slots if counts[slot] > 1]
    wrong = []
    if missing:
        wrong.append(f"missing: {', '.join(missing)}")
    if twice:
        wrong.append(f"more than once: {', '.join(twice)}")
    if unknown := sum(slot not in slots for slot in counts):
        wrong.append(f"{unknown} that nobody asked for")
    if wrong:
        raise _Unreadable("slots", f"each slot is needed once; {'; '.join(wrong)}")
    return [Pair(**record) for record in records]


def _records(reply: str) -> list[Any]:
    if len(reply) > MAX_REPLY:
        raise _Unreadable("reply", f"the reply must have at most {MAX_REPLY} characters")
    text = reply.strip()
    fenced = _FENCE.fullmatch(text)
    text = fenced.group(1) if fenced else text
    _require_flat(text)
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _Unreadable("reply", "the reply must be JSON and nothing else") from None
    if (
        not isinstance(found, dict)
        or list(found) != ["pairs"]
        or not isinstance(found["pairs"], list)
    ):
        raise _Unreadable(
            "reply", 'the reply must be one object with a list "pairs" and no other key'
        )
    return found["pairs"]


def _require_flat(text: str) -> None:
    """Refuse nested lists before a parser follows them down."""
    depth = 0
    inside = escaped = False
    for mark in text:
        if inside:
            inside = escaped or mark != '"'
            escaped = mark == "\\" and not escaped
        elif mark == '"':
            inside = True
        elif mark in "[]{}":
            depth += 1 if mark in "[{" else -1
            if depth > _DEPTH:
                raise _Unreadable("reply", "the reply must not be nested deeper than its pairs")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Unreadable("reply", "no key may stand twice in an object")
    return found


def _no_constant(name: str) -> None:
    raise _Unreadable("reply", f"{name} is no JSON")
