# SPDX-License-Identifier: Apache-2.0
"""Words of place that stand together, as the places that they mean."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from gftcore.claims.places import (
    ANYWHERE,
    QUADRANTS,
    Cell,
    PlaceWord,
    cells_of,
    clock_hours,
)
from gftcore.claims.words import Token

__all__ = ["PLACE_KINDS", "Group", "place_groups"]

PLACE_KINDS = ("hours", "direction", "zone")
# Between two words of one place stands no other word than these.
_FILLERS = frozenset(
    [
        "a",
        "about",
        "and",
        "approximately",
        "around",
        "as",
        "at",
        "in",
        "its",
        "near",
        "of",
        "on",
        "or",
        "the",
        "to",
        "within",
        "zone",
    ]
)
_WORD = re.compile(r"[\w']+")
_VERTICAL = ("up", "down")


@dataclass(frozen=True, slots=True)
class Group:
    """Words of place from token ``first`` to ``last``; each of ``places`` is one place."""

    first: int
    last: int
    places: tuple[frozenset[Cell], ...]

    def elsewhere(self) -> Group:
        """Return all that these places leave out, as one place."""
        return Group(self.first, self.last, (ANYWHERE.difference(*self.places),))


def place_groups(tokens: Sequence[Token], sentence: str, eye: str) -> list[Group]:
    """Return the places of a sentence, in order."""
    groups: list[Group] = []
    i = 0
    while i < len(tokens):
        if tokens[i].kind not in PLACE_KINDS:
            i += 1
            continue
        members = [i]
        while (after := _next_member(tokens, sentence, members[-1])) is not None:
            members.append(after)
        places = tuple(dict.fromkeys(cells_of(words, eye) for words in _places(tokens, members)))
        groups.append(Group(members[0], members[-1], places))
        i = members[-1] + 1
    return groups


def _next_member(tokens: Sequence[Token], sentence: str, i: int) -> int | None:
    """Return the next word of the same place, if there is one."""
    for j in range(i + 1, len(tokens)):
        gap = sentence[tokens[j - 1].end : tokens[j].start]
        if not _FILLERS.issuperset(_WORD.findall(gap.lower())):
            return None
        if tokens[j].kind in PLACE_KINDS:
            return j
        if tokens[j].kind not in ("and", "comma", "both", "head") and not _is_scene(tokens[j]):
            return None
    return None


def _is_scene(token: Token) -> bool:
    return token.kind == "subject" and token.value == "scene"


def _places(tokens: Sequence[Token], members: Sequence[int]) -> list[list[PlaceWord]]:
    """Return the words of each place: what is joined is apart, what stands side by side is one."""
    runs: list[list[int]] = []
    shared: list[int] = []
    pieces = _pieces(tokens, members)
    for (_, run), (joint, after) in reversed([*itertools.pairwise(pieces)]):
        # "the superior and inferior parafoveal ring": what follows the last is of both
        alike = tokens[run[0]].kind == tokens[after[0]].kind
        if joint != "both" and alike and len(run) == 1 and len(after) > 1:
            run.extend(after[1:])
    before = ""
    for joint, piece in pieces:
        if joint == "both":
            # "inferiorly, both nasally and temporally": the first words are of both places
            shared = runs.pop()
            runs.append(piece)
        elif (
            joint == "comma"
            and before != "and"  # "left and right, at 8 o'clock": the hour is of neither alone
            and _kinds(tokens, runs[-1]).isdisjoint(_kinds(tokens, piece))
        ):
            runs[-1] += piece
        else:
            runs.append(piece)
        before = joint
    places: list[list[PlaceWord]] = []
    for run in runs:
        choices: list[list[PlaceWord]] = [[]]
        for i in (*shared, *run):
            choices = [[*words, word] for words in choices for word in _words(tokens[i])]
        places += choices
    return places


def _pieces(tokens: Sequence[Token], members: Sequence[int]) -> list[tuple[str, list[int]]]:
    """Return words with nothing between them, and what joins them to those before."""
    pieces: list[tuple[str, list[int]]] = [("", [members[0]])]
    for before, here in itertools.pairwise(members):
        between = [token.kind for token in tokens[before + 1 : here]]
        joint = next((kind for kind in ("both", "and", "comma") if kind in between), "")
        if joint:
            pieces.append((joint, [here]))
        else:
            pieces[-1][1].append(here)
    return pieces


def _kinds(tokens: Sequence[Token], run: Sequence[int]) -> set[str]:
    """Return what a place says: hours, zone, how high, how far to a side."""
    kinds: set[str] = set()
    for token in (tokens[i] for i in run):
        if token.kind != "direction":
            kinds.add(token.kind)
        elif token.value in _VERTICAL:
            kinds.add("vertical")
        elif " " not in token.value and token.value != "quadrants":
            kinds.add("horizontal")
        else:
            kinds |= {"vertical", "horizontal"}
    return kinds


def _words(token: Token) -> list[PlaceWord]:
    """Return what a word of place may mean: several, if it names several places."""
    if token.kind == "hours":
        return [PlaceWord("hours", "", hours) for hours in clock_hours(token.text)]
    if token.kind == "zone":
        return [PlaceWord("zone", token.value)]
    values = QUADRANTS if token.value == "quadrants" else (token.value,)
    return [PlaceWord("direction", value) for value in values]
