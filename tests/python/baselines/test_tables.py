# SPDX-License-Identifier: Apache-2.0
"""Classifiers of biomarkers: equal to scikit-learn written directly; splits kept apart."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gftcore import baselines, runs
from gftcore.baselines import FeatureTable, TableConfig
from gftcore.baselines.tables import fit_table
from gftcore.datasets import Manifest, SplitView, split_subjects
from gftcore.errors import ArgumentError, ArgumentTypeError, MissingExtraError, RefusedError
from labelled import mask_manifest

CONFIG = TableConfig(trees=20)
KINDS = ("svm", "forest", "logistic", "threshold")


def needs(name: str) -> None:
    if name != "threshold":
        pytest.importorskip("sklearn", reason="scikit-learn is not installed")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Masks without images, two classes of another disease."""
    return mask_manifest(tmp_path_factory.mktemp("masks"), 36)


def made_up(count: int = 90, *, classes: int = 3, seed: int = 0) -> FeatureTable:
    """Measurements of which three grow with the class, and some are missing."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    values = rng.normal(size=(count, 8)) * 5 + 20
    values[:, :3] += 4 * labels[:, None]
    values[rng.random((count, 8)) < 0.05] = np.nan
    values[:, 5] = np.nan
    return FeatureTable(
        ids=tuple(f"{i}" for i in range(count)),
        labels=tuple(labels.tolist()),
        classes=("Healthy", "NPDR", "PDR")[:classes],
        columns=tuple("abcdefgh"),
        num_biomarkers=6,
        values=values,
        sha256="",
    )


def view(data: FeatureTable) -> SplitView:
    third = len(data.ids) // 3
    return SplitView(
        train=data.ids[:third], validate=data.ids[third : 2 * third], test=data.ids[2 * third :]
    )


def direct(name: str, seed: int) -> list[Callable[[], Any]]:
    """The candidates as a user of scikit-learn would write them."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import SVC

    if name == "svm":
        return [
            lambda c=c, g=g: SVC(C=c, gamma=g, class_weight="balanced")
            for g in ("scale", 0.005)
            for c in (1, 0.1, 10, 100)
        ]
    if name == "logistic":
        return [
            lambda c=c: LogisticRegression(C=c, class_weight="balanced", max_iter=10000)
            for c in (1, 0.01, 0.1, 10, 100)
        ]
    return [
        lambda f=f, m=m: RandomForestClassifier(
            20, max_features=f, min_samples_leaf=m, class_weight="balanced", random_state=seed
        )
        for f in ("sqrt", 0.5)
        for m in (1, 3, 10)
    ]


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", ["svm", "forest", "logistic"])
def test_scikit_learn_written_directly(name: str, classes: int) -> None:
    needs(name)
    from sklearn.metrics import balanced_accuracy_score

    data = made_up(classes=classes)
    parts, score, choice = fit_table(name, data, view(data), CONFIG.replace(seed=7))
    # Means of the training images for what is missing, their scale, nothing of the others.
    table, labels = data.values[:, :6], np.array(data.labels)
    mean = np.array([np.nanmean(c) if np.isfinite(c).any() else 0.0 for c in table[:30].T])
    table = np.where(np.isnan(table), mean, table)
    sd = table[:30].std(axis=0)
    table = (table - table[:30].mean(axis=0)) / np.where(sd > 0, sd, 1)
    fitted = [make().fit(table[:30], labels[:30]) for make in direct(name, 7)]
    scores = [balanced_accuracy_score(labels[30:60], m.predict(table[30:60])) for m in fitted]
    best = fitted[int(np.argmax(scores))]
    assert score == pytest.approx(max(scores))
    assert all(getattr(best, key) == value for key, value in choice.items())
    found = parts[1].probabilities
    np.testing.assert_array_equal(found.argmax(axis=1), best.predict(table[60:]))
    np.testing.assert_allclose(found.sum(axis=1), 1)
    if name != "svm":
        np.testing.assert_allclose(found, best.predict_proba(table[60:]), atol=1e-9)
    elif classes == 2:  # the order of the images is that of the decision values
        order = np.argsort(best.decision_function(table[60:]), kind="stable")
        assert (np.diff(found[order, 1]) >= 0).all()


def test_a_forest_is_the_same_to_the_byte_for_any_number_of_threads() -> None:
    needs("forest")
    data = made_up()
    config = CONFIG.replace(trees=300)
    found = {
        tuple(part.probabilities.tobytes() for part in fit_table(*given, threads=threads)[0])
        for given in [("forest", data, view(data), config)]
        for threads in (1, 2, 2)
    }
    assert len(found) == 1


@pytest.mark.parametrize("name", KINDS)
def test_test_images_are_not_seen(name: str) -> None:
    needs(name)
    data = made_up()
    parts, score, choice = fit_table(name, data, view(data), CONFIG)
    poisoned = data.values.copy()
    poisoned[60:] = 1e6
    labels = (*data.labels[:60], *(2 - y for y in data.labels[60:]))
    other = dataclasses.replace(data, values=poisoned, labels=labels)
    again, same, chosen = fit_table(name, other, view(data), CONFIG)
    assert (same, chosen) == (score, choice)
    np.testing.assert_array_equal(again[0].probabilities, parts[0].probabilities)
    # A poisoned training image is seen.
    poisoned = data.values.copy()
    poisoned[:10, :3] = 1e6
    other = dataclasses.replace(data, values=poisoned)
    again, _, _ = fit_table(name, other, view(data), CONFIG)
    assert not np.array_equal(again[0].probabilities, parts[0].probabilities)


