# SPDX-License-Identifier: Apache-2.0
"""From values to colours: limits, logarithms and ticks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._validation import require_array
from gftcore.errors import ArgumentError, ShapeError
from gftcore.pictures.palette import ramp
from gftcore.pictures.words import number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["QUANTILES", "Scale", "require_limits", "robust_scale", "showable"]

#: Where colours end if nobody says so: one extreme value must not make all others alike.
QUANTILES = (0.02, 0.98)
#: Beyond, squares and differences leave the range of floats.
_LARGEST, _SMALLEST = 1e100, 1e-100
#: Limits closer than this share of the larger one cannot be told apart on a picture.
_LEAST_SPAN = 1e-6


@dataclass(frozen=True, slots=True)
class Scale:
    """Colours of values from ``low`` to ``high``; those beyond have the colours of the ends.

    Attributes
    ----------
    low, high
        The limits, low < high.
    log
        Whether equal ratios are equal steps; both limits are positive then.
    """

    low: float
    high: float
    log: bool = False

    def places(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return where values lie between the limits, 0 to 1; missing ones stay missing.

        Examples
        --------
        >>> Scale(1, 100, log=True).places([0.0, 1.0, 10.0, 1000.0]).tolist()
        [0.0, 0.0, 0.5, 1.0]
        """
        found = np.clip(np.asarray(values, dtype=np.float64), self.low, self.high)
        low, high = self.low, self.high
        if self.log:
            found, low, high = np.log(found), math.log(low), math.log(high)
        out: NDArray[np.float64] = (found - low) / (high - low)
        return out

    def colours(self, values: ArrayLike) -> NDArray[np.uint8]:
        """Return the colours [n, 3] of values that are there."""
        return ramp(self.places(values))

    def ticks(self) -> list[tuple[float, str]]:
        """Return (place, number) of round values between the limits, up to eight.

        Examples
        --------
        >>> Scale(0.0, 10.0).ticks()[1], Scale(0.01, 2.0, log=True).ticks()[1][1]
        ((0.5, '5'), '0.1')
        """
        values = self._decades() if self.log else []
        if len(values) < 2:
            values = _round_values(self.low, self.high)
        places = self.places(values).tolist()
        return [(place, number(value)) for place, value in zip(places, values, strict=True)]

    def _decades(self) -> list[float]:
        """Powers of ten; with their double and fivefold if they are few."""
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for steps in ((1,), (1, 3), (1, 2, 5)):
            every = [float(f"{step}e{power}") for power in powers for step in steps]
            inside = [value for value in every if self._within(value)]
            if len(inside) >= 3:
                break
        return inside[:: max(1, -(-len(inside) // 7))]

    def _within(self, value: float) -> bool:
        slack = 1e-9 * max(abs(self.low), abs(self.high))
        return self.low - slack <= value <= self.high + slack


def _round_values(low: float, high: float) -> list[float]:
    power = 10.0 ** math.floor(math.log10((high - low) / 3))
    slack = 1e-9 * max(abs(low), abs(high))
    values: list[float] = []
    for factor in (10, 5, 2, 1, 0.5, 0.2):  # the coarsest step that gives enough
        step = factor * power
        first, last = math.ceil((low - slack) / step), math.floor((high + slack) / step)
        values = [float(f"{k * step:.12g}") for k in range(first, last + 1)]
        if len(values) >= 3:
            break
    return values[:: -(-len(values) // 7)] if values else [low, high]


def showable(values: ArrayLike) -> NDArray[np.float64]:
    """Return values as pictures show them: absurdly large ones are missing, tiny ones are 0.

    Examples
    --------
    >>> showable([2.0, -1e308, 5e-324]).tolist()
    [2.0, nan, 0.0]
    """
    found = np.asarray(values, dtype=np.float64)
    size = np.abs(found)
    return np.where(size < _SMALLEST, 0.0, np.where(size <= _LARGEST, found, np.nan))


def robust_scale(values: NDArray[np.float64], *, log: bool) -> Scale | None:
    """Return the scale between the 2nd and the 98th percentile; None if there is no value.

    Examples
    --------
    >>> robust_scale(np.arange(101.0), log=False)
    Scale(low=2.0, high=98.0, log=False)
    """
    found = values[np.isfinite(values) & ((values > 0) | (not log))]
    if not len(found):
        return None
    # Of few values these are the smallest and the largest: none of them lies beyond.
    low = float(np.quantile(found, QUANTILES[0], method="lower"))
    high = float(np.quantile(found, QUANTILES[1], method="higher"))
    if high - low <= _LEAST_SPAN * max(abs(low), abs(high)):  # all alike: the middle of some scale
        spread = abs(low) / 2 or 1.0
        low, high = low - spread, high + spread
    return Scale(low, high, log)


def require_limits(limits: Any, *, log: bool, name: str = "limits") -> tuple[float, float]:
    """Return limits given by somebody."""
    pair = require_array(limits, np.float64, name=name, ndim=1)
    if len(pair) != 2:
        raise ShapeError(f"{name} must be two numbers, low and high, got {len(pair)}")
    low, high = pair.tolist()
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ArgumentError(f"{name} must be finite and ascend, got {low:g} and {high:g}")
    if log and low <= 0:
        raise ArgumentError(
            f"{name} of areas must be greater than 0, their scale is logarithmic; got {low:g}"
        )
    largest = max(abs(low), abs(high))
    if not _SMALLEST <= largest <= _LARGEST or 0 < abs(low) < _SMALLEST:
        raise ArgumentError(
            f"{name} must be 0 or between {_SMALLEST:g} and {_LARGEST:g} in size, "
            f"got {low:g} and {high:g}"
        )
    if high - low < _LEAST_SPAN * largest:
        raise ArgumentError(
            f"{name} must be apart by a millionth of the larger one, got {low:.17g} and {high:.17g}"
        )
    return low, high
