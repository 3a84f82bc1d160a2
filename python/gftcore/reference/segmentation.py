# SPDX-License-Identifier: Apache-2.0
"""Segmentation by the definitions, in float64 and plain NumPy: enlarge first, then filter."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gftcore.reference.label import label
from gftcore.segmentation.config import SegmentConfig

Image = NDArray[np.float64]

NORMALISE_SIGMA = 10.0
NORMALISE_EPSILON = 1e-3
CONTRAST_BLOCK = 4
LEAST_VARIANCE = 1e-6
LINE_SIGMA = 0.625  # raw pixels
LINE_REACH = 2.4  # sigmas
LINE_GAIN = 3.0


def mirrored(index: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Index that an image mirrored at its edges (d c b a | a b c d) shows at `index`."""
    index = index % (2 * length)
    return np.where(index < length, index, 2 * length - 1 - index)


def correlate(image: Image, taps: Image, axis: int) -> Image:
    """Correlate one axis with taps of odd length."""
    length, reach = image.shape[axis], len(taps) // 2
    out = np.zeros_like(image)
    for t, tap in zip(range(-reach, reach + 1), taps, strict=True):
        out += tap * np.take(image, mirrored(np.arange(length) + t, length), axis=axis)
    return out


def gaussian_taps(sigma: float, order: int, reach: int | None = None) -> Image:
    """Taps of a Gaussian or a derivative, made exact for polynomials up to degree two."""
    reach = math.ceil(4 * sigma) if reach is None else reach
    t = np.arange(-reach, reach + 1, dtype=np.float64)
    weight: Image = np.exp(-0.5 * (t / sigma) ** 2)
    weight /= weight.sum()
    second, fourth = float(np.sum(t**2 * weight)), float(np.sum(t**4 * weight))
    factors: tuple[Image, ...] = (
        np.ones_like(t),
        t / second,
        2 * (t**2 - second) / (fourth - second**2),
    )
    return weight * factors[order]


def gaussian_mean(image: Image, sigma: float) -> Image:
    """Gaussian mean of every pixel."""
    taps = gaussian_taps(sigma, 0)
    return correlate(correlate(image, taps, 0), taps, 1)


