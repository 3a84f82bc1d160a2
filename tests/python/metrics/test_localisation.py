# SPDX-License-Identifier: Apache-2.0
"""Scores that point to hits: by hand, pair by pair, resample by resample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import strategies  # noqa: F401  (no time limits)
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreError, ShapeError
from gftcore.metrics import (
    Localisation,
    localisation_scores,
    rank_correlation,
    summarise_localisation,
    top_scores,
)
from gftcore.metrics.bootstrap import draw_times

few = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=1, max_size=12)


def test_by_hand() -> None:
    scores = {"vessel": [5.0, 1.0, 0.0, -9.0], "ica": [4.0, 3.0]}
    hits = {"vessel": [True, False, False, True], "ica": [False, False]}
    found = localisation_scores(scores, hits, top=3)
    # Vessels: of 4 pairs of a hit and another, the first hit wins 2. Areas have no hit.
    assert (found.auroc, found.num, found.num_hits) == (0.5, 6, 2)
    # The three highest: one of the four vessels, half of which are hits, and both areas.
    assert (found.num_top, found.top_hits, found.top_expected) == (3, 1, 0.5)
    assert found.mass_share == 5 / 13


@given(few)
def test_auroc_counts_pairs(items: list[tuple[int, bool]]) -> None:
    scores = np.array([score for score, _ in items], dtype=float)
    hits = np.array([hit for _, hit in items])
    found = localisation_scores({"ica": scores}, {"ica": hits})
    if hits.all() or not hits.any():
        assert np.isnan(found.auroc)
        return
    pairs = scores[hits][:, None] - scores[~hits][None, :]
    assert found.auroc == pytest.approx(((pairs > 0) + (pairs == 0) / 2).mean(), abs=1e-12)
    turned = localisation_scores({"ica": -scores}, {"ica": hits})
    assert turned.auroc == pytest.approx(1 - found.auroc, abs=1e-12)


@given(few, few, st.integers(0, 30))
def test_top_scores_go_by_score_type_and_row(a: Any, b: Any, k: int) -> None:
    scores = {"vessel": [float(s) for s, _ in a], "ica": [float(s) for s, _ in b]}
    rows = [(-s, t, i) for t, each in enumerate(scores.values()) for i, s in enumerate(each)]
    types, place, row = top_scores(scores, k)
    assert types == ("vessel", "ica")
    assert list(zip(place.tolist(), row.tolist(), strict=True)) == [r[1:] for r in sorted(rows)[:k]]
    hits = {"vessel": [h for _, h in a], "ica": [h for _, h in b]}
    found = localisation_scores(scores, hits, top=k)
    taken = [hits[types[p]][r] for p, r in zip(place, row, strict=True)]
    rates = [np.mean(hits[types[p]]) for p in place]
    assert (found.num_top, found.top_hits) == (len(taken), sum(taken))
    assert found.top_expected == pytest.approx(sum(rates), abs=1e-12)


def test_images_without_a_hit_are_counted() -> None:
    good = localisation_scores({"ica": [2.0, 1.0]}, {"ica": [True, False]}, top=1)
    none = localisation_scores({"ica": [2.0, 1.0]}, {"ica": [False, False]}, top=1)
    found = summarise_localisation([good, none], subjects=["a", "b"], resamples=50)
    assert (found.num_images, found.num_without, found.num_subjects) == (2, 1, 2)
    assert (found.auroc, found.auroc_where_defined) == (0.75, 1.0)
    # Odds come from images with hits: 1 of 1 against .5 of 1.
    assert (found.top_share, found.expected_share, found.odds_ratio) == (1.0, 0.5, np.inf)
    assert (found.mass_share, found.hit_share) == (2 / 3, 0.5)
    odds = found.odds_ratio_interval  # infinite where the image with a hit was drawn
    assert (odds.low, odds.high) == (np.inf, np.inf)
    assert 0 < odds.num_undefined < 50
    lonely = summarise_localisation([none], subjects=["a"], resamples=5)
    assert lonely.auroc == 0.5
    assert np.isnan([lonely.auroc_where_defined, lonely.odds_ratio, lonely.top_share]).all()
    assert lonely.odds_ratio_interval.num_undefined == 5


def test_the_odds_ratio_by_hand() -> None:
    """6 of 20 found, 2 of 20 expected: (6 / 14) / (2 / 18)."""
    image = Localisation(
        auroc=0.6, num=100, num_hits=20, num_top=10, top_hits=3, top_expected=1.0, mass_share=0.5
    )
    found = summarise_localisation([image, image], subjects=["a", "a"], resamples=3)
    assert found.odds_ratio == pytest.approx((6 / 14) / (2 / 18))
    assert found.odds_ratio_interval.low == pytest.approx(found.odds_ratio_interval.high)


@given(seed=st.integers(0, 1000))
def test_resamples_draw_whole_subjects(seed: int) -> None:
    rng = np.random.default_rng(seed)
    images, subjects = [], []
    for i in range(7):
        hits = rng.random(9) < 0.4
        scores = {"ica": rng.integers(0, 5, 9).astype(float)}
        images.append(localisation_scores(scores, {"ica": hits}, top=3))
        subjects.append(f"s{i % 3}")
    found = summarise_localisation(images, subjects=subjects, resamples=11, seed=seed)
    (times,) = draw_times(3, 11, seed)
    for row, auroc, odds in zip(
        times, found.resampled_auroc, found.resampled_odds_ratio, strict=True
    ):
        drawn = [one for k in range(3) for i, one in enumerate(images) if i % 3 == k
                 for _ in range(row[k])]  # fmt: skip
        areas = [0.5 if np.isnan(one.auroc) else one.auroc for one in drawn]
        assert auroc == pytest.approx(np.mean(areas), abs=1e-12)
        some = [one for one in drawn if one.num_hits]
        top, hit = sum(o.num_top for o in some), sum(o.top_hits for o in some)
        expected = sum(o.top_expected for o in some)
        if 0 < hit < top:
            ratio = (hit / (top - hit)) / (expected / (top - expected))
            assert odds == pytest.approx(ratio, rel=1e-9)
    low, high = np.quantile(found.resampled_auroc, [0.025, 0.975])
    assert found.auroc_interval.low == pytest.approx(low)
    assert found.auroc_interval.high == pytest.approx(high)


def test_rankings_see_the_same_resamples() -> None:
    rng = np.random.default_rng(0)
    hits = [rng.random(20) < 0.3 for _ in range(6)]
    scores = [rng.normal(size=20) for _ in range(6)]
    subjects = [f"{i}" for i in range(6)]

    def summary(sign: float) -> Any:
        images = [
            localisation_scores({"ica": sign * s}, {"ica": h})
            for s, h in zip(scores, hits, strict=True)
        ]
        return summarise_localisation(images, subjects=subjects, resamples=40)

    np.testing.assert_allclose(summary(1).resampled_auroc + summary(-1).resampled_auroc, 1)


@given(few)
def test_rank_correlation_is_scipy_s(items: list[tuple[int, bool]]) -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed")
    first = [score for score, _ in items]
    second = [score * (1 if up else -2) for score, up in items]
    assume(len(set(first)) > 1 and len(set(second)) > 1)
    expected = stats.spearmanr(first, second).statistic
    assert rank_correlation(first, second) == pytest.approx(expected, abs=1e-12)


def test_rank_correlation_by_hand() -> None:
    assert rank_correlation([1, 5, 9], [-1, 0, 100]) == pytest.approx(1)
    assert rank_correlation([1, 5, 9], [3, 2, 1]) == pytest.approx(-1)
    assert np.isnan(rank_correlation([1, 1], [1, 2]))
    assert np.isnan(rank_correlation([], []))


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: localisation_scores({"ica": [1.0]}, {"vessel": [True]}), ArgumentError),
        (lambda: localisation_scores({}, {}), ArgumentError),
        (lambda: localisation_scores([1.0], [True]), ArgumentTypeError),  # type: ignore[arg-type]
        (lambda: localisation_scores({"ica": [1.0]}, {"ica": [True, False]}), ShapeError),
        (lambda: localisation_scores({"ica": [1.0]}, {"ica": [1]}), ArgumentTypeError),
        (lambda: localisation_scores({"ica": [np.nan]}, {"ica": [True]}), ArgumentError),
        (lambda: localisation_scores({"ica": [1.0]}, {"ica": [True]}, top=-1), ArgumentError),
        (lambda: summarise_localisation([], subjects=[]), ArgumentTypeError),
        (lambda: summarise_localisation([1], subjects=["a"]), ArgumentTypeError),  # type: ignore[list-item]
        (lambda: rank_correlation([1, 2], [1]), ShapeError),
        (lambda: rank_correlation([1, np.inf], [1, 2]), ArgumentError),
    ],
)
def test_what_is_refused(call: Any, error: type[GftcoreError]) -> None:
    with pytest.raises(error):
        call()


def test_as_many_subjects_as_images() -> None:
    image = localisation_scores({"ica": [1.0]}, {"ica": [True]})
    with pytest.raises(ShapeError, match="subjects must be as many as images, 1, got 2"):
        summarise_localisation([image], subjects=["a", "b"])
