# SPDX-License-Identifier: Apache-2.0
"""A graph's result is the same bit for bit alone, in any batch and in any number of threads.

Exactness: same bytes on one SIMD target; 1e-12 for permuted nodes in check mode.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gftcore
import strategies  # noqa: F401 (sets up Hypothesis)
from gftcore import staging
from gftcore.graph import GraphBatch
from gftcore.graph.batch import DIRECTED
from gftcore.graph.hetero_graph import NODE_TYPES
from networks import SIZES, edges_of, one_graph, random_batch, random_model

MODEL = random_model(1, linear_ends=True, hidden=24)


@pytest.fixture(params=gftcore.simd_targets())
def target(request: pytest.FixtureRequest) -> Iterator[str]:
    before = gftcore.simd_target()
    gftcore.set_simd_target(request.param)
    yield request.param
    gftcore.set_simd_target(before)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_alone_and_in_a_batch(target: str, dtype: str) -> None:
    assert target == gftcore.simd_target()
    batch = random_batch(2, SIZES)
    together = staging.predict(MODEL, batch, dtype=dtype, embeddings=True)
    for g in range(batch.num_graphs):
        alone = staging.predict(MODEL, one_graph(batch, g), dtype=dtype, embeddings=True)
        assert alone.logits[0].tobytes() == together.logits[g].tobytes()
        assert alone.embeddings[0].tobytes() == together.embeddings[g].tobytes()


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_any_number_of_threads(target: str, threads: int) -> None:
    assert target == gftcore.simd_target()
    batch = random_batch(3, SIZES * 4)
    once = staging.predict(MODEL, batch, threads=1)
    again = staging.predict(MODEL, batch, threads=threads)
    assert once.logits.tobytes() == again.logits.tobytes()
    assert once.labels == again.labels


@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.lists(st.integers(0, 130), min_size=1, max_size=4),
    hidden=st.integers(1, 70),
)
def test_neighbours_in_a_batch_do_not_matter(seed: int, sizes: list[int], hidden: int) -> None:
    model = random_model(seed, hidden=hidden, act="elu")
    nodes = [{"vessel": n, "ica": n // 3, "faz": n % 2} for n in sizes]
    batch = random_batch(seed, nodes)
    together = staging.predict(model, batch).logits
    for g in range(len(nodes)):
        alone = staging.predict(model, one_graph(batch, g)).logits
        assert alone.tobytes() == together[g : g + 1].tobytes()


def test_targets_differ_by_rounding_only() -> None:
    batch = random_batch(4, SIZES)
    before = gftcore.simd_target()
    found = []
    for target in gftcore.simd_targets():
        gftcore.set_simd_target(target)
        found.append(staging.predict(MODEL, batch).logits)
    gftcore.set_simd_target(before)
    scale = np.abs(found[0]).max()
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], rtol=0, atol=2e-6 * scale)


def test_the_order_of_nodes_and_edges_hardly_matters() -> None:
    batch = random_batch(5, SIZES[:1])
    rng = np.random.default_rng(5)
    new = {t: rng.permutation(len(batch.x[t])) for t in NODE_TYPES}  # new place of each node
    x = {t: batch.x[t][np.argsort(new[t])] for t in NODE_TYPES}
    edges = {}
    for relation, (source, target) in DIRECTED.items():
        u, v = edges_of(batch)[relation]
        order = rng.permutation(len(u))
        edges[relation] = np.stack([new[source][u], new[target][v]])[:, order]
    permuted = GraphBatch.from_arrays(x, edges)
    ours = staging.predict(MODEL, batch, dtype="float64").logits
    theirs = staging.predict(MODEL, permuted, dtype="float64").logits
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12 * np.abs(ours).max())
