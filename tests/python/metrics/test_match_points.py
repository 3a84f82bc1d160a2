# SPDX-License-Identifier: Apache-2.0
"""Points are paired one to one, as many as possible."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gftcore import errors, metrics

pytest.importorskip("scipy", reason="gftcore.metrics needs scipy")

# On this lattice many distances are equal, and many pairs are exactly as far apart as allowed.
POINTS = hnp.arrays(
    np.float64, st.tuples(st.integers(0, 9), st.just(2)), elements=st.integers(0, 6)
)
WITHIN = st.sampled_from([0.0, 1.0, 2.0**0.5, 2.0, 3.0])


def close(reference: np.ndarray, prediction: np.ndarray, within_px: float) -> np.ndarray:
    apart = np.linalg.norm(reference[:, None] - prediction[None], axis=2)
    return apart <= within_px


def brute_force_count(allowed: np.ndarray) -> int:
    """Most pairs over all assignments: rows in turn, for each set of columns taken."""
    best = {0: 0}
    for row in allowed:
        for taken, count in list(best.items()):
            for column in np.flatnonzero(row).tolist():
                if not taken >> column & 1:
                    key = taken | 1 << column
                    best[key] = max(best.get(key, 0), count + 1)
    return max(best.values())


def greedy_count(reference: np.ndarray, prediction: np.ndarray, within_px: float) -> int:
    """Pairs that nearest-first finds."""
    apart = np.linalg.norm(reference[:, None] - prediction[None], axis=2)
    count = 0
    while apart.size and apart.min() <= within_px:
        row, column = np.unravel_index(apart.argmin(), apart.shape)
        apart[row], apart[:, column] = np.inf, np.inf
        count += 1
    return count


def test_a_chain_needs_the_far_partners() -> None:
    reference, prediction = np.array([[0, 0], [0, 4]]), np.array([[0, 3], [0, 7]])
    match = metrics.match_points(reference, prediction, within_px=3)
    assert match.pairs.tolist() == [[0, 0], [1, 1]]
    assert (match.precision, match.recall, match.f1) == (1.0, 1.0, 1.0)
    # Negative control: the nearest pair first leaves two points alone.
    assert greedy_count(reference, prediction, 3) == 1


def test_rates() -> None:
    match = metrics.match_points([[0, 0], [9, 9], [20, 20]], [[0, 1], [40, 40]], within_px=5)
    assert (match.precision, match.recall, match.f1) == (1 / 2, 1 / 3, 2 / 5)


def test_the_limit_itself_is_allowed() -> None:
    assert metrics.match_points([[0, 0]], [[3, 4]], within_px=5).f1 == 1
    assert metrics.match_points([[0, 0]], [[3, 4]], within_px=4.999).f1 == 0
    assert metrics.match_points([[2, 2]], [[2, 2]], within_px=0).f1 == 1


@pytest.mark.parametrize(("given_points", "found"), [([], [[1, 1]]), ([[1, 1]], [])])
def test_one_empty_side_is_zero(given_points: list[list[int]], found: list[list[int]]) -> None:
    match = metrics.match_points(given_points, found, within_px=8)
    assert (match.precision, match.recall, match.f1) == (0, 0, 0)
    assert match.pairs.shape == (0, 2)


def test_two_empty_sides_agree() -> None:
    match = metrics.match_points([], np.empty((0, 2)), within_px=8)
    assert (match.precision, match.recall, match.f1) == (1, 1, 1)


@given(reference=POINTS, prediction=POINTS, within_px=WITHIN)
def test_no_pairing_has_more_pairs(
    reference: np.ndarray, prediction: np.ndarray, within_px: float
) -> None:
    match = metrics.match_points(reference, prediction, within_px)
    allowed = close(reference, prediction, within_px)
    assert len(match.pairs) == brute_force_count(allowed)
    assert len(match.pairs) >= greedy_count(reference, prediction, within_px)
    assert all(allowed[i, j] for i, j in match.pairs)
    for side in match.pairs.T:
        assert len(np.unique(side)) == len(side)


@given(reference=POINTS, prediction=POINTS, within_px=WITHIN)
def test_sides_change_places(
    reference: np.ndarray, prediction: np.ndarray, within_px: float
) -> None:
    there = metrics.match_points(reference, prediction, within_px)
    back = metrics.match_points(prediction, reference, within_px)
    assert (there.precision, there.recall, there.f1) == (back.recall, back.precision, back.f1)


@given(reference=POINTS, prediction=POINTS, within_px=WITHIN, seed=st.integers(0, 99))
def test_order_and_place_do_not_matter(
    reference: np.ndarray, prediction: np.ndarray, within_px: float, seed: int
) -> None:
    count = len(metrics.match_points(reference, prediction, within_px).pairs)
    random = np.random.default_rng(seed)
    moved = random.integers(-50, 50, 2)
    shuffled = [random.permutation(side) + moved for side in (reference, prediction)]
    turned = [side[:, ::-1] * [1, -1] for side in shuffled]
    assert len(metrics.match_points(*shuffled, within_px).pairs) == count
    assert len(metrics.match_points(*turned, within_px).pairs) == count


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([[0, 0, 0]], [[0, 0]], 1), errors.ShapeError, "reference"),
        (([[0, 0]], "text", 1), errors.ArgumentTypeError, "prediction"),
        (([[0, np.nan]], [[0, 0]], 1), errors.ArgumentError, "reference must be finite"),
        (([[0, 0]], [[0, 0]], -1), errors.ArgumentError, "within_px"),
        (([[0, 0]], [[0, 0]], np.nan), errors.ArgumentError, "within_px"),
    ],
)
def test_bad_arguments(arguments: tuple[object, ...], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        metrics.match_points(*arguments)  # type: ignore[arg-type]


def test_scipy_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "scipy.spatial", None)
    with pytest.raises(errors.MissingExtraError, match=r"gftcore\[metrics\]"):
        metrics.match_points([[0, 0]], [[0, 0]], within_px=1)
