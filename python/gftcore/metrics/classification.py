# SPDX-License-Identifier: Apache-2.0
"""How well predicted classes agree with the true ones.

Examples
--------
>>> from gftcore.metrics import classification_scores
>>> truth = ["Healthy", "Healthy", "NPDR", "PDR"]
>>> found = ["Healthy", "NPDR", "NPDR", "PDR"]
>>> scores = classification_scores(truth, found, labels=["Healthy", "NPDR", "PDR"])
>>> round(scores.balanced_accuracy, 4), scores.of("NPDR").precision
(0.8333, 0.5)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gftcore._validation import require_choice
from gftcore.metrics.classes import require_class_names
from gftcore.metrics.resampling import Images

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["ClassScores", "ClassificationScores", "classification_scores", "confusion_matrix"]

_OF_ALL = ("accuracy", "balanced_accuracy", "quadratic_kappa", "auroc", "average_precision")
_OF_CLASS = ("precision", "recall", "f1", "auroc", "average_precision")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScores:
    """One class against all others.

    Attributes
    ----------
    label, num_images
        The class, and how many images truly belong to it.
    precision, recall, f1
        Of the predicted classes; 0 where they are 0/0.
    auroc
        Area under the receiver operating characteristic of the class's probability, equal
        probabilities counting half; NaN unless images of the class and of others are there.
    average_precision
        Area under the precision-recall curve as a sum of steps; NaN without images of the class.
    """

    label: str
    num_images: int
    precision: float
    recall: float
    f1: float
    auroc: float
    average_precision: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClassificationScores:
    """Everything that `classification_scores` measures.

    Attributes
    ----------
    labels
        Names of the classes.
    num_images
        How many images were classified.
    confusion
        int64 [C, C]: images by true class (rows) and predicted class (columns).
    accuracy
        Share of images whose class was found.
    balanced_accuracy
        Mean recall of the classes that have an image.
    quadratic_kappa
        Cohen's kappa with weights (i - j)^2, for labels in order of severity; NaN if all images
        are of one class and all predictions too, both the same.
    auroc, average_precision
        Means over the classes where they exist; NaN without probabilities.
    per_class
        One entry per label.
    """

    labels: tuple[str, ...]
    num_images: int
    confusion: NDArray[np.int64]
    accuracy: float
    balanced_accuracy: float
    quadratic_kappa: float
    auroc: float
    average_precision: float
    per_class: tuple[ClassScores, ...]

    def of(self, label: str) -> ClassScores:
        """Scores of one class."""
        return self.per_class[self.labels.index(require_choice(label, self.labels, "label"))]

    def to_dict(self) -> dict[str, float]:
        """Return all scores by name: ``balanced_accuracy``, .., ``recall/PDR``, .."""
        out: dict[str, float] = {name: getattr(self, name) for name in _OF_ALL}
        for name in _OF_CLASS:
            out |= {f"{name}/{scores.label}": getattr(scores, name) for scores in self.per_class}
        return out


def confusion_matrix(
    truth: Iterable[str], predicted: Iterable[str], *, labels: Sequence[str]
) -> NDArray[np.int64]:
    """Return the number of images by true class (rows) and predicted class (columns) [C, C].

    Parameters
    ----------
    truth, predicted
        Class of each image, by name.
    labels
        Names of the classes. Others are refused; those without an image keep their row.

    Examples
    --------
    >>> confusion_matrix(["a", "a", "b"], ["a", "b", "b"], labels=["a", "b", "c"]).tolist()
    [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
    """
    names = require_class_names(labels)
    images = Images(truth, predicted, None, names)
    out: NDArray[np.int64] = images.scores(np.ones((1, 1), dtype=np.int32)).confusion[0]
    return out


def classification_scores(
    truth: Iterable[str],
    predicted: Iterable[str] | None = None,
    *,
    labels: Sequence[str],
    probabilities: ArrayLike | None = None,
) -> ClassificationScores:
    """Measure how well predicted classes agree with the true ones.

    Parameters
    ----------
    truth
        True class of each image, by name.
    predicted
        Predicted class of each image, by name; None takes the most probable one, ties the first.
    labels
        Names of the classes: the order of the columns of `probabilities`, and for the kappa from
        the mildest to the worst. Other names are refused.
    probabilities
        Probabilities [n, C]; without them the AUROC and the average precision are NaN.

    Notes
    -----
    Scores equal scikit-learn's. A class without images has recall 0 and does not count in the
    balanced accuracy; one that was never predicted has precision 0.

    References
    ----------
    Cohen, J. (1968). Weighted kappa. doi:10.1037/h0026256
    Fawcett, T. (2006). An introduction to ROC analysis. doi:10.1016/j.patrec.2005.10.010

    Examples
    --------
    >>> scores = classification_scores(
    ...     ["a", "b", "b"], labels=["a", "b"], probabilities=[[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]
    ... )
    >>> scores.confusion.tolist(), scores.auroc
    ([[1, 0], [1, 1]], 1.0)
    """
    names = require_class_names(labels)
    images = Images(truth, predicted, probabilities, names)
    table = images.scores(np.ones((1, 1), dtype=np.int32))
    confusion = table.confusion[0]
    confusion.flags.writeable = False
    values = {name: float(column[0]) for name, column in table.columns(names).items()}
    counts = confusion.sum(axis=1).tolist()
    return ClassificationScores(
        labels=names,
        num_images=len(images.truth),
        confusion=confusion,
        **{name: values[name] for name in _OF_ALL},
        per_class=tuple(
            ClassScores(
                label=label,
                num_images=count,
                **{name: values[f"{name}/{label}"] for name in _OF_CLASS},
            )
            for label, count in zip(names, counts, strict=True)
        ),
    )
