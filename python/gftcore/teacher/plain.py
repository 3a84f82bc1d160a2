# SPDX-License-Identifier: Apache-2.0
"""Whether a text is plain English of a usual length, in the form of a question or an answer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from gftcore.teacher.pairs import Pair, Problem
from gftcore.teacher.words import ROLES

__all__ = ["ANSWER", "QUESTION", "bare_words", "form_problems", "quoted", "size_problems"]

#: Least and most words, most characters.
QUESTION, ANSWER = (3, 40, 300), (3, 150, 1200)
_LONGEST_WORD, _LONGEST_QUOTE = 32, 120
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*|\d+")
# All that a sentence needs besides letters and digits; markup and tokens of models need more.
_MARKS = frozenset(" .,;:?!'\"()-/%+\u2018\u2019\u201c\u201d\u2013\u2014")
_ENGLISH = frozenset(
    ["the", "is", "are", "and", "this", "that", "it", "its", "with", "has", "have", "which", "what",
     "how", "why", "where", "there", "does", "do", "at", "by", "from", "than", "to", "for", "of",
     "or", "because", "not", "as", "looks", "appears", "seen", "shows", "be"]
)  # fmt: skip
_FILLERS = frozenset(
    ["a", "an", "the", "is", "are", "was", "were", "be", "of", "in", "at", "on", "to", "and",
     "this", "that", "it"]
)  # fmt: skip


def size_problems(pair: Pair) -> Iterator[Problem]:
    """Yield which texts of a pair have too many characters."""
    for name, text, limits in _texts(pair):
        if len(text) > limits[2]:
            got = f"got {len(text)}"
            yield Problem("length", f"the {name} must have at most {limits[2]} characters, {got}")


def form_problems(pair: Pair) -> Iterator[Problem]:
    """Yield what is wrong with the look of a pair, whatever it says."""
    for name, text, limits in _texts(pair):
        count = len(text.split())
        if not limits[0] <= count <= limits[1]:
            least, most = limits[:2]
            yield Problem("length", f"the {name} must have {least} to {most} words, got {count}")
        yield from _letters(name, text)
        if text != text.strip() or not text[:1].isupper():
            yield Problem("form", f"the {name} must begin with a capital letter, without blanks")
    question, answer = pair.question.strip(), pair.answer.strip()
    if not question.endswith("?") or re.search(r"[?!.;]\s", question):
        yield Problem("form", "the question must be one sentence that ends with a question mark")
    if not answer.endswith(".") or "?" in answer:
        yield Problem("form", "the answer must be sentences that end with a full stop")


def _texts(pair: Pair) -> tuple[tuple[str, str, tuple[int, int, int]], ...]:
    return ("question", pair.question, QUESTION), ("answer", pair.answer, ANSWER)


def _letters(name: str, text: str) -> Iterator[Problem]:
    foreign = {c for c in text if not _is_plain(c)}
    if any(c.isascii() and c.isprintable() for c in foreign) or ROLES.match(text):
        yield Problem("markup", f"the {name} must be plain text without markup")
    if any(not (c.isascii() and c.isprintable()) for c in foreign):
        yield Problem("text", f"the {name} must be one line of English letters and punctuation")
    words = [word.lower() for word in _WORD.findall(text)]
    if not words:
        return
    known = sum(word in _ENGLISH for word in words)
    letters = sum(c.isalpha() or c == " " for c in text)
    repeated = any(len(set(words[i : i + 4])) == 1 for i in range(len(words) - 3))
    if (
        known < max(1, len(words) // 20)
        or letters < 0.75 * len(text)
        or repeated
        or max(map(len, words)) > _LONGEST_WORD
    ):
        yield Problem("text", f"the {name} must be English sentences")


def _is_plain(c: str) -> bool:
    if c.isascii():
        return c.isalnum() or c in _MARKS
    return c in _MARKS or (c.isalpha() and unicodedata.name(c, "").startswith("LATIN"))


def bare_words(text: str) -> str:
    """Return the words of a text that tell it from another one.

    Examples
    --------
    >>> bare_words("The FAZ is enlarged."), bare_words("FAZ enlarged")
    ('faz enlarged', 'faz enlarged')
    """
    words = (word.lower() for word in _WORD.findall(text))
    return " ".join(word for word in words if word not in _FILLERS)


def quoted(text: str) -> str:
    r"""Return a text as a reason quotes it: short, and without what is not printable.

    Examples
    --------
    >>> quoted("A tuft\nis seen.")
    '"A tuft is seen."'
    """
    line = "".join(c if c.isprintable() else " " for c in text)
    line = " ".join(line.split())
    short = line if len(line) <= _LONGEST_QUOTE else f"{line[: _LONGEST_QUOTE - 3]}..."
    return f'"{short}"'
