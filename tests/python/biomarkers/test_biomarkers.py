# SPDX-License-Identifier: Apache-2.0
"""All biomarkers against the reference (1e-9), and what happens at the edges of the domain."""

from __future__ import annotations

import csv
import math
import warnings
from pathlib import Path

import numpy as np
import pytest

from gftcore import biomarkers as bm
from gftcore import errors, graph
from gftcore.graph import ExtractConfig
from random_masks import vessels
from samples import load_label, sample_names

reference = pytest.importorskip("gftcore.reference", reason="numba is not installed")

SHAPES = ((96, 96), (128, 96), (81, 81), (120, 180), (97, 64), (160, 160), (63, 90))
CONFIGS = (
    ExtractConfig(),
    ExtractConfig(eye="OD", fov_mm=3.0),
    ExtractConfig(eye="OS", fov_mm=6.0, skeleton="ordered"),
    ExtractConfig(prune="none", faz="fixed", fov_mm=2.0),
    ExtractConfig(skeleton_fill_px=12, ica_min_px=30, eye="OD", fov_mm=4.5),
)


def quietly(function, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.GftcoreWarning)
        return function(*arguments, **options)


def mask_number(seed: int) -> np.ndarray:
    return vessels(np.random.default_rng(seed), SHAPES[seed % len(SHAPES)])


def assert_same_values(ours: dict[str, float], theirs: dict[str, float]) -> None:
    assert list(ours) == list(theirs)
    for name, value in ours.items():
        assert value == pytest.approx(theirs[name], rel=1e-9, abs=1e-12, nan_ok=True), name


@pytest.mark.parametrize("seed", range(20))
def test_every_value_is_the_reference_s(seed: int) -> None:
    mask, config = mask_number(seed), CONFIGS[seed % len(CONFIGS)]
    ours = quietly(bm.biomarkers, mask, config).to_dict()
    assert_same_values(ours, reference.biomarkers(mask, config, eye=config.eye))


@pytest.mark.parametrize("seed", range(4))
def test_excluded_pixels_count_in_nothing(seed: int) -> None:
    mask = mask_number(seed)
    excluded = np.zeros_like(mask)
    excluded[5:40, 20:50] = excluded[60:, :7] = True
    config = ExtractConfig(eye="OD", exclude=((60, 0, mask.shape[0], 7),))
    ours = quietly(bm.biomarkers, mask, config, exclude=[(5, 20, 40, 50)]).to_dict()
    assert_same_values(ours, reference.biomarkers(mask, config, eye="OD", exclude=excluded))
    # The control: without the exclusion other values come out.
    other = quietly(bm.biomarkers, mask, config.replace(exclude=())).to_dict()
    assert other["vessel_density"] != pytest.approx(ours["vessel_density"], rel=1e-9)


def test_a_given_faz_is_the_centre() -> None:
    mask = mask_number(3)
    zone = np.zeros_like(mask)
    zone[20:40, 30:60] = True
    ours = quietly(bm.biomarkers, mask, ExtractConfig(eye="OS"), faz_mask=zone).to_dict()
    assert_same_values(ours, reference.biomarkers(mask, eye="OS", faz_mask=zone))


@pytest.mark.parametrize("name", sample_names()[:1])
def test_a_whole_sample_is_the_reference_s(name: str) -> None:
    mask = load_label(name)[300:900, 320:920]
    config = ExtractConfig(eye="OD", fov_mm=1.5)
    ours = bm.biomarkers(mask, config).to_dict()
    assert_same_values(ours, reference.biomarkers(mask, config, eye="OD"))


def test_a_graph_gives_what_its_mask_gives() -> None:
    mask = mask_number(5)
    excluded = np.zeros_like(mask)
    excluded[:10] = True
    config = ExtractConfig(eye="OS")
    made = quietly(graph.extract, mask, config, exclude=excluded, keep=("mask", "skeleton"))
    from_graph = quietly(bm.biomarkers, made, exclude=excluded)
    from_mask = quietly(bm.biomarkers, mask, config, exclude=excluded)
    assert_same_values(from_graph.to_dict(), from_mask.to_dict())
    assert from_graph.quadrant_vectors == from_mask.quadrant_vectors
    assert (from_graph.eye, from_graph.fov_mm) == ("OS", 3.0)


