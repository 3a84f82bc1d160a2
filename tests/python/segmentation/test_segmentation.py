# SPDX-License-Identifier: Apache-2.0
"""Responses and masks against the float64 reference (rtol), on every instruction set."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gftcore import _core, segmentation
from gftcore.reference import segmentation as reference
from gftcore.segmentation import SegmentConfig
from gftcore.segmentation.config import METHODS

TARGETS = _core.simd_targets()
#: Of the range of the response.
TOLERANCE = 1e-4


@pytest.fixture(params=TARGETS)
def target(request):
    before = _core.simd_target()
    _core.set_simd_target(request.param)
    yield request.param
    _core.set_simd_target(before)


def vessel_image(rows=61, cols=83, seed=0):
    """Bright curves of several widths on a noisy, unevenly lit ground, uint8."""
    rng = np.random.default_rng(seed)
    r, c = np.mgrid[:rows, :cols]
    image = rng.normal(40, 8, (rows, cols)) + 30 * np.sin(r / 17) * np.cos(c / 23)
    for k in range(6):
        line = rows * (k + 0.5) / 6 + 6 * np.sin(c / (7 + 2 * k) + k)
        image += 120 * np.exp(-(((r - line) / (0.6 + 0.3 * k)) ** 2))
    return np.clip(image, 0, 255).astype(np.uint8)


def assert_close(ours, truth):
    assert ours.dtype == np.float32
    assert ours.shape == truth.shape
    np.testing.assert_allclose(ours, truth, rtol=0, atol=TOLERANCE * max(np.ptp(truth), 0.01))


def assert_same_mask(image, config):
    """Equal but where the response lies within rounding of the threshold."""
    ours = segmentation.segment(image, config)
    values = reference.response(image, config)
    limit = reference.threshold(values, config)
    margin = TOLERANCE * np.ptp(values)
    surely = reference.drop_small_objects(values > limit + margin, config.min_object_px)
    maybe = values > limit - margin
    assert ours.dtype == np.bool_
    assert ours.shape == values.shape
    assert not (ours & ~maybe).any()
    if config.min_object_px <= 1:
        assert ours[surely].all()
    truth = reference.segment(image, config)
    undecided = np.abs(values - limit) <= margin
    if not undecided.any():
        np.testing.assert_array_equal(ours, truth)
    assert (ours != truth).mean() < 1e-3


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("scale", range(1, 9))
def test_responses_match_reference_at_every_scale(scale):
    image = vessel_image()
    for name in ("oriented", "local_contrast"):
        ours, truth = getattr(segmentation, name), getattr(reference, name)
        assert_close(ours(image, sigma=5.0, scale=scale), truth(image, sigma=5.0, scale=scale))
    for normalise in (True, False):
        options = {"sigmas_px": (1.5, 3.0, 4.2), "normalise": normalise, "scale": scale}
        assert_close(segmentation.ridge(image, **options), reference.ridge(image, **options))


@settings(deadline=None)
@given(
    rows=st.integers(1, 40),
    cols=st.integers(1, 90),
    scale=st.integers(1, 8),
    sigma=st.floats(0.1, 30.0),
    seed=st.integers(0, 2**32 - 1),
    normalise=st.booleans(),
)
def test_responses_match_reference_on_any_size(rows, cols, scale, sigma, seed, normalise):
    """Also where the taps are much longer than the image."""
    image = np.random.default_rng(seed).random((rows, cols), dtype=np.float32)
    assert_close(
        segmentation.local_contrast(image, sigma=sigma, scale=scale),
        reference.local_contrast(image, sigma=sigma, scale=scale),
    )
    broad = max(sigma, 4.0)
    assert_close(
        segmentation.oriented(image, sigma=broad, scale=scale),
        reference.oriented(image, sigma=broad, scale=scale),
    )
    options = {"sigmas_px": (sigma, 2.0), "normalise": normalise, "scale": scale}
    assert_close(segmentation.ridge(image, **options), reference.ridge(image, **options))


@pytest.mark.parametrize(
    "config",
    [
        SegmentConfig(),
        SegmentConfig(oriented_threshold=0.6, oriented_sigma=7.0, min_object_px=0, scale=3),
        SegmentConfig(method="local_contrast", contrast_threshold=0.05, min_object_px=0),
        SegmentConfig(method="ridge"),
        SegmentConfig(method="ridge", ridge_normalise=False, ridge_quantile=0.9),
        SegmentConfig(method="ridge", ridge_threshold="otsu", scale=3),
        SegmentConfig(method="ridge", ridge_threshold=0.11, min_object_px=1, scale=1),
    ],
    ids=lambda config: f"{config.method}-{config.ridge_threshold}-x{config.scale}",
)
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.usefixtures("target")
def test_masks_match_reference(config, seed):
    assert_same_mask(vessel_image(seed=seed), config)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_dtype_range_and_memory_order_do_not_matter(dtype):
    image = vessel_image()
    gain = 1 if dtype == np.uint8 else 16
    other = np.asfortranarray(image.astype(dtype) * dtype(gain))
    np.testing.assert_array_equal(segmentation.segment(other), segmentation.segment(image))


@pytest.mark.usefixtures("target")
def test_same_isa_bytes_whatever_the_threads():
    images = [vessel_image(50 + 7 * k, 90 - 5 * k, seed=k) for k in range(4)]
    calls = (segmentation.ridge, segmentation.oriented, segmentation.segment)
    alone = [[call(i) for call in calls] for i in images]
    found = [None] * 16

    def work(k):
        found[k] = [call(images[k % 4]) for call in calls]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k, results in enumerate(found):
        for ours, truth in zip(results, alone[k % 4], strict=True):
            assert ours.tobytes() == truth.tobytes()


@pytest.mark.usefixtures("target")
def test_same_isa_bytes_whatever_the_row_blocks():
    """Rows far from a cut do not know where the image was cut, hence where blocks begin."""
    tall = np.random.default_rng(5).random((700, 20), dtype=np.float32)
    tall[:, 0] = [0, 1] * 350  # one range for every part
    whole = segmentation.ridge(tall, normalise=False)
    for first in (1, 64, 77):
        part = segmentation.ridge(tall[first:], normalise=False)
        assert part[200:].tobytes() == whole[4 * first + 200 :].tobytes()
    contrast = segmentation.local_contrast(tall, sigma=3.0)
    assert (
        segmentation.local_contrast(tall[77:], sigma=3.0)[200:].tobytes()
        == contrast[4 * 77 + 200 :].tobytes()
    )


@pytest.mark.parametrize("respond", [segmentation.ridge, segmentation.oriented])
def test_targets_agree_to_rounding(respond):
    image = vessel_image()
    before = _core.simd_target()
    responses = {}
    for name in TARGETS:
        _core.set_simd_target(name)
        responses[name] = respond(image)
    _core.set_simd_target(before)
    for response in responses.values():
        np.testing.assert_allclose(response, responses["scalar"], atol=1e-5, rtol=0)


@pytest.mark.parametrize("value", [0, 1, 255])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("threshold", ["quantile", "otsu"])
def test_constant_image_has_no_vessels(value, method, threshold):
    image = np.full((20, 30), value, dtype=np.uint8)
    config = SegmentConfig(method=method, ridge_threshold=threshold, min_object_px=0)
    assert not segmentation.segment(image, config).any()
    assert (segmentation.ridge(image) == 0).all()
    assert (segmentation.local_contrast(image) == 0).all()
    assert (segmentation.oriented(image) == 0).all()


def test_bright_lines_are_ridges_and_dark_ones_are_not():
    image = np.full((40, 40), 0.5)
    image[10, :] = 1.0
    image[30, :] = 0.0
    response = segmentation.ridge(image, normalise=False)
    assert response[42, 80] > 0.15
    assert response[122, 80] < 0.1 * response[42, 80]


@pytest.mark.parametrize("respond", [segmentation.ridge, segmentation.oriented])
def test_turned_images_give_turned_responses(respond):
    image = vessel_image(64, 84)  # whole blocks, so that they are the same from either side
    response = respond(image)
    for turn in (np.flipud, np.fliplr, np.transpose, np.rot90):
        turned = respond(np.ascontiguousarray(turn(image)))
        np.testing.assert_allclose(turned, turn(response), atol=TOLERANCE * np.ptp(response))


def test_objects_below_the_limit_are_dropped():
    image = np.zeros((40, 60), dtype=np.uint8)
    image[10:12, 5:50] = 255
    image[30:32, 10:12] = 255
    every = SegmentConfig(
        method="local_contrast", min_object_px=0, scale=1, local_contrast_sigma=2.0
    )
    found = segmentation.segment(image, every)
    areas = np.bincount(reference.label(found).ravel())[1:]
    assert sorted(areas) == [4, 90]
    for limit, left in ((4, 94), (5, 90), (90, 90), (91, 0)):
        kept = segmentation.segment(image, every.replace(min_object_px=limit))
        assert kept.sum() == left
