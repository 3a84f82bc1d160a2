# SPDX-License-Identifier: Apache-2.0
"""Indices of the images that one model trains on, and of no others."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from gftcore._validation import describe
from gftcore.biomarkers import quadrant_vector
from gftcore.datasets.check import require_manifest
from gftcore.datasets.manifest import Manifest
from gftcore.datasets.records import Record
from gftcore.datasets.splits import Splits
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.graph import load
from gftcore.retrieval.index import CaseIndex, build_index

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["check_training", "index_from_manifest", "subject_group"]


def index_from_manifest(
    manifest: Manifest,
    splits: Splits,
    model: int,
    vectors: str | Path | Mapping[str, ArrayLike],
    *,
    mode: Literal["fraction", "count", "per_mm2"] = "fraction",
    z_scores: bool = False,
) -> CaseIndex:
    """Return an index of the training images of one model.

    Parameters
    ----------
    manifest, splits
        Images, and their folds.
    model
        1 to 5: the fold that the model validates on; cases are those of `Splits.view` to train on.
    vectors
        Folder of graphs, ``<id>.npz``, as `gftcore.datasets.manifest_graphs` keeps them; or id to
        8-vector, of which those of other images are not looked at.
    mode, z_scores
        As for `build_index`.

    Raises
    ------
    MissingFileError, FormatError
        If a graph is missing or damaged.
    ArgumentError
        If splits are of another manifest, a training image has no vector or one with missing
        values, or a subject to train on is also validated or tested on.

    Examples
    --------
    >>> import tempfile
    >>> from gftcore.datasets import split_subjects, write_manifest
    >>> records = [
    ...     Record(id=f"{i}", subject=f"{i}", eye="OD", path=f"{i}.png", label="PDR")
    ...     for i in range(6)
    ... ]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     manifest = write_manifest(Path(folder) / "manifest.csv", records)
    >>> splits = split_subjects(manifest)
    >>> index = index_from_manifest(manifest, splits, 1, {f"{i}": [i] * 8 for i in range(6)})
    >>> index.ids == tuple(sorted(splits.view(1).train))
    True
    """
    _require_own(manifest, splits)
    records = manifest.select(splits.view(model).train)
    if not records:
        raise ArgumentError(f"splits must have images for model {model} to train on, got none")
    if isinstance(vectors, Mapping):
        lacking = sum(record.id not in vectors for record in records)
        if lacking:
            raise ArgumentError(f"vectors must have all training images, got {lacking} without")
        rows = [np.asarray(vectors[record.id]) for record in records]
        if any(row.shape != (8,) for row in rows):
            raise ArgumentError("vectors must have 8 numbers for each image")
    elif isinstance(vectors, (str, Path)):
        graphs = (load(Path(vectors) / f"{record.id}.npz") for record in records)
        rows = [quadrant_vector(graph, mode=mode) for graph in graphs]
    else:
        raise ArgumentTypeError(
            f"vectors must be a folder of graphs or map ids to 8-vectors, got {describe(vectors)}"
        )
    index = dataclasses.replace(
        build_index(records, np.array(rows), mode=mode, z_scores=z_scores),
        manifest_sha256=manifest.sha256,
        splits_seed=splits.seed,
        model=model,
    )
    check_training(index, manifest, splits, model)
    return index


def check_training(index: CaseIndex, manifest: Manifest, splits: Splits, model: int) -> None:
    """Refuse an index with anything but training images of one model.

    Parameters
    ----------
    index
        Any index.
    manifest, splits, model
        As for `index_from_manifest`.

    Raises
    ------
    ArgumentError
        If a case is no training image of the model, or if its subject is validated or tested on.
    """
    _require_own(manifest, splits)
    view = splits.view(model)
    others = set(index.ids) - set(view.train)
    if others:
        raise ArgumentError(
            f"index must hold training images of model {model} only, got {len(others)} others"
        )
    held_out = {record.subject for record in manifest.select((*view.validate, *view.test))}
    crossing = {record.subject for record in manifest.select(index.ids)} & held_out
    if crossing:
        raise ArgumentError(
            f"index must hold no subject that model {model} is validated or tested on, got "
            f"{len(crossing)}; split the manifest anew"
        )


def subject_group(index: CaseIndex, manifest: Manifest, record: Record) -> int | None:
    """Return the number of a record's subject in an index; None if it has no case there.

    Parameters
    ----------
    index
        Whose cases are in the manifest.
    manifest
        That says which images are of one subject.
    record
        The eye to compare; its id need not be in the index.

    Raises
    ------
    ArgumentError
        If the index is of another manifest, or disagrees with this one on subjects.
    """
    require_manifest(manifest)
    if index.manifest_sha256 not in ("", manifest.sha256):
        raise ArgumentError("manifest must be that of the index, got another one")
    own = {one.id for one in manifest if one.subject == record.subject}
    pairs = zip(index.ids, index.subjects, strict=True)
    groups = {group for name, group in pairs if name in own}
    if len(groups) > 1:
        raise ArgumentError("index must have one number for a subject; make it again")
    return groups.pop() if groups else None


def _require_own(manifest: Manifest, splits: Splits) -> None:
    require_manifest(manifest)
    if not isinstance(splits, Splits):
        raise ArgumentTypeError(f"splits must be Splits, got {describe(splits)}")
    if manifest.sha256 != splits.manifest_sha256:
        raise ArgumentError("splits must be those of the manifest, got those of another one")
