# SPDX-License-Identifier: Apache-2.0
"""Sentences of a page, and the structures that they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gftcore._validation import describe, require_int, require_iterator
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.graph.hetero_graph import NODE_TYPES, RELATIONS

if TYPE_CHECKING:
    from gftcore.graph.hetero_graph import HeteroGraph
    from gftcore.tabulation.table import Table

__all__ = ["NAMED", "Ref", "Said", "Sentence", "checked_sentences", "name_of", "require_refs"]

#: Of what a sentence rests on, so many get a letter and a link of their own; the others light up
#: with the sentence.
NAMED = 8

#: Type of a node, or relation of an edge, and its number there.
Ref = tuple[str, int]

_WORDS: Mapping[str, str] = {
    "vessel": "vessel",
    "ica": "area",
    "faz": "FAZ",
    "vv": "vessel to vessel",
    "ii": "area to area",
    "vi": "vessel to area",
    "vf": "vessel to FAZ",
    "if": "area to FAZ",
    "ff": "FAZ to FAZ",
}


class Said(Protocol):
    """Anything with a text and the structures that it rests on, as type and row in the graph."""

    @property
    def text(self) -> str:
        """The sentence."""

    @property
    def evidence(self) -> Sequence[Ref]:
        """The structures."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A checked sentence."""

    text: str
    evidence: tuple[Ref, ...]


def name_of(ref: Ref) -> str:
    """Return what a reader calls a structure.

    Examples
    --------
    >>> name_of(("ica", 40)), name_of(("faz", 0)), name_of(("vi", 7))
    ('area 40', 'FAZ', 'vessel to area 7')
    """
    kind, number = ref
    return _WORDS[kind] if kind == "faz" else f"{_WORDS[kind]} {number}"


def require_refs(refs: Iterable[object], graph: HeteroGraph, table: Table) -> tuple[Ref, ...]:
    """Return structures without repetition, all of which the page can show.

    Raises
    ------
    ArgumentError
        If the graph has no such node, or the table no such edge.
    """
    edges = {(edge.relation, edge.id) for edge in table.edges}
    out: dict[Ref, None] = {}
    for ref in refs:
        if not isinstance(ref, Sequence) or isinstance(ref, str) or len(ref) != 2:
            raise ArgumentTypeError(f"evidence must be pairs (type, number), got {ref!r:.80}")
        kind, number = str(ref[0]), require_int(ref[1], "evidence", 0, 2**31 - 1)
        if kind in NODE_TYPES:
            there = len(graph.features(kind))
            if number >= there:
                raise ArgumentError(
                    f"evidence must be in the graph, which has {there} nodes of {kind}, "
                    f"got {kind} {number}"
                )
        elif kind not in RELATIONS:
            known = ", ".join((*NODE_TYPES, *RELATIONS))
            raise ArgumentError(f"type of evidence must be one of {known}, got {kind!r:.80}")
        elif (kind, number) not in edges:
            raise ArgumentError(f"edges of evidence must be in the table, got {kind} {number}")
        out[kind, number] = None
    return tuple(out)


def checked_sentences(
    sentences: Iterable[Said], graph: HeteroGraph, table: Table
) -> list[Sentence]:
    """Return sentences that the page can show."""
    out = []
    for one in require_iterator(sentences, "sentences", "a sequence of sentences"):
        text, evidence = getattr(one, "text", None), getattr(one, "evidence", None)
        if not isinstance(text, str) or evidence is None:
            raise ArgumentTypeError(
                f"sentences must have a text and evidence, got {describe(one)}; "
                "see gftcore.narrative"
            )
        refs = require_iterator(evidence, "evidence", "pairs (type, number)")
        out.append(Sentence(text, require_refs(refs, graph, table)))
    return out
