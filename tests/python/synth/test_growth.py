# SPDX-License-Identifier: Apache-2.0
"""Grown vessels: equal to the reference node for node, deterministic, and like an eye's."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from gftcore import _core, synth
from gftcore.reference import growth as reference
from gftcore.synth import GrowthOptions

EYE_SEED = 5
GOLDEN = "810db34e3293cb07cef573583387e849bc0e843d80abdb40d2415e007fe9a7e2"
ARRAYS = ("node_xyz", "parent", "radius", "kappa", "tree", "is_vein")


def digest(forest):
    content = b"".join(getattr(forest, name).tobytes() for name in ARRAYS)
    return hashlib.sha256(content).hexdigest()


def children_of(forest):
    """Indices of the children of each node."""
    children = [[] for _ in forest.parent]
    for node, parent in enumerate(forest.parent.tolist()):
        if parent >= 0:
            children[parent].append(node)
    return children


@pytest.fixture(scope="module")
def eye():
    """One whole eye."""
    return synth.grow_vessels(seed=EYE_SEED)


def assert_same_forest(forest, expected):
    """Exact: topology and every draw. Positions and radii to 1e-9."""
    np.testing.assert_array_equal(forest.parent, expected.parent)
    for name in ("tree", "is_vein", "kappa"):
        np.testing.assert_array_equal(getattr(forest, name), getattr(expected, name))
    np.testing.assert_allclose(forest.node_xyz, expected.node_xyz, rtol=0, atol=1e-9)
    np.testing.assert_allclose(forest.radius, expected.radius, rtol=1e-9)
    assert forest.faz == pytest.approx(expected.faz, rel=1e-9)


# --- against the reference ----------------------------------------------------------------------


@pytest.mark.slow
def test_the_test_profile_equals_the_reference():
    options = GrowthOptions.test_profile()
    forest = synth.grow_vessels(seed=2, options=options)
    assert len(forest.parent) > 3000
    assert_same_forest(forest, reference.grow_vessels(seed=2, options=options))


SHORT = GrowthOptions.test_profile(svc=12, dvc=10)


@pytest.mark.parametrize(
    ("seed", "options"),
    [
        (0, SHORT),
        (1, SHORT.replace(faz_mean_mm=0.9, faz_sd_mm=0.3)),
        (2, SHORT.replace(faz_mean_mm=0.0, faz_sd_mm=0.0)),
        (3, SHORT.replace(trees=1, turn_after=0, turn_radius=0.6)),
        (4, SHORT.replace(depth=0.2, spread_degrees=5.0)),
        (5, SHORT.replace(svc=SHORT.svc.replace(gamma_degrees=180.0, omega=0.8, kappa=3.7))),
        (6, SHORT.replace(dvc=SHORT.dvc.replace(steps_shrink=True, turn_floor=0.3, omega=1.0))),
        (7, SHORT.replace(tissue_growth=0.2, radius_mm=0.02, step_mm=0.05)),
        (2**64 - 1, SHORT.replace(svc=SHORT.svc.replace(tries=0))),
    ],
)
def test_other_options_equal_the_reference(seed, options):
    forest = synth.grow_vessels(seed=seed, options=options, stream=3)
    assert_same_forest(forest, reference.grow_vessels(seed=seed, options=options, stream=3))


def test_numbers_are_those_of_numpy():
    for seed, stream in [(0, 0), (7, 2), (2**64 - 1, 2**63)]:
        key = np.array([seed, stream], dtype=np.uint64)
        expected = np.random.Generator(np.random.Philox(key=key)).random(1001)
        np.testing.assert_array_equal(_core.random_stream(seed, stream, 1001, False), expected)


# --- determinism --------------------------------------------------------------------------------


def test_same_seed_same_bytes(eye):
    assert digest(synth.grow_vessels(seed=EYE_SEED)) == digest(eye)
    assert digest(synth.grow_vessels(seed=EYE_SEED + 1)) != digest(eye)
    assert digest(synth.grow_vessels(seed=EYE_SEED, stream=1)) != digest(eye)


def test_threads_do_not_matter():
    """One eye is grown by one thread; several at a time do not disturb each other."""

    def grown(seed):
        return digest(synth.grow_vessels(seed=seed, options=SHORT))

    alone = [grown(seed) for seed in range(8)]
    assert len(set(alone)) == 8
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(grown, range(8))) == alone


def test_bytes_are_those_of_every_machine():
    """Pinned: only operations that IEEE 754 rounds in one way are used."""
    forest = synth.grow_vessels(seed=1, options=GrowthOptions.test_profile())
    assert digest(forest) == GOLDEN


# --- trees --------------------------------------------------------------------------------------


def test_trees_are_trees(eye):
    parent = eye.parent
    nodes = np.arange(len(parent))
    assert (parent < nodes).all()  # so there is no cycle, and each node hangs on a root
    roots = parent < 0
    assert roots.sum() == 16
    np.testing.assert_array_equal(eye.tree[roots], np.arange(16))
    below = nodes[~roots]
    np.testing.assert_array_equal(eye.tree[below], eye.tree[parent[below]])
    np.testing.assert_array_equal(eye.is_vein, eye.tree >= 8)
    counts = np.bincount(parent[below], minlength=len(parent))
    assert counts.max() == 2
    assert (counts[roots] == 1).all()


def test_murray_holds_at_every_bifurcation(eye):
    bifurcations = 0
    for node, below in enumerate(children_of(eye)):
        kappa = eye.kappa[node]
        if len(below) == 2:
            bifurcations += 1
            total = (eye.radius[below] ** kappa).sum()
            assert eye.radius[node] ** kappa == pytest.approx(total, rel=1e-9)
        elif below:
            assert eye.radius[node] == eye.radius[below[0]]
        else:
            assert eye.radius[node] == GrowthOptions().radius_mm / 3
    assert bifurcations > 3000
    assert set(eye.kappa.tolist()) == {2.55, 2.9}


def test_edges_are_the_nodes_that_are_no_roots(eye):
    edges = eye.edges()
    assert len(edges) == len(eye.parent) - 16
    np.testing.assert_array_equal(edges.node1_xyz, eye.node_xyz[eye.edge_node])
    np.testing.assert_array_equal(edges.node2_xyz, eye.node_xyz[eye.parent[eye.edge_node]])
    np.testing.assert_array_equal(edges.radius, eye.radius[eye.edge_node])


# --- an eye -------------------------------------------------------------------------------------


def test_an_eye_is_like_the_published_ones(eye):
    """Published: 13.4 to 13.9 thousand edges, density .351 +- .005, median radius 2.5 um."""
    edges = eye.edges()
    assert 12_000 <= len(edges) <= 14_500
    assert 0.33 <= synth.draw_mask(edges).mean() <= 0.37
    radius_um = 3000 * edges.radius
    assert radius_um.min() > 0
    assert np.median(radius_um) == pytest.approx(2.5)
    assert 6 < np.quantile(radius_um, 0.9) < 7
    assert 30 < radius_um.max() < 50


def test_the_fovea_has_no_vessels(eye):
    assert 0.3 / 3 < eye.faz < 0.6 / 3
    mask = synth.draw_mask(eye.edges())
    row, col = (np.mgrid[:1216, :1216] + 0.5) / 1216
    distance = np.hypot(row - 0.5, col - 0.5)
    assert not mask[distance < eye.faz / 2].any()
    assert mask[distance < 2 * eye.faz].any()
    area_mm2 = 9 * np.pi * distance[mask].min() ** 2
    assert 0.1 < area_mm2 < 0.5  # of the largest disc in the middle


def test_without_a_foveal_zone_vessels_reach_the_centre():
    """Negative control: it is the zone that keeps them out."""
    options = GrowthOptions(faz_mean_mm=0.0, faz_sd_mm=0.0)
    forest = synth.grow_vessels(seed=EYE_SEED, options=options)
    assert forest.faz == 0
    assert np.hypot(*(forest.node_xyz[:, :2] - 0.5).T).min() < 0.02


def test_a_larger_foveal_parameter_gives_a_larger_zone():
    clear = []
    for mean in (0.3, 0.5, 0.8):
        options = GrowthOptions(faz_mean_mm=mean, faz_sd_mm=0.0)
        forest = synth.grow_vessels(seed=EYE_SEED, options=options)
        assert forest.faz == pytest.approx(mean / 3)
        clear.append(np.hypot(*(forest.node_xyz[:, :2] - 0.5).T).min())
        assert clear[-1] > forest.faz / 2
    assert clear == sorted(clear)


def test_arrays_are_read_only(eye):
    for name in ARRAYS:
        with pytest.raises(ValueError, match="read-only"):
            getattr(eye, name)[0] = 0
    assert repr(eye).startswith("VesselForest(")
