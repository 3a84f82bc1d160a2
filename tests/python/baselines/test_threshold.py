# SPDX-License-Identifier: Apache-2.0
"""The best single measurement against all cuts and all orders of classes, written out."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cohort_features
from gftcore.baselines import best_cuts
from gftcore.baselines.threshold import best_feature, filled
from gftcore.errors import ArgumentError
from gftcore.runs import balanced_accuracy


def best_of_all(values: np.ndarray, labels: np.ndarray, classes: int) -> float:
    """Highest balanced accuracy of any pieces in any order, with pieces left out too."""
    levels = np.unique(values)
    middles = [-np.inf, *(levels[1:] + levels[:-1]) / 2]
    best = 0.0
    for size in range(1, classes + 1):
        for cuts in combinations(middles[1:], size - 1):
            piece = np.searchsorted(cuts, values)
            for order in permutations(range(classes), size):
                best = max(best, balanced_accuracy(labels, np.array(order)[piece]))
    return best


@given(
    st.integers(2, 4).flatmap(
        lambda classes: st.lists(
            st.tuples(st.integers(0, 6), st.integers(0, classes - 1)), min_size=2, max_size=16
        ).map(lambda rows: (classes, rows))
    )
)
def test_no_cuts_are_better(case: tuple[int, list[tuple[int, int]]]) -> None:
    classes, rows = case
    values = np.array([float(value) for value, _ in rows])
    labels = np.array([label for _, label in rows])
    cuts = best_cuts(values, labels, classes)
    assert cuts.score == pytest.approx(best_of_all(values, labels, classes), abs=1e-12)
    # The cuts do what they promise, and say so without infinite numbers and empty pieces.
    assert balanced_accuracy(labels, cuts.predict(values)) == pytest.approx(cuts.score, abs=1e-12)
    assert np.isfinite(cuts.at).all()
    assert list(cuts.at) == sorted(set(cuts.at))
    assert len(cuts.classes) == len(cuts.at) + 1 == len(set(cuts.classes))
    assert set(np.searchsorted(cuts.at, values)) == set(range(len(cuts.classes)))


def test_the_audit_of_cohorts_finds_as_good_cuts() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        values = rng.integers(0, 30, 80).astype(float)
        labels = rng.integers(0, 3, 80)
        theirs = cohort_features.best_cuts(values, labels).predict(values)
        score = cohort_features.balanced_accuracy(theirs, labels)
        assert best_cuts(values, labels, 3).score == pytest.approx(score, abs=1e-12)


def test_rules_of_the_features() -> None:
    labels = np.array([0, 0, 1, 1, 2, 2])
    table = np.full((6, 4), np.nan)  # the first column does not exist
    table[:, 1] = [0, 1, 0, 1, 0, 1]
    table[:, 2] = [5, 5, 1, np.nan, 9, 9]  # 5.8 for the missing one
    table[:, 3] = table[:, 2]  # the first of equals counts
    column, cuts = best_feature(table, labels, 3)
    assert column == 2
    assert cuts.score == best_cuts(np.array([5, 5, 1, 5.8, 9, 9]), labels, 3).score
    with pytest.raises(ArgumentError, match="must have a measurement"):
        best_feature(table[:, :1], labels, 3)


def test_missing_values_are_those_of_training() -> None:
    found = filled(np.array([np.nan, 1.0]), np.array([4.0, np.nan, 8.0]))
    assert found is not None
    assert found.tolist() == [6.0, 1.0]


def test_numbers_of_classes() -> None:
    values, labels = np.arange(12.0), np.arange(12)
    assert best_cuts(values, labels, 12).score == 1.0
    for count in (1, 13):
        with pytest.raises(ArgumentError, match="2 to 12 classes"):
            best_cuts(values, labels, count)
