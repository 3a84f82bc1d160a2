# SPDX-License-Identifier: Apache-2.0
"""Graphs for the tests of file formats, and what it means that two of them are the same."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from gftcore import graph
from gftcore.graph.assemble import ARRAYS
from graph_bytes import assert_same_graph_bytes


def crossed(**options: Any) -> graph.HeteroGraph:
    """Two vessels that cross, a ring, grey values."""
    mask = np.zeros((60, 80), dtype=bool)
    mask[29:32] = mask[:, 20:23] = mask[:, 60:62] = True
    mask[5:15, 30:45] = True
    mask[7:13, 33:42] = False
    return graph.extract(mask, intensity=np.arange(30 * 40).reshape(30, 40), **options)


def bar() -> graph.HeteroGraph:
    """One vessel from border to border: two nodes, one segment, one area, the FAZ."""
    mask = np.zeros((5, 8), dtype=bool)
    mask[2] = True
    return graph.extract(mask)


def assert_same(found: graph.HeteroGraph, expected: graph.HeteroGraph) -> None:
    """Fail unless both have the same bits in all arrays but images, and the same origin."""
    assert_same_graph_bytes(found, without_images(expected), "")
    assert found.meta == expected.meta
    arrays = [getattr(found, name) for name in ARRAYS]
    for array in (*arrays, *found.edges.values(), *found.edge_attr.values()):
        assert not array.flags.writeable
        assert array.flags.c_contiguous


def without_images(one: graph.HeteroGraph) -> graph.HeteroGraph:
    """Return the graph without its kept images."""
    return dataclasses.replace(one, kept={})


def changed(one: graph.HeteroGraph, change: Any) -> graph.HeteroGraph:
    """Return the graph with `change` made to each array of floats."""
    arrays: dict[str, Any] = {
        name: change(getattr(one, name))
        for name, (dtype, _) in ARRAYS.items()
        if dtype.startswith("float")
    }
    arrays["edge_attr"] = {name: change(values) for name, values in one.edge_attr.items()}
    return dataclasses.replace(one, **arrays)


def plain_nan(one: graph.HeteroGraph) -> graph.HeteroGraph:
    """Return the graph with one kind of NaN; JSON does not tell their bits apart."""
    return changed(one, lambda x: np.where(np.isnan(x), np.array(np.nan, x.dtype), x))
