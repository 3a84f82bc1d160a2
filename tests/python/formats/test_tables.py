# SPDX-License-Identifier: Apache-2.0
"""Graphs as CSV tables, and cells that no spreadsheet program runs."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from format_cases import bar, crossed
from gftcore import formats, graph, io
from gftcore.cli import main
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.io.tables import guarded, unguarded


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
