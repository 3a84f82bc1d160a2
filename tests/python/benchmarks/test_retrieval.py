# SPDX-License-Identifier: Apache-2.0
"""Hits of retrieval: by hand, chance and intervals, and the program on a small cohort."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import retrieval
import small_cohort
from checkout import ROOT
from gftcore import datasets, synth
from gftcore.retrieval import build_index
from gftcore.synth import PlannedEye


def test_hits_by_hand(tmp_path: Path) -> None:
    labels = ["Healthy", "NPDR", "NPDR", "PDR", "Healthy", "NPDR"]
    records = [
        datasets.Record(id=f"{i}", subject=f"{max(i, 1)}", eye="OD", path=f"{i}.png", label=label)
        for i, label in enumerate(labels)
    ]
    manifest = datasets.write_manifest(tmp_path / "manifest.csv", records)
    vectors = {record.id: np.full(8, float(i)) for i, record in enumerate(manifest)}
    index = build_index(records[:5], [vectors[f"{i}"] for i in range(5)], mode="count")
    found = retrieval.hits(index, manifest, [records[5], records[1]], vectors)
    # 5 gets 4, 3 and 2, one of which is NPDR, of five cases with two. 1 gets 2, 3 and 4, which are
    # all the cases but itself and 0, of the same subject.
    np.testing.assert_allclose(found, [[1 / 3, 2 / 5], [1 / 3, 1 / 3]])


@pytest.mark.parametrize("more", [0.5, 0.0, -0.5])
def test_summary(more: float) -> None:
    table = np.array([[0.5 + more, 0.5]] * 4 + [[0.5 + more / 2, 0.5]] * 2)
    found = retrieval.summary(table, np.array(["a", "a", "b", "c", "d", "e"]))
    assert found["hits"] == pytest.approx(0.5 + more * 5 / 6)
    assert found["chance"] == pytest.approx(0.5)
    assert found["difference"] == pytest.approx(more * 5 / 6)
    assert (found["low"] > 0, found["high"] < 0) == (more > 0, more < 0)


def test_images_of_a_subject_are_drawn_together() -> None:
    """Negative control: each image alone makes the interval narrower."""
    table = np.column_stack([np.repeat(np.random.default_rng(2).random(8), 10), np.zeros(80)])
    grouped = retrieval.summary(table, np.repeat(np.arange(8), 10))
    alone = retrieval.summary(table, np.arange(80))
    assert grouped["high"] - grouped["low"] > 2 * (alone["high"] - alone["low"])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:FOLD_LACKS_CLASS")
def test_one_command_one_table(tmp_path: Path) -> None:
    out = tmp_path / "cohort"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PlannedEye, "parameters", small_cohort.sparse)
        for eye in synth.write_cohort(out, subjects=12):
            assert eye.status == "made"
    manifest = datasets.read_manifest(out / "manifest.csv")
    for _ in datasets.manifest_graphs(manifest, cache=tmp_path / "graphs"):
        pass
    program = ROOT / "benchmarks" / "quality" / "retrieval.py"
    command = [sys.executable, program, out, "--graphs", tmp_path / "graphs",
               "--out", tmp_path / "retrieval.json"]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True,
                          env=environment, check=False)  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    document = json.loads((tmp_path / "retrieval.json").read_text())
    rows = document["rows"]
    assert [(row["mode"], row["z_scores"]) for row in rows] == [
        (mode, z) for mode in ("fraction", "count", "per_mm2") for z in (False, True)
    ]
    assert done.returncode == int(rows[0]["low"] <= 0)
    assert (document["synthetic"], document["test_images"], document["cases"]) == (True, 4, 16)
    # All images have one size, so that counts and counts by area are alike but for their unit.
    assert rows[2]["hits"] == rows[4]["hits"]
    assert all(row["chance"] == rows[0]["chance"] for row in rows)
    assert done.stdout.count("\n| ") == 7
    assert "4 test images of 2 subjects, 16 training cases" in done.stdout

    done = subprocess.run([*map(str, command), "--model", "9"], capture_output=True, text=True,
                          env=environment, check=False)  # fmt: skip
    assert done.returncode == 2
