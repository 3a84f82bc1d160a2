# SPDX-License-Identifier: Apache-2.0
"""Sectors and quadrants: drawn masks, symmetries, the reference, laterality."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gftcore import _core, errors, graph
from gftcore.biomarkers import (
    VECTOR_MODES,
    etdrs_densities,
    quadrant_densities,
    quadrant_vector,
)
from random_masks import vessels

# Rotation by 90 degrees against the clock moves what is to the right upwards.
TURNED = {"superior": "right", "left": "superior", "inferior": "left", "right": "inferior"}
MIRRORED = {"superior": "superior", "left": "right", "inferior": "inferior", "right": "left"}


def drawn(seed: int, shape: tuple[int, int] = (120, 120)) -> np.ndarray:
    return vessels(np.random.default_rng(seed), shape)


def counted(mask, row, col, inner, outer, excluded=None):
    """Pixels of each sector by the definition, one at a time."""
    row, col = round(row * 16), round(col * 16)
    reach = int(outer) + 2
    table = np.zeros((5, 3), dtype=int)
    for r in range(row // 16 - reach, row // 16 + reach + 1):
        for c in range(col // 16 - reach, col // 16 + reach + 1):
            dr, dc = 16 * r - row, 16 * c - col
            square = dr * dr + dc * dc
            if square >= (16 * outer) ** 2:
                continue
            if square < (16 * inner) ** 2:
                sector = 0
            elif dr < 0 and dr <= dc < -dr:
                sector = 1
            elif dc > 0 and -dc <= dr < dc:
                sector = 2
            elif dr > 0 and -dr < dc <= dr:
                sector = 3
            else:
                sector = 4
            table[sector, 2] += 1
            inside = 0 <= r < mask.shape[0] and 0 <= c < mask.shape[1]
            if inside and (excluded is None or not excluded[r, c]):
                table[sector, 1] += 1
                table[sector, 0] += bool(mask[r, c])
    return table


@given(
    st.integers(0, 2**32 - 1),
    st.tuples(st.integers(1, 150), st.integers(1, 150)),
    st.floats(-0.3, 1.3),
    st.floats(-0.3, 1.3),
    st.floats(0.1, 12.0),
    st.floats(0.0, 14.0),
    st.booleans(),
)
def test_counts_are_those_of_single_pixels(seed, shape, row, col, inner, wider, some) -> None:
    rng = np.random.default_rng(seed)
    mask = (rng.random(shape) < 0.4).astype(np.uint8)
    excluded = (rng.random(shape) < 0.2).astype(np.uint8) if some else None
    place = row * shape[0], col * shape[1], inner, inner + wider
    found = _core.count_sectors(mask, *place, excluded)
    np.testing.assert_array_equal(found, counted(mask, *place, excluded))


def test_pixels_on_the_diagonals_go_clockwise() -> None:
    mask = np.zeros((21, 21), dtype=np.uint8)
    for place, sector in (((5, 15), 2), ((15, 15), 3), ((15, 5), 4), ((5, 5), 1)):
        mask[:] = 0
        mask[place] = 1
        found = _core.count_sectors(mask, 10.0, 10.0, 2.0, 9.0)
        assert found[:, 0].argmax() == sector
        assert found[:, 0].sum() == 1


def test_radii_are_open() -> None:
    """A pixel 3 px from the centre is not nearer than 3 px."""
    mask = np.zeros((21, 21), dtype=np.uint8)
    mask[10, 13] = mask[10, 17] = 1
    found = _core.count_sectors(mask, 10.0, 10.0, 3.0, 7.0)
    np.testing.assert_array_equal(found[:, 0], [0, 0, 1, 0, 0])


@pytest.mark.parametrize("seed", range(5))
def test_a_turned_image_has_turned_sectors(seed: int) -> None:
    mask, centre = drawn(seed), np.array([51.25, 63.5])
    last = mask.shape[0] - 1
    before = etdrs_densities(mask, centre_rowcol=centre)
    after = etdrs_densities(np.rot90(mask), centre_rowcol=(last - centre[1], centre[0]))
    assert after["centre"] == before["centre"]
    for name, source in TURNED.items():
        assert after[name] == before[source]
    assert before["superior"] != before["left"]


@pytest.mark.parametrize("seed", range(5))
def test_a_mirrored_image_has_mirrored_sectors(seed: int) -> None:
    """No pixel lies on a diagonal of this centre, since clockwise would be the other way."""
    mask, centre = drawn(seed), np.array([51.25, 63.625])
    last = mask.shape[1] - 1
    before = etdrs_densities(mask, centre_rowcol=centre)
    after = etdrs_densities(mask[:, ::-1], centre_rowcol=(centre[0], last - centre[1]))
    assert after["centre"] == before["centre"]
    for name, source in MIRRORED.items():
        assert after[name] == before[source]
    # A mirrored right eye is a left eye: all names stay.
    right = etdrs_densities(mask, centre_rowcol=centre, eye="OD")
    left = etdrs_densities(mask[:, ::-1], centre_rowcol=(centre[0], last - centre[1]), eye="OS")
    assert dict(right) == dict(left)


def test_sectors_are_named_by_the_eye() -> None:
    mask = np.zeros((300, 300), dtype=bool)
    mask[:, 150:] = True
    densities = {}
    for eye in ("OD", "OS", "unknown"):
        parts = etdrs_densities(mask, centre_rowcol=(149.5, 149.5), eye=eye)
        densities[eye] = {name: part.vessel_density for name, part in parts.items()}
        assert densities[eye]["superior"] == pytest.approx(0.5, abs=0.01)
    assert densities["OD"]["nasal"] == densities["OS"]["temporal"] == 1
    assert densities["OD"]["temporal"] == densities["OS"]["nasal"] == 0
    assert (densities["unknown"]["right"], densities["unknown"]["left"]) == (1, 0)


def test_sectors_that_the_image_cuts_report_it() -> None:
    mask = np.ones((300, 300), dtype=bool)
    parts = etdrs_densities(mask, centre_rowcol=(0.0, 149.5))
    assert parts["superior"].coverage == 0
    assert math.isnan(parts["superior"].vessel_density)
    assert parts["centre"].coverage == pytest.approx(0.5, abs=0.01)
    assert parts["inferior"].coverage == 1
    assert parts["inferior"].vessel_density == 1
    assert parts["inferior"].area_mm2 == pytest.approx(math.pi * (1.25**2 - 0.5**2) / 4, rel=0.01)
    half = etdrs_densities(mask, centre_rowcol=(149.5, 149.5), exclude=[(0, 150, 300, 300)])
    assert half["right"].coverage == 0
    assert half["superior"].coverage == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shape", [(120, 120), (64, 120)])
def test_turned_and_mirrored_quadrants(seed: int, shape: tuple[int, int]) -> None:
    mask = drawn(seed, shape)
    before = quadrant_densities(mask)
    after = quadrant_densities(np.rot90(mask))
    for new, old in {"TL": "TR", "BL": "TL", "BR": "BL", "TR": "BR"}.items():
        assert after[new] == before[old]
    after = quadrant_densities(mask[:, ::-1])
    for new, old in {"TL": "TR", "TR": "TL", "BL": "BR", "BR": "BL"}.items():
        assert after[new] == before[old]


def test_the_middle_belongs_to_the_bottom_and_the_right() -> None:
    mask = np.zeros((5, 5), dtype=bool)
    mask[2, 2] = True
    parts = quadrant_densities(mask, fov_mm=5.0)
    assert [parts[name].vessel_density for name in ("TL", "TR", "BL", "BR")] == [0, 0, 0, 1 / 9]
    assert [parts[name].area_mm2 for name in ("TL", "TR", "BL", "BR")] == [4, 6, 6, 9]


def test_excluded_quadrants() -> None:
    mask = np.ones((4, 4), dtype=bool)
    parts = quadrant_densities(mask, exclude=[(0, 0, 2, 2), (2, 0, 3, 2)])
    assert math.isnan(parts["TL"].vessel_density)
    assert parts["TL"].coverage == 0
    assert (parts["BL"].vessel_density, parts["BL"].coverage) == (1, 0.5)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"centre_rowcol": (1.0, 2.0, 3.0)}, errors.ShapeError, r"must be \(row, col\)"),
        ({"centre_rowcol": None}, errors.ArgumentTypeError, "centre_rowcol must be two real"),
        ({"centre_rowcol": (1.0, math.nan)}, errors.ArgumentError, "centre_rowcol must be finite"),
        ({"centre_rowcol": (1.0, 1e9)}, errors.ArgumentError, "must lie near the image"),
        ({"fov_mm": 0}, errors.ArgumentError, "fov_mm must be finite and greater than 0"),
        ({"fov_mm": 1e-7}, errors.ArgumentError, "fov_mm must give sectors of at most"),
        ({"eye": "right"}, errors.ArgumentError, "eye must be one of 'OD', 'OS', 'unknown'"),
        ({"exclude": "no"}, errors.ArgumentTypeError, "exclude must hold rectangles"),
    ],
)
def test_bad_input_of_sectors(options, error, message) -> None:
    with pytest.raises(error, match=message):
        etdrs_densities(np.ones((9, 9), dtype=bool), **{"centre_rowcol": (4.0, 4.0), **options})


def test_the_core_refuses_odd_places() -> None:
    mask = np.ones((9, 9), dtype=np.uint8)
    for place in ((np.inf, 1, 1, 2), (1, -1e8, 1, 2), (1, 1, 0, 2), (1, 1, 3, 2), (1, 1, 1, 1e9)):
        with pytest.raises(errors.ArgumentError, match="of the sectors must"):
            _core.count_sectors(mask, *place)
    with pytest.raises(errors.ShapeError, match="excluded must have the shape of vessels"):
        _core.count_sectors(mask, 1, 1, 1, 2, np.ones((3, 3), dtype=np.uint8))


# --- the 8-vector -------------------------------------------------------------------------------


def some_graph(seed: int = 0, **options) -> graph.HeteroGraph:
    return graph.extract(drawn(seed, (128, 160)), graph.ExtractConfig(**options))


def mirrored(found: graph.HeteroGraph) -> graph.HeteroGraph:
    """The graph with all positions mirrored at the middle column."""
    last = found.meta.shape[1] - 1
    tables = {}
    for table, columns, name in (
        ("vessel_x", found.vessel_columns, "col"),
        ("ica_x", found.ica_columns, "centroid-1"),
    ):
        x = getattr(found, table).copy()
        x[:, columns.index(name)] = last - x[:, columns.index(name)]
        tables[table] = x
    return dataclasses.replace(found, **tables)


@pytest.mark.parametrize("mode", VECTOR_MODES)
def test_a_mirrored_graph_has_a_mirrored_vector(mode: str) -> None:
    found = some_graph(1)
    before = quadrant_vector(found, mode=mode)
    after = quadrant_vector(mirrored(found), mode=mode)
    np.testing.assert_array_equal(after, before[[1, 0, 3, 2, 5, 4, 7, 6]])
    assert (before != after).any()


def test_modes_of_the_vector_agree() -> None:
    found = some_graph(2, fov_mm=2.0)
    count = quadrant_vector(found, mode="count")
    edges = sum(found.edges[relation].shape[1] for relation in ("vv", "ii", "vi"))
    assert count[:4].sum() == found.num_segments + found.num_icas
    assert count[4:].sum() == edges
    share = quadrant_vector(found)
    np.testing.assert_allclose(share, np.r_[count[:4] / count[:4].sum(), count[4:] / edges])
    area = 64 * 80 * (2.0 / 160) ** 2
    np.testing.assert_allclose(quadrant_vector(found, mode="per_mm2"), count / area)


def test_excluded_pixels_have_no_area_in_the_vector() -> None:
    found = some_graph(2, exclude=((0, 0, 64, 40),))
    whole = some_graph(2, exclude=((0, 0, 64, 80),))
    count = quadrant_vector(found, mode="count")
    px = (3.0 / 160) ** 2
    dense = quadrant_vector(found, mode="per_mm2", exclude=[(64, 80, 128, 120)])
    np.testing.assert_allclose(dense[:4], count[:4] / np.array([2560, 5120, 5120, 2560]) / px)
    assert np.isnan(quadrant_vector(whole, mode="per_mm2")[[0, 4]]).all()


def test_a_graph_without_edges_has_shares_of_0() -> None:
    with pytest.warns(errors.GftcoreWarning, match="FULL_MASK"):
        nothing = graph.extract(np.ones((8, 8), dtype=bool))
    assert quadrant_vector(nothing).tolist() == [0.0] * 8


def test_bad_input_of_the_vector() -> None:
    with pytest.raises(errors.ArgumentTypeError, match="graph must be a HeteroGraph, got float64"):
        quadrant_vector(np.ones((4, 4)))
    with pytest.raises(errors.ArgumentError, match="mode must be one of 'fraction'"):
        quadrant_vector(some_graph(), mode="density")
