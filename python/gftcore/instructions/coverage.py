# SPDX-License-Identifier: Apache-2.0
"""Of which places and findings answers speak."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from gftcore.claims import Facts
from gftcore.findings.measures import CELLS
from gftcore.findings.vocabulary import FINDINGS, NO_ABNORMALITY
from gftcore.instructions.records import Instruction
from gftcore.instructions.verdicts import answer_claims_of

__all__ = ["coverage_figures"]


def coverage_figures(rows: Iterable[Instruction], facts: Mapping[str, Facts]) -> dict[str, Any]:
    """Return how often answers assert and deny findings, and in which cells.

    Returns
    -------
    dict
        ``findings``: name to the number of claims that assert and deny it. ``cells``: for each of
        the 25 cells how many claims assert and deny a finding there; a claim counts in all cells
        that its place means, or that of the question where it names none, and "no abnormality" at a
        place denies findings there. ``stages`` and ``eyes``: claims of a stage and of a side.
    """
    findings = {name: {"asserted": 0, "denied": 0} for name in FINDINGS}
    asserted: Counter[tuple[int | None, str]] = Counter()
    denied: Counter[tuple[int | None, str]] = Counter()
    stages: Counter[str] = Counter()
    eyes = other = 0
    for one in rows:
        for claim in answer_claims_of(one, facts[one.image_id].eye):
            if claim.kind == "stage":
                stages[claim.value] += not claim.negated
            elif claim.kind == "laterality":
                eyes += 1
            elif claim.value not in findings:
                other += 1
            else:
                findings[claim.value]["denied" if claim.negated else "asserted"] += 1
                # To say that a place is normal is to deny all findings there.
                there = claim.negated == (claim.value == NO_ABNORMALITY)
                (asserted if there else denied).update(claim.cells or ())
    return {
        "findings": findings,
        "other_findings": other,
        "cells": [
            {
                "clock_hour": cell.clock_hour,
                "zone": cell.zone,
                "asserted": asserted[cell],
                "denied": denied[cell],
            }
            for cell in CELLS
        ],
        "stages": {name: stages[name] for name in sorted(stages) if stages[name]},
        "eyes": eyes,
    }
