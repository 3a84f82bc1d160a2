# SPDX-License-Identifier: Apache-2.0
"""How a time grows with the number of pixels: a power law by least squares of the logarithms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Growth:
    """Exponent of a power law and its standard error (0 for two points)."""

    exponent: float
    error: float


def fit_growth(pixels: Sequence[float], seconds: Sequence[float]) -> Growth:
    """Fit seconds = c * pixels ** exponent; needs two different sizes and positive times.

    The error is that of a straight line through logarithms with equal, independent deviations.
    """
    x, y = np.log(np.asarray(pixels, float)), np.log(np.asarray(seconds, float))
    if len(x) != len(y) or len(np.unique(x)) < 2 or not np.isfinite([*x, *y]).all():
        raise ValueError(f"no power law through pixels {list(pixels)} and seconds {list(seconds)}")
    centred = x - x.mean()
    square = float(centred @ centred)
    exponent = float(centred @ y) / square
    rest = y - y.mean() - exponent * centred
    free = len(x) - 2
    error = float(np.sqrt(rest @ rest / free / square)) if free > 0 else 0.0
    return Growth(exponent, error)
