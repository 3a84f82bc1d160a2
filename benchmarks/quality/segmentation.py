# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E402 - the number of threads and the path must be set before the imports
"""Quality of the segmentation on images with true masks, beside named peers.

    python benchmarks/quality/segmentation.py [--half held-out|tuning|all] [--json FILE]
                                              [--pictures DIR] [--tune]

clDice rewards masks that are too dense, so there are two rules. Same density: ours as it is against
peers whose density is within 10 % of the truth's. Free: whatever the density of the peers, ours as
it is and with another threshold. All settings were chosen on the tuning half (every second sample)
by the mean of Dice and clDice; `--tune` prints them anew.
Differences are paired; intervals are bootstrapped over the images. Exit code: 0 all goals met, 1 a
goal missed, 2 a failure (the JSON is not written).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"  # before any peer is imported: one thread each
sys.path.insert(0, str(Path(__file__).parents[1]))

import argparse
import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib.metadata import version

import numpy as np

import gftcore
from exits import MET, MISSED, exit_with
from gftcore.segmentation import SegmentConfig, segment
from gftcore.segmentation.config import METHODS
from intervals import bootstrap_interval
from peers.segmentation import PEERS, Choice, Peer, threshold
from segmentation_pictures import draw
from segmentation_score import MEASURES, load_samples, scores
from segmentation_tuning import CHOSEN, DENSITY_MARGIN, OURS_FREE, RULES, density_fits, tune
from timing import alternate

LEAD = 0.01  # over the best peer, in Dice and in clDice
DEFAULT, FREE = 0, 1  # ours, in the list of all


@dataclass(frozen=True)
class Contestant:
    """Someone who segments, with a setting."""

    name: str
    version: str
    setting: str
    rules: tuple[str, ...]  # under which it is compared
    segment: Callable[[np.ndarray], np.ndarray] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table, and one object of the JSON list."""

    name: str
    version: str
    setting: str
    rules: tuple[str, ...]
    samples: int
    dice: float
    cl_dice: float
    density: float
    centre: float
    cpu_s: float


def run_peer(peer: Peer, choice: Choice, image: np.ndarray) -> np.ndarray:
    return threshold(peer.respond(image, choice.sigmas), choice)


def contestants() -> list[Contestant]:
    """Ours, as it is and free; then its other methods; then the peers, equal settings once."""
    default = SegmentConfig()
    ours = [(default, RULES[:1]), (default.replace(oriented_threshold=OURS_FREE), RULES[1:])]
    ours += [(SegmentConfig(method=m), RULES) for m in METHODS if m != default.method]
    out = [
        Contestant(
            f"gftcore {config.method}",
            gftcore.__version__,
            "default" if config == SegmentConfig(method=config.method) else f"value {OURS_FREE:g}",
            rules,
            partial(segment, config=config),
        )
        for config, rules in ours
    ]
    for peer in PEERS:
        settings: dict[Choice, tuple[str, ...]] = {}
        for rule, choice in CHOSEN[peer.name].items():
            if choice is not None:
                settings[choice] = (*settings.get(choice, ()), rule)
        out += [
            Contestant(
                peer.name,
                version(peer.package),
                str(choice),
                rules,
                partial(run_peer, peer, choice),
            )
            for choice, rules in settings.items()
        ]
    return out


def make_row(contestant: Contestant, values: np.ndarray, cpu_s: float) -> Row:
    means = dict(zip(MEASURES, map(float, values.mean(axis=0)), strict=True))
    return Row(
        name=contestant.name,
        version=contestant.version,
        setting=contestant.setting,
        rules=contestant.rules,
        samples=len(values),
        cpu_s=cpu_s,
        **means,
    )


