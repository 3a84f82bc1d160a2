# SPDX-License-Identifier: Apache-2.0
"""Grids of mean training nodes by place, beside a slow reference, and in trainings.

Exactness: the same nodes, also among equal distances; means to the last bit but one of float32.
"""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gftcore.errors import ArgumentError
from gftcore.model import Model
from gftcore.nn.spatial import mean_nodes, nearest_nodes, spatial_grids
from labelled import labelled_graphs

SIDE = 38


def reference_nearest(places: Any, row: int, col: int, count: int) -> list[int]:
    """The nodes nearest to the centre of a cell, the lower number first where they are as near."""
    centre = ((row + 0.5) / SIDE, (col + 0.5) / SIDE)
    away = [
        ((float(r) - centre[0]) ** 2 + (float(c) - centre[1]) ** 2, number)
        for number, (r, c) in enumerate(places)
    ]
    return sorted(number for _, number in sorted(away)[:count])


def reference_mean(values: list[float]) -> float:
    """Mean without the lowest and the highest tenth, between -1 and 1."""
    out = len(values) // 10
    kept = sorted(values)[out : len(values) - out]
    return min(max(math.fsum(kept) / len(kept), -1.0), 1.0) if kept else 0.0


@st.composite
def places(draw: st.DrawFn) -> Any:
    """Places on a coarse lattice, in clusters or spread: many equal distances, empty stretches."""
    count = draw(st.integers(0, 260))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    kind = draw(st.sampled_from(["lattice", "spread", "cluster", "line"]))
    if kind == "lattice":
        found = rng.integers(0, 9, (count, 2)) / 8
    elif kind == "spread":
        found = rng.random((count, 2))
    elif kind == "cluster":
        found = np.clip(rng.normal(0.2, 0.02, (count, 2)), 0, 1)
    else:
        found = np.stack([np.full(count, 1.0), rng.random(count)], axis=1)
    return found.astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(found=places(), count=st.sampled_from([1, 7, 100]), seed=st.integers(0, 99))
def test_the_nearest_nodes_are_those_of_the_reference(found: Any, count: int, seed: int) -> None:
    ours = nearest_nodes(found, count)
    assert ours.shape == (SIDE**2, min(count, len(found)))
    for cell in np.random.default_rng(seed).integers(0, SIDE**2, 12).tolist():
        assert ours[cell].tolist() == reference_nearest(found, *divmod(cell, SIDE), count)


def test_many_nodes() -> None:
    rng = np.random.default_rng(3)
    found = (rng.random((40_000, 2)) ** 2).astype(np.float32)  # dense at one corner
    ours = nearest_nodes(found)
    for cell in (0, 37, 700, 1443):
        assert ours[cell].tolist() == reference_nearest(found, *divmod(cell, SIDE), 100)


@settings(max_examples=25, deadline=None)
@given(data=st.data(), sizes=st.lists(st.integers(0, 90), min_size=1, max_size=4))
def test_grids_are_those_of_the_reference(data: st.DataObject, sizes: list[int]) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    scale = data.draw(st.sampled_from([0.3, 3.0]))
    where = [{"vessel": rng.random((n, 2), dtype=np.float32)} for n in sizes]
    inputs = [{"vessel": (scale * rng.standard_normal((n, 3))).astype(np.float32)} for n in sizes]
    grid = spatial_grids(where, inputs)["vessel"]
    assert (grid.shape, grid.dtype) == ((SIDE, SIDE, 3), np.float32)
    all_places = np.concatenate([one["vessel"] for one in where])
    all_values = np.concatenate([one["vessel"] for one in inputs])
    for cell in rng.integers(0, SIDE**2, 12).tolist():
        row, col = divmod(cell, SIDE)
        nodes = reference_nearest(all_places, row, col, 100)
        wanted = [reference_mean([float(v) for v in all_values[nodes, f]]) for f in range(3)]
        np.testing.assert_allclose(grid[row, col], wanted, rtol=0, atol=1e-7)


def test_a_tenth_of_the_values_at_either_end_counts_for_nothing() -> None:
    values = np.full((100, 1), 0.25)
    values[:10], values[10:20] = 1e9, -1e9
    nodes = np.tile(np.arange(100), (SIDE**2, 1))
    assert set(mean_nodes([values], nodes).ravel().tolist()) == {0.25}
    values[20] = 1e9  # negative control: an eleventh one
    assert set(mean_nodes([values], nodes).ravel().tolist()) == {1.0}


def test_the_faz_has_none_and_graphs_belong_together() -> None:
    one = {"vessel": np.zeros((1, 2)), "faz": np.zeros((1, 2))}
    assert list(spatial_grids([one], [one])) == ["vessel"]
    for places_, inputs in (([], []), ([one], [one, one])):
        with pytest.raises(ArgumentError, match="those of the same graphs"):
            spatial_grids(places_, inputs)


# --- in trainings --------------------------------------------------------------------------------


def fitted(data: Any) -> Any:
    torch = pytest.importorskip("torch")
    from gftcore import nn

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    config = nn.TrainConfig(hidden=8, epochs=2, batch_size=8, lr=0.01, n_layers=2)
    try:
        return nn.fit_model(data, data.ids[:20], data.ids[20:26], config).model
    finally:
        torch.set_num_threads(before)


def moved(data: Any, first: int, last: int) -> Any:
    """The same data with other places of the nodes of some images."""
    graphs = [
        dataclasses.replace(one, positions={name: 1 - p for name, p in one.positions.items()})
        if first <= i < last
        else one
        for i, one in enumerate(data.graphs)
    ]
    return dataclasses.replace(data, graphs=tuple(graphs))


@pytest.mark.train
def test_trained_models_have_the_grids_of_their_training_images(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from gftcore.nn.batches import network_input

    data = labelled_graphs(28)
    model = fitted(data)
    inputs = [network_input(graph, model.config.features).x for graph in data.graphs[:20]]
    wanted = spatial_grids([graph.positions for graph in data.graphs[:20]], inputs)
    assert model.spatial is not None
    assert list(model.spatial) == ["vessel", "ica"]
    for name, grid in wanted.items():
        assert model.spatial[name].tobytes() == grid.tobytes()
    model.save(tmp_path)
    assert Model.load(tmp_path).sha256 == model.sha256
    assert fitted(moved(data, 20, 28)).sha256 == model.sha256
    assert fitted(moved(data, 19, 20)).sha256 != model.sha256


@pytest.mark.train
def test_graphs_without_places_train_a_model_without_grids() -> None:
    pytest.importorskip("torch")
    data = labelled_graphs(28)
    graphs = [dataclasses.replace(one, positions={}) for one in data.graphs]
    model = fitted(dataclasses.replace(data, graphs=tuple(graphs)))
    assert model.spatial is None
    with_places = fitted(data)
    for name, array in model.weights.items():
        assert array.tobytes() == with_places.weights[name].tobytes()
