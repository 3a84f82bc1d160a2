# SPDX-License-Identifier: Apache-2.0
"""Segments of grown trees: against NetworkX; nothing is lost when edges are cut and joined."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from gftcore import synth
from gftcore.synth.network import network_of

FOREST = synth.grow_vessels(seed=4, options=synth.GrowthOptions.test_profile())


@pytest.fixture(scope="module")
def grown():
    return network_of(FOREST)


def test_segments_are_the_chains_between_bifurcations(grown):
    """As NetworkX finds them: cut the trees at all nodes that are no links of a chain."""
    network, table = grown
    tree = nx.DiGraph()
    tree.add_edges_from(
        (int(parent), node) for node, parent in enumerate(FOREST.parent) if parent >= 0
    )
    expected = set()
    for node, parent in enumerate(FOREST.parent):
        if parent < 0 or not (tree.in_degree(parent) == 0 or tree.out_degree(parent) != 1):
            continue
        chain = [node]
        while tree.out_degree(chain[-1]) == 1:
            chain += tree.successors(chain[-1])
        expected.add(tuple(chain))

    # Positions of nodes are all different, so that they name the nodes.
    name = {tuple(xyz): node for node, xyz in enumerate(FOREST.node_xyz.tolist())}
    assert len(name) == len(FOREST.parent)
    got = {}
    for segment, distal in zip(network.segment.tolist(), network.distal.tolist(), strict=True):
        got.setdefault(segment, []).append(name[tuple(distal)])
    assert set(map(tuple, got.values())) == expected
    assert sorted(got) == list(range(len(table)))
    assert [chain[0] for _, chain in sorted(got.items())] == sorted(c[0] for c in expected)


def test_table(grown):
    network, table = grown
    length = np.bincount(network.segment, network.lengths)
    np.testing.assert_allclose(table.length, length, rtol=1e-12)
    first = np.searchsorted(network.segment, np.arange(len(table)))
    np.testing.assert_array_equal(table.radius, network.radius[first])
    assert set(np.unique(table.is_vein)) == {False, True}
    np.testing.assert_array_equal(table.is_capillary, table.radius * 3000 < 8)


def test_stems_follow_the_thicker_branch(grown):
    """Each segment goes on into one branch at most, none of its siblings is thicker."""
    network, table = grown
    last = np.searchsorted(network.segment, np.arange(len(table)), side="right") - 1
    first = np.searchsorted(network.segment, np.arange(len(table)))
    ends = {tuple(xyz): s for s, xyz in enumerate(network.distal[last].tolist())}
    branches = {}
    for s, xyz in enumerate(network.proximal[first].tolist()):
        branches.setdefault(ends.get(tuple(xyz)), []).append(s)
    for before, siblings in branches.items():
        if before is None:
            assert (table.stem[siblings] == siblings).all()
            assert (table.place[siblings] == 0).all()
            continue
        going_on = [s for s in siblings if table.stem[s] == table.stem[before]]
        assert len(going_on) == 1
        assert table.radius[going_on[0]] == table.radius[siblings].max()
        assert table.place[going_on[0]] == table.place[before] + 1
        assert table.offset[going_on[0]] == table.offset[before] + table.length[before]
        for s in set(siblings) - set(going_on):
            assert (table.stem[s], table.place[s], table.offset[s]) == (s, 0, 0)


def test_divided_edges_cover_what_they_were(grown):
    network, _ = grown
    which = np.arange(len(network)) % 3 == 0
    divided = network.divided(which, 4)
    assert len(divided) == len(network) + 3 * which.sum()
    np.testing.assert_allclose(
        np.bincount(divided.segment, divided.lengths), np.bincount(network.segment, network.lengths)
    )
    np.testing.assert_array_equal(network.divided(which, 1).edges().plane, network.edges().plane)
    # Neighbouring pieces share their ends, to the bit.
    inner = divided.segment[1:] == divided.segment[:-1]
    np.testing.assert_array_equal(divided.proximal[1:][inner], divided.distal[:-1][inner])


def test_edges_are_the_forest(grown):
    """In the order of segments, rounded to 0.3 nm."""
    network, _ = grown
    ours, grown_edges = network.edges().plane, FOREST.edges().plane.round(7)
    assert sorted(map(tuple, ours.tolist())) == sorted(map(tuple, grown_edges.tolist()))
