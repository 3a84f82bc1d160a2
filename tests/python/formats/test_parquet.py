# SPDX-License-Identifier: Apache-2.0
"""Graphs as Parquet: what other programs see, whole folders, and what is refused."""

from __future__ import annotations

import dataclasses
import errno
import gc
import json
import os
import sys
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gftcore
from format_cases import assert_same, bar, crossed
from gftcore import formats, graph
from gftcore.cli.outcome import Exit, exit_code
from gftcore.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    MissingExtraError,
    MissingFileError,
    RefusedError,
)
from gftcore.formats import parquet_reading, parquet_writing
from gftcore.graph import ExtractFailure, HeteroGraph

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
duckdb = pytest.importorskip("duckdb")

FAILURE = ExtractFailure(1, "SHAPE", "mask must be 2-D", "b.png")
FILES = ["edges.parquet", "images.parquet", "junctions.parquet", "nodes.parquet"]


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """A folder with a graph, a failure, and a graph with other columns."""
    out = tmp_path / "all"
    first = bar().with_source(sha256="ab", layer="DCP")
    formats.write_parquet(out, [("a", first), ("b", FAILURE), ("c", crossed())])
    return out


def query(text: str, folder: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        for name in FILES:
            connection.execute(
                f"CREATE VIEW {name.split('.')[0]} AS SELECT * FROM '{folder / name}'"
            )
        found: list[tuple[Any, ...]] = connection.execute(text).fetchall()
    return found


def test_the_rows_of_a_bar(tmp_path: Path) -> None:
    formats.write_parquet(tmp_path / "all", [("a", bar())])
    rows = {name: pq.read_table(tmp_path / "all" / name).to_pylist() for name in FILES}
    (image,) = rows["images.parquet"]
    assert (image["image_id"], image["rows"], image["cols"]) == ("a", 5, 8)
    assert image["mm_per_px"] == 3 / 8
    assert (image["status"], image["error_code"], image["warnings"]) == ("ok", None, [])
    assert [image[name] for name in ("junctions", "vessels", "icas", "faz")] == [2, 1, 1, 1]
    assert image["face_ica"] == [-2, 0]
    assert image["edge_values"] == [1] * 6
    assert json.loads(image["config"]) == bar().meta.config
    ends = [(row["row"], row["col"], row["kind"]) for row in rows["junctions.parquet"]]
    assert ends == [(2.0, 0.0, "border"), (2.0, 7.0, "border")]
    vessel, area, zone = rows["nodes.parquet"]
    assert [row["type"] for row in (vessel, area, zone)] == ["vessel", "ica", "faz"]
    assert (vessel["length_px"], vessel["length_mm"]) == (7.0, 7.0 * 3 / 8)
    assert vessel["point_pixels"] == [2, 1, 2, 2, 2, 3, 2, 4, 2, 5, 2, 6]
    assert len(vessel["polyline"]) == 2 * len(vessel["point_radii_px"]) == 12
    assert vessel["bbox"] is vessel["area_px2"] is area["length_px"] is zone["polyline"] is None
    assert area["bbox"] == [3, 0, 5, 8]
    assert (area["area_px2"], area["area_mm2"]) == (16.0, 16.0 * (3 / 8) ** 2)
    assert (area["row"], area["col"]) == (3.5, 3.5)
    assert (zone["label"], zone["touches_border"]) == (1, None)
    edges = [tuple(row.values())[1:] for row in rows["edges.parquet"]]
    assert edges == [
        ("vi", 0, 0, "border_px", 6.0, None),
        ("vf", 0, 0, "border_px", 6.0, None),
        ("if", 0, 0, "border_px", 6.0, None),
        ("ff", 0, 0, "border_px", 0.0, None),
    ]


def test_files_and_layers_come_from_the_source(tmp_path: Path) -> None:
    told = bar().with_source(relpath="left/a.png", layer="SVP")
    formats.write_parquet(tmp_path / "all", [("a", told), ("b", FAILURE), ("c", bar())])
    rows = pq.read_table(tmp_path / "all" / "images.parquet").to_pylist()
    assert [row["relpath"] for row in rows] == ["left/a.png", "b.png", None]
    assert [row["layer"] for row in rows] == ["SVP", None, None]


def test_null_is_no_column_and_nan_no_value(three: Path) -> None:
    """A graph without grey values has nulls; one whose vessel is a loop has NaN."""
    table = pq.read_table(three / "nodes.parquet", columns=["image_id", "type", "curveness",
                                                            "intensity_mean"])  # fmt: skip
    rows = table.to_pylist()
    vessels = [row for row in rows if row["type"] == "vessel"]
    assert all(row["intensity_mean"] is None for row in vessels if row["image_id"] == "a")
    assert all(row["intensity_mean"] is not None for row in vessels if row["image_id"] == "c")
    assert all(row["curveness"] is None for row in rows if row["type"] != "vessel")
    values = [row["curveness"] for row in vessels]
    assert None not in values
    assert sum(np.isnan(values)) == np.isnan(crossed().vessel("curveness")).sum() > 0
    # Negative control: pandas takes one for the other.
    unclear = table.column("curveness").to_numpy()
    assert np.isnan(unclear).sum() > sum(np.isnan(values))


def test_duckdb_means_by_type(three: Path) -> None:
    found = dict(
        query("SELECT type, avg(length_mm) FROM nodes WHERE image_id = 'c' GROUP BY type", three)
    )
    one = crossed()
    assert found["vessel"] == pytest.approx(one.vessel("length").mean() * one.meta.mm_per_px)
    assert found["ica"] is found["faz"] is None


def test_duckdb_joins_by_image(three: Path) -> None:
    found = query(
        "SELECT image_id, layer, count(*), any_value(config_hash) FROM nodes "
        "JOIN images USING (image_id) WHERE type = 'vessel' GROUP BY image_id, layer "
        "ORDER BY image_id",
        three,
    )
    one, other = bar(), crossed()
    assert found == [
        ("a", "DCP", one.num_segments, one.meta.config_hash),
        ("c", None, other.num_segments, other.meta.config_hash),
    ]
    failed = query("SELECT image_id, error_code, message FROM images WHERE status <> 'ok'", three)
    assert failed == [("b", "SHAPE", "mask must be 2-D")]
    ends = query(
        "SELECT n.node_id, j.kind FROM nodes n JOIN junctions j "
        "ON n.image_id = j.image_id AND n.node1 = j.junction_id WHERE n.image_id = 'a'",
        three,
    )
    assert ends == [(0, "border")]


def test_units_and_provenance_are_in_the_files(three: Path) -> None:
    for table, fields in formats.data_dictionary().items():
        schema = pq.read_schema(three / f"{table}.parquet")
        assert schema.names == [field.name for field in fields]
        for field in fields:
            about = schema.field(field.name).metadata
            assert about[b"unit"].decode() == field.unit
            assert about[b"meaning"].decode() == field.meaning
        entries = {key.decode(): value.decode() for key, value in schema.metadata.items()}
        assert entries["schema"] == "gftcore-graph/1"
        assert entries["gftcore"] == gftcore.__version__
        assert entries["simd_target"] == gftcore.simd_target()
        assert [row["column"] for row in json.loads(entries["dictionary"])] == schema.names
    assert pq.read_schema(three / "nodes.parquet").field("area_mm2").metadata[b"unit"] == b"mm^2"


def test_the_schema_does_not_depend_on_the_graphs(three: Path, tmp_path: Path) -> None:
    formats.write_parquet(tmp_path / "none", [])
    for name in FILES:
        empty, full = pq.read_schema(tmp_path / "none" / name), pq.read_schema(three / name)
        assert empty.equals(full, check_metadata=True)
    assert list(formats.read_parquet(tmp_path / "none")) == []


def test_results_of_a_batch(tmp_path: Path) -> None:
    masks = {"a": np.eye(40, dtype=bool), "b": np.zeros((2, 2, 2), bool), "c": np.ones((9, 9)) > 0}
    results = zip(masks, graph.extract_batch(masks.values()), strict=True)
    with pytest.warns(gftcore.GftcoreWarning, match="FULL_MASK"):
        formats.write_parquet(tmp_path / "all", results)
    found = dict(formats.read_parquet(tmp_path / "all"))
    assert list(found) == list(masks)
    assert isinstance(found["b"], ExtractFailure)
    assert (found["b"].index, found["b"].code) == (1, "SHAPE")
    assert isinstance(found["a"], HeteroGraph)
    assert_same(found["a"], graph.extract(masks["a"]))


def test_equal_input_gives_equal_bytes(three: Path, tmp_path: Path) -> None:
    formats.write_parquet(tmp_path / "again", formats.read_parquet(three))
    for name in FILES:
        data = (three / name).read_bytes()
        assert data == (tmp_path / "again" / name).read_bytes(), name
        assert tmp_path.name.encode() not in data


def test_memory_holds_few_graphs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_writing, "_GROUP_ROWS", 1)
    alive: list[weakref.ref[Any]] = []

    def graphs() -> Iterator[tuple[str, HeteroGraph]]:
        for number in range(6):
            one = bar()
            alive.append(weakref.ref(one.point_rowcol))
            yield f"{number}", one
            del one
            gc.collect()
            assert sum(found() is not None for found in alive) <= 2

    formats.write_parquet(tmp_path / "all", graphs())
    for name in FILES:
        assert pq.ParquetFile(tmp_path / "all" / name).num_row_groups == 6
    for _, found in formats.read_parquet(tmp_path / "all"):
        assert_same(found, bar())  # type: ignore[arg-type]


