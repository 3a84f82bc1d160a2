# SPDX-License-Identifier: Apache-2.0
"""Times of the region table and of the choice of the FAZ. Each benchmark asserts its answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from checks import same_faz, same_regions
from gftcore import graph
from inputs import Sample
from peers import baseline


def bench_region_table(timed: Any, sample: Sample) -> None:
    labels = sample.background_labels
    table = timed(graph.region_table, labels, intensity=sample.image)
    same_regions(table, baseline.region_table(labels, sample.intensity))


def bench_region_table_without_intensity(timed: Any, sample: Sample) -> None:
    labels = sample.background_labels
    table = timed(graph.region_table, labels)
    whole = graph.region_table(labels, intensity=sample.image)
    assert table.columns == whole.columns[: len(table.columns)]
    np.testing.assert_array_equal(table.values, whole.values[:, : len(table.columns)])


def bench_find_faz_auto(timed: Any, sample: Sample) -> None:
    void, labels = ~sample.mask, sample.background_labels
    same_faz(timed(graph.find_faz, void, labels), baseline.faz(void, labels))


def bench_find_faz_fixed(timed: Any, sample: Sample) -> None:
    labels = sample.background_labels
    choice = timed(graph.find_faz, ~sample.mask, labels, method="fixed")
    row, col = (600 * length // 1216 for length in labels.shape)
    below = labels[row:, col]
    assert choice.label == below[below > 0][0]


def bench_find_faz_mask(timed: Any, sample: Sample) -> None:
    labels = sample.background_labels
    largest = int(np.bincount(labels.ravel())[1:].argmax()) + 1
    zone = labels == largest
    choice = timed(graph.find_faz, ~sample.mask, labels, method="mask", faz_mask=zone)
    assert choice.label == largest
