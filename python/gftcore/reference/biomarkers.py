# SPDX-License-Identifier: Apache-2.0
"""Biomarkers of one image, pixel by pixel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gftcore.reference.extract import ReferenceConfig, ReferenceGraph, extract
from gftcore.reference.morphology import BoolImage, as_mask
from gftcore.reference.regions import region_table

INNER_MM, OUTER_MM = 0.5, 1.25
SIDES = {"OD": ("nasal", "temporal"), "OS": ("temporal", "nasal")}
QUADRANTS = ("TL", "TR", "BL", "BR")


def biomarkers(
    mask: ArrayLike,
    config: Any = None,
    *,
    eye: str = "unknown",
    exclude: ArrayLike | None = None,
    faz_mask: ArrayLike | None = None,
) -> dict[str, float]:
    """Return the names and values of `gftcore.biomarkers.Biomarkers.to_dict`.

    Parameters
    ----------
    mask
        Vessel mask [H, W]; foreground is what is not zero.
    config
        Object with the attributes of `ReferenceConfig`; None means its defaults.
    eye
        ``OD``, ``OS`` or ``unknown``.
    exclude, faz_mask
        Pixels [H, W] to leave out; pixels of the foveal avascular zone.
    """
    cfg = ReferenceConfig() if config is None else config
    vessels = as_mask(mask)
    valid = np.ones_like(vessels) if exclude is None else ~as_mask(exclude)
    vessels = vessels & valid
    graph = extract(vessels, cfg, exclude=~valid, faz_mask=faz_mask, keep=("skeleton",))
    skeleton = graph.kept["skeleton"] != 0
    mm_per_px = cfg.fov_mm / max(vessels.shape)
    length_px = graph.vessel_x[:, graph.vessel_columns.index("length")].sum()
    curveness = graph.vessel_x[:, graph.vessel_columns.index("curveness")]
    curveness = curveness[~np.isnan(curveness)]
    contour_mm = contour_px(vessels) * mm_per_px
    vessel_mm2 = vessels.sum() * mm_per_px**2
    valid_mm2 = valid.sum() * mm_per_px**2
    faz = {name: math.nan for name in graph.ica_columns}
    if len(graph.faz_x):
        faz = dict(zip(graph.ica_columns, graph.faz_x[0].tolist(), strict=True))
    out = {
        "vessel_density": _divided(vessels.sum(), valid.sum()),
        "skeleton_density": _divided(skeleton.sum(), valid.sum()),
        "vessel_length_mm": length_px * mm_per_px,
        "calibre_um": 1000 * _divided(vessel_mm2, length_px * mm_per_px),
        "tortuosity": _divided(curveness.sum(), len(curveness)),
        "perimeter_index_per_mm": _divided(contour_mm, valid_mm2),
        "perimeter_index_vessel_per_mm": _divided(contour_mm, vessel_mm2),
        "faz_area_mm2": faz["area"] * mm_per_px**2,
        "faz_circularity": _divided(4 * np.pi * faz["area"], faz["perimeter"] ** 2),
    }
    for name, image in (("box_dimension", vessels), ("skeleton_box_dimension", skeleton)):
        out[name], out[f"{name}_error"] = box_dimension(image)
    centre = (faz["centroid-0"], faz["centroid-1"])
    sectors = etdrs(vessels, valid, centre, cfg.fov_mm, eye)
    for name in ("centre", "superior", "nasal", "inferior", "temporal"):
        density, coverage = sectors.get(name, (math.nan, math.nan))
        out[f"etdrs_{name}_density"], out[f"etdrs_{name}_coverage"] = density, coverage
    for name, part in zip(QUADRANTS, quadrants(vessels.shape), strict=True):
        out[f"quadrant_{name}_density"] = _divided((vessels & part).sum(), (valid & part).sum())
    counts = quadrant_counts(graph, vessels.shape)
    for kind, number in (("node", counts[:4]), ("edge", counts[4:])):
        for name, count in zip(QUADRANTS, number, strict=True):
            out[f"{kind}_fraction_{name}"] = count / sum(number) if sum(number) else 0.0
    return {name: float(value) for name, value in out.items()}


def _divided(part: Any, whole: Any) -> float:
    return float(part) / float(whole) if whole > 0 else math.nan


def contour_px(mask: BoolImage) -> float:
    """Length of the contour of all set pixels, as of one region."""
    table = region_table(mask.astype(np.int32))
    return float(table.values[0, table.columns.index("perimeter")]) if len(table.values) else 0.0


def box_counts(mask: BoolImage) -> dict[int, int]:
    """Occupied boxes by their side: sides divide the image, at least four lie side by side."""
    rows, cols = mask.shape
    out = {}
    for side in range(1, min(rows, cols) // 4 + 1):
        if rows % side == 0 and cols % side == 0:
            boxes = mask.reshape(rows // side, side, cols // side, side)
            out[side] = int(boxes.any(axis=(1, 3)).sum())
    return out


def box_dimension(mask: BoolImage) -> tuple[float, float]:
    """Box-counting dimension and its standard error."""
    counts = box_counts(mask)
    if len(counts) < 2 or not mask.any():
        return math.nan, math.nan
    x, y = np.log(list(counts)), np.log(list(counts.values()))
    design = np.stack([x, np.ones_like(x)], axis=1)
    inverse = np.linalg.inv(design.T @ design)
    fit = inverse @ design.T @ y
    if len(x) < 3:
        return -fit[0], math.nan
    variance = ((y - design @ fit) ** 2).sum() / (len(x) - 2)
    return -fit[0], math.sqrt(variance * inverse[0, 0])


def sector_of_offset(row: NDArray[np.float64], col: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number 0 up, 1 right, 2 down, 3 left of offsets; the diagonals belong clockwise."""
    clockwise = np.degrees(np.arctan2(col, -row))
    return np.floor((clockwise + 45) / 90).astype(np.int64) % 4


