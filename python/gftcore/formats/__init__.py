# SPDX-License-Identifier: Apache-2.0
"""Graphs for other programs: CSV, JSON and Parquet, with a data dictionary.

Examples
--------
>>> import tempfile
>>> from pathlib import Path
>>> from gftcore import formats, graph
>>> with tempfile.TemporaryDirectory() as folder:
...     path = Path(folder) / "a.json"
...     formats.write_json(graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]]), path)
...     formats.read_json(path).num_segments
1
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gftcore._lazy import attach

if TYPE_CHECKING:
    from gftcore.formats.dictionary import (
        Field,
        data_dictionary,
        dictionary_markdown,
        write_dictionary,
    )
    from gftcore.formats.json_graphs import read_json, write_json
    from gftcore.formats.parquet_reading import read_parquet
    from gftcore.formats.parquet_writing import write_parquet
    from gftcore.formats.tables import write_tables

__all__ = [
    "Field",
    "data_dictionary",
    "dictionary_markdown",
    "read_json",
    "read_parquet",
    "write_dictionary",
    "write_json",
    "write_parquet",
    "write_tables",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "Field": "dictionary",
        "data_dictionary": "dictionary",
        "dictionary_markdown": "dictionary",
        "read_json": "json_graphs",
        "read_parquet": "parquet_reading",
        "write_dictionary": "dictionary",
        "write_json": "json_graphs",
        "write_parquet": "parquet_writing",
        "write_tables": "tables",
    },
)
