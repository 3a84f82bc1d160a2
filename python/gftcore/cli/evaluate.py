# SPDX-License-Identifier: Apache-2.0
"""``gftcore evaluate``: how well trained networks classify, with intervals."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gftcore.cli import options
from gftcore.cli.outcome import guarded, print_json, say, tell
from gftcore.cli.progress import Progress
from gftcore.errors import ArgumentError, FormatError, MissingFileError

if TYPE_CHECKING:
    from gftcore.datasets import Manifest

__all__ = ["evaluate"]

_SCHEMA = "gftcore-evaluation/1"
_SHOWN = ("balanced_accuracy", "accuracy", "quadratic_kappa", "auroc", "average_precision")


@dataclass(frozen=True, slots=True)
class _Predictions:
    """What one network says about some images."""

    name: str
    ids: tuple[str, ...]
    classes: tuple[str, ...]
    probabilities: list[list[float]]


@guarded
def evaluate(
    manifest: options.ManifestFile,
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL", help="Folder of `train`, or a model that classifies all images."
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

    The folder of a training gives one row for each of its networks, on the images that none of
    them learned from, and their mean. A single model classifies every image of the manifest.
    """
    from gftcore.datasets import read_manifest

    table = read_manifest(manifest)
    groups = _groups(pool)
    trained = (model / "run.json").exists()
    if trained:
        found = _of_training(model, split)
    else:
        found = [_of_model(table, model, channel, threads, silent=json_ or quiet)]
    rows = [_scored(one, table, groups, pool_rule, resamples, seed) for one in found]
    if json_:
        print_json(
            {
                "schema": _SCHEMA,
                "manifest_sha256": table.sha256,
                "model": str(model),
                "split": split if trained else None,
                "classes": rows[0]["classes"],
                "models": rows,
                "mean": _mean(rows),
            }
        )
    elif not quiet:
        _tell(rows)
    return 0


def _groups(pool: Sequence[str] | None) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for text in pool or ():
        name, _, members = text.partition("=")
        names = [member.strip() for member in members.split("+") if member.strip()]
        if not name.strip() or not names or name.strip() in out:
            raise ArgumentError(f"--pool must be NAME=CLASS+CLASS, got {text!r:.60}")
        out[name.strip()] = names
    return out


def _of_training(folder: Path, split: str) -> list[_Predictions]:
    files = sorted(folder.glob("fold-[1-5]/predictions.csv"))
    if not files:
        raise MissingFileError(f"{folder}: holds no finished fold; train it to the end first")
    return [_from_table(file, split) for file in files]


def _from_table(file: Path, split: str) -> _Predictions:
    with file.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row.get("split") == split]
    if not rows:
        raise FormatError(f"{file}: holds no image of the split {split}")
    try:
        columns = [name for name in rows[0] if name.startswith("p_")]
        return _Predictions(
            name=file.parent.name,
            ids=tuple(row["id"] for row in rows),
            classes=tuple(name.removeprefix("p_") for name in columns),
            probabilities=[[float(row[name]) for name in columns] for row in rows],
        )
    except (KeyError, ValueError, TypeError) as error:
        raise FormatError(f"{file}: is no table of predictions: {error!s:.100}") from error


def _of_model(
    table: Manifest, path: Path, channel: Any, threads: int | None, *, silent: bool
) -> _Predictions:
    from gftcore.datasets import GraphSource, manifest_graphs
    from gftcore.model import Model
    from gftcore.staging import predict

    network = Model.load(path)
    if network.config.training.get("manifest_sha256") == table.sha256 and not silent:
        say(
            f"warning: {path} learned from images of this manifest; its scores on them say little. "
            "Evaluate the folder of the training for those that it did not see"
        )
    found: dict[str, list[float]] = {}
    with Progress(len(table), what="evaluate", silent=silent) as progress:
        for record, graph in manifest_graphs(table, GraphSource(channel=channel), threads=threads):
            found[record.id] = predict(network, [graph], threads=1).probabilities[0].tolist()
            progress.step(failed=False)
    ids = tuple(record.id for record in table)
    return _Predictions(path.name, ids, network.config.classes, [found[name] for name in ids])


