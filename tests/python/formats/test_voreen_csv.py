# SPDX-License-Identifier: Apache-2.0
"""Voreen's graphs as two tables: foreign files, round trips, damage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import exchange_cases
from exchange_cases import VOREEN, assert_equal, extracted, write_tree
from gftcore import errors, formats, graph

SPECIAL = exchange_cases.special_graphs()
BAR = np.zeros((7, 12), dtype=bool)
BAR[2:5, 2:10] = True
NODES = "id;pos_x;pos_y;pos_z;degree;isAtSampleBorder;regions\n4;0;0;0;1;0;a,b\n9;3;4;0.5;1;1;\n"
EDGES = (
    "id;node1id;node2id;length;curveness;num_voxels;hasNodeAtSampleBorder;note\n"
    '0;4;9;5.5;;3;1;"a;b"\n7;9;9;2;-inf;1;0;007\n'
)


def tables(folder: Path, nodes: str = NODES, edges: str = EDGES) -> tuple[Path, Path]:
    paths = folder / "f_nodes.csv", folder / "f_edges.csv"
    for path, text in zip(paths, (nodes, edges), strict=True):
        path.write_text(text, encoding="latin-1", newline="")
    return paths


def test_foreign_tables(tmp_path: Path) -> None:
    item = formats.read_voreen_csv(*tables(tmp_path))
    assert item.node_id.tolist() == [4, 9]
    assert item.node_pos.tolist() == [[0, 0, 0], [3, 4, 0.5]]
    assert item.edge_nodes.tolist() == [[0, 1], [1, 1]]
    assert item.nodes["isAtSampleBorder"].tolist() == [False, True]
    assert item.nodes["regions"] == ("a,b", "")
    np.testing.assert_array_equal(item.edges["curveness"], [np.nan, -np.inf])
    assert item.edges["num_voxels"].tolist() == [3, 1]
    assert item.edges["note"] == ("a;b", "007")
    assert item.to_spatial().segment_length_px.tolist() == [5, 0]
    assert item.to_spatial().point_radius_px is None
    paths = formats.write_voreen_csv(item, tmp_path / "g")
    assert [path.name for path in paths] == ["g_nodes.csv", "g_edges.csv"]
    assert_equal(formats.read_voreen_csv(*paths), item)
    again = formats.write_voreen_csv(formats.read_voreen_csv(*paths), tmp_path / "h")
    assert [p.read_bytes() for p in again] == [p.read_bytes() for p in paths]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_columns_in_any_order_and_any_line_end(tmp_path: Path, line_end: str) -> None:
    nodes = "\xef\xbb\xbfpos_z;pos_y;id;pos_x\n0;4;9;3\n0;0;4;0\n".replace("\n", line_end)
    edges = "node2id;id;node1id\n9;0;4\n".replace("\n", line_end)
    item = formats.read_voreen_csv(*tables(tmp_path, nodes, edges))
    assert item.node_pos.tolist() == [[3, 4, 0], [0, 0, 0]]
    assert item.edge_nodes.tolist() == [[1, 0]]


def test_tables_of_an_extraction(tmp_path: Path) -> None:
    nodes, edges = formats.write_voreen_csv(extracted(BAR), tmp_path / "a.b")
    assert (nodes.name, edges.name) == ("a.b_nodes.csv", "a.b_edges.csv")
    assert nodes.read_text().splitlines()[0] == (
        "id;pos_x;pos_y;pos_z;degree;isAtSampleBorder;radius"
    )
    header, row = edges.read_text().splitlines()
    assert header == (
        "id;node1id;node2id;length;distance;curveness;volume;avgCrossSection;minRadiusAvg;"
        "minRadiusStd;avgRadiusAvg;avgRadiusStd;maxRadiusAvg;maxRadiusStd;roundnessAvg;"
        "roundnessStd;node1_degree;node2_degree;num_voxels;hasNodeAtSampleBorder"
    )
    assert row.startswith("0;0;1;5.0;5.0;1.0;24.0;4.8;")
    assert row.endswith(";1;1;4;0")


@given(item=exchange_cases.hetero_graphs())
def test_features_come_back_from_tables(
    tmp_path_factory: pytest.TempPathFactory, item: graph.HeteroGraph
) -> None:
    paths = formats.write_voreen_csv(item, tmp_path_factory.mktemp("v") / "a")
    found = formats.read_voreen_csv(*paths)
    assert np.array_equal(found.node_pos[:, :2], item.node_rowcol)
    assert np.array_equal(found.edge_nodes, item.segment_nodes)
    assert np.array_equal(found.nodes["degree"], item.node_degree)
    for name, values in found.edges.items():
        np.testing.assert_array_equal(values, item.vessel(name), err_msg=name)
    assert len(found.edges) == 17


@pytest.mark.parametrize("name", SPECIAL)
def test_special_tables_come_back(tmp_path: Path, name: str) -> None:
    item = SPECIAL[name]
    found = formats.read_voreen_csv(*formats.write_voreen_csv(item, tmp_path / "a"))
    np.testing.assert_array_equal(found.node_pos[:, :2], item.node_rowcol)
    np.testing.assert_array_equal(found.edge_nodes, item.segment_nodes)
    np.testing.assert_array_equal(found.edges["length"], item.segment_length_px)


def test_nested_columns_have_no_place_in_a_table(tmp_path: Path) -> None:
    item = formats.read_voreen(write_tree(tmp_path, VOREEN))
    nodes, edges = formats.write_voreen_csv(item, tmp_path / "a")
    assert nodes.read_text().splitlines()[0].split(";")[:6] == [
        "id", "pos_x", "pos_y", "pos_z", "degree", "isAtSampleBorder",
    ]  # fmt: skip
    found = formats.read_voreen_csv(nodes, edges)
    assert set(found.nodes) == {"degree", "isAtSampleBorder", "tag", "radius", "late"}
    assert set(found.edges) == {"distance", "uuid"}
    assert found.edges["uuid"] == ("e-0", "e-1", "5")


@pytest.mark.parametrize(
    ("nodes", "edges", "words"),
    [
        ("", EDGES, r"f_nodes\.csv: the header must have id;pos_x"),
        (NODES.replace(";", ","), EDGES, "f_nodes"),
        (NODES.replace("pos_y", "pos_x"), EDGES, "f_nodes"),
        (NODES.replace("regions", "degree"), EDGES, "a name twice"),
        (NODES.replace("9;3", "4;3"), EDGES, "same id"),
        (NODES.replace("9;3", "9.0;3"), EDGES, "f_nodes"),
        (NODES.replace("9;3", ";3"), EDGES, "empty cell"),
        (NODES.replace("9;3", "9;"), EDGES, "f_nodes.*pos_x|f_nodes.*finite"),
        (NODES.replace("9;3", "9;inf"), EDGES, "f_nodes.*finite"),
        (NODES.replace("9;3", "+9;3"), EDGES, r"f_nodes.*must be an integer, got '\+9'"),
        (NODES.replace("9;3", "0_9;3"), EDGES, "f_nodes.*must be an integer, got '0_9'"),
        (NODES.replace("9;3", "9" * 30 + ";3"), EDGES, "f_nodes.*must be an integer"),
        (NODES, EDGES.replace("0;4;9", "0;4;0_9"), "f_edges.*must be an integer, got '0_9'"),
        (NODES.replace("0.5;1;1", "0.5;1;2"), EDGES, "f_nodes"),
        (NODES.replace("0.5;1;1", "0.5;one;1"), EDGES, "f_nodes"),
        (NODES + "1;2\n", EDGES, "line 4 must have 7 cells"),
        (NODES + '"', EDGES, "f_nodes"),
        (NODES + "\xff", EDGES, "f_nodes"),
        (NODES, "id;node1id\n", r"f_edges\.csv: the header must have id;node1id;node2id"),
        (NODES, EDGES.replace("0;4;9", "0;4;8"), "f_edges"),
        (NODES, EDGES.replace("7;9;9", "0;9;9"), "f_edges"),
        (NODES, EDGES.replace("5.5", "long"), "f_edges"),
        (NODES, EDGES.replace(";3;1;", ";3.5;1;"), "f_edges"),
    ],
)
def test_damaged_tables_are_refused(tmp_path: Path, nodes: str, edges: str, words: str) -> None:
    with pytest.raises(errors.FormatError, match=words):
        formats.read_voreen_csv(*tables(tmp_path, nodes, edges))


@given(data=st.data())
def test_one_wrong_byte_gives_a_graph_or_a_format_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    paths = tables(tmp_path_factory.mktemp("v"))
    damaged = data.draw(st.sampled_from(paths))
    content = bytearray(damaged.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] = data.draw(st.integers(0, 255))
    damaged.write_bytes(content)
    try:
        found = formats.read_voreen_csv(*paths)
        formats.write_voreen_csv(found, damaged.with_name("again"))
        found.to_spatial()
    except errors.FormatError as error:
        # An edge whose node is gone is an error of the edges.
        assert any(path.name in str(error) for path in paths)


def test_missing_files_are_named(tmp_path: Path) -> None:
    nodes, edges = tables(tmp_path)
    with pytest.raises(errors.MissingFileError, match="none"):
        formats.read_voreen_csv(tmp_path / "none.csv", edges)
    with pytest.raises(errors.MissingFileError, match="none"):
        formats.read_voreen_csv(nodes, tmp_path / "none.csv")
