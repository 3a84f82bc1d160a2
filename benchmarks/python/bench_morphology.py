# SPDX-License-Identifier: Apache-2.0
"""Times of thinning, distance, labels and filling. Each benchmark asserts its answer."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
import scipy.ndimage as ndi
from skimage import measure, morphology

from checks import same_distance, same_image
from gftcore import graph, reference
from inputs import Sample
from staged import holes_and_components


@pytest.mark.parametrize("method", ["fast", "ordered"])
def bench_thin(timed: Any, sample: Sample, method: str) -> None:
    skeleton = timed(graph.thin, sample.mask, method=method)
    assert not (skeleton & ~sample.mask).any()
    assert holes_and_components(skeleton) == holes_and_components(sample.mask)
    np.testing.assert_array_equal(graph.minimal_pass(skeleton, anchors=sample.anchors), skeleton)


def bench_thin_zhang_skimage(timed: Any, sample: Sample) -> None:
    skeleton = timed(graph.thin, sample.mask, method="zhang-skimage")
    same_image(skeleton, morphology.skeletonize(sample.mask, method="zhang"))


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("zhang-opencv", cv2.ximgproc.THINNING_ZHANGSUEN),
        ("guohall-opencv", cv2.ximgproc.THINNING_GUOHALL),
    ],
    ids=["zhang", "guohall"],
)
def bench_thin_opencv(timed: Any, sample: Sample, method: str, code: int) -> None:
    skeleton = timed(graph.thin, sample.mask, method=method)
    bytes_ = sample.mask.astype(np.uint8) * 255
    same_image(skeleton, cv2.ximgproc.thinning(bytes_, thinningType=code))


def bench_minimal_pass(timed: Any, sample: Sample) -> None:
    thick = graph.thin(sample.mask, method="guohall-opencv")
    minimal = timed(graph.minimal_pass, thick)
    assert not (minimal & ~thick).any()
    assert holes_and_components(minimal) == holes_and_components(thick)
    np.testing.assert_array_equal(graph.minimal_pass(minimal), minimal)


def bench_border_anchors(timed: Any, sample: Sample) -> None:
    anchors = timed(graph.border_anchors, sample.mask)
    np.testing.assert_array_equal(anchors, reference.border_anchors(sample.mask))


@pytest.mark.parametrize("frame", ["none", "background"])
def bench_squared_distance(timed: Any, sample: Sample, frame: str) -> None:
    squared = timed(graph.squared_distance, sample.mask, frame=frame)
    margin = int(frame == "background")
    distance = ndi.distance_transform_edt(np.pad(sample.mask, margin))
    rows, cols = sample.mask.shape
    same_distance(squared, distance[margin : margin + rows, margin : margin + cols])


@pytest.mark.parametrize("connectivity", [4, 8])
@pytest.mark.parametrize("background", [False, True], ids=["vessels", "background"])
def bench_label(timed: Any, sample: Sample, background: bool, connectivity: int) -> None:
    labels = timed(graph.label, sample.mask, connectivity=connectivity, background=background)
    expected = measure.label(sample.mask != background, connectivity=connectivity // 4)
    np.testing.assert_array_equal(labels, expected)


def bench_fill_small(timed: Any, sample: Sample) -> None:
    filled = timed(graph.fill_small, sample.mask, area_px=30)
    same_image(filled, morphology.remove_small_holes(sample.mask, max_size=29, connectivity=1))
