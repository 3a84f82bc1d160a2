# SPDX-License-Identifier: Apache-2.0
"""Many graphs as a folder of Parquet tables, written as they come."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gftcore._validation import describe, require_bool, require_iterator
from gftcore.errors import ArgumentError, ArgumentTypeError, RefusedError
from gftcore.formats.arrow_rows import GraphRows
from gftcore.formats.arrow_schemas import COUNTS, FILES, arrow
from gftcore.graph.bulk import ExtractFailure
from gftcore.graph.hetero_graph import HeteroGraph
from gftcore.graph.parts import require_graph
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
        Folder for the four files, which is there as a whole or not at all.
    items
        Names of images, each with its graph or the reason why there is none, as
        ``zip(names, extract_batch(...))`` gives them. Read one by one; memory holds some row
        groups, not all graphs. Kept images are left out.
    overwrite
        Whether the four files may be replaced in a folder that is not empty. Other files stay.

    Raises
    ------
    RefusedError
        If the folder is not empty and `overwrite` is False.
    ArgumentError
        If a name comes twice, or if a graph has unknown columns or parts that do not fit together.
    MissingExtraError
        If pyarrow is missing; the extra ``bulk`` installs it.

    Notes
    -----
    The columns are those of `data_dictionary`, whatever the graphs have. Null says that a node of
    this type, or of this graph, has no such column; NaN says that the value does not exist. Columns
    in px are exact, those in mm are computed from them. Equal input gives equal bytes, with the
    same version of pyarrow.

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
    expected = "an iterable of (image_id, HeteroGraph or ExtractFailure)"
    each = require_iterator(items, "items", expected)
    arrow("pyarrow.parquet")
    _require_free(target, overwrite=replace)
    with _whole_folder(target) as temporary, contextlib.ExitStack() as stack:
        tables = _Tables(temporary, stack)
        for image_id, result in _checked(each, expected):
            tables.add(image_id, result)
        tables.flush()


def _require_free(folder: Path, *, overwrite: bool) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise RefusedError(f"{folder} exists and is no folder")
    if not overwrite and any(folder.iterdir()):
        raise RefusedError(f"{folder} is not empty; use overwrite=True or another folder")


@contextlib.contextmanager
def _whole_folder(folder: Path) -> Iterator[Path]:
    """Give a temporary folder beside `folder`, whose files get there if nothing fails."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.parent / f".{folder.name[:50]}-{secrets.token_hex(8)}"
    temporary.mkdir()
    try:
        yield temporary
        if folder.exists() and any(folder.iterdir()):
            # Without its images a folder is refused, so that an interruption mixes no two sets.
            (folder / FILES["images"]).unlink(missing_ok=True)
            for name in reversed(tuple(FILES.values())):
                (temporary / name).replace(folder / name)
            temporary.rmdir()
        else:
            temporary.replace(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _checked(
    items: Iterator[Any], expected: str
) -> Iterator[tuple[str, HeteroGraph | ExtractFailure]]:
    seen: set[str] = set()
    for number, item in enumerate(items):
        if not isinstance(item, tuple) or len(item) != 2:
            raise ArgumentTypeError(
                f"items must be {expected}, got {describe(item)} as no. {number}"
            )
        image_id, result = item
        if not isinstance(image_id, str):
            raise ArgumentTypeError(f"image_id must be a text, got {describe(image_id)}")
        try:
            image_id.encode()
        except UnicodeError as error:
            raise ArgumentError(f"image_id must be Unicode, got {image_id!r:.100}") from error
        if not image_id or image_id in seen:
            problem = f"came twice: {image_id!r:.100}" if image_id else "is empty"
            raise ArgumentError(f"image_id must be a name of its own, but item {number} {problem}")
        if not isinstance(result, ExtractFailure):
            require_graph(result, f"the result of {image_id!r:.100}")
        seen.add(image_id)
        yield image_id, result


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