def test_a_saved_graph_gives_the_same(tmp_path: Path) -> None:
    made = quietly(graph.extract, mask_number(6), keep=("mask", "skeleton"))
    made.save(tmp_path / "graph.npz")
    loaded = quietly(bm.biomarkers, graph.load(tmp_path / "graph.npz"))
    assert_same_values(loaded.to_dict(), quietly(bm.biomarkers, made).to_dict())


def test_a_drawn_mask_has_known_values() -> None:
    """A bar of 4 rows across a field of 100 x 100 px with 10 um a pixel."""
    mask = np.zeros((100, 100), dtype=bool)
    mask[40:44] = True
    found = bm.biomarkers(mask, ExtractConfig(fov_mm=1.0, eye="OD"))
    assert found.vessel_density == 0.04
    assert found.skeleton_density == 0.01
    assert found.vessel_length_mm == pytest.approx(0.99, rel=0.01)  # between centres
    assert found.calibre_um == pytest.approx(400 / 99 * 10, rel=0.01)
    assert found.tortuosity == pytest.approx(1.0, abs=0.01)
    # Contour: two rows of 100 and two ends of 2 px more, all weights 1 but for the corners.
    assert found.perimeter_index_per_mm == pytest.approx(204 / 100**2 * 100, rel=0.01)
    assert found.perimeter_index_vessel_per_mm == pytest.approx(204 / 400 * 100, rel=0.01)
    assert found.faz_area_mm2 == pytest.approx(0.56)  # the larger of both areas
    assert found.quadrants["TL"].area_mm2 == pytest.approx(0.25)


def test_a_disc_is_circular() -> None:
    row, col = np.indices((400, 400)) - 199.5
    mask = row**2 + col**2 > 80**2
    found = quietly(bm.biomarkers, mask)
    assert found.faz_circularity == pytest.approx(0.91, abs=0.01)  # of pixels: see its description
    assert found.faz_area_mm2 == pytest.approx(math.pi * (80 * 3 / 400) ** 2, rel=0.01)


def test_an_empty_mask_has_densities_of_0() -> None:
    with pytest.warns(errors.GftcoreWarning, match="EMPTY_MASK"):
        found = bm.biomarkers(np.zeros((64, 64), dtype=bool))
    assert found.vessel_density == found.skeleton_density == found.perimeter_index_per_mm == 0
    assert found.vessel_length_mm == 0
    for value in (found.calibre_um, found.tortuosity, found.perimeter_index_vessel_per_mm):
        assert math.isnan(value)
    assert math.isnan(found.box_dimension.dimension)
    assert found.box_dimension.box_count == (0, 0, 0, 0, 0)
    assert found.faz_area_mm2 == pytest.approx(9.0)
    assert found.etdrs["centre"].vessel_density == 0
    assert "EMPTY_MASK" in found.warnings


def test_a_full_mask_has_no_faz() -> None:
    with pytest.warns(errors.GftcoreWarning) as caught:
        found = bm.biomarkers(np.ones((64, 64), dtype=bool), ExtractConfig(eye="OD"))
    assert [str(w.message).split(":")[0] for w in caught] == ["FULL_MASK", "NO_FAZ"]
    assert found.warnings == ("FULL_MASK", "NO_FAZ")
    assert found.vessel_density == 1
    assert found.skeleton_density == 0
    assert found.box_dimension.dimension == pytest.approx(2.0)
    assert math.isnan(found.skeleton_box_dimension.dimension)
    assert math.isnan(found.faz_area_mm2)
    assert math.isnan(found.faz_circularity)
    assert list(found.etdrs) == ["centre", "superior", "nasal", "inferior", "temporal"]
    for part in found.etdrs.values():
        assert math.isnan(part.vessel_density)
        assert math.isnan(part.coverage)
        assert math.isnan(part.area_mm2)
    assert all(part.vessel_density == 1 for part in found.quadrants.values())


