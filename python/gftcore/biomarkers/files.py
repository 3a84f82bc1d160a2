# SPDX-License-Identifier: Apache-2.0
"""Biomarkers as a table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gftcore._validation import describe
from gftcore.biomarkers.results import Biomarkers
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.io import write_csv

__all__ = ["write_biomarkers"]


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
    rows: list[dict[str, object]] = []
    for name, found in markers.items():
        if not isinstance(found, Biomarkers):
            raise ArgumentTypeError(f"markers must hold Biomarkers, got {describe(found)}")
        row: dict[str, object] = {"image_id": str(name), "eye": found.eye, "fov_mm": found.fov_mm}
        rows.append(row | found.to_dict() | {"warnings": ";".join(found.warnings)})
    write_csv(path, list(rows[0]), [list(row.values()) for row in rows])
