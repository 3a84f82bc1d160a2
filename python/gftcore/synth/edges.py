# SPDX-License-Identifier: Apache-2.0
"""Vessels as a list of straight edges, and their files."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gftcore._validation import describe, require_array
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError, ShapeError
from gftcore.io.files import require_file
from gftcore.io.tables import write_csv

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Edges", "read_edges", "require_edges", "write_edges"]

COLUMNS = ("node1", "node2", "radius")
# The graph of one eye has 2 MB; nothing sensible is thirty times as large.
MAX_BYTES = 1 << 26


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Edges:
    """E straight vessels, in fields of view: x runs along rows, y along columns.

    Attributes
    ----------
    node1_xyz
        float64 [E, 3] one end.
    node2_xyz
        float64 [E, 3] the other; of a grown vessel, the end towards the root.
    radius
        float64 [E], greater than 0.

    Examples
    --------
    >>> Edges(node1_xyz=[[0.2, 0.5, 0]], node2_xyz=[[0.8, 0.5, 0]], radius=[0.01])
    Edges(1 vessels)
    """

    node1_xyz: NDArray[np.float64]
    node2_xyz: NDArray[np.float64]
    radius: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name, ndim, cols in (("node1_xyz", 2, 3), ("node2_xyz", 2, 3), ("radius", 1, None)):
            value = require_array(getattr(self, name), np.float64, name=name, ndim=ndim, cols=cols)
            if not np.isfinite(value).all():
                raise ArgumentError(f"{name} must be finite, got NaN or infinity")
            object.__setattr__(self, name, value)
        lengths = len(self.node1_xyz), len(self.node2_xyz), len(self.radius)
        if len(set(lengths)) > 1:
            raise ShapeError(f"node1_xyz, node2_xyz and radius must have one length, got {lengths}")
        if self.radius.size and not self.radius.min() > 0:
            raise ArgumentError(f"radius must be greater than 0, got {self.radius.min():g}")

    def __repr__(self) -> str:
        return f"Edges({len(self.radius)} vessels)"

    def __len__(self) -> int:
        return len(self.radius)

    @property
    def plane(self) -> NDArray[np.float64]:
        """float64 [E, 5]: x and y of both nodes, and the radius."""
        return np.column_stack([self.node1_xyz[:, :2], self.node2_xyz[:, :2], self.radius])


def require_edges(edges: object, name: str = "edges") -> Edges:
    """Return edges, or say that something else was given."""
    if not isinstance(edges, Edges):
        hint = "; use forest.edges()" if hasattr(edges, "edges") else ""
        raise ArgumentTypeError(f"{name} must be Edges, got {describe(edges)}{hint}")
    return edges


def write_edges(path: str | Path, edges: Edges) -> None:
    r"""Write edges as CSV ``node1,node2,radius``, as a whole or not at all.

    A node is ``[x y z]`` in fields of view. Numbers have the fewest digits that read back the same,
    so that `read_edges` returns the same bytes.

    Parameters
    ----------
    path
        Target; replaced if it exists.
    edges
        The vessels.

    Examples
    --------
    >>> import tempfile
    >>> edges = Edges(node1_xyz=[[0.25, 0.5, 0]], node2_xyz=[[0.75, 0.5, 0]], radius=[0.01])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_edges(Path(folder) / "tree.csv", edges)
    ...     (Path(folder) / "tree.csv").read_text()
    'node1,node2,radius\n[0.25 0.5 0.0],[0.75 0.5 0.0],0.01\n'
    """
    edges = require_edges(edges)

    def names(xyz: NDArray[np.float64]) -> list[str]:
        return [f"[{x!r} {y!r} {z!r}]" for x, y, z in xyz.tolist()]

    rows = zip(names(edges.node1_xyz), names(edges.node2_xyz), edges.radius.tolist(), strict=True)
    write_csv(path, COLUMNS, list(rows))


def read_edges(path: str | Path) -> Edges:
    """Read edges from CSV ``node1,node2,radius``, as `write_edges` and other simulators write it.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FormatError
        If it is of another kind, or damaged; the message names the line.
    """
    file = require_file(path)
    if file.stat().st_size > MAX_BYTES:
        raise FormatError(f"{file}: holds more than {MAX_BYTES} bytes")
    try:
        return _read(file)
    except FormatError as error:
        raise FormatError(f"{file}: {error}") from error
    except (csv.Error, UnicodeError, ArgumentError) as error:
        raise FormatError(f"{file}: no vessels: {error!s:.200}") from error


def _read(file: Path) -> Edges:
    nodes: list[list[float]] = []
    radius: list[float] = []
    with file.open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream)
        if next(rows, None) != list(COLUMNS):
            raise FormatError(f"the header must be {','.join(COLUMNS)}")
        for row in rows:
            if len(row) != len(COLUMNS):
                raise FormatError(f"line {rows.line_num} must have {len(COLUMNS)} cells")
            try:
                nodes += _position(row[0]), _position(row[1])
                radius.append(float(row[2]))
            except ValueError as error:
                raise FormatError(f"line {rows.line_num}: {error!s:.200}") from error
    ends = np.array(nodes, dtype=np.float64).reshape(-1, 2, 3)
    return Edges(node1_xyz=ends[:, 0], node2_xyz=ends[:, 1], radius=np.array(radius))


def _position(name: str) -> list[float]:
    values = [float(part) for part in name.strip("[] ").split()]
    if len(values) != 3:
        raise ValueError(f"a node must be [x y z], got {name:.60}")
    return values
