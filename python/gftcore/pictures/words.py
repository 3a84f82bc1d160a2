# SPDX-License-Identifier: Apache-2.0
"""Words and numbers on pictures, and how wide they are."""

from __future__ import annotations

import functools
import math
from typing import Any

from PIL import ImageFont

__all__ = ["cut", "font_of", "line_of", "number", "width_of", "wrapped"]


@functools.lru_cache(maxsize=64)
def font_of(size: int) -> Any:
    """Return Pillow's own font, which is there on every machine; it knows ASCII and little more."""
    return ImageFont.load_default(size)


def width_of(text: str, size: int) -> float:
    """Return how wide a line of text is."""
    return float(font_of(size).getlength(text))


def line_of(text: str) -> str:
    r"""Return text as one line that fonts and XML can hold; what they cannot becomes ``?``.

    Examples
    --------
    >>> line_of("an\neye\x00")
    'an eye?'
    """
    spaced = " ".join(text.split())
    return "".join(c if c.isprintable() and not _is_odd(c) else "?" for c in spaced)


def _is_odd(c: str) -> bool:
    return 0xD800 <= ord(c) <= 0xDFFF or ord(c) & 0xFFFE == 0xFFFE


def cut(text: str, size: int, width: float) -> str:
    """Return a text with dots instead of its end, if it is too wide.

    Examples
    --------
    >>> cut("a long name", 20, 60)
    'a lo...'
    """
    # No letter is narrower than an eighth of its height, so longer texts need not be measured.
    most = 8 * math.ceil(max(width, 0) / size) + 8
    if len(text) <= most and width_of(text, size) <= width:
        return text
    fits, beyond = 0, min(len(text), most) + 1
    while beyond - fits > 1:
        keep = (fits + beyond) // 2
        if width_of(text[:keep] + "...", size) > width:
            beyond = keep
        else:
            fits = keep
    return text[:fits] + "..."


def wrapped(text: str, size: int, width: float) -> list[str]:
    """Return a text in lines, broken between words; a longer word is cut."""
    out = [""]
    for whole in text.split():
        word = cut(whole, size, width)
        longer = f"{out[-1]} {word}".strip()
        if out[-1] and width_of(longer, size) > width:
            out.append(word)
        else:
            out[-1] = longer
    return out


def number(value: float, digits: int = 3) -> str:
    """Return a number with so many digits that count, without powers of ten if that can be read.

    Examples
    --------
    >>> [number(v) for v in (0.0, 12.345, 0.00045678, 24817.0, -3.0, 1e-9, float("nan"))]
    ['0', '12.3', '0.000457', '24817', '-3', '1e-09', 'n/a']
    """
    if not math.isfinite(value):
        return "n/a"
    if value == 0:
        return "0"
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{value:.0f}"
    shortest = f"{value:.{digits}g}"
    rounded = float(shortest)
    if not 1e-7 <= abs(rounded) < 1e9:
        return shortest
    places = digits - 1 - math.floor(math.log10(abs(rounded)))
    text = f"{rounded:.{max(places, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
