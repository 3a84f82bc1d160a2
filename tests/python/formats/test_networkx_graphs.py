# SPDX-License-Identifier: Apache-2.0
"""NetworkX graphs come back exactly: nodes, ends, points, radii."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

import exchange_cases
from exchange_cases import assert_same
from gftcore import formats, graph
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError, MissingExtraError

nx = pytest.importorskip("networkx", reason="needs networkx")
SPECIAL = exchange_cases.special_graphs()


@given(item=exchange_cases.hetero_graphs())
def test_vessels_come_back(item: graph.HeteroGraph) -> None:
    assert_same(formats.from_networkx(item.to_networkx()), formats.from_hetero(item))


@given(item=exchange_cases.spatial_graphs())
def test_any_graph_comes_back(item: formats.SpatialGraph) -> None:
    assert_same(formats.from_networkx(item.to_networkx()), item)


@pytest.mark.parametrize("name", SPECIAL)
def test_special_graphs_come_back(name: str) -> None:
    assert_same(formats.from_networkx(SPECIAL[name].to_networkx()), SPECIAL[name])


def test_a_simple_graph_loses_parallel_vessels() -> None:
    item = SPECIAL["parallel"]
    with pytest.raises(AssertionError):
        assert_same(formats.from_networkx(nx.Graph(item.to_networkx())), item)


def test_lines_are_placed_by_position_not_by_name() -> None:
    item = formats.from_polylines(
        [[0, 0], [0, 9]], [[1, 0]], [[[0, 6], [0, 3]]], radius_px=[[2, 1]]
    )
    net = nx.relabel_nodes(item.to_networkx(), {0: 1, 1: 0})
    assert_same(formats.from_networkx(net), item)
    # Nodes that were moved name no start any more: the shorter line holds.
    for node in net:
        net.nodes[node]["row"] += 1
    assert formats.from_networkx(net).point_rowcol.tolist() == [[0, 3], [0, 6]]


def test_between_nodes_in_one_place_the_first_end_is_not_known() -> None:
    item = formats.from_polylines([[0, 0], [0, 0]], [[1, 0]], [[[0, 1], [1, 1]]])
    found = formats.from_networkx(item.to_networkx())
    assert sorted(found.segment_nodes[0].tolist()) == [0, 1]
    assert found.polylines().rowcol.tolist() == item.polylines().rowcol.tolist()


def test_edges_of_other_keys_keep_their_order() -> None:
    net = nx.MultiGraph()
    net.add_nodes_from([(name, {"row": i, "col": 0}) for i, name in enumerate("abc")])
    net.add_edges_from([("a", "b", 5), ("b", "c", 0), ("a", "b", 1)])
    assert formats.from_networkx(net).segment_nodes.tolist() == [[0, 1], [0, 1], [1, 2]]
    net = nx.relabel_nodes(net, {"a": 0})
    net.remove_edge(0, "b", 5)
    net.add_edge("c", "c", 2)
    assert formats.from_networkx(net).segment_nodes.tolist() == [[1, 2], [0, 1], [2, 2]]


@pytest.mark.parametrize("name", ["row", "col"])
def test_the_missing_attribute_is_named(name: str) -> None:
    net = nx.Graph()
    net.add_node("a", row=1, col=2)
    del net.nodes["a"][name]
    with pytest.raises(FormatError, match=f"got no {name} at 'a'"):
        formats.from_networkx(net)


def test_contacts_are_the_edges_of_the_graph() -> None:
    mask = np.zeros((48, 48), dtype=bool)
    mask[23:26] = mask[:, 23:26] = True
    item = graph.extract(mask)
    net = item.to_networkx(kind="contacts")
    assert len(item.faz_x) == 1
    assert list(net) == [
        *(("vessel", i) for i in range(4)), *(("ica", i) for i in range(3)), ("faz", 0),
    ]  # fmt: skip
    assert net.number_of_edges() == item.num_edges
    for relation, (source, target) in graph.hetero_graph.RELATIONS.items():
        attribute = "shared_node" if relation == "vv" else "border_px"
        for (first, last), value in zip(
            item.edges[relation].T.tolist(), item.edge_attr[relation].tolist(), strict=True
        ):
            data = net.edges[(source, first), (target, last)]
            assert data == {"relation": relation, **({attribute: value[0]} if value else {})}
    assert net.nodes["ica", 2]["area"] == item.ica("area")[2]
    assert net.nodes["vessel", 1]["length"] == item.vessel("length")[1]
    assert net.nodes["faz", 0]["type"] == "faz"
    assert net.nodes["faz", 0]["row"] == item.faz("centroid-0")[0]


def test_where_a_graph_comes_from() -> None:
    item = graph.extract(np.eye(30, 20, dtype=bool)).with_source(sha256="ab")
    for kind in ("vessels", "contacts"):
        known = item.to_networkx(kind=kind).graph
        assert known["schema"] == "gftcore-graph/1"
        assert (known["rows"], known["cols"], known["sha256"]) == (30, 20, "ab")
        assert known["config_hash"] == item.meta.config_hash


def test_bad_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    item = SPECIAL["loop"]
    with pytest.raises(ArgumentError, match="kind must be one of"):
        exchange_cases.extracted(np.eye(9, dtype=bool)).to_networkx(kind="all")  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="graph must be a NetworkX graph"):
        formats.from_networkx(item)
    monkeypatch.setitem(__import__("sys").modules, "networkx", None)
    with pytest.raises(MissingExtraError, match=r"gftcore\[networkx\]"):
        item.to_networkx()
