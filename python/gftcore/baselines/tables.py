# SPDX-License-Identifier: Apache-2.0
"""One fold of a baseline that reads measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore.baselines.classifiers import choose_classifier, probabilities
from gftcore.baselines.threshold import best_feature, filled
from gftcore.errors import ArgumentError
from gftcore.runs.predictions import Part, split_parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.baselines.features import FeatureTable
    from gftcore.baselines.settings import TableConfig
    from gftcore.datasets import SplitView

__all__ = ["fit_table"]


def fit_table(
    name: str, data: FeatureTable, view: SplitView, config: TableConfig, *, threads: int = 1
) -> tuple[tuple[Part, Part], float, Mapping[str, Any]]:
    """Return what a baseline says about validation and test images, its score, and its choices."""
    labels = np.array(data.labels, dtype=np.int64)
    learned, checked = (data.places(ids) for ids in (view.train, view.validate))
    if len(np.unique(labels[learned])) < 2:
        raise ArgumentError("the training images must be of two classes at least, got one")
    count = len(data.classes)
    if name == "threshold":
        column, cuts = best_feature(data.values[learned], labels[learned], count)
        choice = {
            "feature": data.columns[column],
            "thresholds": list(cuts.at),
            "classes": [data.classes[c] for c in cuts.classes],
            "train_balanced_accuracy": cuts.score,
        }

        def classify(places: Sequence[int]) -> NDArray[np.float64]:
            values = filled(data.values[places, column], data.values[learned, column])
            assert values is not None
            # A rule gives classes, no probabilities.
            out: NDArray[np.float64] = np.eye(count)[cuts.predict(values)]
            return out

    else:
        table = data.values[:, : data.num_biomarkers]
        chosen = choose_classifier(
            name,
            config,
            (table[learned], labels[learned]),
            (table[checked], labels[checked]),
            num_classes=count,
            threads=threads,
        )
        choice = dict(chosen.settings)

        def classify(places: Sequence[int]) -> NDArray[np.float64]:
            return probabilities(chosen.model, table[places], count)

    parts = split_parts(data, view.validate, view.test, classify)
    score = parts[0].balanced_accuracy
    assert score is not None
    return parts, score, choice
