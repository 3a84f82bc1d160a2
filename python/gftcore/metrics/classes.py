# SPDX-License-Identifier: Apache-2.0
"""Class names and probabilities, checked; pooling of classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from gftcore._validation import as_array, describe, require_array, require_choice, require_iterator
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["PooledPredictions", "argmax_labels", "numbers_of", "pool_labels", "pool_predictions"]
__all__ += ["require_class_names", "require_probabilities"]

RULES = ("argmax", "prob")
# Rows of float32 probabilities add up to 1 within a few units of 1e-7; logits do not.
_SUM_WITHIN = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PooledPredictions:
    """Predictions over pooled classes.

    Attributes
    ----------
    labels
        Names of the pooled classes, in the order of the columns.
    predicted
        Pooled class of each image.
    probabilities
        Sums over the classes of each pool, float64 [n, G].
    """

    labels: tuple[str, ...]
    predicted: tuple[str, ...]
    probabilities: NDArray[np.float64]


def argmax_labels(probabilities: ArrayLike, *, labels: Sequence[str]) -> tuple[str, ...]:
    """Return the class of the largest probability of each image; ties go to the first class.

    Parameters
    ----------
    probabilities
        Probabilities [n, C], a column per class.
    labels
        Names of the classes, in the order of the columns.

    Examples
    --------
    >>> argmax_labels([[0.2, 0.8], [0.5, 0.5]], labels=["Healthy", "DR"])
    ('DR', 'Healthy')
    """
    names = require_class_names(labels)
    columns = require_probabilities(probabilities, len(names))
    return tuple(names[i] for i in columns.argmax(axis=1).tolist())


def pool_labels(names: Iterable[str], *, groups: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the pool that each name belongs to.

    Parameters
    ----------
    names
        Class of each image.
    groups
        Name of each pool to its classes. Every class belongs to one pool at most.

    Examples
    --------
    >>> groups = {"Healthy": ["Healthy"], "DR": ["NPDR", "PDR"]}
    >>> pool_labels(["PDR", "Healthy"], groups=groups)
    ('DR', 'Healthy')
    """
    pools = _require_groups(groups)
    members = [label for group in pools.values() for label in group]
    pool_of = {label: pool for pool, group in pools.items() for label in group}
    indices = numbers_of(names, tuple(members), "names")
    return tuple(pool_of[members[i]] for i in indices.tolist())


def pool_predictions(
    probabilities: ArrayLike,
    *,
    labels: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    rule: Literal["argmax", "prob"] = "argmax",
) -> PooledPredictions:
    """Turn predictions over classes into predictions over pools of classes.

    Parameters
    ----------
    probabilities
        Probabilities [n, C], a column per class.
    labels
        Names of the classes, in the order of the columns.
    groups
        Name of each pool to its classes; every class belongs to exactly one.
    rule
        ``argmax``: the pool of the most probable class; ``prob``: the most probable pool. Ties go
        to the first class or pool.

    Notes
    -----
    With two of three classes pooled, the rules differ where neither of the two is the most
    probable, but both together are. The probabilities are those of the pools for both rules.

    Examples
    --------
    >>> groups = {"Healthy": ["Healthy"], "DR": ["NPDR", "PDR"]}
    >>> for rule in ("argmax", "prob"):
    ...     pool_predictions(
    ...         [[0.4, 0.3, 0.3]], labels=["Healthy", "NPDR", "PDR"], groups=groups, rule=rule
    ...     ).predicted
    ('Healthy',)
    ('DR',)
    """
    names = require_class_names(labels)
    pools = _require_groups(groups)
    require_choice(rule, RULES, "rule")
    columns = require_probabilities(probabilities, len(names))
    members = [label for group in pools.values() for label in group]
    if sorted(members) != sorted(names):
        raise ArgumentError(
            f"groups must hold each of the labels {', '.join(names):.200} once, "
            f"got {', '.join(members):.200}"
        )
    pooled = np.stack(
        [
            columns[:, [names.index(label) for label in group]].sum(axis=1)
            for group in pools.values()
        ],
        axis=1,
    )
    if rule == "argmax":
        predicted = pool_labels(argmax_labels(columns, labels=names), groups=pools)
    else:
        predicted = tuple(list(pools)[i] for i in pooled.argmax(axis=1).tolist())
    return PooledPredictions(labels=tuple(pools), predicted=predicted, probabilities=pooled)


def require_class_names(labels: Sequence[str], name: str = "labels") -> tuple[str, ...]:
    """Return at least two different names of classes."""
    names = tuple(require_iterator(labels, name, "a sequence of class names"))
    other = next((item for item in names if not isinstance(item, str)), None)
    if other is not None or None in names:
        raise ArgumentTypeError(f"{name} must hold names of classes as text, got {describe(other)}")
    if len(names) < 2 or len(set(names)) < len(names):
        raise ArgumentError(
            f"{name} must be at least two different names of classes, got {', '.join(names):.200}"
        )
    return tuple(str(item) for item in names)


def require_probabilities(probabilities: ArrayLike, classes: int) -> NDArray[np.float64]:
    """Return probabilities as float64 [n, classes]; each row must add up to 1."""
    name = "probabilities"
    out: NDArray[np.float64] = require_array(
        probabilities, np.float64, name=name, ndim=2, cols=classes
    )
    # NaN fails both comparisons.
    if not bool(((out >= 0) & (out <= 1 + _SUM_WITHIN)).all()):
        raise ArgumentError(f"{name} must be between 0 and 1, got other values; are they logits?")
    if not bool((np.abs(out.sum(axis=1) - 1) <= _SUM_WITHIN).all()):
        raise ArgumentError(f"{name} must add up to 1 for each image, got other sums")
    return out


def numbers_of(names: Iterable[str], labels: tuple[str, ...], name: str) -> NDArray[np.int32]:
    """Return the position in `labels` of each name; numbers are refused."""
    if hasattr(names, "__array__"):
        array = as_array(names, name, "a sequence of class names")
        if array.ndim != 1:
            raise ShapeError(f"{name} must be a sequence of class names, got shape {array.shape}")
        names = array.tolist()
    number = {label: i for i, label in enumerate(labels)}
    out = []
    for item in require_iterator(names, name, "a sequence of class names"):
        if not isinstance(item, str):
            raise ArgumentTypeError(
                f"{name} must hold names of classes as text, got {describe(item)}; "
                "numbers mean different classes in different data sets"
            )
        if item not in number:
            require_choice(item, labels, f"each of {name}")
        out.append(number[item])
    return np.array(out, dtype=np.int32)


def _require_groups(groups: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    if not isinstance(groups, Mapping):
        raise ArgumentTypeError(
            f"groups must map names of pools to their classes, got {describe(groups)}"
        )
    out = {}
    for pool, group in groups.items():
        out[pool] = tuple(require_iterator(group, "groups", "a mapping to sequences of classes"))
    require_class_names(tuple(out), "groups")
    members = [label for group in out.values() for label in group]
    require_class_names(members, "groups")
    return out
