# SPDX-License-Identifier: Apache-2.0
"""Whether findings lie where the lesions of a synthetic cohort are.

    python benchmarks/quality/findings.py COHORT --graphs DIR [--eyes N] [--out FILE]

COHORT holds manifest.csv, splits.json and the truth of all eyes, as `gftcore data synth` makes
them; --graphs is the folder of its graphs, as `staging.py` keeps them. Thresholds come from all
healthy eyes of the folds that the default network trains on; findings are then sought in N test
eyes (200), evenly spaced. A claim is a finding in a cell (clock hour and zone about the centroid of
the FAZ). It is right if a lesion of the type that the finding is about lies in this cell: with at
least a tenth of its pixels, or over a tenth of the cell. Random claims have the same number in each
zone of each eye; what is expected of them is exact. Intervals resample the subjects. Exit code: 0
if precision and recall are above those of random cells, with intervals above 0; 1 if not; 2 for a
failure.
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
from collections.abc import Mapping
from typing import Any

import numpy as np

from exits import MET, MISSED, exit_with
from gftcore import datasets, graph, synth
from gftcore.findings import CELLS, find_findings, finding_thresholds
from gftcore.findings.measures import cell_numbers
from gftcore.metrics import outline_mask
from gftcore.synth.lesions import LESION_TYPES, MASK_PX
from gftcore.tabulation import ZONES, Fovea
from intervals import resampled_sums
from some_eyes import some_test_eyes

#: Finding with places to the type of lesion that it is about.
LESION_OF = {
    "non-perfusion": "non_perfusion",
    "sparse network": "non_perfusion",
    "microaneurysm-like dilation": "microaneurysm",
    "neovascular tuft": "tuft",
}
#: Other findings are about the whole eye, or about edits that every cell has.
FAZ_LESION = "faz_enlargement"
TRAIN_FOLDS = (2, 3, 4, 5)
_ZONE = np.array([ZONES.index(cell.zone) for cell in CELLS])


def lesion_cells(truth: synth.EyeTruth, fovea: Fovea) -> dict[str, np.ndarray]:
    """Type of lesion to which cells hold one [25]."""
    place = np.indices((MASK_PX, MASK_PX)).reshape(2, -1).T
    cell = cell_numbers(place, fovea).reshape(MASK_PX, MASK_PX)
    size = np.maximum(np.bincount(cell.ravel(), minlength=len(CELLS)), 1)
    out = {kind: np.zeros(len(CELLS), dtype=bool) for kind in LESION_TYPES}
    for lesion in truth.lesions:
        small = lesion.type in ("microaneurysm", "tuft")
        area = outline_mask([lesion.polygon_rowcol_px], cell.shape, grow_px=3.0 if small else 0.0)
        count = np.bincount(cell[area], minlength=len(CELLS))
        out[lesion.type] |= (count > 0) & ((count >= 0.1 * count.sum()) | (count >= 0.1 * size))
    return out


def claims(findings: Any) -> dict[str, np.ndarray]:
    """Finding with a lesion to the cells where it is claimed [25]."""
    out = {name: np.zeros(len(CELLS), dtype=bool) for name in LESION_OF}
    for one in findings:
        for cell in one.cells if one.name in out else ():
            out[one.name][CELLS.index(cell)] = True
    return out


def by_lesion(said: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Type of lesion to the cells where any finding claims it, so that no lesion counts twice."""
    out: dict[str, np.ndarray] = {}
    for name, kind in LESION_OF.items():
        out[kind] = out.get(kind, False) | said[name]
    return out


def counts(claimed: np.ndarray, true: np.ndarray) -> list[float]:
    """Claims, right ones, those expected at random, and cells with a lesion."""
    expected = 0.0
    for zone in range(len(ZONES)):
        here = zone == _ZONE
        expected += claimed[here].sum() * true[here].mean()
    return [float(claimed.sum()), float((claimed & true).sum()), expected, float(true.sum())]


def summary(table: np.ndarray, subjects: np.ndarray) -> dict[str, Any]:
    """Precision and recall of counts [eyes, 4], with intervals over resampled subjects."""
    drawn = resampled_sums(table, subjects)
    out: dict[str, Any] = {"claims": int(table[:, 0].sum()), "lesion_cells": int(table[:, 3].sum())}
    for name, by in (("precision", 0), ("recall", 3)):
        total = table.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            right, random = total[1] / total[by], total[2] / total[by]
            apart = (drawn[:, 1] - drawn[:, 2]) / drawn[:, by]
        known = apart[np.isfinite(apart)]
        low, high = np.quantile(known, [0.025, 0.975]).tolist() if len(known) else (None, None)
        out[name] = {"value": right, "random": random, "difference": right - random,
                     "low": low, "high": high}  # fmt: skip
    return out