def test_groups_hold_whole_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_writing, "_GROUP_ROWS", 60)
    formats.write_parquet(tmp_path / "all", ((f"{i}", bar()) for i in range(20)))
    images, nodes = (pq.ParquetFile(tmp_path / "all" / name) for name in FILES[1::2])
    assert images.num_row_groups == nodes.num_row_groups > 3
    for group in range(images.num_row_groups):
        ids = [
            set(file.read_row_group(group, columns=["image_id"]).column(0).to_pylist())
            for file in (images, nodes)
        ]
        assert ids[0] == ids[1]
        assert 1 < len(ids[0]) < 20


def test_groups_nobody_asked_for_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_writing, "_GROUP_ROWS", 1)
    formats.write_parquet(tmp_path / "all", ((f"{i}", bar()) for i in range(9)))
    read: list[int] = []
    plain = parquet_reading._Cursor._read

    def counted(cursor: Any, group: int) -> None:
        read.append(group)
        plain(cursor, group)

    monkeypatch.setattr(parquet_reading._Cursor, "_read", counted)
    found = formats.read_parquet(tmp_path / "all", image_ids=["7", "2", "7"])
    assert [name for name, _ in found] == ["2", "7"]
    assert sorted(read) == [2] * 4 + [7] * 4


def test_other_row_groups_are_read_too(three: Path) -> None:
    expected = dict(formats.read_parquet(three))
    for name, size in zip(FILES, (1, 2, 3, 5), strict=True):
        table = pq.read_table(three / name)
        pq.write_table(table, three / name, row_group_size=size)
    found = dict(formats.read_parquet(three))
    assert list(found) == ["a", "b", "c"]
    for name in ("a", "c"):
        assert_same(found[name], expected[name])  # type: ignore[arg-type]


