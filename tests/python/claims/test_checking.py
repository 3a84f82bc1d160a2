# SPDX-License-Identifier: Apache-2.0
"""Single rules of the claim checker, on facts small enough to see the answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import claim_cases
from gftcore import claims as checker
from gftcore.claims import Answer, AnswerFinding, Claim, Facts
from gftcore.claims.places import ANYWHERE, PlaceWord, cells_of, clock_hours
from gftcore.claims.words import mend
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError
from gftcore.findings.vocabulary import FINDINGS


@dataclass(frozen=True)
class Found:
    name: str
    cells: tuple[tuple[int | None, str], ...]
    evidence: tuple[tuple[str, int], ...] = ()


FACTS = Facts(
    eye="OD",
    stage="NPDR",
    findings=(
        Found("non-perfusion", ((2, "outer"),), (("ica", 7),)),
        Found("non-perfusion", ((9, "parafoveal"),), (("ica", 3), ("ica", 4))),
        Found("FAZ enlarged", ((None, "foveal"),), (("faz", 0),)),
    ),
)
CLEAN = Facts(eye="unknown", stage="Healthy", findings=(Found("no abnormality", ()),))


def verdict(claim: Claim, facts: Facts = FACTS) -> str:
    return checker.check_claims([claim], facts)[0].verdict


def said(text: str, facts: Facts = FACTS) -> list[tuple[str, bool, str]]:
    claims = checker.text_claims(text, eye=facts.eye)
    checked = checker.check_claims(claims, facts)
    return [(one.claim.value, one.claim.negated, one.verdict) for one in checked]


@pytest.mark.parametrize(
    ("value", "negated", "cells", "expected"),
    [
        ("non-perfusion", False, None, "supported"),
        ("non-perfusion", False, {(2, "outer"), (3, "outer")}, "supported"),
        ("non-perfusion", False, {(2, "parafoveal")}, "unsupported"),
        ("non-perfusion", False, set(), "unsupported"),
        ("non-perfusion", True, None, "contradicted"),
        ("non-perfusion", True, {(9, "parafoveal")}, "contradicted"),
        ("non-perfusion", True, {(8, "parafoveal")}, "supported"),
        ("non-perfusion", True, set(), "unsupported"),
        ("neovascular tuft", False, None, "unsupported"),
        ("neovascular tuft", True, None, "supported"),
        ("no abnormality", False, None, "contradicted"),
        ("no abnormality", False, {(5, "outer")}, "supported"),
        ("no abnormality", True, None, "supported"),
        ("other", False, None, "unsupported"),
        ("other", True, None, "unsupported"),
    ],
)
def test_findings(value, negated, cells, expected) -> None:
    cells = None if cells is None else frozenset(cells)
    assert verdict(Claim(kind="finding", value=value, negated=negated, cells=cells)) == expected


@pytest.mark.parametrize(
    ("kind", "value", "negated", "expected"),
    [
        ("stage", "NPDR", False, "supported"),
        ("stage", "PDR", False, "contradicted"),
        ("stage", "PDR", True, "supported"),
        ("stage", "DR", False, "supported"),
        ("stage", "DR", True, "contradicted"),
        ("stage", "Healthy", False, "contradicted"),
        ("laterality", "OD", False, "supported"),
        ("laterality", "OS", False, "contradicted"),
        ("laterality", "OU", False, "unsupported"),
    ],
)
def test_stages_and_sides(kind, value, negated, expected) -> None:
    assert verdict(Claim(kind=kind, value=value, negated=negated)) == expected


def test_an_eye_without_findings_excludes_them() -> None:
    assert verdict(Claim(kind="finding", value="neovascular tuft"), CLEAN) == "contradicted"
    assert verdict(Claim(kind="finding", value="no abnormality"), CLEAN) == "supported"
    assert verdict(Claim(kind="laterality", value="OD"), CLEAN) == "unsupported"


def test_truth_says_nothing_about_what_it_does_not_name() -> None:
    truth = Facts.of_truth(eye="OS", stage=None, cells={"neovascular tuft": set()})
    assert (
        verdict(Claim(kind="finding", value="neovascular tuft", negated=True), truth) == "supported"
    )
    for negated in (False, True):
        claim = Claim(kind="finding", value="tortuous vessels", negated=negated)
        assert verdict(claim, truth) == "unsupported"
    assert verdict(Claim(kind="stage", value="PDR"), truth) == "unsupported"


def test_evidence_is_that_of_the_findings_in_the_place() -> None:
    here, anywhere = checker.check_claims(
        [
            Claim(kind="finding", value="non-perfusion", cells=frozenset({(9, "parafoveal")})),
            Claim(kind="finding", value="non-perfusion"),
        ],
        FACTS,
    )
    assert here.evidence == (("ica", 3), ("ica", 4))
    assert anywhere.evidence == (("ica", 7), ("ica", 3), ("ica", 4))


def test_both_sides_of_the_same_words() -> None:
    """Only nasal and temporal depend on the side; without a side they mean nothing."""
    for text in ("dropout superonasally", "nasal dropout", "dropout temporal to the fovea"):
        right, left, unknown = (
            checker.text_claims(text, eye=eye)[0].cells for eye in ("OD", "OS", "unknown")
        )
        assert right
        assert right != left
        assert {((12 - (h or 0)) % 12 or 12, z) for h, z in right} == left
        assert unknown == frozenset()
    for text in ("dropout at 2 o'clock", "upper left dropout", "dropout in the fovea"):
        cells = {checker.text_claims(text, eye=eye)[0].cells for eye in ("OD", "OS", "unknown")}
        assert len(cells) == 1


def test_a_text_of_several_sentences() -> None:
    text = (
        "Right eye with NPDR. There is non-perfusion at 2 o'clock; no tufts. "
        "The FAZ is enlarged. Is there ischaemia? PDR cannot be excluded."
    )
    assert said(text) == [
        ("OD", False, "supported"),
        ("NPDR", False, "supported"),
        ("non-perfusion", False, "supported"),
        ("neovascular tuft", True, "supported"),
        ("FAZ enlarged", False, "supported"),
    ]


def test_traps_of_naming_a_stage() -> None:
    assert said("Not PDR.") == [("PDR", True, "supported")]
    assert said("Non-proliferative.") == [("NPDR", False, "supported")]
    assert said("NPDR, not PDR") == [("NPDR", False, "supported"), ("PDR", True, "supported")]


def test_a_place_given_twice_is_cut() -> None:
    (claim,) = checker.text_claims("dropout nasally at 2 o'clock, parafoveal", eye="OD")
    assert claim.cells == {(2, "parafoveal")}
    (claim,) = checker.text_claims("dropout nasally at 9 o'clock", eye="OD")
    assert claim.cells == frozenset()


def test_a_list_of_places() -> None:
    claims = checker.text_claims(
        "Dropout in the foveal zone, at 2 and 8 o'clock and from 4 to 5 o'clock in the parafoveal "
        "zone and at 3 o'clock in the outer zone; beading superiorly, inferiorly and nasally.",
        eye="OD",
    )
    dropout = [claim.cells for claim in claims if claim.value == "non-perfusion"]
    assert dropout == [
        {(None, "foveal")},
        {(2, "parafoveal")},
        {(8, "parafoveal")},
        {(4, "parafoveal"), (5, "parafoveal")},
        {(3, "outer")},
    ]
    assert len(claims) == len(dropout) + 3


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("2 o'clock", ((2,),)),
        ("2 and 4 o'clock", ((2,), (4,))),
        ("from 2 to 4 o'clock", ((2, 3, 4),)),
        ("between 11 and 1 o'clock", ((11, 12, 1),)),
        ("7-8 o'clock", ((7, 8),)),
        ("ten or eleven o'clock", ((10,), (11,))),
        ("clock hours 3, 5 and 7", ((3,), (5,), (7,))),
    ],
)
def test_clock_hours(text, places) -> None:
    assert clock_hours(text) == places


def test_quadrants_cover_the_image() -> None:
    names = ("up left", "up right", "down left", "down right")
    quadrants = [cells_of([PlaceWord("direction", name)], "OD") for name in names]
    assert frozenset().union(*quadrants) | {(None, "foveal")} == ANYWHERE
    assert cells_of([], "OD") == ANYWHERE


def test_banned_words() -> None:
    text = "Knowledge of the table: an edge (red) with probability 0.93; treatment is advised."
    kinds = [kind for kind, _ in checker.banned_words(text)]
    assert kinds == ["table", "edge", "colour", "probability", "number", "treatment", "treatment"]
    assert checker.banned_words("Notable, stable, gradual, reduced; 2 o'clock in 54 eyes") == ()


def test_spelling() -> None:
    assert (
        mend("microanurysm, temporarlly, neovasuclar") == "microaneurysm, temporally, neovascular"
    )
    assert mend("quadrants of vascular segments") == "quadrants of vascular segments"


def test_structured_answers() -> None:
    answer = Answer(
        stage="severe non-proliferative DR",
        eye="right eye",
        findings=(
            AnswerFinding(name="non-perfusion", region="2 and 5 o'clock, outer"),
            AnswerFinding(name="dropout", region="nowhere known"),
            AnswerFinding(name="neovascular tuft", present=False, region="all four quadrants"),
            AnswerFinding(name="FAZ enlarged", region="temporal"),
            AnswerFinding(name="something else", eye="OS"),
        ),
    )
    checked = checker.check_claims(checker.answer_claims(answer, eye="OD"), FACTS)
    assert [(one.claim.value, one.verdict) for one in checked] == [
        ("NPDR", "supported"),
        ("OD", "supported"),
        ("OS", "contradicted"),
        ("non-perfusion", "supported"),
        ("non-perfusion", "unsupported"),
        ("non-perfusion", "unsupported"),
        *[("neovascular tuft", "supported")] * 4,
        ("FAZ enlarged", "supported"),
        ("other", "unsupported"),
    ]


def test_a_stage_nobody_knows_is_wrong() -> None:
    (claim,) = checker.answer_claims(Answer(stage="stage four"))
    assert verdict(claim) == "contradicted"


def test_located_claims_are_scored() -> None:
    claims = checker.text_claims(
        "Dropout at 2 o'clock and at 6 o'clock, no dropout at 9 o'clock, tufts, enlarged FAZ"
    )
    score = checker.score_locations(claims, FACTS.findings[:2])
    assert (score.count, score.precision, score.recall, score.cells_per_claim) == (2, 0.5, 0.5, 2.0)
    empty = checker.score_locations([], [])
    assert (empty.count, empty.precision, empty.recall, empty.cells_per_claim) == (0, *[None] * 3)


@given(
    st.tuples(st.floats(0, 1215), st.floats(0, 1215)),
    st.lists(st.floats(2, 90), min_size=5, max_size=20),
)
def test_cells_of_lesions_equal_those_of_independent_code(middle, radii) -> None:
    turns = 2 * np.pi * np.arange(len(radii)) / len(radii)
    polygon = np.array(middle) + np.array(radii)[:, None] * np.c_[np.sin(turns), np.cos(turns)]
    spot = claim_cases.spots_of(polygon)
    if not spot:  # wholly between pixels, or beside the image
        return
    (cells,) = checker.lesion_cells(
        [polygon], fovea=(607.5, 607.5), mm_per_px=3 / 1216, shape=(1216, 1216)
    )
    assert {(hour or 0, zone) for hour, zone in cells} == spot


def test_lesions_without_a_pixel() -> None:
    tiny = [[600.2, 900.2], [600.2, 900.4], [600.4, 900.4]]
    (cells,) = checker.lesion_cells(
        [tiny], fovea=(607.5, 607.5), mm_per_px=3 / 1216, shape=(1216, 1216)
    )
    assert cells == {(3, "parafoveal")}


def test_lesions_beside_the_image_are_nowhere() -> None:
    square = np.array([[-9.0, 600.0], [-9.0, 640.0], [-5.0, 640.0], [-5.0, 600.0]])
    # Its frame has a corner of the image, and no pixel of that is inside.
    corner = np.array([[-400.0, 30.0], [30.0, -400.0], [-400.0, -400.0]])
    options = {"fovea": (607.5, 607.5), "mm_per_px": 3 / 1216, "shape": (1216, 1216)}
    above, beside = checker.lesion_cells([square, corner], **options)
    assert above == beside == frozenset()
    assert claim_cases.spots_of(corner) == frozenset()
    (touching,) = checker.lesion_cells([square + np.array([6, 0])], **options)
    assert touching == {(12, "outer")}


def test_bad_input() -> None:
    with pytest.raises(ArgumentTypeError, match="text must be a str"):
        checker.text_claims(None)
    with pytest.raises(ArgumentTypeError, match="text must be a str"):
        checker.banned_words(3)
    with pytest.raises(ArgumentError, match="eye"):
        checker.text_claims("", eye="left")
    with pytest.raises(ArgumentTypeError, match="answer must be an Answer"):
        checker.answer_claims({})
    with pytest.raises(ArgumentTypeError, match="facts must be Facts"):
        checker.check_claims([], None)
    with pytest.raises(ArgumentTypeError, match="claims must be of Claim"):
        checker.check_claims(["PDR"], FACTS)
    with pytest.raises(ArgumentError, match="clock hour"):
        Facts.of_truth(eye="OD", stage=None, cells={"non-perfusion": {(0, "outer")}})
    with pytest.raises(ArgumentError, match="findings"):
        Facts.of_truth(eye="OD", stage=None, cells={"IRMA": {(1, "outer")}})
    options = {"fovea": (1.0, 1.0), "mm_per_px": 1.0, "shape": (3, 3)}
    with pytest.raises(ShapeError, match="at least 3 vertices"):
        checker.lesion_cells([[[0, 0], [1, 1]]], **options)
    with pytest.raises(ArgumentError, match="min_share"):
        checker.lesion_cells([], **options, min_share=2)


@given(st.text(alphabet="no dropFAZ ' ckl2,.;:?tsuperinal-PDR", max_size=80))
def test_any_text_is_read(text) -> None:
    for claim in checker.text_claims(text, eye="OD"):
        assert claim.value in (
            *FINDINGS,
            "other",
            "Healthy",
            "NPDR",
            "PDR",
            "DR",
            "OD",
            "OS",
            "OU",
        )
        assert claim.cells is None or claim.cells <= ANYWHERE
