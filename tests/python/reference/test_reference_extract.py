# SPDX-License-Identifier: Apache-2.0
"""FAZ choice, adjacency and the assembled graph: drawn cases and invariants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from figures import disc, draw
from gftcore import reference
from gftcore.reference import NodeKind, ReferenceConfig
from gftcore.reference.adjacency import drawing
from gftcore.reference.extract import KEEP
from gftcore.reference.faz import open_by_disc
from strategies import vessel_masks

ndimage = pytest.importorskip("scipy.ndimage")
CONFIGS = st.builds(
    ReferenceConfig,
    skeleton=st.sampled_from(["fast", "ordered", "zhang-skimage"]),
    border=st.sampled_from(["anchor", "background"]),
    skeleton_fill_px=st.sampled_from([0, 4]),
    ica_fill_px=st.sampled_from([0, 5]),
    prune=st.sampled_from(["bulge", "length", "none"]),
    features=st.sampled_from(["edt", "voreen_slab", "centreline"]),
    ica_connectivity=st.sampled_from([4, 8]),
    ica_min_px=st.sampled_from([1, 11]),
    adjacency=st.sampled_from(["planar", "centerline4"]),
    faz=st.sampled_from(["auto", "fixed"]),
)


def grid_mask(side=61, step=20, half=1):
    """Vessels on grid lines: (side // step)^2 square areas."""
    mask = np.zeros((side, side), dtype=bool)
    for line in range(0, side, step):
        low, high = max(line - half, 0), line + half + 1
        mask[low:high] = True
        mask[:, low:high] = True
    return mask


@given(mask=vessel_masks(48))
def test_opening_by_disc(mask):
    r, c = np.ogrid[-4:5, -4:5]
    element = r * r + c * c <= 16
    eroded = ndimage.binary_erosion(mask, element, border_value=1)
    expected = ndimage.binary_dilation(eroded, element)
    np.testing.assert_array_equal(open_by_disc(mask), expected)


def test_faz_is_the_largest_central_area():
    void = disc((100, 100), (50, 52), 15) | disc((100, 100), (15, 15), 14)
    labels = reference.label(void)
    found = reference.find_faz(void, labels)
    assert (found.label, found.method, found.confidence) == (labels[50, 52], "auto", 1.0)
    both = disc((100, 100), (42, 40), 9) | disc((100, 100), (58, 60), 8)
    labels = reference.label(both)
    found = reference.find_faz(both, labels)
    sizes = sorted(np.bincount(open_by_disc(both)[labels > 0] * labels[labels > 0])[1:])
    assert found.label == labels[42, 40]
    assert found.confidence == pytest.approx(1 - sizes[0] / sizes[1])


def test_faz_fallbacks():
    thin_void = np.zeros((60, 60), dtype=bool)
    thin_void[10, 5:50] = True
    thin_void[40, 5:50] = True
    labels = reference.label(thin_void)
    assert reference.find_faz(thin_void, labels) == reference.FazChoice(2, "nearest", 0.0)
    nothing = reference.find_faz(thin_void, np.zeros_like(labels))
    assert (nothing.label, nothing.method) == (0, "none")
    fixed = reference.find_faz(thin_void, labels, method="fixed")
    assert (fixed.label, fixed.method) == (2, "fixed")
    mask = np.zeros((60, 60), dtype=bool)
    mask[10, :20] = mask[40, :15] = True
    assert reference.find_faz(thin_void, labels, method="mask", faz_mask=mask).label == 1


def test_grid_graph():
    g = reference.extract(grid_mask())
    assert len(g.ica_x) == 8
    assert len(g.faz_x) == 1
    assert g.faz_info["label"] == 5
    assert g.ica_label_id.tolist() == [1, 2, 3, 4, 6, 7, 8, 9]
    # the outer lines run along the frame, so their outer faces hold no area
    assert {tuple(e) for e in g.edges["if"].T.tolist()} == {(1, 0), (3, 0), (4, 0), (6, 0)}
    assert g.edges["vf"].shape[1] == 4
    assert g.edges["ff"].tolist() == [[0], [0]]
    assert g.ica_columns[-2:] == ("degree", "hetero_degree")
    assert g.faz_x[0, -2:].tolist() == [4.0, 4.0]
    assert g.ica_x[:, -2].tolist() == [2, 2, 2, 2, 2, 2, 2, 2]
    assert set(g.face_ica.tolist()) == {-2, -1, 0, 1, 2, 3, 4, 5, 6, 7}
    assert not g.ica_touches_border.any()


def test_two_areas_beside_one_vessel():
    mask = np.zeros((40, 40), dtype=bool)
    mask[19:22] = True
    for method in ("planar", "centerline4"):
        g = reference.extract(mask, ReferenceConfig(faz="none", adjacency=method))
        assert g.edges["ii"].tolist() == [[0], [1]]
        assert g.edges["vi"].tolist() == [[0, 0], [0, 1]]
        expected = 38 if method == "planar" else 36  # the 2-px frame hides two points
        assert g.edge_attr["ii"].tolist() == [[expected]]
        assert g.ica_touches_border.all()


@given(mask=vessel_masks(40), cfg=CONFIGS, seed=st.integers(0, 99))
def test_extract_invariants(mask, cfg, seed):
    rng = np.random.default_rng(seed)
    exclude = rng.random(mask.shape) < 0.01 if seed % 2 else None
    g = reference.extract(mask, cfg, exclude=exclude, intensity=rng.random(mask.shape), keep=KEEP)
    segments, areas, faz = len(g.segment_nodes), len(g.ica_x), len(g.faz_x)
    limits = {
        "vv": (segments, segments),
        "ii": (areas, areas),
        "vi": (segments, areas),
        "vf": (segments, faz),
        "if": (areas, faz),
        "ff": (faz, faz),
    }
    assert set(g.edges) == set(limits)
    for name, (rows, cols) in limits.items():
        edges, attr = g.edges[name], g.edge_attr[name]
        assert attr.shape == (edges.shape[1], 1)
        pairs = [tuple(e) for e in edges.T.tolist()]
        assert pairs == sorted(set(pairs))
        assert all(0 <= a < rows and 0 <= b < cols for a, b in pairs)
        if name in ("vv", "ii"):
            assert all(a < b for a, b in pairs)
    assert g.vessel_x.shape == (segments, len(g.vessel_columns))
    hetero = g.vessel_x[:, -1]
    assert hetero.sum() == g.edges["vi"].shape[1] + g.edges["vf"].shape[1]
    if cfg.adjacency == "planar":
        assert (hetero <= 2).all()
    assert g.face_ica.max(initial=-2) < areas
    assert (g.kept["ica_label"] > 0).sum() == g.ica_x[:, 2].sum() + g.faz_x[:, 2].sum()
    if exclude is not None:
        assert not g.kept["mask"][exclude].any()
        assert not g.kept["ica_label"][exclude].any()


@given(mask=vessel_masks(32))
def test_planar_edges_are_symmetric_under_transposition(mask):
    """Regions transform exactly; so do areas and their table sums."""
    cfg = ReferenceConfig(faz="none")
    a, b = reference.extract(mask, cfg), reference.extract(mask.T, cfg)
    assert sorted(a.ica_x[:, 2]) == sorted(b.ica_x[:, 2])


def test_excluded_strip_acts_as_border():
    mask = np.zeros((41, 60), dtype=bool)
    mask[20] = True
    exclude = np.zeros_like(mask)
    exclude[:, 40:] = True
    g = reference.extract(mask, ReferenceConfig(faz="none"), exclude=exclude)
    assert g.node_kind.tolist() == [NodeKind.BORDER, NodeKind.BORDER]
    assert g.vessel_x[0, g.vessel_columns.index("hasNodeAtSampleBorder")] == 1
    assert g.ica_touches_border.all()
    assert g.ica_x[:, 2].sum() == 2 * 20 * 40


def test_empty_and_full_masks():
    empty = reference.extract(np.zeros((30, 30), dtype=bool), ReferenceConfig(faz="none"))
    assert (len(empty.node_kind), len(empty.segment_nodes), len(empty.ica_x)) == (0, 0, 1)
    assert "EMPTY_MASK" in empty.warnings
    full = reference.extract(np.ones((30, 30), dtype=bool))
    assert (len(full.node_kind), len(full.segment_nodes), len(full.ica_x)) == (0, 0, 0)
    assert "FULL_MASK" in full.warnings
    assert np.isinf(
        reference.extract(np.ones((5, 5), dtype=bool), keep=("distance",)).kept["distance"]
    ).all()


def test_centerline4_drawing():
    mask = draw("..#..", "..#..", "#####", "..#..", "..#..", margin=8)
    thick = ndimage.binary_dilation(mask, np.ones((7, 7)))
    distance = reference.squared_distance(thick)
    graph = reference.trace(mask)
    drawn = drawing(graph, distance)
    radius = int(np.sqrt(distance[10, 10]) / 1.75) + 1
    r, c = np.ogrid[:21, :21]
    expected = mask | ((r - 10) ** 2 + (c - 10) ** 2 <= radius**2)
    expected[:2] = expected[-2:] = expected[:, :2] = expected[:, -2:] = True
    np.testing.assert_array_equal(drawn, expected)


def test_vv_pairs_at_shared_nodes():
    mask = draw("...#...", "..#.#..", "##...##", "..#.#..", "...#...", margin=1)
    graph = reference.trace(mask)
    found = reference.adjacency(graph, reference.faces(graph), np.zeros(mask.shape, np.int32))
    edges, attr = found["vv"]
    assert edges.T.tolist() == [[0, 1], [0, 2], [1, 2], [1, 3], [2, 3]]
    assert attr[:, 0].tolist() == [1, 1, 1, 2, 2]


def test_unknown_keep_is_refused():
    with pytest.raises(ValueError, match="keep"):
        reference.extract(np.zeros((4, 4)), keep=("ridges",))
