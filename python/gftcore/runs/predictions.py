# SPDX-License-Identifier: Apache-2.0
"""What models say about images, as tables on disk."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from gftcore.errors import ArgumentError, FormatError, MissingFileError
from gftcore.io import write_csv
from gftcore.io.files import require_file
from gftcore.io.tables import unguarded

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PREDICTIONS_FILE", "RESULT_FILE", "Labelled", "Part", "Predictions"]
__all__ += ["balanced_accuracy", "read_predictions", "split_parts", "write_predictions"]

PREDICTIONS_FILE = "predictions.csv"
#: Written last: its presence says that a fold is done.
RESULT_FILE = "fold.json"


def balanced_accuracy(labels: Any, predicted: Any) -> float:
    """Mean recall of the classes that have an image.

    Examples
    --------
    >>> balanced_accuracy([0, 0, 1], [0, 1, 1])
    0.75
    """
    labels, predicted = np.asarray(labels), np.asarray(predicted)
    return float(np.mean([(predicted[labels == c] == c).mean() for c in np.unique(labels)]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """Images of one split, and what a model says about them.

    Attributes
    ----------
    split
        ``validate`` or ``test``.
    ids, labels
        Of the images: their ids, and the numbers of their classes.
    probabilities
        Of each class [n, C]; the largest one is predicted, the first of equals.
    """

    split: Literal["validate", "test"]
    ids: tuple[str, ...]
    labels: tuple[int, ...]
    probabilities: NDArray[np.float64]

    @property
    def balanced_accuracy(self) -> float | None:
        """Mean recall of the classes, None without images."""
        if not self.ids:
            return None
        return balanced_accuracy(self.labels, self.probabilities.argmax(axis=1))


class Labelled(Protocol):
    """Images with classes, whatever a model reads of them."""

    @property
    def labels(self) -> tuple[int, ...]:
        """Number of the class of each image."""

    def places(self, ids: Sequence[str]) -> list[int]:
        """Return where the images of some ids stand."""


def split_parts(
    data: Labelled,
    validate: Sequence[str],
    test: Sequence[str],
    classify: Callable[[Sequence[int]], NDArray[np.float64]],
) -> tuple[Part, Part]:
    """Return what a model says about validation and test images.

    Parameters
    ----------
    data
        All images.
    validate, test
        Ids of the images of each part.
    classify
        Gives probabilities [n, C] for images at some places of `data`.
    """

    def part(split: Literal["validate", "test"], ids: Sequence[str]) -> Part:
        places = data.places(ids)
        return Part(
            split=split,
            ids=tuple(ids),
            labels=tuple(data.labels[place] for place in places),
            probabilities=classify(places),
        )

    return part("validate", validate), part("test", test)


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """What one model says about some images.

    Attributes
    ----------
    name
        Of the model, as tables show it.
    ids
        Of the images.
    classes
        Names of the classes.
    probabilities
        One row per image, a value per class.
    """

    name: str
    ids: tuple[str, ...]
    classes: tuple[str, ...]
    probabilities: tuple[tuple[float, ...], ...]


def write_predictions(path: Path, parts: Sequence[Part], classes: Sequence[str]) -> None:
    """Write one row per image: id, split, label, predicted class, probabilities.

    Raises
    ------
    ArgumentError
        If a probability is not finite.
    """
    rows: list[list[Any]] = []
    for part in parts:
        unknown = int((~np.isfinite(part.probabilities)).any(axis=1).sum())
        if unknown:
            raise ArgumentError(
                f"probabilities must be finite, got {unknown} images of the split {part.split} "
                "with others"
            )
        found = part.probabilities.argmax(axis=1).tolist()
        each = zip(part.ids, part.labels, found, part.probabilities.tolist(), strict=True)
        rows += [[name, part.split, classes[y], classes[guess], *p] for name, y, guess, p in each]
    columns = ["id", "split", "label", "predicted", *(f"p_{name}" for name in classes)]
    write_csv(path, columns, rows)


def read_predictions(
    folder: Path, split: Literal["validate", "test"] = "test"
) -> tuple[Predictions, ...]:
    """Read what the models of a training say about their validation or test images.

    Parameters
    ----------
    folder
        Folder of a training.
    split
        Which images.

    Returns
    -------
    tuple of Predictions
        One per finished fold, named ``fold-K``.

    Raises
    ------
    MissingFileError
        If no fold is finished, or if a finished one lacks its table.
    FormatError
        If a table is damaged, or has no image of the split.
    """
    finished = sorted(folder.glob(f"fold-[1-5]/{RESULT_FILE}"))
    if not finished:
        raise MissingFileError(f"{folder}: holds no finished fold; train it to the end first")
    return tuple(_read(file.with_name(PREDICTIONS_FILE), split) for file in finished)


def _read(file: Path, split: str) -> Predictions:
    path = require_file(file)
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = [row for row in csv.DictReader(stream) if row.get("split") == split]
        columns = [name for name in rows[0] if name and name.startswith("p_")] if rows else []
        found = Predictions(
            name=file.parent.name,
            ids=tuple(unguarded(row["id"]) for row in rows),
            classes=tuple(name.removeprefix("p_") for name in columns),
            probabilities=tuple(tuple(float(row[name]) for name in columns) for row in rows),
        )
    except (csv.Error, KeyError, ValueError, TypeError) as error:
        raise FormatError(f"{file}: is no table of predictions: {error!s:.100}") from error
    if not rows:
        raise FormatError(f"{file}: holds no image of the split {split}")
    return found
