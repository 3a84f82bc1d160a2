# SPDX-License-Identifier: Apache-2.0
"""Structured answers with planted errors: the checker finds them, and little else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from claim_cases import ERRORS, MIDDLE, MM_PER_PX, SIDE, Eye, Planted, finding_ok, make_eyes, plant
from gftcore import claims as checker
from gftcore.claims import Answer, AnswerFinding

EACH = 100
FOVEAL = (None, "foveal")


@pytest.fixture(scope="module")
def eyes() -> list[Eye]:
    return make_eyes(8)


@pytest.fixture(scope="module")
def planted(eyes: list[Eye]) -> list[tuple[Eye, Planted]]:
    """100 answers with each of five errors, and 100 without any."""
    rng = np.random.default_rng(2025)
    cases = []
    for error in (*ERRORS, ""):
        made = 0
        while made < EACH:
            eye = eyes[int(rng.integers(len(eyes)))]
            one = plant(eye, error, rng)
            if one is not None:
                cases.append((eye, one))
                made += 1
    return cases


def facts_of(eye: Eye) -> checker.Facts:
    cells = {}
    for name, outlines in eye.outlines.items():
        each = checker.lesion_cells(
            outlines, fovea=(MIDDLE, MIDDLE), mm_per_px=MM_PER_PX, shape=(SIDE, SIDE)
        )
        cells[name] = set().union(*each)
        if name == "FAZ enlarged":
            cells[name] = {FOVEAL} if outlines else set()
    return checker.Facts.of_truth(eye=eye.side, stage=eye.stage, cells=cells)


def verdicts(answer: Answer, facts: checker.Facts) -> list[str]:
    claims = checker.answer_claims(answer, eye=facts.eye)
    return [one.verdict for one in checker.check_claims(claims, facts)]


def parts(case: Planted) -> list[tuple[Answer, bool]]:
    """Split an answer into answers of one statement, each with what the polygons say of it."""
    answer = case.answer
    split = [(Answer(stage=answer.stage), case.stage_ok), (Answer(eye=answer.eye), case.eye_ok)]
    each = zip(answer.findings, case.findings_ok, strict=True)
    return [*split, *((Answer(findings=(one,)), ok) for one, ok in each)]


def rates(planted, facts, change=lambda answer: answer):
    """Return the share of false statements caught, by error, and that of true ones flagged."""
    caught = {error: [] for error in ERRORS}
    flagged = []
    for eye, case in planted:
        for answer, ok in parts(case):
            alarm = set(verdicts(change(answer), facts[id(eye)])) != {"supported"}
            if ok:
                flagged.append(alarm)
            else:
                caught[case.error].append(alarm)
    return {error: float(np.mean(some)) for error, some in caught.items()}, float(np.mean(flagged))


def test_planted_errors_are_caught(eyes, planted) -> None:
    facts = {id(eye): facts_of(eye) for eye in eyes}
    caught, false_alarms = rates(planted, facts)
    print(f"caught {caught}, false alarms {false_alarms:.4f}")
    assert min(caught.values()) >= 0.95, caught
    assert false_alarms <= 0.02


def test_a_whole_answer_is_wrong_where_a_part_is(eyes, planted) -> None:
    facts = {id(eye): facts_of(eye) for eye in eyes}
    for eye, case in planted:
        whole = verdicts(case.answer, facts[id(eye)])
        alone = [v for answer, _ in parts(case) for v in verdicts(answer, facts[id(eye)])]
        assert sorted(set(whole)) == sorted(set(alone))


def test_each_case_holds_one_error(planted) -> None:
    assert len(planted) == EACH * 6
    for _, case in planted:
        assert sum(not ok for _, ok in parts(case)) == (case.error != "")


def test_a_checker_without_places_fails(eyes, planted) -> None:
    facts = {id(eye): facts_of(eye) for eye in eyes}

    def placeless(answer: Answer) -> Answer:
        return replace(answer, findings=tuple(replace(f, region="") for f in answer.findings))

    caught, false_alarms = rates(planted, facts, placeless)
    assert caught["region"] < 0.95
    assert false_alarms > 0.02


def test_the_other_side_is_noticed(eyes, planted) -> None:
    """Nasal and temporal taken for each other spoil what is said of eyes with few lesions."""
    facts = {id(eye): facts_of(eye) for eye in eyes}
    other = {"OD": "OS", "OS": "OD"}
    wrong = []
    for eye, case in planted:
        for one, ok in zip(case.answer.findings, case.findings_ok, strict=True):
            if ok and eye.stage == "NPDR" and {"nasal", "temporal"} & set(one.region.split()):
                claims = checker.answer_claims(Answer(findings=(one,)), eye=other[eye.side])
                checked = checker.check_claims(claims, facts[id(eye)])
                wrong.append({v.verdict for v in checked} != {"supported"})
    assert np.mean(wrong) > 0.02


def test_polygons_say_what_a_person_sees(eyes) -> None:
    sick = next(eye for eye in eyes if eye.stage == "PDR")
    assert not finding_ok(AnswerFinding(name="no abnormality"), sick)
    assert finding_ok(AnswerFinding(name="non-perfusion"), sick)
    healthy = next(eye for eye in eyes if eye.stage == "Healthy")
    assert finding_ok(AnswerFinding(name="no abnormality"), healthy)
