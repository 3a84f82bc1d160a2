# SPDX-License-Identifier: Apache-2.0
"""Whether a synthetic cohort keeps its promises, and what it gives away.

    python benchmarks/quality/cohort.py FOLDER [--samples N] [--graphs masks|images]
                                        [--json FILE] [--pictures DIR]
    python benchmarks/quality/cohort.py FOLDER --subjects 100    # makes it first, or completes it

Checked for each eye: its graph, read back and drawn by the reference, is its mask; each pixel that
differs from the unedited eye lies within 3 px of a lesion's outline, inside of it, or on a segment
listed as edited; type and outline of its lesions make its label. Checked for the cohort: the two
eyes of a subject are more alike than eyes of different subjects. Reported: the balanced accuracy of
the best single feature with two thresholds, chosen on folds 1 to 5, tested on fold 0. Exit code:
0 all checks passed, 1 one failed, 2 a failure (the JSON is not written).
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import argparse
import json
from collections import Counter
from dataclasses import asdict, dataclass

import numpy as np

from cohort_checks import EditCheck, check_edits, label_by_rule, pixels_off_the_graph, read_eye
from cohort_features import FeatureScore, feature_scores, image_features, intraclass_correlation
from cohort_pictures import draw_sheet
from exits import MET, MISSED, exit_with
from gftcore import datasets, synth

ALIKE = ("mask density", "FAZ area", "grey mean")
SHOWN = 12
SHEET = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One promise, and whether it is kept."""

    text: str
    kept: bool

    def show(self) -> None:
        print(f"{'ok  ' if self.kept else 'FAIL'} {self.text}", flush=True)


def graph_checks(folder: Path, ids: list[str]) -> Check:
    wrong = {name: count for name in ids if (count := pixels_off_the_graph(read_eye(folder, name)))}
    text = f"graphs drawn by the reference equal masks: {len(ids) - len(wrong)} of {len(ids)}"
    return Check(text=text + _worst(wrong, "pixels"), kept=not wrong)


def edit_checks(folder: Path, ids: list[str]) -> Check:
    found: dict[str, EditCheck] = {name: check_edits(read_eye(folder, name)) for name in ids}
    wrong = {name: check.unexplained for name, check in found.items() if check.unexplained}
    changed, inside, on = (
        sum(getattr(check, field) for check in found.values())
        for field in ("changed", "in_lesions", "on_segments")
    )
    text = (
        f"changed pixels explained: {len(ids) - len(wrong)} of {len(ids)} eyes; of {changed} "
        f"pixels {inside} at lesions, {on} on listed segments, {sum(wrong.values())} unexplained"
    )
    return Check(text=text + _worst(wrong, "pixels"), kept=not wrong)


def label_checks(folder: Path, manifest: datasets.Manifest) -> Check:
    count = Counter(
        label_by_rule(json.loads((folder / "truth" / f"{record.id}.json").read_bytes()))
        == record.label
        for record in manifest
    )
    text = f"lesions make the label of the manifest: {count[True]} of {len(manifest)}"
    return Check(text=text, kept=not count[False])


def _worst(wrong: dict[str, int], what: str) -> str:
    if not wrong:
        return ""
    return (
        "; most in " + max(wrong, key=lambda name: wrong[name]) + f", {max(wrong.values())} {what}"
    )


def likeness_checks(
    manifest: datasets.Manifest, features: list[dict[str, float]]
) -> tuple[list[Check], list[dict[str, float | str]]]:
    """Compare the eyes of each subject, and each right eye with another subject's left one."""
    row = {(record.subject, record.eye): k for k, record in enumerate(manifest)}
    subjects = list(dict.fromkeys(record.subject for record in manifest))
    labels = [record.label for record in manifest]
    checks, table = [], []
    for group in ("all", "Healthy"):
        pairs = [(row[name, "OD"], row[name, "OS"]) for name in subjects]
        if group != "all":
            pairs = [(a, b) for a, b in pairs if labels[a] == labels[b] == group]
        if len(pairs) < 3:
            continue
        right, left = np.array(pairs).T
        for name in ALIKE:
            values = np.array([each[name] for each in features])
            own = intraclass_correlation(values[right], values[left])
            other = intraclass_correlation(values[right], values[np.roll(left, 1)])
            table.append({"pairs": group, "feature": name, "own": own, "other": other})
            text = (
                f"{name}, {len(pairs)} subjects ({group}): ICC of both eyes {own:.3f}, of eyes of "
                f"different subjects {other:.3f}"
            )
            if name != "grey mean":  # whose likeness nobody promised
                checks.append(Check(text=text, kept=own > other))
            else:
                print(f"     {text}")
    return checks, table


