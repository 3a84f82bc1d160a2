# SPDX-License-Identifier: Apache-2.0
"""Places that questions give: by hand, for each slot of the plan, and what is refused."""

from __future__ import annotations

import pytest

from gftcore.claims import Claim, asked_cells, placed, text_claims
from gftcore.errors import ArgumentTypeError
from gftcore.narrative import PLAN

QUADRANTS = {"TL": (9, 10, 11, 12), "TR": (12, 1, 2, 3), "BR": (3, 4, 5, 6), "BL": (6, 7, 8, 9)}


def cells(*hours: int) -> frozenset[tuple[int, str]]:
    return frozenset((hour, zone) for hour in hours for zone in ("parafoveal", "outer"))


def test_each_slot() -> None:
    near = {(None, "foveal"), *((hour, "parafoveal") for hour in range(1, 13))}
    for slot in ("stage", *PLAN):
        kind, _, which = slot.partition(".")
        found = asked_cells(slot, "What is seen at 2 o'clock?", eye="OD")
        if which in QUADRANTS:
            assert found == cells(*QUADRANTS[which]), slot
        elif kind == "clock":
            assert found == cells(2)
        else:
            assert found == (near if slot == "faz.3" else None), slot


def test_places_of_questions_by_the_clock() -> None:
    assert asked_cells("clock.1", "What lies at 12 o'clock in the outer zone?") == {(12, "outer")}
    nasal = {eye: asked_cells("clock.1", "And nasally?", eye=eye) for eye in ("OD", "OS")}
    assert nasal == {"OD": cells(1, 2, 3, 4, 5), "OS": cells(7, 8, 9, 10, 11)}
    assert asked_cells("clock.1", "And nasally?") == frozenset()
    assert asked_cells("clock.1", "What is seen?") == frozenset()


def test_only_findings_without_a_place_get_one() -> None:
    text = (
        "No non-perfusion is seen there. A tuft is seen at 5 o'clock. The FAZ is enlarged. "
        "This right eye has PDR. No abnormality is seen."
    )
    there = {(2, "outer")}
    claims = {one.value: one for one in text_claims(text, eye="OD")}
    assert len(claims) == 6
    for value, claim in claims.items():
        got = placed(claim, there)
        if value in ("non-perfusion", "no abnormality"):
            assert got.cells == frozenset(there)
            assert (got.negated, got.text) == (claim.negated, claim.text)
        else:
            assert got == claim
        assert placed(claim, None) == claim


def test_what_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="slot must be a str"):
        asked_cells(1, "?")  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="text must be a str"):
        asked_cells("clock.1", None)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="claim must be a Claim"):
        placed("non-perfusion", None)  # type: ignore[arg-type]
    assert placed(Claim(kind="finding", value="other"), ()).cells == frozenset()
