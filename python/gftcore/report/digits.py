# SPDX-License-Identifier: Apache-2.0
"""Numbers as a reader sees them."""

from __future__ import annotations

import math

__all__ = ["MISSING", "percent", "shown", "signed"]

#: Stands where a value does not exist.
MISSING = "n/a"
_MINUS = "\N{MINUS SIGN}"


def shown(value: float | None, digits: int = 3) -> str:
    """Return a number with some digits that count, never in powers of ten if that can be read.

    Examples
    --------
    >>> [shown(v) for v in (0.0, 12.345, 0.00045678, 24817.0, None, float("nan"))]
    ['0', '12.3', '0.000457', '24817', 'n/a', 'n/a']
    """
    if value is None or not math.isfinite(value):
        return MISSING
    rounded = float(f"{value:.{digits - 1}e}")
    if rounded == 0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(rounded)))
    if places > digits + 5 or abs(rounded) >= 1e9:
        return f"{value:.{digits - 1}e}".replace("-", _MINUS)
    if float(value).is_integer():  # counts are told in full
        return f"{value:.0f}".replace("-", _MINUS)
    return f"{rounded:.{max(places, 0)}f}".replace("-", _MINUS)


def signed(value: float | None, digits: int = 3) -> str:
    """Return `shown` with a sign in front of all but 0.

    Examples
    --------
    >>> signed(0.5), signed(-0.5), signed(0.0)
    ('+0.500', '\N{MINUS SIGN}0.500', '0')
    """
    text = shown(value, digits)
    return "+" + text if value is not None and math.isfinite(value) and value > 0 else text


def percent(share: float | None) -> str:
    """Return a share of 1 in percent.

    Examples
    --------
    >>> percent(0.4567), percent(1.0), percent(0.99999), percent(1e-9), percent(None)
    ('45.7 %', '100 %', '> 99.9 %', '< 0.1 %', 'n/a')
    """
    if share is None or not math.isfinite(share):
        return MISSING
    if 0 < share < 0.0005:
        return "< 0.1 %"
    if 0.9995 <= share < 1:
        return "> 99.9 %"
    text = f"{100 * share:.1f}".removesuffix(".0")
    return text.replace("-", _MINUS) + " %"
