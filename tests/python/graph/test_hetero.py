# SPDX-License-Identifier: Apache-2.0
"""HeteroData of PyTorch Geometric, edge for edge the same as GraphBatch."""

from __future__ import annotations

import numpy as np
import pytest

from gftcore import graph
from gftcore.errors import ArgumentError, ArgumentTypeError, MissingExtraError
from gftcore.graph.batch import DIRECTED

pytestmark = pytest.mark.train


@pytest.fixture
def item() -> graph.HeteroGraph:
    return graph.extract(np.random.default_rng(2).random((60, 50)) < 0.55)


@pytest.mark.filterwarnings("ignore")
def test_hetero_equals_batch(item: graph.HeteroGraph) -> None:
    torch = pytest.importorskip("torch", reason="needs torch")
    pytest.importorskip("torch_geometric", reason="needs torch-geometric")
    data = item.to_hetero(nonfinite="zero")
    batch = item.to_batch()
    assert data.node_types == ["vessel", "ica", "faz"]
    assert len(data.edge_types) == len(DIRECTED)
    for name in data.node_types:
        assert data[name].x.dtype == torch.float32
        assert np.array_equal(data[name].x.numpy(), batch.x[name])
        assert np.allclose(data[name].pos.numpy(), item.positions(name))
    for relation, (source, target) in DIRECTED.items():
        store = data[source, relation, target]
        assert np.array_equal(store.edge_index.numpy(), batch.edge_index(relation))
        assert len(store.edge_attr) == store.edge_index.shape[1]
    data.validate()


@pytest.mark.filterwarnings("ignore")
def test_attributes_follow_their_edges(item: graph.HeteroGraph) -> None:
    pytest.importorskip("torch_geometric", reason="needs torch-geometric")
    data = item.to_hetero()
    count = item.edges["vv"].shape[1]
    both = data["vessel", "vv", "vessel"]
    assert np.array_equal(both.edge_index[:, count:].numpy(), item.edges["vv"][::-1])
    assert np.array_equal(both.edge_attr[:count].numpy(), item.edge_attr["vv"])
    assert np.array_equal(both.edge_attr[count:].numpy(), item.edge_attr["vv"])
    turned = data["ica", "iv", "vessel"]
    assert np.array_equal(turned.edge_index.numpy(), item.edges["vi"][::-1])
    assert np.array_equal(turned.edge_attr.numpy(), item.edge_attr["vi"])


@pytest.mark.filterwarnings("ignore")
def test_relations_without_edges_are_there() -> None:
    pytest.importorskip("torch_geometric", reason="needs torch-geometric")
    data = graph.extract(np.zeros((9, 9), dtype=bool)).to_hetero()
    assert {kind[1] for kind in data.edge_types} == set(DIRECTED)
    assert data["vessel", "vv", "vessel"].edge_index.shape == (2, 0)
    assert data["vessel"].x.shape[0] == 0


@pytest.mark.filterwarnings("ignore")
def test_tensors_do_not_write_into_the_graph(item: graph.HeteroGraph) -> None:
    pytest.importorskip("torch_geometric", reason="needs torch-geometric")
    before = item.edges["ff"].copy(), item.edge_attr["vi"].copy()
    data = item.to_hetero()
    for store in data.edge_stores:
        store.edge_index.zero_()
        store.edge_attr.zero_()
    assert np.array_equal(before[0], item.edges["ff"])
    assert np.array_equal(before[1], item.edge_attr["vi"])


def test_a_missing_extra_is_named(item: graph.HeteroGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r'needs torch: pip install "gftcore\[train\]"'):
        item.to_hetero()
    with pytest.raises(ArgumentError, match="nonfinite must be one of"):
        item.to_hetero(nonfinite="drop")  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore")
def test_batches_come_back(item: graph.HeteroGraph) -> None:
    pytest.importorskip("torch_geometric", reason="needs torch-geometric")
    from torch_geometric.data import Batch

    other = graph.extract(np.random.default_rng(3).random((30, 40)) < 0.5)
    wanted = graph.collate([item, other])
    joined = Batch.from_data_list([part.to_hetero(nonfinite="zero") for part in (item, other)])
    data = wanted.to_hetero()
    data.validate()
    assert data["vessel"].batch.tolist() == joined["vessel"].batch.tolist()
    back = graph.GraphBatch.from_hetero(data)
    for name in ("x", "node_ptr", "rowptr", "col", "eid", "colptr", "row", "slot", "edge_ptr"):
        for key, array in getattr(wanted, name).items():
            assert np.array_equal(array, getattr(back, name)[key]), (name, key)
    # PyTorch Geometric joins the graphs in its own order of edges; their rows are the same.
    found = graph.GraphBatch.from_hetero(joined)
    assert all(np.array_equal(found.col[key], wanted.col[key]) for key in DIRECTED)
    assert all(np.array_equal(found.node_ptr[key], wanted.node_ptr[key]) for key in wanted.x)
    data["vessel"].x.zero_()
    assert wanted.x["vessel"].any()


@pytest.mark.filterwarnings("ignore")
def test_foreign_data_is_refused(item: graph.HeteroGraph) -> None:
    torch = pytest.importorskip("torch", reason="needs torch")
    pyg = pytest.importorskip("torch_geometric.data", reason="needs torch-geometric")
    with pytest.raises(ArgumentTypeError, match="data must be a HeteroData, got int"):
        graph.GraphBatch.from_hetero(3)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="vessel is missing"):
        graph.GraphBatch.from_hetero(pyg.HeteroData())
    data = item.to_hetero(nonfinite="zero")
    data["ica", "knows", "ica"].edge_index = torch.zeros((2, 0), dtype=torch.int64)
    with pytest.raises(ArgumentError, match="no other relations"):
        graph.GraphBatch.from_hetero(data)
