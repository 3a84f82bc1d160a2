# SPDX-License-Identifier: Apache-2.0
"""Small explained eyes, their tables, and the same eyes seen in a mirror."""

from __future__ import annotations

import dataclasses
import warnings
from functools import cache
from typing import Any

import numpy as np

from drawn_eyes import drawn_image, untrained
from gftcore.attribution import Attribution, Selection, integrated_gradients, select
from gftcore.biomarkers import Biomarkers, biomarkers
from gftcore.graph import ExtractConfig, HeteroGraph, extract_image
from gftcore.tabulation import ReferenceRanges, Table, make_table, reference_ranges

NETWORK = untrained(grey=True, record={"data": "synthetic"})
#: Wide enough that all zones have nodes.
FOV_MM = 2.0


@cache
def eye_graph(seed: int = 1, eye: str = "OD") -> HeteroGraph:
    """Graph of a drawn eye, with what biomarkers need."""
    config = ExtractConfig(fov_mm=FOV_MM, eye=eye)  # type: ignore[arg-type]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return extract_image(drawn_image(seed), config, keep=("mask", "skeleton"))


@cache
def explained(seed: int = 1) -> Attribution:
    (found,) = integrated_gradients(NETWORK, [eye_graph(seed)], of="both")
    return found


def picked(graph: HeteroGraph, found: Attribution) -> Selection:
    return select(found, graph, NETWORK)


def measured(graph: HeteroGraph) -> Biomarkers:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return biomarkers(graph)


@cache
def ranges() -> ReferenceRanges:
    """Of three other drawn eyes."""
    eyes = [eye_graph(seed) for seed in (0, 2, 3)]
    return reference_ranges([(graph, measured(graph)) for graph in eyes], data="synthetic")


def table_of(graph: HeteroGraph | None = None, *, seed: int = 1, **options: Any) -> Table:
    """Table of a drawn eye, or of a graph that differs from it in places only."""
    graph = eye_graph(seed) if graph is None else graph
    found = explained(seed)
    given: dict[str, Any] = {
        "probabilities": found.probabilities,
        "config_hash": NETWORK.config.hash,
        "image_id": "a",
        "notice": "Not for clinical use.",
    }
    return make_table(graph, found, picked(graph, found), **{**given, **options})


def full_table(seed: int = 1, **options: Any) -> Table:
    """With biomarkers and ranges."""
    graph = eye_graph(seed)
    return table_of(seed=seed, biomarkers=measured(graph), reference=ranges(), **options)


def with_eye(graph: HeteroGraph, eye: str) -> HeteroGraph:
    return dataclasses.replace(graph, meta=dataclasses.replace(graph.meta, eye=eye))


def mirrored(graph: HeteroGraph) -> HeteroGraph:
    """The graph seen in a mirror: left is right, and nothing else changes."""
    last = graph.meta.shape[1] - 1

    def turned(values: Any, columns: tuple[str, ...], names: tuple[str, ...]) -> Any:
        out = np.array(values)
        for name in names:
            out[:, columns.index(name)] = last - out[:, columns.index(name)]
        return out

    areas = ("centroid-1", "centroid_weighted-1")
    return dataclasses.replace(
        graph,
        vessel_x=turned(graph.vessel_x, graph.vessel_columns, ("col", "pos_compat_col")),
        ica_x=turned(graph.ica_x, graph.ica_columns, areas),
        faz_x=turned(graph.faz_x, graph.ica_columns, areas),
    )


def without_faz(graph: HeteroGraph) -> HeteroGraph:
    edges = {name: pairs[:, :0] if "f" in name else pairs for name, pairs in graph.edges.items()}
    attributes = {
        name: values[:0] if "f" in name else values for name, values in graph.edge_attr.items()
    }
    return dataclasses.replace(graph, faz_x=graph.faz_x[:0], edges=edges, edge_attr=attributes)
