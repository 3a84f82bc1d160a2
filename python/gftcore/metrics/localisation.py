# SPDX-License-Identifier: Apache-2.0
"""How well scores of a graph's structures point to those that are known to matter."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._native import core
from gftcore._validation import describe, require_array, require_int, require_iterator
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError
from gftcore.metrics.bootstrap import Interval, draw_times, percentile_interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Localisation",
    "LocalisationSummary",
    "localisation_scores",
    "summarise_localisation",
    "top_scores",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Localisation:
    """How well scores of one image point to its hits.

    Attributes
    ----------
    auroc
        Probability that a hit has a higher score than another structure, equal ones counting
        half; the mean over types that have both, NaN if none has.
    num, num_hits
        How many structures there are, and hits among them.
    num_top, top_hits
        How many of the highest scores were taken, and hits among them.
    top_expected
        Hits among as many structures of the same types, drawn at random.
    mass_share
        Part of the sum of positive scores that hits have; NaN if none is positive.
    """

    auroc: float
    num: int
    num_hits: int
    num_top: int
    top_hits: int
    top_expected: float
    mass_share: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocalisationSummary:
    """Images together, with intervals over resamples of their subjects.

    Attributes
    ----------
    num_images, num_subjects
        How many were given.
    num_without
        Images whose AUROC does not exist, as those without a hit. They count as .5.
    auroc, auroc_interval
        Mean over all images.
    auroc_where_defined
        Mean over those where it exists.
    odds_ratio, odds_ratio_interval
        Odds that one of the highest scores is a hit, by the odds expected from their types.
    top_share, expected_share
        Hits among the highest scores, and those expected, as shares of them.
    mass_share, hit_share
        Means over images with a hit: part of the positive scores that hits have, and part of the
        structures that they are.
    resampled_auroc, resampled_odds_ratio
        [resamples]. Equal images, resamples and seed have equal draws, so that differences can be
        taken resample by resample.
    """

    num_images: int
    num_subjects: int
    num_without: int
    auroc: float
    auroc_interval: Interval
    auroc_where_defined: float
    odds_ratio: float
    odds_ratio_interval: Interval
    top_share: float
    expected_share: float
    mass_share: float
    hit_share: float
    resampled_auroc: NDArray[np.float64]
    resampled_odds_ratio: NDArray[np.float64]


def top_scores(
    scores: Mapping[str, ArrayLike], k: int
) -> tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.int64]]:
    """Return the k highest scores over all types, highest first.

    Returns
    -------
    types : tuple of str
        Those of `scores`, in their order.
    place : int64 [min(k, n)]
        Number of the type of each.
    row : int64 [min(k, n)]
        Its row. Equal scores go by type, then by row.

    Examples
    --------
    >>> top_scores({"vessel": [1.0, 3.0], "ica": [3.0, 2.0]}, 3)[1:]
    (array([0, 1, 1]), array([1, 0, 1]))
    """
    count = require_int(k, "k", 0)
    values = {name: _scores(each, name) for name, each in scores.items()}
    place = np.repeat(np.arange(len(values)), [len(each) for each in values.values()])
    row = np.concatenate([np.arange(len(each)) for each in values.values()] or [place])
    joined = np.concatenate(list(values.values()) or [np.empty(0)])
    order = np.argsort(-joined, kind="stable")[:count]
    return tuple(values), place[order], row[order]


def localisation_scores(
    scores: Mapping[str, ArrayLike], hits: Mapping[str, ArrayLike], *, top: int = 20
) -> Localisation:
    """Measure how well scores of one image point to its hits.

    Parameters
    ----------
    scores
        Type of structure to a score of each; the higher, the more it matters.
    hits
        The same types to which structures are hits.
    top
        How many of the highest scores, over all types, are looked at; see `top_scores`.

    Examples
    --------
    >>> found = localisation_scores(
    ...     {"ica": [3.0, 2.0, 1.0, 0.0]}, {"ica": [True, False, True, False]}, top=1
    ... )
    >>> found.auroc, found.top_hits, found.top_expected
    (0.75, 1, 0.5)
    """
    for label, each_type in (("scores", scores), ("hits", hits)):
        if not isinstance(each_type, Mapping):
            raise ArgumentTypeError(f"{label} must be a mapping, got {describe(each_type)}")
    if set(scores) != set(hits) or not scores:
        raise ArgumentError(
            f"hits must have the types of scores, {', '.join(scores):.200}, "
            f"got {', '.join(hits):.200}"
        )
    wanted = {}
    for name, each in scores.items():
        wanted[name] = _hits(hits[name], name, len(_scores(each, name)))
    types, place, row = top_scores(scores, top)
    rate = np.array([wanted[name].mean() if len(wanted[name]) else 0.0 for name in types])
    taken = [wanted[types[p]][r] for p, r in zip(place.tolist(), row.tolist(), strict=True)]
    areas = np.array([_auroc(_scores(scores[name], name), wanted[name]) for name in types])
    known = areas[~np.isnan(areas)]
    positive = {name: np.maximum(_scores(each, name), 0) for name, each in scores.items()}
    in_hits = sum(float(each[wanted[name]].sum()) for name, each in positive.items())
    return Localisation(
        auroc=float(known.mean()) if len(known) else float("nan"),
        num=sum(len(each) for each in wanted.values()),
        num_hits=sum(int(each.sum()) for each in wanted.values()),
        num_top=len(place),
        top_hits=int(sum(taken)),
        top_expected=float(rate[place].sum()),
        mass_share=_share(in_hits, sum(float(each.sum()) for each in positive.values())),
    )


def summarise_localisation(
    images: Iterable[Localisation],
    *,
    subjects: Iterable[str],
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> LocalisationSummary:
    """Put images together, with percentile intervals over resamples of subjects.

    Parameters
    ----------
    images
        At least one, from `localisation_scores`.
    subjects
        Whose image each is.
    resamples, confidence, seed
        As for `bootstrap_intervals`, which says how subjects are drawn.

    Notes
    -----
    An image without a hit says nothing of where scores point, which an AUROC of .5 says, too; it
    counts, so that results do not depend on which images are left out. Highest scores and what is
    expected of them are added up over the images before odds are taken; images without a hit add
    nothing to either.

    Examples
    --------
    >>> image = localisation_scores({"ica": [2.0, 1.0, 0.0]}, {"ica": [True, True, False]}, top=1)
    >>> found = summarise_localisation([image, image], subjects=["a", "b"], resamples=9)
    >>> found.auroc, found.auroc_interval.low, found.top_share, found.odds_ratio
    (1.0, 1.0, 1.0, inf)
    """
    given = list(require_iterator(images, "images", "a sequence of Localisation"))
    other = next((one for one in given if not isinstance(one, Localisation)), None)
    if other is not None or not given:
        got = describe(other) if given else "none"
        raise ArgumentTypeError(f"images must hold at least one Localisation, got {got}")
    names = list(require_iterator(subjects, "subjects", "a sequence of names"))
    if len(names) != len(given):
        raise ShapeError(f"subjects must be as many as images, {len(given)}, got {len(names)}")
    number = {name: i for i, name in enumerate(sorted(set(names)))}
    group = np.array([number[name] for name in names])
    resamples = require_int(resamples, "resamples", 1, 10**6)
    seed = require_int(seed, "seed", 0, 2**63 - 1)

    auroc = np.array([one.auroc for one in given])
    lacking = np.isnan(auroc)
    counted = np.where(lacking, 0.5, auroc)
    table = np.zeros((len(number), 5))
    np.add.at(table, group, _columns(given, counted))
    blocks = [times @ table for times in draw_times(len(number), resamples, seed)]
    drawn = np.concatenate(blocks)
    whole = table.sum(axis=0, keepdims=True)
    mean = drawn[:, 0] / drawn[:, 1]
    odds = odds_ratios(drawn)
    return LocalisationSummary(
        num_images=len(given),
        num_subjects=len(number),
        num_without=int(lacking.sum()),
        auroc=float(counted.mean()),
        auroc_interval=percentile_interval(mean, confidence=confidence),
        auroc_where_defined=float(auroc[~lacking].mean()) if not lacking.all() else float("nan"),
        odds_ratio=float(odds_ratios(whole)[0]),
        odds_ratio_interval=_odds_interval(odds, confidence),
        top_share=_share(whole[0, 3], whole[0, 2]),
        expected_share=_share(whole[0, 4], whole[0, 2]),
        mass_share=_mean([one.mass_share for one in given if one.num_hits]),
        hit_share=_mean([one.num_hits / one.num for one in given if one.num_hits]),
        resampled_auroc=mean,
        resampled_odds_ratio=odds,
    )


def _columns(images: Sequence[Localisation], auroc: NDArray[np.float64]) -> NDArray[np.float64]:
    """AUROC, 1, highest scores, hits among them and those expected; of each image [n, 5]."""
    rows = []
    for one, area in zip(images, auroc, strict=True):
        top = one.num_top if one.num_hits else 0
        rows.append((area, 1, top, one.top_hits, one.top_expected))
    return np.array(rows, dtype=np.float64)


def odds_ratios(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Odds of hits among the highest scores by expected odds, NaN for 0/0 [rows]."""
    top, hits, expected = sums[:, 2], sums[:, 3], sums[:, 4]
    with np.errstate(divide="ignore", invalid="ignore"):
        out: NDArray[np.float64] = hits * (top - expected) / ((top - hits) * expected)
    return out


