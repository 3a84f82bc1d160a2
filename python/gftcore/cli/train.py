# SPDX-License-Identifier: Apache-2.0
"""``gftcore train``: the models of a data set, one per validation fold."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gftcore.cli import options
from gftcore.cli import train_options as own
from gftcore.cli.outcome import guarded, print_json, say, tell
from gftcore.cli.progress import Progress
from gftcore.errors import ArgumentError, GftcoreWarning

if TYPE_CHECKING:
    from gftcore.datasets import Manifest, Splits
    from gftcore.runs import EpochReport, FoldResult

__all__ = ["train"]

_SCHEMA = "gftcore-train/1"


@guarded
def train(
    manifest: options.ManifestFile,
    out: options.Out,
    *,
    model: own.ModelKind = "gnn",
    splits: Annotated[
        Path | None,
        typer.Option("--splits", help="Folds from `data split`; else made with --seed."),
    ] = None,
    folds: Annotated[
        str, typer.Option("--folds", help="Validation folds, separated by commas.")
    ] = "1,2,3,4,5",
    cache: Annotated[
        Path | None,
        typer.Option("--cache", help="Folder of graphs or measurements; default: in OUT."),
    ] = None,
    epochs: own.Epochs = None,
    patience: own.Patience = None,
    batch_size: own.BatchSize = None,
    lr: own.Lr = None,
    lr_decay: own.LrDecay = None,
    weight_decay: own.WeightDecay = None,
    dropout: own.Dropout = None,
    hidden: own.Hidden = None,
    pre: own.Pre = None,
    layers: own.Layers = None,
    post: own.Post = None,
    final: own.Final = None,
    act: own.Act = None,
    linear_ends: own.LinearEnds = None,
    rel_aggr: own.RelAggr = None,
    class_weights: own.ClassWeights = None,
    smoothing: own.Smoothing = None,
    scaling: own.Scaling = None,
    dtype: own.Dtype = None,
    image_px: own.ImagePx = None,
    precision: own.Precision = None,
    augment: own.Augment = None,
    trees: own.Trees = None,
    channel: options.Channel = None,
    seed: options.Seed = 0,
    threads: options.Threads = None,
    dry_run: options.DryRun = False,
    overwrite: options.Overwrite = False,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Train a model for each validation fold, and classify the test images with it.

    Classes come from the manifest. An interrupted training goes on where it stopped.
    """
    from gftcore._lazy import require
    from gftcore.datasets import GraphSource, fold_table, read_manifest, read_splits
    from gftcore.processors import default_threads

    network = model in ("gnn", "resnet18")
    if network:
        extra = "train" if model == "gnn" else "baselines"
        require("torch", extra=extra, user=f"gftcore train --model {model}")
    config = own.model_config(
        model,
        seed,
        {
            "epochs": epochs,
            "patience": patience,
            "batch_size": batch_size,
            "lr": lr,
            "lr_decay": lr_decay,
            "weight_decay": weight_decay,
            "dropout": dropout,
            "hidden": hidden,
            "pre": pre,
            "layers": layers,
            "post": post,
            "final": final,
            "act": act,
            "linear_ends": linear_ends,
            "rel_aggr": rel_aggr,
            "class_weights": class_weights,
            "smoothing": smoothing,
            "scaling": scaling,
            "dtype": dtype,
            "image_px": image_px,
            "precision": precision,
            "augment": augment,
            "trees": trees,
        },
    )
    wanted = _fold_numbers(folds)
    table = read_manifest(manifest)
    parts, notes = (read_splits(splits, table), []) if splits else _drawn_splits(table, seed)
    first = os.environ.get("RANK", "0") == "0"
    silent = json_ or quiet or not first
    if not silent:
        for note in notes:
            say(f"warning: {manifest}: {note}")
        say(f"{len(table)} images; classes: {', '.join(table.classes)}")
    if dry_run:
        _tell_plan(out, wanted, fold_table(table, parts), json_=json_, quiet=quiet)
        return 0
    if network:
        from gftcore.nn import use_threads

        use_threads(default_threads() if threads is None else threads)
    display = _Display(len(table), len(wanted) * getattr(config, "epochs", 0), silent=silent)
    settings: dict[str, Any] = {
        "folds": wanted,
        "source": GraphSource(channel=channel),
        "cache": cache,
        "threads": threads,
        "overwrite": overwrite,
        "progress": display,
    }
    with warnings.catch_warnings(), display:
        warnings.simplefilter("once" if first else "ignore", GftcoreWarning)
        results = _trained(model, table, parts, out, config, settings)
    if first:
        _tell_results(results, table, out, json_=json_, quiet=quiet)
    return 0


