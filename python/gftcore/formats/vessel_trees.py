# SPDX-License-Identifier: Apache-2.0
"""Vessel trees of simulators of OCT angiographies."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from gftcore._validation import require_real
from gftcore.errors import FormatError
from gftcore.formats.reading import foreign_file
from gftcore.formats.spatial_graph import SpatialGraph

__all__ = ["read_vessel_csv"]

COLUMNS = ["node1", "node2", "radius"]


def read_vessel_csv(path: str | Path, *, side_px: float, half_width: float = 1.0) -> SpatialGraph:
    r"""Read a vessel tree ``node1,node2,radius``, as simulators of OCT angiographies write it.

    A node is ``"[x y z]"`` in units of the field of view; equal strings are one node. Row =
    x * side - 0.5, column = y * side - 0.5, z is dropped.

    Parameters
    ----------
    path
        The file.
    side_px
        Side of the image in px.
    half_width
        Half-width that the image draws, per radius.

    Returns
    -------
    SpatialGraph
        One segment per row of the file. The points of a segment repeat its nodes, so that its
        radius is the same all along.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FormatError
        If it is of another kind, or damaged.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "tree.csv"
    ...     _ = path.write_text("node1,node2,radius\n[0.25 0.5 0],[0.75 0.5 0],0.01\n")
    ...     read_vessel_csv(path, side_px=100).segment_length_px.tolist()
    [50.0]
    """
    side_px = require_real(side_px, "side_px", above=0)
    half_width = require_real(half_width, "half_width", above=0)
    number: dict[str, int] = {}
    ends: list[tuple[int, int]] = []
    radius: list[float] = []
    with (
        foreign_file(path, "vessel tree") as file,
        file.open(encoding="utf-8", newline="") as stream,
    ):
        rows = csv.reader(stream)
        if next(rows, None) != COLUMNS:
            raise FormatError(f"the header must be {','.join(COLUMNS)}")
        for row in rows:
            if len(row) != len(COLUMNS):
                raise FormatError(f"line {rows.line_num} must have {len(COLUMNS)} cells")
            start, end, value = row
            first = number.setdefault(start, len(number))
            ends.append((first, number.setdefault(end, len(number))))
            radius.append(float(value))
        position = np.array([_position(name) for name in number]).reshape(-1, 3)
        nodes = position[:, :2] * side_px - 0.5
        segment_nodes = np.array(ends, dtype=np.int64).reshape(-1, 2)
        half_width_px = np.array(radius) * half_width * side_px
        if not np.isfinite(half_width_px).all():
            raise FormatError("a radius is not finite")
        return SpatialGraph(
            node_rowcol=nodes,
            segment_nodes=segment_nodes,
            point_ptr=2 * np.arange(len(ends) + 1),
            point_rowcol=nodes[segment_nodes.ravel()],
            point_radius_px=np.repeat(half_width_px, 2),
        )


def _position(name: str) -> list[float]:
    values = [float(part) for part in name.strip("[] ").split()]
    if len(values) != 3:
        raise FormatError(f"a node must be [x y z], got {name:.60}")
    return values
