# SPDX-License-Identifier: Apache-2.0
"""Biomarkers as a table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gftcore._validation import describe
from gftcore.biomarkers.results import Biomarkers
from gftcore.biomarkers.sectors import QUADRANTS
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.formats.dictionary import Field
from gftcore.io import write_csv

__all__ = ["BIOMARKER_FIELDS", "biomarker_row", "write_biomarkers"]

_SECTORS = ("centre", "superior", "nasal", "inferior", "temporal")
_MEANINGS: tuple[tuple[str, str, str], ...] = (
    ("vessel_density", "ratio", "share of the valid pixels that are vessel"),
    ("skeleton_density", "ratio", "share of the valid pixels that are skeleton"),
    ("vessel_length_mm", "mm", "length of all segments"),
    ("calibre_um", "um", "vessel area / vessel length: mean width"),
    ("tortuosity", "ratio", "mean of length / chord over segments whose ends differ"),
    ("perimeter_index_per_mm", "1/mm", "contour length of the vessels / valid area"),
    ("perimeter_index_vessel_per_mm", "1/mm", "contour length of the vessels / vessel area"),
    ("faz_area_mm2", "mm^2", "area of the foveal avascular zone"),
    ("faz_circularity", "ratio", "4 pi area / perimeter^2 of the FAZ"),
    ("box_dimension", "ratio", "box-counting dimension of the vessels"),
    ("box_dimension_error", "ratio", "its standard error"),
    ("skeleton_box_dimension", "ratio", "box-counting dimension of the skeleton"),
    ("skeleton_box_dimension_error", "ratio", "its standard error"),
    *(
        row
        for name in _SECTORS
        for row in (
            (f"etdrs_{name}_density", "ratio", f"vessel density of the ETDRS sector {name}"),
            (f"etdrs_{name}_coverage", "ratio", "share of that sector inside the image"),
        )
    ),
    *((f"quadrant_{name}_density", "ratio", f"vessel density of {name}") for name in QUADRANTS),
    *((f"node_fraction_{name}", "ratio", f"share of the nodes in {name}") for name in QUADRANTS),
    *((f"edge_fraction_{name}", "ratio", f"share of the edges in {name}") for name in QUADRANTS),
)

#: The data dictionary of the table, in the form of `gftcore.formats.data_dictionary`.
BIOMARKER_FIELDS: tuple[Field, ...] = tuple(
    Field(table="biomarkers", name=name, type=kind, unit=unit, meaning=meaning, forms=("csv",))
    for name, kind, unit, meaning in (
        ("image_id", "text", "", "name of the image, unique"),
        ("eye", "text", "", "OD, OS or unknown"),
        ("fov_mm", "float64", "mm", "length of the longer side"),
        *((name, "float64", unit, meaning) for name, unit, meaning in _MEANINGS),
        ("warnings", "text", "", "codes such as NO_FAZ, with ; between them"),
    )
)


def biomarker_row(image_id: str, found: Biomarkers) -> list[object]:
    """Return the row of one image, with the columns of `BIOMARKER_FIELDS`."""
    row = {"image_id": image_id, "eye": found.eye, "fov_mm": found.fov_mm, **found.to_dict()}
    row["warnings"] = ";".join(found.warnings)
    return [row[field.name] for field in BIOMARKER_FIELDS]


def write_biomarkers(path: str | Path, markers: Mapping[str, Biomarkers]) -> None:
    """Write one row per image as CSV, as a whole or not at all.

    Parameters
    ----------
    path
        Target; replaced if it exists.
    markers
        Name of each image to its biomarkers.

    Notes
    -----
    Columns are ``image_id``, ``eye``, ``fov_mm``, those of `Biomarkers.to_dict`, and ``warnings``
    (codes with ``;`` between them). NaN is an empty cell.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from gftcore.biomarkers import biomarkers
    >>> mask = np.zeros((64, 64), dtype=bool)
    >>> mask[::16] = True
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_biomarkers(Path(folder) / "b.csv", {"a": biomarkers(mask)})
    ...     (Path(folder) / "b.csv").read_text()[:26]
    'image_id,eye,fov_mm,vessel'
    """
    if not isinstance(markers, Mapping):
        raise ArgumentTypeError(
            f"markers must map names of images to Biomarkers, got {describe(markers)}"
        )
    if not markers:
        raise ArgumentError("markers must hold the biomarkers of at least one image, got none")
    for found in markers.values():
        if not isinstance(found, Biomarkers):
            raise ArgumentTypeError(f"markers must hold Biomarkers, got {describe(found)}")
    columns = [field.name for field in BIOMARKER_FIELDS]
    write_csv(path, columns, (biomarker_row(str(name), found) for name, found in markers.items()))
