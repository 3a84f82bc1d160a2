# SPDX-License-Identifier: Apache-2.0
"""The gate's statistics on made-up timings with heavy tails, beside a naive rule."""

from __future__ import annotations

import random
import sys

from checkout import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from gate import verdict


def noisy_rounds(chance, seconds, *, number=5, slices=4):
    """Slices as on a shared machine: a memory layout per round, load that comes and goes."""
    table = []
    for _ in range(number):
        layout = chance.uniform(1.0, 1.04)
        crowded = chance.random() < 0.5
        row = []
        for _ in range(slices):
            disturbed = crowded and chance.random() < 0.7
            load = 0.1 * chance.paretovariate(1.2) if disturbed else 0.01 * chance.random()
            row.append(seconds * layout * (1 + load))
        table.append(row)
    return table


def verdicts(factor, *, trials, judge):
    chance = random.Random(20230216)
    found = 0
    for _ in range(trials):
        base, head = noisy_rounds(chance, 1e-3), noisy_rounds(chance, factor * 1e-3)
        found += judge(base, head)
    return found


def slow(base, head):
    return verdict.compare(base, head).slow


def slow_on_average(base, head):
    """The naive rule: means of everything."""
    return sum(map(sum, head)) / sum(map(sum, base)) > verdict.LIMIT


def test_heavy_tails_are_no_slow_down_and_hide_none():
    assert verdicts(1.0, trials=100, judge=slow) <= 1  # and a second pass must confirm
    assert verdicts(1.3, trials=100, judge=slow) >= 98


def test_naive_rule_fails_on_heavy_tails():
    assert verdicts(1.0, trials=100, judge=slow_on_average) > 10
    assert verdicts(1.3, trials=100, judge=slow_on_average) < 98


def test_small_slow_down_passes():
    assert verdicts(1.08, trials=100, judge=slow) <= 1


def test_comparison_of_exact_times():
    found = verdict.compare([[2.0, 3.0]] * 5, [[5.0, 2.5]] * 5)
    assert (found.base_s, found.head_s) == (2.0, 2.5)
    assert found.ratio == found.low == found.high == 1.25
    assert found.slow


def test_one_bad_round_is_outvoted():
    found = verdict.compare([[1.0]] * 5, [[1.0]] * 4 + [[9.0]])
    assert found.ratio == 1.0
    assert not found.slow


def test_interval_that_reaches_one_is_no_slow_down():
    found = verdict.compare([[1.0]] * 5, [[1.2], [1.2], [1.2], [0.9], [0.9]])
    assert found.ratio == 1.2
    assert found.low < 1.0
    assert not found.slow


def test_interval_is_reproducible_and_holds_the_ratio():
    chance = random.Random(7)
    base, head = noisy_rounds(chance, 1e-3, number=9), noisy_rounds(chance, 1.3e-3, number=9)
    found = verdict.compare(base, head)
    assert found == verdict.compare(base, head)
    assert found.low <= found.ratio <= found.high
