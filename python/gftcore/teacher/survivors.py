# SPDX-License-Identifier: Apache-2.0
"""What of an eye's findings its known lesions bear out."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable

from gftcore.findings import Cell, Finding
from gftcore.findings.vocabulary import NO_ABNORMALITY
from gftcore.narrative.places import within
from gftcore.tabulation.places import CENTRE_REGION, region_word
from gftcore.teacher.cases import TeachingCase

__all__ = ["cell_regions", "overlooked", "surviving"]


def surviving(case: TeachingCase) -> tuple[Finding, ...]:
    """Return the findings in those cells that the lesions have; all where no lesions are known.

    Findings that the lesions say nothing about stay. ``no abnormality`` is what is left of a
    healthy eye whose findings are all borne out by nothing.
    """
    truth = case.truth
    if truth is None or not case.findings:
        return case.findings
    kept: list[Finding] = []
    for one in case.findings:
        if one.name == NO_ABNORMALITY:
            continue
        part: Finding | None = one
        if one.name in truth.known:
            part = within(one, {Cell(*cell) for cell in truth.where(one.name)})
        if part is not None and part.cells != one.cells:
            part = dataclasses.replace(part, regions=cell_regions(part.cells, case.eye))
        if part is not None:
            kept.append(part)
    return tuple(kept) or (_nothing(),)


def overlooked(case: TeachingCase) -> bool:
    """Whether a diseased eye has lesions of which nothing was found."""
    truth = case.truth
    if truth is None or case.label == "Healthy" or not case.findings:
        return False
    found = any(one.name != NO_ABNORMALITY for one in surviving(case))
    return bool(truth.abnormal) and not found


def cell_regions(cells: Iterable[Cell], eye: str) -> tuple[str, ...]:
    """Return the regions in which some cells have their middle, each once.

    Examples
    --------
    >>> cell_regions([Cell(None, "foveal"), Cell(2, "outer")], "OD")
    ('centre', 'superior nasal')
    """
    found = []
    for cell in sorted(cells, key=lambda cell: (cell.zone, cell.clock_hour or 0)):
        if cell.clock_hour is None:
            found.append(CENTRE_REGION)
            continue
        angle = math.pi * cell.clock_hour / 6
        # Rounded, so that three and nine lie on the line between two regions and not beside it.
        found.append(region_word(-round(math.cos(angle), 6), round(math.sin(angle), 6), eye))
    return tuple(dict.fromkeys(found))


def _nothing() -> Finding:
    return Finding(
        name=NO_ABNORMALITY,
        cells=(),
        regions=(),
        evidence=(),
        value=None,
        threshold=None,
        strength=0.0,
    )
