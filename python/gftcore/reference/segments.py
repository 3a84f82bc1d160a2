# SPDX-License-Identifier: Apache-2.0
"""Pixel assignment and the vessel segment table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from gftcore.reference.centreline import centrelines, point_radius
from gftcore.reference.label import label
from gftcore.reference.morphology import BoolImage, as_mask
from gftcore.reference.trace import NodeKind, SkeletonGraph

MODES = ("edt", "voreen_slab", "centreline")
POSITION_COLUMNS = ("row", "col", "pos_compat_row", "pos_compat_col")
SHAPE_COLUMNS = ("length", "distance", "curveness")
SURFACE_COLUMNS = (
    "volume",
    "avgCrossSection",
    "minRadiusAvg",
    "minRadiusStd",
    "avgRadiusAvg",
    "avgRadiusStd",
    "maxRadiusAvg",
    "maxRadiusStd",
    "roundnessAvg",
    "roundnessStd",
)
TOPOLOGY_COLUMNS = ("node1_degree", "node2_degree", "num_voxels", "hasNodeAtSampleBorder")
RADIUS_COLUMNS = ("radius_mean_px", "radius_std_px", "radius_min_px", "radius_max_px")
INTENSITY_COLUMNS = ("intensity_mean", "intensity_std", "intensity_q25", "intensity_q75")


@dataclass(frozen=True, slots=True)
class Table:
    """Named float64 columns; `values` is [rows, columns]."""

    columns: tuple[str, ...]
    values: NDArray[np.float64]


def assign_pixels(graph: SkeletonGraph, mask: ArrayLike) -> NDArray[np.int32]:
    """Give each mask pixel the nearest inner point of its own component [H, W].

    Notes
    -----
    Values are global point indices; equal distances go to the lower one (lower segment, then
    lower point). -1 on background and in 8-connected components without inner point.
    """
    return _assign(label(mask), graph.point_pixel)  # type: ignore[no-any-return]


def contour(mask: ArrayLike) -> BoolImage:
    """Return the mask pixels with a 4-neighbour that is off; the image border is no contour."""
    mask = as_mask(mask)
    padded = np.pad(mask, 1, constant_values=True)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner


def segment_table(
    graph: SkeletonGraph,
    mask: ArrayLike,
    squared_distance: NDArray[np.int32],
    *,
    mode: str = "edt",
    intensity: ArrayLike | None = None,
) -> Table:
    """Describe each segment: position, length, cross-section, radii, ends, intensity.

    Parameters
    ----------
    graph
        The pruned graph.
    mask, squared_distance
        Vessel mask and its squared distance, ``frame="none"`` [H, W].
    mode
        ``"edt"``: surface pixels are contour pixels at centre distance + 0.5; missing is NaN.
        ``"voreen_slab"``: all assigned pixels are surface at their centre distance; missing is
        -1, curveness of loops inf. ``"centreline"``: no surface columns.
    intensity
        Image whose sides are H, W divided by one integer.

    References
    ----------
    Drees, D., Scherzinger, A., Haegerling, R., Kiefer, F., Jiang, X. (2021). Scalable robust graph
    and feature extraction for arbitrary vessel networks in large volumetric datasets.
    doi:10.1186/s12859-021-04262-w
    """
    if mode not in MODES:
        raise ValueError(f"mode must be one of {MODES}, got {mode!r}")
    mask = as_mask(mask)
    slab = mode == "voreen_slab"
    lines = centrelines(graph)
    loop = np.inf if slab else np.nan
    curveness = np.full(graph.num_segments, loop)
    np.divide(lines.length, lines.distance, out=curveness, where=lines.distance > 0)
    blocks: list[tuple[tuple[str, ...], NDArray[np.float64]]] = [
        (POSITION_COLUMNS, np.hstack([lines.arc_midpoint, lines.chord_midpoint])),
        (SHAPE_COLUMNS, np.stack([lines.length, lines.distance, curveness], axis=1)),
    ]
    if mode != "centreline":
        surface = mask if slab else contour(mask)
        shift = 0.0 if slab else 0.5
        assigned = assign_pixels(graph, mask)
        per_point = _surface_distances(assigned, surface, graph.point_pixel, shift)
        values = _surface_table(graph.point_ptr, per_point, lines.length, slab)
        blocks.append((SURFACE_COLUMNS, values))
    blocks.append((TOPOLOGY_COLUMNS, _topology(graph)))
    radius = point_radius(graph, squared_distance)
    blocks.append((RADIUS_COLUMNS, _radius_table(graph.point_ptr, radius)))
    if intensity is not None:
        image = np.asarray(intensity, dtype=np.float64)
        step = intensity_step(graph.shape, image.shape)
        at_points = image[graph.point_pixel[:, 0] // step, graph.point_pixel[:, 1] // step]
        blocks.append((INTENSITY_COLUMNS, _intensity_table(graph.point_ptr, at_points)))
    names = tuple(name for columns, _ in blocks for name in columns)
    return Table(names, np.hstack([values for _, values in blocks]))


def intensity_step(shape: tuple[int, int], image_shape: tuple[int, ...]) -> int:
    """Integer k with image_shape * k == shape; ValueError if there is none."""
    if len(image_shape) == 2 and image_shape[0] and image_shape[1]:
        step = shape[0] // image_shape[0]
        if (image_shape[0] * step, image_shape[1] * step) == tuple(shape):
            return step
    raise ValueError(f"intensity {image_shape} must be {shape} divided by one integer")


def _topology(graph: SkeletonGraph) -> NDArray[np.float64]:
    degrees = graph.node_degree[graph.segment_nodes]
    at_border = (graph.node_kind == NodeKind.BORDER)[graph.segment_nodes].any(axis=1)
    columns = [degrees.min(axis=1), degrees.max(axis=1), np.diff(graph.point_ptr), at_border]
    return np.stack(columns, axis=1).astype(np.float64)


@njit(cache=True)
def _assign(component, point_pixel):  # type: ignore[no-untyped-def]
    """Look at growing squares around each pixel until no nearer point can follow."""
    rows, cols = component.shape
    point = np.full((rows, cols), -1, np.int32)
    populated = np.zeros(component.max() + 1 if component.size else 1, np.bool_)
    for i in range(len(point_pixel) - 1, -1, -1):
        point[point_pixel[i, 0], point_pixel[i, 1]] = i
        populated[component[point_pixel[i, 0], point_pixel[i, 1]]] = True
    out = np.full((rows, cols), -1, np.int32)
    for row in range(rows):
        for col in range(cols):
            own = component[row, col]
            if own == 0 or not populated[own]:
                continue
            best = np.int64(1) << 40
            side = 0
            while side * side <= best:
                for r in range(max(row - side, 0), min(row + side, rows - 1) + 1):
                    on_edge = r == row - side or r == row + side
                    stride = 1 if on_edge or side == 0 else 2 * side
                    for c in range(col - side, col + side + 1, stride):
                        if 0 <= c < cols and point[r, c] >= 0 and component[r, c] == own:
                            d2 = (r - row) ** 2 + (c - col) ** 2
                            if d2 < best or (d2 == best and point[r, c] < out[row, col]):
                                best = d2
                                out[row, col] = point[r, c]
                side += 1
    return out


@njit(cache=True)
def _surface_distances(assigned, surface, point_pixel, shift):  # type: ignore[no-untyped-def]
    """Per point [P, 5]: assigned pixels, surface pixels, min, mean, max surface distance."""
    out = np.zeros((len(point_pixel), 5))
    out[:, 2] = np.inf
    for r in range(assigned.shape[0]):
        for c in range(assigned.shape[1]):
            i = assigned[r, c]
            if i < 0:
                continue
            out[i, 0] += 1
            if surface[r, c]:
                dr, dc = float(r - point_pixel[i, 0]), float(c - point_pixel[i, 1])
                d = np.sqrt(dr * dr + dc * dc) + shift
                out[i, 1] += 1
                out[i, 2] = min(out[i, 2], d)
                out[i, 3] += d
                out[i, 4] = max(out[i, 4], d)
    for i in range(len(out)):
        if out[i, 1] > 0:
            out[i, 3] /= out[i, 1]
    return out


@njit(cache=True)
def mean_and_deviation(values):  # type: ignore[no-untyped-def]
    """Mean and population standard deviation, two passes in order; NaN if empty."""
    count = len(values)
    if count == 0:
        return np.nan, np.nan
    total = 0.0
    for v in values:
        total += v
    mean = total / count
    squares = 0.0
    for v in values:
        squares += (v - mean) * (v - mean)
    return mean, np.sqrt(squares / count)


@njit(cache=True, error_model="numpy")
def _surface_table(point_ptr, per_point, length, slab):  # type: ignore[no-untyped-def]
    """Surface columns [S, 10]."""
    missing = -1.0 if slab else np.nan
    out = np.full((len(length), 10), missing)
    for s in range(len(length)):
        points = per_point[point_ptr[s] : point_ptr[s + 1]]
        if len(points) == 0:
            out[s, 0] = -1.0 if slab else 0.0
            out[s, 1] = -1.0 / length[s] if slab else np.nan
            continue
        out[s, 0] = points[:, 0].sum()
        out[s, 1] = out[s, 0] / length[s]
        seen = points[points[:, 1] > 0]
        if len(seen) == 0:
            continue
        out[s, 2], out[s, 3] = mean_and_deviation(seen[:, 2])
        out[s, 4], out[s, 5] = mean_and_deviation(seen[:, 3])
        out[s, 6], out[s, 7] = mean_and_deviation(seen[:, 4])
        roundness = np.ones(len(seen))
        for i in range(len(seen)):
            if seen[i, 4] > 0:
                roundness[i] = seen[i, 2] / seen[i, 4]
        out[s, 8], out[s, 9] = mean_and_deviation(roundness)
    return out


@njit(cache=True)
def _radius_table(point_ptr, radius):  # type: ignore[no-untyped-def]
    out = np.full((len(point_ptr) - 1, 4), np.nan)
    for s in range(len(out)):
        values = radius[point_ptr[s] : point_ptr[s + 1]]
        out[s, 0], out[s, 1] = mean_and_deviation(values)
        if len(values):
            out[s, 2], out[s, 3] = values.min(), values.max()
    return out


@njit(cache=True)
def _intensity_table(point_ptr, intensity):  # type: ignore[no-untyped-def]
    out = np.full((len(point_ptr) - 1, 4), np.nan)
    for s in range(len(out)):
        values = intensity[point_ptr[s] : point_ptr[s + 1]]
        out[s, 0], out[s, 1] = mean_and_deviation(values)
        if len(values):
            ordered = np.sort(values)
            out[s, 2], out[s, 3] = _quantile(ordered, 0.25), _quantile(ordered, 0.75)
    return out


@njit(cache=True)
def _quantile(ordered, q):  # type: ignore[no-untyped-def]
    """Linear interpolation between order statistics, rounded as NumPy rounds it."""
    position = q * (len(ordered) - 1)
    low = int(np.floor(position))
    high = min(low + 1, len(ordered) - 1)
    t = position - low
    step = ordered[high] - ordered[low]
    return ordered[high] - step * (1 - t) if t >= 0.5 else ordered[low] + step * t
