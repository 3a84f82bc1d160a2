# SPDX-License-Identifier: Apache-2.0
"""Cases with their 8-vectors, and which of them are nearest to another eye."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from gftcore._validation import (
    describe,
    require_array,
    require_bool,
    require_choice,
    require_int,
    require_iterator,
)
from gftcore.biomarkers.quadrants import VECTOR_MODES
from gftcore.datasets.records import Record
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreWarning, ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["CaseIndex", "Neighbour", "build_index"]

_LENGTH = 8
#: Squares of larger numbers say nothing about eyes, and squares of much larger ones are infinite.
_LARGEST = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A case that is near. The text form leaves out its id.

    Attributes
    ----------
    id, label
        Of its image.
    distance
        Euclidean distance, in the unit of the vectors or, with z-scores, in standard deviations.
    """

    id: str = field(repr=False)
    label: str
    distance: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CaseIndex:
    """Cases to compare with, sorted by id. Made by `build_index` or `index_from_manifest`.

    Attributes
    ----------
    ids, labels
        Of the images.
    subjects
        Group of each case: cases of one subject have the same number. The numbers count subjects
        in the order of the ids, from 0, and so name nobody.
    vectors
        8-vectors as they were given [N, 8].
    mode
        What they hold, see `gftcore.biomarkers.quadrant_vector`.
    z_scores
        Whether columns are compared in standard deviations.
    manifest_sha256, splits_seed, model
        Where the cases come from: the manifest, the seed of its splits, and the model that trains
        on them; empty and None for an index of `build_index`.
    mean, sd
        Of each column over the cases [8]; the population's standard deviation, 1 where all values
        are equal. Used with z-scores only.
    """

    ids: tuple[str, ...] = field(repr=False)
    labels: tuple[str, ...] = field(repr=False)
    subjects: tuple[int, ...] = field(repr=False)
    vectors: NDArray[np.float64] = field(repr=False)
    mode: Literal["fraction", "count", "per_mm2"]
    z_scores: bool = False
    manifest_sha256: str = ""
    splits_seed: int | None = None
    model: int | None = None
    mean: NDArray[np.float64] = field(init=False, repr=False)
    sd: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        require_choice(self.mode, VECTOR_MODES, "mode")
        require_bool(self.z_scores, "z_scores")
        # A zero has one sign, so that equal indices have equal bytes; this copies, too.
        vectors = _finite(self.vectors, "vectors") + 0.0
        if not len(self.ids) == len(self.labels) == len(self.subjects) == len(vectors):
            raise ShapeError(
                f"ids, labels, subjects and vectors must have one length, got {len(self.ids)}, "
                f"{len(self.labels)}, {len(self.subjects)} and {len(vectors)}"
            )
        if not self.ids:
            raise ArgumentError("an index must hold at least one case, got none")
        if list(self.ids) != sorted(set(self.ids)):
            raise ArgumentError("ids must be sorted and different; use build_index")
        if list(self.subjects) != _groups(self.subjects):
            raise ArgumentError("subjects must count from 0 in the order of the ids")
        # Sums without rounding depend neither on the order of the cases nor on the machine.
        mean = np.array([math.fsum(column) / len(column) for column in vectors.T])
        spread = [math.sqrt(math.fsum(part) / len(part)) for part in ((vectors - mean) ** 2).T]
        # Rounding of the mean would give equal values a spread.
        constant = (vectors == vectors[0]).all(axis=0) | (np.array(spread) == 0)
        for name, array in (
            ("vectors", vectors), ("mean", mean), ("sd", np.where(constant, 1.0, spread)),
        ):  # fmt: skip
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.ids)

    def nearest(
        self,
        vector: ArrayLike,
        *,
        k: int = 3,
        exclude_subject: int | None = None,
        exclude_id: str | None = None,
    ) -> tuple[Neighbour, ...]:
        """Return the nearest cases, the nearest first, ties by id.

        Parameters
        ----------
        vector
            8-vector of an eye in the index's mode [8].
        k
            How many.
        exclude_subject
            Group whose cases are left out, see `subject_group`.
        exclude_id
            Id of the eye. If it is a case, all cases of its subject are left out.

        Raises
        ------
        ArgumentError
            If the vector is not finite, or if there is no such group.

        Warns
        -----
        GftcoreWarning
            ``FEW_CASES`` if fewer than `k` cases are left; all of them are returned.

        Examples
        --------
        >>> record = Record(id="a", subject="s", eye="OD", path="a.png", label="PDR")
        >>> index = build_index([record], [[0.25] * 8], mode="fraction")
        >>> index.nearest([0.25] * 6 + [0.5, 0.0], k=1)[0].distance
        0.3535533905932738
        """
        one = require_array(vector, np.float64, name="vector", ndim=1)
        (found,) = self.nearest_all(
            one[None], k=k, exclude_subjects=[exclude_subject], exclude_ids=[exclude_id]
        )
        return found

    def nearest_all(
        self,
        vectors: ArrayLike,
        *,
        k: int = 3,
        exclude_subjects: Sequence[int | None] | None = None,
        exclude_ids: Sequence[str | None] | None = None,
    ) -> tuple[tuple[Neighbour, ...], ...]:
        """Return for each of several vectors [Q, 8] what `nearest` does; warns once."""
        queries = _finite(vectors, "vectors")
        require_int(k, "k", 1)
        groups = _one_each(exclude_subjects, len(queries), "exclude_subjects")
        names = _one_each(exclude_ids, len(queries), "exclude_ids")
        left_out = [self._excluded(*pair) for pair in zip(groups, names, strict=True)]
        found = tuple(
            self._nearest(query, k, excluded)
            for query, excluded in zip(queries, left_out, strict=True)
        )
        few = [len(cases) for cases in found if len(cases) < k]
        if few:
            text = (
                f"FEW_CASES: fewer than {k} cases are left for {len(few)} of {len(found)} vectors, "
                f"the fewest are {min(few)}"
            )
            warnings.warn(text, GftcoreWarning, stacklevel=2)
        return found

    def save(self, path: str | Path) -> None:
        """Write the index as JSON, as a whole or not at all; equal indices give equal bytes.

        Parameters
        ----------
        path
            Target; replaced if it exists.
        """
        from gftcore.io.files import atomic_path
        from gftcore.retrieval.files import index_json

        data = index_json(self)
        with atomic_path(path) as temporary:
            temporary.write_bytes(data)

    def _excluded(self, group: object, name: object) -> NDArray[np.bool_]:
        """Cases that a query must not get [N]."""
        of_case = np.array(self.subjects)
        out = np.zeros(len(self), dtype=bool)
        if group is not None:
            out |= of_case == require_int(group, "exclude_subject", 0, int(of_case.max()))
        if name is not None:
            if not isinstance(name, str):
                raise ArgumentTypeError(f"exclude_id must be text, got {describe(name)}")
            if name in self.ids:
                out |= of_case == of_case[self.ids.index(name)]
        return out

    def _nearest(
        self, query: NDArray[np.float64], k: int, excluded: NDArray[np.bool_]
    ) -> tuple[Neighbour, ...]:
        with np.errstate(over="ignore"):
            apart = self._comparable(self.vectors) - self._comparable(query)
            distance = np.sqrt((apart**2).sum(axis=1))
        if not np.isfinite(distance).all():
            raise ArgumentError("vector lies too far from the cases to compare; check its mode")
        places = np.flatnonzero(~excluded)
        # Cases are sorted by id, so a stable sort leaves ties in the order of the ids.
        order = places[np.argsort(distance[places], kind="stable")][:k]
        return tuple(
            Neighbour(id=self.ids[i], label=self.labels[i], distance=float(distance[i]))
            for i in order.tolist()
        )

    def _comparable(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        return (vectors - self.mean) / self.sd if self.z_scores else vectors


def build_index(
    records: Iterable[Record],
    vectors: ArrayLike,
    *,
    mode: Literal["fraction", "count", "per_mm2"],
    z_scores: bool = False,
) -> CaseIndex:
    """Return an index of all records that are given.

    For the training images of a model use `index_from_manifest`, which lets no others in.

    Parameters
    ----------
    records
        Images with label and subject.
    vectors
        Their 8-vectors [N, 8].
    mode
        What the vectors hold, see `gftcore.biomarkers.quadrant_vector`.
    z_scores
        Compare columns in standard deviations over these cases.

    Raises
    ------
    ArgumentError
        If there is no record, an id repeats, or a vector has missing values.

    Examples
    --------
    >>> record = Record(id="a", subject="s", eye="OD", path="a.png", label="PDR")
    >>> build_index([record], [[0.25] * 8], mode="fraction")
    CaseIndex(mode='fraction', z_scores=False, manifest_sha256='', splits_seed=None, model=None)
    """
    items = list(require_iterator(records, "records", "a sequence of Record"))
    for item in items:
        if not isinstance(item, Record):
            raise ArgumentTypeError(f"records must hold Record, got {describe(item)}")
    repeated = len(items) - len({item.id for item in items})
    if repeated:
        raise ArgumentError(f"records must have different ids, got {repeated} repeated")
    values = _finite(vectors, "vectors")
    if len(values) != len(items):
        raise ShapeError(f"vectors must be [{len(items)}, 8], one a record, got {values.shape}")
    order = sorted(range(len(items)), key=lambda i: items[i].id)
    cases = [items[i] for i in order]
    return CaseIndex(
        ids=tuple(case.id for case in cases),
        labels=tuple(case.label for case in cases),
        subjects=tuple(_groups([case.subject for case in cases])),
        vectors=values[order],
        mode=mode,
        z_scores=z_scores,
    )


def _groups(subjects: Iterable[object]) -> list[int]:
    number: dict[object, int] = {}
    return [number.setdefault(subject, len(number)) for subject in subjects]


def _finite(vectors: ArrayLike, name: str) -> NDArray[np.float64]:
    array = require_array(vectors, np.float64, name=name, ndim=2, cols=_LENGTH)
    bad = ~(np.abs(array) <= _LARGEST).all(axis=1)
    if bad.any():
        raise ArgumentError(
            f"{name} must be finite and at most {_LARGEST:g}, got {int(bad.sum())} that are not; "
            "a quadrant without valid pixels has no per_mm2"
        )
    return cast("NDArray[np.float64]", array)


def _one_each(values: Sequence[object] | None, count: int, name: str) -> list[object]:
    if values is None:
        return [None] * count
    out = list(require_iterator(values, name, "one for each vector"))
    if len(out) != count:
        raise ShapeError(f"{name} must have one for each of {count} vectors, got {len(out)}")
    return out
