# SPDX-License-Identifier: Apache-2.0
"""Times of tracing, pruning, pixel assignment and segment tables. Each asserts its answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checks import (
    describes_pixels,
    nearest_points,
    pruned_from,
    similar_branches,
    similar_skeleton,
)
from gftcore import graph
from inputs import Sample
from peers import baseline
from staged import holes_and_components

BORDER = 2
skan_warns = pytest.mark.filterwarnings("ignore:.*inplace:DeprecationWarning")


def bench_trace(timed: Any, sample: Sample) -> None:
    network = timed(graph.trace, sample.skeleton, anchors=sample.anchors)
    holes, components = holes_and_components(sample.mask)
    nodes, segments = len(network.node_kind), len(network.segment_nodes)
    assert segments - nodes + components == holes
    assert (network.node_kind == BORDER).sum() == len(sample.anchors)


def bench_prune_bulge(timed: Any, sample: Sample) -> None:
    pruned = timed(graph.prune, sample.network, sample.squared_distance)
    pruned_from(sample.network)(pruned)
    again = graph.prune(pruned, sample.squared_distance)
    np.testing.assert_array_equal(again.segment_nodes, pruned.segment_nodes)


@skan_warns
def bench_prune_length(timed: Any, sample: Sample) -> None:
    pruned = timed(graph.prune, sample.network, sample.squared_distance, method="length")
    pruned_from(sample.network)(pruned)
    distance = np.sqrt(sample.squared_distance.astype(np.float64))
    similar_skeleton(pruned, baseline.pruned(baseline.traced(sample.skeleton), distance))


def bench_assign_pixels(timed: Any, sample: Sample) -> None:
    points = np.array(sample.network.point_pixel)
    assigned = timed(graph.assign_pixels, sample.network, sample.mask)
    nearest_points(sample.mask, points)(
        assigned, baseline.nearest_points(sample.mask.shape, points)
    )


@pytest.mark.parametrize("mode", ["edt", "voreen_slab"])
def bench_segment_table(timed: Any, sample: Sample, mode: str) -> None:
    network, mask = sample.network, sample.mask
    table = timed(graph.segment_table, network, mask, sample.squared_distance, mode=mode)
    describes_pixels(np.count_nonzero(graph.assign_pixels(network, mask) >= 0))(table)


@skan_warns
def bench_segment_table_centreline(timed: Any, sample: Sample) -> None:
    network, mask, squared = sample.network, sample.mask, sample.squared_distance
    table = timed(graph.segment_table, network, mask, squared, mode="centreline")
    distance = np.sqrt(squared.astype(np.float64))
    similar_branches(table, baseline.branches(sample.skeleton, distance))
