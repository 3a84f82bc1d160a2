# SPDX-License-Identifier: Apache-2.0
"""Put a trained network into the package, and its scores on its page of the guide.

    gftcore data synth --out COHORT
    gftcore train COHORT/manifest.csv --splits COHORT/splits.json --folds 1 --out RUN
    python benchmarks/quality/default_model.py RUN --cohort COHORT

The network of fold 1 gets a record of what it learned from, its scores and its licence, and becomes
`python/gftcore/assets/staging.safetensors`. Where the training left no grids of mean nodes by
place, `--graphs` names the folder of its graphs, which they are made from. The record also gets the
reference ranges of tables, from the healthy eyes that the network learned from. Some images are
staged from their pixels again, and have to get the probabilities that the training wrote. What
stands on the page between `<!-- measured: NAME -->` and `<!-- end -->` is replaced. Exit code:
0 done, 1 the answers differ or the file is too large (nothing is written), 2 a failure.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import tables
from exits import MET, MISSED, exit_with
from gftcore import datasets, pipeline, runs
from gftcore.io import atomic_path
from gftcore.model import Model, standardise
from gftcore.model.files import WEIGHTS_FILE
from gftcore.model.spatial import image_fractions
from gftcore.nn import spatial_grids

ROOT = Path(__file__).resolve().parents[2]
ASSET = ROOT / "python/gftcore/assets/staging.safetensors"
PAGE = ROOT / "docs/guide/default-model.md"
FOLD = "fold-1"
LICENCE = "Apache-2.0"
MOST_BYTES = 1_500_000
#: Of a probability; training and staging round differently.
TOLERANCE = 1e-3
RESAMPLES = 2000
SHOWN = ("balanced_accuracy", "accuracy", "quadratic_kappa", "auroc", "average_precision")
SPLITS = {"validate": "validation", "test": "test"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Predictions of the images that one part of the splits holds, and how good they are."""

    ids: tuple[str, ...]
    probabilities: np.ndarray
    scores: Mapping[str, float]
    intervals: Mapping[str, Any]
    confusion: np.ndarray


def read_split(run: Path, name: Any, manifest: datasets.Manifest) -> Split:
    (one,) = (each for each in runs.read_predictions(run, name) if each.name == FOLD)
    (model,) = runs.score_run(manifest, [one], resamples=RESAMPLES).models
    return Split(
        ids=one.ids,
        probabilities=np.array(one.probabilities),
        scores=model.scores.to_dict(),
        intervals=model.intervals,
        confusion=model.scores.confusion,
    )


