# SPDX-License-Identifier: Apache-2.0
"""The teacher by rule: all that it says of facts is true, in varied words. Exactness: exact."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections import Counter
from pathlib import Path

import pytest

import gftcore.teacher
from gftcore.claims import Facts
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.findings import FINDINGS, Cell, find_findings, finding_thresholds
from gftcore.teacher import SLOTS, TeachingCase, TemplateTeacher, check_pair, check_pairs
from gftcore.teacher.survivors import overlooked, surviving
from gftcore.teacher.wording import KINDS, kind_of, question_words, questions
from lesson_cases import LABELS, drawn_case, pixels, teaching_case
from tabled import eye_graph, full_table, with_eye
from words_cases import NOTHING, findings, table

TEACHER = TemplateTeacher()
#: Changed questions need a new version of the teacher, and a new line here.
VERSIONS = {"template/1": "076642b6333f49d4726d676731914243c3d552625f0c11a1b6f53c3ca2dcd7f9"}


def lessons(case: TeachingCase) -> list[gftcore.teacher.Lesson]:
    return [TEACHER.teach(case, stage) for stage in SLOTS]


@pytest.mark.parametrize("seed", range(60))
def test_all_pairs_about_known_facts_pass_unchanged(seed: int) -> None:
    case = drawn_case(seed)
    for stage, lesson in enumerate(lessons(case), start=1):
        assert lesson.dropped == ()
        assert lesson.pairs == TEACHER.raw_pairs(case, stage)
        assert tuple(pair.slot for pair in lesson.pairs) == SLOTS[stage]


def measured_case(seed: int, eye: str, label: str) -> TeachingCase:
    """Return a drawn image, its graph, the network's table and what stands out among others."""
    graph = with_eye(eye_graph(seed), eye)
    limits = finding_thresholds([eye_graph(other) for other in (0, 2, 4)])
    found = find_findings(graph, limits)
    base = full_table(seed)
    given = dataclasses.replace(
        base,
        image=dataclasses.replace(base.image, eye=eye),
        target=label,
        nodes=(),
        edges=(),
    )
    return TeachingCase(
        image_id=f"eye-{seed}", table=given, findings=found, label=label,
        image=pixels(seed, 96),
    )  # fmt: skip


@pytest.mark.parametrize("eye", ["OD", "OS", "unknown"])
@pytest.mark.parametrize("seed", [1, 3, 5])
def test_all_pairs_about_measured_eyes_pass(seed: int, eye: str) -> None:
    for label in LABELS:
        case = measured_case(seed, eye, label)
        assert case.findings
        for lesson in lessons(case):
            assert lesson.dropped == ()


@pytest.mark.parametrize("eye", ["OD", "OS", "unknown"])
@pytest.mark.parametrize("label", LABELS)
def test_eyes_by_hand(eye: str, label: str) -> None:
    for found in (findings(eye), NOTHING, ()):
        case = teaching_case(eye, label, findings=found)
        assert [lesson.dropped for lesson in lessons(case)] == [(), ()]


def test_without_faz_nodes_and_edges() -> None:
    bare = table(faz=None, nodes=(), edges=(), warnings=("EMPTY_MASK", "NO_FAZ"))
    case = teaching_case(table=bare, findings=())
    assert [lesson.dropped for lesson in lessons(case)] == [(), ()]


def test_the_label_is_the_stage_whatever_the_network_says() -> None:
    for label in LABELS:
        (pair,) = TEACHER.teach(teaching_case(label=label), 1).pairs
        assert table().prediction == "NPDR"
        names = {"Healthy": "a healthy eye", "NPDR": "(NPDR)", "PDR": "(PDR)"}
        assert names[label] in pair.answer


def test_equal_cases_have_equal_lessons_whatever_they_are_called() -> None:
    one, other = teaching_case(image_id="a"), teaching_case(image_id="subject-9")
    assert lessons(one) == lessons(other)


