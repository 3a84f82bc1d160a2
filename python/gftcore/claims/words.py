# SPDX-License-Identifier: Apache-2.0
"""Known words of a sentence, small slips of spelling mended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from gftcore.claims.lexicon import PATTERNS, SPELLINGS
from gftcore.claims.places import CLOCK

__all__ = ["Token", "lex", "mend", "plain", "sentences"]

# Curly quotes and accents, dashes (a long one parts), minus, superscript two.
_SAME = str.maketrans("\u2019\u00b4`\u2013\u2014\u2212\u00b2", "'''-,-2")
# A full stop inside of a number or of "i.e." ends nothing.
_SENTENCE = re.compile(r"(?:[^.!?;\n]|\.(?=\w))+[.!?;\n]*")
_LONG_WORD = re.compile(r"[A-Za-z]{8,}")


class Token(NamedTuple):
    """A word of the lexicon in a sentence."""

    kind: str
    value: str
    start: int
    end: int
    text: str


def plain(text: str) -> str:
    """Return a text with one kind of quotes and dashes, and without the stops of "i.e."."""
    return re.sub(r"\b([ie])\.([eg])\.", r"\1\2", text.translate(_SAME))


def sentences(text: str) -> Iterator[str]:
    """Return the sentences of a plain text; a semicolon ends one too."""
    for found in _SENTENCE.finditer(text):
        sentence = " ".join(found.group().split())
        if sentence:
            yield sentence


def lex(sentence: str) -> tuple[Token, ...]:
    """Return the known words: at each place the longest, and of these the first listed."""
    found = [
        Token(kind, value, match.start(), match.end(), match.group().lower())
        for kind, value, regex in PATTERNS
        for match in regex.finditer(sentence)
    ]
    clock = CLOCK.finditer(sentence)
    found += [Token("hours", "", m.start(), m.end(), m.group().lower()) for m in clock]
    tokens = []
    end = 0
    for token in sorted(found, key=lambda token: (token.start, -token.end)):
        if token.start >= end:
            tokens.append(token)
            end = token.end
    return tuple(_both_and_the(tokens))


def _both_and_the(tokens: list[Token]) -> Iterator[Token]:
    """Let "both the superior and the inferior half" be a list: there, "and the" parts nothing."""
    both = False
    for token in tokens:
        joins = both and token.kind == "break" and token.text.startswith("and ")
        yield token._replace(kind="and") if joins else token
        both = token.kind == "both" or (both and token.kind in ("direction", "zone"))


def mend(sentence: str) -> str:
    """Mend long words that are one letter, or one swap of letters, away from a known one.

    Examples
    --------
    >>> mend("A microanurysm infero-temporally")
    'A microaneurysm infero-temporally'
    """
    return _LONG_WORD.sub(lambda word: _mended(word.group()), sentence)


def _mended(word: str) -> str:
    lower = word.lower()
    if lower in SPELLINGS or any(pattern.regex.fullmatch(word) for pattern in PATTERNS):
        return word
    return next((known for known in SPELLINGS if _one_slip(lower, known)), word)


def _one_slip(word: str, known: str) -> bool:
    if abs(len(word) - len(known)) > 1 or word[0] != known[0]:
        return False
    same = zip(word, known, strict=False)
    head = next((i for i, (a, b) in enumerate(same) if a != b), min(len(word), len(known)))
    a, b = word[head:], known[head:]
    swapped = a[:2] == b[:2][::-1] and a[2:] == b[2:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or swapped
