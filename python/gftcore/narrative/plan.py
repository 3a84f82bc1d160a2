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
    things,
)
from gftcore.narrative.places import (
    NOT_ASSESSED,
    Answer,
    clock,
    density,
    extent,
    perfusion,
    vessels,
    within,
    zone_cells,
)
from gftcore.narrative.text import (
    Case,
    QuestionAnswer,
    Sentence,
    faz_sentences,
    finding_sentence,
)
from gftcore.tabulation.places import QUADRANTS
from gftcore.tabulation.table import Table

__all__ = ["PLAN", "answer_plan"]

#: All slots in their order.
PLAN: tuple[str, ...] = (
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
#: From mild to severe.
_COURSE = ("Healthy", "NPDR", "PDR")
#: Names of findings in one answer, the strongest of each.
_MOST_FINDINGS = 4
#: Whose lack speaks against disease, the first most, in the singular.
_LACKING = {
    "neovascular tuft": "neovascular tuft",
    "non-perfusion": "non-perfusion",
    "microaneurysm-like dilation": "microaneurysm-like dilation",
}
#: A FAZ whose confidence is less is not surely outlined.
_SURE = 0.6


def answer_plan(
    table: Table,
    findings: Iterable[Finding],
    *,
    stage: str | None = None,
    wording: int | None = None,
) -> tuple[QuestionAnswer, ...]:
    """Answer the thirty questions of the plan about one image.

    Parameters
    ----------
    table, findings, stage
        As for `gftcore.narrative.write_text`.
    wording
        A number below 2**64 that chooses one of several wordings for each answer, and which places
        the clock hours are asked of besides those of the strongest findings, in which order. Equal
        numbers choose alike whatever the image shows. None: always the same wording and order.

    Returns
    -------
    tuple of QuestionAnswer
        One for each slot of `PLAN`, in its order: diagnosis, FAZ, perfusion, vessels, density,
        clock hours, other stages, certainty.
    """
    case = Case.checked(table, findings, stage, wording)
    parts = (_diagnosis, _faz, perfusion, vessels, density, clock, _why_not, _certainty)
    texts = [one for part in parts for one in part(case)]
    return tuple(
        QuestionAnswer(slot=slot, question=question, sentences=tuple(sentences), about=about)
        for slot, (question, sentences, about) in zip(PLAN, texts, strict=True)
    )


def _diagnosis(case: Case) -> Iterator[Answer]:
    name = "a healthy eye" if case.stage == "Healthy" else stage_name(case.stage)
    shows = case.reword("The image shows {}.", "This eye shows {}.", "What is seen here is {}.")
    if case.stage == "Healthy":
        shows = case.reword("The image shows {}.", "This is {}.", "What is seen here is {}.")
    yield Answer(
        "What is the stage of diabetic retinopathy in this eye?",
        [Sentence(shows.format(name), case.strongest())],
    )
    yield Answer("Which findings support this stage?", _all_found(case))
    yield Answer("Where in the image is the evidence for this stage strongest?", _strongest(case))
    sure = case.reword(
        "No abnormality is seen beyond the usual range.",
        "No, there is no abnormality beyond the usual range.",
    )
    found = [one for one in case.findings if one.name != NO_ABNORMALITY]
    if found:
        sure = "Yes, several abnormalities lie beyond the usual range."
    if len(found) == 1:
        sure = "Yes, there is an abnormality beyond the usual range."
    if not case.assessed:
        sure = NOT_ASSESSED.text
    refs = tuple(dict.fromkeys(ref for one in found for ref in one.evidence[:3]))
    yield Answer("Is anything beyond the usual range?", [Sentence(sure, refs)])


def _all_found(case: Case) -> list[Sentence]:
    if not case.assessed:
        return [NOT_ASSESSED]
    if case.named(NO_ABNORMALITY):
        whole = "No abnormality stands out; the stage rests on the whole image."
        none = "No abnormality is seen, and nothing speaks for damaged capillaries."
        return [Sentence(none if case.stage == "Healthy" else whole)]
    first: dict[str, Finding] = {}
    for one in case.located:
        first.setdefault(one.name, one)
    if case.stage == "Healthy":
        # What is found beyond the usual range supports no stage without disease; its lack does.
        missing = [f"no {_LACKING[name]}" for name in _LACKING if not case.named(name)]
        if missing:
            return [Sentence(f"There is {join(missing[:2])} in this image.")]
        whole = "The image as a whole supports it, although abnormalities are seen."
        return [Sentence(whole, case.strongest())]
    most = sorted(first.values(), key=lambda one: -one.strength)[:_MOST_FINDINGS]
    told = [one for one in first.values() if one in most]
    out = [finding_sentence(case, one, n) for n, one in enumerate(told)]
    return out + (faz_sentences(case) if case.named(*FAZ_FINDINGS) else [])


def _strongest(case: Case) -> list[Sentence]:
    if case.stage == "Healthy":
        told = case.reword("In no single place", "No single place stands out")
        return [Sentence(f"{told}: the image as a whole looks even.")]
    if case.located:
        best = max(case.located, key=lambda one: one.strength)
        where = f"{join_regions(best.regions)}, {place_words(best.cells)}"
        told = case.reword("It is strongest", "The strongest evidence lies", "It is most marked")
        return [Sentence(f"{told} {where}.", best.evidence)]
    if case.table.nodes:
        best_row = case.table.nodes[0]
        place = place_words([Cell(best_row.clock_hour, best_row.zone)])
        told = case.reword("What counts most lies", "The part that counts most lies")
        return [Sentence(f"{told} {place}.", ((best_row.type, best_row.id),))]
    return [Sentence("No place stands out in this image.")]


def _faz(case: Case) -> Iterator[Answer]:
    refs = (("faz", 0),)
    large, jagged = (case.named(name) for name in FAZ_FINDINGS)
    size = case.reword("The FAZ has a usual size.", "The FAZ is of usual size.")
    outline = case.reword("The FAZ has a regular outline.", "The outline of the FAZ is regular.")
    if large:
        size = case.reword("The FAZ is enlarged.", "The FAZ is larger than usual.")
    if jagged:
        outline = case.reword(
            "The FAZ has an irregular outline.", "The outline of the FAZ is irregular."
        )
    near = [within(one, zone_cells("foveal", "parafoveal")) for one in case.located]
    close = [one for one in near if one is not None]
    around = [finding_sentence(case, one, n) for n, one in enumerate(close)]
    nothing = case.reword("Nothing abnormal is", "No abnormality is")
    around = around[:3] or [Sentence(f"{nothing} seen in the parafoveal zone.")]
    beyond = case.reword(
        "No, the FAZ is neither enlarged nor irregular in outline.",
        "No, the FAZ has a usual size and a regular outline.",
    )
    if large:
        beyond = case.reword("Yes, the FAZ is enlarged.", "Yes, the FAZ is larger than usual.")
    if jagged:
        beyond = case.reword("Yes, its outline is irregular.", "Yes, it has an irregular outline.")
    if large and jagged:
        beyond = case.reword(
            "Yes, the FAZ is enlarged, and its outline is irregular.",
            "Yes, the FAZ is larger than usual, and it has an irregular outline.",
        )
    answers = [
        ("How large is the FAZ?", [Sentence(size, refs)]),
        ("How regular is the outline of the FAZ?", [Sentence(outline, refs)]),
        ("What is seen close to the FAZ?", around),
        ("Is the FAZ itself beyond the usual range?", [Sentence(beyond, refs)]),
    ]
    for question, sentences in answers:
        if case.table.faz is None:
            yield Answer(question, [Sentence("No FAZ can be found in this image.")])
        else:
            yield Answer(question, sentences if case.assessed else [NOT_ASSESSED])


def _why_not(case: Case) -> Iterator[Answer]:
    others = [name for name in case.table.probabilities if name != case.stage] or [case.stage]
    for number in range(2):
        other = others[number % len(others)]
        ask = ("Why is this eye not staged as {}?", "What speaks against calling this eye {}?")
        question = ask[number if len(others) == 1 else 0].format(stage_name(other))
        yield Answer(question, [_against(case, other)], stage_name(other))


def _against(case: Case, other: str) -> Sentence:
    name = stage_name(other)
    marked = [one for one in case.findings if one.name != NO_ABNORMALITY]
    refs = tuple(dict.fromkeys(ref for one in marked for ref in one.evidence[:3]))
    if other not in _COURSE or case.stage not in _COURSE:
        return Sentence(f"The image as a whole is not {name}.", case.strongest())
    if other == "Healthy" and marked:
        names = dict.fromkeys(one.name for one in marked)
        things = [_sign(one, marked) for one in names]
        told = case.reword("It is not {}, because it shows {}.", "It is not {}, as it shows {}.")
        return Sentence(told.format(name, join(things)), refs)
    if other == "Healthy":
        return Sentence(f"The image as a whole is not {name}, though no single finding stands out.",
                        case.strongest())  # fmt: skip
    if not case.assessed:
        return Sentence(f"The image as a whole is not {name}.", case.strongest())
    why = _reason(case, other, marked)
    if not why:
        seen = join([_sign(one, marked) for one in dict.fromkeys(one.name for one in marked)])
        told = f"The image as a whole is not {name}, although it shows {seen}."
        return Sentence(told if seen else f"The image as a whole is not {name}.", case.strongest())
    told = case.reword("It is not {}, because {}.", "This is not {}, as {}.")
    return Sentence(told.format(name, why), refs)


def _reason(case: Case, other: str, marked: list[Finding]) -> str:
    """Say what is there or missing that speaks against another stage than healthy."""
    tufts = [one for one in marked if one.name == "neovascular tuft"]
    if _COURSE.index(case.stage) > _COURSE.index(other):
        kind = extent(cell for one in case.located for cell in one.cells)
        if tufts:
            return f"it shows {things(tufts)}"
        return f"the changes are {kind}" if kind == "widespread" else ""
    if case.stage == "Healthy" and not marked:
        return "no abnormality is seen"
    lacking = _LACKING if case.stage == "Healthy" and other == "NPDR" else ("neovascular tuft",)
    missing = [_LACKING[name] for name in lacking if not case.named(name)]
    return f"no {missing[-1]} is seen" if missing else ""


def _sign(name: str, findings: list[Finding]) -> str:
    if name in FAZ_FINDINGS:
        return "an enlarged FAZ" if name == FAZ_FINDINGS[0] else "an irregular FAZ"
    return things([one for one in findings if one.name == name])


def _certainty(case: Case) -> Iterator[Answer]:
    words = certainty(case.table.probabilities[case.stage])
    text = f"{case.reword('This stage is', 'The stage is')} {words}."
    open_to = [
        stage_name(name)
        for name, p in case.table.probabilities.items()
        if name != case.stage and p >= 0.1
    ]
    sentences = [Sentence(text, case.strongest())]
    if open_to:
        sentences.append(Sentence(f"In this image, {join(open_to, 'or')} cannot be ruled out."))
    yield Answer("How certain is this stage?", sentences)
    limits = "Nothing in the image limits the reading."
    if case.table.warnings:
        limits = "Yes, the image has peculiarities that call for care."
    faz = case.table.faz
    if faz is not None and faz.confidence is not None and faz.confidence < _SURE:
        limits = "Yes, the border between the FAZ and its surroundings is not surely seen."
    part = case.reword(
        "A single image of one layer shows only part of the eye in any case.",
        "In any case, one layer in a single image is only part of the eye.",
    )
    yield Answer(
        "Does anything limit what can be read from this image?", [Sentence(limits), Sentence(part)]
    )
