# SPDX-License-Identifier: Apache-2.0
"""Absurd arguments to stages, batches, files and settings: a result, or a documented error.

With the command line and the whole extraction (`cli/test_robustness.py`) these are more than five
thousand inputs. All of them are drawn from fixed seeds.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gftcore import formats, graph, pictures
from gftcore import segmentation as seg
from gftcore.errors import GftcoreError, GftcoreWarning
from gftcore.graph.batch import DIRECTED

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

Rng = np.random.Generator
SHAPE = (12, 17)
MASK = np.random.default_rng(1).random(SHAPE) < 0.6
DISTANCE = graph.squared_distance(MASK)
TRACED = graph.trace(graph.thin(MASK))
FACES = graph.faces(TRACED)
LABELS = graph.label(MASK, background=True)


def absurd(rng: Rng) -> Any:
    """Some value that may or may not be what a parameter asks for."""
    shape = SHAPE if rng.random() < 0.4 else tuple(rng.integers(0, 9, rng.integers(0, 4)).tolist())
    dtype = rng.choice(["bool", "u1", "i2", "i4", "i8", "u8", "f4", "f8", "c8", "U2", "M8[s]"])
    number = rng.integers(-3, 200, size=shape)
    choices: list[Any] = [
        number.astype("f8").astype("i8").astype(dtype),
        (number > 90).astype(dtype),
        (number > 90).astype(dtype)[..., ::-1] if shape else number,
        np.full(shape, rng.choice([np.nan, np.inf, 1e300, -1.0])),
        np.full(shape, rng.choice([2**62, -(2**62), 2**31, -1, 7])),
        np.full(shape, None),
        number.tolist(),
        np.ma.masked_array(number, mask=number > 5),
        *(None, True, False, -1, 0, 1, 3, 2**40, 10**400, 0.5, -2.5, np.nan, np.inf, 1j),
        *("", "auto", "mask", "fast", "none", "bulge", "edt", "quantile", "vv", "\0", b"x"),
        *(
            [],
            [1],
            [[1], [2, 3]],
            [[1, 2, 3, 4]],
            [(0, 0, 5, 5)],
            {},
            {1: 2},
            {1, 2},
            object(),
            int,
        ),
        *(MASK, DISTANCE, TRACED, FACES, LABELS, np.float32(2), np.int8(4), np.bool_(1)),
    ]
    return choices[rng.integers(0, len(choices))]


STAGES: dict[str, tuple[Callable[..., Any], list[Any], list[str]]] = {
    "border_anchors": (graph.border_anchors, [MASK], []),
    "thin": (graph.thin, [MASK], ["method", "border"]),
    "minimal_pass": (graph.minimal_pass, [MASK], ["anchors"]),
    "squared_distance": (graph.squared_distance, [MASK], ["frame"]),
    "label": (graph.label, [MASK], ["connectivity", "background"]),
    "fill_small": (lambda m, a=3, **k: graph.fill_small(m, area_px=a, **k), [MASK], ["excluded"]),
    "trace": (graph.trace, [MASK], ["anchors"]),
    "prune": (graph.prune, [TRACED, DISTANCE], ["method", "bulge", "max_rounds"]),
    "assign_pixels": (graph.assign_pixels, [TRACED, MASK], []),
    "segment_table": (graph.segment_table, [TRACED, MASK, DISTANCE], ["mode", "intensity"]),
    "faces": (graph.faces, [TRACED], []),
    "match_faces": (graph.match_faces, [FACES, LABELS], []),
    "adjacency": (graph.adjacency, [TRACED, FACES, LABELS], ["method", "squared_distance"]),
    "region_table": (graph.region_table, [LABELS], ["intensity"]),
    "find_faz": (
        graph.find_faz, [~MASK, LABELS], ["method", "fov_mm", "faz_mask", "connectivity"],
    ),
    "local_contrast": (seg.local_contrast, [MASK], ["sigma", "scale"]),
    "oriented": (seg.oriented, [MASK], ["sigma", "scale"]),
    "ridge": (seg.ridge, [MASK], ["sigmas_px", "normalise", "scale"]),
    "segment": (seg.segment, [MASK], ["config"]),
    "column_info": (graph.column_info, ["vessel", "length"], []),
    "extract_batch": (
        lambda items, **k: list(graph.extract_batch(items, **k)),
        [[MASK]],
        ["config", "seg", "threads", "keep", "on_error"],
    ),
    "collate": (graph.collate, [[]], ["nonfinite"]),
    "draw_overlay": (pictures.draw_overlay, [MASK], ["background", "scale"]),
}  # fmt: skip


def outcome(call: Callable[[], Any]) -> str:
    """Whether there is a result; every error but the documented ones goes on."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", GftcoreWarning)
            call()
    except GftcoreError as error:
        assert "incompatible function arguments" not in str(error)
        assert str(error)
        return "error"
    return "result"