def show(row: Row) -> None:
    print(
        f"{row.name + ' ' + row.version:29} {row.setting:30} {row.dice:7.4f} {row.cl_dice:7.4f}"
        f" {row.density:8.3f} {row.centre:7.4f} {row.cpu_s * 1e3:9.2f}  {', '.join(row.rules)}",
        flush=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What was asked and what came."""

    text: str
    value: float
    limit: float
    met: bool

    def show(self) -> None:
        print(f"{self.text}: goal {self.limit:g} {'met' if self.met else 'NOT met'}")


def comparison(
    measure: str,
    rule: str,
    ours: int,
    everyone: Sequence[Contestant],
    values: Sequence[np.ndarray],
) -> Goal:
    """One of ours against the peer with the largest mean under a rule."""
    column = MEASURES.index(measure)
    peers = [k for k, who in enumerate(everyone) if k > FREE and rule in who.rules]
    if rule != "free":
        peers = [k for k in peers if density_fits(values[k].mean(axis=0))]
    top = max(peers, key=lambda k: values[k][:, column].mean())
    paired = values[ours][:, column] - values[top][:, column]
    mean = float(paired.mean())
    low, high = bootstrap_interval(paired)
    text = (
        f"{measure} of {everyone[ours].setting} above the best peer ({rule}), "
        f"{everyone[top].name}, {everyone[top].setting}: {mean:+.4f} [{low:+.4f}, {high:+.4f}]"
    )
    return Goal(text=text, value=mean, limit=LEAD, met=mean >= LEAD)


def goals(everyone: Sequence[Contestant], values: Sequence[np.ndarray]) -> list[Goal]:
    pairs = [("same density", DEFAULT), ("free", FREE), ("free", DEFAULT)]
    out = [
        comparison(measure, rule, ours, everyone, values)
        for rule, ours in pairs
        for measure in ("dice", "cl_dice")
    ]
    density = float(values[0][:, MEASURES.index("density")].mean())
    centre = float(values[0][:, MEASURES.index("centre")].mean())
    out.append(
        Goal(
            text=f"density off the truth's by {density - 1:+.3f}",
            value=density - 1,
            limit=DENSITY_MARGIN,
            met=abs(density - 1) <= DENSITY_MARGIN,
        )
    )
    limit = 0.01
    out.append(
        Goal(
            text=f"false positives at the centre {centre:.4f}",
            value=centre,
            limit=limit,
            met=centre <= limit,
        )
    )
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--half", choices=("held-out", "tuning", "all"), default="held-out")
    parser.add_argument("--json", type=Path, help="write rows and goals as JSON")
    parser.add_argument("--pictures", type=Path, help="draw the best and the worst samples")
    parser.add_argument("--tune", action="store_true", help="choose the peers' settings anew")
    parser.add_argument("--rounds", type=int, default=5, help="of the timing")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.tune:
        tune(load_samples("tuning"))
        return MET

    samples = load_samples(options.half)
    everyone = contestants()
    image = samples[0].image
    seconds = alternate(
        [partial(who.segment, image) for who in everyone], rounds=max(options.rounds, 3)
    )
    print(f"{len(samples)} samples, {options.half}; {gftcore.simd_target()}, one thread")
    print(
        f"{'who':29} {'setting':30} {'Dice':>7} {'clDice':>7} {'density':>8} {'centre':>7}"
        f" {'CPU ms':>9}  compared under the rule"
    )
    values, rows = [], []
    for k, who in enumerate(everyone):
        values.append(scores(who.segment, samples))
        rows.append(make_row(who, values[-1], float(np.median(seconds[:, k]))))
        show(rows[-1])
    results = goals(everyone, values)
    for goal in results:
        goal.show()
    if options.pictures:
        best_peer = max((k for k in range(len(everyone)) if k > FREE), key=lambda k: rows[k].dice)
        pair = (everyone[0].segment, everyone[best_peer].segment)
        draw(samples, values[0][:, 0] + values[0][:, 1], pair, options.pictures)
    if options.json:
        document = {
            "half": options.half,
            "target": gftcore.simd_target(),
            "rows": [asdict(row) for row in rows],
            "goals": [asdict(goal) for goal in results],
        }
        options.json.write_text(json.dumps(document, indent=1) + "\n")
    return MISSED if any(not goal.met for goal in results) else MET


if __name__ == "__main__":
    exit_with(main)
