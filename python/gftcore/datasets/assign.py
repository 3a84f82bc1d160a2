# SPDX-License-Identifier: Apache-2.0
"""Subjects to folds: a greedy start by strata, then exchanges while they help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._validation import describe, require_int, require_iterator
from gftcore.datasets.labels import LABELS, parse_class
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ALGORITHM", "NUM_FOLDS", "assign_folds"]

#: Name and version of the rule; another rule gets another version.
ALGORITHM = "subject-strata/1"
NUM_FOLDS = 6

_STARTS = 8
#: Kinds of subjects per fold that an exchange looks at: those with the fewest images, which make
#: the finest changes. Data sets with more kinds are balanced long before they run out.
_MAX_KINDS = 128


def assign_folds(
    subjects: Sequence[str],
    labels: Sequence[str],
    *,
    seed: int = 0,
    classes: Sequence[str] = LABELS,
) -> NDArray[np.int64]:
    """Return the fold, 0 to 5, of each image; images of one subject are in one fold.

    Parameters
    ----------
    subjects, labels
        Subject and label of each image.
    seed
        0 to 2**63 - 1.
    classes
        Names of the classes, from the mildest to the worst.

    Notes
    -----
    1. The stratum of a subject is its worst label. Strata come from the one whose label has the
       fewest images to that with the most, ties from the worst label.
    2. In a stratum, subjects with more images come first, those with equally many in the order of
       their random numbers. Each goes to the fold that lacks most images of the stratum's label,
       counting those of all subjects placed so far; ties to the lowest fold.
    3. For each two folds in turn, the best move of a subject, or exchange of two, is made until
       none helps. It helps if it lowers the imbalance: the mean over classes of the standard
       deviation over folds of the share of the class's images. Where that stays, it helps if it
       makes the folds more equal in images. Of subjects with equal counts, the last to come goes.
    4. Of eight such runs with new random numbers the one with the lowest imbalance counts, ties
       the one whose folds are most equal, then the first.

    Random numbers are raw 64-bit draws of PCG64, one a subject in the order of their names, so
    neither the order of the images nor the version of NumPy changes a fold.

    Step 2 alone does not look at the other labels of a subject: the images without retinopathy of
    those who have it on one eye only go wherever their strata put them. The imbalance of step 3 is
    the one that scikit-learn's ``StratifiedGroupKFold`` lowers greedily.

    Examples
    --------
    >>> subjects = [f"{i // 2}" for i in range(24)]
    >>> folds = assign_folds(subjects, ["Healthy", "NPDR"] * 12)
    >>> np.bincount(folds).tolist()
    [4, 4, 4, 4, 4, 4]
    """
    names = list(require_iterator(subjects, "subjects", "a sequence of names"))
    words = list(require_iterator(labels, "labels", "a sequence of labels"))
    seed = require_int(seed, "seed", 0, 2**63 - 1)
    if len(names) != len(words):
        raise ShapeError(f"labels must be as many as subjects, {len(names)}, got {len(words)}")
    if not names:
        raise ArgumentError("subjects must hold at least one name, got none")
    other = next((name for name in names if not isinstance(name, str)), None)
    if other is not None or None in names:
        raise ArgumentTypeError(f"subjects must hold names as text, got {describe(other)}")
    number = {name: i for i, name in enumerate(sorted(set(names)))}
    severity = np.array([classes.index(parse_class(word, classes)) for word in words])
    subject = np.array([number[name] for name in names], dtype=np.int64)
    counts = np.zeros((len(number), len(classes)), dtype=np.int64)
    np.add.at(counts, (subject, severity), 1)

    draws = np.random.PCG64(seed).random_raw(_STARTS * len(counts)).reshape(_STARTS, -1)
    runs = []
    for drawn in draws:
        folds = _start(counts, drawn)
        runs.append((_Exchanges(counts, folds).run(), folds))
    return min(runs, key=lambda run: run[0])[1][subject]


def _start(counts: NDArray[np.int64], draws: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return a fold for each subject by steps 1 and 2; `counts` has a column per label."""
    images, total = counts.sum(axis=1), counts.sum(axis=0)
    labels = range(counts.shape[1])
    stratum = np.where(counts > 0, labels, -1).max(axis=1)
    folds = np.zeros(len(counts), dtype=np.int64)
    held = np.zeros((NUM_FOLDS, len(labels)), dtype=np.int64)
    for label in sorted(labels, key=lambda label: (total[label], -label)):
        members = np.flatnonzero(stratum == label)
        for subject in members[np.lexsort((draws[members], -images[members]))]:
            folds[subject] = fold = held[:, label].argmin()
            held[fold] += counts[subject]
    return folds


