# SPDX-License-Identifier: Apache-2.0
"""Faults planted into right pairs are seen, each by its code. Exactness: exact."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache

import pytest

from gftcore.teacher import Pair, TeachingCase, TemplateTeacher, check_pair, check_pairs
from lesson_cases import LABELS, drawn_case, teaching_case
from words_cases import findings

Fault = Callable[[TeachingCase, Pair], Pair | None]
SEEDS = range(9)
NAMES = {"Healthy": "a healthy eye", "NPDR": "NPDR", "PDR": "PDR"}


@cache
def right(seed: int) -> tuple[TeachingCase, tuple[Pair, ...]]:
    case = drawn_case(seed)
    pairs = tuple(pair for stage in (1, 2) for pair in TemplateTeacher().teach(case, stage).pairs)
    assert len(pairs) == 31
    return case, pairs


def said_too(text: str) -> Fault:
    return lambda _, pair: dataclasses.replace(pair, answer=f"{pair.answer} {text}")


def asked_too(text: str) -> Fault:
    return lambda _, pair: dataclasses.replace(pair, question=pair.question[:-1] + text)


def other_stage(case: TeachingCase, pair: Pair) -> Pair:
    other = next(name for name in LABELS if name != case.label)
    return dataclasses.replace(pair, answer=f"{pair.answer} The image shows {NAMES[other]}.")


def denied_stage(case: TeachingCase, pair: Pair) -> Pair:
    name = case.label.lower() if case.label == "Healthy" else case.label
    return dataclasses.replace(pair, answer=f"{pair.answer} It is not {name}.")


def other_eye(case: TeachingCase, pair: Pair) -> Pair:
    side = "right" if case.eye == "OS" else "left"
    return dataclasses.replace(pair, answer=f"{pair.answer} This is a {side} eye.")


def own_key(case: TeachingCase, pair: Pair) -> Pair:
    return dataclasses.replace(pair, answer=f"{pair.answer} It is {case.key}.")


def absent_finding(case: TeachingCase, pair: Pair) -> Pair | None:
    there = {one.name for one in case.findings}
    names = {"neovascular tuft": "neovascular tuft", "non-perfusion": "non-perfusion"}
    missing = next((words for name, words in names.items() if name not in there), None)
    if missing is None:
        return None
    return dataclasses.replace(pair, answer=f"{pair.answer} There is {missing} in this image.")


#: To all 31 pairs of each eye.
ANYWHERE: dict[str, tuple[Fault, set[str]]] = {
    "other stage": (other_stage, {"stage"}),
    "denied stage": (denied_stage, {"stage"}),
    "other eye": (other_eye, {"laterality"}),
    "absent finding": (absent_finding, {"claim", "region"}),
    "own key": (own_key, {"identifier"}),
    "number": (said_too("It covers 31.5 % of it."), {"number"}),
    "count": (said_too("There are 14 of them."), {"number"}),
    "treatment": (said_too("Laser treatment is recommended."), {"treatment"}),
    "advice": (said_too("The eye should be examined in three months."), {"treatment"}),
    "overlay": (said_too("The overlay marks it."), {"banned"}),
    "colour": (said_too("It is shown in red."), {"banned"}),
    "graph": (said_too("The nodes of the graph say so."), {"banned"}),
    "label": (said_too("This agrees with the label."), {"banned"}),
    "refusal": (said_too("I cannot say more, as I am an AI."), {"refusal"}),
    "mail": (said_too("Ask eye@clinic.example for more."), {"identifier"}),
    "file": (said_too("This is image.dcm in the set."), {"identifier"}),
    "date": (said_too("It was taken on 3 May 2021."), {"identifier"}),
    "person": (said_too("The patient is Mrs. Jones."), {"identifier"}),
    "html": (said_too("This is <i>so</i>."), {"markup"}),
    "token": (said_too("The end is here.<|im_start|>"), {"markup"}),
    "two lines": (said_too("\nThat is all."), {"text"}),
    "hidden": (said_too("That is\u200b all."), {"text"}),
    "other script": (said_too("\u8fd9\u662f."), {"text"}),
    "question in the answer": (said_too("Is it?"), {"form"}),
    "endless": (said_too("And it is so. " * 60), {"length"}),
    "no question": (asked_too("."), {"form"}),
    "question with the overlay": (asked_too(" in the overlay?"), {"banned"}),
    "question with an image token": (asked_too(" <image>?"), {"markup"}),
    "question with a path": (asked_too(" of /data/eyes?"), {"identifier"}),
    "no answer": (lambda _, pair: dataclasses.replace(pair, answer=""), {"length"}),
    "one word": (lambda _, pair: dataclasses.replace(pair, answer="Yes."), {"length"}),
    "no slot": (lambda _, pair: dataclasses.replace(pair, slot="extra"), {"slot"}),
}


@pytest.mark.parametrize("name", ANYWHERE)
def test_a_fault_anywhere_is_seen(name: str) -> None:
    fault, expected = ANYWHERE[name]
    seen = 0
    for seed in SEEDS:
        case, pairs = right(seed)
        for pair in pairs:
            wrong = fault(case, pair)
            if wrong is None:
                continue
            codes = {one.code for one in check_pair(case, wrong)}
            assert codes & expected, (seed, wrong, codes)
            seen += 1
    assert seen >= 31


OPPOSITE = {"superior": "inferior", "inferior": "superior", "upper": "lower", "lower": "upper"}
SIDES = {"nasal": "temporal", "temporal": "nasal", "left": "right", "right": "left"}


def swapped(text: str, words: dict[str, str]) -> str:
    return " ".join(words.get(word, word) for word in text.split(" "))


@pytest.mark.parametrize("words", [OPPOSITE, SIDES], ids=["height", "side"])
def test_another_quadrant_is_seen(words: dict[str, str]) -> None:
    """In the question, and in the answer where it names a place."""
    for seed in SEEDS:
        case, pairs = right(seed)
        for pair in pairs:
            if pair.slot.split(".")[-1] in ("TL", "TR", "BL", "BR"):
                wrong = dataclasses.replace(pair, question=swapped(pair.question, words))
                assert "place" in {one.code for one in check_pair(case, wrong)}, wrong
                wrong = dataclasses.replace(pair, answer=swapped(pair.answer, words))
                assert wrong == pair or check_pair(case, wrong), wrong


@pytest.mark.parametrize("words", [OPPOSITE, SIDES], ids=["height", "side"])
def test_the_other_half_is_seen(words: dict[str, str]) -> None:
    seen = 0
    slot = "density.1" if words is OPPOSITE else "density.2"
    for seed in range(60):
        case = drawn_case(seed)
        (pair,) = (p for p in TemplateTeacher().raw_pairs(case, 2) if p.slot == slot)
        if pair.answer.startswith("No"):
            assert check_pair(case, pair) == ()
            wrong = dataclasses.replace(pair, answer=swapped(pair.answer, words))
            assert [one.code for one in check_pair(case, wrong)] == ["density"]
            seen += 1
    assert seen > 20


def test_sides_that_change_places_are_seen() -> None:
    """One finding: each sentence that names its region is false on the other side."""
    case = one_finding()
    seen = 0
    for pair in TemplateTeacher().teach(case, 2).pairs:
        wrong = dataclasses.replace(pair, answer=swapped(pair.answer, {**OPPOSITE, **SIDES}))
        if "non-perfusion" in pair.answer.lower() and wrong != pair:
            assert {"claim", "region", "place"} & {one.code for one in check_pair(case, wrong)}
            seen += 1
    assert seen >= 2


def one_finding() -> TeachingCase:
    found = findings()[:1]
    return teaching_case(findings=found)


def test_other_hours_are_seen() -> None:
    case = one_finding()
    pairs = TemplateTeacher().teach(case, 2).pairs
    told = [pair for pair in pairs if "from 1 to 2 o'clock" in pair.answer]
    assert len(told) >= 3
    for pair in told:
        wrong = pair.answer.replace("from 1 to 2 o'clock", "from 7 to 8 o'clock")
        codes = {one.code for one in check_pair(case, dataclasses.replace(pair, answer=wrong))}
        assert codes & {"region", "claim", "place"}, pair


def test_answers_of_another_eye_are_dropped() -> None:
    """Lessons about one eye, checked against another one."""
    kept = total = 0
    for seed in SEEDS:
        _, pairs = right(seed)
        other = drawn_case(seed + 9)
        plan = [pair for pair in pairs if pair.slot != "stage"]
        kept += len(check_pairs(other, 2, plan).pairs)
        total += len(plan)
    assert kept < 0.65 * total


def test_without_facts_no_claim_stands() -> None:
    """Negative control: what nobody looked for is not known, whatever the table says."""
    case, pairs = right(0)
    blind = dataclasses.replace(case, findings=())
    claiming = [pair for pair in pairs if check_pair(blind, pair)]
    assert {pair.slot for pair in claiming} >= {"perfusion.TL", "vessels.1"}
    assert not [pair for pair in claiming if check_pair(case, pair)]
