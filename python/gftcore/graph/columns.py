# SPDX-License-Identifier: Apache-2.0
"""Data dictionary of the feature columns: their unit and meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from gftcore._validation import require_choice

__all__ = ["ICA_COLUMNS", "VESSEL_COLUMNS", "Column", "column_info", "exported_columns"]

Unit = Literal["position", "length", "area", "angle", "grey", "count", "flag", "ratio"]


@dataclass(frozen=True, slots=True)
class Column:
    """One feature column.

    Attributes
    ----------
    name
        Name in ``vessel_columns`` or ``ica_columns``.
    unit
        Kind of quantity. Lengths and areas are in px and px^2 inside a graph.
    meaning
        One line.
    """

    name: str
    unit: Unit
    meaning: str

    @property
    def exported(self) -> str:
        """Name in exported tables: lengths, areas and angles carry their unit."""
        suffix = {"length": "_px", "area": "_px2", "angle": "_rad", "position": "_px"}
        renamed = {"centroid-0": "centroid_row", "centroid-1": "centroid_col"}
        renamed |= {"centroid_weighted-0": "centroid_weighted_row"}
        renamed |= {"centroid_weighted-1": "centroid_weighted_col"}
        plain = renamed.get(self.name, self.name)
        if plain in ("row", "col") or plain.endswith("_px"):
            return plain
        return plain + suffix.get(self.unit, "")

    @property
    def exported_mm(self) -> str | None:
        """Name of the additional column in mm or mm^2; None where there is none."""
        if self.unit == "length":
            return self.exported.removesuffix("_px") + "_mm"
        if self.unit == "area":
            return self.exported.removesuffix("_px2") + "_mm2"
        return None


_VESSEL: tuple[tuple[str, Unit, str], ...] = (
    ("row", "position", "middle of the arc"),
    ("col", "position", "middle of the arc"),
    ("pos_compat_row", "position", "middle of the chord, as in the published data"),
    ("pos_compat_col", "position", "middle of the chord, as in the published data"),
    ("length", "length", "length of the smoothed centreline"),
    ("distance", "length", "chord between the two nodes"),
    ("curveness", "ratio", "length / chord; missing for loops"),
    ("volume", "area", "mask pixels nearest to this segment"),
    ("avgCrossSection", "length", "area / length: mean width"),
    ("minRadiusAvg", "length", "mean over the centreline of the smallest distance to the wall"),
    ("minRadiusStd", "length", "its population standard deviation"),
    ("avgRadiusAvg", "length", "mean over the centreline of the mean distance to the wall"),
    ("avgRadiusStd", "length", "its population standard deviation"),
    ("maxRadiusAvg", "length", "mean over the centreline of the largest distance to the wall"),
    ("maxRadiusStd", "length", "its population standard deviation"),
    ("roundnessAvg", "ratio", "mean of smallest / largest distance to the wall"),
    ("roundnessStd", "ratio", "its population standard deviation"),
    ("node1_degree", "count", "lower degree of the two nodes"),
    ("node2_degree", "count", "higher degree of the two nodes"),
    ("num_voxels", "count", "centreline pixels between the nodes"),
    ("hasNodeAtSampleBorder", "flag", "whether an end lies on the border"),
    ("radius_mean_px", "length", "mean radius from the distance transform"),
    ("radius_std_px", "length", "its population standard deviation"),
    ("radius_min_px", "length", "smallest radius"),
    ("radius_max_px", "length", "largest radius"),
    ("intensity_mean", "grey", "mean grey value on the centreline"),
    ("intensity_std", "grey", "its population standard deviation"),
    ("intensity_q25", "grey", "lower quartile of the grey values on the centreline"),
    ("intensity_q75", "grey", "upper quartile of the grey values on the centreline"),
    ("degree", "count", "other segments met at the nodes"),
    ("hetero_degree", "count", "areas touched, the FAZ counted"),
)
_ICA: tuple[tuple[str, Unit, str], ...] = (
    ("centroid-0", "position", "row of the centroid"),
    ("centroid-1", "position", "column of the centroid"),
    ("area", "area", "number of pixels"),
    ("perimeter", "length", "perimeter of the 4-connected contour"),
    ("eccentricity", "ratio", "of the ellipse with equal second moments"),
    ("equivalent_diameter_area", "length", "diameter of the disc with equal area"),
    ("orientation", "angle", "angle between the rows and the major axis"),
    ("solidity", "ratio", "area / area of the convex hull"),
    ("feret_diameter_max", "length", "largest distance within the convex hull"),
    ("extent", "ratio", "area / area of the bounding box"),
    ("axis_major_length", "length", "major axis of the ellipse with equal second moments"),
    ("axis_minor_length", "length", "minor axis of the ellipse with equal second moments"),
    ("intensity_max", "grey", "largest grey value"),
    ("intensity_mean", "grey", "mean grey value"),
    ("intensity_min", "grey", "smallest grey value"),
    ("centroid_weighted-0", "position", "row of the centroid weighted by grey value"),
    ("centroid_weighted-1", "position", "column of the centroid weighted by grey value"),
    ("degree", "count", "areas across one segment, the FAZ counted"),
    ("hetero_degree", "count", "segments touched"),
)

VESSEL_COLUMNS: Mapping[str, Column] = MappingProxyType({c[0]: Column(*c) for c in _VESSEL})
ICA_COLUMNS: Mapping[str, Column] = MappingProxyType({c[0]: Column(*c) for c in _ICA})


def column_info(node_type: str, name: str) -> Column:
    """Return unit and meaning of a feature column.

    Parameters
    ----------
    node_type
        ``vessel``, ``ica`` or ``faz``.
    name
        Column name.

    Examples
    --------
    >>> column_info("vessel", "length").exported_mm
    'length_mm'
    """
    require_choice(node_type, ("vessel", "ica", "faz"), "node_type")
    table = VESSEL_COLUMNS if node_type == "vessel" else ICA_COLUMNS
    return table[require_choice(name, tuple(table), "name")]


def exported_columns(columns: tuple[str, ...], node_type: str) -> list[tuple[int, str, int]]:
    """Columns of an exported table: (index of the feature, exported name, power of mm per px)."""
    out = []
    for index, name in enumerate(columns):
        info = column_info(node_type, name)
        out.append((index, info.exported, 0))
        if info.exported_mm is not None:
            out.append((index, info.exported_mm, 1 if info.unit == "length" else 2))
    return out
