# SPDX-License-Identifier: Apache-2.0
"""Voreen's graphs as JSON: foreign files, round trips, damage; and their columns by hand."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import exchange_cases
from exchange_cases import VOREEN, assert_equal, assert_same, extracted, turned, write_tree
from gftcore import errors, formats, graph
from gftcore.formats import reading, voreen_json

SPECIAL = exchange_cases.special_graphs()
BAR = np.zeros((7, 12), dtype=bool)
BAR[2:5, 2:10] = True


@pytest.mark.parametrize("name", ["graph.json", "graph.vvg.gz"])
def test_a_foreign_file(tmp_path: Path, name: str) -> None:
    item = formats.read_voreen(write_tree(tmp_path, VOREEN, name))
    assert item.node_id.tolist() == [7, 3, -2]
    assert item.node_pos.tolist() == [[0, 0, 5], [0, 9, 0], [4, 4, 0]]
    assert item.edge_id.tolist() == [20, 10, 11]
    assert item.edge_nodes.tolist() == [[0, 1], [1, 0], [0, 0]]
    assert item.node_degree.tolist() == [4, 2, 0]
    assert item.point_ptr.tolist() == [0, 2, 2, 2]
    assert item.voxel_pos.tolist() == [[0, 6, 0], [0, 3, 0]]
    assert set(item.nodes) == {"tag", "radius", "isAtSampleBorder", "x", "late"}
    np.testing.assert_array_equal(item.nodes["radius"], [1.5, np.nan, np.nan])
    assert item.nodes["isAtSampleBorder"] == (None, True, False)
    assert item.nodes["tag"] == ("a", None, None)
    assert item.nodes["x"] == (None, {"y": []}, None)
    np.testing.assert_array_equal(item.edges["distance"], [9, np.nan, np.nan])
    assert item.edges["uuid"] == ("e-0", "e-1", 5)
    assert item.edges["pathProperties"] == (None, {"length": 9.5}, None)
    np.testing.assert_array_equal(item.voxels["minDistToSurface"], [np.nan, np.inf])
    assert item.voxels["numSurfaceVoxels"] == (4, None)
    assert item.file_entries == {"version": {"major": 5}}
    assert item.graph_entries == {"bounds": [0, 9]}
    assert repr(item) == "VoreenGraph(3 nodes, 3 edges, 2 voxels)"


def test_voxels_may_run_from_either_node(tmp_path: Path) -> None:
    item = formats.read_voreen(write_tree(tmp_path, VOREEN)).to_spatial()
    assert item.segment_nodes.tolist() == [[0, 1], [1, 0], [0, 0]]
    assert item.point_rowcol.tolist() == [[0, 3], [0, 6]]
    assert item.point_radius_px is not None
    assert item.point_radius_px.tolist() == [1, 2]
    assert item.segment_length_px.tolist() == [9, 9, 0]


def test_a_reader_that_trusts_the_order_of_voxels_gets_another_line(tmp_path: Path) -> None:
    item = formats.read_voreen(write_tree(tmp_path, VOREEN))
    naive = formats.SpatialGraph(
        node_rowcol=item.node_pos[:, :2],
        segment_nodes=item.edge_nodes,
        point_ptr=item.point_ptr,
        point_rowcol=item.voxel_pos[:, :2],
    )
    assert naive.segment_length_px.tolist() == [6 + 3 + 6, 9, 0]
    with pytest.raises(AssertionError):
        assert_same(naive, item.to_spatial(), radii=False)


@pytest.mark.parametrize("name", ["b.json", "b.json.gz"])
def test_a_foreign_file_survives(tmp_path: Path, name: str) -> None:
    wanted = formats.read_voreen(write_tree(tmp_path, VOREEN))
    formats.write_voreen(wanted, tmp_path / name)
    assert_equal(formats.read_voreen(tmp_path / name), wanted)
    data = (tmp_path / name).read_bytes()
    assert (data[:2] == b"\x1f\x8b") == name.endswith(".gz")
    tree = json.loads(gzip.decompress(data) if name.endswith(".gz") else data)
    assert [edge.get("skeletonVoxels") == [] for edge in tree["graph"]["edges"]] == [
        False, False, True,
    ]  # fmt: skip
    assert "skeletonVoxels" not in tree["graph"]["edges"][1]
    assert [node["edges"] for node in tree["graph"]["nodes"]] == [[20, 10, 11], [20, 10], []]
    formats.write_voreen(wanted, tmp_path / f"c{name}")
    assert (tmp_path / f"c{name}").read_bytes() == data


def test_columns_keep_the_order_of_their_rows(tmp_path: Path) -> None:
    tree = json.loads(json.dumps(VOREEN))
    rows = tree["graph"]["nodes"]
    for node, names in zip(rows, ("ac", "bc", "cd"), strict=True):
        node.clear()
        node.update({"id": ord(names[0]), "edges": [], "pos": [0, 0, 0], **dict.fromkeys(names, 1)})
    tree["graph"]["edges"] = []
    path = write_tree(tmp_path, tree)
    formats.write_voreen(formats.read_voreen(path), path)
    found = json.loads(path.read_text())["graph"]["nodes"]
    assert [list(node) for node in found] == [list(node) for node in rows]
    rows[1].update(a=rows[1].pop("a", 1), b=rows[1].pop("b"))  # c, a, b against a, c
    assert set(formats.read_voreen(write_tree(tmp_path, tree)).nodes) == set("abcd")


def test_the_file_of_an_extraction(tmp_path: Path) -> None:
    item = extracted(BAR).with_source(sha256="ab")
    formats.write_voreen(item, tmp_path / "a.json")
    tree = json.loads((tmp_path / "a.json").read_text())
    nodes, edges = tree["graph"]["nodes"], tree["graph"]["edges"]
    assert [list(node) for node in nodes] == [
        ["id", "edges", "pos", "voxels_", "radius", "isAtSampleBorder"]
    ] * 2
    assert nodes[0]["pos"] == [*item.node_rowcol[0].tolist(), 0.0]
    assert nodes[0]["edges"] == nodes[1]["edges"] == [0]
    (edge,) = edges
    assert list(edge)[:5] == ["id", "node1", "node2", "length", "distance"]
    assert list(edge)[-1] == "skeletonVoxels"
    assert edge["distance"] == item.vessel("distance")[0]
    assert [list(voxel) for voxel in edge["skeletonVoxels"]] == [[
        "pos", "minDistToSurface", "maxDistToSurface", "avgDistToSurface", "numSurfaceVoxels",
        "volume", "nearOtherEdge",
    ]] * item.num_points  # fmt: skip
    volumes = [voxel["volume"] for voxel in edge["skeletonVoxels"]]
    np.testing.assert_allclose(sum(volumes), item.vessel("volume")[0])
    assert tree["provenance"]["sha256"] == "ab"
    assert tree["provenance"]["config_hash"] == item.meta.config_hash


def test_the_border_is_that_of_the_image() -> None:
    mask = np.zeros((9, 12), dtype=bool)
    mask[4, :6] = True
    item = formats.VoreenGraph.from_graph(extracted(mask))
    assert dict(zip(item.node_pos[:, 1], item.nodes["isAtSampleBorder"], strict=True)) == {
        0: True,
        5: False,
    }
    assert item.edges["hasNodeAtSampleBorder"].tolist() == [True]


@given(item=exchange_cases.hetero_graphs())
def test_vessels_come_back(
    tmp_path_factory: pytest.TempPathFactory, item: graph.HeteroGraph
) -> None:
    folder = tmp_path_factory.mktemp("v")
    wanted = formats.VoreenGraph.from_graph(item)
    formats.write_voreen(item, folder / "a.json")
    found = formats.read_voreen(folder / "a.json")
    assert_same(found.to_spatial(), formats.from_hetero(item))
    formats.write_voreen(found, folder / "b.json")
    assert (folder / "a.json").read_bytes() == (folder / "b.json").read_bytes()
    if item.num_points and not np.isnan(wanted.edges["curveness"]).all():
        assert_equal(found, wanted)


@given(item=exchange_cases.spatial_graphs())
def test_any_graph_comes_back_in_its_shorter_direction(
    tmp_path_factory: pytest.TempPathFactory, item: formats.SpatialGraph
) -> None:
    path = tmp_path_factory.mktemp("v") / "a.json"
    formats.write_voreen(item, path)
    assert_same(formats.read_voreen(path).to_spatial(), turned(item), radii=False)
    radius = formats.read_voreen(path).voxels.get("avgDistToSurface")
    if item.point_radius_px is not None and np.isfinite(item.point_radius_px).any():
        np.testing.assert_array_equal(radius, item.point_radius_px)


@pytest.mark.parametrize("name", SPECIAL)
def test_special_graphs_come_back(tmp_path: Path, name: str) -> None:
    formats.write_voreen(SPECIAL[name], tmp_path / "a.json")
    found = formats.read_voreen(tmp_path / "a.json")
    assert_same(found.to_spatial(), turned(SPECIAL[name]))
    formats.write_voreen(found, tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


# --- damaged files ------------------------------------------------------------------------------


def changed(*keys: Any, value: Any) -> bytes:
    tree = json.loads(json.dumps(VOREEN))
    place = tree
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    return json.dumps(tree).encode()


MANY = {str(i): 0 for i in range(101)}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"[" * 100_000,
        b'{"graph":' * 100_000,
        b"\x1f\x8b",
        gzip.compress(json.dumps(VOREEN).encode())[:-12],
        changed("graph", value=[]),
        changed("graph", "nodes", value=None),
        changed("graph", "nodes", value={}),
        changed("graph", "nodes", 0, value=[]),
        changed("graph", "nodes", 0, value={"id": 7}),
        changed("graph", "nodes", 0, "pos", value=[1]),
        changed("graph", "nodes", 0, "pos", value=[1, 2, 3, 4]),
        changed("graph", "nodes", 0, "pos", value="123"),
        changed("graph", "nodes", 0, "pos", value=[1, True, 0]),
        changed("graph", "nodes", 0, "pos", value=[1, float("nan"), 0]),
        changed("graph", "nodes", 0, "id", value=3),
        changed("graph", "nodes", 0, "id", value=[]),
        changed("graph", "nodes", 0, "id", value=7.0),
        changed("graph", "nodes", 0, "id", value=2**70),
        changed("graph", "nodes", 0, "radius", value="wide"),
        changed("graph", "nodes", 1, "isAtSampleBorder", value=2),
        changed("graph", "edges", 0, "id", value=10),
        changed("graph", "edges", 0, "node1", value=99),
        changed("graph", "edges", 0, "node1", value=True),
        changed("graph", "edges", 0, "distance", value=10**400),
        changed("graph", "edges", 0, "skeletonVoxels", value={"pos": [0, 0, 0]}),
        changed("graph", "edges", 0, "skeletonVoxels", value=[{}]),
        changed("graph", "edges", 0, "skeletonVoxels", 0, "pos", value=[10**400, 0, 0]),
        changed("graph", "edges", 0, "skeletonVoxels", 0, "avgDistToSurface", value="wide"),
        changed("graph", "edges", 0, "skeletonVoxels", 0, "numSurfaceVoxels", value=1.5),
        changed("graph", "nodes", 0, value={**VOREEN["graph"]["nodes"][0], "pos_x": 1}),
        changed("graph", "nodes", 0, value={"id": 7, "pos": [0] * 3} | MANY),
    ],
)  # fmt: skip
def test_damaged_files_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "graph.json"
    path.write_bytes(data)
    with pytest.raises(errors.FormatError, match=r"graph\.json: "):
        formats.read_voreen(path)


def test_packed_files_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "graph.json.gz"
    path.write_bytes(gzip.compress(b" " * 2001))
    monkeypatch.setattr(
        voreen_json, "bounded_bytes", lambda file: reading.bounded_bytes(file, max_bytes=2000)
    )
    with pytest.raises(errors.FormatError, match="more than 2000 bytes"):
        formats.read_voreen(path)


@given(data=st.data())
def test_one_wrong_byte_gives_a_graph_or_a_format_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = write_tree(tmp_path_factory.mktemp("v"), VOREEN)
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        found = formats.read_voreen(path)
        formats.write_voreen(found, path.with_name("again.json"))
        formats.write_voreen_csv(found, path.with_name("again"))
        found.to_spatial()
    except errors.FormatError as error:
        assert path.name in str(error)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(errors.MissingFileError, match="none"):
        formats.read_voreen(tmp_path / "none.json")


# --- columns made by hand -----------------------------------------------------------------------

GOOD: dict[str, Any] = {
    "node_id": [4, 5],
    "node_pos": [[0, 0, 0], [0, 1, 0]],
    "edge_id": [0],
    "edge_nodes": [[0, 1]],
    "point_ptr": [0, 1],
    "voxel_pos": [[0, 0.5, 0]],
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"node_id": [4, 4]}, "node_id must not repeat"),
        ({"node_id": [4]}, "node_pos must have 1 rows"),
        ({"node_pos": [[0, 0], [0, 1]]}, "node_pos"),
        ({"node_pos": [[0, 0, 0], [0, np.nan, 0]]}, "finite"),
        ({"edge_nodes": [[0, 2]]}, "rows 0 to 1"),
        ({"edge_nodes": [[4, 5]]}, "rows 0 to 1"),
        ({"point_ptr": [0, 0, 1]}, "point_ptr must have 2 entries"),
        ({"point_ptr": [0, 2]}, "ascend from 0 to 1"),
        ({"nodes": {"radius": np.ones(3)}}, "must have 2 values, got 3"),
        ({"edges": {"node1": np.ones(1)}}, "must not have a column node1"),
    ],
)
def test_bad_columns(changes: dict[str, Any], words: str) -> None:
    formats.VoreenGraph(**GOOD)
    with pytest.raises(errors.GftcoreError, match=words):
        formats.VoreenGraph(**(GOOD | changes))


def test_other_objects_are_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.ArgumentTypeError, match="graph must be a HeteroGraph or Spatial"):
        formats.write_voreen([1], tmp_path / "a.json")  # type: ignore[arg-type]
    with pytest.raises(errors.ArgumentError, match="stem must end"):
        formats.write_voreen_csv(formats.VoreenGraph(**GOOD), "")
    assert list(tmp_path.iterdir()) == []
