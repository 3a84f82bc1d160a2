# SPDX-License-Identifier: Apache-2.0
"""Choice of the foveal avascular zone among the intercapillary areas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gftcore.reference.distance import squared_distance
from gftcore.reference.faces import most_common
from gftcore.reference.label import label
from gftcore.reference.morphology import BoolImage, as_mask

OPENING_SQUARED_RADIUS = 16
CENTRE_RADIUS_MM = 0.4


@dataclass(frozen=True, slots=True)
class FazChoice:
    """Chosen region label (0 = none), the method that found it, confidence."""

    label: int
    method: str
    confidence: float


def find_faz(
    void: ArrayLike,
    ica_label: NDArray[np.int32],
    *,
    method: str = "auto",
    fov_mm: float = 3.0,
    faz_mask: ArrayLike | None = None,
    connectivity: int = 8,
) -> FazChoice:
    """Choose the region that is the foveal avascular zone.

    Parameters
    ----------
    void
        Pixels that belong to no vessel [H, W].
    ica_label
        Region labels [H, W], 0 = none.
    method
        ``"auto"``: the largest component of the opened void near the image centre, else the
        region nearest to the centre. ``"fixed"``: the published start pixel, going down.
        ``"mask"``: the region owning most of `faz_mask`.
    fov_mm
        Width of the field of view.
    connectivity
        Connectivity of the opened components, 4 or 8.

    Notes
    -----
    The confidence of ``"auto"`` is 1 - second largest / largest; 0 for the nearest region, NaN
    for the other methods. All ties go to the lowest label.
    """
    void = as_mask(void)
    none = FazChoice(0, "none", float("nan"))
    if method == "mask":
        if faz_mask is None:
            raise ValueError("method 'mask' needs faz_mask")
        chosen = most_common(as_mask(faz_mask).astype(np.int32), ica_label, 1)[0]
        return FazChoice(int(chosen), "mask", float("nan")) if chosen else none
    if method == "fixed":
        rows, cols = void.shape
        below = ica_label[600 * rows // 1216 :, 600 * cols // 1216]
        hits = below[below > 0]
        return FazChoice(int(hits[0]), "fixed", float("nan")) if len(hits) else none
    if method != "auto":
        raise ValueError(f"method must be 'auto', 'fixed' or 'mask', got {method!r}")
    if not ica_label.any():
        return none
    return _central(void, ica_label, fov_mm, connectivity) or _nearest(ica_label)


def open_by_disc(void: ArrayLike) -> BoolImage:
    """Erode and dilate by the disc d^2 <= 16; outside the image does not erode."""
    eroded = squared_distance(void) > OPENING_SQUARED_RADIUS
    if not eroded.any():
        return eroded
    return squared_distance(~eroded) <= OPENING_SQUARED_RADIUS


def _doubled_centre_distance(shape: tuple[int, int]) -> NDArray[np.int64]:
    """(2 x distance to the image centre)^2 of each pixel, an integer."""
    rows, cols = shape
    r, c = np.ogrid[:rows, :cols]
    distance: NDArray[np.int64] = (2 * r - (rows - 1)) ** 2 + (2 * c - (cols - 1)) ** 2
    return distance


def _central(
    void: BoolImage, ica_label: NDArray[np.int32], fov_mm: float, connectivity: int
) -> FazChoice | None:
    component = label(open_by_disc(void), connectivity=connectivity)
    radius = CENTRE_RADIUS_MM / fov_mm * max(void.shape)
    near = _doubled_centre_distance(void.shape) <= (2 * radius) ** 2
    size = np.bincount(component.ravel())
    candidates = np.unique(component[near])
    candidates = candidates[candidates > 0]
    if not len(candidates):
        return None
    candidates = candidates[np.argsort(-size[candidates], kind="stable")]
    winner = (component == candidates[0]).astype(np.int32)
    chosen = most_common(winner, ica_label, 1)[0]
    if not chosen:
        return None
    second = size[candidates[1]] if len(candidates) > 1 else 0
    return FazChoice(int(chosen), "auto", float(1 - second / size[candidates[0]]))


def _nearest(ica_label: NDArray[np.int32]) -> FazChoice:
    distance = _doubled_centre_distance(ica_label.shape)
    region = ica_label > 0
    closest = region & (distance == distance[region].min())
    return FazChoice(int(ica_label[closest].min()), "nearest", 0.0)