@pytest.mark.parametrize("name", ["svm", "forest", "logistic"])
def test_validation_images_choose_and_teach_nothing(name: str) -> None:
    needs(name)
    data = made_up()
    parts, _, _ = fit_table(name, data, view(data), CONFIG)
    poisoned = data.values.copy()
    poisoned[30:60] = np.nan
    other = dataclasses.replace(data, values=poisoned)
    found, score, chosen = fit_table(name, other, view(data), CONFIG)
    # All validation images look alike: the first candidate counts, fitted as ever.
    assert score == pytest.approx(1 / 3)
    assert dict(chosen) == dict(baselines.classifiers.CANDIDATES[name][0])
    assert len(np.unique(found[0].probabilities, axis=0)) == 1
    assert parts[1].probabilities.shape == found[1].probabilities.shape


def test_only_the_rule_reads_more_than_biomarkers() -> None:
    needs("logistic")
    data = made_up()
    values = data.values.copy()
    values[:, 7] = data.labels  # a perfect measurement, but no biomarker
    data = dataclasses.replace(data, values=values)
    parts, score, choice = fit_table("threshold", data, view(data), CONFIG)
    assert (score, choice["feature"], choice["thresholds"]) == (1.0, "h", [0.5, 1.5])
    assert set(np.unique(parts[1].probabilities)) == {0.0, 1.0}
    _, score, _ = fit_table("logistic", data, view(data), CONFIG)
    assert score < 1


def test_classes_without_training_images() -> None:
    for name in KINDS:
        needs(name)
        data = made_up()
        labels = np.array(data.labels)
        labels[:30] %= 2  # no PDR to learn from
        data = dataclasses.replace(data, labels=tuple(labels.tolist()))
        parts, _, _ = fit_table(name, data, view(data), CONFIG)
        assert parts[1].probabilities.shape == (30, 3)
        assert (parts[1].probabilities[:, 2] == 0).all()
        one = dataclasses.replace(data, labels=(0,) * 90)
        with pytest.raises(ArgumentError, match="of two classes at least"):
            fit_table(name, one, view(data), CONFIG)


# --- from a manifest to folders ------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_two_classes_of_masks_train_with_no_code(
    name: str, manifest: Manifest, tmp_path: Path
) -> None:
    needs(name)
    splits = split_subjects(manifest)
    out = tmp_path / "out"
    common: dict[str, Any] = {"name": name, "config": CONFIG, "cache": tmp_path, "threads": 1}
    results = baselines.train_baseline(manifest, splits, out, folds=(1, 2), **common)
    assert [result.fold for result in results] == [1, 2]
    for result in results:
        assert result.test_balanced_accuracy is not None
        assert result.test_balanced_accuracy > 0.8
        assert (result.best_epoch, result.model_sha256) == (None, None)
        assert result.choice
    document = json.loads((out / "run.json").read_text())
    assert (document["model"], document["classes"]) == (name, ["Healthy", "Glaucoma"])
    (first, second) = runs.read_predictions(out)
    assert first.ids == second.ids == splits.view(1).test
    # What is there is kept, and what was lost comes back the same.
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    times = {p: p.stat().st_mtime_ns for p in before}
    assert baselines.train_baseline(manifest, splits, out, folds=(1, 2), **common) == results
    assert {p: p.stat().st_mtime_ns for p in before} == times
    (out / "fold-2" / "fold.json").unlink()
    baselines.train_baseline(manifest, splits, out, folds=(1, 2), **common)
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
    other = CONFIG.replace(trees=21)
    with pytest.raises(RefusedError, match="other data or settings"):
        baselines.train_baseline(manifest, splits, out, **{**common, "config": other})


def test_bad_arguments(manifest: Manifest, tmp_path: Path) -> None:
    splits = split_subjects(manifest)
    with pytest.raises(ArgumentError, match="name must be"):
        baselines.train_baseline(manifest, splits, tmp_path, name="tree")  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="config must be TableConfig for threshold"):
        baselines.train_baseline(
            manifest, splits, tmp_path, name="threshold", config=baselines.ImageConfig()
        )
    with pytest.raises(ArgumentError, match="folds must"):
        baselines.train_baseline(manifest, splits, tmp_path, name="threshold", folds=())
    with pytest.raises(ArgumentError, match="trees must be between"):
        TableConfig(trees=0)
    with pytest.raises(ArgumentTypeError, match="did you mean 'trees'"):
        TableConfig().replace(tree=1)


@pytest.mark.parametrize("name", ["threshold", "resnet18"])
def test_several_processes_are_refused(
    name: Any, manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ArgumentError, match=f"{name} must be trained in one process, got WORLD_S"):
        baselines.train_baseline(manifest, split_subjects(manifest), tmp_path / "o", name=name)
    assert not (tmp_path / "o").exists()


def test_what_is_missing_is_named(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtraError, match=r"the baseline svm needs sklearn.*\[baselines\]"):
        baselines.train_baseline(manifest, split_subjects(manifest), tmp_path / "o", name="svm")
    assert not (tmp_path / "o").exists()
