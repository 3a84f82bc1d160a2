# SPDX-License-Identifier: Apache-2.0
"""Many graphs as a folder of Parquet tables, written as they come."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gftcore._validation import require_bool
from gftcore.formats.arrow_rows import GraphRows
from gftcore.formats.arrow_schemas import COUNTS, FILES, arrow
from gftcore.formats.table_sets import named_results, require_free, whole_set
from gftcore.graph.bulk import ExtractFailure
from gftcore.graph.hetero_graph import HeteroGraph
from gftcore.io.files import require_path

__all__ = ["write_parquet"]

#: Rows of all tables and points of centrelines together, after which a row group is written.
_GROUP_ROWS = 1 << 18


def write_parquet(
    folder: str | Path,
    items: Iterable[tuple[str, HeteroGraph | ExtractFailure]],
    *,
    overwrite: bool = False,
) -> None:
    """Write graphs as ``images``, ``junctions``, ``nodes`` and ``edges`` in Parquet.

    Parameters
    ----------
    folder
        Folder for the four files, which get there together or not at all.
    items
        Names of images, each with its graph or the reason why there is none, as
        ``zip(names, extract_batch(...))`` gives them. Read one by one; memory holds some row
        groups, not all graphs. Kept images are left out.
    overwrite
        Whether files of these names may be replaced. Other files stay.

    Raises
    ------
    RefusedError
        If one of the files is there and `overwrite` is False.
    ArgumentError
        If a name comes twice, or if a graph has unknown columns or parts that do not fit together.
    MissingExtraError
        If pyarrow is missing; the extra ``bulk`` installs it.

    Notes
    -----
    The columns are those of `data_dictionary`, whatever the graphs have. Null says that a node of
    this type, or of this graph, has no such column; NaN says that the value does not exist. Columns
    in px are exact, those in mm are computed from them. Equal input gives equal bytes, with the
    same version of pyarrow. ``relpath`` and ``layer`` come from the source of a graph, see
    `HeteroGraph.with_source`.

    Examples
    --------
    >>> import tempfile
    >>> from gftcore import graph
    >>> masks = {"a": [[0, 0, 0], [1, 1, 1], [0, 0, 0]], "b": [[1, 2, 3]]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_parquet(Path(folder) / "all", zip(masks, graph.extract_batch(masks.values())))
    ...     sorted(path.name for path in (Path(folder) / "all").iterdir())
    ['edges.parquet', 'images.parquet', 'junctions.parquet', 'nodes.parquet']
    """
    target = require_path(folder)
    replace = require_bool(overwrite, "overwrite")
    each = named_results(items)
    arrow("pyarrow.parquet")
    names = tuple(FILES.values())
    require_free(target, names, overwrite=replace)
    with whole_set(target, names) as temporary, contextlib.ExitStack() as stack:
        tables = _Tables(temporary, stack)
        for image_id, result in each:
            tables.add(image_id, result)
        tables.flush()


class _Tables:
    """The four files, row group by row group; a group holds whole images."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self._rows = GraphRows()
        pq = arrow("pyarrow.parquet")
        texts = [
            [field.name for field in schema if str(field.type) == "string"]
            for schema in self._rows.schemas.values()
        ]
        self._writers = {
            table: stack.enter_context(
                pq.ParquetWriter(
                    folder / FILES[table],
                    schema,
                    compression="zstd",
                    use_dictionary=names,
                    write_page_checksum=True,
                )
            )
            for (table, schema), names in zip(self._rows.schemas.items(), texts, strict=True)
        }
        self._clear()

    def _clear(self) -> None:
        self._images: list[dict[str, Any]] = []
        self._batches: dict[str, list[Any]] = {table: [] for table in COUNTS}
        self._waiting = 0

    def add(self, image_id: str, result: HeteroGraph | ExtractFailure) -> None:
        """Take one image; write when there is enough for a row group."""
        rows = self._rows
        self._waiting += 1
        if isinstance(result, ExtractFailure):
            self._images.append(rows.failure(image_id, result))
        else:
            self._images.append(rows.image(image_id, result))
            self._batches["junctions"].append(rows.junctions(image_id, result))
            self._batches["nodes"] += rows.nodes(image_id, result)
            self._batches["edges"] += rows.edges(image_id, result)
            self._waiting += result.num_nodes + result.num_points + result.num_edges
            self._waiting += result.num_segments + result.num_icas + len(result.face_ica)
        if self._waiting >= _GROUP_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what waits as one row group of each table."""
        if not self._images:
            return
        pa = arrow()
        schemas = self._rows.schemas
        tables = {"images": self._rows.images(self._images)}
        for table, batches in self._batches.items():
            tables[table] = pa.Table.from_batches(batches, schemas[table])
        for table, rows in tables.items():
            self._writers[table].write_table(rows, row_group_size=max(1, rows.num_rows))
        self._clear()
