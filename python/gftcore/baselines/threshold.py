# SPDX-License-Identifier: Apache-2.0
"""The best single measurement: a line cut into one piece per class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Cuts", "best_cuts", "best_feature"]

#: The search goes through all sets of classes.
MAX_CLASSES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """Ascending thresholds of one measurement, and the classes of the pieces between them.

    Attributes
    ----------
    at
        Thresholds, one fewer than pieces; a value equal to one lies below it.
    classes
        Number of the class of each piece, from low values to high ones. A class that is best left
        out has none.
    score
        Balanced accuracy of the images that they were chosen by.
    """

    at: tuple[float, ...]
    classes: tuple[int, ...]
    score: float

    def predict(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the class of each value."""
        piece = np.searchsorted(np.array(self.at), values, side="left")
        out: NDArray[np.int64] = np.array(self.classes, dtype=np.int64)[piece]
        return out


def best_cuts(values: NDArray[np.float64], labels: NDArray[np.int64], num_classes: int) -> Cuts:
    """Return the thresholds with the highest balanced accuracy, over all orders of the classes.

    The search is exact: with the classes of a set on the values up to a place, the best sum of
    their recalls follows from those of the set without its last class. A piece may be empty.

    Examples
    --------
    >>> cuts = best_cuts(np.arange(6.0), np.array([1, 1, 0, 0, 2, 2]), 3)
    >>> cuts.at, cuts.classes, cuts.score
    ((1.5, 3.5), (1, 0, 2), 1.0)
    """
    if not 2 <= num_classes <= MAX_CLASSES:
        raise ArgumentError(f"there must be 2 to {MAX_CLASSES} classes, got {num_classes}")
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    member = labels[order][:, None] == np.arange(num_classes)
    count = member.sum(axis=0)
    below = np.vstack([np.zeros(num_classes), member.cumsum(axis=0)]) / np.maximum(count, 1)
    # A cut may lie before all values, behind all, or between two that differ.
    at = np.flatnonzero(np.r_[True, np.diff(ordered) > 0, True])
    below = below[at]
    # best[s][j]: highest sum of recalls with the classes of s on the values before cut j.
    full = (1 << num_classes) - 1
    best: list[NDArray[np.float64]] = [np.zeros(len(at))] + [np.empty(0)] * full
    best[0][1:] = -np.inf
    gain: dict[tuple[int, int], NDArray[np.float64]] = {}
    for chosen in range(1, full + 1):
        total = np.full(len(at), -np.inf)
        for c in range(num_classes):
            if chosen >> c & 1:
                gain[chosen, c] = best[chosen ^ (1 << c)] - below[:, c]
                total = np.maximum(total, np.maximum.accumulate(gain[chosen, c]) + below[:, c])
        best[chosen] = total
    # Backwards: which class was last, and where its piece began.
    chosen, end, classes, ends = full, len(at) - 1, [], []
    while chosen:
        for c in range(num_classes):
            if chosen >> c & 1:
                start = int(gain[chosen, c][: end + 1].argmax())
                if gain[chosen, c][start] + below[end, c] == best[chosen][end]:
                    break
        classes.append(c)
        ends.append(start)
        chosen, end = chosen ^ (1 << c), start
    edges = np.r_[-np.inf, (ordered[1:] + ordered[:-1]) / 2, np.inf]
    # The start of a piece is the end of the one before; empty pieces are left out.
    starts = [*ends[::-1], len(at) - 1]
    pieces = [i for i in range(num_classes) if starts[i] < starts[i + 1]]
    return Cuts(
        at=tuple(float(edges[at[starts[i]]]) for i in pieces[1:]),
        classes=tuple(classes[::-1][i] for i in pieces),
        score=float(best[full][-1]) / int((count > 0).sum()),
    )


def best_feature(
    table: NDArray[np.float64], labels: NDArray[np.int64], num_classes: int
) -> tuple[int, Cuts]:
    """Return the column whose thresholds are the best, the first of equals, and these.

    Columns with values that do not exist become those with the mean of the others there; columns
    without any value are left out.
    """
    found: tuple[int, Cuts] | None = None
    for column in range(table.shape[1]):
        values = filled(table[:, column], table[:, column])
        if values is None:
            continue
        cuts = best_cuts(values, labels, num_classes)
        if found is None or cuts.score > found[1].score:
            found = column, cuts
    if found is None:
        raise ArgumentError("the training images must have a measurement, got none")
    return found


def filled(values: NDArray[Any], training: NDArray[Any]) -> NDArray[np.float64] | None:
    """Return values with the mean of the training values where they do not exist."""
    known = training[np.isfinite(training)]
    if not len(known):
        return None
    out: NDArray[np.float64] = np.where(np.isfinite(values), values, known.mean())
    return out
