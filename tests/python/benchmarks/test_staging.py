# SPDX-License-Identifier: Apache-2.0
"""The comparison of models: from a small cohort to its table, stopped and taken up again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

for package in ("torch", "tensorboard", "transformers", "sklearn"):
    pytest.importorskip(package, reason=f"{package} is not installed")

import small_cohort  # noqa: E402
from checkout import ROOT  # noqa: E402
from gftcore import runs, synth  # noqa: E402
from gftcore.datasets import read_manifest  # noqa: E402
from gftcore.synth import PlannedEye  # noqa: E402
from staging_table import markdown, measured  # noqa: E402

pytestmark = [
    pytest.mark.train,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:FOLD_LACKS_CLASS"),
]
GNN = {"epochs": 2, "hidden": 8, "n_layers": 1}
IMAGE = {"epochs": 2, "image_px": 38, "depths": [1], "widths": [8]}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 sparse eyes."""
    out = tmp_path_factory.mktemp("staging") / "cohort"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PlannedEye, "parameters", small_cohort.sparse)
        for eye in synth.write_cohort(out, subjects=10):
            assert eye.status == "made"
    return out


def compare(cohort: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    program = ROOT / "benchmarks" / "quality" / "staging.py"
    command = [sys.executable, program, cohort, "--out", out, "--folds", "1,2"]
    command += ["--gnn", json.dumps(GNN), "--image", json.dumps(IMAGE), "--resamples", "20", *more]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, env=environment, check=False
    )


def results(out: Path) -> dict[str, bytes]:
    names = ("predictions.csv", "history.csv", "model.safetensors", "fold.json", "features.csv")
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.name in names
    }


def test_one_command_one_table(cohort: Path, tmp_path: Path) -> None:
    found = compare(cohort, tmp_path)
    assert found.returncode in (0, 1), found.stderr
    document = json.loads((tmp_path / "staging.json").read_text())
    models = ["gnn", "resnet18", "forest", "svm", "logistic", "threshold"]
    assert [row["model"] for row in document["models"]] == models
    assert all(row["folds"] == [1, 2] for row in document["models"])
    assert all(row["time"]["cpu_s"] > 0 for row in document["models"])
    assert (document["synthetic"], document["images"], document["subjects"]) == (True, 20, 10)
    assert "20 synthetic eyes, made by a program" in found.stdout
    assert (tmp_path / "staging.md").read_text() in found.stdout
    gaps = [row["behind_gnn"] for row in document["models"]]
    assert gaps[0] is None
    assert found.returncode == int(any(gap["value"] <= 0 for gap in gaps[1:]))
    manifest = read_manifest(cohort / "manifest.csv")
    for row in document["models"]:
        run = runs.score_run(manifest, runs.read_predictions(tmp_path / row["model"]), resamples=20)
        assert row["scores"]["balanced_accuracy"] == run.mean_dict()["balanced_accuracy"]
    # Stopped at any moment, the same command ends with the same bytes, times excepted.
    before = results(tmp_path)
    for lost in ("gnn/fold-2/fold.json", "svm/fold-1/fold.json"):
        (tmp_path / lost).unlink()
    (tmp_path / "features.csv").unlink()
    again = compare(cohort, tmp_path, "--jobs", "1", "--models", "gnn,svm")
    assert again.returncode in (0, 1), again.stderr
    assert results(tmp_path) == before
    rows = found.stdout.splitlines()
    assert again.stdout.splitlines()[2:5] == [rows[2], rows[5], ""]
    # Other settings are refused, and that is a failure.
    other = compare(cohort, tmp_path, "--image", '{"epochs": 3}', "--models", "resnet18")
    assert other.returncode == 2
    assert "belongs to a training with other data or settings" in other.stderr


def test_the_table_of_what_is_there(cohort: Path, tmp_path: Path) -> None:
    nothing = compare(cohort, tmp_path, "--report")
    assert nothing.returncode == 2
    assert "no fold is finished yet" in nothing.stderr
    one = compare(cohort, tmp_path, "--models", "threshold")
    assert one.returncode == 0  # nothing to be ahead of
    assert "| best single measurement |" in one.stdout
    assert not (tmp_path / "gnn").exists()
    assert compare(cohort, tmp_path, "--report").returncode == 0
    assert compare(cohort, tmp_path, "--models", "tree").returncode == 2


def test_rules_of_the_table(cohort: Path, tmp_path: Path) -> None:
    assert compare(cohort, tmp_path, "--models", "threshold,logistic").returncode == 0
    manifest = read_manifest(cohort / "manifest.csv")
    document: dict[str, Any] = measured(manifest, tmp_path, ["logistic", "threshold"], resamples=9)
    rule = document["models"][1]
    assert "auroc" not in rule["scores"]  # it has no probabilities
    assert "auroc" in document["models"][0]["scores"]
    assert rule["choices"][0]["feature"]
    text = markdown({**document, "synthetic": False})
    assert "synthetic" not in text.lower()
    assert text.count("\n|") == 3
    assert f"| {rule['validation_balanced_accuracy']:.3f} | - |" in text