def _odds_interval(odds: NDArray[np.float64], confidence: float) -> Interval:
    """Percentiles of odds, among which some may be infinite: taken of odds / (1 + odds)."""
    share = np.where(np.isinf(odds), 1.0, odds / (1 + np.where(np.isinf(odds), 0, odds)))
    found = percentile_interval(share, confidence=confidence)
    low, high = (end / (1 - end) if end != 1 else np.inf for end in (found.low, found.high))
    return Interval(low=float(low), high=float(high), num_undefined=found.num_undefined)


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else float("nan")


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def _scores(values: ArrayLike, name: str) -> NDArray[np.float64]:
    label = f"scores[{name!r}]"
    out: NDArray[np.float64] = require_array(values, np.float64, name=label, ndim=1)
    if not np.isfinite(out).all():
        raise ArgumentError(f"{label} must be finite, got NaN or infinity")
    return out


def _hits(values: ArrayLike, name: str, count: int) -> NDArray[np.bool_]:
    label = f"hits[{name!r}]"
    array: NDArray[Any] = np.asarray(values)
    if array.size and array.dtype != np.bool_:
        raise ArgumentTypeError(f"{label} must be a bool array, got {describe(array)}")
    if array.shape != (count,):
        raise ShapeError(f"{label} must have shape {(count,)}, got {array.shape}")
    return array.astype(np.bool_)


def _auroc(scores: NDArray[np.float64], hits: NDArray[np.bool_]) -> float:
    """Area under the curve, by the same code as that of classes; NaN without hits or others."""
    if not len(hits) or hits.all() or not hits.any():
        return float("nan")
    truth = hits.astype(np.int32)
    none = np.zeros(len(hits), dtype=np.int32)
    _, areas, _ = core.resample_scores(
        truth, none, np.stack([-scores, scores], axis=1), none, np.ones((1, 1), np.int32), 2
    )
    return float(areas[0, 1])
