# SPDX-License-Identifier: Apache-2.0
"""Segmentations that users reach for today: plain thresholds, Sato, Frangi, local means.

Each takes a raw image [h, w] of 8 bits and gives a response [4 h, 4 w]; vessel is where that is
above a value, a quantile of itself, or Otsu's threshold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.ndimage as ndi
from skimage import filters, measure, transform

SCALE = 4
MIN_OBJECT_PX = 128


@dataclass(frozen=True, slots=True)
class Choice:
    """One setting of a peer: its sigmas, and a threshold (`value`, `quantile` or `otsu`)."""

    sigmas: tuple[float, ...]
    kind: str
    limit: float = 0.0

    def __str__(self) -> str:
        """Short text for a table."""
        sigmas = ", ".join(f"{sigma:g}" for sigma in self.sigmas)
        threshold = self.kind if self.kind == "otsu" else f"{self.kind} {self.limit:g}"
        return f"sigma {sigmas}; {threshold}" if sigmas else threshold


def upsampled(image: np.ndarray) -> np.ndarray:
    """Cubic spline, values in 0..1."""
    shape = tuple(n * SCALE for n in image.shape)
    return transform.resize(image.astype(np.float32) / 255, shape, order=3)


def plain(image: np.ndarray, sigmas: tuple[float, ...]) -> np.ndarray:
    """The image itself."""
    assert not sigmas
    return upsampled(image)


def local_mean(image: np.ndarray, sigmas: tuple[float, ...]) -> np.ndarray:
    """Raw pixels minus their Gaussian mean; sigma in raw pixels."""
    grey = image.astype(np.float32) / 255
    contrast = grey - ndi.gaussian_filter(grey, sigmas[0])
    return ndi.zoom(contrast, SCALE, order=3, mode="reflect", grid_mode=True)


def sato(image: np.ndarray, sigmas: tuple[float, ...]) -> np.ndarray:
    """Tubeness of the upsampled image; sigmas in mask pixels."""
    return filters.sato(upsampled(image), sigmas=sigmas, black_ridges=False)


def frangi(image: np.ndarray, sigmas: tuple[float, ...]) -> np.ndarray:
    """Vesselness of the upsampled image; sigmas in mask pixels."""
    return filters.frangi(upsampled(image), sigmas=sigmas, black_ridges=False)


def threshold(response: np.ndarray, choice: Choice) -> np.ndarray:
    """Foreground of a response, without small objects."""
    limit = {
        "value": lambda: choice.limit,
        "quantile": lambda: float(np.quantile(response, choice.limit)),
        "otsu": lambda: float(filters.threshold_otsu(response)),
    }[choice.kind]()
    labels = measure.label(response > limit, connectivity=2)
    keep = np.bincount(labels.ravel()) >= MIN_OBJECT_PX
    keep[0] = False
    return keep[labels]


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer, and the grid that its setting is chosen from."""

    name: str
    package: str
    respond: Callable[[np.ndarray, tuple[float, ...]], np.ndarray]
    sigmas: tuple[tuple[float, ...], ...]
    limits: tuple[tuple[str, float], ...]


def _steps(kind: str, first: float, last: float, step: float) -> tuple[tuple[str, float], ...]:
    count = round((last - first) / step) + 1
    return tuple((kind, round(first + k * step, 4)) for k in range(count))


_QUANTILES = _steps("quantile", 0.46, 0.67, 0.03)
_WIDTHS = ((2.0,), (3.0,), (2.0, 3.0), (3.0, 4.5), (3.0, 4.5, 6.0))

PEERS = (
    Peer(
        "threshold",
        "scikit-image",
        plain,
        ((),),
        (*_QUANTILES, *_steps("value", 0.32, 0.52, 0.04), ("otsu", 0.0)),
    ),
    Peer(
        "local mean",
        "scipy",
        local_mean,
        tuple((float(sigma),) for sigma in (8, 12, 24)),
        _steps("value", 0.0, 0.03, 0.01),
    ),
    Peer(
        "Sato",
        "scikit-image",
        sato,
        _WIDTHS,
        (*_QUANTILES, *_steps("value", 0.01, 0.05, 0.01)),
    ),
    Peer("Frangi", "scikit-image", frangi, _WIDTHS, _QUANTILES),
)
