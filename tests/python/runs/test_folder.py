# SPDX-License-Identifier: Apache-2.0
"""Folders of trainings: what is refused, what is kept, tables of predictions."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gftcore import runs
from gftcore.datasets import GraphSource, Manifest, Splits, split_subjects
from gftcore.errors import ArgumentError, FormatError, MissingFileError, RefusedError
from labelled import mask_manifest


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return mask_manifest(tmp_path_factory.mktemp("masks"), 12)


def document(manifest: Manifest, splits: Splits, **changes: Any) -> dict[str, Any]:
    settings = {"model": "m", "config": {"a": (1, 2)}, "config_hash": "h", "packages": {"p": "1"}}
    return runs.run_document(manifest, splits, source=GraphSource(), **settings | changes)


def finished(out: Path, k: int = 1) -> runs.FoldResult:
    result = runs.FoldResult(
        fold=k,
        folder=out / f"fold-{k}",
        best_epoch=None,
        validation_balanced_accuracy=0.5,
        test_balanced_accuracy=0.75,
        model_sha256=None,
        choice={"C": 1.0},
    )
    part = runs.Part(split="test", ids=("a", "b"), labels=(0, 1), probabilities=np.eye(2))
    runs.write_fold(result, [part], ("Healthy", "Glaucoma"), data_sha256="d")
    return result


def test_the_same_training_goes_on(manifest: Manifest, tmp_path: Path) -> None:
    splits = split_subjects(manifest)
    runs.begin_run(tmp_path, document(manifest, splits), splits)
    assert runs.run_model(tmp_path) == "m"
    before = (tmp_path / "run.json").stat().st_mtime_ns
    # Another version of a package does not make it another training.
    runs.begin_run(tmp_path, document(manifest, splits, packages={"p": "2"}), splits)
    assert (tmp_path / "run.json").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "changes", [{"model": "n"}, {"config": {"a": (1, 3)}}, {"source": GraphSource(channel="red")}]
)
def test_another_training_is_refused(
    manifest: Manifest, tmp_path: Path, changes: dict[str, Any]
) -> None:
    splits = split_subjects(manifest)
    settings = {"model": "m", "config": {"a": (1, 2)}, "config_hash": "h", "packages": {}}
    first = runs.run_document(manifest, splits, source=GraphSource(), **settings)
    other = runs.run_document(manifest, splits, **{"source": GraphSource(), **settings, **changes})
    runs.begin_run(tmp_path, first, splits)
    result = finished(tmp_path)
    with pytest.raises(RefusedError, match="belongs to a training with other data or settings"):
        runs.begin_run(tmp_path, other, splits)
    assert runs.finished_fold(1, tmp_path / "fold-1", "d") == result
    runs.begin_run(tmp_path, other, splits, overwrite=True)
    assert runs.finished_fold(1, tmp_path / "fold-1", "d") is None


def test_other_splits_are_refused(manifest: Manifest, tmp_path: Path) -> None:
    splits, other = split_subjects(manifest), split_subjects(manifest, seed=1)
    runs.begin_run(tmp_path, document(manifest, splits), splits)
    with pytest.raises(RefusedError):
        runs.begin_run(tmp_path, document(manifest, other), other)
    (tmp_path / "splits.json").write_text("{}")
    with pytest.raises(RefusedError):
        runs.begin_run(tmp_path, document(manifest, splits), splits)


def test_folds_without_a_record_are_refused(manifest: Manifest, tmp_path: Path) -> None:
    splits = split_subjects(manifest)
    finished(tmp_path)
    with pytest.raises(RefusedError, match=r"holds folds but no run\.json"):
        runs.begin_run(tmp_path, document(manifest, splits), splits)


def test_a_damaged_record_is_another_training(manifest: Manifest, tmp_path: Path) -> None:
    splits = split_subjects(manifest)
    (tmp_path / "run.json").write_text("[1")
    assert runs.run_model(tmp_path) is None
    with pytest.raises(RefusedError):
        runs.begin_run(tmp_path, document(manifest, splits), splits)


def test_a_finished_fold_is_that_of_its_data(tmp_path: Path) -> None:
    result = finished(tmp_path)
    folder = tmp_path / "fold-1"
    assert runs.finished_fold(1, folder, "d") == result
    assert runs.finished_fold(1, folder, "other") is None
    assert runs.finished_fold(2, folder, "d") is None
    assert runs.finished_fold(1, tmp_path / "fold-3", "d") is None
    stored = json.loads((folder / "fold.json").read_text())
    assert "folder" not in stored
    del stored["choice"]  # a model without choices has none
    (folder / "fold.json").write_text(json.dumps(stored))
    again = runs.finished_fold(1, folder, "d")
    assert again is not None
    assert again.choice is None
    assert "choice" not in again.to_dict()


def test_bad_folds_and_splits(manifest: Manifest, tmp_path: Path) -> None:
    assert runs.require_folds([3, 1, 3]) == (3, 1)
    for folds in ([], [0], [6]):
        with pytest.raises(ArgumentError, match="folds must"):
            runs.require_folds(folds)
    splits = split_subjects(mask_manifest(tmp_path, 24))
    with pytest.raises(ArgumentError, match="those of the manifest"):
        document(manifest, splits)
    seeds = {runs.fold_seed(seed, k) for seed in range(100) for k in range(1, 6)}
    assert len(seeds) == 500
    ids = [record.id for record in manifest]
    lacking = Splits(
        fold_of_id={name: 0 if k < 6 else 2 for k, name in enumerate(ids)},
        seed=0,
        manifest_sha256=manifest.sha256,
    )
    with pytest.raises(ArgumentError, match="fold 2 must have images to train on"):
        runs.fold_view(lacking, 2)
    with pytest.raises(ArgumentError, match="fold 1 must have images to validate on"):
        runs.fold_view(lacking, 1)


# --- predictions ---------------------------------------------------------------------------------


def test_predictions_come_back(tmp_path: Path) -> None:
    p = np.array([[0.1, 0.2, 0.7], [1 / 3, 1 / 3, 1 / 3]])
    parts = [
        runs.Part(split="validate", ids=("a",), labels=(2,), probabilities=p[:1]),
        runs.Part(split="test", ids=("b",), labels=(1,), probabilities=p[1:]),
    ]
    classes = ("Healthy", "NPDR", "PDR")
    runs.write_predictions(tmp_path / "fold-2" / "predictions.csv", parts, classes)
    (found,) = runs.read_predictions(tmp_path)
    assert (found.name, found.ids, found.classes) == ("fold-2", ("b",), classes)
    assert found.probabilities == (tuple(p[1].tolist()),)  # every digit
    (found,) = runs.read_predictions(tmp_path, "validate")
    assert found.ids == ("a",)
    with (tmp_path / "fold-2" / "predictions.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["predicted"] for row in rows] == ["PDR", "Healthy"]  # the first of equals
    assert [row["label"] for row in rows] == ["PDR", "NPDR"]
    assert parts[0].balanced_accuracy == 1.0
    assert parts[1].balanced_accuracy == 0.0


def test_no_images_have_no_score() -> None:
    part = runs.Part(split="test", ids=(), labels=(), probabilities=np.zeros((0, 2)))
    assert part.balanced_accuracy is None


def test_missing_and_damaged_tables(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="holds no finished fold"):
        runs.read_predictions(tmp_path)
    finished(tmp_path)
    with pytest.raises(FormatError, match="holds no image of the split validate"):
        runs.read_predictions(tmp_path, "validate")
    file = tmp_path / "fold-1" / "predictions.csv"
    file.write_text(file.read_text().replace("1.0", "one"))
    with pytest.raises(FormatError, match="is no table of predictions"):
        runs.read_predictions(tmp_path)


def test_a_history_has_a_row_per_epoch(tmp_path: Path) -> None:
    entry = runs.EpochReport(
        epoch=0,
        lr=0.1,
        loss=2.0,
        train_balanced_accuracy=0.5,
        validation_loss=1.0,
        validation_balanced_accuracy=0.25,
        best=True,
    )
    runs.write_history(tmp_path / "history.csv", [entry])
    with (tmp_path / "history.csv").open() as stream:
        (row,) = csv.DictReader(stream)
    assert row == {name: str(value) for name, value in entry.to_dict().items()}
