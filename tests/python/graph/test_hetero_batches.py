# SPDX-License-Identifier: Apache-2.0
"""PyTorch Geometric's DataLoader batches our graphs as `collate` does, and gives them back."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from gftcore import graph
from gftcore.errors import ArgumentError, GftcoreWarning
from gftcore.graph.batch import DIRECTED, directed_edges

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]
CSR = ("node_ptr", "rowptr", "col", "eid", "colptr", "row", "slot", "edge_ptr")


def made(mask: np.ndarray, *, zone: bool = True) -> graph.HeteroGraph:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GftcoreWarning)
        if zone:
            return graph.extract(mask)
        config = graph.ExtractConfig(faz="mask")
        return graph.extract(mask, config, faz_mask=np.zeros(mask.shape, dtype=bool))


@pytest.fixture(scope="module")
def items() -> dict[str, graph.HeteroGraph]:
    """Graphs of many sizes; some types and relations are empty in some of them, or in all."""
    rng = np.random.default_rng(7)
    line = np.zeros((30, 40), dtype=bool)
    line[15, 5:30] = True
    ring = np.zeros((40, 40), dtype=bool)
    ring[10:30, 10:30] = True
    ring[12:28, 12:28] = False
    return {
        "noise": made(rng.random((60, 50)) < 0.55),
        "no zone": made(rng.random((33, 47)) < 0.5, zone=False),
        "empty": made(np.zeros((12, 9), dtype=bool)),
        "line": made(line),
        "full": made(np.ones((20, 20), dtype=bool)),
        "ring": made(ring, zone=False),
        "other noise": made(rng.random((25, 90)) < 0.6),
    }


def assert_batches(found: graph.GraphBatch, wanted: graph.GraphBatch) -> None:
    for name in wanted.x:
        assert found.x[name].dtype == np.float32
        assert np.array_equal(found.x[name], wanted.x[name])
    for name in CSR:
        for key, array in getattr(wanted, name).items():
            assert np.array_equal(getattr(found, name)[key], array), (name, key)


def test_the_graphs_differ_as_they_should(items: dict[str, graph.HeteroGraph]) -> None:
    assert {len(item.faz_x) for item in items.values()} == {0, 1}
    assert items["no zone"].num_icas > 1
    assert len(items["no zone"].faz_x) == 0
    for name in ("empty", "line", "full"):
        assert items[name].edges["vv"].shape[1] == 0
    assert items["empty"].num_segments == 0
    assert items["full"].num_icas + len(items["full"].faz_x) == 0
    assert items["noise"].num_edges > 100


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7])
def test_a_loader_batches_as_collate_does(
    items: dict[str, graph.HeteroGraph], batch_size: int
) -> None:
    loader = pytest.importorskip("torch_geometric.loader", reason="needs torch-geometric")
    graphs = list(items.values())
    data = [item.to_hetero(nonfinite="zero") for item in graphs]
    seen = 0
    for batch in loader.DataLoader(data, batch_size=batch_size):
        part = graphs[seen : seen + batch.num_graphs]
        seen += batch.num_graphs
        found, wanted = graph.GraphBatch.from_hetero(batch), graph.collate(part)
        assert_batches(found, wanted)
        for relation in DIRECTED:
            assert np.array_equal(found.edge_index(relation), wanted.edge_index(relation))
    assert seen == len(graphs)


def test_edges_run_in_both_directions(items: dict[str, graph.HeteroGraph]) -> None:
    loader = pytest.importorskip("torch_geometric.loader", reason="needs torch-geometric")
    data = [item.to_hetero(nonfinite="zero") for item in items.values()]
    (batch,) = loader.DataLoader(data, batch_size=len(data))
    pairs = {name[1]: batch[name].edge_index.T.tolist() for name in batch.edge_types}
    assert set(pairs) == set(DIRECTED)
    for there, back in (("vv", "vv"), ("ii", "ii"), ("vi", "iv"), ("vf", "fv"), ("if", "fi")):
        assert pairs[there]
        assert sorted(pairs[there]) == sorted([v, u] for u, v in pairs[back])


def test_a_shuffled_batch_is_another_one(items: dict[str, graph.HeteroGraph]) -> None:
    loader = pytest.importorskip("torch_geometric.loader", reason="needs torch-geometric")
    graphs = list(items.values())
    data = [item.to_hetero(nonfinite="zero") for item in graphs[::-1]]
    (batch,) = loader.DataLoader(data, batch_size=len(data))
    with pytest.raises(AssertionError):
        assert_batches(graph.GraphBatch.from_hetero(batch), graph.collate(graphs))


def test_a_batch_gives_its_graphs_back(items: dict[str, graph.HeteroGraph]) -> None:
    loader = pytest.importorskip("torch_geometric.loader", reason="needs torch-geometric")
    graphs = list(items.values())
    (batch,) = loader.DataLoader([g.to_hetero() for g in graphs], batch_size=len(graphs))
    for item, data in zip(graphs, batch.to_data_list(), strict=True):
        for name in ("vessel", "ica", "faz"):
            wanted = item.features(name).astype(np.float32)
            np.testing.assert_array_equal(data[name].x.numpy(), wanted)
            np.testing.assert_array_equal(
                data[name].pos.numpy(), item.positions(name).astype(np.float32)
            )
        for relation, edges in directed_edges(item).items():
            source, target = DIRECTED[relation]
            store = data[source, relation, target]
            assert np.array_equal(store.edge_index.numpy(), edges)
            stored = {"iv": "vi", "fv": "vf", "fi": "if"}.get(relation, relation)
            count = item.edges[stored].shape[1]
            assert np.array_equal(store.edge_attr.numpy()[:count], item.edge_attr[stored])


def test_missing_values_are_kept_until_a_batch_needs_them(
    items: dict[str, graph.HeteroGraph],
) -> None:
    pytest.importorskip("torch_geometric", reason="needs torch-geometric")
    ring = items["ring"]
    data = ring.to_hetero()
    curveness = ring.vessel_columns.index("curveness")
    assert np.isnan(data["vessel"].x[0, curveness].item())
    with pytest.raises(ArgumentError, match="must be finite"):
        graph.GraphBatch.from_hetero(data)
