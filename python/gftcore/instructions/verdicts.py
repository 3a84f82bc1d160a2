# SPDX-License-Identifier: Apache-2.0
"""What answers claim, checked against what is known of the eyes."""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from gftcore.claims import (
    VERDICTS,
    Claim,
    Facts,
    asked_cells,
    check_claims,
    placed,
    score_locations,
    text_claims,
)
from gftcore.claims.places import Cell
from gftcore.findings.vocabulary import FINDINGS, LOCATED_FINDINGS
from gftcore.instructions.records import STAGE_SLOTS, Instruction, slot_group

__all__ = ["answer_claims_of", "rounded", "share", "verdict_figures"]


def answer_claims_of(row: Instruction, eye: str) -> tuple[Claim, ...]:
    """Return the claims of an answer; those that name no place have that of the question."""
    claims = _claims(row.answer, eye)
    if not claims:
        return ()
    cells = _asked(row.slot, row.question, eye)
    return tuple(placed(claim, cells) for claim in claims)


@functools.lru_cache(maxsize=1 << 16)  # many questions and answers of a set are equal
def _claims(answer: str, eye: str) -> tuple[Claim, ...]:
    return text_claims(answer, eye=eye)


@functools.lru_cache(maxsize=1 << 16)
def _asked(slot: str, question: str, eye: str) -> frozenset[Cell] | None:
    return asked_cells(slot, question, eye=eye)


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
        the number of answers, of those that are ``silent``: no claim is read in them, of claims
        and of each verdict, ``locations`` of all and by stage: how many findings were placed, which
        share of them a reference of this name has a cell of, which share of the references with a
        place was hit, and how many cells a claim names. References are None where nobody asks for
        places, as in stage 1.
    """
    unjudged = 0
    asked: set[str] = set()
    known = [one for one in rows if one.image_id in facts]
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    located: dict[str, dict[str, list[Claim]]] = defaultdict(lambda: defaultdict(list))
    for one in known:
        about = facts[one.image_id]
        said = answer_claims_of(one, about.eye)
        claims = [claim for claim in said if _judged(claim, about)]
        unjudged += len(said) - len(claims)
        stage, group = str(one.stage), slot_group(one.slot)
        verdicts = Counter(str(each.verdict) for each in check_claims(claims, about))
        verdicts.update(answers=1, silent=not said)
        for key in (("all", ""), ("stage", stage), ("group", group)):
            counts[key].update(verdicts)
        for key_ in ("all", stage):
            located[key_][one.image_id] += claims
        if one.slot not in STAGE_SLOTS[1]:
            asked |= {"all", stage}
    return {
        "images": len({one.image_id for one in known}),
        "answers": len(known),
        "unjudged": unjudged,
        "all": _verdicts(counts["all", ""]),
        "by_stage": {key: _verdicts(n) for (kind, key), n in counts.items() if kind == "stage"},
        "by_group": {key: _verdicts(n) for (kind, key), n in counts.items() if kind == "group"},
        "locations": {
            key: _locations(some, facts, asked=key in asked) for key, some in located.items()
        },
    }


def _judged(claim: Claim, facts: Facts) -> bool:
    """Whether facts say anything about what is claimed; what has no name is no finding."""
    return claim.kind != "finding" or claim.value not in FINDINGS or claim.value in facts.known


def _verdicts(counts: Counter[str]) -> dict[str, Any]:
    answers, silent = counts["answers"], counts["silent"]
    out: dict[str, Any] = {"answers": answers, "silent": silent}
    total = sum(counts[name] for name in VERDICTS)
    out |= {"silent_share": share(silent, answers), "claims": total}
    for name in VERDICTS:
        out |= {name: counts[name], f"{name}_share": share(counts[name], total)}
    return out


def _locations(
    claims: Mapping[str, list[Claim]], facts: Mapping[str, Facts], *, asked: bool
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
        "references": references if asked else None,
        "recall": share(met, references) if asked else None,
        "cells_per_claim": rounded(cells / count) if count else None,
    }
