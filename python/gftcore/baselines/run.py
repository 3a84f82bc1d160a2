# SPDX-License-Identifier: Apache-2.0
"""Baselines of one data set, one model per fold, in a folder like that of `train_folds`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gftcore._lazy import require
from gftcore._validation import describe, require_choice
from gftcore.baselines.classifiers import CANDIDATES
from gftcore.baselines.features import read_features
from gftcore.baselines.pixels import read_pixels
from gftcore.baselines.settings import BASELINES, ImageConfig, TableConfig
from gftcore.baselines.tables import fit_table
from gftcore.datasets import NUM_FOLDS
from gftcore.datasets.graphs import GraphSource
from gftcore.datasets.origin import origin_record
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.model.files import WEIGHTS_FILE
from gftcore.processors import default_threads
from gftcore.runs.epochs import HISTORY_FILE, EpochReport, write_history
from gftcore.runs.folder import (
    CHECKPOINT_FILE,
    FoldResult,
    RunProgress,
    Silence,
    begin_run,
    finished_fold,
    fold_seed,
    fold_view,
    require_folds,
    run_document,
    write_fold,
)
from gftcore.runs.predictions import split_parts

if TYPE_CHECKING:
    from gftcore.baselines.features import FeatureTable
    from gftcore.baselines.pixels import LabelledImages
    from gftcore.datasets import Manifest, Splits, SplitView

__all__ = ["train_baseline"]

#: What each one needs beyond the base install.
_NEEDS = {
    "svm": ("sklearn",),
    "forest": ("sklearn",),
    "logistic": ("sklearn",),
    "threshold": (),
    "resnet18": ("torch", "transformers"),
}


def train_baseline(
    manifest: Manifest,
    splits: Splits,
    out: Path,
    *,
    name: Literal["svm", "forest", "logistic", "threshold", "resnet18"],
    config: TableConfig | ImageConfig | None = None,
    folds: Sequence[int] = (1, 2, 3, 4, 5),
    source: GraphSource | None = None,
    cache: Path | None = None,
    threads: int | None = None,
    overwrite: bool = False,
    progress: RunProgress | None = None,
) -> tuple[FoldResult, ...]:
    """Train a baseline for each fold and classify the test images with it.

    Splits, files and the rule for what is chosen by validation are those of
    `gftcore.nn.train_folds`. An interrupted training goes on where it stopped, with the same
    result to the byte.

    Parameters
    ----------
    manifest, splits
        The data set, and the fold of each image; fold 0 is the test set.
    out
        Folder for ``run.json``, ``splits.json`` and a folder ``fold-K`` for each model with
        ``predictions.csv`` and ``fold.json``; ``resnet18`` adds ``model.safetensors``,
        ``history.csv`` and ``checkpoint.safetensors``.
    name
        ``svm``, ``forest``, ``logistic``: a classifier of biomarkers. ``threshold``: the best
        single measurement. ``resnet18``: a residual network of the images.
    config
        `ImageConfig` for ``resnet18``, `TableConfig` for the others; None means the defaults.
    folds
        Validation folds, each 1 to 5.
    source
        How images become graphs, and which channel is read.
    cache
        Folder of the table of measurements; None means `out`.
    threads
        Number of images that are extracted at once; trees that are grown at once. For the
        threads of ``resnet18`` see `gftcore.nn.use_threads`.
    overwrite
        Start anew where `out` holds another training.
    progress
        Called on the way.

    Raises
    ------
    ArgumentError
        If it is called in one of several processes that torchrun started, or if a training of
        ``resnet18`` diverged in its first epoch.
    RefusedError
        If `out` holds a training of other data or settings, or if another process is at work on
        one of the folds.
    FormatError
        If images cannot be read, or if a test image lacks features that the others have.
    MissingExtraError
        If packages of the extra ``baselines`` are missing.
    """
    require_choice(name, BASELINES, "name")
    kind = ImageConfig if name == "resnet18" else TableConfig
    config = kind() if config is None else config
    if not isinstance(config, kind):
        raise ArgumentTypeError(
            f"config must be {kind.__name__} for {name}, got {describe(config)}"
        )
    processes = os.environ.get("WORLD_SIZE", "1")
    if processes != "1":
        raise ArgumentError(
            f"{name} must be trained in one process, got WORLD_SIZE={processes:.20}; start it "
            "without torchrun"
        )
    source = source or GraphSource()
    progress = progress or Silence()
    wanted = require_folds(folds)
    packages = {
        package: str(require(package, extra="baselines", user=f"the baseline {name}").__version__)
        for package in _NEEDS[name]
    }
    settings: dict[str, Any] = config.to_dict()
    if name in CANDIDATES:
        settings["candidates"] = [dict(each) for each in CANDIDATES[name]]
    document = run_document(
        manifest,
        splits,
        model=name,
        config=settings,
        config_hash=config.hash,
        source=source,
        packages=packages,
        recipe=config.recipe,
    )
    count = default_threads() if threads is None else threads
    results = []
    with begin_run(out, document, splits, folds=wanted, overwrite=overwrite):
        data: FeatureTable | LabelledImages
        if isinstance(config, ImageConfig):
            data = read_pixels(manifest, config.image_px, source, step=progress.graph)
        else:
            data = read_features(
                manifest,
                cache or out,
                source,
                learned=splits.ids(*range(1, NUM_FOLDS)),
                threads=threads,
                step=progress.graph,
            )
        for k in wanted:
            done = finished_fold(k, out / f"fold-{k}", data.sha256, recipe=config.recipe)
            if done is None:
                view = fold_view(splits, k)
                own = config.replace(seed=fold_seed(config.seed, k))
                fold = _Fold(k, out / f"fold-{k}", view, progress, origin_record(manifest))
                if isinstance(own, ImageConfig):
                    done = fold.images(data, own)
                else:
                    done = fold.table(name, data, own, count)
            progress.fold(done)
            results.append(done)
    return tuple(results)


@dataclass(frozen=True, slots=True)
class _Fold:
    """Where a model belongs."""

    number: int
    folder: Path
    view: SplitView
    progress: RunProgress
    about: Mapping[str, str]

    def table(self, name: str, data: Any, config: TableConfig, threads: int) -> FoldResult:
        parts, score, choice = fit_table(name, data, self.view, config, threads=threads)
        result = FoldResult(
            fold=self.number,
            folder=self.folder,
            best_epoch=None,
            validation_balanced_accuracy=score,
            test_balanced_accuracy=parts[1].balanced_accuracy,
            model_sha256=None,
            choice=choice,
        )
        write_fold(result, parts, data.classes, data_sha256=data.sha256, recipe=config.recipe)
        return result

    def images(self, data: Any, config: ImageConfig) -> FoldResult:
        from gftcore.baselines.resnet import ImageFit
        from gftcore.io import atomic_path, file_sha256
        from gftcore.nn.epochs import run_epochs

        history: list[EpochReport] = []

        def report(entry: EpochReport, new: bool) -> None:
            history.append(entry)
            if new:
                write_history(self.folder / HISTORY_FILE, history)
            self.progress.epoch(self.number, entry, new=new)

        fit = ImageFit(data, self.view.train, self.view.validate, config)
        run_epochs(fit, config.epochs, checkpoint=self.folder / CHECKPOINT_FILE, report=report)
        # An interruption may have come between the last checkpoint and its history.
        write_history(self.folder / HISTORY_FILE, history)
        parts = split_parts(data, self.view.validate, self.view.test, fit.probabilities)
        best = next(entry for entry in reversed(history) if entry.best)
        with atomic_path(self.folder / WEIGHTS_FILE) as temporary:
            fit.save(temporary, self.about)
        result = FoldResult(
            fold=self.number,
            folder=self.folder,
            best_epoch=best.epoch,
            validation_balanced_accuracy=best.validation_balanced_accuracy,
            test_balanced_accuracy=parts[1].balanced_accuracy,
            model_sha256=file_sha256(self.folder / WEIGHTS_FILE),
        )
        write_fold(result, parts, data.classes, data_sha256=data.sha256, recipe=config.recipe)
        return result
