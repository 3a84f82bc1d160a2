# SPDX-License-Identifier: Apache-2.0
"""Means over the models of a training, against one resample at a time."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest

from gftcore import runs
from gftcore.datasets import Manifest, Record, write_manifest
from gftcore.errors import ArgumentError
from gftcore.metrics import bootstrap_intervals, classification_scores

CLASSES = ("Healthy", "NPDR", "PDR")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Two eyes of each of 20 subjects."""
    path = tmp_path_factory.mktemp("manifest") / "m.csv"
    records = [
        Record(
            id=f"{i}",
            subject=f"s{i // 2:02}",
            eye=("OD", "OS")[i % 2],
            path=f"{i}.png",
            label=CLASSES[i // 2 % 3],
        )
        for i in range(40)
    ]
    return write_manifest(path, records)


def predicted(name: str, ids: range, seed: int, right: float = 0.6) -> runs.Predictions:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet([1.0, 1.0, 1.0], len(ids))
    p *= 1 - right
    p[np.arange(len(ids)), np.array(ids) // 2 % 3] += right * rng.random(len(ids)) ** 0.3
    p /= p.sum(axis=1, keepdims=True)
    return runs.Predictions(
        name=name,
        ids=tuple(str(i) for i in ids),
        classes=CLASSES,
        probabilities=tuple(map(tuple, p.tolist())),
    )


def slow_interval(
    manifest: Manifest, found: list[runs.Predictions], resamples: int, seed: int
) -> list[float]:
    """Mean balanced accuracy of resamples written out as lists of images."""
    names = sorted({r.subject for one in found for r in manifest.select(one.ids)})
    draws = iter(np.random.PCG64(seed).random_raw(resamples * len(names)).tolist())
    values = []
    for _ in range(resamples):
        chosen = [names[((next(draws) >> 32) * len(names)) >> 32] for _ in names]
        each = []
        for one in found:
            records = manifest.select(one.ids)
            rows = [i for name in chosen for i, r in enumerate(records) if r.subject == name]
            scores = classification_scores(
                [records[i].label for i in rows],
                labels=CLASSES,
                probabilities=np.array(one.probabilities)[rows],
            )
            each.append(scores.balanced_accuracy)
        values.append(sum(each) / len(each))
    return np.quantile(values, [0.025, 0.975]).tolist()


@pytest.mark.parametrize("same", [True, False], ids=["test images", "validation images"])
def test_interval_of_the_mean(manifest: Manifest, same: bool) -> None:
    places = [range(40)] * 3 if same else [range(14), range(14, 28), range(28, 40)]
    found = [predicted(f"fold-{k}", ids, k) for k, ids in enumerate(places, 1)]
    run = runs.score_run(manifest, found, resamples=60, seed=3)
    interval = run.intervals["balanced_accuracy"]
    expected = slow_interval(manifest, found, 60, 3)
    assert [interval.low, interval.high] == pytest.approx(expected, abs=1e-12)
    each = [model.scores.balanced_accuracy for model in run.models]
    assert run.mean["balanced_accuracy"] == pytest.approx(np.mean(each), abs=1e-15)
    assert run.sd["balanced_accuracy"] == pytest.approx(np.std(each, ddof=1), abs=1e-15)


def test_one_model_is_its_own_mean(manifest: Manifest) -> None:
    one = predicted("fold-1", range(40), 1)
    run = runs.score_run(manifest, [one], resamples=100, seed=5)
    records = manifest.select(one.ids)
    expected = bootstrap_intervals(
        [record.label for record in records],
        labels=CLASSES,
        subjects=[record.subject for record in records],
        probabilities=one.probabilities,
        resamples=100,
        seed=5,
    )
    assert dict(run.intervals) == dict(expected) == dict(run.models[0].intervals)
    assert math.isnan(run.sd["accuracy"])
    assert run.mean_dict()["accuracy"]["sd"] is None


def test_differences_are_paired(manifest: Manifest) -> None:
    good = [predicted(f"fold-{k}", range(40), k, right=0.9) for k in (1, 2)]
    poor = [predicted(f"fold-{k}", range(40), k + 10, right=0.1) for k in (1, 2)]
    first, second = (runs.score_run(manifest, each, resamples=200) for each in (good, poor))
    value, interval = runs.score_difference(first, second)
    assert value == first.mean["balanced_accuracy"] - second.mean["balanced_accuracy"]
    assert 0 < interval.low < value < interval.high
    value, interval = runs.score_difference(second, second)
    assert (value, interval.low, interval.high) == (0.0, 0.0, 0.0)
    # Without pairs the interval of no difference at all would be wide.
    other = runs.score_run(manifest, poor, resamples=200, seed=1)
    _, unpaired = runs.score_difference(second, other)
    assert unpaired.low < -0.01 < 0.01 < unpaired.high
    few = runs.score_run(manifest, good, resamples=10)
    with pytest.raises(ArgumentError, match="same number of resamples"):
        runs.score_difference(first, few)


def test_other_images_are_no_pair(manifest: Manifest, tmp_path: Path) -> None:
    def scored(ids: range, of: Manifest = manifest) -> runs.RunScores:
        return runs.score_run(of, [predicted("fold-1", ids, 1)], resamples=10)

    run = scored(range(20))
    assert len(run.ids) == 2 * len(run.subjects) == 20
    runs.require_same_images([run, scored(range(20)), scored(range(20))])
    with pytest.raises(ArgumentError, match="same images, got 2 that only one has and 0 that only"):
        runs.require_same_images([run, scored(range(18))])
    with pytest.raises(ArgumentError, match="same images, got 4 that only one has and 4 that only"):
        runs.score_difference(run, scored(range(4, 24)))
    records = [dataclasses.replace(record, subject="s99") for record in manifest]
    other = write_manifest(tmp_path / "m.csv", [*manifest.records[:10], *records[10:]])
    with pytest.raises(ArgumentError, match="same subjects, got 5 that only one has and 1 that"):
        runs.score_difference(run, scored(range(20), other))


def test_pools(manifest: Manifest) -> None:
    found = [predicted("fold-1", range(40), 2)]
    run = runs.score_run(
        manifest, found, groups={"DR": ["NPDR", "PDR"], "Healthy": ["Healthy"]}, resamples=10
    )
    assert run.classes == ("DR", "Healthy")
    assert set(run.mean) >= {"recall/DR", "recall/Healthy"}
    document = run.models[0].to_dict()
    assert document["num_images"] == sum(map(sum, document["confusion"])) == 40


def test_what_does_not_match_is_refused(manifest: Manifest) -> None:
    with pytest.raises(ArgumentError, match="at least one model"):
        runs.score_run(manifest, [])
    one = predicted("fold-1", range(40), 1)
    other = runs.Predictions(
        name="fold-2",
        ids=one.ids,
        classes=("Healthy", "NPDR", "Glaucoma"),
        probabilities=one.probabilities,
    )
    with pytest.raises(ArgumentError, match="the manifest has PDR"):
        runs.score_run(manifest, [other])
    order = runs.Predictions(
        name="fold-2", ids=one.ids, classes=CLASSES[::-1], probabilities=one.probabilities
    )
    with pytest.raises(ArgumentError, match="of the same classes for all models"):
        runs.score_run(manifest, [one, order], resamples=10)
