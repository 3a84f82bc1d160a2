# SPDX-License-Identifier: Apache-2.0
"""HeteroData of PyTorch Geometric, edge for edge the same as GraphBatch."""

from __future__ import annotations

import numpy as np
import pytest

from gftcore import graph
from gftcore.errors import ArgumentError, MissingExtraError
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
