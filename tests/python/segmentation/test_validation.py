# SPDX-License-Identifier: Apache-2.0
"""What users get wrong: each message names the argument, what was expected and what came."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gftcore import _core, segmentation
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreError, ShapeError
from gftcore.segmentation import SegmentConfig


@pytest.mark.parametrize(
    ("field", "value", "error", "words"),
    [
        ("method", "frangi", ArgumentError, "method must be one of 'oriented', 'local_contrast'"),
        ("scale", 0, ArgumentError, "scale must be between 1 and 8, got 0"),
        ("scale", 4.0, ArgumentTypeError, "scale must be an integer, got float"),
        ("min_object_px", -1, ArgumentError, "min_object_px must be between 0"),
        ("oriented_sigma", 3.5, ArgumentError, "oriented_sigma must be between 4 and 256 px"),
        ("oriented_threshold", np.inf, ArgumentError, "oriented_threshold must be finite"),
        ("local_contrast_sigma", 0, ArgumentError, "local_contrast_sigma must be between"),
        ("contrast_threshold", np.nan, ArgumentError, "contrast_threshold must be finite"),
        ("ridge_sigmas_px", (), ArgumentError, "ridge_sigmas_px must hold at least one"),
        ("ridge_sigmas_px", 3.0, ArgumentTypeError, "ridge_sigmas_px must be a sequence"),
        ("ridge_sigmas_px", (3, 300), ArgumentError, "between 0.1 and 256 px, got 300"),
        ("ridge_normalise", 1, ArgumentTypeError, "ridge_normalise must be True or False"),
        ("ridge_threshold", "Otsu", ArgumentError, "did you mean 'otsu'"),
        ("ridge_threshold", None, ArgumentTypeError, "ridge_threshold must be a real number"),
        ("ridge_quantile", 65, ArgumentError, "ridge_quantile must be between 0 and 1, got 65"),
    ],
)
def test_config_refuses(field, value, error, words):
    with pytest.raises(error, match=words):
        SegmentConfig(**{field: value})


@pytest.mark.parametrize(
    ("image", "error", "words"),
    [
        (np.zeros((4, 4, 3)), ShapeError, r"image must be 2-D.*choose one channel"),
        (np.zeros((0, 4)), ShapeError, r"image must have 1 to"),
        (np.zeros((1, 8192)), ShapeError, r"at most 8191 rows and columns at scale 4"),
        (np.full((4, 4), np.nan), ArgumentError, "image must be finite"),
        (np.full((4, 4), np.inf), ArgumentError, "image must be finite"),
        (np.zeros((4, 4), dtype=complex), ArgumentTypeError, "image must be a 2-D array"),
        ("image.png", ArgumentTypeError, "image must be a 2-D array"),
    ],
    ids=["rgb", "empty", "long", "nan", "inf", "complex", "path"],
)
@pytest.mark.parametrize("call", ["segment", "ridge", "local_contrast", "oriented"])
def test_image_refused(call, image, error, words):
    with pytest.raises(error, match=words):
        getattr(segmentation, call)(image)


def test_options_refused():
    image = np.zeros((4, 4))
    with pytest.raises(ArgumentTypeError, match="config must be a SegmentConfig or None, got dict"):
        segmentation.segment(image, {"method": "ridge"})
    with pytest.raises(ArgumentError, match="sigmas_px must be between"):
        segmentation.ridge(image, sigmas_px=(0.0,))
    with pytest.raises(ArgumentError, match="scale must be between 1 and 8, got 9"):
        segmentation.ridge(image, scale=9)
    with pytest.raises(ArgumentError, match="sigma must be between"):
        segmentation.local_contrast(image, sigma=1000)
    with pytest.raises(ArgumentError, match="sigma must be between 4"):
        segmentation.oriented(image, sigma=1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda bad: _core.ridge(bad, [3.0], True, 4), "image must be finite"),
        (lambda bad: _core.local_contrast(bad, 12.0, 4), "image must be finite"),
        (lambda bad: _core.oriented(bad, 24.0, 4), "image must be finite"),
        (lambda bad: _core.oriented(np.zeros_like(bad), 3.0, 4), "sigma must lie in 4..256 px"),
        (lambda bad: _core.ridge(bad, [], True, 4), "."),
        (lambda bad: _core.ridge(bad[:0], [3.0], True, 4), "image must have sides of 1"),
        (lambda bad: _core.local_contrast(bad, 12.0, 0), "scale must lie in 1..8, got 0"),
        (lambda bad: _core.local_contrast(bad[0], 12.0, 4), "two-dimensional"),
    ],
)
def test_core_refuses_too(call, words):
    bad = np.full((4, 4), np.nan, dtype=np.float32)
    with pytest.raises(GftcoreError, match=words):
        call(bad)


def test_first_bad_pixel_is_named():
    image = np.zeros((5, 7), dtype=np.float32)
    image[2, 3] = np.nan
    with pytest.raises(GftcoreError, match=r"image must be finite, got nan at \(2, 3\)"):
        _core.ridge(image, [3.0], True, 4)


def test_config_is_a_frozen_value():
    config = SegmentConfig(method="ridge", ridge_sigmas_px=[2, 3])
    assert config.ridge_sigmas_px == (2.0, 3.0)
    assert hash(config) == hash(SegmentConfig(method="ridge", ridge_sigmas_px=(2.0, 3.0)))
    assert config.replace(scale=2).scale == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.scale = 2
    with pytest.raises(TypeError):
        SegmentConfig("ridge")
