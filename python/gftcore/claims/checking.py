# SPDX-License-Identifier: Apache-2.0
"""What a text claims about an eye, checked against what is known about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from gftcore._validation import describe, require_choice
from gftcore.claims.lexicon import OTHER
from gftcore.claims.places import ANYWHERE, Cell
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.findings.vocabulary import FINDINGS, NO_ABNORMALITY

__all__ = [
    "VERDICTS",
    "CheckedClaim",
    "Claim",
    "Facts",
    "FindingLike",
    "Located",
    "LocationScore",
    "Verdict",
    "check_claims",
    "score_locations",
]

VERDICTS = ("supported", "unsupported", "contradicted")
Verdict: TypeAlias = Literal["supported", "unsupported", "contradicted"]

_KINDS = ("stage", "finding", "laterality")
_EYES = ("OD", "OS", "unknown")
_NORMAL = NO_ABNORMALITY


class Located(Protocol):
    """Something of the closed vocabulary in some cells."""

    @property
    def name(self) -> str:
        """Of the closed vocabulary."""

    @property
    def cells(self) -> Collection[Cell]:
        """Clock hours and zones."""


class FindingLike(Located, Protocol):
    """A finding, and the structures that it rests on."""

    @property
    def evidence(self) -> Collection[Any]:
        """Ids of structures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One statement that can be checked.

    Attributes
    ----------
    kind
        ``stage``, ``finding`` or ``laterality``.
    value
        A stage, or ``DR`` for any but ``Healthy``; a finding's name, or ``other`` for one outside
        of the vocabulary; ``OD``, ``OS``, or ``OU`` for both eyes.
    negated
        Whether it is denied.
    hedged
        Whether it is only said to be possible or likely.
    cells
        Where; None if no place is named. Empty where the named place cannot be resolved, such as
        nasal in an eye of unknown side.
    text
        The sentence that claims it; empty for structured answers.
    """

    kind: str
    value: str
    negated: bool = False
    hedged: bool = False
    cells: frozenset[Cell] | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known about one eye. Validated when made.

    Attributes
    ----------
    eye
        ``OD``, ``OS`` or ``unknown``.
    stage
        None if it is not known.
    findings
        All that there are.
    known
        Names of findings that were looked for; a claim about another one is unsupported.

    Examples
    --------
    >>> facts = Facts.of_truth(eye="OD", stage="NPDR", cells={"non-perfusion": {(2, "outer")}})
    >>> facts.where("non-perfusion"), facts.where("neovascular tuft")
    (frozenset({(2, 'outer')}), frozenset())
    """

    eye: str
    stage: str | None
    findings: tuple[FindingLike, ...]
    known: frozenset[str] = frozenset(FINDINGS)

    def __post_init__(self) -> None:
        require_choice(self.eye, _EYES, "eye")
        for one in self.findings:
            require_choice(one.name, FINDINGS, "findings")
            _require_cells(one.cells, f"cells of {one.name}")

    @staticmethod
    def of_truth(*, eye: str, stage: str | None, cells: Mapping[str, Iterable[Cell]]) -> Facts:
        """Return the facts of lesions.

        Parameters
        ----------
        eye, stage
            As above.
        cells
            Finding to its cells; an empty set for what was looked for and is not there. Findings
            that are not named here count as unknown.
        """
        made = [_Lesion(name, frozenset(some)) for name, some in cells.items()]
        return Facts(
            eye=eye,
            stage=stage,
            findings=tuple(one for one in made if one.cells),
            known=frozenset({*cells, _NORMAL}),
        )

    @staticmethod
    def of_findings(*, eye: str, stage: str | None, findings: Iterable[FindingLike]) -> Facts:
        """Return the facts of findings, such as those of `gftcore.findings.find_findings`.

        Parameters
        ----------
        eye, stage
            As above.
        findings
            All that there are; at least ``no abnormality`` where they were looked for. Without any
            nothing is known of them.
        """
        given = tuple(findings)
        known = frozenset(FINDINGS if given else ())
        return Facts(eye=eye, stage=stage, findings=given, known=known)

    def where(self, name: str) -> frozenset[Cell]:
        """Return the cells of a finding."""
        return frozenset((cell[0], cell[1]) for one in self.named(name) for cell in one.cells)

    def named(self, name: str) -> tuple[FindingLike, ...]:
        """Return the findings of a name."""
        return tuple(one for one in self.findings if one.name == name)

    @property
    def abnormal(self) -> tuple[FindingLike, ...]:
        """All findings but ``no abnormality``."""
        return tuple(one for one in self.findings if one.name != _NORMAL)


@dataclass(frozen=True, slots=True)
class _Lesion:
    name: str
    cells: frozenset[Cell]
    evidence: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedClaim:
    """A claim, what became of it, and the structures of the findings that decided."""

    claim: Claim
    verdict: Verdict
    evidence: tuple[Any, ...]


