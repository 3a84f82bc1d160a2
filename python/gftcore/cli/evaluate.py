# SPDX-License-Identifier: Apache-2.0
"""``gftcore evaluate``: how well trained networks classify, with intervals."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gftcore.cli import options
from gftcore.cli.outcome import guarded, print_json, say, tell
from gftcore.cli.progress import Progress
from gftcore.errors import ArgumentError

if TYPE_CHECKING:
    from gftcore.datasets import Manifest
    from gftcore.metrics import Interval
    from gftcore.runs import Predictions, RunScores

__all__ = ["evaluate"]

_SCHEMA = "gftcore-evaluation/1"
_SHOWN = ("balanced_accuracy", "accuracy", "quadratic_kappa", "auroc", "average_precision")


@guarded
def evaluate(
    manifest: options.ManifestFile,
    models: Annotated[
        list[Path],
        typer.Argument(
            metavar="MODEL...",
            help="Folders of `train`; or one model, which classifies all images.",
        ),
    ],
    *,
    split: Annotated[
        Literal["test", "validate"], typer.Option("--split", help="Images of a training.")
    ] = "test",
    pool: Annotated[
        list[str] | None,
        typer.Option("--pool", help="NAME=CLASS+CLASS; once for each pool of classes."),
    ] = None,
    pool_rule: Annotated[
        Literal["argmax", "prob"],
        typer.Option("--pool-rule", help="Pool of the likeliest class, or likeliest pool."),
    ] = "argmax",
    resamples: Annotated[
        int, typer.Option("--resamples", min=1, help="Of subjects, for the intervals.")
    ] = 2000,
    channel: options.Channel = None,
    seed: options.Seed = 0,
    threads: options.Threads = None,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Compare predicted classes with those of a manifest; intervals resample its subjects.

    The folder of a training gives one row for each of its models, on the images that none of them
    learned from, and their mean; several folders give one row each. A single network classifies
    every image of the manifest, from graphs that are made as in its training.
    """
    from gftcore.datasets import SYNTHETIC_NOTICE, is_synthetic, read_manifest
    from gftcore.runs import read_predictions, require_same_images, run_model, score_run

    table = read_manifest(manifest)
    groups = _groups(pool)
    kinds = [run_model(folder) for folder in models]
    if len(models) > 1 and None in kinds:
        raise ArgumentError(
            f"{models[kinds.index(None)]}: is no folder of a training; a single model stands alone"
        )
    settings: dict[str, Any] = {
        "groups": groups,
        "rule": pool_rule,
        "resamples": resamples,
        "seed": seed,
    }
    scored, notes = [], []
    for folder, kind in zip(models, kinds, strict=True):
        # No model of a training learned from the images that it is tested on.
        note: dict[str, Any] = {"seen_in_training": False, "remarks": {}}
        if kind is None:
            one, note = _of_model(table, folder, channel, threads, silent=json_ or quiet)
            found = [one]
        else:
            found = list(read_predictions(folder, split))
            _compare_manifests(table, folder, silent=quiet)
        if not quiet:
            _say_note(folder, note)
        notes.append(note)
        scored.append(score_run(table, found, **settings))
    if any(each.classes != scored[0].classes for each in scored):
        raise ArgumentError("the trainings must know the same classes; use --pool to match them")
    require_same_images(scored)
    names = _names(models)
    if json_:
        documents = [
            {
                "model": str(folder),
                "kind": kind,
                "classes": list(each.classes),
                **note,
                "models": [model.to_dict() for model in each.models],
                "mean": each.mean_dict(),
            }
            for folder, kind, each, note in zip(models, kinds, scored, notes, strict=True)
        ]
        print_json(
            {
                "schema": _SCHEMA,
                "manifest_sha256": table.sha256,
                "synthetic": is_synthetic(table),
                "split": None if None in kinds else split,
                **(documents[0] if len(models) == 1 else {"runs": documents}),
            }
        )
    elif not quiet:
        _tell(scored, names)
        if is_synthetic(table):
            tell(SYNTHETIC_NOTICE)
    return 0


def _names(folders: Sequence[Path]) -> list[str]:
    """Return names of folders that differ: the last part, or else the path."""
    last = [folder.resolve().name for folder in folders]
    return last if len(set(last)) == len(last) else [str(folder) for folder in folders]


