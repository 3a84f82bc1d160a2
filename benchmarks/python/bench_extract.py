# SPDX-License-Identifier: Apache-2.0
"""Times of the stages from mask to graph, to compare one commit with another.

Each benchmark asserts its answer. How to run and compare: docs/development/benchmarks.md.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import scipy.ndimage as ndi
from skimage import measure

import gftcore
from checks import same_distance, same_regions
from gftcore import graph
from inputs import Sample, load_inputs
from peers import baseline

INPUTS = ("sample", "reduced", "dense")
Timed = Callable[..., Any]


@pytest.fixture(scope="module")
def inputs() -> dict[str, Sample]:
    return dict(zip(INPUTS, load_inputs(), strict=True))


@pytest.fixture(params=INPUTS)
def sample(request: pytest.FixtureRequest, inputs: dict[str, Sample]) -> Sample:
    return inputs[request.param]


@pytest.fixture
def timed(benchmark: Any, sample: Sample) -> Iterator[Timed]:
    """The benchmark, which also records what its times depend on."""
    benchmark.extra_info.update(
        input=sample.name,
        shape=list(sample.mask.shape),
        simd_target=gftcore.simd_target(),
        versions={
            "gftcore": gftcore.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    )
    return benchmark


def holes_and_components(pixels: np.ndarray) -> tuple[int, int]:
    components = int(measure.label(pixels, connectivity=2).max())
    return components - int(measure.euler_number(pixels, connectivity=2)), components


def bench_thin(timed: Timed, sample: Sample) -> None:
    skeleton = timed(graph.thin, sample.mask)
    assert not (skeleton & ~sample.mask).any()
    assert holes_and_components(skeleton) == holes_and_components(sample.mask)
    np.testing.assert_array_equal(graph.minimal_pass(skeleton, anchors=sample.anchors), skeleton)


def bench_squared_distance(timed: Timed, sample: Sample) -> None:
    squared = timed(graph.squared_distance, sample.mask)
    same_distance(squared, ndi.distance_transform_edt(sample.mask))


def bench_label(timed: Timed, sample: Sample) -> None:
    labels = timed(graph.label, sample.mask)
    np.testing.assert_array_equal(labels, measure.label(sample.mask, connectivity=2))


def bench_trace(timed: Timed, sample: Sample) -> None:
    network = timed(graph.trace, sample.skeleton, anchors=sample.anchors)
    holes, components = holes_and_components(sample.mask)
    nodes, segments = len(network.node_kind), len(network.segment_nodes)
    assert segments - nodes + components == holes
    assert (network.node_kind == 2).sum() == len(sample.anchors)  # 2: border


def bench_region_table(timed: Timed, sample: Sample) -> None:
    labels = sample.background_labels
    table = timed(graph.region_table, labels, intensity=sample.image)
    same_regions(table, baseline.region_table(labels, sample.intensity))


@pytest.mark.parametrize("features", ["edt", "centreline"])
def bench_extract(timed: Timed, sample: Sample, features: str) -> None:
    config = graph.ExtractConfig(features=features)
    result = timed(graph.extract, sample.mask, config, intensity=sample.image)
    pruned = graph.prune(sample.network, sample.squared_distance)
    expected = graph.segment_table(pruned, sample.mask, sample.squared_distance, mode=features)
    np.testing.assert_array_equal(result.segment_nodes, pruned.segment_nodes)
    for name, column in zip(expected.columns, expected.values.T, strict=True):
        actual = result.vessel_x[:, result.vessel_columns.index(name)]
        np.testing.assert_array_equal(actual, column, err_msg=name)
