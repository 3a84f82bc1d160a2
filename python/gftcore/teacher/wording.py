# SPDX-License-Identifier: Apache-2.0
"""In which words a question is asked: by the image's pixels, never by what they show."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from gftcore.narrative import PLAN
from gftcore.tabulation.places import QUADRANTS

__all__ = ["KINDS", "kind_of", "question_words", "questions", "seed_of"]


def kind_of(slot: str) -> str:
    """Return which questions fit a slot.

    Examples
    --------
    >>> kind_of("faz.1"), kind_of("vessels.TL"), kind_of("clock.3")
    ('faz.1', 'vessels.quadrant', 'clock')
    """
    kind, _, which = slot.partition(".")
    if which in QUADRANTS:
        return f"{kind}.quadrant"
    return kind if kind in ("density", "clock", "why-not") else slot


#: All kinds of questions, in the order of their first slots.
KINDS = tuple(dict.fromkeys(kind_of(slot) for slot in ("stage", *PLAN)))


@functools.cache
def questions() -> Mapping[str, tuple[str, ...]]:
    """Return all wordings of each kind of question; ``{about}`` is what they are about."""
    source = Path(__file__).with_name("questions.json").read_text("utf-8")
    return {kind: tuple(words) for kind, words in json.loads(source).items()}


def seed_of(*parts: str) -> int:
    """Return a number below 2**64 that depends on nothing but some texts."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big")


def question_words(slot: str, about: str, key: str) -> str:
    """Return a question in the wording that an image has for a slot.

    Slots of one kind have wordings that follow each other, so that no question comes twice.

    Examples
    --------
    >>> question_words("faz.1", "", "0123456789abcdef")
    'What can be said about the extent of the foveal avascular zone?'
    """
    kind = kind_of(slot)
    alike = [one for one in PLAN if kind_of(one) == kind]
    number = alike.index(slot) if slot in alike else 0
    words = questions()[kind]
    return words[(seed_of(key, kind) + number) % len(words)].format(about=about)
