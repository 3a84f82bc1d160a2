# SPDX-License-Identifier: Apache-2.0
"""The networks of a training, each for the images that it did not learn from."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gftcore._validation import require_int
from gftcore.datasets import NUM_FOLDS, read_splits
from gftcore.datasets.check import require_manifest
from gftcore.datasets.splits import TEST_FOLD
from gftcore.errors import ArgumentError, FormatError, MissingFileError
from gftcore.io.files import require_path
from gftcore.model import Model
from gftcore.pipeline.references import RECORDS
from gftcore.runs import run_manifest, run_model
from gftcore.runs.predictions import RESULT_FILE

if TYPE_CHECKING:
    from gftcore.datasets import Manifest, Splits

__all__ = ["fold_models", "require_cross_fitted", "same_network", "teaching_folds"]


def teaching_folds(fold: int) -> tuple[int, ...]:
    """Return the folds that the model of a validation fold learns from."""
    require_int(fold, "fold", 1, NUM_FOLDS - 1)
    return tuple(j for j in range(NUM_FOLDS) if j not in (TEST_FOLD, fold))


def fold_models(
    run: str | Path, manifest: Manifest, splits: Splits, fold: int
) -> Mapping[int, Model]:
    """Return the networks that explain what the model of a fold learns from.

    The images of fold j are for network j, which was validated on them and learned from others.

    Parameters
    ----------
    run
        Folder of `gftcore train`, with the networks of all folds but `fold`.
    manifest, splits
        What the networks learned from.
    fold
        1 to 5: the validation fold of the model that is to be taught.

    Returns
    -------
    mapping
        Fold to network, of the four training folds.

    Raises
    ------
    MissingFileError
        If `run` is no folder of a training, or lacks a finished network; the message names the
        folds to train.
    FormatError
        If the networks learned from another manifest or with other folds, or if a folder holds the
        network of another fold.
    ArgumentError
        If it is a training of other models than graph networks.
    """
    folder = require_path(run)
    folds = teaching_folds(fold)
    kind = run_model(folder)
    if kind is None:
        raise MissingFileError(f"{folder}: is no folder of `gftcore train`")
    if kind != "gnn":
        raise ArgumentError(f"{folder}: must hold graph networks, got models of kind {kind!r:.40}")
    if run_manifest(folder) != require_manifest(manifest).sha256:
        raise FormatError(f"{folder}: its networks learned from another manifest; train them anew")
    stored = read_splits(folder / "splits.json", manifest)
    if dict(stored.fold_of_id) != dict(splits.fold_of_id):
        raise FormatError(
            f"{folder}: its networks learned with other folds; give {folder / 'splits.json'}"
        )
    results = {j: _result(folder / f"fold-{j}" / RESULT_FILE) for j in folds}
    missing = ",".join(str(j) for j, result in results.items() if result is None)
    if missing:
        raise MissingFileError(
            f"{folder}: has no finished network of fold {missing}; run gftcore train with "
            f"--folds {missing} --out {folder} and the same manifest, splits and options"
        )
    models = {j: Model.load(folder / f"fold-{j}") for j in folds}
    for j, result in results.items():
        assert result is not None
        if result.get("model_sha256") != models[j].sha256:
            raise FormatError(f"{folder / f'fold-{j}'}: holds another network than {RESULT_FILE}")
    require_cross_fitted(models, manifest, splits, fold)
    return models


def require_cross_fitted(
    models: Mapping[int, Model], manifest: Manifest, splits: Splits, fold: int
) -> None:
    """Refuse networks that may have learned from the images that they are to explain.

    Raises
    ------
    FormatError
        If the record of a network does not say that it was validated on its fold of this manifest,
        or if it knows other classes.
    """
    if splits.manifest_sha256 != manifest.sha256:
        raise ArgumentError("splits must be those of the manifest, got those of another one")
    folds = teaching_folds(fold)
    if sorted(models) != list(folds):
        raise ArgumentError(f"models must be of the folds {folds}, got {sorted(models)!s:.80}")
    for j, model in models.items():
        record = model.config.training
        wanted = {"fold": j, "manifest_sha256": manifest.sha256, "split_seed": splits.seed}
        for name, value in wanted.items():
            if record.get(name) != value:
                raise FormatError(
                    f"network {j} must have been validated on fold {j} of this manifest, its "
                    f"record says {name} {record.get(name)!r:.80} and not {value!r:.80}"
                )
        if model.config.classes != manifest.classes:
            raise FormatError(
                f"network {j} must know the classes {', '.join(manifest.classes)}, "
                f"got {', '.join(model.config.classes):.200}"
            )


def same_network(model: Model, other: Model) -> bool:
    """Whether two networks differ in nothing but what they compare eyes with."""
    return _bare(model).sha256 == _bare(other).sha256


def _bare(model: Model) -> Model:
    training = {k: v for k, v in model.config.training.items() if k not in RECORDS}
    return dataclasses.replace(model, config=model.config.replace(training=training))


def _result(file: Path) -> dict[str, Any] | None:
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None
