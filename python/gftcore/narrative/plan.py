# SPDX-License-Identifier: Apache-2.0
"""Thirty questions about one image and their answers, by a fixed plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gftcore.findings.vocabulary import FAZ_FINDINGS, NO_ABNORMALITY, Cell, Finding
from gftcore.narrative.phrases import (
    certainty,
    join,
    join_regions,
    place_words,
    stage_name,
    subject,
    things,
    verb,
)
from gftcore.narrative.text import (
    Case,
    QuestionAnswer,
    Sentence,
    faz_sentences,
    finding_sentence,
)
from gftcore.tabulation.places import QUADRANTS, REGIONS, ZONES
from gftcore.tabulation.table import Table

__all__ = ["PLAN", "answer_plan"]

#: Quadrant to the clock hours that touch it.
HOURS = {"TL": (9, 10, 11, 12), "TR": (12, 1, 2, 3), "BL": (6, 7, 8, 9), "BR": (3, 4, 5, 6)}
#: All slots in their order.
PLAN = (
    *(f"diagnosis.{n}" for n in range(1, 5)),
    *(f"faz.{n}" for n in range(1, 5)),
    *(f"perfusion.{q}" for q in QUADRANTS),
    "perfusion.1",
    "perfusion.2",
    *(f"vessels.{q}" for q in QUADRANTS),
    "vessels.1",
    "vessels.2",
    "density.1",
    "density.2",
    *(f"clock.{n}" for n in range(1, 5)),
    "why-not.1",
    "why-not.2",
    "certainty.1",
    "certainty.2",
)
_PERFUSION = ("non-perfusion", "sparse network")
_VESSELS = (
    "tortuous vessels",
    "calibre irregular",
    "microaneurysm-like dilation",
    "neovascular tuft",
)
#: Halves whose density differs by less than this part are about equal.
_EQUAL = 0.03
#: From mild to severe.
_COURSE = ("Healthy", "NPDR", "PDR")
_NOT_ASSESSED = Sentence("This cannot be judged in this image.")


def answer_plan(
    table: Table, findings: Iterable[Finding], *, stage: str | None = None
) -> tuple[QuestionAnswer, ...]:
    """Answer the thirty questions of the plan about one image.

    Parameters
    ----------
    table, findings, stage
        As for `gftcore.narrative.write_text`.

    Returns
    -------
    tuple of QuestionAnswer
        One for each slot of `PLAN`, in its order: diagnosis, FAZ, perfusion, vessels, density,
        clock hours, other stages, certainty.
    """
    case = Case.checked(table, findings, stage)
    parts = (_diagnosis, _faz, _perfusion, _vessels, _density, _clock, _why_not, _certainty)
    texts = [one for part in parts for one in part(case)]
    return tuple(
        QuestionAnswer(slot=slot, question=question, sentences=tuple(sentences))
        for slot, (question, sentences) in zip(PLAN, texts, strict=True)
    )


Answer = tuple[str, list[Sentence]]


def _diagnosis(case: Case) -> Iterator[Answer]:
    name = "a healthy eye" if case.stage == "Healthy" else stage_name(case.stage)
    yield (
        "What is the stage of diabetic retinopathy in this eye?",
        [Sentence(f"The image shows {name}.", case.strongest())],
    )
    yield ("Which findings support this stage?", _all_found(case))
    yield ("Where in the image is the evidence for this stage strongest?", _strongest(case))
    sure = "No abnormality is seen beyond the usual range."
    found = [one for one in case.findings if one.name != NO_ABNORMALITY]
    if found:
        sure = f"Yes, {'one finding is' if len(found) == 1 else 'several findings are'} beyond it."
    if not case.assessed:
        sure = _NOT_ASSESSED.text
    refs = tuple(dict.fromkeys(ref for one in found for ref in one.evidence[:3]))
    yield ("Is anything beyond the usual range?", [Sentence(sure, refs)])


def _all_found(case: Case) -> list[Sentence]:
    if not case.assessed:
        return [_NOT_ASSESSED]
    if case.named(NO_ABNORMALITY):
        whole = "No abnormality stands out; the stage rests on the whole image."
        none = "No abnormality is seen, and nothing speaks for damaged capillaries."
        return [Sentence(none if case.stage == "Healthy" else whole)]
    first: dict[str, Finding] = {}
    for one in case.located:
        first.setdefault(one.name, one)
    out = [finding_sentence(case, one, n) for n, one in enumerate(first.values())]
    return out + (faz_sentences(case) if case.named(*FAZ_FINDINGS) else [])


def _strongest(case: Case) -> list[Sentence]:
    if case.located:
        best = max(case.located, key=lambda one: one.strength)
        where = f"{join_regions(best.regions)}, {place_words(best.cells)}"
        return [Sentence(f"It is strongest {where}.", best.evidence)]
    if case.table.nodes:
        best_row = case.table.nodes[0]
        place = place_words([Cell(best_row.clock_hour, best_row.zone)])
        return [Sentence(f"What counts most lies {place}.", ((best_row.type, best_row.id),))]
    return [Sentence("No place stands out in this image.")]


def _faz(case: Case) -> Iterator[Answer]:
    refs = (("faz", 0),)
    large, jagged = (case.named(name) for name in FAZ_FINDINGS)
    size = "The FAZ is enlarged." if large else "The FAZ has a usual size."
    outline = "The FAZ has an irregular outline." if jagged else "The FAZ has a regular outline."
    near = [_within(one, _zone_cells("foveal", "parafoveal")) for one in case.located]
    close = [one for one in near if one is not None]
    around = [finding_sentence(case, one, n) for n, one in enumerate(close)]
    around = around[:3] or [Sentence("Nothing abnormal is seen in the parafoveal zone.")]
    speaks = (
        "Yes, it is outside of the usual range."
        if large or jagged
        else "No, its size and outline are in the usual range."
    )
    answers = [
        ("How large is the FAZ?", [Sentence(size, refs)]),
        ("How regular is the outline of the FAZ?", [Sentence(outline, refs)]),
        ("What is seen close to the FAZ?", around),
        ("Does the FAZ itself speak for disease?", [Sentence(speaks, refs)]),
    ]
    for question, sentences in answers:
        if case.table.faz is None:
            yield question, [Sentence("No FAZ can be found in this image.")]
        else:
            yield question, sentences if case.assessed else [_NOT_ASSESSED]


def _zone_cells(*zones: str) -> set[Cell]:
    cells = {Cell(hour, zone) for zone in zones for hour in range(1, 13) if zone != "foveal"}
    return cells | ({Cell(None, "foveal")} if "foveal" in zones else set())


def _quadrant_cells(quadrant: str) -> set[Cell]:
    return {Cell(hour, zone) for hour in HOURS[quadrant] for zone in ZONES[1:]}


def _within(finding: Finding, cells: set[Cell]) -> Finding | None:
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
        return [_NOT_ASSESSED]
    parts = [_within(one, _quadrant_cells(quadrant)) for one in case.named(*names)]
    found = [one for one in parts if one is not None]
    if not found:
        return [Sentence(nothing)]
    return [_there(one) for one in found[:4]]


def _there(finding: Finding) -> Sentence:
    """Say what is seen by clock hours alone, where the region is known from the question."""
    text = f"{subject(finding)} {verb(finding)} seen {place_words(finding.cells)}."
    return Sentence(text[0].upper() + text[1:], finding.evidence)


def _perfusion(case: Case) -> Iterator[Answer]:
    for quadrant, region in zip(QUADRANTS, REGIONS[case.table.image.eye], strict=True):
        nothing = f"No non-perfusion is seen in the {region} quadrant."
        yield (
            f"How is the perfusion of the {region} quadrant?",
            _in_quadrant(case, quadrant, _PERFUSION, nothing),
        )
    lost = tuple(sorted(case.named("non-perfusion"), key=lambda one: -one.strength))
    question = "Is there non-perfusion anywhere, and where is it most marked?"
    if not case.assessed:
        yield question, [_NOT_ASSESSED]
    elif lost:
        where = f"{join_regions(lost[0].regions)}, {place_words(lost[0].cells)}"
        yield (
            question,
            [Sentence(f"Non-perfusion is most marked {where}.", lost[0].evidence)],
        )
    else:
        yield question, [Sentence("No non-perfusion is seen.")]
    yield ("Is the loss of capillaries focal or widespread?", [_extent(case, lost)])


def _extent(case: Case, lost: tuple[Finding, ...]) -> Sentence:
    if not case.assessed:
        return _NOT_ASSESSED
    cells = {cell for one in lost for cell in one.cells}
    refs = tuple(dict.fromkeys(ref for one in lost for ref in one.evidence))
    if not cells:
        return Sentence("There is no non-perfusion beyond the usual range.")
    if len(cells) <= 3:
        return Sentence(f"Non-perfusion is focal, {place_words(cells)}.", refs)
    kind = "widespread" if len(cells) > 8 else "patchy"
    return Sentence(f"Non-perfusion is {kind}, {place_words(cells)}.", refs)


def _vessels(case: Case) -> Iterator[Answer]:
    for quadrant, region in zip(QUADRANTS, REGIONS[case.table.image.eye], strict=True):
        nothing = f"The vessels of the {region} quadrant have a usual course and calibre."
        yield (
            f"How do the vessels of the {region} quadrant look?",
            _in_quadrant(case, quadrant, _VESSELS, nothing),
        )
    for question, names, nothing in (
        (
            "Are there microaneurysm-like dilations or neovascular tufts?",
            _VESSELS[2:],
            "No microaneurysm-like dilation and no neovascular tuft is seen.",
        ),
        (
            "Are vessels tortuous or irregular in calibre?",
            _VESSELS[:2],
            "No tortuous vessels are seen, and the calibre is regular.",
        ),
    ):
        found = case.named(*names)
        sentences = [finding_sentence(case, one, n) for n, one in enumerate(found[:4])]
        if not case.assessed:
            sentences = [_NOT_ASSESSED]
        yield question, sentences or [Sentence(nothing)]


def _density(case: Case) -> Iterator[Answer]:
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
        yield question, [_compare(case, (one, first), (other, second))]


def _compare(
    case: Case, one: tuple[str, tuple[str, str]], other: tuple[str, tuple[str, str]]
) -> Sentence:
    (first, here), (second, there) = (_half(case, *one), one), (_half(case, *other), other)
    if first is None or second is None:
        return _NOT_ASSESSED
    if abs(first - second) <= _EQUAL * max(first, second):
        return Sentence(f"Yes, the {one[0]} and {other[0]} halves are about equally dense.")
    less, more = (here, there) if first < second else (there, here)
    cells = _quadrant_cells(less[1][0]) | _quadrant_cells(less[1][1])
    parts = [_within(found, cells) for found in case.named(*_PERFUSION)]
    refs = tuple(dict.fromkeys(r for part in parts if part is not None for r in part.evidence))
    return Sentence(f"No, the {less[0]} half has fewer vessels than the {more[0]} half.", refs)


def _half(case: Case, _name: str, quadrants: tuple[str, str]) -> float | None:
    rows = [case.table.quadrants[name].vessel_density_pct for name in quadrants]
    known = [value for value in rows if value is not None]
    return sum(known) / 2 if len(known) == 2 else None


def _clock(case: Case) -> Iterator[Answer]:
    """Ask at places of the strongest findings, at most two, and else where nothing is found."""
    taken: list[Cell] = []
    for one in sorted(case.located, key=lambda one: -one.strength):
        taken += [cell for cell in one.cells if cell.clock_hour and cell not in taken][:1]
    found = {cell for one in case.located for cell in one.cells}
    axes = [Cell(hour, zone) for zone in ZONES[2:0:-1] for hour in (12, 6, 3, 9)]
    others = [Cell(hour, zone) for zone in ZONES[2:0:-1] for hour in (1, 5, 7, 11, 2, 4, 8, 10)]
    free = [cell for cell in axes + others if cell not in found]
    asked = taken[:2] + free
    asked += [cell for cell in axes if cell not in asked]
    for cell in asked[:4]:
        place = place_words([cell])
        parts = [_within(one, {cell}) for one in case.located]
        seen = [part for part in parts if part is not None]
        sentences = [_there(part) for part in seen]
        if not case.assessed:
            sentences = [_NOT_ASSESSED]
        yield (
            f"What is seen {place}?",
            sentences or [Sentence(f"No abnormality is seen {place}.")],
        )


def _why_not(case: Case) -> Iterator[Answer]:
    others = [name for name in case.table.probabilities if name != case.stage] or [case.stage]
    for number in range(2):
        other = others[number % len(others)]
        ask = ("Why is this eye not staged as {}?", "What speaks against {} here?")
        question = ask[number if len(others) == 1 else 0].format(stage_name(other))
        yield question, [_against(case, other)]


def _against(case: Case, other: str) -> Sentence:
    name = stage_name(other)
    marked = [one for one in case.findings if one.name != NO_ABNORMALITY]
    refs = tuple(dict.fromkeys(ref for one in marked for ref in one.evidence[:3]))
    if other not in _COURSE or case.stage not in _COURSE:
        return Sentence(f"The image as a whole is not {name}.", case.strongest())
    if other == "Healthy" and marked:
        names = dict.fromkeys(one.name for one in marked)
        things = [_sign(one, marked) for one in names]
        return Sentence(f"It is not {name}, because it shows {join(things)}.", refs)
    if other == "Healthy":
        return Sentence(f"The image as a whole is not {name}, though no single finding stands out.",
                        case.strongest())  # fmt: skip
    if not marked:
        return Sentence(f"The image as a whole is not {name}.", case.strongest())
    more = _COURSE.index(case.stage) > _COURSE.index(other)
    why = "more than that stage would allow" if more else "less than that stage would need"
    return Sentence(f"It is not {name}, because the changes here are {why}.", refs)


def _sign(name: str, findings: list[Finding]) -> str:
    if name in FAZ_FINDINGS:
        return "an enlarged FAZ" if name == FAZ_FINDINGS[0] else "an irregular FAZ"
    return things([one for one in findings if one.name == name])


def _certainty(case: Case) -> Iterator[Answer]:
    words = certainty(case.table.probabilities[case.stage])
    text = f"This stage is {words}."
    open_to = [
        stage_name(name)
        for name, p in case.table.probabilities.items()
        if name != case.stage and p >= 0.1
    ]
    sentences = [Sentence(text, case.strongest())]
    if open_to:
        sentences.append(Sentence(f"In this image, {join(open_to, 'or')} cannot be ruled out."))
    yield "How certain is this stage?", sentences
    limits = "Nothing in the image limits the reading."
    if case.table.warnings:
        limits = "Yes, the image has peculiarities that call for care."
    yield (
        "Does anything limit what can be read from this image?",
        [
            Sentence(limits),
            Sentence("A single image of one layer shows only part of the eye in any case."),
        ],
    )
