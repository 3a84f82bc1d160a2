# SPDX-License-Identifier: Apache-2.0
"""`extract`, `extract_image`, `extract_batch`: inputs, warnings, results, failures."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import strategies
from gftcore import graph, segmentation
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreWarning, ShapeError
from gftcore.graph.assemble import ARRAYS


def cross(side: int = 48) -> np.ndarray:
    mask = np.zeros((side, side), dtype=bool)
    middle = side // 2
    mask[middle - 1 : middle + 2] = mask[:, middle - 1 : middle + 2] = True
    return mask


def same(first: graph.HeteroGraph, second: graph.HeteroGraph) -> bool:
    """Whether all arrays of two graphs hold the same bytes."""
    arrays = [(getattr(first, name), getattr(second, name)) for name in ARRAYS]
    for relation in first.edges:
        arrays.append((first.edges[relation], second.edges[relation]))
        arrays.append((first.edge_attr[relation], second.edge_attr[relation]))
    arrays += [(first.kept[name], second.kept[name]) for name in first.kept]
    return all(
        one.dtype == two.dtype and one.shape == two.shape and one.tobytes() == two.tobytes()
        for one, two in arrays
    )


def quiet_extract(*args: Any, **kwargs: Any) -> graph.HeteroGraph:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GftcoreWarning)
        return graph.extract(*args, **kwargs)


@pytest.mark.parametrize(
    "form",
    [
        lambda m: (m * np.uint8(255)).view(np.bool_),
        lambda m: m.astype(np.uint8),
        lambda m: m * np.uint8(255),
        lambda m: m.astype(np.int64),
        lambda m: np.repeat(m, 2, axis=1)[:, ::2],
        np.asfortranarray,
        lambda m: m.tolist(),
    ],
    ids=["bytes 255", "uint8 0/1", "uint8 0/255", "int64", "strided", "Fortran", "list"],
)
def test_every_form_of_a_mask_gives_one_graph(form: Any) -> None:
    mask = cross()
    mask[10:14, 3:40] = True
    assert same(graph.extract(mask), graph.extract(form(mask)))


def test_arrays_have_the_documented_types_and_are_read_only() -> None:
    result = graph.extract(cross(), intensity=np.ones((24, 24)), keep=("skeleton", "distance"))
    for name, (dtype, cols) in ARRAYS.items():
        array = getattr(result, name)
        assert array.dtype == dtype, name
        assert array.ndim == (1 if cols == 0 else 2), name
        assert not cols or array.shape[1] == cols, name
        assert array.flags.c_contiguous, name
        assert not array.flags.writeable, name
    assert set(result.edges) == {"vv", "ii", "vi", "vf", "if", "ff"}
    for relation, pairs in result.edges.items():
        assert (pairs.dtype, pairs.shape[0]) == (np.int64, 2)
        attributes = result.edge_attr[relation]
        assert (attributes.dtype, len(attributes)) == (np.float32, pairs.shape[1])
    assert result.vessel_x.shape[1] == len(result.vessel_columns)
    assert result.kept["distance"].dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        result.node_radius_px[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.meta = None  # type: ignore[misc,assignment]
    with pytest.raises(TypeError):
        result.edges["vv"] = None  # type: ignore[index]


def test_columns_by_name() -> None:
    result = graph.extract(cross())
    assert result.vessel("length").shape == (4,)
    assert result.positions("vessel").shape == (4, 2)
    assert len(result.positions("ica")) == result.num_icas
    with pytest.raises(ArgumentError, match=r"column must be one of .* got 'width'"):
        result.vessel("width")
    with pytest.raises(ArgumentError, match="node_type"):
        result.features("artery")


@pytest.mark.parametrize(
    ("mask", "codes", "areas"),
    [
        (np.zeros((20, 30), dtype=bool), ("EMPTY_MASK",), 1),
        (np.ones((20, 30), dtype=bool), ("FULL_MASK",), 0),
    ],
)
def test_empty_and_full_masks_warn(mask: np.ndarray, codes: tuple[str, ...], areas: int) -> None:
    with pytest.warns(GftcoreWarning) as caught:
        result = graph.extract(mask)
    assert {str(w.message).split(":")[0] for w in caught} == set(result.meta.warnings)
    assert set(codes) <= set(result.meta.warnings)
    assert (result.num_nodes, result.num_segments) == (0, 0)
    assert result.num_icas + len(result.faz_x) == areas
    assert caught[0].filename == __file__


def test_density_warns() -> None:
    mask = np.zeros((100, 100), dtype=bool)
    mask[50, 10:20] = True
    with pytest.warns(GftcoreWarning, match="DENSITY_SUSPECT"):
        assert "DENSITY_SUSPECT" in graph.extract(mask).meta.warnings


def test_meta_names_what_made_the_graph() -> None:
    config = graph.ExtractConfig(prune="none", eye="OD", fov_mm=6)
    meta = graph.extract(cross(), config).meta
    assert (meta.shape, meta.eye, meta.fov_mm, meta.schema) == (
        (48, 48), "OD", 6.0, "gftcore-graph/1",
    )  # fmt: skip
    assert meta.mm_per_px == 6 / 48
    assert meta.config == config.to_dict()
    assert meta.config_hash == config.hash
    assert meta.stage_seconds


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"skeleton": "fastest"}, ArgumentError, "did you mean 'fast'"),
        ({"border": None}, ArgumentTypeError, "border must be one of"),
        ({"ica_connectivity": 6}, ArgumentError, "ica_connectivity must be one of 4, 8"),
        ({"ica_min_px": -1}, ArgumentError, "ica_min_px must be between"),
        ({"max_rounds": 1.5}, ArgumentTypeError, "max_rounds must be an integer"),
        ({"bulge": float("nan")}, ArgumentError, "bulge must be finite"),
        ({"fov_mm": 0}, ArgumentError, "fov_mm must be finite and greater than 0"),
        ({"exclude": (1, 2, 3, 4)}, ArgumentTypeError, "put a single rectangle into a tuple"),
        ({"eye": "left"}, ArgumentError, "eye must be one of"),
    ],
)
def test_settings_are_validated(options: dict[str, Any], error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        graph.ExtractConfig(**options)


def test_settings_hash_what_they_hold() -> None:
    assert graph.ExtractConfig().hash == graph.ExtractConfig(bulge=3, exclude=[]).hash  # type: ignore[arg-type]
    assert graph.ExtractConfig().hash != graph.ExtractConfig(bulge=3.5).hash
    assert {graph.ExtractConfig(): 1}[graph.ExtractConfig()] == 1
    with pytest.raises(TypeError):
        graph.ExtractConfig("fast")  # type: ignore[misc]
    with pytest.raises(TypeError):
        graph.ExtractConfig(spurs="bulge")  # type: ignore[call-arg]
    with pytest.raises(ArgumentTypeError, match="no field 'prun'; did you mean 'prune'"):
        graph.ExtractConfig().replace(prun="none")


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"config": {"prune": "none"}}, ArgumentTypeError, "config must be an ExtractConfig"),
        ({"intensity": np.ones((7, 7))}, ShapeError, "intensity must have the mask's shape"),
        ({"faz_mask": np.ones((3, 3), dtype=bool)}, ShapeError, "faz_mask must have"),
        ({"exclude": np.ones((3, 3), dtype=bool)}, ShapeError, "exclude must have"),
        ({"keep": ("skeletons",)}, ArgumentError, "did you mean 'skeleton'"),
        ({"keep": ("ridge",)}, ArgumentError, "needs a raw image"),
        ({"keep": "mask"}, ArgumentTypeError, "sequence of names"),
        ({"config": graph.ExtractConfig(faz="mask")}, ArgumentError, "needs the argument faz_mask"),
    ],
)
def test_arguments_are_validated(kwargs: dict[str, Any], error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        graph.extract(cross(), **kwargs)


def test_an_excluded_strip_acts_as_image_border() -> None:
    mask = cross(60)
    whole = graph.extract(mask[:, :40])
    rectangle = graph.extract(mask, exclude=[(0, 40, 60, 60)])
    strip = np.zeros_like(mask)
    strip[:, 40:] = True
    assert same(rectangle, graph.extract(mask, exclude=strip))
    config = graph.ExtractConfig(exclude=((0, 40, 60, 60),))
    assert same(rectangle, graph.extract(mask, config))
    assert np.array_equal(
        np.sort(whole.ica("area")[whole.ica_touches_border]),
        np.sort(rectangle.ica("area")[rectangle.ica_touches_border]),
    )


def test_a_faz_mask_chooses_the_area() -> None:
    mask = cross()
    corner = np.zeros_like(mask)
    corner[40:, 40:] = True
    result = graph.extract(mask, faz_mask=corner)
    assert result.faz_info.method == "mask"
    assert result.positions("faz")[0].min() > 24
    assert (result.face_ica == -2).sum() == 1


def test_extract_image_is_segment_then_extract() -> None:
    rows, cols = np.mgrid[:48, :48]
    image = (200 * (np.abs(rows - cols) < 3) + 100 * (np.abs(rows - 20) < 2)).astype(np.uint8)
    seg = segmentation.SegmentConfig(scale=2)
    whole = graph.extract_image(image, seg=seg, keep=("mask", "ica_label"))
    mask = segmentation.segment(image, seg)
    assert np.array_equal(whole.kept["mask"], mask)
    two_steps = graph.extract(mask, intensity=image.astype(np.float32), keep=("mask", "ica_label"))
    assert same(whole, two_steps)
    assert whole.meta.source["kind"] == "image"
    assert whole.meta.config["segmentation"]["scale"] == 2
    assert whole.meta.config_hash != two_steps.meta.config_hash


def test_extract_image_refuses_what_would_become_too_large() -> None:
    with pytest.raises(ShapeError, match="at scale 8"):
        graph.extract_image(np.zeros((1, 5000)), seg=segmentation.SegmentConfig(scale=8))
    with pytest.raises(ArgumentError, match="finite"):
        graph.extract_image([[np.nan]])
    with pytest.raises(ArgumentTypeError, match="seg must be a SegmentConfig"):
        graph.extract_image(np.zeros((9, 9)), seg=graph.ExtractConfig())  # type: ignore[arg-type]


def masks(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    return [rng.random((40 + 3 * k, 50)) < 0.5 for k in range(count)]


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_a_batch_equals_single_calls_in_order(threads: int) -> None:
    items = masks(11)
    results = list(graph.extract_batch(items, threads=threads))
    for mask, result in zip(items, results, strict=True):
        assert isinstance(result, graph.HeteroGraph)
        assert same(result, graph.extract(mask))


def test_a_bad_item_does_not_stop_a_batch() -> None:
    good = cross()
    items = [
        good,
        np.zeros((0, 4), dtype=bool),
        np.zeros((4, 4)),
        graph.BatchItem(mask=good, intensity=np.ones((5, 5)), name="odd intensity"),
        graph.BatchItem(),
        graph.BatchItem(image=[[np.inf]]),
        None,
        good.T,
    ]
    results = list(graph.extract_batch(items, threads=2))  # type: ignore[arg-type]
    codes = [getattr(result, "code", "ok") for result in results]
    assert codes == ["ok", "SHAPE", "TYPE", "SHAPE", "ARGUMENT", "ARGUMENT", "ARGUMENT", "ok"]
    assert results[3].name == "odd intensity"  # type: ignore[union-attr]
    assert [getattr(result, "index", k) for k, result in enumerate(results)] == list(range(8))


def test_on_error_raise_stops_after_earlier_results() -> None:
    results = graph.extract_batch([cross(), np.zeros((4, 4)), cross()], on_error="raise", threads=1)
    assert isinstance(next(results), graph.HeteroGraph)
    with pytest.raises(ArgumentTypeError, match="threshold it first"):
        next(results)
    with pytest.raises(StopIteration):
        next(results)


def test_a_batch_reads_at_most_twice_as_many_items_as_threads() -> None:
    read = 0

    def endless() -> Iterator[np.ndarray]:
        nonlocal read
        while True:
            read += 1
            yield cross()

    results = graph.extract_batch(endless(), threads=3)
    for taken in range(1, 20):
        next(results)
        assert read - taken <= 2 * 3
    results.close()  # type: ignore[attr-defined]


def test_a_caller_may_refill_one_buffer() -> None:
    items = masks(1) * 6
    buffer = np.empty_like(items[0])

    def refilled() -> Iterator[np.ndarray]:
        for number, mask in enumerate(items):
            buffer[:] = mask if number % 2 else mask[::-1]
            yield buffer

    for number, result in enumerate(graph.extract_batch(refilled(), threads=2)):
        assert isinstance(result, graph.HeteroGraph)
        assert same(result, graph.extract(items[0] if number % 2 else items[0][::-1]))


def test_a_batch_mixes_masks_and_images() -> None:
    rows, cols = np.mgrid[:32, :32]
    image = 9.0 * (np.abs(rows - cols) < 2)
    items = [graph.BatchItem(image=image), cross()]
    from_image, from_mask = graph.extract_batch(items, keep=("ridge", "mask"), threads=2)
    assert isinstance(from_image, graph.HeteroGraph)
    assert isinstance(from_mask, graph.HeteroGraph)
    assert same(from_image, graph.extract_image(image, keep=("ridge", "mask")))
    assert (from_image.meta.source["kind"], from_mask.meta.source["kind"]) == ("image", "mask")
    assert set(from_mask.kept) == {"mask"}


@pytest.mark.parametrize("threads", [0, -1, 1.5, 2000])
def test_threads_are_counted(threads: Any) -> None:
    with pytest.raises((ArgumentError, ArgumentTypeError), match="threads must be"):
        graph.extract_batch([], threads=threads)


@given(mask=strategies.vessel_masks(40))
@settings(max_examples=60)
def test_any_mask_gives_a_consistent_graph(mask: np.ndarray) -> None:
    result = quiet_extract(mask)
    assert result.point_ptr[-1] == result.num_points
    assert len(result.vessel_x) == result.num_segments == len(result.segment_nodes)
    assert result.node_degree.sum() == 2 * result.num_segments
    assert len(result.faz_x) == (result.faz_info.label > 0)
