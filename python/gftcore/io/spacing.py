# SPDX-License-Identifier: Apache-2.0
"""Fields of view from what headers say of the size of a pixel."""

from __future__ import annotations

import math
from pathlib import Path

from gftcore.errors import FormatError

__all__ = ["PLAUSIBLE_MM", "TOLERANCE", "field_of_view", "require_square"]

#: Numbers of headers are rounded: what differs by no more than this part is the same.
TOLERANCE = 0.01
#: Widths in mm that scans of a retina have. Writers put 1 mm or 72 dpi where they know nothing.
PLAUSIBLE_MM = (1.0, 30.0)


def field_of_view(
    shape: tuple[int, int], spacing_mm: tuple[float, float], source: str, file: Path
) -> tuple[float | None, str | None]:
    """Return the longer side of an image in mm, or a note that says why it is not known.

    Parameters
    ----------
    shape
        Rows and columns.
    spacing_mm
        Distance of rows, then of columns, as the header says it.
    source
        Where that stands, for notes and messages.
    file
        File, for messages.

    Raises
    ------
    FormatError
        If rows and columns are not equally far apart: an image has one scale here.
    """
    if not all(math.isfinite(step) and step > 0 for step in spacing_mm):
        return None, f"{source} is no size of a pixel; the field of view is not known"
    require_square(spacing_mm, source, file, unit=" mm")
    rows, cols = shape
    # A nanometre is finer than any scale; it makes 304 times 0.009868421 three again.
    fov = round(rows * spacing_mm[0] if rows > cols else cols * spacing_mm[1], 6)
    low, high = PLAUSIBLE_MM
    if not low <= fov <= high:
        return None, (
            f"{source} would make the field of view {fov:g} mm, which is not between {low:g} and "
            f"{high:g}; it is taken for not known"
        )
    return fov, None


def require_square(steps: tuple[float, float], source: str, file: Path, *, unit: str = "") -> None:
    """Refuse unequal distances of rows and of columns, in whatever unit.

    A size that nobody would believe may still have a true ratio. What is no pair of sizes has none.
    """
    if not all(math.isfinite(step) and step > 0 for step in steps):
        return
    if abs(steps[0] - steps[1]) > TOLERANCE * max(steps):
        raise FormatError(
            f"{file}: {source} must be the same along rows and columns, got {steps[0]:g} and "
            f"{steps[1]:g}{unit}; resample the image to square pixels first"
        )
