# SPDX-License-Identifier: Apache-2.0
"""Stages that describe areas between vessels, choose the FAZ and match faces to areas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from gftcore._native import core
from gftcore._validation import (
    describe,
    require_choice,
    require_intensity,
    require_labels,
    require_mask,
    require_real,
    require_same_shape,
)
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.graph.config import FAZ_METHODS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gftcore.graph.vessels import Faces

__all__ = ["FazChoice", "RegionTable", "find_faz", "match_faces", "region_table"]


@dataclass(frozen=True, slots=True, eq=False)
class RegionTable:
    """One row per region, ascending label.

    Attributes
    ----------
    columns, values
        Names and float64 values [R, F].
    label_id
        Label of each row, int32 [R].
    bbox
        First row, first column, end row, end column, half-open, int32 [R, 4].
    """

    columns: tuple[str, ...]
    values: NDArray[np.float64]
    label_id: NDArray[np.int32]
    bbox: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class FazChoice:
    """The region chosen as foveal avascular zone.

    Attributes
    ----------
    label
        Its label; 0 if there is none.
    method
        ``auto``, ``nearest`` (fallback of ``auto``), ``fixed``, ``mask`` or ``none``.
    confidence
        ``auto``: 1 - second largest / largest candidate; ``nearest``: 0; else NaN.
    """

    label: int
    method: str
    confidence: float


def region_table(labels: ArrayLike, *, intensity: ArrayLike | None = None) -> RegionTable:
    """Describe each region of a label image: position, area, perimeter, hull, axes, intensity.

    Parameters
    ----------
    labels
        Integer image [H, W]; 0 is no region. Labels need not be consecutive.
    intensity
        Raw image with the same shape, or both sides divided by one integer.

    Notes
    -----
    The values are those of `skimage.measure.regionprops_table` (0.26).

    References
    ----------
    van der Walt, S. et al. (2014). scikit-image: image processing in Python.
    doi:10.7717/peerj.453

    Examples
    --------
    >>> table = region_table([[1, 1], [1, 1]])
    >>> table.values[0, table.columns.index("area")], table.bbox.tolist()
    (np.float64(4.0), [[0, 0, 2, 2]])
    """
    image = require_labels(labels)
    grey = None
    if intensity is not None:
        grey = require_intensity(intensity, (image.shape[0], image.shape[1]))
    columns, values, label_id, bbox = core.region_table(image, grey)
    return RegionTable(tuple(columns), values, label_id, bbox)


def find_faz(
    void: ArrayLike,
    ica_label: ArrayLike,
    *,
    method: Literal["auto", "fixed", "mask"] = "auto",
    fov_mm: float = 3.0,
    faz_mask: ArrayLike | None = None,
    connectivity: Literal[4, 8] = 8,
) -> FazChoice:
    """Choose the region that is the foveal avascular zone.

    Parameters
    ----------
    void
        Pixels that belong to no vessel [H, W].
    ica_label
        Region labels [H, W], 0 = none.
    method
        ``auto``: the largest component of the opened void within 0.4 mm of the image centre, else
        the region nearest to the centre; ``fixed``: the published start pixel, going down;
        ``mask``: the region that owns most of `faz_mask`.
    fov_mm
        Length of the longer image side in mm.
    faz_mask
        Pixels of the zone [H, W], for ``mask``.
    connectivity
        Connectivity of the opened components.

    Examples
    --------
    >>> void = np.ones((41, 41), dtype=bool)
    >>> find_faz(void, void.astype(int))
    FazChoice(label=1, method='auto', confidence=1.0)
    """
    pixels = require_mask(void, name="void")
    labels = require_labels(ica_label, name="ica_label")
    require_same_shape(labels, pixels.shape, name="ica_label")
    require_choice(method, FAZ_METHODS, "method")
    require_choice(connectivity, (4, 8), "connectivity")
    length = require_real(fov_mm, "fov_mm", above=0.0)
    zone = None
    if faz_mask is not None:
        zone = require_mask(faz_mask, name="faz_mask")
        require_same_shape(zone, pixels.shape, name="faz_mask")
    elif method == "mask":
        raise ArgumentError("method 'mask' needs faz_mask")
    label, used, confidence = core.find_faz(pixels, labels, method, length, zone, connectivity)
    return FazChoice(label, used, confidence)


def match_faces(faces: Faces, ica_label: ArrayLike) -> NDArray[np.int32]:
    """Return the region label that owns most pixels of each face [F]: 0 = none, ties lowest.

    Parameters
    ----------
    faces
        Result of `gftcore.graph.faces`.
    ica_label
        Region labels [H, W].

    Examples
    --------
    >>> from gftcore.graph import faces, trace
    >>> found = faces(trace([[0, 0, 0], [1, 1, 1], [0, 0, 0]], anchors=[[1, 0], [1, 2]]))
    >>> match_faces(found, [[1, 1, 1], [0, 0, 0], [2, 2, 2]]).tolist()
    [1, 2]
    """
    if not isinstance(faces, core.Faces):
        raise ArgumentTypeError(f"faces must come from faces(), got {describe(faces)}")
    labels = require_labels(ica_label, name="ica_label")
    require_same_shape(labels, faces.label.shape, name="ica_label")
    out: NDArray[np.int32] = core.match_faces(faces, labels)
    return out
