# SPDX-License-Identifier: Apache-2.0

"""Graphs from masks against the true graphs: ours, skan, sknw, and chance.

    python benchmarks/quality/graphs.py [--half HALF] [--samples N] [--json FILE] [--pictures DIR]
    python benchmarks/quality/graphs.py --eyes N [--label LABEL | --plain] [--only-ours] ...

With `--eyes`, the masks and true graphs are those of generated eyes, for the same goals. Means over
the samples. Exit code: 0 all goals met, 1 a mean misses its goal, 2 a failure (the JSON is not
written).
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import argparse
import importlib.metadata
import json
import warnings
from collections.abc import Iterator
from dataclasses import asdict

import numpy as np

import gftcore
from exits import MET, MISSED, exit_with
from extractors import EXTRACTORS, Shared
from generated import SEED
from gftcore import metrics
from gftcore.synth.parameters import LABELS
from intervals import bootstrap_interval
from measures import MEASURES, RAISED, Measure, better_by
from misses import recall_by_kind, show_kinds
from pictures import draw_worst_places
from true_graphs import HALVES, TrueSample, generated_samples, load, sample_names

OURS = [item.name for item in EXTRACTORS if item.ours]
PEERS = [item.name for item in EXTRACTORS if item.peer]

# Extractor -> one agreement per sample.
Results = dict[str, list[metrics.GraphAgreement]]


def values(results: Results, extractor: str, measure: Measure) -> np.ndarray:
    return np.array([measure.read(agreement) for agreement in results[extractor]])


def show_table(results: Results) -> None:
    width = max(map(len, results)) + 1
    print(" " * width + "".join(f"{m.title:>9}" for m in MEASURES))
    for name in results:
        means = [values(results, name, m).mean() for m in MEASURES]
        cells = ["-" if np.isnan(mean) else f"{mean:.4f}" for mean in means]
        print(f"{name:{width}}" + "".join(f"{cell:>9}" for cell in cells), flush=True)
    print(f"{'goal':{width}}" + "".join(f"{m.goal:>9}" for m in MEASURES))
    if any(name in PEERS for name in results):
        print("skan and sknw have no radius of their own: theirs is SciPy's distance at the pixel")


def check_goals(results: Results, halves: list[str]) -> list[dict[str, object]]:
    """Compare the means of ours with the goals, over all samples and in each half."""
    checked = []
    for name in OURS:
        for measure in MEASURES:
            if measure.meets is None or name.split()[1] not in measure.skeletons:
                continue
            per_sample = values(results, name, measure)
            mean = float(per_sample.mean())
            parts = {
                half: float(per_sample[[h == half for h in halves]].mean())
                for half in HALVES
                if half in halves
            }
            met = measure.meets(mean)
            checked.append(
                {"extractor": name, "measure": measure.name, "mean": mean, "halves": parts,
                 "goal": measure.goal, "met": met}
            )  # fmt: skip
            shown = ", ".join(f"{half} {value:.4f}" for half, value in parts.items())
            print(
                f"{name:16} {measure.name:22} {mean:.4f} ({shown or 'all'})  goal {measure.goal} "
                f"{'met' if met else 'NOT MET'}"
            )
    name, least = RAISED
    measure = next(m for m in MEASURES if m.name == name)
    best = max(float(values(results, ours, measure).mean()) for ours in OURS)
    word = "reached" if best >= least else "not reached"
    print(f"raised goal: {name} >= {least} by either skeleton: {best:.4f}, {word}")
    return checked


def compare_with_peers(results: Results) -> list[dict[str, object]]:
    """Difference of ours to the best peer of each measure, with its 95 % interval."""
    compared = []
    for measure in (m for m in MEASURES if m.compared):
        best = min(PEERS, key=lambda p: float(measure.badness(values(results, p, measure)).mean()))
        for name in OURS:
            own, theirs = (values(results, each, measure) for each in (name, best))
            better = better_by(own, theirs, measure)
            low, high = bootstrap_interval(better)
            compared.append(
                {"extractor": name, "measure": measure.name, "peer": best,
                 "better_by": float(better.mean()), "low": low, "high": high}
            )  # fmt: skip
            print(
                f"{name:16} {measure.name:22} better than {best:14} by {better.mean():+.4f} "
                f"[{low:+.4f}, {high:+.4f}]"
            )
    return compared


def versions() -> dict[str, str]:
    others = ("numpy", "scipy", "scikit-image", "skan", "sknw")
    return {"gftcore": gftcore.__version__, "simd": gftcore.simd_target()} | {
        name: importlib.metadata.version(name) for name in others
    }


def without_nan(value: object) -> object:
    """Replace NaN, which JSON does not know, by null."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    return None if value != value else value  # noqa: PLR0124 - only NaN differs from itself


