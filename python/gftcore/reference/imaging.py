# SPDX-License-Identifier: Apache-2.0
"""Formation of images by the definition: one pixel after the other."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gftcore.synth.image_options import ImageOptions

Floats = NDArray[np.float64]


def form_image(
    vessels: ArrayLike,
    background: ArrayLike,
    *,
    seed: int,
    stream: int = 0,
    options: ImageOptions | None = None,
) -> NDArray[np.uint8]:
    """Form an angiogram; see `gftcore.synth.form_image`."""
    values = form_values(vessels, background, seed=seed, stream=stream, options=options)
    return np.floor(values + 0.5).clip(0, 255).astype(np.uint8)


def form_values(
    vessels: ArrayLike,
    background: ArrayLike,
    *,
    seed: int,
    stream: int = 0,
    options: ImageOptions | None = None,
) -> Floats:
    """Return the grey values 0..255 of `form_image` before they are rounded."""
    o = ImageOptions() if options is None else options
    front = np.asarray(vessels, dtype=np.float32).astype(np.float64)
    behind = np.asarray(background, dtype=np.float32).astype(np.float64)
    shape = front.shape
    random = Random(seed, stream)

    delta = _field_pair(random, shape, o.grid, o.background_noise_shape, o.background_noise_range)
    noise = _field_pair(random, shape, o.grid, o.speckle_shape, o.speckle_range)
    width = o.gamma_high - o.gamma_low
    points = np.array([o.gamma_low + width * random.uniform() for _ in range(o.grid**2)])
    gamma = cubic_field(points.reshape(o.grid, o.grid), shape)

    if o.calibre > 0:
        front = front * (o.calibre * gaussian(front, o.calibre_sigma_px) + (1 - o.calibre))
    light = o.background * behind
    if o.haze > 0:
        light = light + o.haze * gaussian(behind, o.haze_sigma_px)
    image = np.empty(shape)
    for at in np.ndindex(shape):
        d = random.beta(delta[0][at], delta[1][at])
        n = random.beta(noise[0][at], noise[1][at])
        image[at] = max(front[at], d * light[at]) * (o.speckle * n + (1 - o.speckle))
    if o.blur_sigma_px > 0:
        image = gaussian(image, o.blur_sigma_px)
    image = (image + 1e-6) ** gamma * artefacts(random, shape, o)
    return 255 * (o.gain * image + o.offset)


class Random:
    """The core's random numbers, from NumPy's Philox."""

    def __init__(self, seed: int, stream: int) -> None:
        key = np.array([seed, stream], dtype=np.uint64)
        self.uniform = np.random.Generator(np.random.Philox(key=key)).random

    def normal(self) -> float:
        """Return a number of the standard normal distribution (polar method)."""
        while True:
            x, y = 2 * self.uniform() - 1, 2 * self.uniform() - 1
            s = x * x + y * y
            if 0 < s < 1:
                return x * math.sqrt(-2 * math.log(s) / s)

    def gamma(self, shape: float) -> float:
        """Return a number of the gamma distribution, shape at least 1 (Marsaglia, Tsang 2000)."""
        d = shape - 1 / 3
        c = 1 / math.sqrt(9 * d)
        while True:
            x = self.normal()
            v = (1 + c * x) ** 3
            if v <= 0:
                continue
            u = 1 - self.uniform()
            if u < 1 - 0.0331 * x**4 or math.log(u) < x * x / 2 + d * (1 - v + math.log(v)):
                return d * v

    def log_gamma(self, shape: float) -> float:
        """Return the logarithm of a number of the gamma distribution."""
        if shape >= 1:
            return math.log(self.gamma(shape))
        x = self.gamma(shape + 1)
        return math.log(x) + math.log(1 - self.uniform()) / shape

    def beta(self, alpha: float, beta: float) -> float:
        """Return a number of the beta distribution."""
        x = self.log_gamma(alpha)
        y = self.log_gamma(beta)
        return 1 / (1 + math.exp(min(max(y - x, -700), 700)))

    def beta22(self) -> float:
        """Return a number of Beta(2, 2)."""
        return sorted(self.uniform() for _ in range(3))[1]


def _field_pair(
    random: Random, shape: tuple[int, ...], grid: int, middle: float, spread: float
) -> tuple[Floats, Floats]:
    """Return the fields alpha and beta."""
    alpha, beta = (
        np.array([middle * spread ** (2 * random.beta22() - 1) for _ in range(grid**2)])
        for _ in range(2)
    )
    square = (grid, grid)
    return cubic_field(alpha.reshape(square), shape), cubic_field(beta.reshape(square), shape)


def cubic_field(points: Floats, shape: tuple[int, ...]) -> Floats:
    """Interpolate a grid whose corners lie on those of the image; at least 1e-3."""
    down, across = (cubic_matrix(n, side) for n, side in zip(points.shape, shape, strict=True))
    field: Floats = np.maximum(down @ points @ across.T, 1e-3)
    return field


def cubic_matrix(points: int, pixels: int) -> Floats:
    """Return the weights [pixels, points] of Keys' cubic with a = -1/2, ends repeated."""
    matrix = np.zeros((pixels, points))
    for i in range(pixels):
        place = i * (points - 1) / (pixels - 1) if pixels > 1 else 0.0
        for j in range(-2, points + 2):
            matrix[i, min(max(j, 0), points - 1)] += keys(abs(place - j))
    return matrix


def keys(x: float) -> float:
    """Return Keys' (1981) cubic kernel for a = -1/2."""
    if x < 1:
        return (1.5 * x - 2.5) * x * x + 1
    return ((-0.5 * x + 2.5) * x - 4) * x + 2 if x < 2 else 0.0


def gaussian(image: Floats, sigma: float) -> Floats:
    """Return the Gaussian mean, cut off at ceil(4 sigma), of an image mirrored at its edges."""
    reach = math.ceil(4 * sigma)
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    taps /= taps.sum()
    for axis in (1, 0):
        wide = [(reach, reach) if a == axis else (0, 0) for a in (0, 1)]
        padded = np.pad(image, wide, mode="symmetric")
        image = np.apply_along_axis(np.convolve, axis, padded, taps, mode="valid")
    return image


def artefacts(random: Random, shape: tuple[int, ...], o: ImageOptions) -> Floats:
    """Return the factors of vignetting, shadow and stripes."""
    row, col = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
    middle = (shape[0] - 1) / 2, (shape[1] - 1) / 2
    corner = middle[0] ** 2 + middle[1] ** 2
    away = (row - middle[0]) ** 2 + (col - middle[1]) ** 2
    factor: Floats = 1 - o.vignetting * away / corner if corner > 0 else np.ones(shape)

    s = o.shadow_radius * max(shape)
    r = random.uniform() * shape[0] - 0.5
    c = random.uniform() * shape[1] - 0.5
    factor = factor * (1 - o.shadow * np.exp(-((row - r) ** 2 + (col - c) ** 2) / (2 * s * s)))

    for _ in range(o.stripes):
        first = int(random.uniform() * shape[0])
        rows = 1 + int(random.uniform() * o.stripe_rows)
        factor[first : first + rows] *= 1 + o.stripe_contrast * (2 * random.uniform() - 1)
    return factor
