# SPDX-License-Identifier: Apache-2.0
"""Scores of predicted classes against scikit-learn (1e-12), with ties and absent classes."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gftcore import _core, errors
from gftcore.metrics import classification_scores, confusion_matrix

metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")

LABELS = ("Healthy", "NPDR", "PDR", "other")


def drawn(seed: int, count: int, classes: int, absent: bool):
    """Names, names and probabilities with many ties; `absent` leaves classes out."""
    rng = np.random.default_rng(seed)
    names = np.array(LABELS[:classes])
    used = [rng.permutation(classes)[: rng.integers(1, classes + 1)] for _ in range(2)]
    if not absent:
        used = [np.arange(classes)] * 2
    truth, predicted = (names[rng.choice(some, count)] for some in used)
    steps = rng.integers(0, rng.choice([2, 4, 1000]), (count, classes)) + 1.0
    return truth, predicted, steps / steps.sum(axis=1, keepdims=True), tuple(names.tolist())


def peer_scores(truth, predicted, probabilities, labels, weight=None) -> dict[str, float]:
    """The same scores by scikit-learn, which has no AUROC of a class alone or absent."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out = {
            "accuracy": metrics.accuracy_score(truth, predicted, sample_weight=weight),
            "balanced_accuracy": metrics.balanced_accuracy_score(
                truth, predicted, sample_weight=weight
            ),
            "quadratic_kappa": metrics.cohen_kappa_score(
                truth, predicted, labels=list(labels), weights="quadratic", sample_weight=weight
            ),
        }
        parts = metrics.precision_recall_fscore_support(
            truth, predicted, labels=list(labels), zero_division=0, sample_weight=weight
        )
        for name, values in zip(("precision", "recall", "f1"), parts, strict=False):
            out |= {f"{name}/{label}": v for label, v in zip(labels, values, strict=True)}
        there = np.ones(len(truth), dtype=bool) if weight is None else np.asarray(weight) > 0
        for i, label in enumerate(labels):
            of_class = np.asarray(truth) == label
            some, all_ = of_class[there].any(), of_class[there].all()
            out[f"auroc/{label}"] = out[f"average_precision/{label}"] = math.nan
            if some and not all_:
                out[f"auroc/{label}"] = metrics.roc_auc_score(
                    of_class, probabilities[:, i], sample_weight=weight
                )
            if some:
                out[f"average_precision/{label}"] = metrics.average_precision_score(
                    of_class, probabilities[:, i], sample_weight=weight
                )
    for name in ("auroc", "average_precision"):
        known = [out[f"{name}/{label}"] for label in labels]
        known = [value for value in known if not math.isnan(value)]
        out[name] = float(np.mean(known)) if known else math.nan
    return out


def assert_same_scores(ours: dict[str, float], theirs: dict[str, float]) -> None:
    assert set(ours) == set(theirs)
    for name, value in ours.items():
        assert value == pytest.approx(theirs[name], rel=1e-12, abs=1e-12, nan_ok=True), name


@given(st.integers(0, 2**32 - 1), st.integers(1, 80), st.integers(2, 4), st.booleans())
def test_scores_are_scikit_learn_s(seed: int, count: int, classes: int, absent: bool) -> None:
    truth, predicted, probabilities, labels = drawn(seed, count, classes, absent)
    scores = classification_scores(truth, predicted, labels=labels, probabilities=probabilities)
    assert_same_scores(scores.to_dict(), peer_scores(truth, predicted, probabilities, labels))
    table = metrics.confusion_matrix(truth, predicted, labels=list(labels))
    np.testing.assert_array_equal(scores.confusion, table)
    np.testing.assert_array_equal(confusion_matrix(truth, predicted, labels=labels), table)
    assert [part.num_images for part in scores.per_class] == table.sum(axis=1).tolist()


@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.integers(3, 4))
def test_the_macro_auroc_is_scikit_learn_s(seed: int, count: int, classes: int) -> None:
    truth, _, probabilities, labels = drawn(seed, count, classes, False)
    scores = classification_scores(truth, labels=labels, probabilities=probabilities)
    if all(0 < part.num_images < count for part in scores.per_class):
        theirs = metrics.roc_auc_score(truth, probabilities, multi_class="ovr", labels=labels)
        assert scores.auroc == pytest.approx(theirs, rel=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(2, 4), st.booleans())
def test_repeated_images_count_by_their_weight(seed, count, classes, absent) -> None:
    truth, predicted, probabilities, labels = drawn(seed, count, classes, absent)
    weight = np.random.default_rng(seed + 1).integers(0, 4, count)
    weight[0] += weight.sum() == 0
    numbers = [np.array([labels.index(n) for n in names], np.int32) for names in (truth, predicted)]
    confusion, auroc, precision = _core.resample_scores(
        *numbers, probabilities, np.arange(count, dtype=np.int32), weight[None].astype(np.int32),
        classes,
    )  # fmt: skip
    theirs = peer_scores(truth, predicted, probabilities, labels, weight)
    table = metrics.confusion_matrix(truth, predicted, labels=labels, sample_weight=weight)
    np.testing.assert_array_equal(confusion[0], table)
    for i, label in enumerate(labels):
        for ours, name in ((auroc, "auroc"), (precision, "average_precision")):
            expected = theirs[f"{name}/{label}"]
            assert ours[0, i] == pytest.approx(expected, rel=1e-12, abs=1e-12, nan_ok=True)


