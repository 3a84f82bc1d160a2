# SPDX-License-Identifier: Apache-2.0
"""Replies, right and broken. Exactness: exact."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.teacher import (
    CODES,
    SLOTS,
    Dropped,
    Lesson,
    Pair,
    TemplateTeacher,
    check_pairs,
    read_lesson,
)
from gftcore.teacher.lessons import MAX_REPLY
from lesson_cases import drawn_case, teaching_case

CASE = teaching_case()
PAIRS = {stage: TemplateTeacher().raw_pairs(CASE, stage) for stage in SLOTS}


def reply(pairs: Any = PAIRS[2], **more: Any) -> str:
    rows = [dataclasses.asdict(one) if isinstance(one, Pair) else one for one in pairs]
    return json.dumps({"pairs": rows, **more})


@pytest.mark.parametrize("stage", SLOTS)
def test_a_right_reply_is_kept_whole(stage: int) -> None:
    lesson = read_lesson(CASE, stage, reply(PAIRS[stage]))
    assert lesson == Lesson(stage=stage, pairs=PAIRS[stage], dropped=())
    assert lesson.usable
    assert lesson.reason == ""


def test_slots_may_come_in_any_order() -> None:
    lesson = read_lesson(CASE, 2, reply(PAIRS[2][::-1]))
    assert lesson.pairs == PAIRS[2]


@pytest.mark.parametrize(
    "form",
    ["{}", " \n\t{}\n\n", "```json\n{}\n```", "```\n{}\n```", "\n```json\r\n{}\r\n```  \n"],
)
def test_blanks_and_a_fence_do_no_harm(form: str) -> None:
    assert read_lesson(CASE, 2, form.replace("{}", reply())).pairs == PAIRS[2]


STAGE = dataclasses.asdict(PAIRS[1][0])
WHOLE = json.dumps(STAGE)
#: Replies to the staging question, and what is said of them.
BROKEN = {
    "nothing": ("", "must be JSON and nothing else"),
    "prose": ("This image shows NPDR.", "must be JSON and nothing else"),
    "prose before": (f"Here it is: {reply([STAGE])}", "must be JSON and nothing else"),
    "prose after": (f"{reply([STAGE])} Done.", "must be JSON and nothing else"),
    "prose before a fence": (f"Here:\n```json\n{reply([STAGE])}\n```", "must be JSON"),
    "two fences": (f"```\n{reply([STAGE])}\n```\n```\n{{}}\n```", "must be JSON"),
    "other fence": (f"```python\n{reply([STAGE])}\n```", "must be JSON"),
    "cut": (reply([STAGE])[:-3], "must be JSON and nothing else"),
    "single quotes": (reply([STAGE]).replace('"', "'"), "must be JSON and nothing else"),
    "byte order mark": ("\ufeff" + reply([STAGE]), "must be JSON and nothing else"),
    "comma at the end": (reply([STAGE])[:-1] + ",}", "must be JSON and nothing else"),
    "two objects": (reply([STAGE]) * 2, "must be JSON and nothing else"),
    "line end in text": (reply([STAGE]).replace(". ", ".\n"), "must be JSON"),
    "a list": (f"[{WHOLE}]", 'one object with a list "pairs"'),
    "a text": ('"pairs"', 'one object with a list "pairs"'),
    "null": ("null", 'one object with a list "pairs"'),
    "a number": ("1" * 5000, "must be JSON"),
    "other key": (json.dumps({"items": [STAGE]}), 'one object with a list "pairs"'),
    "more keys": (reply([STAGE], note="x"), "no other key"),
    "pairs is an object": (json.dumps({"pairs": STAGE}), 'a list "pairs"'),
    "pairs twice": (f'{{"pairs": [], "pairs": [{WHOLE}]}}', "no key may stand twice"),
    "slot twice": (reply([STAGE]).replace('"slot"', '"slot": "x", "slot"'), "stand twice"),
    "pair is a list": (reply([["stage", "q", "a"]]), "slot, question, answer only"),
    "pair is null": (reply([None]), "slot, question, answer only"),
    "key missing": (reply([{"slot": "stage", "question": "Q?"}]), "slot, question, answer only"),
    "key more": (reply([{**STAGE, "id": "1"}]), "slot, question, answer only"),
    "answer is null": (reply([{**STAGE, "answer": None}]), "must be text"),
    "answer is a list": (reply([{**STAGE, "answer": []}]), "nested deeper"),
    "answer is a number": (reply([{**STAGE, "answer": 4}]), "must be text"),
    "NaN": (reply([{**STAGE, "answer": float("nan")}]), "NaN is no JSON"),
    "no pair": (reply([]), "each slot is needed once; missing: stage"),
    "stage twice": (reply([STAGE, STAGE]), "more than once: stage"),
    "foreign slot": (reply([STAGE, {**STAGE, "slot": "note"}]), "1 that nobody asked for"),
    "slot of the plan": (reply([{**STAGE, "slot": "faz.1"}]), "missing: stage; 1 that nobody"),
    "deep": ("[" * 100_000, "nested deeper"),
    "deep objects": ('{"pairs":' * 5000, "nested deeper"),
    "huge": (reply([{**STAGE, "answer": "a" * MAX_REPLY}]), "at most 100000 characters"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_reply_is_reported(name: str) -> None:
    text, reason = BROKEN[name]
    lesson = read_lesson(CASE, 1, text)
    assert not lesson.pairs
    assert not lesson.usable
    assert reason in lesson.reason
    assert [one.slot for one in lesson.dropped] == ["stage"]
    assert lesson.dropped[0].code in ("reply", "slots")
    # Nothing of a reply that nobody can read goes back.
    assert len(lesson.reason) < 150


def test_brackets_in_text_are_no_nesting() -> None:
    pair = {**STAGE, "answer": 'This is "NPDR" [[[[{{{{ \\" }'}
    lesson = read_lesson(CASE, 1, reply([pair]))
    assert lesson.usable
    assert lesson.dropped[0].code == "markup"


def test_all_missing_slots_are_named() -> None:
    lesson = read_lesson(CASE, 2, reply(PAIRS[2][2:]))
    assert lesson.reason == "each slot is needed once; missing: diagnosis.1, diagnosis.2"
    assert {one.code for one in lesson.dropped} == {"slots"}
    assert len(lesson.dropped) == 30


def test_a_bad_pair_is_dropped_and_the_others_stay() -> None:
    pairs = [dataclasses.asdict(one) for one in PAIRS[2]]
    pairs[4]["answer"] = "The FAZ has a usual size."
    pairs[9]["answer"] = "Laser treatment is recommended here."
    lesson = read_lesson(CASE, 2, reply(pairs))
    assert lesson.usable
    assert len(lesson.pairs) == 28
    assert [(one.slot, one.code) for one in lesson.dropped] == [
        ("faz.1", "claim"),
        ("perfusion.TR", "treatment"),
    ]
    assert lesson.reason.splitlines() == [
        'faz.1: contradicted by what is known: "The FAZ has a usual size."',
        'perfusion.TR: the answer must not advise: "Laser, treatment, recommended"; '
        'no finding that was asked for is read in "Laser treatment is recommended here."',
    ]


def test_a_reason_is_short() -> None:
    pairs = [{**dataclasses.asdict(one), "answer": "PDR " * 200} for one in PAIRS[2]]
    lesson = read_lesson(CASE, 2, reply(pairs))
    assert len(lesson.dropped) == 30
    assert len(lesson.reason) <= 2000
    many = Lesson(stage=2, pairs=(), dropped=tuple(Dropped(s, "text", "bad") for s in SLOTS[2]))
    assert many.reason.splitlines()[-1] == "and 18 more"


def test_codes_are_known() -> None:
    for name, (text, _) in BROKEN.items():
        assert {one.code for one in read_lesson(CASE, 1, text).dropped} <= set(CODES), name


def test_a_question_stands_once() -> None:
    pairs = list(PAIRS[2])
    pairs[5] = dataclasses.replace(pairs[5], question=f"The {pairs[4].question.lower()}")
    lesson = check_pairs(CASE, 2, pairs)
    assert [(one.slot, one.code) for one in lesson.dropped] == [("faz.2", "duplicate")]
    assert "that of faz.1" in lesson.dropped[0].reason


def test_an_answer_that_claims_something_stands_three_times() -> None:
    answer = "The FAZ is enlarged."
    pairs = [
        dataclasses.replace(one, answer=answer)
        if one.slot in ("diagnosis.2", "diagnosis.4", "faz.1", "faz.4", "certainty.2")
        else one
        for one in PAIRS[2]
    ]
    dropped = check_pairs(CASE, 2, pairs).dropped
    assert [(one.slot, one.code) for one in dropped] == [
        ("faz.4", "duplicate"),
        ("certainty.2", "duplicate"),
    ]


def test_that_nothing_is_there_may_be_said_as_often_as_asked() -> None:
    case = drawn_case(12)
    assert not case.findings
    lesson = TemplateTeacher().teach(case, 2)
    answers = [one.answer for one in lesson.pairs]
    assert answers.count("This cannot be judged in this image.") > 10
    assert lesson.dropped == ()


def test_an_echo_is_no_answer() -> None:
    pair = dataclasses.replace(PAIRS[1][0], question="Is this the NPDR stage, healthy or PDR?")
    echo = dataclasses.replace(pair, answer="This is the NPDR stage, healthy or PDR.")
    assert check_pairs(CASE, 1, [echo]).dropped
    one = Pair(slot="faz.4", question="Is FAZ enlarged?", answer="The FAZ is enlarged.")
    whole = [one if pair.slot == one.slot else pair for pair in PAIRS[2]]
    (dropped,) = check_pairs(CASE, 2, whole).dropped
    assert dropped == ("faz.4", "duplicate", "the answer repeats the question", one)


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["pairs", "slot", "question", "answer", "x"]), inner, max_size=4
            )
        ),
        max_leaves=20,
    )
)
def test_any_json_is_reported(value: Any) -> None:
    lesson = read_lesson(CASE, 1, json.dumps(value))
    assert {one.slot for one in (*lesson.pairs, *lesson.dropped)} == {"stage"}


@settings(max_examples=200, deadline=None)
@given(question=st.text(max_size=60), answer=st.text(max_size=60), slot=st.text(max_size=8))
def test_any_text_is_reported(question: str, answer: str, slot: str) -> None:
    for text in (question, reply([{"slot": slot, "question": question, "answer": answer}])):
        assert len(read_lesson(CASE, 1, text).dropped) == 1
    row = {"slot": "stage", "question": question, "answer": answer}
    lesson = read_lesson(CASE, 1, reply([row]))
    assert len(lesson.dropped) + len(lesson.pairs) == 1
    lesson.reason.encode()


@pytest.mark.parametrize(
    "text", ["a" * 90_000, "PDR " * 20_000, "1_" * 40_000, "The superior half is less than " * 37]
)
def test_long_texts_come_to_an_end(text: str) -> None:
    """Whatever a text does to a pattern, nobody waits for it; one that backtracks never ends."""
    lesson = read_lesson(CASE, 1, reply([{**STAGE, "answer": text}]))
    assert lesson.dropped
    read_lesson(CASE, 1, '{"pairs": ["' + '\\"' * 40_000)
    read_lesson(CASE, 1, "```json\n" + "\n ```" * 15_000)


def test_lone_surrogates_are_reported() -> None:
    pair = {**STAGE, "answer": "This is NPDR \ud800."}
    lesson = read_lesson(CASE, 1, reply([pair]))
    assert [one.code for one in lesson.dropped] == ["text"]
    lesson.reason.encode()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: read_lesson(CASE, 1, b"{}"), ArgumentTypeError),  # type: ignore[arg-type]
        (lambda: read_lesson(CASE, 3, "{}"), ArgumentError),
        (lambda: read_lesson(None, 1, "{}"), ArgumentTypeError),  # type: ignore[arg-type]
        (lambda: check_pairs(CASE, 1, [1]), ArgumentTypeError),  # type: ignore[list-item]
        (lambda: check_pairs(CASE, 2, PAIRS[1]), ArgumentError),
        (lambda: Pair(slot="stage", question="Q?", answer=None), ArgumentTypeError),  # type: ignore[arg-type]
    ],
)
def test_what_is_refused(call: Callable[[], object], error: type[Exception]) -> None:
    with pytest.raises(error):
        call()