# --- whole folders ------------------------------------------------------------------------------


def test_tables_that_are_there_are_refused(three: Path) -> None:
    before = {path.name: path.read_bytes() for path in three.iterdir()}
    (three / "notes.txt").write_text("mine")
    with pytest.raises(RefusedError, match="overwrite=True"):
        formats.write_parquet(three, [("z", bar())])
    assert {name: (three / name).read_bytes() for name in before} == before
    formats.write_parquet(three, [("z", bar())], overwrite=True)
    assert [name for name, _ in formats.read_parquet(three)] == ["z"]
    assert (three / "notes.txt").read_text() == "mine"
    assert sorted(path.name for path in three.parent.iterdir()) == ["all"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    formats.write_parquet(tmp_path / "all", [("z", bar())])
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == FILES
    (tmp_path / "file").touch()
    with pytest.raises(RefusedError, match="is no folder"):
        formats.write_parquet(tmp_path / "file", [], overwrite=True)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_run_that_fails_leaves_nothing(three: Path, overwrite: bool) -> None:
    target = three if overwrite else three.with_name("new")
    before = {path: path.read_bytes() for path in three.iterdir()}

    def broken() -> Iterator[tuple[str, HeteroGraph]]:
        yield "a", bar()
        raise RuntimeError("disk")

    with pytest.raises(RuntimeError, match="disk"):
        formats.write_parquet(target, broken(), overwrite=overwrite)
    assert {path: path.read_bytes() for path in three.iterdir()} == before
    assert sorted(path.name for path in three.parent.iterdir()) == ["all"]


def failing_moves(monkeypatch: pytest.MonkeyPatch, fails: Callable[[Path, Path], bool]) -> None:
    """Let some renames fail as they do between two file systems."""
    plain = Path.replace

    def replace(path: Path, target: Path) -> Path:
        if fails(path, target):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return plain(path, target)

    monkeypatch.setattr(Path, "replace", replace)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("aside", [False, True])
def test_a_replacement_that_fails_is_undone(
    three: Path, monkeypatch: pytest.MonkeyPatch, name: str, aside: bool
) -> None:
    """Whichever rename fails, that of an old file or that of a new one, the old set is there."""
    before = {path: path.read_bytes() for path in three.iterdir()}
    with monkeypatch.context() as patch:
        failing_moves(patch, lambda path, to: (
            path == three / name if aside
            else to == three / name and path.parent.name.startswith(".parquet-")
        ))  # fmt: skip
        with pytest.raises(OSError, match="cross-device"):
            formats.write_parquet(three, [("z", bar())], overwrite=True)
    assert {path: path.read_bytes() for path in three.iterdir()} == before
    formats.write_parquet(three, [("z", bar())], overwrite=True)
    assert [key for key, _ in formats.read_parquet(three)] == ["z"], "negative control"


def test_old_tables_that_cannot_be_put_back_are_kept(
    three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in three.iterdir()}
    failing_moves(monkeypatch, lambda _, to: to == three / "junctions.parquet")
    with pytest.raises(OSError, match=r"the old tables lie in .*, move them back"):
        formats.write_parquet(three, [("z", bar())], overwrite=True)
    with pytest.raises(FormatError, match=r"images\.parquet: is missing"):
        formats.read_parquet(three)
    (old,) = three.glob(".parquet-*/old")
    kept = {path.name: path.read_bytes() for path in (*old.iterdir(), *three.glob("*.parquet"))}
    assert kept == before


def test_new_tables_go_away_if_there_were_no_old_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "all"
    failing_moves(monkeypatch, lambda _, to: to == out / "images.parquet")
    with pytest.raises(OSError, match="cross-device"):
        formats.write_parquet(out, [("z", bar())])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("old", [False, True])
def test_nothing_happens_beside_the_folder(three: Path, old: bool) -> None:
    """So mount points and folders in folders that cannot be written work."""
    target = three if old else three.with_name("empty")
    target.mkdir(exist_ok=True)
    os.utime(three.parent, ns=(0, 0))
    formats.write_parquet(target, [("z", bar())], overwrite=old)
    assert three.parent.stat().st_mtime_ns == 0
    assert sorted(path.name for path in target.iterdir()) == FILES


@pytest.mark.parametrize("old", [False, True])
def test_a_link_to_a_folder(three: Path, old: bool) -> None:
    target = three if old else three.with_name("empty")
    target.mkdir(exist_ok=True)
    link = three.with_name("link")
    link.symlink_to(target)
    formats.write_parquet(link, [("z", bar())], overwrite=old)
    assert link.is_symlink()
    assert [name for name, _ in formats.read_parquet(target)] == ["z"]


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "all" / "nodes.parquet").mkdir(parents=True)
    with pytest.raises(RefusedError, match=r"nodes\.parquet is a folder"):
        formats.write_parquet(tmp_path / "all", [], overwrite=True)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(RefusedError, match="is no folder"):
        formats.write_parquet(tmp_path / "link", [])


