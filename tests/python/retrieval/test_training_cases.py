# SPDX-License-Identifier: Apache-2.0
"""Only training images become cases, and never those of the query's subject."""

from __future__ import annotations

import dataclasses
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gftcore import graph
from gftcore.biomarkers import quadrant_vector
from gftcore.datasets import Manifest, Record, Splits, split_subjects, write_manifest
from gftcore.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    GftcoreWarning,
    MissingFileError,
)
from gftcore.retrieval import build_index, check_training, index_from_manifest, subject_group
from labelled import drawn_mask

pytestmark = pytest.mark.filterwarnings("ignore:FOLD_LACKS_CLASS")


def manifest_of(sizes: list[int], folder: Path) -> Manifest:
    """So many images of each subject; ids do not say whose they are."""
    owners = [subject for subject, size in enumerate(sizes) for _ in range(size)]
    records = [
        Record(id=f"{7 * i % len(owners)}-{i}", subject=f"s{owner}", eye="unknown",
               path=f"{i}.png", label=("Healthy", "NPDR", "PDR")[owner % 3])
        for i, owner in enumerate(owners)
    ]  # fmt: skip
    return write_manifest(folder / "manifest.csv", records)


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """18 subjects with two images each."""
    return manifest_of([2] * 18, tmp_path)


def vectors_of(manifest: Manifest, seed: int = 0) -> dict[str, np.ndarray]:
    """Whole numbers, so that images of a subject are often the nearest, and tie."""
    rng = np.random.default_rng(seed)
    return {record.id: rng.integers(0, 3, 8).astype(float) for record in manifest}


@given(sizes=st.lists(st.integers(1, 4), min_size=12, max_size=20), seed=st.integers(0, 2**20),
       model=st.integers(1, 5), k=st.integers(1, 80), z_scores=st.booleans())  # fmt: skip
def test_no_other_image_and_no_own_one(
    sizes: list[int], seed: int, model: int, k: int, z_scores: bool
) -> None:
    """Negative control: an index of all images gives test images and the subject's own."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore", GftcoreWarning)
        manifest = manifest_of(sizes, Path(folder))
        splits = split_subjects(manifest, seed=seed)
        vectors = vectors_of(manifest, seed)
        index = index_from_manifest(manifest, splits, model, vectors, z_scores=z_scores)
        view = splits.view(model)
        assert set(index.ids) == set(view.train)
        subject_of = {record.id: record.subject for record in manifest}
        for record in manifest:
            group = subject_group(index, manifest, record)
            assert (group is None) == (record.id not in view.train)
            found = index.nearest(vectors[record.id], k=k, exclude_subject=group)
            assert found == index.nearest(vectors[record.id], k=k, exclude_id=record.id)
            assert len(found) > 0
            assert {one.id for one in found} <= set(view.train)
            assert record.subject not in {subject_of[one.id] for one in found}

        rows = np.stack([vectors[record.id] for record in manifest])
        naive = build_index(manifest, rows, mode="fraction", z_scores=z_scores)
        found = naive.nearest(rows[0], k=len(manifest))
        assert not {one.id for one in found} <= set(view.train)
        assert manifest.records[0].subject in {subject_of[one.id] for one in found}
        with pytest.raises(ArgumentError, match="training images of model"):
            check_training(naive, manifest, splits, model)


def test_graphs_of_a_folder(manifest: Manifest, tmp_path: Path) -> None:
    splits = split_subjects(manifest)
    rng = np.random.default_rng(1)
    vectors = {}
    for record in manifest:
        eye = graph.extract(drawn_mask(rng, dense=record.label == "Healthy"))
        vectors[record.id] = quadrant_vector(eye, mode="count")
        graph.save(eye, tmp_path / f"{record.id}.npz")
    index = index_from_manifest(manifest, splits, 2, tmp_path, mode="count")
    assert index.vectors.tolist() == [vectors[name].tolist() for name in index.ids]
    assert (index.manifest_sha256, index.splits_seed, index.model) == (manifest.sha256, 0, 2)
    # Graphs of other images are not needed.
    for name in splits.ids(0, 2):
        (tmp_path / f"{name}.npz").unlink()
    assert index_from_manifest(manifest, splits, 2, tmp_path, mode="count").ids == index.ids
    (tmp_path / f"{index.ids[3]}.npz").write_bytes(b"no graph")
    with pytest.raises(FormatError):
        index_from_manifest(manifest, splits, 2, tmp_path)
    (tmp_path / f"{index.ids[3]}.npz").unlink()
    with pytest.raises(MissingFileError):
        index_from_manifest(manifest, splits, 2, tmp_path)


def test_a_subject_in_two_folds_is_refused(manifest: Manifest) -> None:
    splits = split_subjects(manifest)
    name = splits.ids(3)[0]
    moved = dataclasses.replace(splits, fold_of_id={**splits.fold_of_id, name: 0})
    with pytest.raises(ArgumentError, match=r"no subject that model 1 is .* tested on, got 1"):
        index_from_manifest(manifest, moved, 1, vectors_of(manifest))


def test_another_model_trains_on_other_images(manifest: Manifest) -> None:
    splits = split_subjects(manifest)
    index = index_from_manifest(manifest, splits, 1, vectors_of(manifest))
    check_training(index, manifest, splits, 1)
    with pytest.raises(ArgumentError, match="of model 2 only, got 6 others"):
        check_training(index, manifest, splits, 2)


def test_what_is_refused(manifest: Manifest, tmp_path: Path) -> None:
    splits, vectors = split_subjects(manifest), vectors_of(manifest)
    first = splits.view(1).train[0]
    lacking = {name: vector for name, vector in vectors.items() if name != first}
    with pytest.raises(ArgumentError, match="got 1 without"):
        index_from_manifest(manifest, splits, 1, lacking)
    with pytest.raises(ArgumentError, match="8 numbers"):
        index_from_manifest(manifest, splits, 1, {**vectors, first: np.zeros(7)})
    with pytest.raises(ArgumentError, match="got 1 that are not"):
        index_from_manifest(manifest, splits, 1, {**vectors, first: np.full(8, np.nan)})
    with pytest.raises(ArgumentTypeError, match="folder of graphs"):
        index_from_manifest(manifest, splits, 1, 3)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="splits must be Splits"):
        index_from_manifest(manifest, splits.view(1), 1, vectors)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="k must be between 1 and 5"):
        index_from_manifest(manifest, splits, 0, vectors)
    (tmp_path / "other").mkdir()
    other = manifest_of([1] * 12, tmp_path / "other")
    with pytest.raises(ArgumentError, match="those of the manifest"):
        index_from_manifest(other, splits, 1, vectors)
    index = index_from_manifest(manifest, splits, 1, vectors)
    with pytest.raises(ArgumentError, match="manifest must be that of the index"):
        subject_group(index, other, other.records[0])
    empty = Splits(fold_of_id=dict.fromkeys(vectors, 0), seed=0, manifest_sha256=manifest.sha256)
    with pytest.raises(ArgumentError, match="to train on, got none"):
        index_from_manifest(manifest, empty, 1, vectors)


def test_manifests_that_disagree_on_subjects(manifest: Manifest) -> None:
    apart = [dataclasses.replace(record, subject=record.id) for record in manifest]
    index = build_index(apart, np.zeros((len(apart), 8)), mode="count")
    with pytest.raises(ArgumentError, match="one number for a subject"):
        subject_group(index, manifest, manifest.records[0])
