# SPDX-License-Identifier: Apache-2.0
"""Pieces of sentences: lists, places, stages, and how sure something is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gftcore.findings.vocabulary import Cell, Finding
from gftcore.tabulation.places import ZONES

__all__ = [
    "FEATURE_WORDS",
    "STAGE_NAMES",
    "certainty",
    "hours_words",
    "join",
    "join_regions",
    "place_words",
    "stage_name",
    "subject",
    "things",
    "verb",
]

#: Class to its name in a sentence; other classes have their own name.
STAGE_NAMES = {
    "Healthy": "healthy",
    "NPDR": "non-proliferative diabetic retinopathy (NPDR)",
    "PDR": "proliferative diabetic retinopathy (PDR)",
}
_CERTAIN = (
    (0.99, "almost certain"),
    (0.9, "very likely"),
    (0.7, "likely"),
    (0.5, "more likely than not"),
)
#: Column of the graph to what it says of a structure, for large and for small values.
FEATURE_WORDS = {
    "area": ("a large size", "a small size"),
    "perimeter": ("a long outline", "a short outline"),
    "equivalent_diameter_area": ("a large size", "a small size"),
    "axis_major_length": ("a great length", "a small length"),
    "axis_minor_length": ("a great width", "a small width"),
    "solidity": ("a smooth outline", "a jagged outline"),
    "extent": ("a compact shape", "a jagged shape"),
    "eccentricity": ("an elongated shape", "a round shape"),
    "length": ("a long course", "a short course"),
    "distance": ("a long course", "a short course"),
    "curveness": ("a winding course", "a straight course"),
    "volume": ("a large size", "a small size"),
    "avgCrossSection": ("a wide calibre", "a narrow calibre"),
    "minRadiusAvg": ("a wide calibre", "a narrow calibre"),
    "avgRadiusAvg": ("a wide calibre", "a narrow calibre"),
    "maxRadiusAvg": ("a wide calibre", "a narrow calibre"),
    "minRadiusStd": ("an uneven calibre", "an even calibre"),
    "avgRadiusStd": ("an uneven calibre", "an even calibre"),
    "maxRadiusStd": ("an uneven calibre", "an even calibre"),
    "degree": ("many neighbours", "few neighbours"),
    "hetero_degree": ("many neighbours", "few neighbours"),
    "intensity_mean": ("a bright signal", "a dark signal"),
    "intensity_max": ("a bright signal", "a dark signal"),
    "intensity_min": ("a bright signal", "a dark signal"),
}
_ONE = {
    "non-perfusion": "non-perfusion",
    "tortuous vessels": "a tortuous vessel",
    "calibre irregular": "a vessel of irregular calibre",
    "microaneurysm-like dilation": "a microaneurysm-like dilation",
    "neovascular tuft": "a neovascular tuft",
    "sparse network": "a sparse network",
}
_MANY = {
    "non-perfusion": "non-perfusion",
    "tortuous vessels": "tortuous vessels",
    "calibre irregular": "vessels of irregular calibre",
    "microaneurysm-like dilation": "microaneurysm-like dilations",
    "neovascular tuft": "neovascular tufts",
    "sparse network": "a sparse network",
}
#: What is one thing however many structures show it.
_MASS = ("non-perfusion", "neovascular tuft", "sparse network")


def join(parts: Sequence[str], last: str = "and") -> str:
    """Return ``a``, ``a and b``, ``a, b and c``."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def stage_name(stage: str) -> str:
    """Return the name of a class in a sentence."""
    return STAGE_NAMES.get(stage, stage)


def certainty(probability: float) -> str:
    """Return how sure something is in words."""
    for least, words in _CERTAIN:
        if probability >= least:
            return words
    return "uncertain"


def is_many(finding: Finding) -> bool:
    """Whether a finding is spoken of in the plural."""
    return finding.name not in _MASS and len(finding.evidence) != 1


def subject(finding: Finding, *, many: bool | None = None) -> str:
    """Return what is seen: ``a microaneurysm-like dilation`` or ``tortuous vessels``."""
    plural = is_many(finding) if many is None else many
    return (_MANY if plural else _ONE)[finding.name]


def things(findings: Sequence[Finding]) -> str:
    """Return what several findings of one name are: ``neovascular tufts``."""
    counted = (
        len(findings) if findings[0].name in _MASS else sum(len(one.evidence) for one in findings)
    )
    return subject(findings[0], many=counted > 1)


def verb(finding: Finding, *, many: bool | None = None) -> str:
    """Return ``is`` or ``are``, as the finding needs it."""
    plural = is_many(finding) if many is None else many
    return "are" if plural and _MANY[finding.name] != _ONE[finding.name] else "is"


def place_words(cells: Iterable[Cell]) -> str:
    """Return where cells are: ``at 3 o'clock in the outer zone``."""
    given = set(cells)
    parts = ["in the foveal zone"] if any(cell.zone == ZONES[0] for cell in given) else []
    inner, outer = (
        {cell.clock_hour for cell in given if cell.zone == zone and cell.clock_hour}
        for zone in ZONES[1:]
    )
    for zone, hours in zip(ZONES[1:], (inner, outer), strict=True):
        if hours:
            parts.append(f"{hours_words(hours)} in the {zone} zone")
    return join(parts)


def hours_words(hours: Iterable[int]) -> str:
    """Return clock hours, runs of them joined: ``at 3 o'clock``, ``from 11 to 1 o'clock``.

    Examples
    --------
    >>> hours_words([1, 11, 12]), hours_words([2, 5]), hours_words([3])
    ("from 11 to 1 o'clock", "at 2 and 5 o'clock", "at 3 o'clock")
    """
    given = set(hours)
    if len(given) == 12:
        return "from 1 to 12 o'clock"
    firsts = sorted(hour for hour in given if (hour - 2) % 12 + 1 not in given)
    runs = []
    for first in firsts:
        last = first
        while last % 12 + 1 in given:
            last = last % 12 + 1
        runs.append((first, last))
    single = [str(first) for first, last in runs if first == last]
    parts = [f"at {join(single)} o'clock"] if single else []
    parts += [f"from {first} to {last} o'clock" for first, last in runs if first != last]
    return join(parts)


def join_regions(regions: Sequence[str]) -> str:
    """Return regions as a place: ``in the superior nasal and inferior nasal regions``."""
    if tuple(regions) == ("centre",):
        return "at the centre"
    outer = [one for one in regions if one != "centre"]
    words = f"in the {join(outer)} region{'s' if len(outer) > 1 else ''}"
    return f"at the centre and {words}" if len(outer) < len(regions) else words
