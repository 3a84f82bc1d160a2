# SPDX-License-Identifier: Apache-2.0
"""Grids of mean training nodes by place: in model files, and as baseline of explanations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from gftcore import attribution, graph, staging
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError
from gftcore.model import FeatureSet, Model, ModelConfig, initial_weights, standardised_batch
from gftcore.model.spatial import cells_at, image_fractions

FEATURES = {
    "vessel": FeatureSet(columns=("length", "degree"), mean=(20, 4), sd=(9, 2)),
    "ica": FeatureSet(columns=("area",), mean=(40,), sd=(40,)),
    "faz": FeatureSet(columns=("area", "perimeter", "degree"), mean=(500, 80, 9), sd=(200, 20, 5)),
}
CONFIG = ModelConfig(features=FEATURES, hidden=8)
WEIGHTS = initial_weights(CONFIG, seed=1)


def grids(seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {
        name: rng.uniform(-1, 1, (38, 38, width)).astype(np.float32)
        for name, width in (("vessel", 2), ("ica", 1))
    }


def eye(shape: tuple[int, int] = (60, 90)) -> graph.HeteroGraph:
    """A lattice with a large hole, which becomes the FAZ."""
    mask = np.zeros(shape, dtype=bool)
    mask[2::9] = mask[:, 3::8] = True
    mask[20:40, 30:60] = False
    return graph.extract(mask)


PLAIN = Model(config=CONFIG, weights=WEIGHTS)
MODEL = Model(config=CONFIG, weights=WEIGHTS, spatial=grids())


def test_files_keep_grids_and_do_without(tmp_path: Path) -> None:
    for model in (PLAIN, MODEL):
        model.save(tmp_path)
        again = Model.load(tmp_path)
        assert again.sha256 == model.sha256
        assert (again.spatial is None) == (model.spatial is None)
    assert again.spatial is not None
    for name, grid in grids().items():
        np.testing.assert_array_equal(again.spatial[name], grid)
        assert not again.spatial[name].flags.writeable
    assert len({PLAIN.sha256, MODEL.sha256, with_grids(grids(1)).sha256}) == 3
    logits = [staging.predict(model, [eye()]).logits.tobytes() for model in (PLAIN, MODEL)]
    assert logits[0] == logits[1]


def with_grids(these: Any) -> Model:
    return Model(config=CONFIG, weights=WEIGHTS, spatial=these)


def test_randomised_weights_keep_the_grids() -> None:
    for _, other in attribution.randomised_models(MODEL, seed=2):
        assert other.spatial is not None
    found, plain = (
        attribution.weight_randomisation(MODEL, [eye()], n=2, baseline=baseline)
        for baseline in ("spatial", "zero")
    )
    assert found.contribution["vessel"].shape == (len(found.layers), 1)
    assert (found.contribution["vessel"] != plain.contribution["vessel"]).any()


def test_a_model_without_grids_says_so() -> None:
    for call in (
        lambda: PLAIN.spatial_baseline(eye()),
        lambda: attribution.integrated_gradients(PLAIN, [eye()], baseline="spatial"),
    ):
        with pytest.raises(ArgumentError, match=r"the model has no grids .* train it again"):
            call()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda g: g.pop("spatial.ica"), "lacks ica"),
        (lambda g: g.update({"spatial.vein": g["spatial.ica"]}), "unknown node types vein"),
        (lambda g: g.update({"spatial.faz": g["spatial.ica"]}), "unknown node types faz"),
        (lambda g: g.update({"spatial.ica": g["spatial.ica"][:37]}), "must have shape"),
        (
            lambda g: g.update({"spatial.ica": g["spatial.ica"].astype(np.float64)}),
            r"spatial\.ica must be float32, got float64",
        ),
        (lambda g: g["spatial.ica"].fill(np.nan), "must lie between -1 and 1"),
        (lambda g: g["spatial.ica"].fill(1.001), "must lie between -1 and 1"),
    ],
)
def test_damaged_grids_are_refused(tmp_path: Path, change: Any, words: str) -> None:
    MODEL.save(tmp_path)
    file = tmp_path / "model.safetensors"
    arrays = load_file(file)
    change(arrays)
    save_file(arrays, file)
    with pytest.raises(FormatError, match=words):
        Model.load(tmp_path)


def test_places_are_fractions_of_the_image() -> None:
    corners = np.array([[-0.5, -0.5], [59.5, 89.5]])
    np.testing.assert_array_equal(image_fractions(corners, (60, 90)), [[0, 0], [1, 1]])
    inside = [[0, 0], [59, 89], [29.5, 44.5]]
    assert cells_at(image_fractions(inside, (60, 90))).tolist() == [[0, 0], [37, 37], [19, 19]]
    assert cells_at(np.array([[-0.1, 1.0], [1.2, 0.5]])).tolist() == [[0, 37], [37, 19]]


@pytest.mark.parametrize("shape", [(60, 90), (76, 76), (200, 91)])
def test_every_node_takes_the_cell_that_it_lies_in(shape: tuple[int, int]) -> None:
    found = eye(shape)
    rows = MODEL.spatial_baseline(found)
    assert len(rows["faz"]) == 1
    assert rows["faz"].tolist() == [[0, 0, 0]]
    for name, grid in grids().items():
        positions = found.positions(name)
        assert len(positions) > 50
        for (row, col), ours in zip(positions.tolist(), rows[name], strict=True):
            i = int((row + 0.5) / shape[0] * 38)
            j = int((col + 0.5) / shape[1] * 38)
            np.testing.assert_array_equal(ours, grid[min(i, 37), min(j, 37)])
    with pytest.raises(ArgumentTypeError, match="graph must be a HeteroGraph, got str"):
        MODEL.spatial_baseline("eye")  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_explanations_begin_there(dtype: Any) -> None:
    eyes = [eye(), eye((76, 76))]
    found = attribution.integrated_gradients(MODEL, iter(eyes), baseline="spatial", dtype=dtype)
    rows = [MODEL.spatial_baseline(one) for one in eyes]
    joined = {name: np.concatenate([one[name] for one in rows]) for name in FEATURES}
    given = attribution.integrated_gradients(MODEL, eyes, baseline=joined, dtype=dtype)
    zero = attribution.integrated_gradients(MODEL, eyes, dtype=dtype)
    batch = standardised_batch(CONFIG, eyes)
    at_start = staging.predict(
        MODEL,
        graph.GraphBatch.from_arrays(
            joined,
            {relation: batch.edge_index(relation) for relation in batch.col},
            node_ptr=batch.node_ptr,
        ),
        dtype="float64",
    )
    for g, (ours, theirs, other) in enumerate(zip(found, given, zero, strict=True)):
        assert (ours.baseline, theirs.baseline) == ("spatial", "given")
        assert ours.nodes is not None
        assert theirs.nodes is not None
        assert other.nodes is not None
        for name in FEATURES:
            same = theirs.nodes.attributions[name]
            np.testing.assert_array_equal(ours.nodes.attributions[name], same)
        assert not np.allclose(
            ours.nodes.attributions["vessel"], other.nodes.attributions["vessel"]
        )
        assert ours.logits_baseline is not None
        np.testing.assert_allclose(ours.logits_baseline, at_start.logits[g], rtol=1e-4)


def test_a_batch_has_no_places() -> None:
    batch = standardised_batch(CONFIG, [eye()])
    with pytest.raises(ArgumentError, match=r"needs graphs, .* got a GraphBatch"):
        attribution.integrated_gradients(MODEL, batch, baseline="spatial")