# --- arguments ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "error", "message"),
    [
        ([("a", bar()), ("a", FAILURE)], ArgumentError, "item 1 came twice: 'a'"),
        ([("", bar())], ArgumentError, "item 0 is empty"),
        ([("\udc80", bar())], ArgumentError, "must be Unicode"),
        ([(1, bar())], ArgumentTypeError, "image_id must be a text, got int"),
        ([("a", None)], ArgumentTypeError, "result of 'a' must be a HeteroGraph, got NoneType"),
        ([bar()], ArgumentTypeError, "got HeteroGraph as no. 0"),
        (3, ArgumentTypeError, "items must be an iterable of"),
        ([("a", bar().with_source(x="\udc80"))], ArgumentError, "source must hold string"),
        ([("a", dataclasses.replace(bar(), vessel_columns=("row",) * len(bar().vessel_columns)))],
         ArgumentError, "columns of vessel must differ"),
        ([("a", dataclasses.replace(bar(), ica_columns=("new",) * len(bar().ica_columns)))],
         ArgumentError, "columns of ica must differ"),
        ([("a", dataclasses.replace(bar(), ica_columns=("new", *bar().ica_columns[1:])))],
         ArgumentError, "must be one of .* got 'new'"),
    ],
)  # fmt: skip
def test_wrong_items(tmp_path: Path, items: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        formats.write_parquet(tmp_path / "all", items)
    assert list(tmp_path.iterdir()) == []


def test_wrong_arguments(three: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentTypeError, match="overwrite must be True or False"):
        formats.write_parquet(three, [], overwrite=1)  # type: ignore[arg-type]
    with pytest.raises(MissingFileError, match="is no folder"):
        formats.read_parquet(tmp_path / "none")
    with pytest.raises(ArgumentError, match=r"has no image 'x', 'y'$"):
        formats.read_parquet(three, image_ids=["a", "x", "y"])
    with pytest.raises(ArgumentError, match="'5', '6' and 4 more"):
        formats.read_parquet(three, image_ids=map(str, range(2, 11)))
    with pytest.raises(ArgumentTypeError, match=r'use \["\.\.\."\] for one'):
        formats.read_parquet(three, image_ids="a")
    with pytest.raises(ArgumentTypeError, match="image_ids must hold texts"):
        formats.read_parquet(three, image_ids=[1])  # type: ignore[list-item]


def test_a_missing_pyarrow_is_explained(
    three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pyarrow", "pyarrow.parquet", "pyarrow.compute"):
        monkeypatch.setitem(sys.modules, name, None)
    for call in (
        lambda: formats.read_parquet(three),
        lambda: formats.write_parquet(tmp_path / "new", []),
    ):
        with pytest.raises(MissingExtraError, match=r'pip install "gftcore\[bulk\]"') as error:
            call()
        assert exit_code(error.value) == Exit.MISSING_EXTRA == 4
    assert not (tmp_path / "new").exists()
