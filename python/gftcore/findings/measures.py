# SPDX-License-Identifier: Apache-2.0
"""What the cells of one eye show: measurements of its graph, and the structures behind them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore.biomarkers.sectors import INNER_MM, OUTER_MM
from gftcore.findings.vocabulary import Cell
from gftcore.findings.wide_spots import wide_spots
from gftcore.graph.hetero_graph import HeteroGraph
from gftcore.tabulation.places import Fovea, clock_hours

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CELLS", "CellMeasures", "cell_numbers", "measure_cells"]

#: All cells; their numbers are places in this list.
CELLS = (
    Cell(None, "foveal"),
    *(Cell(hour, "parafoveal") for hour in range(1, 13)),
    *(Cell(hour, "outer") for hour in range(1, 13)),
)
#: An area counts for each cell that holds this part of its outline, and for that of its centroid.
_LEAST_OUTLINE = 0.2
#: Vessels shorter than this have no course that could be judged.
_COURSE_MM = 0.06
_WINDING = 1.15
_LEAST_COURSES = 10
#: Capillaries are too narrow for the pixels to show that their calibre varies.
_CALIBRE_MM, _CALIBRE_LENGTH_MM, _LEAST_CALIBRES = 0.01, 0.04, 5
_TUFT_MM = 0.1
_GRID = 152
#: Cells of which the image shows less than this part are not judged by density.
_LEAST_SHOWN = 0.01


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellMeasures:
    """One number for each cell, and the structures that made it.

    Attributes
    ----------
    values
        float64 [25]; 0 or NaN where nothing was measured. The larger, the more abnormal.
    node_type
        Of the structures.
    cell, node, score
        Cell, row in the graph and own number of each structure that may be evidence.
    """

    values: NDArray[np.float64]
    node_type: str
    cell: NDArray[np.int64]
    node: NDArray[np.int64]
    score: NDArray[np.float64]


def cell_numbers(positions: NDArray[Any], fovea: Fovea) -> NDArray[np.int64]:
    """Return the numbers in `CELLS` of points [N, 2], as `Fovea.place` tells zone and hour."""
    down, right = (np.asarray(positions, dtype=np.float64) - (fovea.row, fovea.col)).T
    distance = np.hypot(down, right) * fovea.mm_per_px
    hours = clock_hours(down, right)
    numbers: NDArray[np.int64] = np.where(distance < OUTER_MM, hours, 12 + hours)
    return np.where(distance < INNER_MM, 0, numbers)


def measure_cells(graph: HeteroGraph, fovea: Fovea, *, grey: bool) -> Mapping[str, CellMeasures]:
    """Measure everything that findings with places are about, by the name of the finding.

    Parameters
    ----------
    graph, fovea
        The eye, and about what its cells lie.
    grey
        Whether grey values count; without them all ``non-perfusion`` is 0 if they are wanted.

    Notes
    -----
    ``sparse network`` is the length of vessels for each mm^2 here, of which little is abnormal.
    """
    points = cell_numbers(graph.point_rowcol, fovea)
    return MappingProxyType(
        {
            "non-perfusion": _dark_areas(graph, fovea, points, grey),
            "tortuous vessels": _winding(graph, fovea),
            "calibre irregular": _calibre(graph, fovea),
            "microaneurysm-like dilation": _dilations(graph, fovea),
            "neovascular tuft": _tufts(graph, fovea),
            "sparse network": _density(graph, fovea, points),
        }
    )


def _largest(
    node_type: str, cell: NDArray[np.int64], node: NDArray[np.int64], score: NDArray[np.float64]
) -> CellMeasures:
    """Give each cell the number of its most marked structure."""
    values = np.zeros(len(CELLS))
    np.maximum.at(values, cell, score)
    return CellMeasures(values=values, node_type=node_type, cell=cell, node=node, score=score)


def _share(
    cell: NDArray[np.int64],
    node: NDArray[np.int64],
    score: NDArray[np.float64],
    part: NDArray[np.float64],
    weight: NDArray[np.float64],
    least: int,
) -> CellMeasures:
    """Give each cell the weighted mean of `part`, if it has enough vessels."""
    count = np.bincount(cell, minlength=len(CELLS))
    whole = np.bincount(cell, weight, minlength=len(CELLS))
    some = np.bincount(cell, weight * part, minlength=len(CELLS))
    values = np.where(count >= least, some / np.where(whole > 0, whole, 1), 0.0)
    return CellMeasures(values=values, node_type="vessel", cell=cell, node=node, score=score)


def _dark_areas(
    graph: HeteroGraph, fovea: Fovea, points: NDArray[np.int64], grey: bool
) -> CellMeasures:
    """Size of areas between vessels in mm^2, times how much darker they are than all such areas."""
    area = graph.ica("area") * fovea.mm_per_px**2
    score = area * _darkness(graph, area) if grey else area
    outline = np.zeros((graph.num_icas, len(CELLS)))
    segment = _segment_of_point(graph)
    for side in (0, 1):
        owner = graph.face_ica[graph.segment_faces[:, side]][segment]
        entry = (owner * len(CELLS) + points)[owner >= 0]
        outline += np.bincount(entry, minlength=outline.size).reshape(outline.shape)
    outline /= np.maximum(outline.sum(axis=1, keepdims=True), 1)
    outline[np.arange(graph.num_icas), cell_numbers(graph.positions("ica"), fovea)] = 1
    node, cell = np.nonzero(outline >= _LEAST_OUTLINE)
    return _largest("ica", cell, node, score[node])


def _darkness(graph: HeteroGraph, area: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 for what is as bright as the mean of all areas, or unknown, to 1 for black."""
    if "intensity_mean" not in graph.ica_columns:
        return np.zeros(len(area))
    value = graph.ica("intensity_mean")
    known = np.isfinite(value)
    mean = float(np.average(value[known], weights=area[known])) if known.any() else 0.0
    if mean <= 0:
        return np.zeros(len(area))
    darkness: NDArray[np.float64] = np.clip(1 - np.where(known, value, mean) / mean, 0, 1)
    return darkness