def test_the_facts_filter() -> None:
    """What the lesions do not bear out is not said, nor denied where they say otherwise."""
    cells = {(1, "outer"), (2, "outer")}
    known = {"non-perfusion": cells, "FAZ enlarged": {(None, "foveal")}, "tortuous vessels": ()}
    truth = Facts.of_truth(eye="OD", stage=None, cells=known)
    case = teaching_case(truth=truth)
    raw = {pair.slot: pair for pair in TEACHER.raw_pairs(case, 2)}
    lesson = TEACHER.teach(case, 2)
    kept = {pair.slot: pair for pair in lesson.pairs}
    assert check_pair(case, raw["diagnosis.2"])
    assert "tortuous" in raw["diagnosis.2"].answer.lower()
    assert "tortuous" not in kept["diagnosis.2"].answer.lower()
    assert "Non-perfusion" in kept["diagnosis.2"].answer
    assert check_pair(case, raw["vessels.BL"])
    assert "tortuous vessels are" in raw["vessels.BL"].answer.lower()
    assert "neither tortuous nor" in kept["vessels.BL"].answer
    # Lesions in other cells: nothing is found there, which is not so.
    more = {**known, "non-perfusion": {*cells, (10, "outer")}}
    other = teaching_case(truth=Facts.of_truth(eye="OD", stage=None, cells=more))
    dropped = {one.slot: one.code for one in TEACHER.teach(other, 2).dropped}
    assert dropped["perfusion.TL"] == "claim"
    (stage,) = TEACHER.teach(case, 1).pairs
    assert "tortuous" not in stage.answer
    before = check_pairs(case, 2, raw.values())
    assert len(before.pairs) < len(lesson.pairs) <= 30


def test_findings_are_cut_to_the_cells_of_the_lesions() -> None:
    known = {"non-perfusion": {(2, "outer")}, "microaneurysm-like dilation": ()}
    case = teaching_case(truth=Facts.of_truth(eye="OD", stage=None, cells=known))
    left = {one.name: one for one in surviving(case)}
    assert left["non-perfusion"].cells == (Cell(2, "outer"),)
    assert left["non-perfusion"].regions == ("superior nasal",)
    assert "microaneurysm-like dilation" not in left
    # Of these the lesions know nothing.
    assert left["tortuous vessels"] == next(
        one for one in case.findings if one.name == "tortuous vessels"
    )
    assert surviving(teaching_case()) == findings()
    assert surviving(teaching_case(findings=())) == ()


def test_a_healthy_eye_has_only_what_its_lesions_have() -> None:
    none = dict.fromkeys(FINDINGS, ())
    truth = Facts.of_truth(eye="OD", stage=None, cells=none)
    case = teaching_case(label="Healthy", truth=truth)
    assert [one.name for one in surviving(case)] == ["no abnormality"]
    assert not overlooked(case)
    for lesson in lessons(case):
        assert lesson.dropped == ()
        assert not [p for p in lesson.pairs if "is seen at" in p.answer and "No" not in p.answer]
    (pair,) = TEACHER.teach(case, 1).pairs
    assert "No abnormality" in pair.answer


def test_nothing_is_said_of_a_stage_whose_lesions_nobody_found() -> None:
    cells = {**dict.fromkeys(FINDINGS, ()), "neovascular tuft": {(5, "outer")}}
    truth = Facts.of_truth(eye="OD", stage=None, cells=cells)
    case = teaching_case(truth=truth)
    assert overlooked(case)
    first, second = lessons(case)
    assert [(one.slot, one.code) for one in first.dropped] == [("stage", "unseen")]
    codes = {one.slot: one.code for one in second.dropped}
    assert {codes[slot] for slot in SLOTS[2] if slot.startswith(("diagnosis", "why-not"))} <= {
        "unseen",
        "claim",
    }
    assert "unseen" in codes.values()
    assert {pair.slot for pair in second.pairs} >= {"faz.1", "perfusion.TL", "certainty.1"}
    assert codes["vessels.1"] == "claim"
    # Negative control: what was found, may be spoken of.
    found = dataclasses.replace(case, truth=None)
    assert not overlooked(found)
    assert lessons(found)[0].dropped == ()


