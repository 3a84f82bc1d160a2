# SPDX-License-Identifier: Apache-2.0
"""``gftcore train``: the networks of a data set, one per validation fold."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gftcore.cli import options
from gftcore.cli.outcome import guarded, print_json, say, tell
from gftcore.cli.progress import Progress
from gftcore.errors import ArgumentError, GftcoreWarning

if TYPE_CHECKING:
    from gftcore.datasets import Manifest, Splits
    from gftcore.nn import EpochReport, FoldResult

__all__ = ["train"]

_SCHEMA = "gftcore-train/1"


@guarded
def train(
    manifest: options.ManifestFile,
    out: options.Out,
    *,
    splits: Annotated[
        Path | None,
        typer.Option("--splits", help="Folds from `data split`; else made with --seed."),
    ] = None,
    folds: Annotated[
        str, typer.Option("--folds", help="Validation folds, separated by commas.")
    ] = "1,2,3,4,5",
    cache: Annotated[
        Path | None, typer.Option("--cache", help="Folder of graphs; default: OUT/graphs.")
    ] = None,
    epochs: Annotated[int, typer.Option("--epochs", min=1)] = 100,
    batch_size: Annotated[int, typer.Option("--batch-size", min=1, help="Images a step.")] = 32,
    lr: Annotated[float, typer.Option("--lr", help="Learning rate of the first epoch.")] = 1e-3,
    lr_decay: Annotated[float, typer.Option("--lr-decay", help="Factor after each epoch.")] = 0.95,
    weight_decay: Annotated[float, typer.Option("--weight-decay")] = 1e-3,
    dropout: Annotated[float, typer.Option("--dropout")] = 0.3,
    hidden: Annotated[int, typer.Option("--hidden", min=1, help="Width of all layers.")] = 64,
    pre: Annotated[int, typer.Option("--pre", help="Blocks before the graph layers.")] = 2,
    layers: Annotated[int, typer.Option("--layers", help="Graph layers.")] = 3,
    post: Annotated[int, typer.Option("--post", help="Blocks behind them.")] = 2,
    final: Annotated[int, typer.Option("--final", help="Layers of the head.")] = 2,
    act: Annotated[Literal["relu", "leaky", "elu"], typer.Option("--act")] = "leaky",
    linear_ends: Annotated[
        bool, typer.Option("--linear-ends", help="No activation where graph layers begin and end.")
    ] = False,
    rel_aggr: Annotated[
        Literal["sum", "mean", "cat"], typer.Option("--rel-aggr", help="How relations are joined.")
    ] = "sum",
    class_weights: Annotated[
        Literal["balanced", "none"], typer.Option("--class-weights")
    ] = "balanced",
    smoothing: Annotated[
        Literal["ordinal", "none"], typer.Option("--smoothing", help="Of labels.")
    ] = "none",
    scaling: Annotated[
        Literal["standard", "robust", "minmax"], typer.Option("--scaling", help="Of features.")
    ] = "standard",
    dtype: Annotated[Literal["float32", "float64"], typer.Option("--dtype")] = "float32",
    channel: options.Channel = None,
    seed: options.Seed = 0,
    threads: options.Threads = None,
    dry_run: options.DryRun = False,
    overwrite: options.Overwrite = False,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Train a graph network for each validation fold, and classify the test images with it.

    Classes come from the manifest. An interrupted training goes on where it stopped.
    """
    from gftcore._lazy import require
    from gftcore.datasets import GraphSource, fold_table, read_manifest, read_splits

    require("torch", extra="train", user="gftcore train")
    from gftcore.graph.bulk import default_threads
    from gftcore.nn import TrainConfig, train_folds, use_threads

    config = TrainConfig(
        hidden=hidden,
        n_pre=pre,
        n_layers=layers,
        n_post=post,
        n_final=final,
        act=act,
        linear_ends=linear_ends,
        rel_aggr=rel_aggr,
        dropout=dropout,
        epochs=epochs,
        batch_size=batch_size,
        lr=lr,
        lr_decay=lr_decay,
        weight_decay=weight_decay,
        class_weights=class_weights,
        smoothing=smoothing,
        scaling=scaling,
        seed=seed,
        dtype=dtype,
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
    use_threads(default_threads() if threads is None else threads)
    display = _Display(len(table), len(wanted) * epochs, silent=silent)
    with warnings.catch_warnings(), display:
        warnings.simplefilter("once", GftcoreWarning)
        results = train_folds(
            table,
            parts,
            out,
            config,
            folds=wanted,
            source=GraphSource(channel=channel),
            cache=cache,
            threads=threads,
            overwrite=overwrite,
            progress=display,
        )
    if first:
        _tell_results(results, table, out, json_=json_, quiet=quiet)
    return 0


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
    """Progress of the graphs, then of the epochs; what `gftcore.nn.RunProgress` is."""

    def __init__(self, images: int, epochs: int, *, silent: bool) -> None:
        self._silent = silent
        self._left, self._epochs = images, epochs
        self._bar = Progress(images, what="graphs", silent=silent)

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
        if not self._silent:
            say(f"fold {result.fold}: {result.folder}")


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
    if json_:
        document: dict[str, Any] = {
            "schema": _SCHEMA,
            "dry_run": False,
            "output": str(out),
            "manifest_sha256": table.sha256,
            "classes": list(table.classes),
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
            f"{result.fold:>4}  {result.best_epoch:>10}  "
            f"{result.validation_balanced_accuracy:>10.3f}  {shown}"
        )
    tell(f"balanced accuracy; models in {out}")
