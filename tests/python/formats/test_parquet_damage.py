# SPDX-License-Identifier: Apache-2.0
"""Parquet tables that are damaged, foreign or do not fit together are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from format_cases import assert_same, bar, crossed
from gftcore import formats
from gftcore.errors import FormatError
from gftcore.graph import ExtractFailure

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

FILES = ["edges.parquet", "images.parquet", "junctions.parquet", "nodes.parquet"]


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """A folder with a graph, a failure, and a graph with other columns."""
    out = tmp_path / "all"
    failure = ExtractFailure(1, "SHAPE", "mask must be 2-D", "b.png")
    formats.write_parquet(out, [("a", bar()), ("b", failure), ("c", crossed())])
    return out


def rewritten(folder: Path, table: str, change: Callable[[Any], Any]) -> None:
    """Change one table, its metadata kept."""
    path = folder / f"{table}.parquet"
    pq.write_table(change(pq.read_table(path)), path)


def replaced(column: str, change: Callable[[list[Any]], list[Any]]) -> Callable[[Any], Any]:
    """Change the values of one column."""

    def edit(table: Any) -> Any:
        index = table.column_names.index(column)
        field = table.schema.field(index)
        values = pa.array(change(table.column(index).to_pylist()), field.type)
        return table.set_column(index, field, values)

    return edit


def schema_entry(**entries: str) -> Callable[[Any], Any]:
    new = {key.encode(): value for key, value in entries.items()}
    return lambda table: table.replace_schema_metadata({**table.schema.metadata, **new})


def cast(column: str, kind: Any) -> Callable[[Any], Any]:
    def edit(table: Any) -> Any:
        index = table.column_names.index(column)
        return table.set_column(index, column, table.column(index).cast(kind))

    return edit


@pytest.mark.parametrize(
    ("table", "change", "message"),
    [
        ("nodes", schema_entry(schema="gftcore-graph/0"),
         r"nodes\.parquet: schema is 'gftcore-graph/0', expected 'gftcore-graph/1'"),
        ("edges", lambda table: table.replace_schema_metadata({}), "schema is '', expected"),
        ("edges", schema_entry(table="nodes"), "table is 'nodes', expected 'edges'"),
        ("images", replaced("schema", lambda _: ["gftcore-graph/0"] * 3),
         "image 'a': schema is 'gftcore-graph/0'"),
        ("nodes", lambda table: table.drop_columns(["length_px"]),
         r"column length_px \(double\) is missing"),
        ("nodes", cast("length_px", pa.float32()), "length_px must be double, got float"),
        ("nodes", lambda table: table.slice(1), "nodes.parquet: has .* rows, but images.parquet"),
        ("edges", lambda table: pa.concat_tables([table, table]), "edges.parquet: has"),
        ("images", replaced("vessels", lambda v: [v[0] + 1, None, v[2] - 1]), "in 4 rows, is so"),
        ("images", replaced("vessels", lambda v: [-1, None, v[0] + v[2] + 1]), "impossible"),
        ("images", replaced("image_id", lambda _: ["a", "a", "c"]), "must name each image once"),
        ("images", replaced("image_id", lambda _: ["x", "b", "c"]), "image_id must be 'x' in 2"),
        ("images", replaced("status", lambda _: ["ok", "bad", "ok"]), "must be ok or failed"),
        ("images", replaced("eye", lambda _: [None] * 3), "images.eye is null"),
        ("images", replaced("config", lambda _: ["{"] * 3), "damaged"),
        ("images", replaced("edge_values", lambda _: [[1] * 5] * 3), "edge_values must be 6"),
        ("images", replaced("edge_values", lambda _: [[10**9] * 6] * 3), "edge_values must be 6"),
        ("images", replaced("edge_values", lambda _: [[2] * 6] * 3), "more_values has"),
        ("nodes", replaced("length_px", lambda v: [None, *v[1:]]), "length_px has 1 nulls"),
        ("nodes", replaced("node_id", lambda v: [1, *v[1:]]), "node_id must count from 0"),
        ("nodes", replaced("bbox", lambda v: [v[0], [1, 2], *v[2:]]), "bbox must have lists of 4"),
        ("nodes", replaced("polyline", lambda v: [v[0][1:], *v[1:]]), "polyline must have two"),
        ("nodes", replaced("node1", lambda v: [7, *v[1:]]), "segment_nodes has values out of"),
        ("junctions", replaced("kind", lambda v: ["x", *v[1:]]), "kind must be one of end"),
        ("edges", replaced("relation", lambda v: ["vv", *v[1:]]), "relation must be 'vi'"),
        ("edges", replaced("dst", lambda v: [5, *v[1:]]), r"edges\.vi has values out of range"),
    ],
)  # fmt: skip
def test_tables_that_do_not_fit(
    three: Path, table: str, change: Callable[[Any], Any], message: str
) -> None:
    rewritten(three, table, lambda found: found)
    assert len(list(formats.read_parquet(three))) == 3, "negative control: no change"
    rewritten(three, table, change)
    with pytest.raises(FormatError, match=message) as error:
        list(formats.read_parquet(three))
    assert str(three) in str(error.value)


@pytest.mark.parametrize("name", FILES)
def test_missing_and_foreign_files(three: Path, name: str) -> None:
    whole = (three / name).read_bytes()
    for data in (b"", b"hello", whole[:-1], whole[: len(whole) // 2]):
        (three / name).write_bytes(data)
        with pytest.raises(FormatError, match=name):
            formats.read_parquet(three)
    (three / name).unlink()
    with pytest.raises(FormatError, match=f"{name}: is missing; a folder of gftcore-graph/1 has"):
        formats.read_parquet(three)


@pytest.mark.parametrize("name", FILES)
def test_flipped_bits(three: Path, name: str) -> None:
    """What is flipped in values is noticed by checksums; elsewhere it is an error or harmless."""
    whole = (three / name).read_bytes()
    expected = dict(formats.read_parquet(three))
    errors = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        data = bytearray(whole)
        data[rng.integers(0, len(data))] ^= 1 << rng.integers(0, 8)
        (three / name).write_bytes(data)
        try:
            found = dict(formats.read_parquet(three))
        except FormatError as error:
            assert str(three) in str(error)
            errors += 1
        else:
            assert found["b"] == expected["b"]
            for key in ("a", "c"):
                assert_same(found[key], expected[key])  # type: ignore[arg-type]
    assert errors > 5
