# SPDX-License-Identifier: Apache-2.0
"""Graphs as CSV tables, and cells that no spreadsheet program runs."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from format_cases import bar, crossed
from gftcore import formats, graph, io
from gftcore.cli import main
from gftcore.errors import ArgumentError, ArgumentTypeError, RefusedError
from gftcore.io.tables import guarded, unguarded

FAILURE = graph.ExtractFailure(1, "SHAPE", "mask must be 2-D", "b.png")
NAMES = ["images.csv", "junctions.csv", "nodes.csv", "edges.csv"]


@pytest.fixture
def small() -> graph.HeteroGraph:
    return crossed()


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_tables_hold_every_node_and_edge(small: graph.HeteroGraph, tmp_path: Path) -> None:
    junctions, nodes, edges = map(read, formats.write_tables(small, tmp_path / "x", image_id="id"))
    assert len(junctions) == small.num_nodes
    assert {row["image_id"] for row in (*junctions, *nodes, *edges)} == {"id"}
    by_type = {t: [row for row in nodes if row["type"] == t] for t in ("vessel", "ica", "faz")}
    assert len(by_type["vessel"]) == small.num_segments
    assert len(by_type["ica"]) == small.num_icas
    assert len(by_type["faz"]) == len(small.faz_x)
    assert len(edges) == small.num_edges
    lengths = [float(row["length_px"]) for row in by_type["vessel"]]
    assert lengths == small.vessel("length").tolist()
    areas = [float(row["area_mm2"]) for row in by_type["ica"]]
    assert areas == pytest.approx(small.ica("area") * small.meta.mm_per_px**2)
    assert by_type["ica"][0]["length_px"] == ""
    points = sum(len(row["polyline"].split(";")) for row in by_type["vessel"] if row["polyline"])
    assert points == small.num_points


def test_missing_values_are_empty_cells(small: graph.HeteroGraph, tmp_path: Path) -> None:
    _, nodes, _ = map(read, formats.write_tables(small, tmp_path / "x"))
    curveness = small.vessel("curveness")
    assert np.isnan(curveness).any()
    cells = [row["curveness"] for row in nodes if row["type"] == "vessel"]
    assert [cell == "" for cell in cells] == np.isnan(curveness).tolist()


def test_wrong_arguments(small: graph.HeteroGraph, tmp_path: Path) -> None:
    for stem, image_id in ((3, ""), (None, ""), (tmp_path / "a", 3), ("a\0b", "")):
        with pytest.raises(ArgumentTypeError):
            formats.write_tables(small, stem, image_id=image_id)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="stem must end with"):
        formats.write_tables(small, "/")


def test_tables_of_many_graphs_and_failures(tmp_path: Path) -> None:
    told = bar().with_source(relpath="left/a.png", sha256="ab")
    paths = formats.write_csv_tables(tmp_path, [("a", told), ("b", FAILURE), ("c", bar())])
    images, junctions, nodes, edges = map(read, paths)
    assert [path.name for path in paths] == NAMES
    columns = ("image_id", "relpath", "sha256", "status", "error_code", "message", "vessels")
    assert [tuple(row[name] for name in columns) for row in images] == [
        ("a", "left/a.png", "ab", "ok", "", "", "1"),
        ("b", "b.png", "", "failed", "SHAPE", "mask must be 2-D", ""),
        ("c", "", "", "ok", "", "", "1"),
    ]
    for rows in (junctions, nodes, edges):
        assert list(dict.fromkeys(row["image_id"] for row in rows)) == ["a", "c"]


@pytest.mark.parametrize(
    ("items", "error", "message"),
    [
        ([("a", bar()), ("a", FAILURE)], ArgumentError, "item 1 came twice: 'a'"),
        ([("", bar())], ArgumentError, "item 0 is empty"),
        ([("\udc80", bar())], ArgumentError, "must be Unicode"),
        ([(1, bar())], ArgumentTypeError, "image_id must be a text, got int"),
        ([["a", bar()]], ArgumentTypeError, "got list as no. 0"),
        ([("a", bar(), 1)], ArgumentTypeError, "got tuple as no. 0"),
        ([("a", None)], ArgumentTypeError, "result of 'a' must be a HeteroGraph, got NoneType"),
        (3, ArgumentTypeError, "items must be an iterable of"),
    ],
)
def test_both_forms_of_tables_take_the_same_items(
    tmp_path: Path, items: Any, error: type[Exception], message: str
) -> None:
    for write in (formats.write_csv_tables, formats.write_parquet):
        with pytest.raises(error, match=message):
            write(tmp_path / "all", items)
    assert list(tmp_path.iterdir()) == []


def test_both_forms_of_tables_refuse_the_same(tmp_path: Path) -> None:
    for write, suffix in ((formats.write_csv_tables, "csv"), (formats.write_parquet, "parquet")):
        out = tmp_path / suffix
        out.mkdir()
        (out / "notes.txt").write_text("mine")
        write(out, [("a", bar())])
        before = {path.name: path.read_bytes() for path in out.iterdir()}
        with pytest.raises(RefusedError, match=rf"images\.{suffix} exists; use overwrite=True"):
            write(out, [("z", crossed())])
        with pytest.raises(ArgumentTypeError, match="overwrite must be True or False"):
            write(out, [("z", crossed())], overwrite=1)  # type: ignore[arg-type]
        assert {path.name: path.read_bytes() for path in out.iterdir()} == before
        write(out, [("z", crossed())], overwrite=True)
        after = {path.name: path.read_bytes() for path in out.iterdir()}
        assert {name for name in before if before[name] == after[name]} == {"notes.txt"}
        assert set(after) == set(before)


def test_tables_that_cannot_all_be_replaced_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    formats.write_csv_tables(tmp_path, [("a", bar())])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    plain = Path.replace

    def failing(path: Path, target: Path) -> Path:
        if target == tmp_path / "junctions.csv" and path.parent.name.startswith(".csv-"):
            raise OSError("disk")
        return plain(path, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OSError, match="disk"):
        formats.write_csv_tables(tmp_path, [("z", crossed())], overwrite=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+2", "'=1+2"), ("+A1", "'+A1"), ("-A1", "'-A1"), ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"), ("\r=1", "'\r=1"), ("'=1", "''=1"), ("-", "'-"),
        ("0001_OD", "0001_OD"), ("a=1", "a=1"), ("'s", "'s"), ("", ""),
        ("-1", "-1"), ("+1.5e-3", "+1.5e-3"), (-1, "-1"), (-1.5e-3, "-0.0015"),
        (float("-inf"), "-inf"),
    ],
)  # fmt: skip
def test_cells_that_are_no_formulas(tmp_path: Path, value: object, cell: str) -> None:
    io.write_csv(tmp_path / "a.csv", ["a", "b"], [[value, 0]])
    with (tmp_path / "a.csv").open(newline="") as stream:
        found = list(csv.reader(stream))[1][0]
    assert found == cell
    if isinstance(value, str):
        assert unguarded(found) == value


@given(st.text(st.sampled_from("=+-@\t\r'1a")))
def test_texts_come_back(text: str) -> None:
    cell = guarded(text)
    assert unguarded(cell) == text
    try:
        float(cell)
    except ValueError:
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_names_of_images_are_no_formulas(tmp_path: Path) -> None:
    for path in formats.write_tables(bar(), tmp_path / "x", image_id="=HYPERLINK(1)"):
        assert {row["image_id"] for row in read(path)} == {"'=HYPERLINK(1)"}


def test_a_resumed_run_knows_such_names(tmp_path: Path) -> None:
    for name in ("=a", "-b"):
        mask = np.zeros((40, 40), dtype=bool)
        mask[20] = True
        io.write_image(tmp_path / f"{name}.png", mask)
    command = ["extract", str(tmp_path), "--out", str(tmp_path / "out"), "--quiet"]
    assert main(command) == 0
    first = (tmp_path / "out" / "images.csv").read_bytes()
    assert [row["image_id"] for row in read(tmp_path / "out" / "images.csv")] == ["'-b", "'=a"]
    assert main(command) == 0
    assert (tmp_path / "out" / "images.csv").read_bytes() == first
