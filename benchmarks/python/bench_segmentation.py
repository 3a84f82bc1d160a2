# SPDX-License-Identifier: Apache-2.0
"""Times of the segmentation of a raw image. Each benchmark asserts its answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checks import similar_response
from gftcore import segmentation
from gftcore.segmentation import SegmentConfig
from gftcore.segmentation.config import METHODS
from inputs import Sample
from peers import baseline
from staged import response_of, smallest_object_px, threshold_of, without_specks


def bench_local_contrast(timed_full: Any, full: Sample) -> None:
    response = timed_full(segmentation.local_contrast, full.image)
    similar_response(None)(response, baseline.contrast_response(full.image))


def bench_ridge(timed_full: Any, full: Sample) -> None:
    response = timed_full(segmentation.ridge, full.image, normalise=False)
    similar_response(0.65)(response, baseline.sato_response(full.image))


def bench_ridge_normalised(timed_full: Any, full: Sample) -> None:
    response = timed_full(segmentation.ridge, full.image)
    assert response.shape == full.mask.shape
    assert (response >= 0).all()
    # Local normalisation takes out a linear change of the image.
    other = segmentation.ridge(0.5 * full.image + 20)
    np.testing.assert_allclose(response, other, atol=1e-3 * response.max())


@pytest.mark.parametrize("method", METHODS)
def bench_segment(timed_full: Any, full: Sample, method: str) -> None:
    mask = timed_full(segmentation.segment, full.image, SegmentConfig(method=method))
    assert mask.shape == full.mask.shape
    assert 0.1 < mask.mean() < 0.6
    assert smallest_object_px(mask) >= SegmentConfig().min_object_px


@pytest.mark.parametrize("method", ["local_contrast", "ridge"])
def bench_segment_by_its_steps(timed_full: Any, full: Sample, method: str) -> None:
    config = SegmentConfig(method=method, min_object_px=500)
    mask = timed_full(segmentation.segment, full.image, config)
    response = response_of(full.image, config)
    expected = without_specks(response > threshold_of(response, config), config.min_object_px)
    np.testing.assert_array_equal(mask, expected)
