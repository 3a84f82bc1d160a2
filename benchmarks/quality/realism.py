# SPDX-License-Identifier: Apache-2.0
"""How real generated eyes are: healthy ones beside the published synthetic samples.

    python benchmarks/quality/realism.py [--samples N] [--eyes N] [--seed S] [--plain]
                                         [--json FILE] [--pictures DIR]

Masks of both are measured by the same extraction with the same settings. Each distance stands
beside the one between random halves of the samples, which is what chance makes of equal eyes.
Exit code: 0 the goal is met, 1 the mean mask density is off by more than 10 %, 2 a failure (the
JSON is not written).
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import argparse
import importlib.metadata
import json
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

import gftcore
from exits import MET, MISSED, exit_with
from eye_measures import QUANTITIES, EyeMeasures, measure_eye, spreads_of
from generated import SEED, generated_eyes
from gftcore.synth import draw_mask, read_edges
from image_measures import level_db
from realism_pictures import draw
from segmentation_score import VARIABLE, load_samples
from spreads import Distance, distance
from two_samples import FOLDS, SEEDS, Verdict, halves, tell_apart

DENSITY = "mask density"
DENSITY_MARGIN = 0.10
SHOWN_FEATURES = 10


@dataclass(frozen=True)
class Groups:
    """The eyes that are compared.

    `redrawn` are those of theirs whose graph is known, drawn by us: against theirs they show what
    the drawing does, and beside ours what the growth does. `redrawn_off` is the share of pixels in
    which they differ from theirs.
    """

    ours: list[EyeMeasures]
    theirs: list[EyeMeasures]
    redrawn: list[EyeMeasures]
    redrawn_off: list[float]
    known: list[int]  # which of theirs were redrawn
    levels: Mapping[str, np.ndarray]  # spectra in dB [eyes, rings]


def measure_groups(options: argparse.Namespace) -> Groups:
    samples = load_samples("all")[: options.samples]
    theirs, redrawn, off, known = [], [], [], []
    for k, sample in enumerate(samples):
        tell("sample", k, len(samples))
        path = Path(os.environ[VARIABLE], "graphs", f"{sample.name}.csv")
        edges = read_edges(path) if path.exists() else None
        theirs.append(measure_eye(sample.truth, edges=edges, image=sample.image))
        if edges is not None:
            mask = draw_mask(edges, side_px=len(sample.truth))
            redrawn.append(measure_eye(mask, edges=edges))
            off.append(float(np.mean(mask != sample.truth)))
            known.append(k)
    count = options.eyes or len(samples)
    ours, ours_db = [], []
    for k, eye in enumerate(generated_eyes(count, seed=options.seed, plain=options.plain)):
        tell("eye", k, count)
        ours.append(measure_eye(eye.mask, edges=eye.edges, image=eye.image))
        ours_db.append(level_db(eye.image))
    theirs_db = np.array([level_db(sample.image) for sample in samples])
    levels = {"ours": np.array(ours_db), "theirs": theirs_db}
    return Groups(ours, theirs, redrawn, off, known, levels)


def tell(what: str, k: int, count: int) -> None:
    print(f"{what} {k + 1}/{count}", file=sys.stderr, flush=True)


def distances(ours: Sequence[EyeMeasures], theirs: Sequence[EyeMeasures]) -> dict[str, Distance]:
    """One distance for each quantity that two eyes or more of both groups have."""
    out = {}
    for quantity in QUANTITIES:
        groups = [spreads_of(group, quantity.name) for group in (ours, theirs)]
        if min(map(len, groups)) > 1:
            out[quantity.name] = distance(*groups)
    return out


def show_distances(title: str, found: Mapping[str, Distance]) -> None:
    print(f"\n{title}: means, distances [95 % interval], those of random halves of theirs (to)")
    print(
        f"{'quantity':20} {'unit':9} {'ours':>8} {'theirs':>8} {'W1':>9} {'W1/sd':>6} "
        f"{'':14} {'halves':>6} {'':7} {'KS':>5} {'':14} {'halves':>6}"
    )
    for quantity in QUANTITIES:
        if quantity.name not in found:
            continue
        item = found[quantity.name]
        sd = max(item.sd, np.finfo(float).tiny)
        far, near = item.wasserstein, item.halves_wasserstein
        ks, chance = item.ks, item.halves_ks
        print(
            f"{quantity.name:20} {quantity.unit:9} {item.ours_mean:8.4g} {item.theirs_mean:8.4g} "
            f"{far.value:9.3g} {far.value / sd:6.3f} [{far.low / sd:.3f}, {far.high / sd:.3f}] "
            f"{near.value / sd:6.3f} ({near.high / sd:.3f}) "
            f"{ks.value:5.3f} [{ks.low:.3f}, {ks.high:.3f}] {chance.value:6.3f} ({chance.high:.3f})"
        )


def classify(groups: Groups) -> dict[str, Verdict]:
    """Accuracies by name; groups that are too small are left out."""
    ours, theirs, redrawn = (
        [eye.features for eye in group] for group in (groups.ours, groups.theirs, groups.redrawn)
    )
    published = [theirs[k] for k in groups.known]
    out = {"ours against theirs": tell_apart(ours, theirs, explain=True)}
    if len(theirs) >= 2 * FOLDS:
        out["halves of theirs (control)"] = halves(theirs)
    if len(redrawn) >= FOLDS:
        out["theirs redrawn against theirs"] = tell_apart(redrawn, published)
        out["ours against theirs redrawn"] = tell_apart(ours, redrawn, explain=True)
    return out


def show_verdicts(verdicts: Mapping[str, Verdict]) -> None:
    print(f"\ngradient boosting on {FOLDS} folds, mean of {len(SEEDS)} seeds [least, largest]")
    for name, verdict in verdicts.items():
        print(
            f"{name:32} accuracy {verdict.accuracy:.3f} [{verdict.low:.3f}, {verdict.high:.3f}], "
            f"{verdict.each} eyes each"
        )
        for item in verdict.features[:SHOWN_FEATURES]:
            print(
                f"    {item.name:32} importance {item.importance:+.3f}, alone AUC {item.auc:.3f}, "
                f"{item.first_mean:.4g} for {item.second_mean:.4g}, {item.shift:+.1f} sd"
            )


def spectrum_gap(levels: Mapping[str, np.ndarray]) -> tuple[float, float]:
    """Mean difference of the levels in dB, and that of two halves of theirs."""
    ours, theirs = levels["ours"], levels["theirs"]
    gap = np.abs(ours.mean(axis=0) - theirs.mean(axis=0)).mean()
    chance = np.abs(theirs[::2].mean(axis=0) - theirs[1::2].mean(axis=0)).mean()
    return float(gap), float(chance)


def density_goal(found: Distance) -> dict[str, object]:
    off = found.ours_mean / found.theirs_mean - 1
    met = abs(off) <= DENSITY_MARGIN
    print(
        f"\nmask density {found.ours_mean:.4f} for {found.theirs_mean:.4f}, {off:+.1%}: "
        f"goal within {DENSITY_MARGIN:.0%} {'met' if met else 'NOT MET'}"
    )
    return {"goal": "mask density", "off": off, "limit": DENSITY_MARGIN, "met": met}


def versions() -> dict[str, str]:
    names = ("numpy", "scikit-learn")
    return {"gftcore": gftcore.__version__, "simd": gftcore.simd_target()} | {
        name: importlib.metadata.version(name) for name in names
    }


def run(options: argparse.Namespace) -> int:
    groups = measure_groups(options)
    print(", ".join(f"{name} {version}" for name, version in versions().items()))
    print(f"{len(groups.ours)} generated eyes (ours), {len(groups.theirs)} samples (theirs)")
    tables = {
        "ours against theirs": distances(groups.ours, groups.theirs),
        "theirs redrawn against theirs": distances(
            groups.redrawn, [groups.theirs[k] for k in groups.known]
        ),
        "ours against theirs redrawn": distances(groups.ours, groups.redrawn),
    }
    for title, found in tables.items():
        if found:
            show_distances(title, found)
    if groups.redrawn:
        print(
            f"\nredrawn masks differ from theirs in {np.mean(groups.redrawn_off):.2%} of the pixels"
        )
    gap, chance = spectrum_gap(groups.levels)
    print(f"\npower spectrum: {gap:.1f} dB apart on average (halves of theirs {chance:.1f} dB)")
    verdicts = classify(groups)
    show_verdicts(verdicts)
    goal = density_goal(tables["ours against theirs"][DENSITY])
    if options.pictures:
        for path in draw(groups.ours, groups.theirs, groups.levels, options.pictures):
            print(path)
    if options.json:
        report = {
            "versions": versions(),
            "seed": options.seed,
            "plain": options.plain,
            "eyes": len(groups.ours),
            "samples": len(groups.theirs),
            "distances": {
                title: {name: asdict(item) for name, item in found.items()}
                for title, found in tables.items()
            },
            "redrawn_off": groups.redrawn_off,
            "spectrum_db": {"gap": gap, "halves": chance},
            "classifier": {name: asdict(verdict) for name, verdict in verdicts.items()},
            "goals": [goal],
        }
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return MET if goal["met"] else MISSED


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, help="only the first N samples")
    parser.add_argument("--eyes", type=int, help="generated eyes; as many as samples by default")
    parser.add_argument("--seed", type=int, default=SEED, help="of the generated eyes")
    parser.add_argument("--plain", action="store_true", help="eyes as they grow, without variation")
    parser.add_argument("--json", type=Path, help="write all distances and accuracies")
    parser.add_argument("--pictures", type=Path, help="draw all distributions into this folder")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    return run(options)


if __name__ == "__main__":
    exit_with(main)
