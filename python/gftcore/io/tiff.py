# SPDX-License-Identifier: Apache-2.0
"""The scale of a TIFF file: that of ImageJ, of OME, or its resolution."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

from PIL import Image

from gftcore.io.spacing import field_of_view, require_square

__all__ = ["tiff_scale"]

_DESCRIPTION, _X, _Y, _UNIT = 270, 282, 283, 296
_MM = {"mm": 1.0, "millimeter": 1.0, "cm": 10.0, "inch": 25.4, "nm": 1e-6}
_MM |= dict.fromkeys(("um", "micron", "\u00b5m", "\u03bcm", "\\u00b5m"), 1e-3)
_RESOLUTION_MM = {2: 25.4, 3: 10.0}
#: Dots per inch of screens and printers, which programs write into any image.
_PRINT_DPI = (72, 96, 100, 120, 144, 150, 180, 200, 240, 300, 360, 400, 600, 720, 1200, 2400)
_PIXELS = re.compile(r"<(?:\w+:)?Pixels\b([^<>]*)>")
_ATTRIBUTE = re.compile(r"\b(PhysicalSize[XY](?:Unit)?)\s*=\s*[\"']([^\"']*)[\"']")


def tiff_scale(file: Path) -> tuple[float | None, tuple[str, ...]]:
    """Return the field of view in mm, or None, and notes.

    Damaged tags are as good as none: the pixels have been read without them.

    Raises
    ------
    FormatError
        If the resolutions, or the sizes of OME, say that pixels are not square: their ratio holds
        whatever the unit.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(file, formats=("TIFF",)) as image:
                shape = (image.height, image.width)
                tags: Any = image.tag_v2
                ratio = _inverse(tags, 1.0) if _X in tags else (1.0, 1.0)
                source, spacing = _spacing(tags)
        except Exception:
            return None, ("the tags are damaged; the field of view is not known",)
    require_square(ratio, "the distance of pixels by the resolution", file)
    if spacing is None:
        return None, ()
    fov_mm, note = field_of_view(shape, spacing, source, file)
    return fov_mm, () if note is None else (note,)


def _spacing(tags: Any) -> tuple[str, tuple[float, float] | None]:
    """Return where the size of a pixel stands, and height and width of one in mm."""
    text = tags.get(_DESCRIPTION, "")
    text = text if isinstance(text, str) else ""
    if text.startswith("ImageJ="):
        match = re.search(r"^unit=(.*)$", text, re.MULTILINE)
        unit = _MM.get(match[1].strip().lower()) if match else None
        return "the scale of ImageJ", None if unit is None else _inverse(tags, unit)
    found = _PIXELS.search(text)
    if "OME" in text and found:
        return "the physical size of OME", _ome(dict(_ATTRIBUTE.findall(found[1])))
    unit = _RESOLUTION_MM.get(int(tags.get(_UNIT, 2)))
    spacing = None if unit is None or _X not in tags else _inverse(tags, unit)
    if spacing is not None and any(
        abs(25.4 / step - d) < 0.5 for step in spacing[:1] for d in _PRINT_DPI
    ):
        spacing = None
    return "the resolution", spacing


def _inverse(tags: Any, unit_mm: float) -> tuple[float, float]:
    """Return mm per pixel of a file that says pixels per unit."""
    across = float(tags[_X])
    down = float(tags.get(_Y, across))
    nothing = float("nan")
    return (
        unit_mm / down if down > 0 else nothing,
        unit_mm / across if across > 0 else nothing,
    )


def _ome(size: dict[str, str]) -> tuple[float, float] | None:
    steps = []
    for axis in "YX":
        unit = _MM.get(size.get(f"PhysicalSize{axis}Unit", "um").lower())
        if unit is None or f"PhysicalSize{axis}" not in size:
            return None
        steps.append(float(size[f"PhysicalSize{axis}"]) * unit)
    return steps[0], steps[1]