def _scored(
    one: _Predictions,
    table: Manifest,
    groups: dict[str, list[str]],
    rule: Any,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    from gftcore.metrics.bootstrap import bootstrap_intervals
    from gftcore.metrics.classes import argmax_labels, pool_labels, pool_predictions
    from gftcore.metrics.classification import classification_scores

    records = table.select(one.ids)
    truth: Sequence[str] = [record.label for record in records]
    classes, probabilities = one.classes, one.probabilities
    predicted: Sequence[str] = argmax_labels(probabilities, labels=classes)
    if groups:
        pooled = pool_predictions(probabilities, labels=classes, groups=groups, rule=rule)
        classes, predicted = pooled.labels, pooled.predicted
        probabilities = pooled.probabilities.tolist()
        # A manifest may name pools itself, as one of healthy and diseased eyes does.
        truth = [t if t in groups else pool_labels([t], groups=groups)[0] for t in truth]
    unknown = sorted({name for name in truth if name not in classes})
    if unknown:
        raise ArgumentError(
            f"the model knows the classes {', '.join(classes)}, the manifest has "
            f"{', '.join(unknown)}; use --pool to match them"
        )
    common: dict[str, Any] = {"labels": classes, "probabilities": probabilities}
    scores = classification_scores(truth, predicted, **common)
    intervals = bootstrap_intervals(
        truth,
        predicted,
        subjects=[record.subject for record in records],
        resamples=resamples,
        seed=seed,
        **common,
    )
    return {
        "name": one.name,
        "classes": list(classes),
        "num_images": scores.num_images,
        "confusion": scores.confusion.tolist(),
        "scores": {
            name: {
                "value": _number(value),
                "low": _number(intervals[name].low),
                "high": _number(intervals[name].high),
            }
            for name, value in scores.to_dict().items()
        },
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _mean(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean and standard deviation (of the sample) of each score over the networks."""
    out = {}
    for name in rows[0]["scores"]:
        values = [row["scores"][name]["value"] for row in rows]
        known = [value for value in values if value is not None]
        mean = sum(known) / len(known) if known else None
        spread = None
        if mean is not None and len(known) > 1:
            spread = math.sqrt(sum((v - mean) ** 2 for v in known) / (len(known) - 1))
        out[name] = {"mean": mean, "sd": spread}
    return out


def _tell(rows: list[dict[str, Any]]) -> None:
    width = max(len("mean, sd"), *(len(row["name"]) for row in rows))
    names = [*_SHOWN, *(f"recall/{name}" for name in rows[0]["classes"])]
    tell("  ".join([f"{'':{width}}", *(f"{name:>20}" for name in names)]))
    for row in rows:
        cells = []
        for name in names:
            score = row["scores"][name]
            cells.append(f"{_shown(score, ('value', 'low', 'high')):>20}")
        tell("  ".join([f"{row['name']:{width}}", *cells]))
    if len(rows) > 1:
        mean = _mean(rows)
        cells = [f"{_shown(mean[name], ('mean', 'sd')):>20}" for name in names]
        tell("  ".join([f"{'mean, sd':{width}}", *cells]))
    tell("in brackets: 95 % intervals over resampled subjects")


def _shown(score: dict[str, float | None], parts: tuple[str, ...]) -> str:
    values = [score[part] for part in parts]
    if values[0] is None:
        return "-"
    rest = [f"{value:.3f}" for value in values[1:] if value is not None]
    if len(parts) == 2:
        return f"{values[0]:.3f}" + "".join(f" +- {value}" for value in rest)
    return f"{values[0]:.3f}" + (f" [{rest[0]}, {rest[1]}]" if len(rest) == 2 else "")