def _groups(pool: Sequence[str] | None) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for text in pool or ():
        name, _, members = text.partition("=")
        names = [member.strip() for member in members.split("+") if member.strip()]
        if not name.strip() or not names or name.strip() in out:
            raise ArgumentError(f"--pool must be NAME=CLASS+CLASS, got {text!r:.60}")
        out[name.strip()] = names
    return out


def _compare_manifests(table: Manifest, folder: Path, *, silent: bool) -> None:
    from gftcore.runs import run_manifest

    if run_manifest(folder) not in (None, table.sha256) and not silent:
        say(
            f"warning: {folder} learned from another manifest; classes and subjects are those of "
            "the one that is given"
        )


def _of_model(
    table: Manifest, path: Path, channel: Any, threads: int | None, *, silent: bool
) -> tuple[Predictions, dict[str, Any]]:
    """Return what a network says of all images, and what makes its scores doubtful."""
    from gftcore.datasets import manifest_graphs
    from gftcore.model import Model
    from gftcore.pipeline import model_source, remarks
    from gftcore.runs import Predictions
    from gftcore.staging import predict

    network = Model.load(path)
    source = model_source(network)
    if channel is not None:
        source = dataclasses.replace(source, channel=channel)
    found: dict[str, list[float]] = {}
    counts: Counter[str] = Counter()
    with Progress(len(table), what="evaluate", silent=silent) as progress:
        for record, graph in manifest_graphs(table, source, threads=threads):
            found[record.id] = predict(network, [graph], threads=1).probabilities[0].tolist()
            counts.update(remarks(network, graph))
            progress.step(failed=False)
    ids = tuple(record.id for record in table)
    predictions = Predictions(
        name=path.name,
        ids=ids,
        classes=network.config.classes,
        probabilities=tuple(tuple(found[name]) for name in ids),
    )
    seen = network.config.training.get("manifest_sha256") == table.sha256
    return predictions, {"seen_in_training": seen, "remarks": dict(sorted(counts.items()))}


def _say_note(path: Path, note: Mapping[str, Any]) -> None:
    from gftcore.pipeline import REMARKS

    if note["seen_in_training"]:
        say(
            f"warning: {path} learned from images of this manifest; its scores on them say little. "
            "Evaluate the folder of the training for those that it did not see"
        )
    for code, number in note["remarks"].items():
        say(f"warning: {code} in {number} images: {REMARKS[code]}")


def _tell(scored: Sequence[RunScores], names: Sequence[str]) -> None:
    columns = [*_SHOWN, *(f"recall/{name}" for name in scored[0].classes)]
    rows: list[tuple[str, list[str]]] = []
    if len(scored) == 1:
        (run,) = scored
        for model in run.models:
            values = model.scores.to_dict()
            rows.append((model.name, _cells(columns, values, model.intervals)))
        if len(run.models) > 1:
            rows.append(("mean", _cells(columns, run.mean, run.intervals)))
            rows.append(("sd", [_digits(run.sd[name]) for name in columns]))
    else:
        for name, run in zip(names, scored, strict=True):
            rows.append((name, _cells(columns, run.mean, run.intervals)))
    width = max(len(name) for name, _ in rows)
    tell("  ".join([" " * width, *(f"{name:>20}" for name in columns)]))
    for name, cells in rows:
        tell("  ".join([f"{name:{width}}", *(f"{cell:>20}" for cell in cells)]))
    tell("in brackets: 95 % intervals over resampled subjects")
    if len(scored) > 1:
        counts = sorted({len(run.models) for run in scored})
        tell(f"means over the models of each training: {', '.join(map(str, counts))}")


def _cells(
    columns: Sequence[str], values: Mapping[str, float], intervals: Mapping[str, Interval]
) -> list[str]:
    out = []
    for name in columns:
        low, high = intervals[name].low, intervals[name].high
        bounds = "" if math.isnan(low) else f" [{low:.3f}, {high:.3f}]"
        out.append("-" if math.isnan(values[name]) else f"{values[name]:.3f}{bounds}")
    return out


def _digits(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"