def show_scores(scores: list[FeatureScore], shuffled: list[FeatureScore], of: str) -> None:
    print(f"balanced accuracy of {len(scores)} single features of {of}, two thresholds each")
    print(f"{'feature':34} {'folds 1-5':>9} {'fold 0':>7}")
    for score in scores[:SHOWN]:
        print(f"{score.feature:34} {score.train:9.3f} {score.test:7.3f}")
    best = shuffled[0]
    print(f"{'best with labels shuffled':34} {best.train:9.3f} {best.test:7.3f}")


def draw(folder: Path, manifest: datasets.Manifest, out: Path) -> None:
    for label in datasets.LABELS:
        chosen = [record.id for record in manifest if record.label == label][:SHEET]
        if chosen:
            path = out / f"{label}.png"
            draw_sheet([read_eye(folder, name) for name in chosen], f"{label}, synthetic", path)
            print(f"wrote {path}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--subjects", type=int, help="make a cohort of so many there first")
    parser.add_argument("--seed", type=int, default=0, help="of the cohort that is made")
    parser.add_argument("--samples", type=int, help="eyes whose pixels are checked; default: all")
    parser.add_argument(
        "--graphs",
        choices=("masks", "images"),
        default="masks",
        help="features of true masks, or of segmented images as a model sees them",
    )
    parser.add_argument("--json", type=Path, help="write checks and scores as JSON")
    parser.add_argument("--pictures", type=Path, help="draw a contact sheet of each class")
    options = parser.parse_args()
    folder = options.folder
    if options.subjects:
        for eye in synth.write_cohort(folder, subjects=options.subjects, seed=options.seed):
            if eye.status == "failed":
                raise RuntimeError(f"{eye.id}: {eye.message}")

    manifest = datasets.read_manifest(folder / "manifest.csv")
    splits = datasets.read_splits(folder / "splits.json", manifest)
    ids = [record.id for record in manifest]
    few = ids
    if options.samples and options.samples < len(ids):
        picks = np.random.default_rng(0).choice(len(ids), options.samples, replace=False)
        few = [ids[k] for k in np.sort(picks)]
    checks = []
    for check in (
        label_checks(folder, manifest),
        graph_checks(folder, few),
        edit_checks(folder, few),
    ):
        check.show()
        checks.append(check)

    features = []
    for name in ids:
        eye = read_eye(folder, name)
        features.append(image_features(eye.image, eye.mask, segmented=options.graphs == "images"))
    alike, table = likeness_checks(manifest, features)
    for check in alike:
        check.show()
    checks += alike
    labels = np.array([datasets.LABELS.index(record.label) for record in manifest])
    test = np.array([splits.fold_of_id[name] == datasets.TEST_FOLD for name in ids])
    scores = feature_scores(features, labels, test)
    shuffled = feature_scores(features, np.random.default_rng(0).permutation(labels), test)
    show_scores(scores, shuffled, options.graphs)
    if options.pictures:
        draw(folder, manifest, options.pictures)
    if options.json:
        document = {
            "images": len(ids),
            "graphs": options.graphs,
            "checks": [asdict(check) for check in checks],
            "likeness": table,
            "scores": [asdict(score) for score in scores],
            "shuffled": asdict(shuffled[0]),
        }
        options.json.write_text(json.dumps(document, indent=1) + "\n")
    return MET if all(check.kept for check in checks) else MISSED


if __name__ == "__main__":
    exit_with(main)
