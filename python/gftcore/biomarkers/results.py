# SPDX-License-Identifier: Apache-2.0
"""The biomarkers of one image, and their names in tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gftcore.biomarkers.boxes import BoxDimension
    from gftcore.biomarkers.sectors import PartDensity

__all__ = ["WARNINGS", "Biomarkers"]

#: Codes that `biomarkers` adds to those of the graph.
WARNINGS: Mapping[str, str] = MappingProxyType(
    {
        "NO_FAZ": "the graph has no foveal avascular zone; its biomarkers and the sectors are NaN",
        "FEW_BOX_SIZES": "fewer than two box sizes divide both sides of the image; "
        "the box-counting dimensions are NaN",
    }
)

_SCALARS = (
    "vessel_density", "skeleton_density", "vessel_length_mm", "calibre_um", "tortuosity",
    "perimeter_index_per_mm", "perimeter_index_vessel_per_mm", "faz_area_mm2", "faz_circularity",
)  # fmt: skip
_SECTORS = ("centre", "superior", "nasal", "inferior", "temporal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Biomarkers:
    """What `biomarkers` measures. A value is NaN where it does not exist.

    Attributes
    ----------
    vessel_density
        Share of the valid pixels that are vessel, small holes not filled.
    skeleton_density
        Share of the valid pixels that are skeleton.
    vessel_length_mm
        Length of all segments.
    calibre_um
        Vessel area / vessel length: the mean width.
    tortuosity
        Mean of length / distance between the ends over all segments whose ends differ.
    perimeter_index_per_mm
        Contour length of the vessels / valid area of the image.
    perimeter_index_vessel_per_mm
        Contour length of the vessels / vessel area.
    faz_area_mm2
        Area of the foveal avascular zone.
    faz_circularity
        4 pi area / perimeter^2, the perimeter as regions have it; 0.91 for a large disc, whose
        contour of pixels is measured 5 % too long.
    box_dimension, skeleton_box_dimension
        Box-counting dimension of the vessels and of the skeleton.
    etdrs
        Density of sectors around the centroid of the FAZ; see `etdrs_densities`.
    quadrants
        Density of the quadrants of the image; see `quadrant_densities`.
    quadrant_vectors
        Mode to the 8-vector of `quadrant_vector` in this mode.
    eye, fov_mm
        As the graph has them: ``OD``, ``OS`` or ``unknown``; length of the longer side.
    warnings
        Codes of the graph, such as ``EMPTY_MASK``, and of `WARNINGS`.
    """

    vessel_density: float
    skeleton_density: float
    vessel_length_mm: float
    calibre_um: float
    tortuosity: float
    perimeter_index_per_mm: float
    perimeter_index_vessel_per_mm: float
    faz_area_mm2: float
    faz_circularity: float
    box_dimension: BoxDimension
    skeleton_box_dimension: BoxDimension
    etdrs: Mapping[str, PartDensity]
    quadrants: Mapping[str, PartDensity]
    quadrant_vectors: Mapping[str, tuple[float, ...]]
    eye: str
    fov_mm: float
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, float]:
        """Return all biomarkers as numbers by name, the same names for every image.

        Sectors are named after the eye, so ``nasal`` and ``temporal`` are NaN if it is unknown.
        Of the 8-vector there are the shares.

        Examples
        --------
        >>> import numpy as np
        >>> from gftcore.biomarkers import biomarkers
        >>> mask = np.zeros((64, 64), dtype=bool)
        >>> mask[::16] = True
        >>> list(biomarkers(mask).to_dict())[:3]
        ['vessel_density', 'skeleton_density', 'vessel_length_mm']
        """
        out: dict[str, float] = {name: getattr(self, name) for name in _SCALARS}
        for name in ("box_dimension", "skeleton_box_dimension"):
            found: BoxDimension = getattr(self, name)
            out[name] = found.dimension
            out[f"{name}_error"] = found.standard_error
        for name in _SECTORS:
            part = self.etdrs.get(name)
            out[f"etdrs_{name}_density"] = math.nan if part is None else part.vessel_density
            out[f"etdrs_{name}_coverage"] = math.nan if part is None else part.coverage
        for name, part in self.quadrants.items():
            out[f"quadrant_{name}_density"] = part.vessel_density
        shares = self.quadrant_vectors["fraction"]
        kinds = [f"{kind}_fraction_{name}" for kind in ("node", "edge") for name in self.quadrants]
        return out | dict(zip(kinds, shares, strict=True))
