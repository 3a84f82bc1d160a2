# SPDX-License-Identifier: Apache-2.0
"""Lessons about generated eyes, whose lesions are known. Exactness: exact."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest

from claim_cases import FINDING_OF, MIDDLE, MM_PER_PX, SIDE
from gftcore import pipeline, synth
from gftcore.claims import Facts, check_claims, lesion_cells, text_claims
from gftcore.pipeline.reporting import CASE_KEEP
from gftcore.staging import default_model
from gftcore.synth import EyeTruth
from gftcore.teacher import SLOTS, Pair, TeachingCase, TemplateTeacher, check_pairs, prompt
from gftcore.teacher.survivors import overlooked

EYES = (("Healthy", "OD"), ("NPDR", "OS"), ("PDR", "OD"), ("PDR", "OS"))
TEACHER = TemplateTeacher()


@cache
def made(number: int) -> tuple[TeachingCase, Facts]:
    """Return an eye as its table sees it, and its lesions as facts."""
    label, side = EYES[number]
    parameters = synth.draw_parameters(label, eye=side, seed=5, stream=number)
    few = synth.GrowthOptions.test_profile(svc=40, dvc=50)
    growth = parameters.growth.replace(svc=few.svc, dvc=few.dvc)
    eye = synth.make_eye(seed=5, stream=number, parameters=parameters.replace(growth=growth))
    source = pipeline.model_source(default_model())
    source = dataclasses.replace(source, extract=source.extract.replace(eye=side))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (said,) = pipeline.explain_images(
            [eye.image],
            config=pipeline.ExplainConfig(target=label),
            source=source,
            keep=CASE_KEEP,
        )
        assert isinstance(said, pipeline.ExplainedImage)
        found = pipeline.make_case(said, image_id=f"eye-{number}")
    case = TeachingCase(
        image_id=f"eye-{number}",
        table=found.table,
        findings=found.findings,
        label=label,
        image=eye.image,
        overlay=said.picture(),
    )
    return case, lesions(eye.truth)


def lesions(truth: EyeTruth) -> Facts:
    places: dict[str, set[tuple[int | None, str]]] = {name: set() for name in FINDING_OF.values()}
    for lesion in truth.lesions:
        (cells,) = lesion_cells(
            [lesion.polygon_rowcol_px],
            fovea=(MIDDLE, MIDDLE),
            mm_per_px=MM_PER_PX,
            shape=(SIDE, SIDE),
        )
        name = FINDING_OF[lesion.type]
        places[name] |= {(None, "foveal")} if name == "FAZ enlarged" else cells
    return Facts.of_truth(eye=truth.eye, stage=truth.label, cells=places)


@pytest.mark.parametrize("number", range(len(EYES)))
def test_all_pairs_agree_with_the_table(number: int) -> None:
    case, _ = made(number)
    assert case.findings
    for stage in SLOTS:
        lesson = TEACHER.teach(case, stage)
        assert lesson.dropped == ()
        assert lesson.pairs == TEACHER.raw_pairs(case, stage)


@pytest.mark.parametrize("number", range(len(EYES)))
def test_no_means_no(number: int) -> None:
    """By first words alone, without the claim checker."""
    case, truth = made(number)
    case = dataclasses.replace(case, truth=truth)
    said = {pair.slot: pair.answer for pair in TEACHER.teach(case, 2).pairs}
    large = bool(truth.where("FAZ enlarged"))
    if "faz.1" in said:
        assert ("usual size" in said["faz.1"]) is not large
    if "faz.4" in said and large:
        assert said["faz.4"].startswith("Yes")
    lost = truth.where("non-perfusion")
    if "perfusion.1" in said:
        assert ("no non-perfusion" in said["perfusion.1"].lower()) is not bool(lost)
    if "vessels.1" in said and "no neovascular tuft" in said["vessels.1"]:
        assert not truth.where("neovascular tuft")
    if "diagnosis.4" in said and said["diagnosis.4"].startswith("No"):
        assert not truth.abnormal
    assert {"faz.1", "faz.2", "faz.4", "perfusion.1"} & set(said)


def refuted(pairs: tuple[Pair, ...], facts: Facts) -> Iterator[object]:
    for pair in pairs:
        for one in check_claims(text_claims(pair.answer, eye=facts.eye), facts):
            judged = one.claim.kind != "finding" or one.claim.value in facts.known
            if judged and one.verdict != "supported":
                yield one.claim


@pytest.mark.parametrize("number", range(len(EYES)))
def test_what_is_kept_agrees_with_the_lesions(number: int) -> None:
    """By the claim checker alone; before the checks it is not so."""
    case, truth = made(number)
    case = dataclasses.replace(case, truth=truth)
    before = after = 0
    for stage in SLOTS:
        raw = TEACHER.raw_pairs(case, stage)
        lesson = TEACHER.teach(case, stage)
        if overlooked(case):
            # Of the second eye no lesion is found: nothing is said of its stage.
            assert number == 1
            assert not [p for p in lesson.pairs if p.slot.startswith(("stage", "diag", "why"))]
        else:
            assert len(lesson.pairs) >= 0.5 * len(raw)
            assert len(check_pairs(case, stage, raw).pairs) <= len(lesson.pairs)
        before += len([*refuted(raw, truth)])
        after += len([*refuted(lesson.pairs, truth)])
    assert after == 0
    assert before > 0


def test_pictures_are_bounded() -> None:
    case, _ = made(2)
    assert case.overlay is not None
    assert case.image.dtype == np.uint8
    assert [max(image.shape) for image in prompt(case, 1).images] == [304, 1024]
