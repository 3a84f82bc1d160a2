# SPDX-License-Identifier: Apache-2.0
"""Colours of contributions, and the strip that says what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gftcore.attribution.results import Attribution

__all__ = ["colours", "legend", "shown"]

# Blue against orange stays apart under all colour blindnesses. Both ends are equally light, and the
# middle is a dark grey, so that on the dark image what stands out is what contributed.
_STOPS = np.array(
    [[135, 210, 255], [50, 140, 240], [84, 84, 84], [225, 105, 0], [255, 190, 80]], dtype=np.float64
)
_PLACES = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])


def colours(values: ArrayLike, limit: float) -> NDArray[np.float64]:
    """Return a colour [..., 3], 0 to 255, for each value; beyond ``limit`` that of the end.

    Examples
    --------
    >>> colours([-2.0, 0.0, 9.0], limit=2.0).tolist()
    [[135.0, 210.0, 255.0], [84.0, 84.0, 84.0], [255.0, 190.0, 80.0]]
    """
    places = np.clip(np.asarray(values, dtype=np.float64) / (limit or 1.0), -1, 1)
    planes = [np.interp(places, _PLACES, plane) for plane in _STOPS.T]
    return np.stack(planes, axis=-1)


def shown(value: float) -> str:
    """Return a number with two digits that count.

    Examples
    --------
    >>> [shown(v) for v in (0.0, 12.34, -0.000456, 2480.0)]
    ['0', '12', '-0.00046', '2500']
    """
    rounded = float(f"{value:.1e}")
    if rounded == 0:
        return "0"
    digits = 1 - int(np.floor(np.log10(abs(rounded))))
    return f"{rounded:.{max(digits, 0)}f}" if digits < 8 else f"{rounded:.1e}"


def legend(
    found: Attribution, limit: float, width: int, *, ranked_by: str | None, notes: Sequence[str]
) -> NDArray[np.uint8]:
    """Strip with the scale and with words that say what the colours are.

    `ranked_by` is what numbers in the picture rank; None if there are none.
    """
    size = max(9, min(width // 62, 32))
    font = ImageFont.load_default(size)
    margin, step = size // 2, round(1.45 * size)
    lines = [
        part for line in _lines(found, ranked_by=ranked_by, notes=notes)
        for part in _wrapped(line, font, width - 2 * margin)
    ]  # fmt: skip
    top = margin + round(2.7 * step)
    strip = Image.new("RGB", (width, top + step * len(lines) + margin), (255, 255, 255))
    draw = ImageDraw.Draw(strip)
    _draw_bar(strip, draw, limit, font, margin=margin, size=size, step=step)
    for number, line in enumerate(lines):
        draw.text((margin, top + number * step), line, fill=(0, 0, 0), font=font)
    return np.asarray(strip)


def _target_words(found: Attribution) -> str:
    """Return what was explained, in words."""
    if found.kind == "margin":
        return f"the logit of {found.target} less that of {found.against}"
    return f"the {'probability' if found.kind == 'prob' else 'logit'} of {found.target}"


def _lines(found: Attribution, *, ranked_by: str | None, notes: Sequence[str]) -> list[str]:
    nodes = found.nodes
    assert nodes is not None
    place = found.classes.index(found.target)
    unit = "panels" if found.method == "secant" else "points"
    error = "" if nodes.error is None else f", estimated error {shown(100 * nodes.error)} %"
    what = (
        f"Contributions of vessels, areas between them and the FAZ to {_target_words(found)}. "
        f"Probability of {found.target}: {found.probabilities[place]:.3f}."
    )
    how = f"Integrated gradients, {found.method}, {nodes.n} {unit}{error}."
    lines = [what, how]
    if ranked_by:
        lines.append(
            f"Numbers: ranks of the selected nodes by {ranked_by}. White lines: the selected edges."
        )
    return [*lines, "This explains what the network computed, not a disease.", *notes]


def _draw_bar(
    strip: Image.Image,
    draw: ImageDraw.ImageDraw,
    limit: float,
    font: Any,
    *,
    margin: int,
    size: int,
    step: int,
) -> None:
    """The scale: words at its ends, numbers below."""
    low, high = "lowers it", "raises it"
    left = margin + round(font.getlength(low) + size)
    right = strip.width - margin - round(font.getlength(high) + size)
    if right - left < 4 * size:  # a tiny picture has no place for words
        left, right, low, high = margin, strip.width - margin, "", ""
    right = min(right, left + 30 * size)
    draw.text((margin, margin), low, fill=(0, 0, 0), font=font)
    draw.text((right + size, margin), high, fill=(0, 0, 0), font=font)
    ramp = colours(np.linspace(-limit, limit, max(right - left, 1)), limit)
    bar = np.broadcast_to(ramp, (step - 2, *ramp.shape)).astype(np.uint8)
    strip.paste(Image.fromarray(np.ascontiguousarray(bar)), (left, margin))
    for place, text in zip((0.0, 0.5, 1.0), _ticks(limit), strict=True):
        x = left + place * (right - left)
        draw.line((x, margin + step - 2, x, margin + step + 3), fill=(0, 0, 0))
        half = font.getlength(text) / 2
        x = min(max(x, margin + half), strip.width - margin - half)
        draw.text((x - half, margin + step + 3), text, fill=(0, 0, 0), font=font)


def _ticks(limit: float) -> tuple[str, str, str]:
    end = shown(limit)
    # "or beyond": what is outside has the colour of the end.
    return ("", "0", "") if limit == 0 else (f"-{end} or below", "0", f"+{end} or above")


def _wrapped(line: str, font: Any, width: int) -> list[str]:
    """Break a line between words so that it fits; a longer word stays whole."""
    out = [""]
    for word in line.split():
        longer = f"{out[-1]} {word}".strip()
        if out[-1] and font.getlength(longer) > width:
            out.append(word)
        else:
            out[-1] = longer
    return out