def _segment_of_point(graph: HeteroGraph) -> NDArray[np.int64]:
    return np.repeat(np.arange(graph.num_segments), np.diff(graph.point_ptr))


def _winding(graph: HeteroGraph, fovea: Fovea) -> CellMeasures:
    """Share of the vessels that are long enough whose course is 15 % longer than its chord."""
    course = graph.vessel("curveness")
    node = np.flatnonzero((graph.vessel("length") * fovea.mm_per_px > _COURSE_MM)
                          & np.isfinite(course))  # fmt: skip
    cell = cell_numbers(graph.positions("vessel")[node], fovea)
    winds = course[node] > _WINDING
    score = np.where(winds, course[node], 0.0)
    part = winds.astype(np.float64)
    return _share(cell, node, score, part, np.ones(len(node)), _LEAST_COURSES)


def _calibre(graph: HeteroGraph, fovea: Fovea) -> CellMeasures:
    """Standard deviation of the radius by its mean, weighted by length, of vessels wide enough."""
    mm = fovea.mm_per_px
    radius, length = graph.vessel("radius_mean_px"), graph.vessel("length")
    wide = (radius * mm > _CALIBRE_MM) & (length * mm > _CALIBRE_LENGTH_MM)
    node = np.flatnonzero(wide)
    score = graph.vessel("radius_std_px")[node] / radius[node]
    cell = cell_numbers(graph.positions("vessel")[node], fovea)
    return _share(cell, node, score, score, length[node], _LEAST_CALIBRES)


def _dilations(graph: HeteroGraph, fovea: Fovea) -> CellMeasures:
    """Radius of wide spots by that of the vessels around them."""
    spots = wide_spots(graph, fovea.mm_per_px)
    cell = cell_numbers(spots.rowcol, fovea)
    return _largest("vessel", cell, spots.segment, spots.ratio)


def _tufts(graph: HeteroGraph, fovea: Fovea) -> CellMeasures:
    """Length of vessels within 0.1 mm of a vessel's middle, in mm for each mm^2."""
    side = max(graph.meta.shape)
    scale = _GRID / side
    counts = np.zeros((_GRID, _GRID))
    row, col = np.clip((graph.point_rowcol * scale).astype(np.int64), 0, _GRID - 1).T
    np.add.at(counts, (row, col), 1.0)
    reach = _TUFT_MM / fovea.mm_per_px * scale
    around = np.zeros_like(counts)
    # A disc that holds the whole image needs no more; a field of view may be typed in metres.
    far = min(int(reach), _GRID)
    before = np.pad(counts, ((far, far), (far + 1, far))).cumsum(axis=1)
    steps = 0
    for down in range(-far, far + 1):
        half = min(int(math.sqrt(max(reach * reach - down * down, 0.0))), far)
        steps += 2 * half + 1
        rows = before[far + down : far + down + _GRID]
        around += rows[:, far + half + 1 :][:, :_GRID] - rows[:, far - half :][:, :_GRID]
    place = graph.positions("vessel")
    row, col = np.clip((place * scale).astype(np.int64), 0, _GRID - 1).T
    # A point of the centreline stands for a step of about one pixel.
    density = around[row, col] * fovea.mm_per_px / (steps * (fovea.mm_per_px / scale) ** 2)
    node = np.arange(graph.num_segments)
    return _largest("vessel", cell_numbers(place, fovea), node, density)


def _density(graph: HeteroGraph, fovea: Fovea, points: NDArray[np.int64]) -> CellMeasures:
    """Length of vessels in mm for each mm^2 of the cells around the foveal one."""
    rows, cols = graph.meta.shape
    step = max(rows, cols) / _GRID
    grid = np.stack(
        np.meshgrid(np.arange(step / 2, rows, step), np.arange(step / 2, cols, step)), axis=-1
    ).reshape(-1, 2)
    count = np.bincount(cell_numbers(grid - 0.5, fovea), minlength=len(CELLS))
    shown = count * (step * fovea.mm_per_px) ** 2
    length = np.bincount(points, minlength=len(CELLS)) * fovea.mm_per_px
    values = np.where(shown >= _LEAST_SHOWN, length / np.where(shown > 0, shown, 1), np.nan)
    values[0] = np.nan
    area = graph.ica("area") * fovea.mm_per_px**2
    cell = cell_numbers(graph.positions("ica"), fovea)
    node = np.arange(graph.num_icas)
    return CellMeasures(values=values, node_type="ica", cell=cell, node=node, score=area)
