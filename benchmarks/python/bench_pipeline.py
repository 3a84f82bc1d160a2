# SPDX-License-Identifier: Apache-2.0
"""Times of the whole pipeline under each option. Each benchmark asserts its answer."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from gftcore import graph, segmentation
from gftcore.segmentation import SegmentConfig
from gftcore.segmentation.config import METHODS
from graph_bytes import graph_bytes
from inputs import Sample
from staged import assert_staged

BATCH = 8
KEPT = ("mask", "skeleton", "distance", "vessel_label", "ica_label", "face_label")

# What differs from the defaults.
OPTIONS: dict[str, dict[str, Any]] = {
    "skeleton-ordered": {"skeleton": "ordered"},
    "skeleton-zhang-skimage": {"skeleton": "zhang-skimage"},
    "skeleton-zhang-opencv": {"skeleton": "zhang-opencv"},
    "skeleton-guohall-opencv": {"skeleton": "guohall-opencv"},
    "border-background": {"border": "background"},
    "fill": {"skeleton_fill_px": 30, "ica_fill_px": 30},
    "prune-length": {"prune": "length"},
    "prune-none": {"prune": "none"},
    "features-voreen_slab": {"features": "voreen_slab"},
    "ica_connectivity-4": {"ica_connectivity": 4},
    "adjacency-centerline4": {"adjacency": "centerline4"},
    "faz-fixed": {"faz": "fixed"},
}


@pytest.mark.parametrize("features", ["edt", "centreline"])
def bench_extract(timed: Any, sample: Sample, features: str) -> None:
    config = graph.ExtractConfig(features=features)
    found = timed(graph.extract, sample.mask, config, intensity=sample.image)
    assert_staged(found, sample.mask, config)


@pytest.mark.parametrize("option", OPTIONS)
def bench_extract_option(timed_full: Any, full: Sample, option: str) -> None:
    config = graph.ExtractConfig(**OPTIONS[option])
    found = timed_full(graph.extract, full.mask, config, intensity=full.image)
    assert_staged(found, full.mask, config)
    assert found.faz_info.method == config.faz


def bench_extract_excluded(timed_full: Any, full: Sample) -> None:
    rows, cols = full.mask.shape
    strip = (0, cols // 3, rows, cols // 3 + 20)
    found = timed_full(graph.extract, full.mask, exclude=[strip], keep=("ica_label",))
    inside = found.kept["ica_label"][:, strip[1] : strip[3]]
    assert not inside.any()
    assert not ((found.point_pixel[:, 1] >= strip[1]) & (found.point_pixel[:, 1] < strip[3])).any()


def bench_extract_keep(timed_full: Any, full: Sample) -> None:
    found = timed_full(graph.extract, full.mask, keep=KEPT)
    assert tuple(found.kept) == KEPT
    np.testing.assert_array_equal(found.kept["mask"], full.mask)
    distance = np.sqrt(full.squared_distance.astype(np.float64))
    np.testing.assert_allclose(found.kept["distance"], distance, rtol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def bench_extract_image(timed_full: Any, full: Sample, method: str) -> None:
    seg = SegmentConfig(method=method)
    found = timed_full(graph.extract_image, full.image, seg=seg)
    mask = segmentation.segment(full.image, seg)
    expected = graph.extract(mask, intensity=full.image)
    assert graph_bytes(found) == graph_bytes(expected)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.benchmark(timer=time.perf_counter)  # CPU time adds up what threads do at once
def bench_extract_batch(timed_full: Any, full: Sample, threads: int) -> None:
    timed_full.extra_info.update(threads=threads)
    found = timed_full(lambda: list(graph.extract_batch([full.mask] * BATCH, threads=threads)))
    expected = graph_bytes(graph.extract(full.mask))
    assert [graph_bytes(each) == expected for each in found] == [True] * BATCH


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.benchmark(timer=time.perf_counter)
def bench_extract_batch_of_images(timed_full: Any, full: Sample, threads: int) -> None:
    timed_full.extra_info.update(threads=threads)
    items = [graph.BatchItem(image=full.image)] * BATCH
    found = timed_full(lambda: list(graph.extract_batch(items, threads=threads)))
    expected = graph_bytes(graph.extract_image(full.image))
    assert [graph_bytes(each) == expected for each in found] == [True] * BATCH
