# SPDX-License-Identifier: Apache-2.0
"""Facts of lesions, against cells that are found without the package."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import claim_cases
from gftcore import synth
from gftcore.errors import ArgumentError
from gftcore.findings import FINDINGS
from gftcore.pipeline import LESION_OF, truth_facts
from gftcore.synth.lesions import LESION_TYPES
from gftcore.tabulation import Fovea

MIDDLE = (claim_cases.SIDE - 1) / 2


def truths(count: int) -> list[synth.EyeTruth]:
    few = synth.GrowthOptions.test_profile(svc=20, dvc=25)
    out = []
    for i, label in enumerate(("NPDR", "PDR", "Healthy", "PDR")[:count]):
        parameters = synth.draw_parameters(label, eye=("OD", "OS")[i % 2], seed=5, stream=i)
        growth = parameters.growth.replace(svc=few.svc, dvc=few.dvc)
        parameters = parameters.replace(growth=growth)
        out.append(synth.make_eye(seed=5, stream=i, parameters=parameters).truth)
    return out


def fovea(truth: synth.EyeTruth, side: int = claim_cases.SIDE, **more: object) -> Fovea:
    middle = (side - 1) / 2
    given = {"shape": (side, side), "row": middle, "col": middle, "mm_per_px": 3.0 / side}
    return Fovea(**{**given, "eye": truth.eye, **more})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def eyes() -> list[synth.EyeTruth]:
    return truths(4)


def test_cells_are_those_of_the_polygons(eyes: list[synth.EyeTruth]) -> None:
    seen = set()
    for truth in eyes:
        facts = truth_facts(truth, fovea(truth), label=truth.label)
        assert (facts.eye, facts.stage) == (truth.eye, truth.label)
        assert facts.known == {*LESION_OF, "no abnormality"}
        wanted = claim_cases.eye_of(truth).spots
        for name, kind in LESION_OF.items():
            twin = next(n for n, k in LESION_OF.items() if k == kind)
            cells = {(hour or None, zone) for hour, zone in wanted[twin]}
            assert facts.where(name) == cells
            seen |= {name} if cells else set()
        if truth.label == "Healthy":
            assert not facts.abnormal
    assert seen == set(LESION_OF)
    assert list(LESION_OF) == [name for name in FINDINGS if name in LESION_OF]
    assert set(LESION_OF.values()) == set(LESION_TYPES)


def test_another_size_of_the_mask_and_another_fovea(eyes: list[synth.EyeTruth]) -> None:
    truth = eyes[1]
    wanted = truth_facts(truth, fovea(truth), label="PDR")
    assert truth_facts(truth, fovea(truth, 608), label="PDR") == wanted
    moved = fovea(truth, row=MIDDLE + 150, col=MIDDLE - 100)
    there = truth_facts(truth, moved, label="PDR")
    assert there != wanted
    back = [
        dataclasses.replace(
            lesion, polygon_rowcol_px=lesion.polygon_rowcol_px - np.array([150, -100])
        )
        for lesion in truth.lesions
    ]
    shifted = dataclasses.replace(truth, lesions=tuple(back))
    inside = all(
        (one.polygon_rowcol_px >= 0).all() and (one.polygon_rowcol_px < claim_cases.SIDE).all()
        for one in (*truth.lesions, *back)
    )
    same = truth_facts(shifted, fovea(truth), label="PDR")
    for name in ("microaneurysm-like dilation", "neovascular tuft"):
        assert not inside or same.where(name) == there.where(name)


def test_the_truth_of_another_eye_is_refused(eyes: list[synth.EyeTruth]) -> None:
    truth = eyes[0]
    other = {"OD": "OS", "OS": "OD"}[truth.eye]
    for wrong, label in (
        (fovea(truth), "PDR"),
        (fovea(truth, eye=other), "NPDR"),
        (fovea(truth, mm_per_px=6.0 / claim_cases.SIDE), "NPDR"),
    ):
        with pytest.raises(ArgumentError, match="truth must be that of a"):
            truth_facts(truth, wrong, label=label)
    unknown = truth_facts(truth, fovea(truth, eye="unknown"), label="NPDR")
    assert unknown.eye == "unknown"
