# SPDX-License-Identifier: Apache-2.0
"""Numbers of a whole image, and how well a single one of them tells the classes apart."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from gftcore import graph
from gftcore.datasets import LABELS
from gftcore.segmentation import segment

# Places and grey values of an image without any are no features.
_PLACES = ("row", "col", "centroid", "pos_compat", "orientation", "intensity", "hasNode")
_STATISTICS = {
    "mean": np.nanmean,
    "sd": np.nanstd,
    "median": np.nanmedian,
    "q90": lambda values: np.nanquantile(values, 0.9),
    "q99": lambda values: np.nanquantile(values, 0.99),
    "max": np.nanmax,
}


def image_features(image: np.ndarray, mask: np.ndarray, *, segmented: bool) -> dict[str, float]:
    """Measure an image, and the graph of its true mask or of the one that is found in it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if segmented:
            mask = segment(image)
        found = graph.extract(mask, graph.ExtractConfig(fov_mm=3.0))
        out = {"mask density": float(mask.mean()), "junctions": float(found.num_nodes)}
        out |= {"segments": float(found.num_segments), "areas": float(found.num_icas)}
        out["links"] = float(found.num_edges)
        out |= _of_table("vessel", found.vessel_x, found.vessel_columns)
        out |= _of_table("area", found.ica_x, found.ica_columns)
        length = found.vessel_x[:, list(found.vessel_columns).index("length")]
        out["vessel length in all"] = float(np.nansum(length))
        for name, value in zip(found.ica_columns, found.faz_x[:1].reshape(-1), strict=False):
            if not name.startswith(_PLACES):
                out[f"FAZ {name}"] = float(value)
    out |= {"grey mean": float(image.mean()), "grey sd": float(image.std())}
    for quantile in (0.05, 0.25, 0.5, 0.75, 0.95):
        out[f"grey q{100 * quantile:g}"] = float(np.quantile(image, quantile))
    return out


def _of_table(what: str, table: np.ndarray, columns: Sequence[str]) -> dict[str, float]:
    return {
        f"{what} {name} {statistic}": float(function(table[:, k]))
        for k, name in enumerate(columns)
        if not name.startswith(_PLACES)
        for statistic, function in _STATISTICS.items()
    }


@dataclass(frozen=True, kw_only=True)
class Cuts:
    """Two thresholds on a feature, and the classes below, between and above them."""

    low: float
    high: float
    classes: tuple[int, ...]

    def predict(self, values: np.ndarray) -> np.ndarray:
        part = (values > self.low).astype(int) + (values > self.high)
        return np.array(self.classes)[part]


def balanced_accuracy(predicted: np.ndarray, labels: np.ndarray) -> float:
    """Mean recall of the classes that are there."""
    return float(np.mean([(predicted[labels == c] == c).mean() for c in np.unique(labels)]))


def best_cuts(values: np.ndarray, labels: np.ndarray) -> Cuts:
    """Find the two cuts with the highest balanced accuracy; any class may be in the middle.

    All pairs of cuts are compared: the recalls below the first and above the second are sums that
    do not depend on each other.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    member = labels[order][:, None] == np.arange(len(LABELS))
    below = np.vstack([np.zeros(len(LABELS)), member.cumsum(axis=0)])
    below /= np.maximum(member.sum(axis=0), 1)
    # A cut may lie before all values, behind all, or between two that differ.
    at = np.flatnonzero(np.r_[True, np.diff(ordered) > 0, True])
    best = (-1.0, 0, 0, (0, 1, 2))
    for classes in permutations(range(len(LABELS))):
        first, middle, last = (below[at, c] for c in classes)
        gain = np.maximum.accumulate(first - middle)
        total = gain + middle + (1 - last)
        j = int(total.argmax())
        if total[j] > best[0]:
            i = int((first - middle)[: j + 1].argmax())
            best = (float(total[j]), int(at[i]), int(at[j]), classes)
    edges = np.r_[-np.inf, (ordered[1:] + ordered[:-1]) / 2, np.inf]
    return Cuts(low=float(edges[best[1]]), high=float(edges[best[2]]), classes=best[3])


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureScore:
    """How well one feature tells the classes apart."""

    feature: str
    train: float
    test: float


def feature_scores(
    features: Sequence[Mapping[str, float]], labels: np.ndarray, test: np.ndarray
) -> list[FeatureScore]:
    """Choose cuts for each feature on the images that are not `test`; best on these first."""
    out = []
    for name in features[0]:
        values = np.array([each.get(name, np.nan) for each in features])
        if not np.isfinite(values).all():
            continue
        cuts = best_cuts(values[~test], labels[~test])
        predicted = cuts.predict(values)
        out.append(
            FeatureScore(
                feature=name,
                train=balanced_accuracy(predicted[~test], labels[~test]),
                test=balanced_accuracy(predicted[test], labels[test]),
            )
        )
    return sorted(out, key=lambda score: -score.train)


def intraclass_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """ICC(1,1) of pairs: the share of the variance that lies between pairs, not within them."""
    pairs = np.stack([first, second], axis=1)
    between = 2 * pairs.mean(axis=1).var(ddof=1)
    within = (np.diff(pairs, axis=1) ** 2).sum() / 2 / len(pairs)
    return float((between - within) / (between + within))