def chosen_samples(options: argparse.Namespace) -> tuple[str, int, Iterator[TrueSample]]:
    """What is measured: a name, how many, and one after the other."""
    if options.eyes is not None:
        eyes = generated_samples(
            options.eyes, seed=options.seed, label=options.label, plain=options.plain
        )
        kind = "as they grow" if options.plain else options.label
        return f"generated, {kind}, seed {options.seed}", options.eyes, eyes
    names = sample_names(options.half)[: options.samples]
    return options.half or "both halves", len(names), (load(*name) for name in names)


def run(options: argparse.Namespace) -> int:
    what, count, samples = chosen_samples(options)
    if count < 1:
        raise ValueError("there are no samples to measure")
    extractors = [item for item in EXTRACTORS if item.ours or not options.only_ours]
    results: Results = {extractor.name: [] for extractor in extractors}
    names: list[tuple[str, str]] = []
    kinds, places = [], []
    for sample in samples:
        names.append((sample.name, sample.half))
        print(f"{len(names)}/{count} {sample.name}", file=sys.stderr, flush=True)
        shared = Shared(sample.mask)
        for extractor in extractors:
            found = extractor.run(shared)
            agreement = metrics.graph_agreement(sample.truth, found, shape=sample.mask.shape)
            results[extractor.name].append(agreement)
        kinds.append(recall_by_kind(sample, shared.fast))
        if options.pictures:
            places.append((sample, shared.fast))
    print(", ".join(f"{name} {version}" for name, version in versions().items()))
    print(f"means over {count} samples ({what})")
    show_table(results)
    show_kinds(kinds)
    compared = [] if options.only_ours else compare_with_peers(results)
    goals = check_goals(results, [half for _, half in names])
    if options.pictures:
        for path in draw_worst_places(places, options.pictures):
            print(path)
    if options.json:
        rows = [
            {"extractor": extractor, "sample": name, "half": half, **asdict(agreement)}
            for extractor, agreements in results.items()
            for (name, half), agreement in zip(names, agreements, strict=True)
        ]
        report = {"versions": versions(), "rows": rows, "goals": goals, "peers": compared}
        options.json.write_text(json.dumps(without_nan(report), indent=1) + "\n")
    return MET if all(goal["met"] for goal in goals) else MISSED


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--half", choices=HALVES, help="only the samples of one half")
    parser.add_argument("--samples", type=int, help="only the first N samples")
    parser.add_argument("--eyes", type=int, help="N generated eyes instead of samples")
    parser.add_argument("--label", choices=LABELS, default=LABELS[0], help="class of the eyes")
    parser.add_argument("--plain", action="store_true", help="eyes as they grow, none ill")
    parser.add_argument("--seed", type=int, default=SEED, help="of the eyes")
    parser.add_argument("--only-ours", action="store_true", help="only the rows with goals")
    parser.add_argument("--json", type=Path, help="write every measure of every sample")
    parser.add_argument("--pictures", type=Path, help="draw the worst places into this folder")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    return run(options)


if __name__ == "__main__":
    exit_with(main)