def check_claims(claims: Iterable[Claim], facts: Facts) -> tuple[CheckedClaim, ...]:
    """Check claims against facts.

    Parameters
    ----------
    claims
        Of `text_claims` or `answer_claims`.
    facts
        Of a table or of lesions.

    Returns
    -------
    tuple
        In the order of the claims. A finding is *supported* if it is in one of the cells named, or
        anywhere if none is named. A denial is supported where the finding is not. A stage, an eye
        or a denial is *contradicted* by what it excludes, and so is a finding in an eye without
        any. All else is *unsupported*: findings elsewhere, places that cannot be resolved, both
        eyes, what was not looked for.

    Examples
    --------
    >>> facts = Facts.of_truth(eye="OD", stage="NPDR", cells={"non-perfusion": {(2, "outer")}})
    >>> claims = [
    ...     Claim(kind="stage", value="PDR"),
    ...     Claim(kind="finding", value="non-perfusion", cells=frozenset({(2, "outer")})),
    ...     Claim(kind="finding", value="non-perfusion", cells=frozenset({(8, "outer")})),
    ... ]
    >>> [one.verdict for one in check_claims(claims, facts)]
    ['contradicted', 'supported', 'unsupported']
    """
    if not isinstance(facts, Facts):
        raise ArgumentTypeError(f"facts must be Facts, got {describe(facts)}")
    checked = []
    for claim in claims:
        if not isinstance(claim, Claim):
            raise ArgumentTypeError(f"claims must be of Claim, got {describe(claim)}")
        require_choice(claim.kind, _KINDS, "kind of a claim")
        verdict, decided = _check(claim, facts)
        evidence = dict.fromkeys(ref for one in decided for ref in one.evidence)
        checked.append(CheckedClaim(claim=claim, verdict=verdict, evidence=tuple(evidence)))
    return tuple(checked)


_Decision: TypeAlias = tuple[Verdict, tuple[FindingLike, ...]]


def _check(claim: Claim, facts: Facts) -> _Decision:
    if claim.kind == "stage":
        return _stage_verdict(claim, facts.stage), ()
    if claim.kind == "laterality":
        return _eye_verdict(claim, facts.eye), ()
    if claim.value not in facts.known or claim.value == OTHER:
        return "unsupported", ()
    return _finding_verdict(claim, facts)


def _stage_verdict(claim: Claim, stage: str | None) -> Verdict:
    if stage is None:
        return "unsupported"
    said = stage != "Healthy" if claim.value == "DR" else claim.value == stage
    return "supported" if said != claim.negated else "contradicted"


def _eye_verdict(claim: Claim, eye: str) -> Verdict:
    if eye == "unknown" or claim.value not in _EYES:
        return "unsupported"
    return "supported" if (claim.value == eye) != claim.negated else "contradicted"


def _finding_verdict(claim: Claim, facts: Facts) -> _Decision:
    normal = claim.value == _NORMAL
    among = facts.abnormal if normal else facts.named(claim.value)
    there = among
    if claim.cells is not None:
        there = tuple(one for one in among if _overlap(one, claim.cells))
        if not claim.cells:
            return "unsupported", ()
    # To deny normality is to claim a finding; to claim it is to deny all of them.
    if claim.negated != normal:
        return ("contradicted" if there else "supported"), there
    if there:
        return "supported", there
    return ("unsupported" if facts.abnormal and not normal else "contradicted"), ()


def _overlap(one: Located, cells: Collection[Cell]) -> bool:
    return any(tuple(cell) in cells for cell in one.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationScore:
    """How well located findings meet a reference.

    Attributes
    ----------
    count
        Claims that assert a finding in a place.
    precision
        Share of them of which a reference of the same name has a cell; None without any.
    recall
        Share of the references of which such a claim has a cell; None without any.
    cells_per_claim
        How much room the claims leave themselves: all would hit with 25 cells. None without any.
    """

    count: int
    precision: float | None
    recall: float | None
    cells_per_claim: float | None


def score_locations(claims: Iterable[Claim], references: Iterable[Located]) -> LocationScore:
    """Score the places of claims against findings or lesions.

    Parameters
    ----------
    claims
        Of `text_claims` or `answer_claims`. Only asserted findings of the vocabulary with a place
        count.
    references
        Each with a name of the vocabulary and its cells.

    Examples
    --------
    >>> facts = Facts.of_truth(eye="OD", stage=None, cells={"non-perfusion": {(2, "outer")}})
    >>> claim = Claim(kind="finding", value="non-perfusion", cells=frozenset({(2, "outer")}))
    >>> score_locations([claim], facts.findings)
    LocationScore(count=1, precision=1.0, recall=1.0, cells_per_claim=1.0)
    """
    placed = [
        (claim.value, claim.cells)
        for claim in claims
        if claim.kind == "finding"
        and not claim.negated
        and claim.cells is not None
        and claim.value in FINDINGS[:-1]
    ]
    references = tuple(one for one in references if one.cells)
    hits = sum(
        any(r.name == name and _overlap(r, cells) for r in references) for name, cells in placed
    )
    found = sum(
        any(r.name == name and _overlap(r, cells) for name, cells in placed) for r in references
    )
    return LocationScore(
        count=len(placed),
        precision=hits / len(placed) if placed else None,
        recall=found / len(references) if references else None,
        cells_per_claim=sum(len(cells) for _, cells in placed) / len(placed) if placed else None,
    )


def _require_cells(cells: Iterable[Cell], name: str) -> None:
    for cell in cells:
        if tuple(cell) not in ANYWHERE:
            raise ArgumentError(
                f"{name} must be (clock hour 1..12, parafoveal or outer) or (None, foveal), "
                f"got {cell!r}"
            )
