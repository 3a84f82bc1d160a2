# SPDX-License-Identifier: Apache-2.0
"""Findings of a closed vocabulary, and where they lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["FAZ_FINDINGS", "FINDINGS", "LOCATED_FINDINGS", "NO_ABNORMALITY", "Cell", "Finding"]

#: Findings that have places.
LOCATED_FINDINGS = (
    "non-perfusion",
    "tortuous vessels",
    "calibre irregular",
    "microaneurysm-like dilation",
    "neovascular tuft",
    "sparse network",
)
#: Findings of the foveal avascular zone.
FAZ_FINDINGS = ("FAZ enlarged", "FAZ irregular")
NO_ABNORMALITY = "no abnormality"
#: All names, in the order in which findings are listed.
FINDINGS = (
    "non-perfusion",
    "FAZ enlarged",
    "FAZ irregular",
    "tortuous vessels",
    "calibre irregular",
    "microaneurysm-like dilation",
    "neovascular tuft",
    "sparse network",
    NO_ABNORMALITY,
)


class Cell(NamedTuple):
    """One part of the image: a clock hour in a zone about the centroid of the FAZ.

    Attributes
    ----------
    clock_hour
        1 to 12 as displayed, 12 up, 3 right; None in the foveal zone, which is one cell.
    zone
        ``foveal``, ``parafoveal`` or ``outer``.
    """

    clock_hour: int | None
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding in neighbouring cells.

    Attributes
    ----------
    name
        One of `FINDINGS`.
    cells
        Where it is: the foveal cell first, then by zone and clock hour. Without any for
        ``no abnormality``.
    regions
        Different words for these places, such as ``superior nasal`` or, if the eye is unknown,
        ``upper right``; ``centre`` for the foveal cell.
    evidence
        Structures that it rests on, as type (``vessel``, ``ica``, ``faz``) and row in the graph.
    value, threshold
        What was measured in the most marked cell, and what healthy training eyes hardly pass.
    strength
        How far it passes, in steps between the median and the threshold of healthy training
        eyes; above 1. 0 for ``no abnormality``.
    cell_evidence
        The structures of each of ``cells``; empty where nobody said.
    """

    name: str
    cells: tuple[Cell, ...]
    regions: tuple[str, ...]
    evidence: tuple[tuple[str, int], ...]
    value: float | None
    threshold: float | None
    strength: float
    cell_evidence: tuple[tuple[tuple[str, int], ...], ...] = ()

    def evidence_in(self, cells: Iterable[Cell]) -> tuple[tuple[str, int], ...]:
        """Return the structures in some of its cells; all, where nobody said which is where."""
        if not self.cell_evidence:
            return self.evidence
        wanted = set(cells)
        parts = zip(self.cells, self.cell_evidence, strict=True)
        return tuple(dict.fromkeys(ref for cell, refs in parts if cell in wanted for ref in refs))
