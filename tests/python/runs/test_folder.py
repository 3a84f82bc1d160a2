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


def begin(out: Path, document: dict[str, Any], splits: Splits, **options: Any) -> None:
    with runs.begin_run(out, document, splits, **options):
        pass


def finished(out: Path, k: int = 1, **options: Any) -> runs.FoldResult:
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
    runs.write_fold(result, [part], ("Healthy", "Glaucoma"), data_sha256="d", **options)
    return result


def test_the_same_training_goes_on(manifest: Manifest, tmp_path: Path) -> None:
    splits = split_subjects(manifest)
    begin(tmp_path, document(manifest, splits), splits)
    assert (runs.run_model(tmp_path), runs.run_manifest(tmp_path)) == ("m", manifest.sha256)
    before = (tmp_path / "run.json").stat().st_mtime_ns
    # Another version of a package does not make it another training.
    begin(tmp_path, document(manifest, splits, packages={"p": "2"}), splits)
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
    begin(tmp_path, first, splits)
    result = finished(tmp_path)
    named = rf"belongs to a training with other data or settings \({next(iter(changes))}\)"
    with pytest.raises(RefusedError, match=named):
        begin(tmp_path, other, splits)
    assert runs.finished_fold(1, tmp_path / "fold-1", "d") == result
    begin(tmp_path, other, splits, overwrite=True)
    assert runs.finished_fold(1, tmp_path / "fold-1", "d") is None


def test_overwriting_leaves_nothing_of_the_old_training(manifest: Manifest, tmp_path: Path) -> None:
    splits = split_subjects(manifest)
    begin(tmp_path, document(manifest, splits), splits)
    finished(tmp_path)
    finished(tmp_path, 2)
    names = ["history.csv", "checkpoint.safetensors", "model.safetensors", "config.json"]
    for name in (*names, "events.out.tfevents.1.host.2.0", "notes.txt"):
        (tmp_path / "fold-2" / name).write_text("old")
    begin(tmp_path, document(manifest, splits, model="n"), splits, folds=(1,), overwrite=True)
    assert [path.name for path in tmp_path.glob("fold-*/*")] == ["notes.txt"]
    with pytest.raises(MissingFileError, match="holds no finished fold"):
        runs.read_predictions(tmp_path)


def test_a_record_without_a_begun_fold_makes_room(manifest: Manifest, tmp_path: Path) -> None:
    """As that of a run which could not read an image."""
    splits = split_subjects(manifest)
    begin(tmp_path, document(manifest, splits), splits, folds=(1,))
    begin(tmp_path, document(manifest, splits, model="n"), splits, folds=(1,))
    assert runs.run_model(tmp_path) == "n"
    (tmp_path / "fold-1" / "checkpoint.safetensors").write_text("")
    with pytest.raises(RefusedError, match=r"\(model\)"):
        begin(tmp_path, document(manifest, splits), splits)
    assert runs.run_model(tmp_path) == "n"


def test_another_recipe_is_another_training(manifest: Manifest, tmp_path: Path) -> None:
    splits = split_subjects(manifest)
    first, second = (document(manifest, splits, recipe=n) for n in (1, 2))
    begin(tmp_path, first, splits)
    result = finished(tmp_path)
    folder = tmp_path / "fold-1"
    with pytest.raises(RefusedError, match=r"\(recipe\)"):
        begin(tmp_path, second, splits)
    assert runs.finished_fold(1, folder, "d", recipe=2) is None
    # Records without a number are of the first recipe.
    for path in (tmp_path / "run.json", folder / "fold.json"):
        stored = json.loads(path.read_text())
        del stored["recipe"]
        path.write_text(json.dumps(stored))
    begin(tmp_path, first, splits)
    assert runs.finished_fold(1, folder, "d", recipe=1) == result
    assert runs.finished_fold(1, folder, "d", recipe=2) is None
    with pytest.raises(RefusedError, match=r"\(recipe\)"):
        begin(tmp_path, second, splits)
    finished(tmp_path, recipe=2)
    assert runs.finished_fold(1, folder, "d") is None
    assert runs.finished_fold(1, folder, "d", recipe=2) is not None