def test_questions_of_this_version() -> None:
    source = Path(str(gftcore.teacher.__file__)).with_name("questions.json").read_bytes()
    assert hashlib.sha256(source).hexdigest() == VERSIONS[TemplateTeacher.name]


def test_each_kind_has_several_questions_and_none_is_shared() -> None:
    assert set(questions()) == set(KINDS)
    assert {kind_of(slot) for slots in SLOTS.values() for slot in slots} == set(KINDS)
    texts = [text for words in questions().values() for text in words]
    assert len(set(texts)) == len(texts) > 120
    for kind, words in questions().items():
        assert len(words) >= 6
        named = kind in ("perfusion.quadrant", "vessels.quadrant", "density", "clock", "why-not")
        assert [text.count("{about}") for text in words] == [int(named)] * len(words)
        assert all(text.endswith("?") for text in words)


@pytest.mark.parametrize("slot", [slot for slots in SLOTS.values() for slot in slots])
def test_all_questions_are_asked(slot: str) -> None:
    asked = {question_words(slot, "x", str(seed)) for seed in range(200)}
    assert asked == {text.format(about="x") for text in questions()[kind_of(slot)]}


def worded(case: TeachingCase) -> dict[str, int]:
    """Which wording each slot has: its place in the file."""
    out = {}
    for stage in SLOTS:
        for pair in TEACHER.raw_pairs(case, stage):
            patterns = [
                re.escape(text).replace(r"\{about\}", ".+")
                for text in questions()[kind_of(pair.slot)]
            ]
            (out[pair.slot],) = [
                i for i, one in enumerate(patterns) if re.fullmatch(one, pair.question)
            ]
    return out


def test_wording_depends_on_the_pixels_alone() -> None:
    """The same image with other labels, findings, tables and eyes is asked in the same words."""
    image = pixels(5)
    seen = []
    for seed in range(30):
        other = drawn_case(seed)
        case = dataclasses.replace(other, image=image)
        seen.append(worded(case))
    assert all(one == seen[0] for one in seen)
    assert worded(drawn_case(6)) != seen[0]


def test_answers_differ_by_content_alone() -> None:
    """The frame of an answer does not tell the label either."""
    for seed in range(20):
        cases = [teaching_case(label=label, image=pixels(seed)) for label in LABELS]
        first = [TEACHER.raw_pairs(case, 2)[0].answer for case in cases[1:]]
        frames = {answer.split("proliferative")[0].removesuffix("non-") for answer in first}
        assert len(frames) == 1


def test_no_wording_is_rare_with_a_label() -> None:
    """Over many images, wordings are spread alike in each stage."""
    counts: dict[str, Counter[str]] = {label: Counter() for label in LABELS}
    for seed in range(300):
        label = LABELS[seed % 3]
        case = teaching_case(label=label, image=pixels(seed))
        (pair,) = TEACHER.raw_pairs(case, 1)
        counts[label][pair.question] += 1
    for label in LABELS:
        assert len(counts[label]) == len(questions()["stage"])
        assert max(counts[label].values()) < 30


def test_answers_vary() -> None:
    case = teaching_case()
    texts: dict[str, set[str]] = {}
    for seed in range(40):
        for pair in TEACHER.raw_pairs(dataclasses.replace(case, image=pixels(seed)), 2):
            texts.setdefault(pair.slot, set()).add(pair.answer)
    assert sum(len(some) > 1 for some in texts.values()) >= 24


def test_lessons_are_plain_text() -> None:
    text = json.dumps([dataclasses.asdict(x) for x in lessons(drawn_case(4))], ensure_ascii=False)
    assert text.isascii()


def test_what_is_refused() -> None:
    with pytest.raises(ArgumentError, match="stage must be one of 1, 2"):
        TEACHER.teach(teaching_case(), 0)
    with pytest.raises(ArgumentTypeError, match="case must be a TeachingCase"):
        TEACHER.raw_pairs(table(), 1)  # type: ignore[arg-type]
