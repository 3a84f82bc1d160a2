# SPDX-License-Identifier: Apache-2.0
"""How far apart the distributions of a quantity are in two groups of eyes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SEED = 20230216
RESAMPLES = 1000
MOST_PLACES = 2048
LEVELS = (2.5, 97.5)


@dataclass(frozen=True)
class Spread:
    """The values of a quantity in one eye, and how much each counts."""

    values: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray | float) -> Spread:
        """Values that count alike; those that do not exist are left out."""
        flat = np.atleast_1d(np.asarray(values, dtype=np.float64))
        flat = flat[np.isfinite(flat)]
        return cls(flat, np.ones(len(flat)))


@dataclass(frozen=True)
class Estimate:
    """A distance and the 95 % interval of its resamples."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Distance:
    """Two groups of eyes, ours and theirs, in one quantity.

    `wasserstein` is in the unit of the quantity; `sd` is that of theirs. `halves_*` are the same
    distances between two random halves of theirs.
    """

    ours_mean: float
    ours_median: float
    theirs_mean: float
    theirs_median: float
    sd: float
    wasserstein: Estimate
    ks: Estimate
    halves_wasserstein: Estimate
    halves_ks: Estimate


def distance(ours: Sequence[Spread], theirs: Sequence[Spread]) -> Distance:
    """Compare the values of all eyes of a group, taken together."""
    places = places_of([*ours, *theirs])
    a, b = (cumulated(group, places) for group in (ours, theirs))
    random = np.random.default_rng(SEED)
    one, all_ = np.ones((1, len(ours))), np.ones((1, len(theirs)))
    value = apart(shares(a, one), shares(b, all_), places)
    resampled = apart(
        shares(a, draws_with_return(random, len(ours))),
        shares(b, draws_with_return(random, len(theirs))),
        places,
    )
    first = random_halves(random, len(theirs))
    halved = apart(shares(b, first), shares(b, 1 - first), places)
    summary = [moments(group) for group in (ours, theirs)]
    return Distance(
        ours_mean=summary[0][0],
        ours_median=summary[0][2],
        theirs_mean=summary[1][0],
        theirs_median=summary[1][2],
        sd=summary[1][1],
        wasserstein=estimate(value[0][0], resampled[0]),
        ks=estimate(value[1][0], resampled[1]),
        halves_wasserstein=estimate(halved[0].mean(), halved[0]),
        halves_ks=estimate(halved[1].mean(), halved[1]),
    )


def places_of(spreads: Sequence[Spread]) -> np.ndarray:
    """Values at which distributions are compared: all of them, or as many evenly filled ones."""
    places = np.unique(np.concatenate([item.values for item in spreads]))
    if len(places) <= MOST_PLACES:
        return places
    everything = np.concatenate([item.values for item in spreads])
    return np.unique(np.quantile(everything, np.linspace(0, 1, MOST_PLACES)))


def cumulated(spreads: Sequence[Spread], places: np.ndarray) -> np.ndarray:
    """Weight up to each place [eyes, places]."""
    rows = []
    for item in spreads:
        order = np.argsort(item.values, kind="stable")
        total = np.concatenate([[0.0], np.cumsum(item.weights[order])])
        rows.append(total[np.searchsorted(item.values[order], places, side="right")])
    return np.array(rows)


def shares(weight: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Distribution functions [draws, places] of groups in which each eye stands `times` times."""
    summed = times @ weight
    return summed / summed[:, -1:]


def apart(first: np.ndarray, second: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, ...]:
    """1-Wasserstein distance and largest difference of distribution functions, row by row."""
    difference = np.abs(first - second)
    return difference[:, :-1] @ np.diff(places), difference.max(axis=1)


def draws_with_return(random: np.random.Generator, count: int) -> np.ndarray:
    return random.multinomial(count, np.full(count, 1 / count), size=RESAMPLES).astype(np.float64)


def random_halves(random: np.random.Generator, count: int) -> np.ndarray:
    """1 for the eyes of the first half, 0 for the others [draws, eyes]."""
    row = (np.arange(count) < count // 2).astype(np.float64)
    return random.permuted(np.tile(row, (RESAMPLES, 1)), axis=1)


def estimate(value: float, resampled: np.ndarray) -> Estimate:
    low, high = np.percentile(resampled, LEVELS)
    return Estimate(float(value), float(low), float(high))


def moments(spreads: Sequence[Spread]) -> tuple[float, float, float]:
    """Mean, standard deviation and median of all values."""
    values = np.concatenate([item.values for item in spreads])
    weights = np.concatenate([item.weights for item in spreads])
    mean = np.average(values, weights=weights)
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    middle = values[order][np.searchsorted(total, total[-1] / 2)]
    sd = np.sqrt(np.average((values - mean) ** 2, weights=weights))
    return float(mean), float(sd), float(middle)