def test_a_fold_has_one_process(manifest: Manifest, tmp_path: Path) -> None:
    splits = split_subjects(manifest)
    same, other = document(manifest, splits), document(manifest, splits, model="n")
    busy = "is being written by another process"
    with runs.begin_run(tmp_path, same, splits, folds=(1,)):
        begin(tmp_path, same, splits, folds=(2, 3))
        with pytest.raises(RefusedError, match=rf"fold-1 {busy}"):
            begin(tmp_path, same, splits, folds=(2, 1))
        # Neither does the record change under it, though nothing is written yet.
        with pytest.raises(RefusedError, match=rf"fold-1 {busy}"):
            begin(tmp_path, other, splits, folds=(2,))
        with pytest.raises(RefusedError, match=rf"fold-1 {busy}"):
            begin(tmp_path, same, splits, folds=(2,), overwrite=True)
        assert runs.run_model(tmp_path) == "m"
    begin(tmp_path, other, splits, folds=(1,))
    assert runs.run_model(tmp_path) == "n"


def test_other_splits_are_refused(manifest: Manifest, tmp_path: Path) -> None:
    splits, other = split_subjects(manifest), split_subjects(manifest, seed=1)
    begin(tmp_path, document(manifest, splits), splits)
    finished(tmp_path)
    with pytest.raises(RefusedError):
        begin(tmp_path, document(manifest, other), other)
    (tmp_path / "splits.json").write_text("{}")
    with pytest.raises(RefusedError, match=r"\(splits\.json\)"):
        begin(tmp_path, document(manifest, splits), splits)


def test_folds_without_a_record_are_refused(manifest: Manifest, tmp_path: Path) -> None:
    splits = split_subjects(manifest)
    finished(tmp_path)
    with pytest.raises(RefusedError, match=r"holds folds but no run\.json"):
        begin(tmp_path, document(manifest, splits), splits)


def test_a_damaged_record_is_another_training(manifest: Manifest, tmp_path: Path) -> None:
    splits = split_subjects(manifest)
    for text in ("[1", '{"schema": "gftcore-run/1"}'):  # the second is that of `extract`
        (tmp_path / "run.json").write_text(text)
        assert runs.run_manifest(tmp_path) is None
        with pytest.raises(RefusedError):
            begin(tmp_path, document(manifest, splits), splits)


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
    for text in ("{}", '{"data_sha256": "d", "fold": 1}', "[1", "[]"):
        (folder / "fold.json").write_text(text)
        assert runs.finished_fold(1, folder, "d") is None


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
    with pytest.raises(MissingFileError, match="holds no finished fold"):
        runs.read_predictions(tmp_path)  # of a training that goes on
    (tmp_path / "fold-2" / "fold.json").write_text("{}")
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
    text = file.read_text()
    lines = text.splitlines()
    more = "\n".join([lines[0], *(f"{line},7" for line in lines[1:])])
    cut = text[: text.rindex(",")]
    for damaged in (text.replace("1.0", "one"), text.replace("id,", "no,", 1), cut):
        file.write_text(damaged)
        with pytest.raises(FormatError, match="is no table of predictions"):
            runs.read_predictions(tmp_path)
    file.write_text(more)  # cells beyond the header are not looked at
    assert runs.read_predictions(tmp_path)[0].ids == ("a", "b")
    file.write_bytes(b"\xff\xfe" + text.encode())
    with pytest.raises(FormatError, match="is no table of predictions"):
        runs.read_predictions(tmp_path)
    file.unlink()
    with pytest.raises(MissingFileError, match=r"predictions\.csv"):
        runs.read_predictions(tmp_path)


def test_only_finite_probabilities_are_written(tmp_path: Path) -> None:
    for value in (np.nan, np.inf):
        p = np.array([[0.5, 0.5], [value, 0.5]])
        part = runs.Part(split="test", ids=("a", "b"), labels=(0, 1), probabilities=p)
        with pytest.raises(ArgumentError, match="must be finite, got 1 images of the split test"):
            runs.write_predictions(tmp_path / "p.csv", [part], ("Healthy", "Glaucoma"))
    assert not list(tmp_path.iterdir())


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
