# SPDX-License-Identifier: Apache-2.0
"""How far apart colours are for people who are blind for some of them."""

from __future__ import annotations

from typing import Any

import numpy as np

# Machado, G. M., Oliveira, M. M., Fernandes, L. A. F. (2009). doi:10.1109/TVCG.2009.113
BLINDNESSES = {
    "none": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
#: Two colours that only some can tell apart, for negative controls.
RED, GREEN = (200, 60, 40), (95, 125, 30)
# Sharma, G., Bala, R. (2003): CIELAB from linear sRGB, white D65.
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour: Any) -> Any:
    share = np.asarray(colour, dtype=float) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def luminance(colour: Any) -> Any:
    """Relative luminance, 0 to 1."""
    return linear(colour) @ _XYZ[1]


def seen(colour: Any, blindness: str) -> Any:
    """Lightness and hue of a colour as somebody sees it who is blind for some."""
    return _lab(np.clip(linear(colour) @ np.array(BLINDNESSES[blindness]).T, 0, 1))


def distance(one: Any, other: Any, blindness: str) -> float:
    """Difference of colours: 1 can just be seen, 10 at a glance."""
    return float(np.linalg.norm(seen(one, blindness) - seen(other, blindness)))


def _lab(light: Any) -> Any:
    ratio = light @ _XYZ.T / _XYZ.sum(axis=1)
    curved = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    x, y, z = np.moveaxis(curved, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
