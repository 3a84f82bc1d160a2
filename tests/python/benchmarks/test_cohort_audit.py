# SPDX-License-Identifier: Apache-2.0
"""The audit of a synthetic cohort: each of its checks can fail, its numbers are right."""

from __future__ import annotations

import dataclasses
import itertools
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cohort
import small_cohort
from cohort_checks import (
    EyeFiles,
    check_edits,
    distance_to_polygon,
    drawn_by_reference,
    label_by_rule,
    pixels_off_the_graph,
    polygon_area_mm2,
    read_eye,
)
from cohort_features import balanced_accuracy, best_cuts, intraclass_correlation
from exits import MET, MISSED
from gftcore import synth
from gftcore.synth import PlannedEye

pytestmark = pytest.mark.filterwarnings("ignore:FOLD_LACKS_CLASS")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 sparse eyes: 7 Healthy, 3 NPDR, 2 PDR."""
    out = tmp_path_factory.mktemp("audit") / "cohort"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PlannedEye, "parameters", small_cohort.sparse)
        for eye in synth.write_cohort(out, subjects=6):
            assert eye.status == "made"
    return out


@pytest.fixture(scope="module")
def eyes(folder: Path) -> dict[str, EyeFiles]:
    """One eye of each class."""
    plan = synth.plan_cohort(6)
    return {eye.label: read_eye(folder, eye.id) for eye in plan.eyes}


def test_drawing_in_tiles_is_drawing(eyes: dict[str, EyeFiles]) -> None:
    rng = np.random.default_rng(4)
    vessels = np.column_stack([rng.uniform(-0.1, 1.1, (40, 4)), rng.uniform(0.001, 0.05, 40)])
    edges = synth.Edges(
        node1_xyz=np.column_stack([vessels[:, :2], np.zeros(40)]),
        node2_xyz=np.column_stack([vessels[:, 2:4], np.zeros(40)]),
        radius=vessels[:, 4],
    )
    np.testing.assert_array_equal(drawn_by_reference(vessels), synth.draw_mask(edges))
    eye = eyes["PDR"]
    assert pixels_off_the_graph(eye) == 0
    mask = eye.mask.copy()
    mask[600, 3] ^= True
    assert pixels_off_the_graph(dataclasses.replace(eye, mask=mask)) == 1


def test_distance_to_a_polygon() -> None:
    notched = np.array([[0, 0], [0, 10], [10, 10], [10, 6], [4, 5], [10, 4], [10, 0]], dtype=float)
    points = np.array([[5, 2], [8, 5], [13, 14], [-2, 5], [4, 5], [3, 5], [11, 5], [0, 12]])
    expected = [0, 4 / np.hypot(6, 1), 5, 2, 0, 0, np.sqrt(2), 2]
    np.testing.assert_allclose(distance_to_polygon(points, notched), expected, atol=1e-12)
    assert polygon_area_mm2(notched) == pytest.approx(94 * (3 / 1216) ** 2)


def test_edits_explain_every_pixel(eyes: dict[str, EyeFiles]) -> None:
    for label, eye in eyes.items():
        found = check_edits(eye)
        assert found.unexplained == 0
        assert found.changed == found.in_lesions + found.on_segments
        assert (found.in_lesions > 1000) == (label != "Healthy")
    # What is not told is found: a lesion or an edit that the truth keeps back, or a stray pixel.
    eye = eyes["NPDR"]
    assert check_edits(without(eye, lesions=[])).unexplained > 1000
    told = eye.document["edits"]
    for kind in [kind for kind in told if told[kind]["segment"]]:
        edits = {name: value for name, value in told.items() if name != kind}
        assert check_edits(without(eye, edits=edits)).unexplained > 0
    mask = eyes["Healthy"].mask.copy()
    mask[608, 608] ^= True
    assert check_edits(dataclasses.replace(eyes["Healthy"], mask=mask)).unexplained == 1


def without(eye: EyeFiles, **changes: Any) -> EyeFiles:
    return dataclasses.replace(eye, document=eye.document | changes)


def test_the_label_rule() -> None:
    def lesion(kind: str, side_px: float = 10.0) -> dict[str, Any]:
        square = np.array([[0, 0], [0, 1], [1, 1], [1, 0]]) * side_px
        return {"type": kind, "polygon_rowcol_px": square.tolist()}

    large = np.sqrt(0.2) * 1216 / 3
    for lesions, label in (
        ([], "Healthy"),
        ([lesion("faz_enlargement", 300)], "Healthy"),
        ([lesion("microaneurysm")], "NPDR"),
        ([lesion("non_perfusion", large - 1)], "NPDR"),
        ([lesion("non_perfusion", large + 1)], "PDR"),
        ([lesion("tuft")], "PDR"),
    ):
        assert label_by_rule({"lesions": lesions}) == label


def brute_force(values: np.ndarray, labels: np.ndarray) -> float:
    cuts = np.unique(np.r_[-np.inf, values, np.inf])
    best = 0.0
    for low, high in itertools.combinations_with_replacement(cuts, 2):
        part = (values > low).astype(int) + (values > high)
        for classes in itertools.permutations(range(3)):
            best = max(best, balanced_accuracy(np.array(classes)[part], labels))
    return best


def test_best_cuts_equal_brute_force() -> None:
    rng = np.random.default_rng(5)
    for number in range(40):
        labels = np.r_[0, 1, 2, rng.integers(0, 3, 9)]
        values = rng.normal(size=12) + (number % 3) * labels
        if number % 2:
            values = values.round()
        predicted = best_cuts(values, labels).predict(values)
        assert balanced_accuracy(predicted, labels) == pytest.approx(brute_force(values, labels))
    assert balanced_accuracy(best_cuts(np.ones(9), np.arange(9) % 3).predict(np.ones(9)),
                             np.arange(9) % 3) == pytest.approx(1 / 3)  # fmt: skip
    cuts = best_cuts(np.array([1.0, 2, 3, 4, 5, 6]), np.array([2, 2, 0, 0, 1, 1]))
    assert (cuts.low, cuts.high, cuts.classes) == (2.5, 4.5, (2, 0, 1))


def test_intraclass_correlation() -> None:
    right = np.array([1.0, 2, 3, 4])
    assert intraclass_correlation(right, right) == 1
    assert intraclass_correlation(right, right[::-1]) < 0
    left = right + np.array([0.5, -0.5, 0.5, -0.5])
    between, within = 2 * np.var([1.25, 1.75, 3.25, 3.75], ddof=1), 0.125
    expected = (between - within) / (between + within)
    assert intraclass_correlation(right, left) == pytest.approx(expected)


def run(monkeypatch: pytest.MonkeyPatch, *args: object) -> int:
    monkeypatch.setattr(sys, "argv", ["cohort.py", *map(str, args)])
    return cohort.main()


def test_the_program(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(cohort, "likeness_checks", lambda *_: ([], []))  # of six subjects: chance
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    args = (copy, "--samples", 3, "--json", tmp_path / "a.json", "--pictures", tmp_path / "p")
    assert run(monkeypatch, *args) == MET
    out = capsys.readouterr().out
    assert "ok   lesions make the label of the manifest: 12 of 12" in out
    assert "ok   graphs drawn by the reference equal masks: 3 of 3" in out
    assert "ok   changed pixels explained: 3 of 3 eyes" in out
    document = json.loads((tmp_path / "a.json").read_bytes())
    assert all(check["kept"] for check in document["checks"])
    assert document["scores"][0]["train"] >= document["scores"][-1]["train"]
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == [
        "Healthy.png", "NPDR.png", "PDR.png",
    ]  # fmt: skip

    path = copy / "masks" / "0001_OD_DCP.png"
    mask = np.array(Image.open(path))
    mask[600:603, 600:603] ^= True
    Image.fromarray(mask).save(path)
    assert run(monkeypatch, copy, "--samples", 12) == MISSED
    out = capsys.readouterr().out
    assert "FAIL graphs drawn by the reference equal masks: 11 of 12; most in 0001_OD_DCP" in out
    assert "FAIL changed pixels explained: 11 of 12" in out


def test_likeness(folder: Path) -> None:
    """Six subjects whose eyes are equal, then such whose left eyes are mixed up."""
    from gftcore.datasets import read_manifest

    manifest = read_manifest(folder / "manifest.csv")
    subject = np.repeat(np.arange(6.0), 2)
    alike = [dict.fromkeys(cohort.ALIKE, value) for value in subject]
    checks, table = cohort.likeness_checks(manifest, alike)
    assert checks
    assert all(check.kept for check in checks)
    assert {row["own"] for row in table} == {1.0}
    mixed = [
        dict.fromkeys(cohort.ALIKE, v) for v in np.where(np.arange(12) % 2, subject + 1, subject)
    ]
    mixed[-1] = dict.fromkeys(cohort.ALIKE, 0.0)
    checks, _ = cohort.likeness_checks(manifest, mixed)
    assert not all(check.kept for check in checks)
