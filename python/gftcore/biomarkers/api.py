# SPDX-License-Identifier: Apache-2.0
"""All biomarkers of one image in one call."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._native import core
from gftcore._validation import require_mask
from gftcore.biomarkers.boxes import count_boxes
from gftcore.biomarkers.quadrants import (
    VECTOR_MODES,
    excluded_of,
    part_counts,
    scaled,
    valid_counts,
)
from gftcore.biomarkers.results import WARNINGS, Biomarkers
from gftcore.biomarkers.sectors import etdrs_parts, quadrant_parts
from gftcore.errors import ArgumentError, GftcoreWarning
from gftcore.graph import ExtractConfig, HeteroGraph, extract
from gftcore.graph.inputs import require_config

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["biomarkers"]

_KEPT = ("mask", "skeleton")


def biomarkers(
    source: HeteroGraph | ArrayLike,
    config: ExtractConfig | None = None,
    *,
    threshold: float | None = None,
    exclude: ArrayLike | Iterable[Sequence[int]] | None = None,
    faz_mask: ArrayLike | None = None,
) -> Biomarkers:
    """Measure the vessels and the foveal avascular zone of one image.

    Parameters
    ----------
    source
        A graph made with ``keep=("mask", "skeleton")``, or a vessel mask [H, W] to make one of.
    config
        Settings for a mask: skeleton, choice of the FAZ, field of view, eye. None means the
        defaults. A graph has its own.
    threshold, faz_mask
        For a mask, as for `gftcore.graph.extract`.
    exclude
        Pixels to leave out, a mask [H, W] or half-open rectangles (row0, col0, row1, col1), added
        to those of the settings. They count neither as vessel nor as area. A graph that was made
        with such an argument needs it here again, since it is not stored.

    Raises
    ------
    ArgumentTypeError, ArgumentError, ShapeError
        If an argument is outside its documented domain, or if a graph lacks what is needed.

    Warns
    -----
    GftcoreWarning
        The codes of `WARNINGS`; for a mask those of `gftcore.graph.extract` as well.

    Notes
    -----
    Lengths are those of the graph's centrelines, contours are measured like the perimeter of
    regions, sizes in mm follow from the field of view. The box sizes are those of `box_dimension`
    up to a quarter of the shorter side.

    References
    ----------
    Chu, Z. et al. (2016). Quantitative assessment of the retinal microvasculature using optical
    coherence tomography angiography. doi:10.1117/1.JBO.21.6.066008

    Examples
    --------
    >>> mask = np.zeros((64, 64), dtype=bool)
    >>> mask[7::16] = mask[8::16] = True
    >>> found = biomarkers(mask, ExtractConfig(fov_mm=0.64))
    >>> round(found.vessel_density, 6), round(found.calibre_um, 1)
    (0.125, 20.2)
    """
    if isinstance(source, HeteroGraph):
        if config is not None or threshold is not None or faz_mask is not None:
            raise ArgumentError("config, threshold and faz_mask belong to a mask, not to a graph")
        graph = source
        pixels, excluded = _kept_mask(graph), excluded_of(graph, exclude)
        if excluded is not None and bool((pixels & excluded).any()):
            raise ArgumentError(
                "exclude must be what the graph was made with, got pixels that are vessel there"
            )
    else:
        settings = require_config(config).replace(features="centreline")
        pixels = require_mask(source, threshold=threshold)
        graph = extract(pixels, settings, exclude=exclude, faz_mask=faz_mask, keep=("skeleton",))
        excluded = excluded_of(graph, exclude)
    if excluded is not None:
        pixels = pixels & (excluded == 0)
    return _measure(graph, pixels, excluded)


def _kept_mask(graph: HeteroGraph) -> NDArray[np.uint8]:
    missing = [name for name in _KEPT if name not in graph.kept]
    if missing:
        raise ArgumentError(
            f"source must be a graph that keeps mask and skeleton, got one without {missing[0]}; "
            'make it with keep=("mask", "skeleton"), or pass the mask itself'
        )
    filled = graph.meta.config.get("skeleton_fill_px", 0)
    if filled > 1:
        raise ArgumentError(
            f"source must be a graph with skeleton_fill_px <= 1, got {filled}: the holes of its "
            "mask are filled; pass the mask itself"
        )
    return require_mask(graph.kept["mask"])


def _measure(
    graph: HeteroGraph, pixels: NDArray[np.uint8], excluded: NDArray[np.uint8] | None
) -> Biomarkers:
    mm_per_px, fov_mm, eye = graph.meta.mm_per_px, graph.meta.fov_mm, graph.meta.eye
    skeleton = require_mask(graph.kept["skeleton"], name="skeleton")
    valid = valid_counts(graph.meta.shape, excluded)
    valid_px, vessel_px = int(valid.sum()), int(np.count_nonzero(pixels))
    length_px = float(graph.vessel("length").sum())
    outline_px = core.outline_px(pixels)
    counts = part_counts(graph)
    faz, centre = _faz(graph)
    boxes = count_boxes(pixels)
    codes: tuple[str, ...] = () if centre is not None else ("NO_FAZ",)
    if len(boxes.box_px) < 2:
        codes += ("FEW_BOX_SIZES",)
    for code in codes:
        warnings.warn(f"{code}: {WARNINGS[code]}", GftcoreWarning, stacklevel=3)
    return Biomarkers(
        vessel_density=_ratio(vessel_px, valid_px),
        skeleton_density=_ratio(int(np.count_nonzero(skeleton)), valid_px),
        vessel_length_mm=length_px * mm_per_px,
        calibre_um=_ratio(vessel_px, length_px) * mm_per_px * 1e3,
        tortuosity=_mean(graph.vessel("curveness")),
        perimeter_index_per_mm=_ratio(outline_px, valid_px) / mm_per_px,
        perimeter_index_vessel_per_mm=_ratio(outline_px, vessel_px) / mm_per_px,
        faz_area_mm2=faz["area"] * mm_per_px**2,
        faz_circularity=_ratio(4 * math.pi * faz["area"], faz["perimeter"] ** 2),
        box_dimension=boxes,
        skeleton_box_dimension=count_boxes(skeleton),
        etdrs=etdrs_parts(pixels, excluded, centre, fov_mm, eye),
        quadrants=quadrant_parts(pixels, excluded, fov_mm),
        quadrant_vectors=MappingProxyType(
            {mode: tuple(scaled(counts, mode, valid, mm_per_px).tolist()) for mode in VECTOR_MODES}
        ),
        eye=eye,
        fov_mm=fov_mm,
        warnings=graph.meta.warnings + codes,
    )


def _faz(graph: HeteroGraph) -> tuple[dict[str, float], tuple[float, float] | None]:
    """Return features of the FAZ, NaN without one, and its centroid."""
    if not len(graph.faz_x):
        return {"area": math.nan, "perimeter": math.nan}, None
    row = dict(zip(graph.ica_columns, graph.faz_x[0].tolist(), strict=True))
    return row, (row["centroid-0"], row["centroid-1"])


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _mean(values: NDArray[Any]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan
