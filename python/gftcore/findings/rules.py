# SPDX-License-Identifier: Apache-2.0
"""Which findings a graph shows, where, and on which structures they rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from gftcore._validation import describe
from gftcore.errors import ArgumentTypeError
from gftcore.findings.measures import CELLS, CellMeasures, measure_cells
from gftcore.findings.thresholds import Thresholds, cell_values, faz_values
from gftcore.findings.vocabulary import (
    FAZ_FINDINGS,
    FINDINGS,
    LOCATED_FINDINGS,
    NO_ABNORMALITY,
    Cell,
    Finding,
)
from gftcore.graph.hetero_graph import HeteroGraph
from gftcore.tabulation.places import CENTRE_REGION, REGIONS, Fovea, region_word

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["find_findings", "finding_values"]

#: As many structures of a cell are evidence, most marked first.
MOST_EVIDENCE = 8
#: Single structures that pass the limit make these findings; those of the others stand for many.
_BY_STRUCTURE = ("non-perfusion", "microaneurysm-like dilation", "neovascular tuft")
#: Hours off the axes to their place in `REGIONS`.
_HOURS = {1: 1, 2: 1, 4: 3, 5: 3, 7: 2, 8: 2, 10: 0, 11: 0}
_AXES = {12: (0, 1), 3: (1, 3), 6: (2, 3), 9: (0, 2)}

Ref = tuple[str, int]


def finding_values(
    graph: HeteroGraph, thresholds: Thresholds
) -> Mapping[str, Mapping[Cell, float]]:
    """Return what is compared with the thresholds, of each finding with places and each cell."""
    measures = measure_cells(graph, Fovea.of(graph), grey=thresholds.grey)
    values = cell_values(measures, thresholds.network_mm_per_mm2)
    return {k: dict(zip(CELLS, v.tolist(), strict=True)) for k, v in values.items()}


def find_findings(graph: HeteroGraph, thresholds: Thresholds) -> tuple[Finding, ...]:
    """Return the findings of one eye.

    Parameters
    ----------
    graph
        The eye. Its ``meta.eye`` only names regions.
    thresholds
        From healthy training eyes whose graphs were made in the same way.

    Returns
    -------
    tuple of Finding
        In the order of `FINDINGS`; of equal names the stronger first. ``no abnormality`` alone if
        there is nothing else, and nothing at all for a graph without vessels.

    Examples
    --------
    >>> import numpy as np
    >>> from gftcore import graph
    >>> from gftcore.findings import finding_thresholds
    >>> mask = np.zeros((240, 240), dtype=bool)
    >>> mask[::12] = mask[:, ::12] = True
    >>> healthy = finding_thresholds([graph.extract(mask)])
    >>> mask[20:70, 160:220] = False
    >>> [(one.name, one.regions) for one in find_findings(graph.extract(mask), healthy)][0]
    ('non-perfusion', ('upper right',))
    """
    if not isinstance(graph, HeteroGraph):
        raise ArgumentTypeError(f"graph must be a HeteroGraph, got {describe(graph)}")
    if not isinstance(thresholds, Thresholds):
        raise ArgumentTypeError(f"thresholds must be Thresholds, got {describe(thresholds)}")
    if not graph.num_segments:
        return ()
    fovea = Fovea.of(graph)
    measures = measure_cells(graph, fovea, grey=thresholds.grey)
    values = cell_values(measures, thresholds.network_mm_per_mm2)
    found = [
        one
        for name in LOCATED_FINDINGS
        for one in _located(name, values[name], measures[name], graph, fovea, thresholds)
    ]
    found += _of_faz(graph, thresholds)
    if not found:
        return (_finding(NO_ABNORMALITY, None, thresholds, (), (), ()),)
    return tuple(sorted(found, key=lambda one: (FINDINGS.index(one.name), -one.strength)))


def _of_faz(graph: HeteroGraph, thresholds: Thresholds) -> Iterator[Finding]:
    values = faz_values(graph)
    for name in FAZ_FINDINGS:
        if values[name] > thresholds.limit[name]:
            yield _finding(
                name, values[name], thresholds, (CELLS[0],), (CENTRE_REGION,), ((("faz", 0),),)
            )


def _located(
    name: str,
    values: NDArray[np.float64],
    measures: CellMeasures,
    graph: HeteroGraph,
    fovea: Fovea,
    thresholds: Thresholds,
) -> Iterator[Finding]:
    """One finding for each group of neighbouring cells beyond the limit."""
    beyond = np.flatnonzero(values > thresholds.limit[name]).tolist()
    least = thresholds.limit[name] if name in _BY_STRUCTURE else 0.0
    for group in _groups(beyond):
        refs = tuple(_evidence(measures, number, least) for number in group)
        cells = tuple(CELLS[number] for number in group)
        regions = _regions(cells, refs, graph, fovea)
        yield _finding(name, float(values[group].max()), thresholds, cells, regions, refs)


def _finding(
    name: str,
    value: float | None,
    thresholds: Thresholds,
    cells: tuple[Cell, ...],
    regions: tuple[str, ...],
    refs: tuple[tuple[Ref, ...], ...],
) -> Finding:
    limit = thresholds.limit.get(name)
    strength = 0.0
    if value is not None and limit is not None:
        step = limit - thresholds.median[name]
        # Healthy eyes may all be equal, as drawn ones are; then nothing tells how far is far.
        strength = (value - thresholds.median[name]) / step if step > 0 else 2.0
    return Finding(
        name=name,
        cells=cells,
        regions=regions,
        evidence=tuple(dict.fromkeys(ref for some in refs for ref in some)),
        value=value,
        threshold=limit,
        strength=strength,
        cell_evidence=refs,
    )


def _evidence(measures: CellMeasures, number: int, least: float) -> tuple[Ref, ...]:
    """Return the most marked structures of a cell; of equal ones those with lower rows."""
    here = np.flatnonzero((measures.cell == number) & (measures.score > least))
    order = np.lexsort((measures.node[here], -measures.score[here]))
    nodes = dict.fromkeys(measures.node[here[order]].tolist())
    return tuple((measures.node_type, node) for node in list(nodes)[:MOST_EVIDENCE])


def _groups(numbers: list[int]) -> Iterator[list[int]]:
    """Split cells into groups of neighbours, each in the order of `CELLS`."""
    left = list(numbers)
    while left:
        group, seen = [left.pop(0)], 0
        while seen < len(group):
            near = [other for other in left if _touch(CELLS[group[seen]], CELLS[other])]
            left = [other for other in left if other not in near]
            group += near
            seen += 1
        yield sorted(group)


def _touch(one: Cell, other: Cell) -> bool:
    if one.clock_hour is None or other.clock_hour is None:
        return "outer" not in (one.zone, other.zone)
    turn = (one.clock_hour - other.clock_hour) % 12
    return turn == 0 or (one.zone == other.zone and turn in (1, 11))


def _regions(
    cells: tuple[Cell, ...],
    refs: tuple[tuple[Ref, ...], ...],
    graph: HeteroGraph,
    fovea: Fovea,
) -> tuple[str, ...]:
    """Words of all cells; an hour on an axis has the words of the sides where its evidence is."""
    words = REGIONS[fovea.eye]
    found = set()
    for cell, some in zip(cells, refs, strict=True):
        if cell.clock_hour is None:
            found.add(CENTRE_REGION)
        elif cell.clock_hour in _HOURS:
            found.add(words[_HOURS[cell.clock_hour]])
        else:
            sides = {_word(ref, cell.clock_hour, graph, fovea) for ref in some}
            found |= sides or {words[side] for side in _AXES[cell.clock_hour]}
    # In the order of the image, so that another eye flag changes words and nothing else.
    return tuple(word for word in (CENTRE_REGION, *words) if word in found)


def _word(ref: Ref, hour: int, graph: HeteroGraph, fovea: Fovea) -> str:
    """Return the side of the axis where a structure is, on the hour's side of the other axis.

    A large area may reach into a cell from far away.
    """
    row, col = graph.positions(ref[0])[ref[1]].tolist()
    down, right = row - fovea.row, col - fovea.col
    if hour in (12, 6):
        down = 1.0 if hour == 6 else -1.0
    else:
        right = 1.0 if hour == 3 else -1.0
    return region_word(down, right, fovea.eye)