def etdrs(
    vessels: BoolImage, valid: BoolImage, centre: tuple[float, float], fov_mm: float, eye: str
) -> dict[str, tuple[float, float]]:
    """Density and coverage of each sector by its name."""
    right, left = SIDES.get(eye, ("right", "left"))
    names = ("superior", right, "inferior", left)
    if math.isnan(centre[0]):
        return {name: (math.nan, math.nan) for name in ("centre", *names)}
    px_per_mm = max(vessels.shape) / fov_mm
    inner, outer = INNER_MM * px_per_mm, OUTER_MM * px_per_mm
    row0, col0 = (np.round(16 * x) / 16 for x in centre)
    reach = math.ceil(outer) + 1
    rows = np.arange(math.floor(row0) - reach, math.ceil(row0) + reach + 1)
    cols = np.arange(math.floor(col0) - reach, math.ceil(col0) + reach + 1)
    dr, dc = np.meshgrid(rows - row0, cols - col0, indexing="ij")
    squared = dr**2 + dc**2
    place = np.where(squared < outer**2, 1 + sector_of_offset(dr, dc), -1)
    place[squared < inner**2] = 0
    seen = np.zeros(place.shape, dtype=bool)
    vessel = np.zeros(place.shape, dtype=bool)
    inside = [(x >= 0) & (x < side) for x, side in zip((rows, cols), valid.shape, strict=True)]
    here, there = np.ix_(*inside), np.ix_(rows[inside[0]], cols[inside[1]])
    seen[here], vessel[here] = valid[there], vessels[there]
    out = {}
    for number, name in enumerate(("centre", *names)):
        part = place == number
        density = _divided((vessel & seen & part).sum(), (seen & part).sum())
        out[name] = density, _divided((seen & part).sum(), part.sum())
    return out


def quadrants(shape: tuple[int, ...]) -> list[BoolImage]:
    """Pixels of TL, TR, BL, BR."""
    row, col = np.indices(shape)
    bottom, right = row >= (shape[0] - 1) / 2, col >= (shape[1] - 1) / 2
    return [~bottom & ~right, ~bottom & right, bottom & ~right, bottom & right]


def quadrant_counts(graph: ReferenceGraph, shape: tuple[int, ...]) -> list[int]:
    """Nodes, then edges in TL, TR, BL, BR; the FAZ does not count."""
    vessel = [graph.vessel_columns.index(name) for name in ("row", "col")]
    ica = [graph.ica_columns.index(f"centroid-{axis}") for axis in (0, 1)]
    position = {"v": graph.vessel_x[:, vessel], "i": graph.ica_x[:, ica]}
    counts = [0] * 8

    def count(row: float, col: float, first: int) -> None:
        bottom, right = row >= (shape[0] - 1) / 2, col >= (shape[1] - 1) / 2
        counts[first + 2 * bottom + right] += 1

    for positions in position.values():
        for row, col in positions.tolist():
            count(row, col, 0)
    for relation in ("vv", "ii", "vi"):
        for a, b in graph.edges[relation].T.tolist():
            middle = (position[relation[0]][a] + position[relation[1]][b]) / 2
            count(middle[0], middle[1], 4)
    return counts