@pytest.mark.parametrize("name", STAGES)
def test_stages(name: str) -> None:
    """100 calls each; every argument is absurd in a good part of them."""
    function, good, options = STAGES[name]
    rng = np.random.default_rng([21, *name.encode()])
    outcomes = set()
    for _ in range(100):
        given = [absurd(rng) if rng.random() < 0.5 else value for value in good]
        chosen = {option: absurd(rng) for option in options if rng.random() < 0.3}
        outcomes.add(outcome(lambda given=given, chosen=chosen: function(*given, **chosen)))  # type: ignore[misc]
    assert "error" in outcomes


def test_batches() -> None:
    rng = np.random.default_rng(22)

    def mapping(names: list[str], good: Callable[[], Any]) -> Any:
        if rng.random() < 0.05:
            return absurd(rng)
        out: dict[Any, Any] = {n: absurd(rng) if rng.random() < 0.1 else good() for n in names}
        if rng.random() < 0.1:
            out.pop(names[rng.integers(0, len(names))])
        if rng.random() < 0.05:
            out[rng.choice(["x", "vessel", "vv"]) if rng.random() < 0.5 else 3] = absurd(rng)
        return out

    def edges() -> Any:
        return rng.integers(-1 if rng.random() < 0.1 else 0, 4, (2, rng.integers(0, 5)))

    outcomes = {"result": 0, "error": 0}
    for _ in range(600):
        x = mapping(["vessel", "ica", "faz"], lambda: rng.random((4, 2)))
        relations = list(rng.choice(list(DIRECTED), rng.integers(1, 3), replace=False))
        given = mapping([str(name) for name in relations], edges)
        ptr = None
        if rng.random() < 0.3:
            ptr = mapping(["vessel", "ica", "faz"], lambda: [0, 4])

        def build(x: Any = x, given: Any = given, ptr: Any = ptr) -> None:
            batch = graph.GraphBatch.from_arrays(x, given, node_ptr=ptr)
            for relation in DIRECTED:
                assert batch.edge_index(relation).shape == (2, len(batch.col[relation]))

        outcomes[outcome(build)] += 1
    assert min(outcomes.values()) > 50, outcomes


def test_settings() -> None:
    rng = np.random.default_rng(23)
    outcomes = {"result": 0, "error": 0}
    for kind in (graph.ExtractConfig, seg.SegmentConfig):
        names = list(kind().to_dict())
        for _ in range(500):
            chosen = rng.choice(names, rng.integers(1, 3), replace=False)
            fields = {str(name): absurd(rng) for name in chosen}

            def build(kind: Any = kind, fields: Any = fields) -> None:
                assert kind(**fields).hash == kind().replace(**fields).hash

            outcomes[outcome(build)] += 1
    assert min(outcomes.values()) > 20, outcomes


def test_files(tmp_path: Path) -> None:
    """Members replaced by others, of absurd types and shapes: the archive itself is sound."""
    import io
    import zipfile

    rng = np.random.default_rng(24)
    path, target = tmp_path / "a.npz", tmp_path / "b.npz"
    graph.extract(MASK, keep=("mask", "ica_label", "vessel_label")).save(path)
    with np.load(path) as archive:
        members = dict(archive)

    def member(array: Any) -> bytes:
        stream = io.BytesIO()
        np.lib.format.write_array(stream, np.asarray(array), version=(1, 0), allow_pickle=False)
        return stream.getvalue()

    outcomes = {"result": 0, "error": 0}
    for _ in range(400):
        name = str(rng.choice(list(members)))
        array = members[name]
        values = array.copy()
        if values.size and rng.random() < 0.6:
            values.flat[rng.integers(0, values.size)] = rng.integers(0, 120)
        else:
            value = absurd(rng)
            values = value if isinstance(value, np.ndarray) and value.dtype != object else array[1:]
        with zipfile.ZipFile(target, "w") as copy:
            for other, stored in members.items():
                copy.writestr(f"{other}.npy", member(values if other == name else stored))

        def read() -> None:
            found = graph.load(target)
            # What is read can be used.
            formats.write_tables(found, tmp_path / "t")
            found.to_batch()
            pictures.draw_overlay(found, scale=1).pixels()
            found.save(tmp_path / "c.npz")

        outcomes[outcome(read)] += 1
    assert min(outcomes.values()) > 50, outcomes


def test_paths(tmp_path: Path) -> None:
    rng = np.random.default_rng(25)
    item = graph.extract(MASK)
    for _ in range(200):
        value = absurd(rng)
        if isinstance(value, str):
            value = str(tmp_path / value) if "\0" not in value else value
        outcome(lambda value=value: graph.load(value))  # type: ignore[misc]
        outcome(lambda value=value: graph.save(item, value))  # type: ignore[misc]
        outcome(lambda value=value: formats.write_tables(value, tmp_path / "t"))  # type: ignore[misc]
        outcome(lambda value=value: formats.write_tables(item, value))  # type: ignore[misc]
