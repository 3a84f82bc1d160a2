# SPDX-License-Identifier: Apache-2.0
"""Intervals of scores by resampling subjects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from gftcore._validation import require_int, require_real
from gftcore.errors import ArgumentError
from gftcore.metrics.classes import require_class_names
from gftcore.metrics.resampling import Images

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Interval", "bootstrap_intervals", "draw_times", "percentile_interval"]
__all__ += ["resampled_scores"]

# Draws that are held at a time.
_BLOCK = 1 << 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Bounds of a score.

    Attributes
    ----------
    low, high
        NaN if the score exists in no resample.
    num_undefined
        Resamples in which the score does not exist, such as the AUROC of a class without images.
        They are left out.
    """

    low: float
    high: float
    num_undefined: int


def bootstrap_intervals(
    truth: Iterable[str],
    predicted: Iterable[str] | None = None,
    *,
    labels: Sequence[str],
    subjects: Iterable[str],
    probabilities: ArrayLike | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Mapping[str, Interval]:
    """Return percentile intervals of all scores by resampling subjects.

    Parameters
    ----------
    truth, predicted, labels, probabilities
        As for `classification_scores`.
    subjects
        Whose image each is. All images of a subject are drawn together, since they are alike.
    resamples
        Number of resamples, 1 to 1000000.
    confidence
        Share of the resamples between the bounds, above 0 and below 1.
    seed
        0 to 2**63 - 1.

    Returns
    -------
    Mapping of str to Interval
        The names are those of `ClassificationScores.to_dict`.

    Notes
    -----
    A resample holds as many subjects as there are, drawn with replacement. Draw k of S subjects in
    the order of their names is number ``(h * S) >> 32``, where h is the upper half of the k-th raw
    64-bit draw of PCG64, so neither the order of the images nor the version of NumPy changes an
    interval. Bounds between two resamples are interpolated linearly. There are as many images in
    a resample as its subjects have.

    References
    ----------
    Efron, B., Tibshirani, R. J. (1993). An introduction to the bootstrap, chapter 13.
    doi:10.1201/9780429246593

    Examples
    --------
    >>> truth, found = ["a", "b"] * 20, ["a", "b", "b", "b"] * 10
    >>> subjects = [f"{i // 2}" for i in range(40)]
    >>> intervals = bootstrap_intervals(truth, found, labels=["a", "b"], subjects=subjects)
    >>> intervals["recall/b"], round(intervals["recall/a"].high, 2)
    (Interval(low=1.0, high=1.0, num_undefined=0), 0.7)
    """
    values = resampled_scores(
        truth,
        predicted,
        labels=labels,
        subjects=subjects,
        probabilities=probabilities,
        resamples=resamples,
        seed=seed,
    )
    return MappingProxyType(
        {name: percentile_interval(each, confidence=confidence) for name, each in values.items()}
    )


def resampled_scores(
    truth: Iterable[str],
    predicted: Iterable[str] | None = None,
    *,
    labels: Sequence[str],
    subjects: Iterable[str],
    probabilities: ArrayLike | None = None,
    among: Iterable[str] | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> Mapping[str, NDArray[np.float64]]:
    """Return the values of all scores in resamples of subjects, NaN where a score does not exist.

    Two predictors with the same `among`, `resamples` and `seed` see the same resamples, so that
    means and differences of their values can be taken resample by resample.

    Parameters
    ----------
    truth, predicted, labels, probabilities, subjects, resamples, seed
        As for `bootstrap_intervals`, which says how subjects are drawn.
    among
        Subjects to draw from, those of other images included; None means those of these images.

    Examples
    --------
    >>> truth, found = ["a", "b"] * 20, ["a", "b", "b", "b"] * 10
    >>> values = resampled_scores(
    ...     truth, found, labels=["a", "b"], subjects=[f"{i}" for i in range(40)], resamples=9
    ... )
    >>> len(values["recall/b"]), float(values["recall/b"].min())
    (9, 1.0)
    """
    names = require_class_names(labels)
    resamples = require_int(resamples, "resamples", 1, 10**6)
    seed = require_int(seed, "seed", 0, 2**63 - 1)
    images = Images(truth, predicted, probabilities, names, subjects, among)
    parts = [
        images.scores(times).columns(names) for times in draw_times(images.groups, resamples, seed)
    ]
    return MappingProxyType(
        {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    )


def percentile_interval(values: NDArray[np.float64], *, confidence: float = 0.95) -> Interval:
    """Return the bounds between which a share of the values lies; NaN values are left out.

    Examples
    --------
    >>> percentile_interval(np.arange(101.0), confidence=0.5)
    Interval(low=25.0, high=75.0, num_undefined=0)
    """
    share = require_real(confidence, "confidence", above=0.0)
    if share >= 1:
        raise ArgumentError(f"confidence must be below 1, got {share:g}")
    known = values[~np.isnan(values)]
    low, high = np.nan, np.nan
    if len(known):
        low, high = np.quantile(known, [(1 - share) / 2, (1 + share) / 2]).tolist()
    return Interval(low=low, high=high, num_undefined=len(values) - len(known))


def draw_times(groups: int, resamples: int, seed: int) -> Iterable[NDArray[np.int32]]:
    """Yield how often each group is drawn, some resamples at a time [b, groups]."""
    source = np.random.PCG64(seed)
    block = max(_BLOCK // groups, 1)
    for first in range(0, resamples, block):
        rows = min(block, resamples - first)
        upper = source.random_raw(rows * groups) >> np.uint64(32)
        drawn = (upper * np.uint64(groups) >> np.uint64(32)).astype(np.int64)
        drawn += np.repeat(np.arange(rows) * groups, groups)
        times = np.bincount(drawn, minlength=rows * groups)
        yield times.reshape(rows, groups).astype(np.int32)
