# SPDX-License-Identifier: Apache-2.0
"""Whether the nearest training cases have the stage of an eye.

    python benchmarks/quality/retrieval.py COHORT --graphs DIR [--model K] [--out FILE]

COHORT holds manifest.csv and splits.json, as `gftcore data synth` makes them; --graphs is the
folder of its graphs, as `staging.py` keeps them. Each test image gets its 3 nearest training cases
of model K (1), in each mode of the 8-vector, with and without z-scores. A hit is a case with the
label of the image. Chance is exact: the share of this label among the training cases, all of which
are of other subjects. Intervals resample the subjects of the test images. Exit code: 0 if the
default (fraction, no z-scores) hits more often than chance, with an interval above 0; 1 if not; 2
for a failure.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
# Before anything loads a library that starts threads.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from exits import MET, MISSED, exit_with
from gftcore import datasets, graph
from gftcore.biomarkers import quadrant_vector
from gftcore.biomarkers.quadrants import VECTOR_MODES
from gftcore.retrieval import CaseIndex, index_from_manifest, subject_group
from intervals import resampled_sums

NEAREST = 3


def hits(
    index: CaseIndex,
    manifest: datasets.Manifest,
    records: Sequence[datasets.Record],
    vectors: Mapping[str, np.ndarray],
) -> np.ndarray:
    """Share of an image's nearest cases with its label, and that of all cases it may get [Q, 2]."""
    groups = [subject_group(index, manifest, record) for record in records]
    found = index.nearest_all(
        np.stack([vectors[record.id] for record in records]),
        k=NEAREST,
        exclude_subjects=groups,
        exclude_ids=[record.id for record in records],
    )
    labels, of_case = np.array(index.labels), np.array(index.subjects)
    rows = []
    for record, group, cases in zip(records, groups, found, strict=True):
        allowed = labels[of_case != (-1 if group is None else group)]
        own = [case.label == record.label for case in cases]
        rows.append([np.mean(own), np.mean(allowed == record.label)])
    return np.array(rows)


def summary(table: np.ndarray, subjects: np.ndarray) -> dict[str, float]:
    """Means of hits and chance [Q, 2], and their difference with an interval over subjects."""
    more = np.column_stack([table[:, 0] - table[:, 1], np.ones(len(table))])
    drawn = resampled_sums(more, subjects)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975]).tolist()
    hit, chance = table.mean(axis=0).tolist()
    return {"hits": hit, "chance": chance, "difference": hit - chance, "low": low, "high": high}


def measure(options: argparse.Namespace) -> dict[str, Any]:
    manifest = datasets.read_manifest(options.cohort / "manifest.csv")
    splits = datasets.read_splits(options.cohort / "splits.json", manifest)
    view = splits.view(options.model)
    vectors: dict[str, dict[str, np.ndarray]] = {mode: {} for mode in VECTOR_MODES}
    for name in (*view.train, *view.test):
        eye = graph.load(options.graphs / f"{name}.npz")
        for mode in VECTOR_MODES:
            vectors[mode][name] = quadrant_vector(eye, mode=mode)
    records = manifest.select(view.test)
    subjects = np.array([record.subject for record in records])
    rows = []
    for mode in VECTOR_MODES:
        for z_scores in (False, True):
            index = index_from_manifest(
                manifest, splits, options.model, vectors[mode], mode=mode, z_scores=z_scores
            )
            table = hits(index, manifest, records, vectors[mode])
            labels = np.array([record.label for record in records])
            by_label = {
                label: table[labels == label].mean(axis=0).tolist() for label in np.unique(labels)
            }
            rows.append(
                {"mode": mode, "z_scores": z_scores, **summary(table, subjects),
                 "by_label": by_label}
            )  # fmt: skip
    return {
        "synthetic": datasets.is_synthetic(manifest),
        "manifest_sha256": manifest.sha256,
        "model": options.model,
        "cases": len(view.train),
        "test_images": len(records),
        "test_subjects": len(set(subjects)),
        "rows": rows,
    }


def markdown(document: Mapping[str, Any]) -> str:
    labels = list(document["rows"][0]["by_label"])
    heads = ["mode", "z-scores", "hits", "chance", "more by", *(f"hits {one}" for one in labels)]
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    for row in document["rows"]:
        parts = [row["mode"], "yes" if row["z_scores"] else "no"]
        parts += [f"{row['hits']:.3f}", f"{row['chance']:.3f}"]
        parts += [f"{row['difference']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"]
        parts += [
            f"{row['by_label'][one][0]:.3f} ({row['by_label'][one][1]:.3f})" for one in labels
        ]
        lines.append(f"| {' | '.join(parts)} |")
    lines.append(
        f"\n{document['test_images']} test images of {document['test_subjects']} subjects, "
        f"{document['cases']} training cases; chance of each label in brackets"
    )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cohort", type=Path)
    parser.add_argument("--graphs", type=Path, required=True, help="folder of the cohort's graphs")
    parser.add_argument("--model", type=int, default=1, help="whose training images are the cases")
    parser.add_argument("--out", type=Path, help="JSON file of the results")
    options = parser.parse_args()
    document = measure(options)
    if options.out:
        options.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(markdown(document))
    return MET if document["rows"][0]["low"] > 0 else MISSED


if __name__ == "__main__":
    exit_with(main)
