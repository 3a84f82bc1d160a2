# SPDX-License-Identifier: Apache-2.0
"""Bootstrap intervals against one resample at a time, and pooling of classes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gftcore import errors
from gftcore.metrics import (
    argmax_labels,
    bootstrap,
    bootstrap_intervals,
    classification_scores,
    pool_labels,
    pool_predictions,
)

LABELS = ("Healthy", "NPDR", "PDR")
GROUPS = {"Healthy": ["Healthy"], "DR": ["PDR", "NPDR"]}


def cohort(seed: int, count: int = 40, subjects: int = 15):
    """Images of subjects of which most have one class; the third class is rare."""
    rng = np.random.default_rng(seed)
    subject = rng.integers(0, subjects, count)
    truth = rng.choice(LABELS, subjects, p=[0.6, 0.3, 0.1])[subject]
    probabilities = np.round(rng.dirichlet([1.0, 1.0, 1.0], count), 1) + 0.01
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return truth.tolist(), probabilities, [f"s{i:03}" for i in subject]


def slow_intervals(truth, probabilities, subjects, resamples, confidence, seed):
    """Every resample written out as a list of images, and scored like any other images."""
    names = sorted(set(subjects))
    draws = iter(np.random.PCG64(seed).random_raw(resamples * len(names)).tolist())
    images = {name: [i for i, s in enumerate(subjects) if s == name] for name in names}
    values: dict[str, list[float]] = {}
    for _ in range(resamples):
        chosen = [names[((next(draws) >> 32) * len(names)) >> 32] for _ in names]
        index = [i for name in chosen for i in images[name]]
        scores = classification_scores(
            [truth[i] for i in index], labels=LABELS, probabilities=probabilities[index]
        )
        for name, value in scores.to_dict().items():
            values.setdefault(name, []).append(value)
    out = {}
    for name, all_ in values.items():
        known = sorted(value for value in all_ if not math.isnan(value))
        bounds = [math.nan, math.nan]
        if known:
            last = len(known) - 1
            places = [(1 - confidence) / 2 * last, (1 + confidence) / 2 * last]
            steps = [known[min(int(p) + 1, last)] - known[int(p)] for p in places]
            bounds = [
                known[int(p)] + (p - int(p)) * step for p, step in zip(places, steps, strict=True)
            ]
        out[name] = (*bounds, len(all_) - len(known))
    return out


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("confidence", [0.95, 0.5])
def test_intervals_are_those_of_written_out_resamples(seed: int, confidence: float) -> None:
    truth, probabilities, subjects = cohort(seed)
    ours = bootstrap_intervals(
        truth,
        labels=LABELS,
        subjects=subjects,
        probabilities=probabilities,
        resamples=150,
        confidence=confidence,
        seed=seed,
    )
    theirs = slow_intervals(truth, probabilities, subjects, 150, confidence, seed)
    assert set(ours) == set(theirs)
    for name, interval in ours.items():
        found = (interval.low, interval.high, interval.num_undefined)
        assert found == pytest.approx(theirs[name], rel=1e-12, abs=1e-12, nan_ok=True), name
    assert any(0 < interval.num_undefined < 150 for interval in ours.values())


def test_intervals_depend_on_the_seed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, probabilities, subjects = cohort(5)
    options = {"labels": LABELS, "resamples": 300}

    def run(order, **more):
        return bootstrap_intervals(
            [truth[i] for i in order],
            subjects=[subjects[i] for i in order],
            probabilities=probabilities[order],
            **options,
            **more,
        )

    first = run(np.arange(len(truth)))
    shuffled = run(np.random.default_rng(0).permutation(len(truth)))
    assert shuffled.keys() == first.keys()
    for name, interval in shuffled.items():
        assert interval.low == pytest.approx(first[name].low, rel=1e-12, nan_ok=True)
        assert interval.high == pytest.approx(first[name].high, rel=1e-12, nan_ok=True)
    monkeypatch.setattr(bootstrap, "_BLOCK", 64)  # a few resamples at a time
    assert run(np.arange(len(truth))) == first
    assert run(np.arange(len(truth)), seed=1) != first


def test_images_of_a_subject_are_drawn_together() -> None:
    """Copies of each image change nothing, unless they are taken for other subjects."""
    truth, probabilities, subjects = cohort(6)
    options = {"labels": LABELS, "resamples": 500}
    single = bootstrap_intervals(truth, subjects=subjects, probabilities=probabilities, **options)
    three = np.repeat(np.arange(len(truth)), 3)
    copies = {
        "truth": [truth[i] for i in three],
        "probabilities": probabilities[three],
    }
    together = bootstrap_intervals(subjects=[subjects[i] for i in three], **copies, **options)
    assert together["accuracy"] == single["accuracy"]
    apart = bootstrap_intervals(
        subjects=[f"{subjects[i]}-{k}" for k, i in enumerate(three)], **copies, **options
    )
    width = {name: found.high - found.low for name, found in apart.items()}
    assert width["accuracy"] < 0.8 * (single["accuracy"].high - single["accuracy"].low)


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """Accuracy .7 of 200 images: near the normal interval."""
    rng = np.random.default_rng(1)
    predicted = np.where(rng.permutation(200) < 140, "a", "b")
    found = bootstrap_intervals(
        ["a"] * 200, predicted, labels=["a", "b"], subjects=[str(i) for i in range(200)]
    )["accuracy"]
    half = 1.96 * math.sqrt(0.7 * 0.3 / 200)
    assert found.low == pytest.approx(0.7 - half, abs=0.01)
    assert found.high == pytest.approx(0.7 + half, abs=0.01)
    assert found.num_undefined == 0


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"subjects": ["s"]}, errors.ShapeError, "subjects must be as many as truth, 2, got 1"),
        ({"subjects": [1, 2]}, errors.ArgumentTypeError, "subjects must hold names as text"),
        ({"subjects": "ab"}, errors.ArgumentTypeError, "subjects must be a sequence of names"),
        ({"resamples": 0}, errors.ArgumentError, "resamples must be between 1 and 1000000"),
        ({"confidence": 1.0}, errors.ArgumentError, "confidence must be below 1, got 1"),
        ({"confidence": 0}, errors.ArgumentError, "confidence must be finite and greater than 0"),
        ({"seed": -1}, errors.ArgumentError, "seed must be between 0"),
    ],
)
def test_bad_input(options, error, message) -> None:
    given = {"labels": ["a", "b"], "subjects": ["s", "t"], **options}
    with pytest.raises(error, match=message):
        bootstrap_intervals(["a", "b"], ["a", "b"], **given)


# --- pooling ------------------------------------------------------------------------------------


def test_both_rules_on_known_probabilities() -> None:
    probabilities = [[0.4, 0.3, 0.3], [0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.4, 0.4, 0.2]]
    options = {"labels": LABELS, "groups": GROUPS}
    by_class = pool_predictions(probabilities, **options)
    by_pool = pool_predictions(probabilities, **options, rule="prob")
    assert by_class.labels == by_pool.labels == ("Healthy", "DR")
    assert by_class.predicted == ("Healthy", "Healthy", "DR", "Healthy")
    assert by_pool.predicted == ("DR", "Healthy", "DR", "DR")  # p1 + p2 > p0
    for pooled in (by_class, by_pool):
        np.testing.assert_allclose(pooled.probabilities[:, 1], [0.6, 0.5, 0.9, 0.6])
        np.testing.assert_allclose(pooled.probabilities.sum(axis=1), 1)


@pytest.mark.parametrize("rule", ["argmax", "prob"])
def test_pooled_predictions_follow_their_names(rule: str) -> None:
    truth, _, _ = cohort(7)
    probabilities = np.random.default_rng(7).dirichlet([1.0, 1.0, 1.0], len(truth))
    pooled = pool_predictions(probabilities, labels=LABELS, groups=GROUPS, rule=rule)
    order = [2, 0, 1]
    other = pool_predictions(
        probabilities[:, order],
        labels=[LABELS[i] for i in order],
        groups={"DR": ["NPDR", "PDR"], "Healthy": ["Healthy"]},
        rule=rule,
    )
    assert other.predicted == pooled.predicted
    scores = classification_scores(
        pool_labels(truth, groups=GROUPS),
        pooled.predicted,
        labels=pooled.labels,
        probabilities=pooled.probabilities,
    )
    assert scores.confusion.sum() == len(truth)
    assert scores.of("DR").auroc == pytest.approx(scores.of("Healthy").auroc)


def test_ties_go_to_the_first_class() -> None:
    assert argmax_labels([[0.5, 0.5], [0.0, 1.0]], labels=["b", "a"]) == ("b", "a")


@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        ([["Healthy"]], errors.ArgumentTypeError, "groups must map names of pools"),
        ({"all": LABELS}, errors.ArgumentError, "groups must be at least two different names"),
        ({"a": ["Healthy"], "b": ["NPDR"]}, errors.ArgumentError, "groups must hold each of the"),
        ({"a": ["Healthy", "PDR"], "b": ["NPDR", "PDR"]}, errors.ArgumentError, "different names"),
        ({"a": "Healthy", "b": ["NPDR", "PDR"]}, errors.ArgumentTypeError, "groups must be"),
    ],
)
def test_bad_groups(groups, error, message) -> None:
    with pytest.raises(error, match=message):
        pool_predictions([[1.0, 0.0, 0.0]], labels=LABELS, groups=groups)
    with pytest.raises(errors.ArgumentError, match="each of names must be one of"):
        pool_labels(["healthy"], groups=GROUPS)
    with pytest.raises(errors.ArgumentError, match="rule must be one of 'argmax', 'prob'"):
        pool_predictions([[1.0, 0.0, 0.0]], labels=LABELS, groups=GROUPS, rule="pooled")
