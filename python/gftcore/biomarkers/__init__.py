# SPDX-License-Identifier: Apache-2.0
"""Numbers that describe the vessels of one image: densities, calibre, shape, sectors.

Examples
--------
>>> import numpy as np
>>> from gftcore import biomarkers
>>> mask = np.zeros((64, 64), dtype=bool)
>>> mask[::16] = mask[:, ::16] = True
>>> markers = biomarkers.biomarkers(mask)
>>> round(markers.vessel_density, 4), round(markers.tortuosity, 2)
(0.1211, 1.01)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.biomarkers.api import biomarkers
    from gftcore.biomarkers.boxes import BoxDimension, box_dimension
    from gftcore.biomarkers.files import BIOMARKER_FIELDS, write_biomarkers
    from gftcore.biomarkers.quadrants import VECTOR_MODES, quadrant_vector
    from gftcore.biomarkers.results import WARNINGS, Biomarkers
    from gftcore.biomarkers.sectors import (
        PartDensity,
        etdrs_densities,
        quadrant_densities,
    )

__all__ = [
    "BIOMARKER_FIELDS",
    "VECTOR_MODES",
    "WARNINGS",
    "Biomarkers",
    "BoxDimension",
    "PartDensity",
    "biomarkers",
    "box_dimension",
    "etdrs_densities",
    "quadrant_densities",
    "quadrant_vector",
    "write_biomarkers",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "VECTOR_MODES": "quadrants",
        "WARNINGS": "results",
        "Biomarkers": "results",
        "BoxDimension": "boxes",
        "PartDensity": "sectors",
        "biomarkers": "api",
        "box_dimension": "boxes",
        "etdrs_densities": "sectors",
        "quadrant_densities": "sectors",
        "quadrant_vector": "quadrants",
        "BIOMARKER_FIELDS": "files",
        "write_biomarkers": "files",
    },
)
