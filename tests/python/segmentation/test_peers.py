# SPDX-License-Identifier: Apache-2.0
"""The parts of the segmentation against the packages that define them."""

from __future__ import annotations

import numpy as np
import pytest

from gftcore import _core, segmentation
from gftcore.reference import segmentation as reference
from gftcore.segmentation import SegmentConfig

ndimage = pytest.importorskip("scipy.ndimage")
SIGMAS = (0.8, 3.0, 4.5, 6.0, 12.0)


@pytest.fixture
def image():
    return np.random.default_rng(3).random((47, 66), dtype=np.float32)


@pytest.mark.parametrize("sigma", SIGMAS)
def test_taps_are_exact_on_polynomials(sigma):
    reach = int(np.ceil(4 * sigma))
    x = np.arange(-reach, reach + 1, dtype=np.float64)
    expected = {0: (1, 0), 1: (0, 1, 0), 2: (0, 0, 1)}
    for order, moments in expected.items():
        taps = np.array(_core.gaussian_taps(sigma, order))
        assert len(taps) == 2 * reach + 1
        for power, moment in enumerate(moments):
            scale = (1, 1, 2)[power]
            assert (taps * x**power / scale).sum() == pytest.approx(moment, abs=1e-12)


@pytest.mark.parametrize("sigma", SIGMAS)
@pytest.mark.parametrize("order", [0, 1, 2])
def test_taps_are_gaussian_derivatives(sigma, order):
    """SciPy's taps are the plain derivative, so only near: truncated at 4 sigma, not corrected."""
    taps = np.array(_core.gaussian_taps(sigma, order))
    impulse = np.zeros(2 * len(taps) + 1)
    impulse[len(taps)] = 1.0
    radius = len(taps) // 2
    plain = ndimage.gaussian_filter1d(impulse, sigma, order=order, radius=radius)
    plain = plain[len(taps) - radius : len(taps) + radius + 1] * (-1) ** order
    coarse = 0.1 if sigma < 1 else 0.02
    atol = 1e-12 if order == 0 else coarse * np.abs(plain).max()
    np.testing.assert_allclose(taps, plain, rtol=0, atol=atol)


def test_mean_is_scipys_gaussian_filter(image):
    span = np.ptp(image)
    unit = (image.astype(np.float64) - image.min()) / span
    for sigma in (3.0, 12.0):
        radius = int(np.ceil(4 * sigma))
        mean = ndimage.gaussian_filter(unit, sigma, mode="reflect", radius=radius)
        ours = segmentation.local_contrast(image, sigma=sigma, scale=1)
        np.testing.assert_allclose(ours, unit - mean, rtol=0, atol=2e-6)


@pytest.mark.parametrize("sigma", [3.0, 4.5, 6.0])
def test_ridge_is_scipys_hessian(image, sigma):
    """Separable correlation with our taps by SciPy, and near its own Gaussian derivatives."""
    unit = (image.astype(np.float64) - image.min()) / np.ptp(image)

    def response(derivative):
        rr, rc, cc = (sigma**2 * derivative(*orders) for orders in ((2, 0), (1, 1), (0, 2)))
        return np.maximum(0, np.hypot((rr - cc) / 2, rc) - (rr + cc) / 2)

    def with_our_taps(*orders):
        out = unit
        for axis, order in enumerate(orders):
            taps = np.array(_core.gaussian_taps(sigma, order))
            out = ndimage.correlate1d(out, taps, axis, mode="reflect")
        return out

    def with_scipy(*orders):
        return ndimage.gaussian_filter(unit, sigma, order=orders, mode="reflect")

    ours = segmentation.ridge(image, sigmas_px=(sigma,), normalise=False, scale=1)
    exact = response(with_our_taps)
    np.testing.assert_allclose(ours, exact, rtol=0, atol=1e-4 * np.ptp(exact))
    np.testing.assert_allclose(ours, response(with_scipy), rtol=0, atol=0.03 * np.ptp(exact))


