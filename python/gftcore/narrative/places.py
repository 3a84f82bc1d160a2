# SPDX-License-Identifier: Apache-2.0
"""Questions about places: quadrants, halves, clock hours; and what lies in some cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gftcore.findings.vocabulary import Cell, Finding
from gftcore.narrative.phrases import join_regions, place_words, subject, verb
from gftcore.narrative.text import Case, Sentence, finding_sentence
from gftcore.tabulation.places import QUADRANTS, REGIONS, ZONES

__all__ = [
    "FOCAL",
    "NOT_ASSESSED",
    "WIDESPREAD",
    "Answer",
    "clock",
    "density",
    "extent",
    "perfusion",
    "touches",
    "vessels",
    "within",
    "zone_cells",
]

#: Quadrant to the clock hours that touch it.
HOURS = {"TL": (9, 10, 11, 12), "TR": (12, 1, 2, 3), "BL": (6, 7, 8, 9), "BR": (3, 4, 5, 6)}
_PERFUSION = ("non-perfusion", "sparse network")
_VESSELS = (
    "tortuous vessels",
    "calibre irregular",
    "microaneurysm-like dilation",
    "neovascular tuft",
)
#: Halves whose density differs by less than this part are about equal.
_EQUAL = 0.03
#: Changes in at most so many cells, and in more than so many.
FOCAL, WIDESPREAD = 3, 8
NOT_ASSESSED = Sentence("This cannot be judged in this image.")


class Answer(NamedTuple):
    """A question, the sentences of its answer, and what it names besides its slot."""

    question: str
    sentences: list[Sentence]
    about: str = ""


def zone_cells(*zones: str) -> set[Cell]:
    """Return all cells of some zones."""
    cells = {Cell(hour, zone) for zone in zones for hour in range(1, 13) if zone != "foveal"}
    return cells | ({Cell(None, "foveal")} if "foveal" in zones else set())


def _quadrant_cells(quadrant: str) -> set[Cell]:
    return {Cell(hour, zone) for hour in HOURS[quadrant] for zone in ZONES[1:]}


def within(finding: Finding, cells: set[Cell]) -> Finding | None:
    """Return the part of a finding that lies in some cells; None if there is none."""
    kept = tuple(cell for cell in finding.cells if cell in cells)
    if not kept:
        return None
    parts = {}
    if finding.cell_evidence:
        parts = dict(zip(finding.cells, finding.cell_evidence, strict=True))
    return Finding(
        name=finding.name,
        cells=kept,
        regions=finding.regions,
        evidence=finding.evidence_in(kept),
        value=finding.value,
        threshold=finding.threshold,
        strength=finding.strength,
        cell_evidence=tuple(parts[cell] for cell in kept if parts),
    )


def _in_quadrant(case: Case, quadrant: str, names: tuple[str, ...], nothing: str) -> list[Sentence]:
    if not case.assessed:
        return [NOT_ASSESSED]
    parts = [within(one, _quadrant_cells(quadrant)) for one in case.named(*names)]
    found = [one for one in parts if one is not None]
    if not found:
        return [Sentence(nothing)]
    return [_there(case, one) for one in found[:4]]


def _there(case: Case, finding: Finding) -> Sentence:
    """Say what is seen by clock hours alone, where the region is known from the question."""
    seen = case.reword("seen", "found", "visible")
    text = f"{subject(finding)} {verb(finding)} {seen} {place_words(finding.cells)}."
    return Sentence(text[0].upper() + text[1:], finding.evidence)


def perfusion(case: Case) -> Iterator[Answer]:
    """Ask for lost capillaries, by quadrant and in all."""
    for quadrant, region in zip(QUADRANTS, REGIONS[case.table.image.eye], strict=True):
        nothing = case.reword(
            "No non-perfusion is seen in the {} quadrant.",
            "The {} quadrant shows no non-perfusion.",
            "There is no non-perfusion in the {} quadrant.",
        ).format(region)
        yield Answer(
            f"How is the perfusion of the {region} quadrant?",
            _in_quadrant(case, quadrant, _PERFUSION, nothing),
            region,
        )
    lost = tuple(sorted(case.named("non-perfusion"), key=lambda one: -one.strength))
    question = "Is there non-perfusion anywhere, and where is it most marked?"
    if not case.assessed:
        yield Answer(question, [NOT_ASSESSED])
    elif lost:
        where = f"{join_regions(lost[0].regions)}, {place_words(lost[0].cells)}"
        told = case.reword("Non-perfusion is most marked", "Yes, non-perfusion is most marked")
        yield Answer(question, [Sentence(f"{told} {where}.", lost[0].evidence)])
    else:
        none = case.reword("No non-perfusion is seen.", "There is no non-perfusion in this image.")
        yield Answer(question, [Sentence(none)])
    yield Answer("Is the loss of capillaries focal or widespread?", [_extent(case, lost)])


def _extent(case: Case, lost: tuple[Finding, ...]) -> Sentence:
    if not case.assessed:
        return NOT_ASSESSED
    cells = {cell for one in lost for cell in one.cells}
    refs = tuple(dict.fromkeys(ref for one in lost for ref in one.evidence))
    if not cells:
        return Sentence("There is no non-perfusion beyond the usual range.")
    told = case.reword("Non-perfusion is", "The loss of capillaries is")
    return Sentence(f"{told} {extent(cells)}, {place_words(cells)}.", refs)


def extent(cells: Iterable[Cell]) -> str:
    """Return how far some cells reach; ``focal`` only where all of them touch.

    Examples
    --------
    >>> extent([Cell(1, "outer"), Cell(2, "outer")]), extent([Cell(1, "outer"), Cell(8, "outer")])
    ('focal', 'patchy')
    """
    left = set(cells)
    if len(left) > WIDESPREAD:
        return "widespread"
    if len(left) > FOCAL or not left:
        return "patchy"
    reached = [left.pop()]
    for cell in reached:
        near = {one for one in left if touches(one, cell)}
        left -= near
        reached += near
    return "patchy" if left else "focal"


def touches(one: Cell, other: Cell) -> bool:
    """Whether two cells are the same or have a border, or a corner, in common."""
    if abs(ZONES.index(one.zone) - ZONES.index(other.zone)) > 1:
        return False
    if one.clock_hour is None or other.clock_hour is None:
        return True
    return (one.clock_hour - other.clock_hour + 1) % 12 <= 2


def vessels(case: Case) -> Iterator[Answer]:
    """Ask for the look of the vessels, by quadrant and in all."""
    for quadrant, region in zip(QUADRANTS, REGIONS[case.table.image.eye], strict=True):
        nothing = case.reword(
            "The vessels of the {} quadrant are neither tortuous nor irregular in calibre.",
            "In the {} quadrant, the vessels are neither tortuous nor irregular in calibre.",
            "No tortuous vessel and no irregular calibre is seen in the {} quadrant.",
        ).format(region)
        yield Answer(
            f"How do course and calibre of the vessels in the {region} quadrant look?",
            _in_quadrant(case, quadrant, _VESSELS, nothing),
            region,
        )
    for question, names, nothing in (
        (
            "Are there microaneurysm-like dilations or neovascular tufts?",
            _VESSELS[2:],
            case.reword(
                "No microaneurysm-like dilation and no neovascular tuft is seen.",
                "There is no microaneurysm-like dilation and no neovascular tuft.",
            ),
        ),
        (
            "Are vessels tortuous or irregular in calibre?",
            _VESSELS[:2],
            case.reword(
                "No tortuous vessels are seen, and the calibre is regular.",
                "There are no tortuous vessels, and the calibre is regular.",
            ),
        ),
    ):
        found = case.named(*names)
        sentences = [finding_sentence(case, one, n) for n, one in enumerate(found[:4])]
        if not case.assessed:
            sentences = [NOT_ASSESSED]
        yield Answer(question, sentences or [Sentence(nothing)])


def density(case: Case) -> Iterator[Answer]:
    """Ask which halves have more vessels."""
    left, right = ("left", "right")
    if case.table.image.eye != "unknown":
        left, right = ("temporal", "nasal")[:: 1 if case.table.image.eye == "OD" else -1]
    up, down = ("upper", "lower")
    if case.table.image.eye != "unknown":
        up, down = ("superior", "inferior")
    for one, other, first, second in (
        (up, down, ("TL", "TR"), ("BL", "BR")),
        (left, right, ("TL", "BL"), ("TR", "BR")),
    ):
        question = f"Are the {one} and {other} halves equally dense in vessels?"
        compared = _compare(case, (one, first), (other, second))
        yield Answer(question, [compared], f"{one} and {other}")


def _compare(
    case: Case, one: tuple[str, tuple[str, str]], other: tuple[str, tuple[str, str]]
) -> Sentence:
    (first, here), (second, there) = (_half(case, *one), one), (_half(case, *other), other)
    if first is None or second is None:
        return NOT_ASSESSED
    if abs(first - second) <= _EQUAL * max(first, second):
        alike = case.reword(
            "Yes, the {} and {} halves are about equally dense.",
            "Yes, the vessels of the {} and {} halves are about equally dense.",
        )
        return Sentence(alike.format(one[0], other[0]))
    less, more = (here, there) if first < second else (there, here)
    cells = _quadrant_cells(less[1][0]) | _quadrant_cells(less[1][1])
    parts = [within(found, cells) for found in case.named(*_PERFUSION)]
    refs = tuple(dict.fromkeys(r for part in parts if part is not None for r in part.evidence))
    fewer = case.reword(
        "No, the {} half has fewer vessels than the {} half.",
        "No, there are fewer vessels in the {} half than in the {} half.",
    )
    return Sentence(fewer.format(less[0], more[0]), refs)


def _half(case: Case, _name: str, quadrants: tuple[str, str]) -> float | None:
    rows = [case.table.quadrants[name].vessel_density_pct for name in quadrants]
    known = [value for value in rows if value is not None]
    return sum(known) / 2 if len(known) == 2 else None


def clock(case: Case) -> Iterator[Answer]:
    """Ask at places of the strongest findings, at most two, and else where nothing is found."""
    taken: list[Cell] = []
    for one in sorted(case.located, key=lambda one: -one.strength):
        taken += [cell for cell in one.cells if cell.clock_hour and cell not in taken][:1]
    found = {cell for one in case.located for cell in one.cells}
    axes = [Cell(hour, zone) for zone in ZONES[2:0:-1] for hour in (12, 6, 3, 9)]
    others = [Cell(hour, zone) for zone in ZONES[2:0:-1] for hour in (1, 5, 7, 11, 2, 4, 8, 10)]
    free = [cell for cell in axes + others if cell not in found]
    if case.wording is not None:
        # Else a learner need but know that an hour on an axis, or a late question, finds nothing.
        free.sort(key=lambda cell: case.drawn("free", *cell))
    asked = taken[:2] + free
    asked += [cell for cell in axes if cell not in asked]
    del asked[4:]
    if case.wording is not None:
        asked.sort(key=lambda cell: case.drawn("order", *cell))
    for cell in asked:
        place = place_words([cell])
        parts = [within(one, {cell}) for one in case.located]
        seen = [part for part in parts if part is not None]
        sentences = [_there(case, part) for part in seen]
        if not case.assessed:
            sentences = [NOT_ASSESSED]
        none = case.reword("No abnormality is seen", "Nothing abnormal is seen")
        yield Answer(f"What is seen {place}?", sentences or [Sentence(f"{none} {place}.")], place)
