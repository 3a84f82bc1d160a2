# SPDX-License-Identifier: Apache-2.0
"""The table of `staging.py`: scores with intervals, gaps to the network, times."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gftcore import datasets, runs

#: What the heads of columns say.
SCORES = {
    "balanced_accuracy": "balanced accuracy",
    "quadratic_kappa": "quadratic kappa",
    "auroc": "AUROC",
}
#: Scores that need probabilities; the rule of thresholds gives classes only.
OF_PROBABILITIES = ("auroc", "average_precision")
TITLES = {
    "gnn": "graph network",
    "resnet18": "ResNet-18 of the image",
    "forest": "biomarkers, random forest",
    "svm": "biomarkers, SVM",
    "logistic": "biomarkers, logistic regression",
    "threshold": "best single measurement",
}


def measured(
    manifest: datasets.Manifest, out: Path, models: Sequence[str], *, resamples: int
) -> dict[str, Any]:
    """Score the test images of all models that have a finished fold."""
    there = [name for name in models if list((out / name).glob("fold-[1-5]/fold.json"))]
    if not there:
        raise RuntimeError(f"{out}: no fold is finished yet")
    scored = {
        name: runs.score_run(manifest, runs.read_predictions(out / name), resamples=resamples)
        for name in there
    }
    test = {record for name in there for record in _tested(out / name)}
    records = manifest.select(sorted(test))
    rows = []
    for name in there:
        scores = scored[name].mean_dict()
        if name == "threshold":
            scores = {k: v for k, v in scores.items() if not k.startswith(OF_PROBABILITIES)}
        gap = None
        if name != "gnn" and "gnn" in scored:
            value, interval = runs.score_difference(scored["gnn"], scored[name])
            gap = {"value": value, "low": interval.low, "high": interval.high}
        folds = [
            json.loads(path.read_text())
            for path in sorted((out / name).glob("fold-[1-5]/fold.json"))
        ]
        validated = [fold["validation_balanced_accuracy"] for fold in folds]
        rows.append(
            {
                "model": name,
                "folds": [fold["fold"] for fold in folds],
                "scores": scores,
                "validation_balanced_accuracy": sum(validated) / len(validated),
                "behind_gnn": gap,
                "time": _time(out / "times", name),
                "choices": [fold.get("choice") for fold in folds],
                "best_epochs": [fold["best_epoch"] for fold in folds],
            }
        )
    return {
        "images": len(manifest),
        "subjects": len({record.subject for record in manifest}),
        "test_images": len(records),
        "test_subjects": len({record.subject for record in records}),
        "classes": list(manifest.classes),
        "resamples": resamples,
        "models": rows,
        "shared_time": {job: _time(out / "times", job) for job in ("graphs", "features")},
    }


def _tested(folder: Path) -> set[str]:
    return {name for one in runs.read_predictions(folder) for name in one.ids}


def _time(folder: Path, name: str) -> dict[str, float]:
    found = [json.loads(path.read_text()) for path in folder.glob(f"{name}*.json")]
    return {key: sum(each[key] for each in found) for key in ("wall_s", "cpu_s")}


def markdown(document: Mapping[str, Any]) -> str:
    """Return the table as Markdown."""
    columns = [*SCORES, *(f"recall/{name}" for name in document["classes"])]
    heads = ["model", *(SCORES.get(name, name.replace("/", " ")) for name in columns)]
    heads += ["validation", "network ahead by", "CPU min"]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for row in document["models"]:
        cells = [TITLES[row["model"]]]
        cells += [_shown(row["scores"].get(name), "mean") for name in columns]
        cells += [f"{row['validation_balanced_accuracy']:.3f}", _shown(row["behind_gnn"], "value")]
        cells += [f"{row['time']['cpu_s'] / 60:.1f}"]
        lines.append("| " + " | ".join(cells) + " |")
    kind = "synthetic eyes, made by a program" if document["synthetic"] else "eyes"
    shared = document["shared_time"]
    folds = {len(row["folds"]) for row in document["models"]}
    notes = [
        f"{document['images']} {kind}, {document['subjects']} subjects; test set: "
        f"{document['test_images']} images of {document['test_subjects']} subjects. Means over "
        f"{' or '.join(map(str, sorted(folds)))} models, one per validation fold; in brackets "
        f"95 % intervals over {document['resamples']} resamples of the test subjects. "
        "Validation: mean balanced accuracy of the validation folds, which chose the model. "
        f"CPU time of training, all folds; beside it, once, {shared['graphs']['cpu_s'] / 60:.1f} "
        f"min for graphs and {shared['features']['cpu_s'] / 60:.1f} min for measurements.",
    ]
    if document["synthetic"]:
        notes.append("Synthetic images: the figures compare models, and say nothing of patients.")
    return "\n\n".join(["\n".join(lines), *notes]) + "\n"


def _shown(score: Mapping[str, float | None] | None, key: str) -> str:
    if score is None or score[key] is None:
        return "-"
    if score["low"] is None:
        return f"{score[key]:.3f}"
    return f"{score[key]:.3f} [{score['low']:.3f}, {score['high']:.3f}]"
