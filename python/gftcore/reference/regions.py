# SPDX-License-Identifier: Apache-2.0
"""Region table with the conventions of scikit-image 0.26."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from gftcore.reference.label import label
from gftcore.reference.segments import intensity_step

COLUMNS = (
    "centroid-0",
    "centroid-1",
    "area",
    "perimeter",
    "eccentricity",
    "equivalent_diameter_area",
    "orientation",
    "solidity",
    "feret_diameter_max",
    "extent",
    "axis_major_length",
    "axis_minor_length",
)
INTENSITY_COLUMNS = (
    "intensity_max",
    "intensity_mean",
    "intensity_min",
    "centroid_weighted-0",
    "centroid_weighted-1",
)
_SQRT2 = np.sqrt(2.0)


@dataclass(frozen=True, slots=True)
class RegionTable:
    """One row per region, ascending label.

    Attributes
    ----------
    columns, values
        Names and float64 values [R, F].
    label_id
        Label of each row [R].
    bbox
        First row, first column, end row, end column, half-open [R, 4].
    """

    columns: tuple[str, ...]
    values: NDArray[np.float64]
    label_id: NDArray[np.int32]
    bbox: NDArray[np.int32]


def label_regions(void: ArrayLike, *, connectivity: int = 8, min_px: int = 11) -> NDArray[np.int32]:
    """Label the components of `void` 1, 2, .. in raster order, leaving out those below `min_px`."""
    labels = label(void, connectivity=connectivity)
    keep = np.bincount(labels.ravel(), minlength=1) >= min_px
    keep[0] = False
    number = np.where(keep, np.cumsum(keep), 0).astype(np.int32)
    return number[labels]


def region_table(labels: ArrayLike, *, intensity: ArrayLike | None = None) -> RegionTable:
    """Describe each region of a label image.

    Parameters
    ----------
    labels
        Integer image [H, W]; 0 is no region. Labels need not be consecutive, regions need not be
        connected.
    intensity
        Image whose sides are H, W divided by one integer; it is enlarged by repetition.

    Notes
    -----
    Moments come from exact integer sums and hulls from exact integer geometry. Axis lengths are 4
    times the roots of the eigenvalues of the pixel centres' covariance.

    References
    ----------
    van der Walt, S. et al. (2014). scikit-image: image processing in Python.
    doi:10.7717/peerj.453
    """
    labels = np.ascontiguousarray(labels, dtype=np.int32)
    if labels.ndim != 2:
        raise ValueError(f"labels must be 2-D, got shape {labels.shape}")
    index = np.flatnonzero(labels)
    index = index[np.argsort(labels.ravel()[index], kind="stable")]
    label_id, start = np.unique(labels.ravel()[index], return_index=True)
    ptr = np.append(start, len(index))
    rows, cols = np.divmod(index, labels.shape[1] if labels.size else 1)
    bbox, values = _describe(ptr, rows, cols, _region_contour(labels))
    columns: tuple[str, ...] = COLUMNS
    if intensity is not None:
        image = np.asarray(intensity, dtype=np.float64)
        step = intensity_step(labels.shape, image.shape)
        of_pixel = image[rows // step, cols // step]
        values = np.hstack([values, _describe_intensity(ptr, rows, cols, of_pixel, bbox)])
        columns += INTENSITY_COLUMNS
    return RegionTable(columns, values, label_id, bbox)


@njit(cache=True)
def _region_contour(labels):  # type: ignore[no-untyped-def]
    """Label on pixels with a 4-neighbour outside their region or the image, else 0."""
    rows, cols = labels.shape
    out = np.zeros_like(labels)
    for r in range(rows):
        for c in range(cols):
            own = labels[r, c]
            for dr, dc in ((-1, 0), (0, 1), (1, 0), (0, -1)):
                inside = 0 <= r + dr < rows and 0 <= c + dc < cols
                if not inside or labels[r + dr, c + dc] != own:
                    out[r, c] = own
    return out


@njit(cache=True)
def _describe(ptr, rows, cols, contour):  # type: ignore[no-untyped-def]
    count = len(ptr) - 1
    bbox = np.empty((count, 4), np.int32)
    out = np.empty((count, 12))
    for i in range(count):
        r, c = rows[ptr[i] : ptr[i + 1]], cols[ptr[i] : ptr[i + 1]]
        top, left, end_row, end_col = r.min(), c.min(), r.max() + 1, c.max() + 1
        bbox[i, 0], bbox[i, 1], bbox[i, 2], bbox[i, 3] = top, left, end_row, end_col
        area = len(r)
        hull_area, feret = _hull_measures(r - top, c - left)
        out[i, 0], out[i, 1] = top + (r - top).sum() / area, left + (c - left).sum() / area
        out[i, 2] = area
        out[i, 3] = _perimeter(r, c, contour)
        major, minor, out[i, 6] = _axes(r - top, c - left)
        out[i, 4] = np.sqrt(1 - minor / major) if major > 0 else 0.0
        out[i, 5] = np.sqrt(4 * area / np.pi)
        out[i, 7] = area / hull_area
        out[i, 8] = feret
        out[i, 9] = area / ((end_row - top) * (end_col - left))
        out[i, 10], out[i, 11] = 4 * np.sqrt(major), 4 * np.sqrt(minor)
    return bbox, out


@njit(cache=True)
def _perimeter(r, c, contour):  # type: ignore[no-untyped-def]
    """Weighted count of contour pixels by the layout of their contour neighbours.

    Benkrid, K., Crookes, D. (2000). Design and FPGA implementation of a perimeter estimator.
    """
    straight = diagonal = mixed = 0
    for i in range(len(r)):
        own = contour[r[i], c[i]]
        if own == 0:
            continue
        code = 1
        for dr in range(-1, 2):
            for dc in range(-1, 2):
                y, x = r[i] + dr, c[i] + dc
                inside = 0 <= y < contour.shape[0] and 0 <= x < contour.shape[1]
                if inside and (dr != 0 or dc != 0) and contour[y, x] == own:
                    code += 10 if dr != 0 and dc != 0 else 2
        if code in (5, 7, 15, 17, 25, 27):
            straight += 1
        elif code in (21, 33):
            diagonal += 1
        elif code in (13, 23):
            mixed += 1
    return straight + diagonal * _SQRT2 + mixed * (1 + _SQRT2) / 2


@njit(cache=True)
def _axes(r, c):  # type: ignore[no-untyped-def]
    """Larger and smaller eigenvalue of the covariance of pixel centres, and the orientation.

    Numerators are area^2 times a (co)variance, exact in int64 for boxes up to 1000 px.
    """
    area = len(r)
    n_rr = area * (r * r).sum() - r.sum() ** 2
    n_cc = area * (c * c).sum() - c.sum() ** 2
    n_rc = area * (r * c).sum() - r.sum() * c.sum()
    square = float(area) * float(area)
    v_rr, v_cc, v_rc = n_rr / square, n_cc / square, n_rc / square
    major = (v_rr + v_cc) / 2 + np.sqrt(((v_rr - v_cc) / 2) ** 2 + v_rc**2)
    minor = 0.0
    if n_rr * 1.0 * n_cc != n_rc * 1.0 * n_rc:  # else collinear pixels
        minor = max(0.0, (v_rr + v_cc) - major)
    if n_rr == n_cc:
        return major, minor, (np.pi / 4 if n_rc > 0 else -np.pi / 4)
    return major, minor, 0.5 * np.arctan2(2 * v_rc, v_rr - v_cc)


@njit(cache=True)
def _hull_measures(r, c):  # type: ignore[no-untyped-def]
    """Pixels in the convex hull of all pixels' edge midpoints, and the hull image's diameter."""
    height = r.max() + 1
    first = np.full(height, c.max() + 1)
    last = np.full(height, -1)
    for i in range(len(r)):
        first[r[i]] = min(first[r[i]], c[i])
        last[r[i]] = max(last[r[i]], c[i])
    hull = _midpoint_hull(first, last)
    area = 0
    for row in range(height):
        first[row], last[row] = _columns_inside(hull, row)
        area += last[row] - first[row] + 1
    outline = _midpoint_hull(first, last)
    longest = 0
    for i in range(len(outline)):
        for j in range(i):
            d2 = (outline[i, 0] - outline[j, 0]) ** 2 + (outline[i, 1] - outline[j, 1]) ** 2
            longest = max(longest, d2)
    return area, np.sqrt(longest) / 2


@njit(cache=True)
def _midpoint_hull(first, last):  # type: ignore[no-untyped-def]
    """Convex hull of the edge midpoints of each row's first and last pixel, doubled coordinates.

    Andrew's monotone chain: vertices (y, x) in one turning sense, no three collinear.
    """
    points = np.empty((8 * len(first), 2), np.int64)
    count = 0
    for row in range(len(first)):
        if last[row] < 0:
            continue
        for col in (first[row], last[row]):
            for dy, dx in ((-1, 0), (0, -1), (0, 1), (1, 0)):
                points[count, 0], points[count, 1] = 2 * row + dy, 2 * col + dx
                count += 1
    points = points[:count]
    points = points[np.argsort(points[:, 0] * (1 << 32) + points[:, 1])]
    hull = np.empty((2 * count + 2, 2), np.int64)
    size = 0
    for direction in range(2):
        base = size + 1
        for i in range(count):
            p = points[i] if direction == 0 else points[count - 1 - i]
            while size > base and _turn(hull[size - 2], hull[size - 1], p) <= 0:
                size -= 1
            hull[size] = p
            size += 1
        size -= 1  # the last point starts the other chain
    return hull[:size]


@njit(cache=True)
def _turn(a, b, p):  # type: ignore[no-untyped-def]
    """Positive if p lies to the left of a -> b in the (y, x) frame."""
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])


@njit(cache=True)
def _columns_inside(hull, row):  # type: ignore[no-untyped-def]
    """First and last column whose pixel centre of that row is inside or on the hull.

    Each edge a -> b demands slope * col + offset >= 0, an integer bound on col.
    """
    low, high = -(1 << 40), 1 << 40
    for i in range(len(hull)):
        a, b = hull[i - 1], hull[i]
        slope = 2 * (b[0] - a[0])
        offset = -(b[0] - a[0]) * a[1] - (b[1] - a[1]) * (2 * row - a[0])
        if slope > 0:
            low = max(low, -(offset // slope))
        elif slope < 0:
            high = min(high, offset // -slope)
    return low, high


@njit(cache=True, error_model="numpy")
def _describe_intensity(ptr, rows, cols, values, bbox):  # type: ignore[no-untyped-def]
    count = len(ptr) - 1
    out = np.empty((count, 5))
    for i in range(count):
        total = down = right = 0.0
        largest, smallest = -np.inf, np.inf
        for k in range(ptr[i], ptr[i + 1]):
            v = values[k]
            total += v
            down += v * (rows[k] - bbox[i, 0])
            right += v * (cols[k] - bbox[i, 1])
            largest, smallest = max(largest, v), min(smallest, v)
        out[i, 0], out[i, 1], out[i, 2] = largest, total / (ptr[i + 1] - ptr[i]), smallest
        out[i, 3], out[i, 4] = bbox[i, 0] + down / total, bbox[i, 1] + right / total
    return out