def _trained(
    model: Any, table: Manifest, parts: Splits, out: Path, config: Any, settings: dict[str, Any]
) -> tuple[FoldResult, ...]:
    if model == "gnn":
        from gftcore.nn import keep_freed_memory, train_folds

        keep_freed_memory()
        return train_folds(table, parts, out, config, **settings)
    from gftcore.baselines import train_baseline

    return train_baseline(table, parts, out, name=model, config=config, **settings)


def _fold_numbers(text: str) -> tuple[int, ...]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words or any(word not in ("1", "2", "3", "4", "5") for word in words):
        raise ArgumentError(f"--folds must be numbers from 1 to 5 with commas, got {text!r:.60}")
    return tuple(dict.fromkeys(map(int, words)))


def _drawn_splits(table: Manifest, seed: int) -> tuple[Splits, list[str]]:
    from gftcore.datasets import split_subjects

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", GftcoreWarning)
        splits = split_subjects(table, seed=seed)
    return splits, [str(w.message) for w in caught if issubclass(w.category, GftcoreWarning)]


class _Display:
    """Progress of the graphs, then of the epochs; what `gftcore.runs.RunProgress` is."""

    def __init__(self, images: int, epochs: int, *, silent: bool) -> None:
        self._silent = silent
        self._left, self._epochs = images, epochs
        self._bar = Progress(images, what="images", silent=silent)

    def __enter__(self) -> _Display:
        self._bar.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.__exit__(None, None, None)

    def graph(self) -> None:
        self._bar.step(failed=False)
        self._left -= 1
        if self._left == 0:
            self._bar.__exit__(None, None, None)
            self._bar = Progress(self._epochs, what="epochs", silent=self._silent)
            self._bar.__enter__()

    def epoch(self, fold: int, entry: EpochReport, *, new: bool) -> None:
        self._bar.step(failed=False)
        if entry.best and new and not self._silent:
            say(
                f"fold {fold}, epoch {entry.epoch}: loss {entry.loss:.4f}, validation balanced "
                f"accuracy {entry.validation_balanced_accuracy:.3f}"
            )

    def fold(self, result: FoldResult) -> None:
        if self._silent:
            return
        say(f"fold {result.fold}: {result.folder}")
        if result.choice is not None:
            say(f"fold {result.fold}: chose {json.dumps(dict(result.choice))}")


def _tell_plan(out: Path, folds: tuple[int, ...], rows: Any, *, json_: bool, quiet: bool) -> None:
    if json_:
        document = {"schema": _SCHEMA, "dry_run": True, "output": str(out), "folds": list(folds)}
        print_json({**document, "table": list(rows)})
        return
    if quiet:
        return
    names = list(rows[0])
    tell("  ".join(f"{name:>8}" for name in names))
    for row in rows:
        tell("  ".join(f"{row[name]:>8}" for name in names))
    for fold in folds:
        tell(f"would write {out / f'fold-{fold}'}")


def _tell_results(
    results: tuple[FoldResult, ...], table: Manifest, out: Path, *, json_: bool, quiet: bool
) -> None:
    from gftcore.datasets import SYNTHETIC_NOTICE, is_synthetic

    if json_:
        document: dict[str, Any] = {
            "schema": _SCHEMA,
            "dry_run": False,
            "output": str(out),
            "manifest_sha256": table.sha256,
            "classes": list(table.classes),
            "synthetic": is_synthetic(table),
            "folds": [result.to_dict() for result in results],
        }
        print_json(document)
        return
    if quiet:
        return
    tell("fold  best epoch  validation  test")
    for result in results:
        test = result.test_balanced_accuracy
        shown = "-" if test is None else f"{test:.3f}"
        tell(
            f"{result.fold:>4}  {'-' if result.best_epoch is None else result.best_epoch:>10}  "
            f"{result.validation_balanced_accuracy:>10.3f}  {shown}"
        )
    tell(f"balanced accuracy; results in {out}")
    if is_synthetic(table):
        tell(SYNTHETIC_NOTICE)
