# SPDX-License-Identifier: Apache-2.0
"""Settings of the segmentation."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from gftcore._validation import (
    require_bool,
    require_choice,
    require_int,
    require_iterator,
    require_real,
)
from gftcore.config import config_dict, config_hash, require_fields
from gftcore.errors import ArgumentError

__all__ = ["BROAD_RANGE", "MAX_SCALE", "METHODS", "SIGMA_RANGE", "THRESHOLDS", "SegmentConfig"]
__all__ += ["require_broad_sigma", "require_scale", "require_sigma", "require_sigmas"]

METHODS = ("oriented", "local_contrast", "ridge")
THRESHOLDS = ("quantile", "otsu")
MAX_SCALE = 8
SIGMA_RANGE = (0.1, 256.0)
BROAD_RANGE = (4.0, 256.0)


def require_scale(value: object, name: str = "scale") -> int:
    """Return a factor of enlargement."""
    return require_int(value, name, 1, MAX_SCALE)


def require_sigma(value: object, name: str) -> float:
    """Return the standard deviation of a Gaussian, in pixels."""
    return _within(value, name, SIGMA_RANGE)


def require_broad_sigma(value: object, name: str) -> float:
    """Return the standard deviation of a Gaussian for the surroundings, in raw pixels."""
    return _within(value, name, BROAD_RANGE)


def _within(value: object, name: str, limits: tuple[float, float]) -> float:
    low, high = limits
    sigma = require_real(value, name)
    if not low <= sigma <= high:
        raise ArgumentError(f"{name} must be between {low:g} and {high:g} px, got {sigma:g}")
    return sigma


def require_sigmas(values: object, name: str) -> tuple[float, ...]:
    """Return one or more standard deviations, in pixels."""
    each = require_iterator(values, name, "a sequence of numbers", "; put one into a tuple")
    sigmas = tuple(require_sigma(value, name) for value in each)
    if not sigmas:
        raise ArgumentError(f"{name} must hold at least one number, got none")
    return sigmas


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentConfig:
    """How a raw image becomes a vessel mask. Frozen, keyword-only, validated when made.

    Parameters
    ----------
    method
        ``oriented``: brighter than the surroundings and part of a line. ``local_contrast``:
        brighter than the surroundings. ``ridge``: multiscale Hessian ridges.
    scale
        The mask is this many times as large as the image, 1 to 8.
    min_object_px
        8-connected objects with fewer mask pixels are dropped.
    oriented_sigma
        Size of the surroundings: sigma of a Gaussian in raw pixels, at least 4.
    oriented_threshold
        Foreground is where contrast and line strength together are greater; in units of the
        contrasts found around a place.
    local_contrast_sigma
        Size of the surroundings: sigma of a Gaussian in raw pixels.
    contrast_threshold
        Foreground is where the contrast is greater; in units of the image's range.
    ridge_sigmas_px
        Sigmas of the Gaussian derivatives in mask pixels.
    ridge_normalise
        Divide by the local standard deviation first, so that dim regions count as much.
    ridge_threshold
        ``quantile``, ``otsu``, or a number; foreground is where the ridge strength is greater.
    ridge_quantile
        The quantile, in 0..1, that ``quantile`` means.

    Examples
    --------
    >>> SegmentConfig(method="ridge", ridge_threshold=0.05).scale
    4
    >>> SegmentConfig().hash == SegmentConfig(oriented_sigma=24).hash
    True
    """

    method: Literal["oriented", "local_contrast", "ridge"] = "oriented"
    scale: int = 4
    min_object_px: int = 128
    oriented_sigma: float = 24.0
    oriented_threshold: float = 1.27
    local_contrast_sigma: float = 12.0
    contrast_threshold: float = 0.0
    ridge_sigmas_px: tuple[float, ...] = (3.0, 4.5, 6.0)
    ridge_normalise: bool = True
    ridge_threshold: float | Literal["quantile", "otsu"] = "quantile"
    ridge_quantile: float = 0.65

    def __post_init__(self) -> None:
        require_choice(self.method, METHODS, "method")
        self._set("scale", require_scale(self.scale))
        self._set("min_object_px", require_int(self.min_object_px, "min_object_px"))
        sigma = require_broad_sigma(self.oriented_sigma, "oriented_sigma")
        self._set("oriented_sigma", sigma)
        self._set("oriented_threshold", require_real(self.oriented_threshold, "oriented_threshold"))
        sigma = require_sigma(self.local_contrast_sigma, "local_contrast_sigma")
        self._set("local_contrast_sigma", sigma)
        self._set("contrast_threshold", require_real(self.contrast_threshold, "contrast_threshold"))
        self._set("ridge_sigmas_px", require_sigmas(self.ridge_sigmas_px, "ridge_sigmas_px"))
        self._set("ridge_normalise", require_bool(self.ridge_normalise, "ridge_normalise"))
        if isinstance(self.ridge_threshold, str):
            require_choice(self.ridge_threshold, THRESHOLDS, "ridge_threshold")
        else:
            self._set("ridge_threshold", require_real(self.ridge_threshold, "ridge_threshold"))
        quantile = require_real(self.ridge_quantile, "ridge_quantile")
        if not 0 <= quantile <= 1:
            raise ArgumentError(f"ridge_quantile must be between 0 and 1, got {quantile:g}")
        self._set("ridge_quantile", quantile)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def replace(self, **changes: Any) -> SegmentConfig:
        """Return a copy with some fields changed."""
        require_fields(self, changes)
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return config_dict(self)

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of all fields."""
        return config_hash(self)
