# SPDX-License-Identifier: Apache-2.0
"""Names of what a page lists."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["EYES", "QUADRANT_WORDS", "SIDES", "measure_name", "place_words", "unit_word"]

EYES: Mapping[str, str] = {
    "OD": "right eye (OD)",
    "OS": "left eye (OS)",
    "unknown": "right or left eye unknown",
}
#: What lies left and right in an image of an eye.
SIDES: Mapping[str, tuple[str, str]] = {
    "OD": ("temporal", "nasal"),
    "OS": ("nasal", "temporal"),
    "unknown": ("left", "right"),
}
QUADRANT_WORDS: Mapping[str, str] = {
    "TL": "upper left",
    "TR": "upper right",
    "BL": "lower left",
    "BR": "lower right",
}
_UNITS: Mapping[str, str] = {"mm2": "mm²", "um": "µm", "per_mm": "1/mm"}
_NAMES: Mapping[str, str] = {
    "calibre": "mean calibre",
    "vessels": "vessel segments",
    "icas": "areas between vessels",
    "edges": "edges of the graph",
    "perimeter_index": "contour length / image area",
    "perimeter_index_vessel": "contour length / vessel area",
    "box_dimension": "box dimension of the vessels",
    "skeleton_box_dimension": "box dimension of the skeleton",
    "box_dimension_error": "its standard error (vessels)",
    "skeleton_box_dimension_error": "its standard error (skeleton)",
}
_UPPER: Mapping[str, str] = {"faz": "FAZ", "etdrs": "ETDRS", "ica": "area"}


def unit_word(unit: str) -> str:
    """Return a unit as it is written.

    Examples
    --------
    >>> unit_word("mm2"), unit_word("rad")
    ('mm²', 'rad')
    """
    return _UNITS.get(unit, unit)


def measure_name(name: str) -> tuple[str, str]:
    """Return words and unit of a measurement; ``%`` for shares of 1.

    Examples
    --------
    >>> measure_name("faz_area_mm2"), measure_name("vessel_density"), measure_name("x_of_y")
    (('FAZ area', 'mm²'), ('vessel density', '%'), ('x of y', ''))
    """
    unit = ""
    for suffix in ("per_mm", "mm2", "mm", "um"):
        if name.endswith(f"_{suffix}"):
            name, unit = name.removesuffix(f"_{suffix}"), unit_word(suffix)
            break
    if name.endswith(("_density", "_coverage")):
        unit = "%"
    if name in _NAMES:
        return _NAMES[name], unit
    return " ".join(_UPPER.get(part, part) for part in name.split("_")), unit


def place_words(region: str, clock_hour: int | None, zone: str) -> str:
    """Return where something lies.

    Examples
    --------
    >>> place_words("superior nasal", 2, "outer"), place_words("centre", None, "foveal")
    ("superior nasal, 2 o'clock, outer zone", 'centre, foveal zone')
    """
    hour = "" if clock_hour is None else f", {clock_hour} o'clock"
    return f"{region}{hour}, {zone} zone"