def test_sides_without_a_common_divisor_have_no_dimension() -> None:
    mask = np.zeros((97, 64), dtype=bool)
    mask[40:44] = True
    with pytest.warns(errors.GftcoreWarning, match="FEW_BOX_SIZES"):
        found = bm.biomarkers(mask)
    assert found.warnings == ("FEW_BOX_SIZES",)
    assert math.isnan(found.box_dimension.dimension)
    assert found.box_dimension.box_px == (1,)


@pytest.mark.parametrize("eye", ["OD", "OS", "unknown"])
def test_names_in_tables_do_not_depend_on_the_eye(eye: str) -> None:
    mask = mask_number(0)
    values = quietly(bm.biomarkers, mask, ExtractConfig(eye=eye))
    known = quietly(bm.biomarkers, mask, ExtractConfig(eye="OD"))
    table, other = values.to_dict(), known.to_dict()
    assert list(table) == list(other)
    right, left = {"OD": ("nasal", "temporal"), "OS": ("temporal", "nasal")}.get(
        eye, ("right", "left")
    )
    assert values.etdrs[right] == known.etdrs["nasal"]
    assert values.etdrs[left] == known.etdrs["temporal"]
    if eye == "unknown":
        assert math.isnan(table["etdrs_nasal_density"])
        assert math.isnan(table["etdrs_temporal_density"])
    else:
        assert table[f"etdrs_{right}_density"] == other["etdrs_nasal_density"]


def test_tables(tmp_path: Path) -> None:
    found = {"a": quietly(bm.biomarkers, mask_number(1)), "b/c": quietly(bm.biomarkers, [[1]])}
    bm.write_biomarkers(tmp_path / "t.csv", found)
    with (tmp_path / "t.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image_id"] for row in rows] == ["a", "b/c"]
    assert float(rows[0]["vessel_density"]) == found["a"].vessel_density
    assert rows[1]["tortuosity"] == ""
    assert rows[1]["warnings"] == "FULL_MASK;NO_FAZ;FEW_BOX_SIZES"
    with pytest.raises(errors.ArgumentTypeError, match="markers must map names"):
        bm.write_biomarkers(tmp_path / "t.csv", [found["a"]])
    with pytest.raises(errors.ArgumentTypeError, match="markers must hold Biomarkers, got float"):
        bm.write_biomarkers(tmp_path / "t.csv", {"a": 1.0})
    with pytest.raises(errors.ArgumentError, match="at least one image"):
        bm.write_biomarkers(tmp_path / "t.csv", {})


def test_what_cannot_be_measured_is_said() -> None:
    mask = mask_number(0)
    bare = quietly(graph.extract, mask, keep=("mask",))
    with pytest.raises(errors.ArgumentError, match=r"got one without skeleton; .*keep=\("):
        bm.biomarkers(bare)
    filled = ExtractConfig(skeleton_fill_px=9)
    filled = quietly(graph.extract, mask, filled, keep=("mask", "skeleton"))
    with pytest.raises(errors.ArgumentError, match="skeleton_fill_px <= 1, got 9"):
        bm.biomarkers(filled)
    whole = quietly(graph.extract, mask, keep=("mask", "skeleton"))
    with pytest.raises(errors.ArgumentError, match="belong to a mask, not to a graph"):
        bm.biomarkers(whole, ExtractConfig())
    with pytest.raises(errors.ArgumentError, match="exclude must be what the graph was made with"):
        bm.biomarkers(whole, exclude=[(0, 0, *mask.shape)])
    with pytest.raises(errors.ArgumentTypeError, match="mask must be a 2-D bool"):
        bm.biomarkers("mask.png")
    with pytest.raises(errors.ArgumentTypeError, match="config must be an ExtractConfig"):
        bm.biomarkers(mask, {"eye": "OD"})
    with pytest.raises(errors.ShapeError, match="exclude must have the mask's shape"):
        bm.biomarkers(mask, exclude=np.zeros((3, 3), dtype=bool))
    with pytest.raises(errors.ArgumentError, match="fov_mm must give sectors of at most"):
        quietly(bm.biomarkers, mask, ExtractConfig(fov_mm=1e-9))
