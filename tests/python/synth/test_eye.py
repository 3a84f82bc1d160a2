# SPDX-License-Identifier: Apache-2.0
"""Whole eyes: every changed pixel is accounted for, every lesion is there, the same bytes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest
from scipy import ndimage
from skimage.draw import polygon2mask
from skimage.measure import points_in_poly

from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.synth import (
    Edges,
    EyeParameters,
    GrowthOptions,
    draw_mask,
    draw_parameters,
    draw_vessels,
    label_of,
    make_eye,
    read_edges,
    truth_json,
    unedited_eye,
    write_edges,
)

CASES = [("Healthy", 1), ("NPDR", 2), ("NPDR", 3), ("PDR", 4), ("PDR", 5), ("PDR", 6)]
SPARSE = GrowthOptions.test_profile()
MASK_UM = 3000 / 1216


@cache
def eye_of(label, seed):
    return make_eye(seed=seed, stream=seed, label=label, eye="OS" if seed % 2 else "OD")


def part(edges, which):
    return Edges(
        node1_xyz=edges.node1_xyz[which],
        node2_xyz=edges.node2_xyz[which],
        radius=edges.radius[which],
    )


def rows_of(first, count):
    return np.concatenate([np.arange(a, a + n) for a, n in zip(first, count, strict=True)] or [[]])


def bytes_of(eye):
    xyz = eye.edges.node1_xyz.tobytes() + eye.edges.node2_xyz.tobytes()
    rest = xyz + eye.edges.radius.tobytes() + truth_json(eye.truth)
    return eye.image.tobytes() + eye.mask.tobytes() + rest


def pixels(edges, which):
    """Ends of edges in pixels of the mask."""
    return edges.node1_xyz[which, :2] * 1216 - 0.5, edges.node2_xyz[which, :2] * 1216 - 0.5


@pytest.mark.parametrize(("label", "seed"), CASES)
def test_every_pixel_that_differs_is_a_lesion_or_on_an_edited_segment(label, seed):
    """Seen with scikit-image and SciPy: polygons dilated by 3 pixels, segments by their edges."""
    eye = eye_of(label, seed)
    before, segment = unedited_eye(eye.truth)
    differs = draw_mask(before) != eye.mask
    assert differs.any()
    left = differs.copy()
    for edit in eye.truth.edits:
        left &= ~draw_mask(part(before, np.isin(segment, edit.segment)))
        now = rows_of(edit.first_row, edit.num_rows).astype(int)
        left &= ~draw_mask(part(eye.edges, now))
    for lesion in eye.truth.lesions:
        low = np.floor(lesion.polygon_rowcol_px.min(axis=0)).astype(int) - 5
        high = np.ceil(lesion.polygon_rowcol_px.max(axis=0)).astype(int) + 6
        fine = 2
        shape = (high - low) * fine + 1
        inside = polygon2mask(shape, (lesion.polygon_rowcol_px - low) * fine)
        near = ndimage.distance_transform_edt(~inside)[::fine, ::fine] / fine <= 3
        at = np.argwhere(near) + low
        at = at[((at >= 0) & (at < 1216)).all(axis=1)]
        left[at[:, 0], at[:, 1]] = False
    # The raster lies up to half a pixel inside of the outline: pixels beyond it are measured.
    for row, col in np.argwhere(left):
        assert distance_to_lesions(np.array([row, col]), eye.truth.lesions) <= 3


def distance_to_lesions(point, lesions):
    share = np.linspace(0, 1, 200)[:, None, None]
    least = np.inf
    for lesion in lesions:
        polygon = lesion.polygon_rowcol_px
        border = polygon + share * (np.roll(polygon, -1, axis=0) - polygon)
        least = min(least, np.sqrt(((border - point) ** 2).sum(axis=2)).min())
    return least


@pytest.mark.parametrize(("label", "seed"), CASES)
def test_files_give_the_mask_back(label, seed, tmp_path):
    eye = eye_of(label, seed)
    write_edges(tmp_path / "graph.csv", eye.edges)
    mask, _ = draw_vessels(read_edges(tmp_path / "graph.csv"))
    np.testing.assert_array_equal(mask, eye.mask)
    assert (tmp_path / "graph.csv").stat().st_size < 80 * len(eye.edges)


@pytest.mark.parametrize(("label", "seed"), CASES)
def test_lesions_are_those_of_the_parameters(label, seed):
    truth = eye_of(label, seed).truth
    parameters = truth.parameters
    assert truth.label == parameters.label == label == label_of(truth.lesions)
    found = {kind: [x for x in truth.lesions if x.type == kind] for kind in
             ("faz_enlargement", "non_perfusion", "microaneurysm", "tuft")}  # fmt: skip
    assert len(found["faz_enlargement"]) == (parameters.faz_factor > 1)
    areas = [lesion.area_mm2 for lesion in found["non_perfusion"]]
    np.testing.assert_allclose(areas, parameters.patches_mm2, atol=2e-4)
    assert len(found["microaneurysm"]) == len(parameters.microaneurysms_mm)
    assert len(found["tuft"]) == len(parameters.tufts_mm)
    for lesion, diameter in zip(found["tuft"], parameters.tufts_mm, strict=True):
        assert lesion.area_mm2 == pytest.approx(np.pi * diameter**2 / 4, rel=0.01)
    for lesion in truth.lesions:
        assert 0 <= lesion.severity <= 1
        assert lesion.id == truth.lesions.index(lesion)


@pytest.mark.parametrize(("label", "seed"), CASES)
def test_areas_without_perfusion_hold_no_capillary(label, seed):
    """Only vessels of 8 um and more, and what microaneurysms and tufts added, lie in them."""
    eye = eye_of(label, seed)
    added = np.zeros(len(eye.edges), dtype=bool)
    for lesion in eye.truth.lesions:
        added[lesion.first_row : lesion.first_row + lesion.num_rows] = True
    a, b = pixels(eye.edges, slice(None))
    before, segment = unedited_eye(eye.truth)
    # A segment's calibre before it was beaded.
    thick = set(segment[before.radius * 3000 >= 8].tolist())
    for lesion in eye.truth.lesions:
        if lesion.num_rows:
            continue
        inside = points_in_poly((a + b) / 2, lesion.polygon_rowcol_px) & ~added
        assert eye.edges.radius[inside].min(initial=1) * 3000 >= 8 * (
            1 - eye.truth.parameters.beading_depth
        )
        assert not thick & set(lesion.segment_ids.tolist())
        # The cut segments are those that crossed it, where nothing else had changed them.
        if not any(len(edit.segment) for edit in eye.truth.edits):
            c, d = pixels(before, slice(None))
            crossed = points_in_poly((c + d) / 2, lesion.polygon_rowcol_px)
            crossed &= before.radius * 3000 < 8
            assert set(segment[crossed]) <= set(lesion.segment_ids)


@pytest.mark.parametrize(("label", "seed"), CASES[1:])
def test_added_vessels_hang_on_others_inside_of_their_outline(label, seed):
    eye = eye_of(label, seed)
    for lesion in eye.truth.lesions:
        if not lesion.num_rows:
            continue
        which = np.arange(lesion.first_row, lesion.first_row + lesion.num_rows)
        others = np.delete(eye.edges.node1_xyz, which, axis=0)
        assert {*map(tuple, eye.edges.node2_xyz[which])} & {*map(tuple, others)}
        ends = np.concatenate(pixels(eye.edges, which))
        rim = np.linspace(0, 2 * np.pi, 24)[:, None]
        width = 0.9028 * eye.edges.radius[which].max() * 1216
        drawn = (ends[:, None] + width * np.column_stack([np.cos(rim), np.sin(rim)])).reshape(-1, 2)
        centre = lesion.polygon_rowcol_px.mean(axis=0)
        larger = centre + (lesion.polygon_rowcol_px - centre) * 1.02
        assert points_in_poly(drawn, larger).all()
        if lesion.type == "microaneurysm":
            assert 9.9 < eye.edges.radius[which].max() * 3000 < 30.1


@pytest.mark.parametrize(("label", "seed"), CASES[1:])
def test_microaneurysms_lie_beside_lost_capillaries(label, seed):
    truth = eye_of(label, seed).truth
    cut = [lesion for lesion in truth.lesions if lesion.num_rows == 0]
    for lesion in truth.lesions:
        if lesion.type == "microaneurysm":
            centre = lesion.polygon_rowcol_px.mean(axis=0)
            assert distance_to_lesions(centre, cut) * MASK_UM < 120 + 10


@pytest.mark.parametrize("seed", [2, 3])
def test_small_areas_keep_apart(seed):
    """Two that touch would be one, and perhaps a large one."""
    truth = eye_of("NPDR", seed).truth
    patches = [lesion for lesion in truth.lesions if lesion.type == "non_perfusion"]
    for one in patches:
        for other in patches:
            if one is not other:
                assert not points_in_poly(one.polygon_rowcol_px, other.polygon_rowcol_px).any()
        assert (one.polygon_rowcol_px > -0.5).all()
        assert (one.polygon_rowcol_px < 1215.5).all()


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_large_areas_merge_with_the_faz(seed):
    truth = eye_of("PDR", seed).truth
    faz = next(lesion for lesion in truth.lesions if lesion.type == "faz_enlargement")
    patches = [lesion for lesion in truth.lesions if lesion.type == "non_perfusion"]
    merged = truth.parameters.patches_at_faz
    assert merged >= 1
    for lesion in patches[:merged]:
        assert points_in_poly(lesion.polygon_rowcol_px, faz.polygon_rowcol_px).any()


def test_the_same_bytes_from_every_thread():
    parameters = [
        draw_parameters(label, seed=9, stream=stream).replace(growth=SPARSE)
        for stream, label in enumerate(["Healthy", "NPDR", "PDR", "PDR"])
    ]

    def made(k):
        return bytes_of(make_eye(seed=9, stream=k, parameters=parameters[k]))

    alone = [made(k) for k in range(4)]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(made, range(4))) == alone
    assert len(set(alone)) == 4


def test_eyes_of_other_seeds_and_streams_differ():
    parameters = EyeParameters(growth=SPARSE)
    masks = [
        make_eye(seed=seed, stream=stream, parameters=parameters).mask
        for seed, stream in ((1, 0), (1, 1), (2, 0))
    ]
    density = np.mean([mask.mean() for mask in masks])
    for i in range(3):
        for j in range(i):
            # Two independent masks agree in as many pixels as chance has it.
            both = (masks[i] & masks[j]).mean()
            assert both == pytest.approx(density**2, rel=0.25)


def test_label_and_eye_go_into_the_parameters():
    eye = eye_of("NPDR", 3)
    assert (eye.truth.parameters.label, eye.truth.eye) == ("NPDR", "OS")
    assert eye.truth.parameters == draw_parameters("NPDR", eye="OS", seed=3, stream=3)


def test_both_lateralities_name_their_sides():
    sides = {"OD": {}, "OS": {}}
    for eye, found in sides.items():
        parameters = draw_parameters("PDR", eye=eye, seed=4).replace(growth=SPARSE)
        for lesion in make_eye(seed=4, parameters=parameters).truth.lesions:
            found.setdefault(lesion.place.quadrant[1], set()).add(lesion.place.side.split()[1])
    assert sides["OD"] == {"R": {"nasal"}, "L": {"temporal"}}
    assert sides["OS"] == {"R": {"temporal"}, "L": {"nasal"}}


def test_an_eye_may_lose_all_capillaries():
    everything = EyeParameters(growth=SPARSE, capillary_loss=1.0)
    eye = make_eye(seed=1, parameters=everything)
    assert (eye.edges.radius * 3000 >= 8).all()
    assert len(eye.edges) > 0


@pytest.mark.parametrize(
    "growth",
    [
        GrowthOptions.test_profile(svc=0, dvc=0),  # stumps alone
        GrowthOptions.test_profile(svc=5, dvc=0).replace(radius_mm=0.012),  # no capillary
        GrowthOptions.test_profile(svc=5, dvc=0).replace(radius_mm=1e-5),  # no larger vein
    ],
)
def test_lesions_hang_on_what_there_is(growth):
    parameters = draw_parameters("PDR", seed=2).replace(growth=growth, tufts_mm=(0.1, 0.3))
    assert parameters.microaneurysms_mm
    eye = make_eye(seed=2, parameters=parameters)
    assert eye.truth.label == "PDR"
    assert sum(lesion.type == "tuft" for lesion in eye.truth.lesions) == 2


def test_lesions_need_a_vessel():
    """Where every segment is lost, nothing is left that they could hang on."""
    bare = GrowthOptions.test_profile(svc=0, dvc=0)
    parameters = draw_parameters("NPDR", seed=2).replace(growth=bare, capillary_loss=1.0)
    with pytest.raises(ArgumentError, match="must leave a vessel that lesions can hang on"):
        make_eye(seed=2, parameters=parameters)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"seed": -1}, ArgumentError, "seed must be between 0 and"),
        ({"seed": 1.0}, ArgumentTypeError, "seed must be an integer"),
        ({"seed": 1, "stream": 2**61}, ArgumentError, "stream must be between 0 and"),
        ({"seed": 1, "label": "npdr"}, ArgumentError, "label must be one of 'Healthy'"),
        ({"seed": 1, "eye": "left"}, ArgumentError, "eye must be one of 'OD', 'OS'"),
        ({"seed": 1, "parameters": {}}, ArgumentTypeError, "parameters must be EyeParameters"),
    ],
)
def test_what_is_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        make_eye(**arguments)