def cubic_kernel(x: Image) -> Image:
    """Keys' cubic convolution kernel with a = -1/2."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def resize_cubic(image: ArrayLike, scale: int) -> Image:
    """Enlarge by an integer factor; pixels are unit squares."""
    out = np.asarray(image, dtype=np.float64)
    for axis in (0, 1):
        length = out.shape[axis]
        position = (np.arange(length * scale) + 0.5) / scale - 0.5
        first = np.floor(position).astype(np.int64) - 1
        terms = []
        for k in range(4):
            weight = cubic_kernel(position - (first + k))
            shape = (-1, 1) if axis == 0 else (1, -1)
            seen = np.take(out, mirrored(first + k, length), axis=axis)
            terms.append(weight.reshape(shape) * seen)
        out = np.sum(terms, axis=0)
    return out


def min_max(image: ArrayLike) -> Image:
    """Map the range of an image to [0, 1]; an image of one value becomes zeros."""
    pixels = np.asarray(image, dtype=np.float64)
    span = pixels.max() - pixels.min()
    return (pixels - pixels.min()) / span if span > 0 else np.zeros_like(pixels)


def local_normalise(image: Image) -> Image:
    """Subtract the local mean, divide by the local standard deviation."""
    mean = gaussian_mean(image, NORMALISE_SIGMA)
    variance = np.maximum(0.0, gaussian_mean(image**2, NORMALISE_SIGMA) - mean**2)
    return (image - mean) / (np.sqrt(variance) + NORMALISE_EPSILON)


def local_contrast(image: ArrayLike, *, sigma: float = 12.0, scale: int = 4) -> Image:
    """Image in [0, 1] minus its Gaussian mean, enlarged."""
    pixels = min_max(image)
    return resize_cubic(pixels - gaussian_mean(pixels, sigma), scale)


def block_means(image: Image) -> Image:
    """Means of blocks; the image is mirrored behind its last row and column."""
    blocks = [-(-n // CONTRAST_BLOCK) for n in image.shape]
    for axis, n in enumerate(image.shape):
        image = np.take(image, mirrored(np.arange(CONTRAST_BLOCK * blocks[axis]), n), axis=axis)
    parts = image.reshape(blocks[0], CONTRAST_BLOCK, blocks[1], CONTRAST_BLOCK)
    means: Image = parts.mean(axis=(1, 3))
    return means


def relative_contrast(image: Image, sigma: float) -> Image:
    """Image minus its surroundings, relative to the contrasts found there."""
    rows, cols = image.shape

    def enlarged(blocks: Image) -> Image:
        return resize_cubic(blocks, CONTRAST_BLOCK)[:rows, :cols]

    mean = gaussian_mean(block_means(image), sigma / CONTRAST_BLOCK)
    difference = image - enlarged(mean)
    spread = block_means(difference**2)
    local = np.maximum(0.0, gaussian_mean(spread, sigma / CONTRAST_BLOCK))
    return difference * enlarged(1 / np.sqrt((local + spread.mean()) / 2 + LEAST_VARIANCE))


def line_strength(image: Image, sigma_px: float, step_px: int) -> Image:
    """Second derivative across a line, averaged over three samples of it; of 8 the strongest."""
    reach = math.ceil(LINE_REACH * sigma_px)
    smooth, slope, curve = (gaussian_taps(sigma_px, order, reach) for order in range(3))
    rr = correlate(correlate(image, smooth, 1), curve, 0)
    rc = correlate(correlate(image, slope, 1), slope, 0)
    cc = correlate(correlate(image, curve, 1), smooth, 0)
    half = (step_px + 1) // 2
    quarter = [(0, step_px), (half, step_px), (step_px, step_px), (step_px, half)]
    best = np.full_like(image, -np.inf)
    for down, right in quarter + [(right, -down) for down, right in quarter]:
        across = right**2 * rr - 2 * right * down * rc + down**2 * cc
        strength = -(sigma_px**2) * across / (right**2 + down**2)
        ends = _moved(strength, down, right) + _moved(strength, -down, -right)
        best = np.maximum(best, (2 * strength + ends) / 4)
    return best


def _moved(image: Image, down: int, right: int) -> Image:
    rows, cols = image.shape
    seen = np.take(image, mirrored(np.arange(rows) + down, rows), axis=0)
    return np.take(seen, mirrored(np.arange(cols) + right, cols), axis=1)


def oriented(image: ArrayLike, *, sigma: float = 24.0, scale: int = 4) -> Image:
    """Contrast and the strength of lines, in it and then in what was clipped, enlarged."""
    factor = 2 if scale % 2 == 0 else scale
    contrast = resize_cubic(relative_contrast(min_max(image), sigma), factor)
    first = contrast + LINE_GAIN * line_strength(contrast, LINE_SIGMA * factor, factor)
    clipped = np.clip(2 * first - 0.5, 0.0, 1.0)
    second = first + LINE_GAIN * line_strength(clipped, LINE_SIGMA * factor, factor)
    return resize_cubic(second, scale // factor)


def ridge(
    image: ArrayLike,
    *,
    sigmas_px: Sequence[float] = (3.0, 4.5, 6.0),
    normalise: bool = True,
    scale: int = 4,
) -> Image:
    """Largest of max(0, -smallest Hessian eigenvalue) over the sigmas, at the enlarged size."""
    pixels = min_max(image)
    if normalise:
        pixels = resize_cubic(local_normalise(pixels), scale)
    else:
        pixels = np.clip(resize_cubic(pixels, scale), 0.0, 1.0)
    best = np.zeros_like(pixels)
    for sigma in sigmas_px:
        smooth, slope, curve = (gaussian_taps(sigma, order) for order in range(3))
        rr = sigma**2 * correlate(correlate(pixels, curve, 0), smooth, 1)
        rc = sigma**2 * correlate(correlate(pixels, slope, 0), slope, 1)
        cc = sigma**2 * correlate(correlate(pixels, smooth, 0), curve, 1)
        smallest = (rr + cc) / 2 - np.hypot((rr - cc) / 2, rc)
        best = np.maximum(best, -smallest)
    return best


def quantile_threshold(values: ArrayLike, quantile: float) -> float:
    """Order statistic of index floor(quantile (n - 1))."""
    ordered = np.sort(np.asarray(values), axis=None)
    return float(ordered[math.floor(quantile * (ordered.size - 1))])


def otsu_threshold(values: ArrayLike, bins: int = 256) -> float:
    """Centre of the bin after which a cut gives the largest between-class variance."""
    values = np.asarray(values, dtype=np.float64)
    low, high = values.min(), values.max()
    if low == high:
        return float(low)
    counts, edges = np.histogram(values, bins=bins, range=(low, high))
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = counts.sum() - below
    moment = np.cumsum(counts * centres)
    gap = moment[:-1] / below - (moment[-1] - moment[:-1]) / above
    return float(centres[np.argmax(below * above * gap**2)])


def drop_small_objects(mask: NDArray[np.bool_], min_object_px: int) -> NDArray[np.bool_]:
    """Clear 8-connected objects with fewer pixels."""
    labels = label(mask, connectivity=8)
    area = np.bincount(labels.ravel())
    return mask & (area[labels] >= min_object_px)


def response(image: ArrayLike, config: SegmentConfig) -> Image:
    """Response that the configured method thresholds."""
    if config.method == "oriented":
        return oriented(image, sigma=config.oriented_sigma, scale=config.scale)
    if config.method == "local_contrast":
        return local_contrast(image, sigma=config.local_contrast_sigma, scale=config.scale)
    return ridge(
        image,
        sigmas_px=config.ridge_sigmas_px,
        normalise=config.ridge_normalise,
        scale=config.scale,
    )


def threshold(values: ArrayLike, config: SegmentConfig) -> float:
    """Value above which a response is foreground."""
    if config.method == "oriented":
        return config.oriented_threshold
    if config.method == "local_contrast":
        return config.contrast_threshold
    if config.ridge_threshold == "quantile":
        return quantile_threshold(values, config.ridge_quantile)
    if config.ridge_threshold == "otsu":
        return otsu_threshold(values)
    return float(config.ridge_threshold)


def segment(image: ArrayLike, config: SegmentConfig | None = None) -> NDArray[np.bool_]:
    """Vessel mask of a raw image."""
    config = SegmentConfig() if config is None else config
    values = response(image, config)
    return drop_small_objects(values > threshold(values, config), config.min_object_px)
