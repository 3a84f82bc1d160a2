# SPDX-License-Identifier: Apache-2.0
"""Whether a classifier can tell two groups of eyes apart, and by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.inspection import permutation_importance
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

SEEDS = range(5)
FOLDS = 5
PERMUTATIONS = 10


@dataclass(frozen=True)
class Telling:
    """A feature: what shuffling it costs in accuracy, and what it achieves alone.

    `auc` is that of the better direction; `shift` is the difference of the means in standard
    deviations of an eye, or 0 if all eyes are alike in both groups.
    """

    name: str
    importance: float
    auc: float
    shift: float
    first_mean: float
    second_mean: float


@dataclass(frozen=True)
class Verdict:
    """Accuracy over the folds of several seeds: mean, least and largest of the seeds."""

    accuracy: float
    low: float
    high: float
    each: int  # eyes of either group
    features: tuple[Telling, ...] = ()


def tell_apart(
    first: Sequence[Mapping[str, float]],
    second: Sequence[Mapping[str, float]],
    *,
    explain: bool = False,
) -> Verdict:
    """Cross-validate gradient boosting on equal numbers of both groups.

    The larger group gives a random part, another one for each seed.
    """
    names = sorted(set(first[0]).intersection(*first[1:], *second))
    tables = [
        np.array([[eye[name] for name in names] for eye in group]) for group in (first, second)
    ]
    each = min(len(first), len(second))
    if each < FOLDS:
        raise ValueError(f"each group must have {FOLDS} eyes or more, got {each}")
    accuracies, costs = [], []
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        parts = [table[random.permutation(len(table))[:each]] for table in tables]
        x, y = np.nan_to_num(np.concatenate(parts), nan=-1.0), np.repeat([0, 1], each)
        right = 0
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
        for train, test in folds.split(x, y):
            model = GradientBoostingClassifier(random_state=seed).fit(x[train], y[train])
            right += int((model.predict(x[test]) == y[test]).sum())
            if explain:
                costs.append(
                    permutation_importance(
                        model, x[test], y[test], n_repeats=PERMUTATIONS, random_state=seed
                    ).importances_mean
                )
        accuracies.append(right / len(y))
    features = tuple(rank(names, *tables, np.mean(costs, axis=0))) if explain else ()
    return Verdict(float(np.mean(accuracies)), min(accuracies), max(accuracies), each, features)


def halves(group: Sequence[Mapping[str, float]]) -> Verdict:
    """Cross-validate on random halves of one group, other halves for each seed: pure chance."""
    found = []
    for seed in SEEDS:
        order = np.random.default_rng(1000 + seed).permutation(len(group))
        half = len(group) // 2
        parts = [[group[i] for i in part] for part in (order[:half], order[half:])]
        found.append(tell_apart(*parts).accuracy)
    return Verdict(float(np.mean(found)), min(found), max(found), len(group) // 2)


def rank(
    names: Sequence[str], first: np.ndarray, second: np.ndarray, importance: np.ndarray
) -> list[Telling]:
    """Features by importance, then by what each achieves alone.

    Where several features tell all eyes apart, shuffling one of them costs nothing.
    """
    labels = np.repeat([0, 1], [len(first), len(second)])
    out = []
    for k, name in enumerate(names):
        a, b = (np.nan_to_num(table[:, k], nan=-1.0) for table in (first, second))
        auc = roc_auc_score(labels, np.concatenate([a, b]))
        sd = np.sqrt((a.var() + b.var()) / 2)
        out.append(
            Telling(
                name,
                float(importance[k]),
                float(max(auc, 1 - auc)),
                float((a.mean() - b.mean()) / sd) if sd > 1e-9 * abs(b.mean()) else 0.0,
                float(a.mean()),
                float(b.mean()),
            )
        )
    return sorted(out, key=lambda item: (-round(item.importance, 2), -item.auc, -abs(item.shift)))