def test_oriented_is_scipys_filters():
    """Every step but the enlargement by SciPy; directions as kernels of five by five."""
    image = np.random.default_rng(8).random((48, 64), dtype=np.float32)
    unit = (image.astype(np.float64) - image.min()) / np.ptp(image)

    def enlarged(values, scale):
        return _core.resize_cubic(values.astype(np.float32), scale).astype(np.float64)

    def blocks(values):
        means = ndimage.uniform_filter(values, 4, origin=-2)[::4, ::4]
        return means, ndimage.gaussian_filter(means, 24 / 4, mode="reflect", radius=24)

    difference = unit - enlarged(blocks(unit)[1], 4)
    spread, local = blocks(difference**2)
    contrast = difference * enlarged(1 / np.sqrt((local + spread.mean()) / 2 + 1e-6), 4)

    def lines(values, sigma=1.25):
        taps = [reference.gaussian_taps(sigma, order, 3) * sigma**order for order in range(3)]

        def derivative(down, across):
            half = ndimage.correlate1d(values, taps[across], 1, mode="reflect")
            return ndimage.correlate1d(half, taps[down], 0, mode="reflect")

        rr, rc, cc = derivative(2, 0), derivative(1, 1), derivative(0, 2)
        strengths = []
        for down, right in ((0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (2, -1), (2, -2), (1, -2)):
            angle = np.arctan2(down, right)
            sine, cosine = np.sin(angle), np.cos(angle)
            across = -(cosine**2 * rr - 2 * sine * cosine * rc + sine**2 * cc)
            kernel = np.zeros((5, 5))
            kernel[2, 2] = 0.5
            kernel[2 + down, 2 + right] = kernel[2 - down, 2 - right] = 0.25
            strengths.append(ndimage.correlate(across, kernel, mode="reflect"))
        return np.max(strengths, axis=0)

    first = enlarged(contrast, 2)
    first += 3 * lines(first)
    exact = enlarged(first + 3 * lines(np.clip(2 * first - 0.5, 0, 1)), 2)
    ours = segmentation.oriented(image)
    np.testing.assert_allclose(ours, exact, rtol=0, atol=1e-5 * np.ptp(exact))


@pytest.mark.parametrize("scale", [2, 3, 4, 7])
def test_resize_is_pillows_bicubic_inside(image, scale):
    """Pillow has the same kernel, but renormalises it at the edges instead of mirroring."""
    pillow = pytest.importorskip("PIL.Image")
    size = (image.shape[1] * scale, image.shape[0] * scale)
    theirs = np.asarray(pillow.fromarray(image).resize(size, pillow.Resampling.BICUBIC))
    inside = (slice(2 * scale, -2 * scale),) * 2
    ours = _core.resize_cubic(image, scale)
    np.testing.assert_allclose(ours[inside], theirs[inside], rtol=0, atol=2e-6)


def test_resize_keeps_quadratics_inside():
    r, c = np.mgrid[:20, :24].astype(np.float64)
    y, x = np.mgrid[:80, :96] / 4.0 + 0.125 - 0.5
    ours = _core.resize_cubic((r * r - 2 * r * c + 3 * c).astype(np.float32), 4)
    truth = y * y - 2 * y * x + 3 * x
    np.testing.assert_allclose(ours[8:-8, 8:-8], truth[8:-8, 8:-8], rtol=0, atol=2e-4)


@pytest.mark.parametrize("quantile", [0.0, 0.3, 0.65, 0.999, 1.0])
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (40, 50)])
def test_quantile_is_the_order_statistic(quantile, size):
    image = np.random.default_rng(7).random(size, dtype=np.float32)
    values = segmentation.ridge(image)
    rank = int(np.floor(quantile * (values.size - 1)))
    exact = np.sort(values, axis=None)[rank]
    config = SegmentConfig(method="ridge", ridge_quantile=quantile, min_object_px=0)
    np.testing.assert_array_equal(segmentation.segment(image, config), values > exact)


def test_otsu_is_scikit_images(image):
    filters = pytest.importorskip("skimage.filters")
    values = segmentation.ridge(image)
    limit = filters.threshold_otsu(values.astype(np.float64))
    assert reference.otsu_threshold(values) == pytest.approx(limit, rel=1e-9)
    config = SegmentConfig(method="ridge", ridge_threshold="otsu", min_object_px=0)
    found = segmentation.segment(image, config)
    np.testing.assert_array_equal(found, values.astype(np.float64) > limit)


def test_small_objects_are_scikit_images(image):
    morphology = pytest.importorskip("skimage.morphology")
    config = SegmentConfig(method="local_contrast", min_object_px=0, local_contrast_sigma=2.0)
    every = segmentation.segment(image, config)
    labels = pytest.importorskip("skimage.measure").label(every, connectivity=2)
    assert labels.max() >= 2
    for limit in (1, 2, 60, 128, 5000):
        ours = segmentation.segment(image, config.replace(min_object_px=limit))
        theirs = morphology.remove_small_objects(labels, max_size=limit - 1) > 0
        np.testing.assert_array_equal(ours, theirs)
