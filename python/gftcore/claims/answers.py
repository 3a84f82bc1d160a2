# SPDX-License-Identifier: Apache-2.0
"""Claims in structured answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gftcore._validation import describe, require_choice
from gftcore.claims.checking import Claim
from gftcore.claims.grammar import sentence_items
from gftcore.claims.lexicon import OTHER, STAGES
from gftcore.claims.places import Cell
from gftcore.claims.regions import place_groups
from gftcore.claims.words import lex, mend, plain
from gftcore.errors import ArgumentTypeError
from gftcore.findings.vocabulary import FAZ_FINDINGS, FINDINGS

__all__ = ["Answer", "AnswerFinding", "answer_claims"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFinding:
    """A finding in a structured answer.

    Attributes
    ----------
    name
        Of the closed vocabulary, or a phrase of the lexicon such as "dropout".
    present
        False if it is denied.
    region
        Words such as "superior nasal", "2 o'clock, parafoveal"; empty if no place is named.
    eye
        Its side, where the answer names one for each finding; else empty.
    """

    name: str
    present: bool = True
    region: str = ""
    eye: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A structured answer about one eye: stage, side, findings; empty where it says nothing."""

    stage: str = ""
    eye: str = ""
    findings: tuple[AnswerFinding, ...] = ()


def answer_claims(answer: Answer, *, eye: str = "unknown") -> tuple[Claim, ...]:
    """Return the claims of a structured answer.

    Parameters
    ----------
    answer
        Of a person or of a program. Names that nobody knows become claims that nothing supports,
        not errors.
    eye
        Side of the eye that it is about: ``OD``, ``OS`` or ``unknown``.

    Returns
    -------
    tuple
        Each once. A region that several places share, such as "2 and 4 o'clock", is one claim per
        place; one that says no place is a claim of none.

    Examples
    --------
    >>> found = AnswerFinding(name="non-perfusion", region="superior nasal, outer")
    >>> answer = Answer(stage="NPDR", eye="right eye", findings=(found,))
    >>> [(claim.kind, claim.value) for claim in answer_claims(answer, eye="OD")]
    [('stage', 'NPDR'), ('laterality', 'OD'), ('finding', 'non-perfusion')]
    """
    if not isinstance(answer, Answer):
        raise ArgumentTypeError(f"answer must be an Answer, got {describe(answer)}")
    require_choice(eye, ("OD", "OS", "unknown"), "eye")
    claims = []
    if answer.stage:
        claims.append(_named("stage", answer.stage, STAGES, eye))
    sides = dict.fromkeys((answer.eye, *(one.eye for one in answer.findings)))
    claims += [_named("laterality", side, ("OD", "OS", "OU"), eye) for side in sides if side]
    for one in answer.findings:
        claims += _findings(one, eye)
    return tuple(dict.fromkeys(claims))


def _named(kind: str, said: str, known: Iterable[str], eye: str) -> Claim:
    """Return the stage or the side that a word names; the word itself if it is unknown."""
    if said in known:
        return Claim(kind=kind, value=said)
    found = [item for item in sentence_items(plain(said), eye) if item.kind == kind]
    if len({(item.value, item.negated) for item in found}) != 1:
        return Claim(kind=kind, value=said)
    return Claim(kind=kind, value=found[0].value, negated=found[0].negated)


def _findings(one: AnswerFinding, eye: str) -> list[Claim]:
    names = [(one.name, False)]
    if one.name not in FINDINGS:
        items = sentence_items(plain(one.name), eye)
        said = [(item.value, item.negated) for item in items if item.kind == "finding"]
        names = list(dict.fromkeys(said)) or [(OTHER, False)]
    return [
        Claim(kind="finding", value=name, negated=negated == one.present, cells=cells)
        for name, negated in names
        for cells in (_cells(one.region, eye) if name not in FAZ_FINDINGS else [None])
    ]


def _cells(region: str, eye: str) -> list[frozenset[Cell] | None]:
    if not region.strip():
        return [None]
    words = mend(plain(region))
    groups = place_groups(lex(words), words, eye)
    return [cells for group in groups for cells in group.places] or [frozenset()]
