# SPDX-License-Identifier: Apache-2.0
"""What answers claim, checked against what is known of the eyes."""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from gftcore.claims import VERDICTS, Claim, Facts, check_claims, score_locations, text_claims
from gftcore.findings.vocabulary import FINDINGS, LOCATED_FINDINGS
from gftcore.instructions.records import Instruction, slot_group

__all__ = ["answer_claims_of", "rounded", "share", "verdict_figures"]


@functools.lru_cache(maxsize=1 << 16)
def answer_claims_of(answer: str, eye: str) -> tuple[Claim, ...]:
    """Return the claims of an answer; many answers of a set are equal."""
    return text_claims(answer, eye=eye)


def rounded(value: float | None) -> float | None:
    """Return a figure with six decimals, so that equal sets give equal bytes."""
    return None if value is None else round(value, 6)


def share(part: int, whole: int) -> float | None:
    """Return a part of a whole; None if there is no whole."""
    return rounded(part / whole) if whole else None


def verdict_figures(rows: Iterable[Instruction], facts: Mapping[str, Facts]) -> dict[str, Any]:
    """Return verdicts of the claims of all answers, for each stage and group of slots.

    Parameters
    ----------
    rows
        Instructions; those of images without facts are left out.
    facts
        What is known, by the id of the image.

    Returns
    -------
    dict
        ``images`` and ``answers`` that were checked, ``unjudged``: claims about findings that the
        facts know nothing of, left out of all else, ``all``, ``by_stage`` and ``by_group`` with
        the number of claims and of each verdict, ``locations`` of all and by stage: how many
        findings were placed, which share of them a reference of this name has a cell of, which
        share of the references with a place was hit, and how many cells a claim names.
    """
    unjudged = 0
    known = [one for one in rows if one.image_id in facts]
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    placed: dict[str, dict[str, list[Claim]]] = defaultdict(lambda: defaultdict(list))
    for one in known:
        about = facts[one.image_id]
        said = answer_claims_of(one.answer, about.eye)
        claims = [claim for claim in said if _judged(claim, about)]
        unjudged += len(said) - len(claims)
        stage, group = str(one.stage), slot_group(one.slot)
        verdicts = Counter(str(each.verdict) for each in check_claims(claims, about))
        for key in (("all", ""), ("stage", stage), ("group", group)):
            counts[key].update(verdicts)
        for key_ in ("all", stage):
            placed[key_][one.image_id] += claims
    return {
        "images": len({one.image_id for one in known}),
        "answers": len(known),
        "unjudged": unjudged,
        "all": _verdicts(counts["all", ""]),
        "by_stage": {key: _verdicts(n) for (kind, key), n in counts.items() if kind == "stage"},
        "by_group": {key: _verdicts(n) for (kind, key), n in counts.items() if kind == "group"},
        "locations": {key: _locations(some, facts) for key, some in placed.items()},
    }


def _judged(claim: Claim, facts: Facts) -> bool:
    """Whether facts say anything about what is claimed; what has no name is no finding."""
    return claim.kind != "finding" or claim.value not in FINDINGS or claim.value in facts.known


def _verdicts(counts: Counter[str]) -> dict[str, Any]:
    total = counts.total()
    out: dict[str, Any] = {"claims": total}
    for name in VERDICTS:
        out |= {name: counts[name], f"{name}_share": share(counts[name], total)}
    return out


def _locations(
    claims: Mapping[str, list[Claim]], facts: Mapping[str, Facts]
) -> dict[str, float | int | None]:
    """Scores over all images: sums of what `score_locations` says of each."""
    count = hits = references = met = 0
    cells = 0.0
    for image_id, some in claims.items():
        there = [
            one for one in facts[image_id].findings if one.name in LOCATED_FINDINGS and one.cells
        ]
        score = score_locations(some, there)
        count += score.count
        hits += round(score.count * (score.precision or 0))
        cells += score.count * (score.cells_per_claim or 0)
        references += len(there)
        met += round(len(there) * (score.recall or 0))
    return {
        "count": count,
        "precision": share(hits, count),
        "references": references,
        "recall": share(met, references),
        "cells_per_claim": rounded(cells / count) if count else None,
    }
