# SPDX-License-Identifier: Apache-2.0
"""Scores of images that are drawn several times, as arrays over resamples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gftcore._native import core
from gftcore._validation import describe, require_iterator
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError
from gftcore.metrics.classes import numbers_of, require_probabilities

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Images", "Scores"]


class Images:
    """Classes, probabilities and groups of images in the form that the core takes."""

    def __init__(
        self,
        truth: Iterable[str],
        predicted: Iterable[str] | None,
        probabilities: ArrayLike | None,
        names: tuple[str, ...],
        subjects: Iterable[str] | None = None,
        among: Iterable[str] | None = None,
    ) -> None:
        self.truth = numbers_of(truth, names, "truth")
        self._classes, count = len(names), len(self.truth)
        if not count:
            raise ArgumentError("truth must hold the class of at least one image, got none")
        self._probability = np.empty((0, self._classes))
        if probabilities is not None:
            self._probability = require_probabilities(probabilities, self._classes)
            _require_as_many(self._probability, count, "probabilities")
        if predicted is not None:
            self._predicted = numbers_of(predicted, names, "predicted")
        elif probabilities is not None:
            self._predicted = self._probability.argmax(axis=1).astype(np.int32)
        else:
            raise ArgumentError("predicted or probabilities must be given")
        _require_as_many(self._predicted, count, "predicted")
        self.groups, self._group = 1, np.zeros(count, dtype=np.int32)
        if subjects is not None:
            self.groups, self._group = _grouped(subjects, among)
            _require_as_many(self._group, count, "subjects")

    def scores(self, times: NDArray[np.int32]) -> Scores:
        """Return the scores of resamples in which each group occurs so often [B, groups]."""
        found = core.resample_scores(
            self.truth, self._predicted, self._probability, self._group, times, self._classes
        )
        return Scores(*(np.array(table) for table in found))


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Counts [B, C, C] and areas [B, C] of resamples."""

    confusion: NDArray[np.int64]
    auroc: NDArray[np.float64]
    average_precision: NDArray[np.float64]

    def columns(self, names: tuple[str, ...]) -> dict[str, NDArray[np.float64]]:
        """Return each score by its name [B]."""
        hit = np.diagonal(self.confusion, axis1=1, axis2=2)
        true, found = self.confusion.sum(axis=2), self.confusion.sum(axis=1)
        total = true.sum(axis=1)
        recall = _share(hit, true, 0.0)
        of_class = {
            "precision": _share(hit, found, 0.0),
            "recall": recall,
            "f1": _share(2 * hit, true + found, 0.0),
            "auroc": self.auroc,
            "average_precision": self.average_precision,
        }
        out = {
            "accuracy": _share(hit.sum(axis=1), total, np.nan),
            "balanced_accuracy": _mean_where(recall, true > 0),
            "quadratic_kappa": self._kappa(true, found, total),
            "auroc": _mean_where(self.auroc, ~np.isnan(self.auroc)),
            "average_precision": _mean_where(
                self.average_precision, ~np.isnan(self.average_precision)
            ),
        }
        for name, values in of_class.items():
            out |= {f"{name}/{label}": values[:, i] for i, label in enumerate(names)}
        return out

    def _kappa(
        self, true: NDArray[np.int64], found: NDArray[np.int64], total: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        label = np.arange(true.shape[1])
        weight = (label[:, None] - label) ** 2.0
        observed = (self.confusion * weight).sum(axis=(1, 2))
        expected = (true[:, :, None] * found[:, None, :] * weight).sum(axis=(1, 2))
        return 1 - _share(observed * total, expected, np.nan)


def _share(
    part: NDArray[np.int64], whole: NDArray[np.int64], nothing: float
) -> NDArray[np.float64]:
    """Return part / whole, and a given value where the whole is nothing."""
    out = np.full(whole.shape, nothing)
    np.divide(part, whole, out=out, where=whole > 0)
    return out


def _mean_where(values: NDArray[np.float64], there: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the mean of some values of each row, NaN for a row without any."""
    count = there.sum(axis=1)
    out = np.full(len(values), np.nan)
    np.divide(np.where(there, values, 0.0).sum(axis=1), count, out=out, where=count > 0)
    return out


def _grouped(subjects: Iterable[str], among: Iterable[str] | None) -> tuple[int, NDArray[np.int32]]:
    """Return the number of subjects and that of each image, in the order of their names."""
    names = _names(subjects, "subjects")
    known = set(names if among is None else _names(among, "among"))
    if not known.issuperset(names):
        raise ArgumentError(
            f"among must hold all subjects, got none of {len(set(names) - known)} that have images"
        )
    number = {name: i for i, name in enumerate(sorted(known))}
    return len(number), np.array([number[name] for name in names], dtype=np.int32)


def _names(values: Iterable[str], argument: str) -> list[str]:
    names = list(require_iterator(values, argument, "a sequence of names"))
    other = next((name for name in names if not isinstance(name, str)), None)
    if other is not None or None in names:
        raise ArgumentTypeError(f"{argument} must hold names as text, got {describe(other)}")
    return names


def _require_as_many(values: NDArray[np.generic], count: int, name: str) -> None:
    if len(values) != count:
        raise ShapeError(f"{name} must be as many as truth, {count}, got {len(values)}")