def staged_again(
    model: Model, manifest: datasets.Manifest, splits: Mapping[str, Split], count: int
) -> tuple[float, list[pipeline.StagedImage]]:
    """Stage some images from their pixels; return the largest difference of a probability."""
    wanted = {
        name: row
        for split in splits.values()
        for name, row in zip(split.ids, split.probabilities, strict=True)
    }
    step = max(len(wanted) // count, 1)
    ids = list(wanted)[::step][:count]
    files = [manifest.image_path(r) or manifest.mask_path(r) for r in manifest.select(ids)]
    source = pipeline.model_source(model)
    staged = list(pipeline.stage_images(files, model, source=source, keep=True))
    for one in staged:
        if not isinstance(one, pipeline.StagedImage):
            raise ValueError(f"{one.name}: {one.message}")
    worst = max(
        float(abs(one.probabilities - wanted[name]).max())
        for name, one in zip(ids, staged, strict=True)
    )
    return worst, staged


def with_record(model: Model, record: Mapping[str, Any]) -> Model:
    training = {**model.config.training, **record}
    return replace(model, config=model.config.replace(training=training))


def with_grids(
    model: Model, manifest: datasets.Manifest, splits: datasets.Splits, graphs: Path
) -> Model:
    """Return the network with the grids that its training would have made."""
    train = set(splits.view(1).train)
    source = pipeline.model_source(model)
    found = {}
    for record, graph in datasets.manifest_graphs(manifest, source, cache=graphs, write=False):
        if record.id in train:
            positions = {
                name: image_fractions(graph.positions(name), graph.meta.shape).astype(np.float32)
                for name in model.config.types
            }
            found[record.id] = positions, standardise(model.config, graph)
    ordered = [found[name] for name in splits.view(1).train]
    return replace(model, spatial=spatial_grids(*map(list, zip(*ordered, strict=True))))


def read_run(run: Path, cohort: Path) -> tuple[Model, datasets.Manifest, dict[str, Any]]:
    """Return the network, the manifest and the description of a cohort that fit together."""
    manifest = datasets.read_manifest(cohort / "manifest.csv")
    model = Model.load(run / FOLD)
    begun = json.loads((run / "run.json").read_bytes())
    about = json.loads((cohort / "cohort.json").read_bytes())
    if about.get("schema") != "gftcore-cohort/1":
        raise ValueError(f"{cohort} is no synthetic cohort")
    if about.get("images") != len(manifest):
        raise ValueError(f"{cohort} has {about.get('images')} eyes, its manifest {len(manifest)}")
    for what, digest in (
        ("network", model.config.training.get("manifest_sha256")),
        ("training", begun.get("manifest_sha256")),
    ):
        if digest != manifest.sha256:
            raise ValueError(f"the {what} in {run} learned from another manifest than {cohort}'s")
    return with_record(model, {"source": begun["source"]}), manifest, about


def scored(value: float, interval: Any) -> str:
    if np.isnan(value):
        return "-"
    return f"{value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def score_table(splits: Mapping[str, Split], classes: Sequence[str]) -> str:
    names = [*SHOWN, *(f"{kind}/{one}" for one in classes for kind in ("recall", "precision"))]
    rows = [
        [
            name.replace("_", " ").replace("/", " of ").replace("auroc", "AUROC"),
            *(scored(s.scores[name], s.intervals[name]) for s in splits.values()),
        ]
        for name in names
    ]
    heads = [f"{SPLITS[name]}, {len(split.ids)} images" for name, split in splits.items()]
    return tables.table(["score", *heads], rows)


def confusion_table(split: Split, classes: Sequence[str]) -> str:
    rows = [
        [f"{name}, true", *map(str, counts)]
        for name, counts in zip(classes, split.confusion.tolist(), strict=True)
    ]
    return tables.table(["test", *(f"called {name}" for name in classes)], rows)


def facts_table(model: Model, size: str, worst: float, checked: int) -> str:
    training, cohort = model.config.training, model.config.training["cohort"]
    labels = ", ".join(f"{count} {name}" for name, count in cohort["images_by_label"].items())
    drawn, reference = cohort["seed"], training["reference"]
    rows = [
        ["SHA-256 of the network (`Model.sha256`)", f"`{model.sha256}`"],
        ["size", f"{sum(a.size for a in model.weights.values())} weights, {size}"],
        [
            "cohort",
            f"{cohort['images']} eyes of {cohort['subjects']} subjects, seed {drawn}: {labels}",
        ],
        [
            "learned from",
            f"{training['num_train']} eyes; chosen by {training['num_validate']} others",
        ],
        ["reference ranges of tables", f"{reference['eyes']} {reference['label']} eyes of these"],
        ["best epoch", f"{training['best_epoch']} of {training['config']['epochs']}, from 0"],
        [
            "staged again from pixels",
            f"{checked} eyes, largest difference of a probability {worst:.1e}",
        ],
    ]
    return tables.table(["", ""], rows).replace("---:", "---")


def ship(
    run: Path, cohort: Path, *, asset: Path, page: Path, checked: int, graphs: Path | None = None
) -> int:
    """Do all of it; return the exit code."""
    model, manifest, about = read_run(run, cohort)
    kept = datasets.read_splits(run / "splits.json", manifest)
    if model.spatial is None and graphs is not None:
        model = with_grids(model, manifest, kept, graphs)
    classes = model.config.classes
    splits = {name: read_split(run, name, manifest) for name in SPLITS}
    worst, staged = staged_again(model, manifest, splits, checked)
    if worst > TOLERANCE:
        print(f"staging differs from training by {worst:.2g} in a probability", file=sys.stderr)
        return MISSED
    graphs = [one.graph for one in staged if one.graph is not None]
    model = pipeline.with_references(model, manifest, kept.view(1).train)
    sizes = {
        "rows": [graph.meta.shape[0] for graph in graphs],
        "cols": [graph.meta.shape[1] for graph in graphs],
        "fov_mm": [graph.meta.fov_mm for graph in graphs],
    }
    wanted = ("seed", "subjects", "images", "images_by_label", "fov_mm", "image_px", "mask_px")
    shipped = with_record(
        model,
        {
            # A training that recorded the sizes of all its images knows better.
            **{name: [min(values), max(values)] for name, values in sizes.items()},
            **{k: v for k, v in model.config.training.items() if k in sizes},
            "data": "synthetic",
            "licence": LICENCE,
            "cohort": {name: about[name] for name in wanted if name in about},
            "scores": {
                name: {
                    score: [round(value, 4), *(round(x, 4) for x in bounds(split, score))]
                    for score, value in split.scores.items()
                    if np.isfinite([value, *bounds(split, score)]).all()
                }
                for name, split in splits.items()
            },
        },
    )
    shipped = with_record(shipped, {"notice": pipeline.model_notice(shipped)})
    with tempfile.TemporaryDirectory() as folder:
        shipped.save(folder)
        data = (Path(folder) / WEIGHTS_FILE).read_bytes()
    if len(data) > MOST_BYTES:
        print(f"{len(data)} bytes are more than {MOST_BYTES}", file=sys.stderr)
        return MISSED
    facts = facts_table(shipped, f"{len(data) / 1e3:.0f} kB", worst, len(staged))
    scores = score_table(splits, classes) + "\n" + confusion_table(splits["test"], classes)
    text = filled(page, {"default-model": facts, "default-model-scores": scores})
    with atomic_path(asset) as temporary:
        temporary.write_bytes(data)
    page.write_text(text, encoding="utf-8")
    print(f"wrote {asset} and {page}\n\n{facts}\n{scores}")
    return MET


def bounds(split: Split, score: str) -> tuple[float, float]:
    interval = split.intervals[score]
    return interval.low, interval.high


def filled(page: Path, found: Mapping[str, str]) -> str:
    """Return the page with its tables replaced."""
    text = page.read_text(encoding="utf-8")
    places = Counter(tables.OPENED.findall(text))
    if places != Counter(found.keys()):
        raise ValueError(f"{page} has the places {dict(places)}, not {sorted(found)}")
    return tables.filled(text, {name: f"\n{inside}\n" for name, inside in found.items()})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of `gftcore train`")
    parser.add_argument("--cohort", type=Path, required=True, help="folder of `gftcore data synth`")
    parser.add_argument("--checked", type=int, default=20, help="images that are staged again")
    parser.add_argument("--graphs", type=Path, help="graphs of a training that made no grids")
    parser.add_argument("--asset", type=Path, default=ASSET)
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    return ship(
        options.run,
        options.cohort,
        asset=options.asset,
        page=options.page,
        checked=options.checked,
        graphs=options.graphs,
    )


if __name__ == "__main__":
    exit_with(main)
