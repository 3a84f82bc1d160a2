# SPDX-License-Identifier: Apache-2.0
"""Settings chosen on the tuning half by the mean of Dice and clDice.

Under the rule "same density" among the settings whose mean density is within 10 % of the truth's,
under the rule "free" among all. Ours has its default threshold under the first rule and a chosen
one under the second. The values below are what `segmentation.py --tune` prints.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gftcore.segmentation import SegmentConfig, segment
from peers.segmentation import PEERS, Choice, Peer, threshold
from segmentation_score import MEASURES, Sample, score

DENSITY_MARGIN = 0.1
RULES = ("same density", "free")

OURS_FREE = 0.8

CHOSEN: dict[str, dict[str, Choice | None]] = {
    "threshold": {
        "same density": Choice(sigmas=(), kind="quantile", limit=0.61),
        "free": Choice(sigmas=(), kind="quantile", limit=0.49),
    },
    "local mean": {
        "same density": Choice(sigmas=(24.0,), kind="value", limit=0.02),
        "free": Choice(sigmas=(24.0,), kind="value", limit=0.0),
    },
    "Sato": {
        "same density": Choice(sigmas=(3.0,), kind="quantile", limit=0.61),
        "free": Choice(sigmas=(3.0, 4.5), kind="quantile", limit=0.55),
    },
    "Frangi": {
        "same density": Choice(sigmas=(3.0, 4.5, 6.0), kind="quantile", limit=0.61),
        "free": Choice(sigmas=(3.0, 4.5, 6.0), kind="quantile", limit=0.55),
    },
}


def density_fits(mean: np.ndarray) -> bool:
    """Whether the mean scores [measures] have a density within the margin."""
    return bool(abs(mean[MEASURES.index("density")] - 1) <= DENSITY_MARGIN)


def grid_scores(peer: Peer, samples: Sequence[Sample]) -> dict[Choice, np.ndarray]:
    """Mean scores [measures] of every setting of a peer."""
    out = {}
    for sigmas in peer.sigmas:
        choices = [Choice(sigmas, kind, limit) for kind, limit in peer.limits]
        total = np.zeros((len(choices), len(MEASURES)))
        for sample in samples:
            response = peer.respond(sample.image, sigmas)
            total += [score(threshold(response, choice), sample) for choice in choices]
        out.update(zip(choices, total / len(samples), strict=True))
    return out


def best(means: dict[Choice, np.ndarray], rule: str) -> Choice | None:
    """The setting of the largest mean of Dice and clDice, or None if no density fits."""
    fits = {c: m for c, m in means.items() if rule == "free" or density_fits(m)}
    return max(fits, key=lambda choice: fits[choice][:2].sum(), default=None)


def free_threshold(samples: Sequence[Sample]) -> float:
    """Threshold of our default method with the largest mean of Dice and clDice."""
    limits = [round(0.6 + 0.1 * k, 1) for k in range(9)]
    total = {limit: 0.0 for limit in limits}
    for sample in samples:
        for limit in limits:
            mask = segment(sample.image, SegmentConfig(oriented_threshold=limit))
            total[limit] += sum(score(mask, sample)[:2])
    return max(limits, key=total.__getitem__)


def tune(samples: Sequence[Sample]) -> None:
    """Print the constants above, each setting of a peer with its scores."""
    print(f"OURS_FREE = {free_threshold(samples)}")
    for peer in PEERS:
        means = grid_scores(peer, samples)
        print(f'    "{peer.name}": {{')
        for rule in RULES:
            choice = best(means, rule)
            note = "" if choice is None else "  # " + " ".join(f"{x:.3f}" for x in means[choice])
            print(f'        "{rule}": {choice!r},{note}')
        print("    },", flush=True)