def measure(options: argparse.Namespace) -> dict[str, Any]:
    manifest, records = some_test_eyes(options.cohort, options.eyes)
    folds = datasets.read_splits(options.cohort / "splits.json", manifest)
    train = manifest.select([one for fold in TRAIN_FOLDS for one in folds.ids(fold)])
    healthy = [record for record in train if record.label == "Healthy"]

    def stored(record: datasets.Record) -> graph.HeteroGraph:
        return graph.load(options.graphs / f"{record.id}.npz")

    thresholds = finding_thresholds(stored(record) for record in healthy)
    rows: dict[str, list[list[float]]] = {name: [] for name in LESION_OF}
    named: dict[str, dict[str, int]] = {}
    faz = np.zeros((2, 2), dtype=int)
    for number, record in enumerate(records):
        eye = stored(record)
        findings = find_findings(eye, thresholds)
        truth = synth.read_truth(options.cohort / "truth" / f"{record.id}.json")
        cells, said = lesion_cells(truth, Fovea.of(eye)), claims(findings)
        for name, kind in LESION_OF.items():
            rows[name].append(counts(said[name], cells[kind]))
        for kind, some in by_lesion(said).items():
            rows.setdefault(kind, []).append(counts(some, cells[kind]))
        by_label = named.setdefault(record.label, {"eyes": 0})
        by_label["eyes"] += 1
        for name in {one.name for one in findings}:
            by_label[name] = by_label.get(name, 0) + 1
        large = any(one.name == "FAZ enlarged" for one in findings)
        faz[int(large), int(bool(cells[FAZ_LESION].any()))] += 1
        if (number + 1) % 20 == 0:
            print(f"eye {number + 1} of {len(records)}", file=sys.stderr, flush=True)
    subjects = np.array([record.subject for record in records])
    tables = {name: np.array(values) for name, values in rows.items()}
    kinds = dict.fromkeys(LESION_OF.values())
    everything = np.sum([tables.pop(kind) for kind in kinds], axis=0)
    return {
        "synthetic": datasets.is_synthetic(manifest),
        "healthy_training_eyes": len(healthy),
        "thresholds": thresholds.to_dict(),
        "test_eyes": len(records),
        "eyes_with": named,
        "faz_enlarged": {"said_and_so": int(faz[1, 1]), "said_not_so": int(faz[1, 0]),
                         "missed": int(faz[0, 1]), "neither": int(faz[0, 0])},
        "all": summary(everything, subjects),
        **{name: summary(table, subjects) for name, table in tables.items()},
    }  # fmt: skip


def markdown(document: Mapping[str, Any]) -> str:
    lines = ["| finding | claims | precision | random | more by | recall | random | more by |",
             "| --- | --- | --- | --- | --- | --- | --- | --- |"]  # fmt: skip
    for name in ("all", *LESION_OF):
        row = document[name]
        parts = [name, str(row["claims"])]
        for key in ("precision", "recall"):
            one = row[key]
            span = "" if one["low"] is None else f" [{one['low']:.3f}, {one['high']:.3f}]"
            parts += [f"{one['value']:.3f}", f"{one['random']:.3f}",
                      f"{one['difference']:.3f}{span}"]  # fmt: skip
        lines.append(f"| {' | '.join(parts)} |")
    for label, found in document["eyes_with"].items():
        lines.append(f"\n{label}: {json.dumps(found, sort_keys=True)}")
    lines.append(f"\nFAZ enlarged: {json.dumps(document['faz_enlarged'])}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cohort", type=Path)
    parser.add_argument("--graphs", type=Path, required=True, help="folder of the cohort's graphs")
    parser.add_argument("--eyes", type=int, default=200, help="so many of the test images")
    parser.add_argument("--out", type=Path, help="JSON file of the results")
    options = parser.parse_args()
    document = measure(options)
    if options.out:
        options.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(markdown(document))
    found = document["all"]
    good = all((found[key]["low"] or 0) > 0 for key in ("precision", "recall"))
    return MET if good else MISSED


if __name__ == "__main__":
    exit_with(main)