def test_names_alone_decide() -> None:
    """The order of the labels moves rows and columns, and nothing else but the kappa."""
    truth, predicted, probabilities, labels = drawn(3, 50, 3, False)
    scores = classification_scores(truth, predicted, labels=labels, probabilities=probabilities)
    order = [2, 0, 1]
    other = classification_scores(
        truth, predicted, labels=[labels[i] for i in order], probabilities=probabilities[:, order]
    )
    np.testing.assert_array_equal(other.confusion, scores.confusion[np.ix_(order, order)])
    for label in labels:
        assert other.of(label) == scores.of(label)
    assert other.balanced_accuracy == pytest.approx(scores.balanced_accuracy, rel=1e-15)
    assert other.quadratic_kappa != pytest.approx(scores.quadratic_kappa)


def test_classes_without_images() -> None:
    scores = classification_scores(["a", "a"], ["a", "b"], labels=["a", "b", "c"])
    assert scores.balanced_accuracy == 0.5  # only a has images
    assert (scores.of("b").precision, scores.of("b").recall, scores.of("b").f1) == (0, 0, 0)
    assert (scores.of("c").precision, scores.of("c").recall, scores.of("c").f1) == (0, 0, 0)
    assert math.isnan(scores.auroc)
    assert math.isnan(scores.of("a").average_precision)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        alone = classification_scores(["a", "a"], labels=["a", "b"], probabilities=[[1, 0]] * 2)
    assert (alone.accuracy, alone.balanced_accuracy, alone.of("a").average_precision) == (1, 1, 1)
    assert math.isnan(alone.quadratic_kappa)
    assert math.isnan(alone.of("a").auroc)
    assert math.isnan(alone.of("b").average_precision)


def test_the_result_cannot_be_changed() -> None:
    scores = classification_scores(["a"], ["b"], labels=["a", "b"])
    with pytest.raises(ValueError, match="read-only"):
        scores.confusion[0, 0] = 1


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"truth": [0, 1]}, errors.ArgumentTypeError, "truth must hold names .*got int; numbers"),
        ({"truth": np.array([0, 1])}, errors.ArgumentTypeError, "truth must hold names"),
        ({"truth": "ab"}, errors.ArgumentTypeError, "truth must be a sequence of class names"),
        ({"truth": ["a", "B"]}, errors.ArgumentError, "each of truth must be one of 'a', 'b'"),
        ({"truth": []}, errors.ArgumentError, "truth must hold the class of at least one"),
        ({"predicted": ["a"]}, errors.ShapeError, "predicted must be as many as truth, 2, got 1"),
        ({"predicted": None}, errors.ArgumentError, "predicted or probabilities must be given"),
        ({"labels": ["a"]}, errors.ArgumentError, "labels must be at least two different"),
        ({"labels": ["a", "b", "a"]}, errors.ArgumentError, "labels must be at least two"),
        ({"labels": [0, 1]}, errors.ArgumentTypeError, "labels must hold names of classes"),
        ({"labels": "ab"}, errors.ArgumentTypeError, "labels must be a sequence"),
        ({"probabilities": [[1.0, 0.0]]}, errors.ShapeError, "probabilities must be as many"),
        ({"probabilities": [[1.0]] * 2}, errors.ShapeError, r"must be an array \[n, 2\]"),
        ({"probabilities": [[2.5, -1.5]] * 2}, errors.ArgumentError, "are they logits"),
        ({"probabilities": [[0.5, math.nan]] * 2}, errors.ArgumentError, "between 0 and 1"),
        ({"probabilities": [[0.5, 0.6]] * 2}, errors.ArgumentError, "must add up to 1"),
        ({"probabilities": [["a", "b"]] * 2}, errors.ArgumentTypeError, "of real numbers"),
    ],
)
def test_bad_input(options, error, message) -> None:
    given_ = {"truth": ["a", "b"], "predicted": ["a", "b"], "labels": ["a", "b"], **options}
    with pytest.raises(error, match=message):
        classification_scores(given_.pop("truth"), given_.pop("predicted"), **given_)
    with pytest.raises(errors.ArgumentError, match="label must be one of 'a', 'b', got 'c'"):
        classification_scores(["a"], ["a"], labels=["a", "b"]).of("c")


def test_the_core_refuses_what_does_not_fit() -> None:
    one = np.zeros(1, dtype=np.int32)
    with pytest.raises(errors.ArgumentError, match="truth must be between 0 and 1, got 2"):
        _core.resample_scores(one + 2, one, np.empty((0, 2)), one, one[None] + 1, 2)
    with pytest.raises(errors.ShapeError, match="times must have 2 dimensions"):
        _core.resample_scores(one, one, np.empty((0, 2)), one, one, 2)
    empty = np.empty(0, dtype=np.int32)
    found = _core.resample_scores(
        empty, empty, np.empty((0, 2)), empty, np.empty((5, 0), dtype=np.int32), 2
    )
    assert [len(table) for table in found] == [0, 0, 0]
