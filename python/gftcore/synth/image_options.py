# SPDX-License-Identifier: Apache-2.0
"""Settings of the formation of images."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from typing import Any

from gftcore._validation import require_int, require_real
from gftcore.config import canonical_json, config_dict, require_fields
from gftcore.errors import ArgumentError

__all__ = ["ImageOptions"]

_LEAST_SIGMA, _MOST_SIGMA = 0.1, 256.0
_RANGES: dict[str, tuple[float, float]] = {
    "calibre": (0, 1),
    "calibre_sigma_px": (_LEAST_SIGMA, _MOST_SIGMA),
    "background": (0, 4),
    "haze": (0, 4),
    "haze_sigma_px": (_LEAST_SIGMA, _MOST_SIGMA),
    "background_noise_shape": (0.1, 100),
    "background_noise_range": (1, 100),
    "speckle": (0, 1),
    "speckle_shape": (0.1, 100),
    "speckle_range": (1, 100),
    "gamma_low": (0.1, 10),
    "gamma_high": (0.1, 10),
    "gain": (0, 10),
    "offset": (-1, 1),
    "vignetting": (0, 1),
    "shadow": (0, 1),
    "shadow_radius": (0.01, 10),
    "stripe_contrast": (0, 1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOptions:
    """How vessels become an angiogram. Frozen, keyword-only, validated when made.

    The defaults give images that look like the published synthetic ones; `published` returns the
    constants of the published formulas. Artefacts (vignetting, shadow, stripes) are off.

    Parameters
    ----------
    grid
        Points a side of the grids of which shapes and exponents are interpolated, 2 to 64.
    calibre
        Share of a vessel's light that it owes to the vessels around it, 0 to 1: wide ones are
        brighter.
    calibre_sigma_px
        Standard deviation of what is around, 0.1 to 256 px.
    background
        Strength of the background's vessels, 0 to 4.
    haze
        Strength of the background out of focus, 0 to 4; 0 is none.
    haze_sigma_px
        Standard deviation of the haze, 0.1 to 256 px.
    background_noise_shape, background_noise_range
        Shapes alpha and beta of the noise of the background lie between shape / range and
        shape * range; 0.1 to 100 and 1 to 100.
    speckle
        Share of the noise of everything, 0 to 1.
    speckle_shape, speckle_range
        The same of its shapes.
    blur_sigma_px
        Standard deviation of the point spread, 0.1 to 256 px; 0 is none.
    gamma_low, gamma_high
        Range of the exponent of contrast, 0.1 to 10.
    gain, offset
        Last of all, values are multiplied by 0 to 10 and moved by -1 to 1.
    vignetting
        Share that the corners lose, 0 to 1.
    shadow
        Share that the middle of a shadow loses, 0 to 1.
    shadow_radius
        Its standard deviation as a share of the longer side, 0.01 to 10.
    stripes
        Bands of rows that are brighter or darker, as after small movements; 0 to 1000.
    stripe_contrast
        Share that one gains or loses at most, 0 to 1.
    stripe_rows
        Rows of one at most, 1 to 1000.

    Examples
    --------
    >>> ImageOptions(stripes=3).replace(shadow=0.5).stripes
    3
    """

    grid: int = 9
    calibre: float = 0.35
    calibre_sigma_px: float = 3.0
    background: float = 0.9
    haze: float = 1.0
    haze_sigma_px: float = 15.0
    background_noise_shape: float = 1.5
    background_noise_range: float = 1.6
    speckle: float = 0.6
    speckle_shape: float = 1.0
    speckle_range: float = 1.4
    blur_sigma_px: float = 0.57
    gamma_low: float = 0.8
    gamma_high: float = 1.0
    gain: float = 1.2
    offset: float = 0.0
    vignetting: float = 0.0
    shadow: float = 0.0
    shadow_radius: float = 0.15
    stripes: int = 0
    stripe_contrast: float = 0.2
    stripe_rows: int = 4

    def __post_init__(self) -> None:
        def put(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        put("grid", require_int(self.grid, "grid", 2, 64))
        put("stripes", require_int(self.stripes, "stripes", 0, 1000))
        put("stripe_rows", require_int(self.stripe_rows, "stripe_rows", 1, 1000))
        for name, (low, high) in _RANGES.items():
            put(name, _between(getattr(self, name), name, low, high))
        blur = require_real(self.blur_sigma_px, "blur_sigma_px")
        if blur != 0 and not _LEAST_SIGMA <= blur <= _MOST_SIGMA:
            raise ArgumentError(
                f"blur_sigma_px must be 0 or between {_LEAST_SIGMA:g} and {_MOST_SIGMA:g}, "
                f"got {blur:g}"
            )
        put("blur_sigma_px", blur)
        if self.gamma_low > self.gamma_high:
            raise ArgumentError(
                f"gamma_low must be at most gamma_high ({self.gamma_high:g}), "
                f"got {self.gamma_low:g}"
            )

    @classmethod
    def published(cls) -> ImageOptions:
        """Return the constants of the published formulas: no calibre, haze or point spread.

        Examples
        --------
        >>> ImageOptions.published().speckle
        0.7
        """
        return cls(
            calibre=0.0,
            background=1.0,
            haze=0.0,
            background_noise_shape=1.0,
            background_noise_range=10.0,
            speckle=0.7,
            speckle_shape=1.0,
            speckle_range=10.0,
            blur_sigma_px=0.0,
            gamma_low=0.7,
            gamma_high=1.3,
            gain=1.0,
        )

    def replace(self, **changes: Any) -> ImageOptions:
        """Return a copy with some fields changed."""
        require_fields(self, changes)
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return config_dict(self)

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of all fields."""
        return hashlib.sha256(canonical_json(self.to_dict()).encode()).hexdigest()


def _between(value: object, name: str, low: float, high: float) -> float:
    number = require_real(value, name)
    if not low <= number <= high:
        raise ArgumentError(f"{name} must be between {low:g} and {high:g}, got {number:g}")
    return number
