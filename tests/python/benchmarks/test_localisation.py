# SPDX-License-Identifier: Apache-2.0
"""Tables of localisation: goals met and missed, and the lesions of a generated eye."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lesion_truth
import small_cohort
from gftcore import datasets, graph, synth
from gftcore.datasets import GraphSource
from gftcore.metrics import localisation_scores
from gftcore.synth import PlannedEye
from lesion_truth import TRUTHS, TURNS, turned
from localisation_table import find, goals, markdown, tables

RANKS = ("contribution", "magnitude", "size")
TRUTH = next(iter(TRUTHS))
LESION_TYPES = TRUTHS[TRUTH]


def eye(number: int, *, good: float, rng: np.random.Generator) -> dict[str, Any]:
    """An eye whose contributions and magnitudes know hits by as much as `good`."""

    def scored(strength: float) -> dict[str, Any]:
        hits = np.arange(60) < 15
        scores = rng.normal(size=60) + strength * hits
        return dataclasses.asdict(localisation_scores({"ica": scores}, {"ica": hits}))

    strengths = {"contribution": good, "magnitude": good, "size": 0.0}
    groups = ("ica", "vessel", "nodes")
    nodes = {TRUTH: {g: {r: scored(s) for r, s in strengths.items()} for g in groups}}
    for turn in TURNS:
        nodes[turned(turn)] = {g: {r: scored(0.0) for r in RANKS} for g in groups}
    areas = {"deletion_area": 1.0, "insertion_area": 5.0}
    return {
        "id": f"e{number}",
        "subject": f"s{number}",
        "label": "PDR",
        "predicted": "PDR",
        "at_baseline": "PDR" if number % 2 else "NPDR",
        "nodes": nodes,
        "edges": {TRUTH: {"vv": {"contribution": scored(good)}}},
        "curves": {
            "contribution": areas,
            "random order": {"deletion_area": 3.0, "insertion_area": 3.0},
            "fractions": [0, 1],
        },
    }


def document(good: float) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    eyes = [eye(i, good=good, rng=rng) for i in range(20)]
    eyes.append({**eyes[0], "id": "wrong", "predicted": "NPDR"})
    healthy = {k: v for k, v in eyes[1].items() if k not in ("nodes", "edges")}
    eyes.append({**healthy, "label": "Healthy", "predicted": "Healthy"})
    out = {"synthetic": True, "model_sha256": "0" * 64, "explainer_epochs": 5}
    out |= tables(eyes, [], {}, resamples=200)
    return {**out, "goals": goals(out)}


@pytest.mark.parametrize("good", [0.0, 3.0])
def test_goals_need_intervals_apart(good: float) -> None:
    found = document(good)
    assert len(found["goals"]) == 2 * 2 * 5
    assert {row["met"] for row in found["goals"]} == {good > 0}
    assert [row["rank"] for row in found["goals"] if row["decides"]] == ["contribution"] * 10
    score = find(found, TRUTH, "ica", "contribution")
    assert score["low"] <= score["value"] <= score["high"]


def test_counts_and_tables() -> None:
    found = document(3.0)
    assert (found["images"], found["correct"], found["with_lesions"]) == (22, 21, 20)
    assert found["baseline"][0] == {"label": "all", "eyes": 21, "same": 10}
    curves = {(row["eyes"], row["order"]): row for row in found["curves"]}
    assert curves["lesions", "contribution"]["deletion_better"] == 20
    assert curves["lesions", "random order"]["insertion_better"] == 0
    text = markdown(found)
    assert "21 of 22 test images are staged correctly" in text
    assert "PDR 10 of 20, Healthy 0 of 1" in text
    assert "| lesions | contribution | 1.00 | 20 of 20 | 5.00 | 20 of 20 |" in text
    assert "NOT MET" not in text
    assert "NOT MET" in markdown(document(0.0))
    with pytest.raises(KeyError):
        find(found, "vessels", "ica", "contribution")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:FOLD_LACKS_CLASS")
def test_lesions_of_a_generated_eye(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PlannedEye, "parameters", small_cohort.sparse)
    for made in synth.write_cohort(tmp_path, subjects=10):
        assert made.status == "made"
    manifest = datasets.read_manifest(tmp_path / "manifest.csv")
    record = next(record for record in manifest if record.label != "Healthy")
    source = GraphSource()
    pixels = source.read(tmp_path / str(record.path))
    stored = graph.extract_image(pixels, source.config(record), seg=source.seg)
    found = lesion_truth.read_eye(tmp_path, record, stored, source)
    area = lesion_truth.lesion_area(found.truth, LESION_TYPES)
    for lesion in found.truth.lesions:
        if lesion.type in LESION_TYPES:
            inside = np.round(lesion.polygon_rowcol_px).astype(int)
            inside = inside[((inside >= 0) & (inside < area.shape[0])).all(axis=1)]
            assert area[tuple(inside.T)].all()  # its own outline lies within what it grew to
    own = found.graph.kept["ica_label"]
    ids = found.graph.ica_label_id
    shares = np.array([area[own == i].mean() for i in ids[:40]])
    np.testing.assert_array_equal(found.hits[TRUTH]["ica"][:40], shares >= 0.5)
    assert set(found.hits) >= {*TRUTHS, *(turned(turn) for turn in TURNS), "beading", "tortuosity"}
    other = next(r for r in manifest if r.id != record.id)
    pixels = source.read(tmp_path / str(other.path))
    wrong = graph.extract_image(pixels, source.config(other), seg=source.seg)
    with pytest.raises(RuntimeError, match="the stored graph has another vessel_x than its image"):
        lesion_truth.read_eye(tmp_path, record, wrong, source)
