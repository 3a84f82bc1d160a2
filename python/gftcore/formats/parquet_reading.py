# SPDX-License-Identifier: Apache-2.0
"""Graphs from a folder of Parquet tables, one row group at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore._validation import require_iterator
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError, MissingFileError
from gftcore.formats.arrow_graphs import failure_of_row, graph_of_rows
from gftcore.formats.arrow_schemas import COUNTS, FILES, arrow, arrow_schema
from gftcore.graph.hetero_graph import SCHEMA
from gftcore.graph.parts import damage_named
from gftcore.io.files import require_path

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.graph.bulk import ExtractFailure
    from gftcore.graph.hetero_graph import HeteroGraph

__all__ = ["read_parquet"]


def read_parquet(
    folder: str | Path, *, image_ids: Iterable[str] | None = None
) -> Iterator[tuple[str, HeteroGraph | ExtractFailure]]:
    """Read the graphs that `write_parquet` wrote, in their order.

    Parameters
    ----------
    folder
        Folder with the four files.
    image_ids
        Names of the images to read; None means all.

    Yields
    ------
    (str, HeteroGraph or ExtractFailure)
        Name of an image and its graph, or why it has none. Memory holds a row group of each table.

    Raises
    ------
    MissingFileError
        If there is no such folder.
    FormatError
        If a file is missing, damaged, of another kind or version, or if tables do not fit together.
    ArgumentError
        If there is no image of a given name.
    MissingExtraError
        If pyarrow is missing; the extra ``bulk`` installs it.

    Examples
    --------
    >>> import tempfile
    >>> from gftcore import formats, graph
    >>> masks = {"a": [[0, 0, 0], [1, 1, 1], [0, 0, 0]], "b": [[1, 2, 3]]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     results = zip(masks, graph.extract_batch(masks.values()))
    ...     formats.write_parquet(Path(folder) / "all", results)
    ...     for image_id, result in read_parquet(Path(folder) / "all"):
    ...         print(image_id, getattr(result, "num_segments", "has no graph"))
    a 1
    b has no graph
    """
    path = require_path(folder)
    wanted = None if image_ids is None else _require_ids(image_ids)
    arrow("pyarrow.parquet")
    if not path.is_dir():
        raise MissingFileError(f"{path}: is no folder")
    tables = _Tables(path)
    with damage_named(path):
        tables.require_consistent()
    return tables.results(None if wanted is None else tables.places(wanted))


def _require_ids(image_ids: object) -> list[str]:
    each = require_iterator(image_ids, "image_ids", "a sequence of names", '; use ["..."] for one')
    names = list(dict.fromkeys(each))
    for name in names:
        if not isinstance(name, str):
            raise ArgumentTypeError(f"image_ids must hold texts, got {type(name).__name__}")
    return names


class _Tables:
    """The four files, and where each image's rows begin in them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = {table: _open(folder / name, table) for table, name in FILES.items()}
        counts = [name for names in COUNTS.values() for name in names]
        with damage_named(folder / FILES["images"]):
            known = self._files["images"].read(columns=["image_id", *counts])
            self._ids: list[str] = known.column("image_id").to_pylist()
            self._counts = {
                name: known.column(name).fill_null(0).to_numpy().astype(np.int64) for name in counts
            }

    def require_consistent(self) -> None:
        """Check names, and that the counts of the images make up the other tables."""
        images = self._folder / FILES["images"]
        if None in self._ids or len(set(self._ids)) < len(self._ids):
            raise FormatError(f"{images}: image_id must name each image once")
        self._starts: dict[str, NDArray[np.int64]] = {}
        for table, names in COUNTS.items():
            rows = self._files[table].metadata.num_rows
            counts = np.stack([self._counts[name] for name in names])
            # First, so that the sum cannot overflow.
            bad = counts.size > 0 and (int(counts.min()) < 0 or int(counts.max()) > rows)
            total = None if bad else int(counts.sum())
            if total != rows:
                expected = "impossible numbers of" if total is None else total
                raise FormatError(
                    f"{self._folder / FILES[table]}: has {rows} rows, but {images.name} counts "
                    f"{expected} rows"
                )
            self._starts[table] = np.concatenate([[0], np.cumsum(counts.sum(axis=0))])

    def places(self, names: list[str]) -> list[int]:
        """Return where images stand, in the order of the file."""
        known = {name: place for place, name in enumerate(self._ids)}
        missing = [name for name in names if name not in known]
        if missing:
            shown = ", ".join(repr(name) for name in missing[:5])
            more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
            raise ArgumentError(f"{self._folder} has no image {shown:.500}{more}")
        return sorted(known[name] for name in names)

    def results(
        self, places: list[int] | None
    ) -> Iterator[tuple[str, HeteroGraph | ExtractFailure]]:
        """Yield the images at some places."""
        cursors = {
            table: _Cursor(file, self._folder / FILES[table], table)
            for table, file in self._files.items()
        }
        try:
            for place in range(len(self._ids)) if places is None else places:
                with damage_named(self._folder):
                    result = self._result(cursors, place)
                yield self._ids[place], result
        finally:
            for file in self._files.values():
                file.close()

    def _result(self, cursors: dict[str, _Cursor], place: int) -> HeteroGraph | ExtractFailure:
        images = cursors["images"].rows(place, 1)
        row = {name: images.column(name)[0] for name in images.column_names}
        plain = {name: value.as_py() for name, value in row.items() if name != "face_ica"}
        status = plain["status"]
        if status == "failed":
            return failure_of_row(plain)
        if status != "ok":
            raise FormatError(
                f"{self._folder / FILES['images']}: status must be ok or failed, got {status!r:.60}"
            )
        rows = {}
        for table, starts in self._starts.items():
            start, end = starts[place : place + 2].tolist()
            rows[table] = cursors[table].rows(start, end - start)
        return graph_of_rows(self._folder, {**plain, "face_ica": row["face_ica"].values}, rows)


def _open(path: Path, table: str) -> Any:
    """Open one file and check what it says about itself."""
    if not path.is_file():
        raise FormatError(
            f"{path}: is missing; a folder of {SCHEMA} has {', '.join(FILES.values())}"
        )
    with damage_named(path):
        pq = arrow("pyarrow.parquet")
        file = pq.ParquetFile(path, page_checksum_verification=True)
        found, wanted = file.schema_arrow, arrow_schema(table)
    entries = {key.decode(): value for key, value in (found.metadata or {}).items()}
    for key, expected in (("schema", SCHEMA), ("table", table)):
        value = entries.get(key, b"").decode(errors="replace")
        if value != expected:
            raise FormatError(f"{path}: {key} is {value!r:.60}, expected {expected!r}")
    for field in wanted:
        index = found.get_field_index(field.name)
        if index < 0:
            raise FormatError(f"{path}: column {field.name} ({field.type}) is missing")
        if found.field(index).type != field.type:
            raise FormatError(
                f"{path}: column {field.name} must be {field.type}, got {found.field(index).type}"
            )
    return file


class _Cursor:
    """Rows of one file from front to back; row groups that nobody asks for are not read."""

    def __init__(self, file: Any, path: Path, table: str) -> None:
        self._file = file
        self._path = path
        self._columns = [name for name in arrow_schema(table).names if not _computed(name)]
        sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        self._ends = np.cumsum([0, *sizes])
        self._group = -1
        self._table: Any = None

    def rows(self, start: int, count: int) -> Any:
        """Return `count` rows from `start` on; starts never fall."""
        pieces = []
        while True:
            # The last group that begins at or before the row, so empty groups are passed over.
            group = int(np.searchsorted(self._ends, start, side="right")) - 1
            group = min(group, len(self._ends) - 2)
            if group != self._group:
                self._read(group)
            first = start - int(self._ends[max(group, 0)])
            piece = self._table.slice(first, count)
            pieces.append(piece)
            start, count = start + piece.num_rows, count - piece.num_rows
            if count == 0:
                return arrow().concat_tables(pieces)
            if piece.num_rows == 0:
                raise FormatError(f"{self._path}: ends {count} rows early")

    def _read(self, group: int) -> None:
        self._table = None  # not two groups at once
        with damage_named(self._path):
            if group < 0:
                self._table = self._file.schema_arrow.empty_table().select(self._columns)
            else:
                self._table = self._file.read_row_group(group, columns=self._columns)
        self._group = group


def _computed(name: str) -> bool:
    """Whether a column says in mm what another says in px."""
    return name.endswith(("_mm", "_mm2")) and name != "fov_mm"
