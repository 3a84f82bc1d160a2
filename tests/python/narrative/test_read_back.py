# SPDX-License-Identifier: Apache-2.0
"""What the writer says, the claim checker reads back: it shares no code with the writer."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gftcore.claims import CheckedClaim, Facts, banned_words, check_claims, text_claims
from gftcore.findings import CELLS, Cell, Finding
from gftcore.findings.vocabulary import FAZ_FINDINGS, LOCATED_FINDINGS, NO_ABNORMALITY
from gftcore.narrative import answer_plan, answer_stage, write_text
from gftcore.tabulation import region_word
from words_cases import table

EYES = ("OD", "OS", "unknown")
STAGES = ("Healthy", "NPDR", "PDR")


def region(cell: Cell, eye: str) -> str:
    if cell.clock_hour is None:
        return "centre"
    angle = np.pi * cell.clock_hour / 6
    return region_word(-float(np.cos(angle)), float(np.sin(angle)), eye)


def drawn(rng: np.random.Generator, eye: str) -> tuple[Finding, ...]:
    found = []
    for name in LOCATED_FINDINGS:
        if rng.random() < 0.6:
            continue
        some = rng.choice(len(CELLS), size=rng.integers(1, 6), replace=False)
        cells = tuple(CELLS[i] for i in sorted(some))
        found.append((name, cells))
    found += [(name, (CELLS[0],)) for name in FAZ_FINDINGS if rng.random() < 0.3]
    found = found or [(NO_ABNORMALITY, ())]
    return tuple(
        Finding(
            name=name,
            cells=cells,
            regions=tuple(dict.fromkeys(region(cell, eye) for cell in cells)),
            evidence=(("ica", i),),
            value=2.0,
            threshold=1.0,
            strength=1.5,
        )
        for i, (name, cells) in enumerate(found)
    )


def checked(seed: int, *, turned: int = 0) -> list[CheckedClaim]:
    rng = np.random.default_rng(seed)
    eye, stage = EYES[seed % 3], STAGES[seed // 3 % 3]
    given = table(eye, prediction=stage)
    findings = drawn(rng, eye)
    texts = [one.text for one in write_text(given, findings)]
    for answer in (answer_stage(given, findings), *answer_plan(given, findings)):
        texts += [one.text for one in answer.sentences]
    assert not [word for text in texts for word in banned_words(text)]
    facts = Facts.of_findings(
        eye=eye,
        stage=stage,
        findings=[
            dataclasses.replace(
                one,
                cells=tuple(
                    Cell(cell.clock_hour and (cell.clock_hour + turned - 1) % 12 + 1, cell.zone)
                    for cell in one.cells
                ),
            )
            for one in findings
        ],
    )
    return [one for text in texts for one in check_claims(text_claims(text, eye=eye), facts)]


@pytest.mark.parametrize("seed", range(36))
def test_every_claim_is_supported(seed: int) -> None:
    found = checked(seed)
    assert len(found) > 5
    assert [one.claim for one in found if one.verdict != "supported"] == []


def test_places_are_read() -> None:
    """Negative control: lesions on the other side."""
    wrong = [one for seed in range(36) for one in checked(seed, turned=6)]
    assert sum(one.verdict != "supported" for one in wrong) > 100
