# SPDX-License-Identifier: Apache-2.0
"""What a sentence says: stages, eyes and findings, whether they are denied, and where."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gftcore.claims.lexicon import ATTRIBUTES
from gftcore.claims.places import Cell
from gftcore.claims.regions import PLACE_KINDS, Group, place_groups
from gftcore.claims.words import Token, lex, mend

__all__ = ["Item", "sentence_items"]

# A place that such a word parts from a finding does not stand before it as an adjective does.
_PARTS = re.compile(r"\b(?:to|near|beside|by|of|from|given|than|in|at)\b", re.IGNORECASE)
# What may stand between findings that share a place.
_JOINTS = ("and", "comma", "with", "attribute", "subject", "not", "hedge")


@dataclass(slots=True)
class Item:
    """A stage, an eye or a finding, named by the tokens ``first`` to ``last``.

    ``before`` is the place that stands before a finding as an adjective does, ``after`` are those
    said of it elsewhere. ``denial`` is what a denial adds for one place of an earlier finding.
    """

    kind: str
    value: str
    first: int
    last: int
    negated: bool
    hedged: bool = False
    before: Group | None = None
    after: list[Group] = field(default_factory=list)
    denial: bool = False

    def places(self) -> list[frozenset[Cell] | None]:
        """Return each place that is said of it; None for no place."""
        after = [cells for group in self.after for cells in group.places]
        if self.before is None:
            return [*after] or [None]
        if not after:
            return [*self.before.places]
        return [here & there for here in self.before.places for there in after]


def sentence_items(sentence: str, eye: str) -> Iterator[Item]:
    """Return what a sentence asserts or denies; nothing for a question."""
    if sentence.endswith("?"):
        return
    sentence = mend(sentence)
    tokens = lex(sentence)
    items = _named(tokens)
    groups = place_groups(tokens, sentence, eye)
    seen: list[Item] = []
    for clause in _clauses(tokens):
        words = tokens[clause.start : clause.stop]
        if any(token.kind == "drop" for token in words):
            continue
        inside = [item for item in items if item.last in clause]
        places = [group for group in groups if group.first in clause]
        free = _deny(tokens, clause, inside, places, seen)
        _place(tokens, sentence, inside, free)
        for item in inside:
            item.hedged = any(token.kind == "hedge" for token in words)
            yield item
        seen += inside


def _clauses(tokens: Sequence[Token]) -> list[range]:
    starts = [0, *(i for i, token in enumerate(tokens) if token.kind == "break"), len(tokens)]
    return [range(a, b) for a, b in itertools.pairwise(starts)]


def _named(tokens: Sequence[Token]) -> list[Item]:
    """Return what is named by a word, and what by a subject with an attribute."""
    items = []
    subject = -1
    for i, token in enumerate(tokens):
        if token.kind in ("subject", "eye"):
            subject = i
        if token.kind in ("stage", "eye"):
            kind = "laterality" if token.kind == "eye" else token.kind
            items.append(Item(kind, token.value, i, i, negated=False))
        elif token.kind == "finding":
            name = token.value.removeprefix("not ")
            items.append(Item("finding", name, i, i, negated=name != token.value))
        elif token.kind == "attribute" and (at := _subject_of(tokens, i, subject)) >= 0:
            # An eye can be normal as its image can.
            of = "scene" if tokens[at].kind == "eye" else tokens[at].value
            for name, negated in ATTRIBUTES.get((of, token.value), ()):
                items.append(Item("finding", name, i, max(at, i), negated=negated))
    return items


def _subject_of(tokens: Sequence[Token], i: int, before: int) -> int:
    """Return what an attribute is said of: what it stands before, else what was named last."""
    for j in range(i + 1, len(tokens)):
        kind = tokens[j].kind
        follows = j + 1 < len(tokens) and tokens[j + 1].kind == "attribute"
        if kind == "subject":
            return j
        if kind == "finding" and j == i + 1:
            return -1  # "a small tuft" says nothing about the FAZ that was named before
        if kind == "attribute" or (follows and kind == "and"):
            continue
        if not (follows and kind == "comma" and before < 0):
            break
    return before


def _deny(
    tokens: Sequence[Token],
    clause: range,
    items: list[Item],
    groups: list[Group],
    seen: Sequence[Item],
) -> list[Group]:
    """Turn what "no" and its like reach; return the places that no denial has taken.

    ``seen`` are the items of earlier clauses.
    """
    free = list(groups)
    listed = max((i for i in clause if tokens[i].text == "or"), default=-1)
    scope = over = False
    for i in clause:
        kind = tokens[i].kind
        if kind in ("not", "spare"):
            group = next((group for group in groups if group.first > i), None)
            named = [x for x in (*seen, *items) if x.kind == "finding" and x.last < i]
            if group and _denies_place(tokens, i, group, items, spare=kind == "spare"):
                free.remove(group)
                if named:
                    items.append(_denial(named, group, i))
                else:  # "except in the fovea, ..."
                    free.append(group.elsewhere())
            else:
                scope, over = True, False
        elif kind == "not before":
            since = _segment(tokens, clause.start, i)
            for item in items:
                if since <= item.first and item.last < i:
                    item.negated = not item.negated
        elif kind in ("with", "colon") or (kind == "comma" and i > listed):
            scope = False
        elif kind in PLACE_KINDS or kind == "verb":
            over = True  # what a later "and" joins is a new statement
        elif kind == "and" and tokens[i].text != "or" and over:
            scope = False
        for item in items:
            if scope and item.first == i and item.kind != "laterality":
                item.negated = not item.negated
    return free


def _segment(tokens: Sequence[Token], first: int, stop: int) -> int:
    """Return where the words begin that "not seen" closes: at the clause, or a comma in it."""
    for i in range(stop - 1, first - 1, -1):
        if tokens[i].kind == "comma" and any(token.kind == "verb" for token in tokens[first:i]):
            return i
    return first


def _denies_place(
    tokens: Sequence[Token], i: int, group: Group, items: Sequence[Item], *, spare: bool
) -> bool:
    """Whether a denial is of a place only: "not nasally", "sparing the fovea"."""
    between = all(token.kind in ("head", "both") for token in tokens[i + 1 : group.first])
    later = any(item.kind != "laterality" and item.first > group.last for item in items)
    return between and (spare or not later)


def _denial(named: Sequence[Item], group: Group, i: int) -> Item:
    last = max(named, key=lambda item: item.last)
    return Item("finding", last.value, i, i, negated=not last.negated, after=[group], denial=True)


def _place(
    tokens: Sequence[Token], sentence: str, items: Sequence[Item], groups: Sequence[Group]
) -> None:
    """Give each place to the findings that it is said of."""
    findings = [item for item in items if item.kind == "finding" and not item.denial]
    findings.sort(key=lambda item: item.last)
    leading = []
    for group in groups:
        earlier = [item for item in findings if item.last < group.first]
        later = next((item for item in findings if item.first > group.last), None)
        if later and _stands_before(tokens, sentence, group, later):
            for item in findings:
                if item.first == later.first:
                    item.before = group
        elif earlier:
            for item in _joined(tokens, earlier):
                item.after.append(group)
        else:
            leading.append(group)
    for item in findings:
        if item.before is None and not item.after:
            item.after = list(leading)


def _stands_before(tokens: Sequence[Token], sentence: str, group: Group, item: Item) -> bool:
    between = tokens[group.last + 1 : item.first]
    if any(token.kind not in ("attribute", "subject", "finding") for token in between):
        return False
    if any(token.value == "scene" for token in between):
        return False
    gap = sentence[tokens[group.last].end : tokens[item.first].start]
    return _PARTS.search(gap) is None


def _joined(tokens: Sequence[Token], earlier: Sequence[Item]) -> list[Item]:
    """Return the last finding, and those before it that a place after them is said of too."""
    run = [earlier[-1]]
    for item in reversed(earlier[:-1]):
        between = tokens[item.last + 1 : run[-1].first]
        placed = item.before is not None or bool(item.after)
        if placed or any(token.kind not in _JOINTS for token in between):
            break
        run.append(item)
    return run
