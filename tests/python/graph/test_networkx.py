# SPDX-License-Identifier: Apache-2.0
"""NetworkX MultiGraph: loops and parallel segments survive."""

from __future__ import annotations

import numpy as np
import pytest

from gftcore import graph
from gftcore.errors import MissingExtraError


def test_multigraph_keeps_everything() -> None:
    pytest.importorskip("networkx", reason="needs networkx")
    item = graph.extract(np.random.default_rng(4).random((50, 60)) < 0.55)
    out = item.to_networkx()
    assert out.number_of_nodes() == item.num_nodes
    assert out.number_of_edges() == item.num_segments
    for start, end, key, data in out.edges(keys=True, data=True):
        assert sorted((start, end)) == sorted(item.segment_nodes[key].tolist())
        assert data["length"] == item.vessel("length")[key]
        first, last = item.point_ptr[key : key + 2]
        assert np.array_equal(data["points"], item.point_rowcol[first:last])
        assert np.array_equal(data["radius_px"], item.point_radius_px[first:last])
        begin = item.node_rowcol[item.segment_nodes[key, 0]].tolist()
        assert [data["start_row"], data["start_col"]] == begin
        assert set(item.vessel_columns) <= data.keys()
    degrees = dict(out.degree())
    assert [degrees[node] for node in range(item.num_nodes)] == item.node_degree.tolist()
    assert out.nodes[0]["kind"] in {"end", "junction", "border", "isolated", "ring"}
    assert out.graph["schema"] == "gftcore-graph/1"


def test_a_ring_is_a_loop() -> None:
    pytest.importorskip("networkx", reason="needs networkx")
    ring = np.zeros((40, 40), dtype=bool)
    ring[10:30, 10:30] = True
    ring[12:28, 12:28] = False
    out = graph.extract(ring).to_networkx()
    assert list(out.edges(keys=True)) == [(0, 0, 0)]
    assert out.nodes[0]["kind"] == "ring"


def test_networkx_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "networkx", None)
    with pytest.raises(
        MissingExtraError, match=r'needs networkx: pip install "gftcore\[networkx\]"'
    ):
        graph.extract(np.eye(30, dtype=bool)).to_networkx()
