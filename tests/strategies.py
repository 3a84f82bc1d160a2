# SPDX-License-Identifier: Apache-2.0
"""Hypothesis strategies for masks and graphs.

Small masks are drawn pixel by pixel, so a failure shrinks to a minimal picture; larger ones come
from a drawn seed. So do the numbers in graphs, whose sizes are drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

import random_masks
from gftcore.graph import FazInfo, GraphMeta, HeteroGraph
from gftcore.graph.columns import ICA_COLUMNS, VESSEL_COLUMNS
from gftcore.graph.hetero_graph import RELATIONS

BoolImage = NDArray[np.bool_]

if settings.default.deadline is not None:  # first calls compile; a time limit would be flaky
    settings.register_profile("no-deadline", parent=settings.default, deadline=None)
    settings.load_profile("no-deadline")


def pixel_masks(max_side: int = 12) -> st.SearchStrategy[BoolImage]:
    """Masks drawn pixel by pixel, sides 1..max_side."""
    shapes = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=max_side)
    return hnp.arrays(np.bool_, shapes)


def drawn_vessels(max_side: int = 96) -> st.SearchStrategy[BoolImage]:
    """Thick polylines."""
    return _seeded(random_masks.vessels, max_side)


def vessel_masks(max_side: int = 64) -> st.SearchStrategy[BoolImage]:
    """Any mask: the kinds above, mixtures, constant images and single lines."""
    return st.one_of(
        pixel_masks(min(max_side, 12)),
        _seeded(random_masks.noise, max_side),
        _seeded(random_masks.blobs, max_side),
        _seeded(random_masks.vessels, max_side),
        _seeded(random_masks.mixture, max_side),
        _seeded(random_masks.constant, max_side),
    )


def label_images(max_side: int = 16, max_label: int = 6) -> st.SearchStrategy[NDArray[np.int32]]:
    """Arbitrary label images; regions need be neither connected nor consecutive."""
    shapes = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=max_side)
    return hnp.arrays(np.int32, shapes, elements=st.integers(0, max_label))


def _seeded(
    kind: Callable[[np.random.Generator, tuple[int, int]], BoolImage], max_side: int
) -> st.SearchStrategy[BoolImage]:
    return st.builds(
        lambda seed, rows, cols: kind(np.random.default_rng(seed), (rows, cols)),
        st.integers(0, 2**32 - 1),
        st.integers(1, max_side),
        st.integers(1, max_side),
    )


@st.composite
def hetero_graphs(draw: st.DrawFn) -> HeteroGraph:
    """Graphs that no mask has: any sizes, columns and numbers that the file format allows.

    Among them empty graphs, single nodes, loops, segments without points, edges with up to eight
    values, and features that are NaN (of any bits), infinite, negative zero or subnormal.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows, cols = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    pixels = rows * cols
    count = st.integers(0, min(pixels, 6))
    nodes, areas, faces, zones = draw(count), draw(count), draw(count), draw(st.integers(0, 1))
    segments = draw(st.integers(0, min(4 * pixels, 8))) if nodes and faces else 0
    points = rng.integers(0, pixels, endpoint=True) if segments else 0
    inner = np.sort(rng.integers(0, points, max(segments - 1, 0), endpoint=True))
    ends = rng.integers(0, max(nodes, 1), (segments, 2))
    names = {
        "vessel": tuple(draw(st.lists(st.sampled_from(sorted(VESSEL_COLUMNS)), unique=True))),
        "ica": tuple(draw(st.lists(st.sampled_from(sorted(ICA_COLUMNS)), unique=True))),
    }
    sizes = {"vessel": segments, "ica": areas, "faz": zones}
    edges, edge_attr = {}, {}
    for relation, (source, target) in RELATIONS.items():
        most = min(sizes[source] * sizes[target], 9)
        pairs = int(rng.integers(0, most, endpoint=True))
        edges[relation] = np.stack(
            [rng.integers(0, max(sizes[end], 1), pairs) for end in (source, target)]
        )
        edge_attr[relation] = _floats(rng, (pairs, draw(st.sampled_from((1, 1, 0, 2, 8)))), "f4")
    low = np.column_stack([rng.integers(0, side, areas) for side in (rows, cols)])
    high = np.column_stack(
        [
            rng.integers(low[:, axis] + 1, side, endpoint=True)
            for axis, side in ((0, rows), (1, cols))
        ]
    )
    return HeteroGraph(
        node_rowcol=_floats(rng, (nodes, 2), "f4"),
        node_radius_px=_floats(rng, (nodes,), "f4"),
        node_degree=np.bincount(ends.ravel(), minlength=nodes).astype(np.int32),
        node_pixels=rng.integers(0, pixels, nodes, np.int32, endpoint=True),
        node_kind=rng.integers(0, 5, nodes, np.uint8),
        segment_nodes=ends,
        segment_faces=rng.integers(0, max(faces, 1), (segments, 2)),
        point_ptr=np.array([0, *inner, points] if segments else [0]),
        point_pixel=np.column_stack([rng.integers(0, n, points, np.int32) for n in (rows, cols)]),
        point_rowcol=_floats(rng, (points, 2), "f4"),
        point_radius_px=_floats(rng, (points,), "f4"),
        vessel_x=_floats(rng, (segments, len(names["vessel"])), "f8"),
        vessel_columns=names["vessel"],
        ica_x=_floats(rng, (areas, len(names["ica"])), "f8"),
        ica_columns=names["ica"],
        ica_label_id=rng.integers(0, 2**31, areas, np.int32),
        ica_bbox=np.column_stack([low, high]).astype(np.int32),
        ica_touches_border=rng.random(areas) < 0.5,
        face_ica=rng.integers(-2, areas, faces),
        faz_x=_floats(rng, (zones, len(names["ica"])), "f8"),
        faz_info=FazInfo(
            label=int(rng.integers(0, 2**31)),
            area_px2=draw(st.floats(0, 1e9)),
            method=draw(st.sampled_from(("auto", "nearest", "fixed", "mask", "none"))),
            confidence=draw(st.one_of(st.just(float("nan")), st.floats(0, 1))),
        ),
        edges=edges,
        edge_attr=edge_attr,
        meta=_meta(draw, (rows, cols)),
    )


def _meta(draw: st.DrawFn, shape: tuple[int, int]) -> GraphMeta:
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    plain: Any = st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), text, st.floats(-1e300, 1e300)),
        lambda inner: st.one_of(st.lists(inner), st.dictionaries(text, inner)),
        max_leaves=4,
    )
    return GraphMeta(
        shape=shape,
        fov_mm=draw(st.floats(1e-300, 1e300)),
        eye=draw(st.sampled_from(("OD", "OS", "unknown"))),
        config=draw(st.dictionaries(text, plain, max_size=3)),
        config_hash=draw(text),
        versions=draw(st.dictionaries(text, text, max_size=2)),
        simd_target=draw(text),
        warnings=tuple(draw(st.lists(text, max_size=2))),
        source=draw(st.dictionaries(st.sampled_from(("kind", "sha256", "layer", "é")), text)),
    )


def _floats(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """Numbers of any size and sign, some of them at the edges of what there is."""
    kind = np.dtype(dtype)
    info = np.finfo(kind)
    out = (rng.standard_normal(shape) * 10.0 ** rng.integers(-30, 30, shape)).astype(kind)
    odd = np.array(
        [np.nan, -np.nan, np.inf, -np.inf, -0.0, 0.0, info.max, info.smallest_subnormal, 1 / 3],
        dtype=kind,
    )
    return np.where(rng.random(shape) < 0.3, rng.choice(odd, shape), out).astype(kind)
