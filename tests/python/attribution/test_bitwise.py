# SPDX-License-Identifier: Apache-2.0
"""A graph's contributions are the same bit for bit alone, in batches and in several threads.

Exactness: same bytes on one SIMD target; 1e-12 for permuted nodes in check mode.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import gftcore
from gftcore.attribution import Attribution, integrated_gradients
from gftcore.graph import GraphBatch
from gftcore.graph.batch import DIRECTED
from gftcore.graph.hetero_graph import NODE_TYPES
from networks import SIZES, edges_of, one_graph, random_batch, random_model

MODEL = random_model(1, linear_ends=True, hidden=24)
BATCH = random_batch(2, SIZES)
OPTIONS: list[dict[str, Any]] = [
    {"of": "both"},
    {"of": "both", "kind": "prob", "rtol": 0.02},
    {"of": "both", "rtol": 0.05},
    {"method": "gausslegendre", "n": 9, "dtype": "float64"},
]


@pytest.fixture(params=gftcore.simd_targets())
def target(request: pytest.FixtureRequest) -> Iterator[str]:
    before = gftcore.simd_target()
    gftcore.set_simd_target(request.param)
    yield request.param
    gftcore.set_simd_target(before)


def bytes_of(found: Attribution) -> bytes:
    parts = [found.logits.tobytes()]
    if found.nodes is not None:
        parts += [a.tobytes() for a in found.nodes.attributions.values()]
        parts += [found.nodes.grid.tobytes(), str(found.nodes.error).encode()]
    if found.edges is not None:
        parts += [a.tobytes() for a in found.edges.edge_contribution_by_layer.values()]
        parts += [found.edges.grid.tobytes(), str(found.edges.error).encode()]
    return b"".join(parts)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_alone_and_in_a_batch(target: str, options: dict[str, Any]) -> None:
    together = integrated_gradients(MODEL, BATCH, threads=1, **options)
    assert together[0].simd == target
    for g, one in enumerate(together):
        (alone,) = integrated_gradients(MODEL, one_graph(BATCH, g), threads=1, **options)
        assert bytes_of(alone) == bytes_of(one)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("threads", [2, 3, 4, 11])
def test_any_number_of_threads(threads: int, options: dict[str, Any]) -> None:
    for batch in (BATCH, one_graph(BATCH, 0)):
        once = integrated_gradients(MODEL, batch, threads=1, **options)
        again = integrated_gradients(MODEL, batch, threads=threads, **options)
        assert [bytes_of(a) for a in once] == [bytes_of(b) for b in again]


@pytest.mark.parametrize("of", ["nodes", "edges"])
def test_doubling_is_a_fresh_run(of: Any) -> None:
    refined = integrated_gradients(MODEL, BATCH, of=of, rtol=0.01)
    counts = set()
    for g, found in enumerate(refined):
        n = getattr(found, of).n
        counts.add(n)
        fresh = integrated_gradients(MODEL, one_graph(BATCH, g), of=of, n=n)[0]
        parts = (getattr(one, of) for one in (found, fresh))
        name = "attributions" if of == "nodes" else "edge_contribution_by_layer"
        for a, b in zip(*(getattr(p, name).values() for p in parts), strict=True):
            assert a.tobytes() == b.tobytes()
        assert getattr(found, of).error == pytest.approx(getattr(fresh, of).error, rel=1e-4)
    assert len(counts) > 1


def test_the_estimate_does_not_change_the_answer() -> None:
    with_error = integrated_gradients(MODEL, BATCH)
    without = integrated_gradients(MODEL, BATCH, estimate_error=False)
    for a, b in zip(with_error, without, strict=True):
        assert a.nodes is not None
        assert b.nodes is not None
        assert b.nodes.error is None
        for name, values in a.nodes.attributions.items():
            assert values.tobytes() == b.nodes.attributions[name].tobytes()


def test_the_order_of_nodes_and_edges_hardly_matters() -> None:
    batch = random_batch(5, SIZES[:1])
    rng = np.random.default_rng(5)
    new = {t: rng.permutation(len(batch.x[t])) for t in NODE_TYPES}  # new place of each node
    x = {t: batch.x[t][np.argsort(new[t])] for t in NODE_TYPES}
    edges, order = {}, {}
    for relation, (source, target_type) in DIRECTED.items():
        u, v = edges_of(batch)[relation]
        order[relation] = rng.permutation(len(u))
        ends = np.stack([new[source][u], new[target_type][v]])
        edges[relation] = ends[:, order[relation]]
    permuted = GraphBatch.from_arrays(x, edges)
    (ours,) = integrated_gradients(MODEL, batch, of="both", dtype="float64")
    (theirs,) = integrated_gradients(MODEL, permuted, of="both", dtype="float64")
    assert ours.nodes is not None
    assert theirs.nodes is not None
    assert ours.edges is not None
    assert theirs.edges is not None
    for t in NODE_TYPES:
        a, b = ours.nodes.attributions[t], theirs.nodes.attributions[t][new[t]]
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12 * max(np.abs(a).max(), 1))
    for relation in DIRECTED:
        c = ours.edges.edge_contribution[relation][order[relation]]
        d = theirs.edges.edge_contribution[relation]
        np.testing.assert_allclose(c, d, rtol=0, atol=1e-12 * max(np.abs(c).max(initial=0), 1))


def test_many_threads_explain_at_once() -> None:
    expected = [bytes_of(one) for one in integrated_gradients(MODEL, BATCH, threads=1)]
    found: list[Any] = [None] * 4

    def run(i: int) -> None:
        found[i] = integrated_gradients(MODEL, BATCH, threads=2)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(found))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in found:
        assert [bytes_of(g) for g in one] == expected
