# SPDX-License-Identifier: Apache-2.0
"""Who turns a mask into a graph: this package, skan and sknw on both skeletons of scikit-image."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.ndimage as ndi
import skan
import sknw
from skimage import morphology

from gftcore import formats, graph

SpatialGraph = formats.SpatialGraph


class Shared:
    """A mask and what several extractors compute from it."""

    def __init__(self, mask: np.ndarray) -> None:
        self.mask = mask

    @cached_property
    def zhang(self) -> np.ndarray:
        return morphology.skeletonize(self.mask, method="zhang")

    @cached_property
    def lee(self) -> np.ndarray:
        return morphology.skeletonize(self.mask, method="lee") != 0

    @cached_property
    def distance(self) -> np.ndarray:
        return ndi.distance_transform_edt(self.mask)

    @cached_property
    def fast(self) -> SpatialGraph:
        return gftcore_graph(self.mask, skeleton="fast", prune="bulge")


def gftcore_graph(mask: np.ndarray, **options: str | float) -> SpatialGraph:
    config = graph.ExtractConfig(skeleton_fill_px=0, features="centreline", **options)
    return formats.from_hetero(graph.extract(mask, config))


def skan_graph(skeleton: np.ndarray, distance: np.ndarray) -> SpatialGraph:
    """Paths of skan; its nodes are single pixels."""
    paths = skan.Skeleton(skeleton)
    pixels = [paths.path_coordinates(i).astype(int) for i in range(paths.n_paths)]
    ends = np.array([paths.path(i)[[0, -1]] for i in range(paths.n_paths)])
    names, segment_nodes = np.unique(ends, return_inverse=True)
    inner = [line[1:-1] for line in pixels]
    return formats.from_polylines(
        paths.coordinates[names],
        segment_nodes.reshape(-1, 2),
        inner,
        radius_px=[distance[tuple(line.T)] for line in inner],
    )


def sknw_graph(skeleton: np.ndarray, distance: np.ndarray) -> SpatialGraph:
    """Edges of sknw; its nodes are the mean of touching branch pixels, rounded."""
    net = sknw.build_sknw(skeleton.astype(np.uint16), multi=True)
    number = {node: i for i, node in enumerate(net.nodes)}
    edges = list(net.edges(data="pts"))
    inner = [np.asarray(line, dtype=int)[1:-1] for *_, line in edges]
    return formats.from_polylines(
        np.array([net.nodes[node]["o"] for node in net.nodes], dtype=float),
        [(number[start], number[end]) for start, end, _ in edges],
        inner,
        radius_px=[distance[tuple(line.T)] for line in inner],
    )


def turned(item: SpatialGraph, side: int) -> SpatialGraph:
    """Turn a graph of a square image by 90 degrees."""

    def turn(rowcol: np.ndarray) -> np.ndarray:
        return np.stack([rowcol[:, 1], side - 1 - rowcol[:, 0]], axis=1)

    raw = None if item.point_raw_rowcol is None else turn(item.point_raw_rowcol)
    return dataclasses.replace(
        item,
        node_rowcol=turn(item.node_rowcol),
        point_rowcol=turn(item.point_rowcol),
        point_raw_rowcol=raw,
    )


@dataclass(frozen=True)
class Extractor:
    """One row of the table. Ours owe the goals, peers are what ours are compared with."""

    name: str
    run: Callable[[Shared], SpatialGraph]
    ours: bool = False
    peer: bool = False


EXTRACTORS = (
    Extractor("gftcore fast", lambda s: s.fast, ours=True),
    Extractor(
        "gftcore fast unpruned", lambda s: gftcore_graph(s.mask, skeleton="fast", prune="none")
    ),
    Extractor(
        "gftcore fast unmerged",
        lambda s: gftcore_graph(s.mask, skeleton="fast", prune="bulge", merge_px=0.0),
    ),
    Extractor(
        "gftcore ordered",
        lambda s: gftcore_graph(s.mask, skeleton="ordered", prune="bulge"),
        ours=True,
    ),
    Extractor("skan on zhang", lambda s: skan_graph(s.zhang, s.distance), peer=True),
    Extractor("skan on lee", lambda s: skan_graph(s.lee, s.distance), peer=True),
    Extractor("sknw on zhang", lambda s: sknw_graph(s.zhang, s.distance), peer=True),
    Extractor("sknw on lee", lambda s: sknw_graph(s.lee, s.distance), peer=True),
    Extractor("chance (fast turned 90)", lambda s: turned(s.fast, s.mask.shape[0])),
)
