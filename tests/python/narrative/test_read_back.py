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
from words_cases import finding, table

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


def checked(seed: int, *, turned: int = 0, wording: int | None = None) -> list[CheckedClaim]:
    rng = np.random.default_rng(seed)
    eye, stage = EYES[seed % 3], STAGES[seed // 3 % 3]
    given = table(eye, prediction=stage)
    findings = drawn(rng, eye)
    texts = [one.text for one in write_text(given, findings)]
    plan = answer_plan(given, findings, wording=wording)
    for answer in (answer_stage(given, findings, wording=wording), *plan):
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


@pytest.mark.parametrize("seed", range(36))
def test_every_claim_of_other_wordings_is_supported(seed: int) -> None:
    found = [one for i in range(4) for one in checked(seed, wording=100 * seed + i)]
    assert [one.claim for one in found if one.verdict != "supported"] == []


#: All that an answer about FAZ, perfusion, vessels or the clock may say without a claim.
SAYS_NOTHING = {"This cannot be judged in this image.", "No FAZ can be found in this image."}


def test_every_answer_about_what_is_seen_claims_something() -> None:
    silent: set[str] = set()
    total = 0
    for seed in range(36):
        eye = EYES[seed % 3]
        found = () if seed % 9 == 8 else drawn(np.random.default_rng(seed), eye)
        given = table(eye, **({"faz": None} if seed % 7 == 6 else {}))
        for wording in (None, *range(12)):
            for one in answer_plan(given, found, wording=wording):
                if one.slot.startswith(("faz", "perfusion", "vessels", "clock")):
                    texts = [sentence.text for sentence in one.sentences]
                    silent.update(t for t in texts if not text_claims(t, eye=eye))
                    total += len(texts)
    assert total > 5000
    assert silent == SAYS_NOTHING
    # Negative control: sentences of which nothing is read.
    assert not text_claims("Yes, it is outside of the usual range.")


def test_wordings_say_the_same() -> None:
    """Of what they claim; the clock is asked for other hours."""
    for seed in range(12):
        eye = EYES[seed % 3]
        given, findings = table(eye), drawn(np.random.default_rng(seed), eye)
        texts: dict[str, set[str]] = {}
        claims: dict[str, set[object]] = {}
        for wording in (None, *range(8)):
            for one in answer_plan(given, findings, wording=wording):
                if not one.slot.startswith("clock"):
                    said = text_claims(one.answer, eye=eye)
                    texts.setdefault(one.slot, set()).add(one.answer)
                    claims.setdefault(one.slot, set()).add(
                        frozenset((c.kind, c.value, c.negated, c.cells) for c in said)
                    )
        assert {slot for slot, some in claims.items() if len(some) > 1} == set()
        assert sum(len(some) > 1 for some in texts.values()) > 15


def test_the_clock_gives_nothing_away_by_its_order() -> None:
    """With a wording; negative control: without one the strongest findings come first."""
    found = (finding("neovascular tuft", (Cell(2, "outer"),), ("superior nasal",), ("vessel", 1)),)
    free: dict[str, set[str]] = {}
    for wording in range(60):
        for one in answer_plan(table(), found, wording=wording)[-8:-4]:
            if "tuft" in one.answer:
                free.setdefault("found", set()).add(one.slot)
            else:
                free.setdefault("free", set()).add(one.question)
    assert len(free["found"]) == 4
    assert len(free["free"]) == 23
    fixed = answer_plan(table(), found)[-8:-4]
    assert ["tuft" in one.answer for one in fixed] == [True, False, False, False]


def test_places_are_read() -> None:
    """Negative control: lesions on the other side."""
    wrong = [one for seed in range(36) for one in checked(seed, turned=6)]
    assert sum(one.verdict != "supported" for one in wrong) > 100
