# SPDX-License-Identifier: Apache-2.0
"""GraphBatch: CSR, CSC and pointers against plain loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gftcore import graph
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError
from gftcore.graph.batch import DIRECTED, directed_edges


def graphs(count: int) -> list[graph.HeteroGraph]:
    rng = np.random.default_rng(11)
    return [graph.extract(rng.random((30 + 5 * k, 40)) < 0.55) for k in range(count)]


def test_csr_and_csc_of_a_batch() -> None:
    items = graphs(3)
    batch = graph.collate(items)
    assert batch.num_graphs == 3
    for relation, (source, target) in DIRECTED.items():
        offsets = [(batch.node_ptr[source][g], batch.node_ptr[target][g]) for g in range(3)]
        wanted = [
            (int(s + a), int(t + b))
            for item, (s, t) in zip(items, offsets, strict=True)
            for a, b in directed_edges(item)[relation].T
        ]
        assert batch.edge_index(relation).T.tolist() == [list(edge) for edge in wanted]
        order = sorted(range(len(wanted)), key=lambda e: (wanted[e][1], wanted[e][0], e))
        assert batch.eid[relation].tolist() == order
        assert batch.col[relation].tolist() == [wanted[e][0] for e in order]
        degree = np.bincount([t for _, t in wanted], minlength=len(batch.x[target]))
        assert np.diff(batch.rowptr[relation]).tolist() == degree.tolist()
        assert batch.inv_deg[relation].tolist() == pytest.approx(1 / np.maximum(degree, 1))
        ends = batch.edge_ptr[relation]
        assert ends.tolist() == batch.rowptr[relation][batch.node_ptr[target]].tolist()
        _check_transpose(batch, relation)


def _check_transpose(batch: graph.GraphBatch, relation: str) -> None:
    rows = np.repeat(np.arange(len(batch.rowptr[relation]) - 1), np.diff(batch.rowptr[relation]))
    cols = np.repeat(np.arange(len(batch.colptr[relation]) - 1), np.diff(batch.colptr[relation]))
    slot = batch.slot[relation]
    assert batch.row[relation].tolist() == rows[slot].tolist()
    assert batch.col[relation][slot].tolist() == cols.tolist()
    assert sorted(slot.tolist()) == list(range(len(rows)))


def test_a_graph_is_the_same_alone_and_in_a_batch() -> None:
    items = graphs(3)
    batch, alone = graph.collate(items), items[1].to_batch()
    for relation, (source, target) in DIRECTED.items():
        first, last = batch.edge_ptr[relation][1:3]
        shift = batch.node_ptr[source][1]
        assert (batch.col[relation][first:last] - shift).tolist() == alone.col[relation].tolist()
        start, end = batch.node_ptr[target][1:3]
        assert batch.inv_deg[relation][start:end].tobytes() == alone.inv_deg[relation].tobytes()


def test_arrays_are_read_only_and_finite() -> None:
    batch = graph.collate(graphs(2))
    assert all(np.isfinite(values).all() for values in batch.x.values())
    assert batch.x["vessel"].dtype == np.float32
    for field in ("x", "node_ptr", "rowptr", "col", "eid", "colptr", "row", "slot", "inv_deg"):
        for array in getattr(batch, field).values():
            assert not array.flags.writeable, field


def test_missing_features_can_be_refused() -> None:
    ring = np.zeros((40, 40), dtype=bool)
    ring[10:30, 10:30] = True
    ring[12:28, 12:28] = False
    item = graph.extract(ring)
    assert np.isnan(item.vessel("curveness")).all()
    assert item.to_batch().x["vessel"].shape == item.vessel_x.shape
    with pytest.raises(ArgumentError, match="nonfinite='zero'"):
        item.to_batch(nonfinite="error")


def features(**counts: int) -> dict[str, np.ndarray]:
    return {name: np.ones((counts.get(name, 0), 2)) for name in ("vessel", "ica", "faz")}


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ({"vv": [[0], [2]]}, "must name nodes 0 to 1"),
        ({"vv": [[-1], [0]]}, "must name nodes 0 to 1"),
        ({"vi": [[0], [0]]}, "must name nodes 0 to -1"),
        ({"va": [[0], [0]]}, "unknown relations va"),
    ],
)
def test_edges_in_range(edges: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        graph.GraphBatch.from_arrays(features(vessel=2), edges)


def test_edges_never_cross_graphs() -> None:
    ptr = {"vessel": [0, 1, 2], "ica": [0, 0, 0], "faz": [0, 0, 0]}
    with pytest.raises(ArgumentError, match="between different graphs"):
        graph.GraphBatch.from_arrays(features(vessel=2), {"vv": [[0], [1]]}, node_ptr=ptr)


def test_bad_arrays() -> None:
    with pytest.raises(ArgumentError, match="finite"):
        graph.GraphBatch.from_arrays({**features(), "ica": [[np.nan]]}, {})
    with pytest.raises(ArgumentError, match="faz is missing"):
        graph.GraphBatch.from_arrays({"vessel": [[1.0]], "ica": [[1.0]]}, {})
    with pytest.raises(ShapeError, match=r"shape \[2, E\]"):
        graph.GraphBatch.from_arrays(features(vessel=2), {"vv": [[0, 1, 1]]})
    with pytest.raises(ArgumentError, match="rise from 0 to 2"):
        graph.GraphBatch.from_arrays(
            features(vessel=2), {}, node_ptr={"vessel": [0, 1], "ica": [0, 0], "faz": [0, 0]}
        )
    with pytest.raises(ArgumentError, match="at least one graph"):
        graph.collate([])
    with pytest.raises(ArgumentTypeError, match="HeteroGraph"):
        graph.collate([3])  # type: ignore[list-item]
    mixed = [graphs(1)[0], graph.extract(np.eye(20), graph.ExtractConfig(features="centreline"),
                                         threshold=0.5)]  # fmt: skip
    with pytest.raises(ArgumentError, match="same feature columns"):
        graph.collate(mixed)


EMPTY = {"vessel": [0, 2], "ica": [0, 0], "faz": [0, 0]}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": None}, ArgumentTypeError, r"x must map node types .* got NoneType"),
        ({"x": {1: [[1.0]]}}, ArgumentError, "x has unknown node types 1; known are vessel"),
        ({"x": {"vessel": [[1.0], [1.0, 2.0]]}}, ArgumentTypeError, r"x\['vessel'\] must be"),
        ({"x": {"vessel": None}}, ArgumentTypeError, r"x\['vessel'\] must be .* got NoneType"),
        ({"x": {"vessel": np.ones((2, 2), complex)}}, ArgumentTypeError, r"x\['vessel'\] must be"),
        ({"x": {"vessel": np.zeros((2**31, 0))}}, ShapeError, "at most 2147483647"),
        ({"edge_index": None}, ArgumentTypeError, r"edge_index must map relations"),
        ({"edge_index": [[0], [1]]}, ArgumentTypeError, "edge_index must map .* got list"),
        ({"edge_index": {3: [[0], [1]]}}, ArgumentError, "edge_index has unknown relations 3"),
        ({"edge_index": {"vv": [[0, 1], [1]]}}, ArgumentTypeError, r"edge_index\['vv'\] must be"),
        ({"edge_index": {"vv": None}}, ArgumentTypeError, r"edge_index\['vv'\] must be"),
        ({"edge_index": {"vv": [[0.5], [1]]}}, ArgumentTypeError, r"edge_index\['vv'\] must be"),
        (
            {"edge_index": {"vv": np.broadcast_to(0, (2, 2**31))}},
            ShapeError,
            r"edge_index\['vv'\] must have axes of at most 2147483647",
        ),
        (
            {"node_ptr": {"vessel": [0, 2]}},
            ArgumentError,
            "node_ptr must have all .* ica is missing",
        ),
        ({"node_ptr": [0, 2]}, ArgumentTypeError, "node_ptr must map node types"),
        ({"node_ptr": {**EMPTY, "ica": None}}, ArgumentTypeError, r"node_ptr\['ica'\] must be"),
        ({"node_ptr": {**EMPTY, "x": [0]}}, ArgumentError, "node_ptr has unknown node types x"),
        (
            {"node_ptr": {**EMPTY, "vessel": [0, 2**62, -(2**62), 2]}},
            ArgumentError,
            r"node_ptr\['vessel'\] must rise from 0 to 2",
        ),
    ],
)
def test_errors_name_the_argument(change: dict[str, Any], error: type, message: str) -> None:
    given: dict[str, Any] = {"x": features(vessel=2), "edge_index": {}, **change}
    if change.get("x"):
        given["x"] = features(vessel=2) | change["x"]
    with pytest.raises(error, match=message):
        graph.GraphBatch.from_arrays(given.pop("x"), given.pop("edge_index"), **given)


@pytest.mark.parametrize("wrong", [3, None])
def test_collate_takes_a_sequence(wrong: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="graphs must be a sequence of HeteroGraph"):
        graph.collate(wrong)
    with pytest.raises(ArgumentTypeError, match="put a single graph into a list"):
        graph.collate(graphs(1)[0])  # type: ignore[arg-type]
    with pytest.raises((ArgumentError, ArgumentTypeError), match="relation must be one of"):
        graph.collate(graphs(1)).edge_index(wrong)


def test_degrees_have_the_precision_of_the_features() -> None:
    edges = {"vv": [[0, 1, 2], [0, 0, 0]]}
    exact = graph.GraphBatch.from_arrays(features(vessel=3), edges)
    assert exact.inv_deg["vv"].dtype == np.float64
    assert exact.inv_deg["vv"].tolist() == [1 / 3, 1.0, 1.0]
    assert not exact.inv_deg["vv"].flags.writeable
    single = {name: values.astype(np.float32) for name, values in features(vessel=3).items()}
    assert graph.GraphBatch.from_arrays(single, edges).inv_deg["vv"].dtype == np.float32