class _Exchanges:
    """Step 3. Subjects with equal counts are of one kind; a fold is a number of each kind."""

    def __init__(self, counts: NDArray[np.int64], folds: NDArray[np.int64]) -> None:
        kinds, kind = np.unique(counts, axis=0, return_inverse=True)
        order = np.argsort(kinds.sum(axis=1), kind="stable")
        rank = np.argsort(order)
        self._folds = folds
        # The last kind is nobody: to exchange with nobody is to move.
        self._kinds = np.vstack([kinds[order], np.zeros_like(kinds[:1])])
        self._members: list[list[list[int]]] = [[[] for _ in self._kinds] for _ in range(NUM_FOLDS)]
        for subject, of_kind in enumerate(rank[kind.reshape(-1)].tolist()):
            self._members[folds[subject]][of_kind].append(subject)
        self._number = np.array([[len(who) for who in fold] for fold in self._members])
        self._total = counts.sum(axis=0)
        self._weight = np.where(self._total > 0, 1 / np.maximum(self._total, 1), 0.0)
        self._held = self._number @ self._kinds

    def run(self) -> tuple[float, int]:
        """Exchange until nothing helps; return the imbalance and that of the sizes."""
        helped = True
        while helped:
            helped = False
            for first in range(NUM_FOLDS):
                for second in range(first + 1, NUM_FOLDS):
                    while (pair := self._best(first, second)) is not None:
                        self._swap(first, second, *pair)
                        helped = True
        return float(self._imbalance(self._spread())), int((self._held.sum(axis=1) ** 2).sum())

    def _spread(self) -> NDArray[np.int64]:
        """Variance of each label over the folds, times the square of their number."""
        spread: NDArray[np.int64] = NUM_FOLDS * (self._held**2).sum(axis=0) - self._total**2
        return spread

    def _imbalance(self, spread: NDArray[np.int64]) -> Any:
        """Sum over labels of sqrt(spread) / total: as many times the mean as there are labels.

        Added one by one, since the order in which NumPy sums depends on the machine.
        """
        parts = np.sqrt(spread) * self._weight
        out = parts[..., 0]
        for label in range(1, parts.shape[-1]):
            out = out + parts[..., label]
        return out

    def _best(self, first: int, second: int) -> tuple[int, int] | None:
        """Return the kinds whose exchange between two folds helps most, if any does."""
        nobody = len(self._kinds) - 1
        ours, theirs = (
            np.append(np.flatnonzero(self._number[fold])[:_MAX_KINDS], nobody)
            for fold in (first, second)
        )
        lost = self._kinds[ours][:, None] - self._kinds[theirs]
        ahead = self._held[first] - self._held[second]
        # (a - d)^2 + (b + d)^2 = a^2 + b^2 + 2 d (d - (a - b)), all integers.
        spread = self._spread()
        imbalance = self._imbalance(spread + 2 * NUM_FOLDS * lost * (lost - ahead))
        images = lost.sum(axis=-1)
        sizes = images * (images - ahead.sum())
        least = imbalance.min()
        sizes = np.where(imbalance == least, sizes, np.iinfo(np.int64).max)
        row, col = np.unravel_index(int(sizes.argmin()), sizes.shape)
        now = self._imbalance(spread)
        if least < now or (least == now and sizes[row, col] < 0):
            return int(ours[row]), int(theirs[col])
        return None

    def _swap(self, first: int, second: int, ours: int, theirs: int) -> None:
        nobody = len(self._kinds) - 1
        moves = ((first, second, ours), (second, first, theirs))
        leaving = [self._members[a][kind].pop() if kind != nobody else -1 for a, _, kind in moves]
        for subject, (a, b, kind) in zip(leaving, moves, strict=True):
            if kind != nobody:
                self._folds[subject] = b
                self._members[b][kind].append(subject)
                self._number[a, kind] -= 1
                self._number[b, kind] += 1
        self._held = self._number @ self._kinds
