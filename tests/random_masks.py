# SPDX-License-Identifier: Apache-2.0
"""Random masks for bulk differential tests, deterministic for a seeded generator."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BoolImage = NDArray[np.bool_]


def random_mask(rng: np.random.Generator, max_side: int) -> BoolImage:
    """Return a mask of one of several kinds with sides 1..max_side.

    Kinds: pixel noise of any density, smoothed-noise blobs, drawn vessels, mixtures of them,
    constant images and single lines.
    """
    shape = random_shape(rng, max_side)
    return _KINDS[rng.choice(len(_KINDS), p=_WEIGHTS)](rng, shape)


def random_shape(rng: np.random.Generator, max_side: int) -> tuple[int, int]:
    """Sides 1..max_side: small, word-sized and large ones, and lines."""
    kind = rng.random()
    if kind < 0.05:
        line = int(rng.integers(1, max_side + 1))
        return (1, line) if rng.random() < 0.5 else (line, 1)
    if kind < 0.30:
        return _sides(rng, min(max_side, 12))
    if kind < 0.40 and max_side >= 64:
        words = 64 * rng.integers(1, max_side // 64 + 1, 2) + rng.integers(-1, 2, 2)
        return min(int(words[0]), max_side), min(int(words[1]), max_side)
    return _sides(rng, max_side)


def noise(rng: np.random.Generator, shape: tuple[int, int]) -> BoolImage:
    """Independent pixels of one random density."""
    return rng.random(shape) < rng.choice([0.02, 0.1, 0.3, 0.5, 0.6, 0.7, 0.9, 0.98])


def blobs(rng: np.random.Generator, shape: tuple[int, int]) -> BoolImage:
    """Smoothed noise above a random quantile."""
    image = rng.standard_normal(shape)
    width = int(rng.integers(1, 6))
    for _ in range(3):
        image = _box(_box(image, width, 0), width, 1)
    return image > np.quantile(image, rng.uniform(0.2, 0.8))


def vessels(rng: np.random.Generator, shape: tuple[int, int]) -> BoolImage:
    """Random thick polylines, some of them leaving the image."""
    out = np.zeros(shape, dtype=bool)
    for _ in range(int(rng.integers(1, 8))):
        point = rng.uniform(-0.1, 1.1, 2) * shape
        heading = rng.uniform(0, 2 * np.pi)
        for _ in range(int(rng.integers(1, 5))):
            heading += rng.normal(0, 0.7)
            length = rng.uniform(2, 0.6 * max(shape) + 3)
            end = point + length * np.array([np.sin(heading), np.cos(heading)])
            stroke(out, point, end, rng.uniform(0.4, 1 + max(shape) / 25))
            point = end
    return out


def mixture(rng: np.random.Generator, shape: tuple[int, int]) -> BoolImage:
    """Two kinds combined by or, and not, xor."""
    kinds = (noise, blobs, vessels)
    a = kinds[rng.integers(3)](rng, shape)
    b = kinds[rng.integers(3)](rng, shape)
    return (a | b, a & ~b, a ^ b)[rng.integers(3)]


def speckled_vessels(rng: np.random.Generator, shape: tuple[int, int]) -> BoolImage:
    """Vessels with single pixels flipped."""
    return vessels(rng, shape) ^ (rng.random(shape) < rng.choice([0.001, 0.01, 0.05]))


def constant(rng: np.random.Generator, shape: tuple[int, int]) -> BoolImage:
    """All on or all off, or but one pixel."""
    out = np.full(shape, rng.random() < 0.5)
    if rng.random() < 0.5:
        out[rng.integers(shape[0]), rng.integers(shape[1])] ^= True
    return out


def stroke(
    image: BoolImage, start: NDArray[np.float64], end: NDArray[np.float64], half_width: float
) -> None:
    """Set the pixels within `half_width` of a line piece, in place."""
    low = np.maximum(np.floor(np.minimum(start, end) - half_width), 0).astype(int)
    high = np.minimum(np.ceil(np.maximum(start, end) + half_width) + 1, image.shape).astype(int)
    if (high <= low).any():
        return
    r, c = np.ogrid[low[0] : high[0], low[1] : high[1]]
    along = end - start
    t = ((r - start[0]) * along[0] + (c - start[1]) * along[1]) / max(along @ along, 1e-12)
    t = np.clip(t, 0, 1)
    d2 = (r - start[0] - t * along[0]) ** 2 + (c - start[1] - t * along[1]) ** 2
    image[low[0] : high[0], low[1] : high[1]] |= d2 <= half_width**2


def _sides(rng: np.random.Generator, max_side: int) -> tuple[int, int]:
    rows, cols = rng.integers(1, max_side + 1, 2)
    return int(rows), int(cols)


def _box(image: NDArray[np.float64], width: int, axis: int) -> NDArray[np.float64]:
    before = np.concatenate([np.repeat(image.take([0], axis), width, axis), image], axis)
    total = np.cumsum(before, axis)
    count = image.shape[axis]
    return total.take(range(width, width + count), axis) - total.take(range(count), axis)


_KINDS = (noise, blobs, vessels, mixture, speckled_vessels, constant)
_WEIGHTS = (0.2, 0.25, 0.25, 0.15, 0.12, 0.03)
