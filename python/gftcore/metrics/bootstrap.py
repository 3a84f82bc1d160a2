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

__all__ = ["Interval", "bootstrap_intervals", "draw_times"]

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
    names = require_class_names(labels)
    resamples = require_int(resamples, "resamples", 1, 10**6)
    seed = require_int(seed, "seed", 0, 2**63 - 1)
    share = require_real(confidence, "confidence", above=0.0)
    if share >= 1:
        raise ArgumentError(f"confidence must be below 1, got {share:g}")
    images = Images(truth, predicted, probabilities, names, subjects)
    parts = [
        images.scores(times).columns(names) for times in draw_times(images.groups, resamples, seed)
    ]
    bounds = [(1 - share) / 2, (1 + share) / 2]
    return MappingProxyType(
        {
            name: _interval(np.concatenate([part[name] for part in parts]), bounds)
            for name in parts[0]
        }
    )


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


def _interval(values: NDArray[np.float64], bounds: list[float]) -> Interval:
    known = values[~np.isnan(values)]
    low, high = np.quantile(known, bounds).tolist() if len(known) else (np.nan, np.nan)
    return Interval(low=low, high=high, num_undefined=len(values) - len(known))
