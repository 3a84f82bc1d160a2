# SPDX-License-Identifier: Apache-2.0
"""Findings as JSON: equal after a round trip, damaged ones refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gftcore.errors import ArgumentTypeError, FormatError
from gftcore.findings import (
    CELLS,
    FINDINGS,
    Finding,
    finding_document,
    finding_from,
    rounded_finding,
)

REF = st.tuples(st.sampled_from(["vessel", "ica", "faz"]), st.integers(0, 5000))
NUMBER = st.floats(-1e6, 1e6)


@st.composite
def some_findings(draw: st.DrawFn) -> Finding:
    cells = tuple(draw(st.lists(st.sampled_from(CELLS), unique=True, max_size=4)))
    return Finding(
        name=draw(st.sampled_from(FINDINGS)),
        cells=cells,
        regions=tuple(draw(st.lists(st.sampled_from(["centre", "upper left"]), max_size=2))),
        evidence=tuple(draw(st.lists(REF, max_size=5))),
        value=draw(st.none() | NUMBER),
        threshold=draw(st.none() | NUMBER),
        strength=draw(NUMBER),
        cell_evidence=tuple(tuple(draw(st.lists(REF, max_size=2))) for _ in cells),
    )


@given(some_findings())
def test_round_trip(one: Finding) -> None:
    short = rounded_finding(one)
    document = finding_document(short)
    assert document == finding_document(one)
    more = {**document, "cell_evidence": [[list(r) for r in refs] for refs in short.cell_evidence]}
    assert finding_from(json.loads(json.dumps(more))) == short
    bare = finding_from(json.loads(json.dumps(document)))
    assert bare.cell_evidence == ()
    assert bare.evidence == one.evidence


def test_numbers_have_nine_digits() -> None:
    one = Finding(
        name="FAZ enlarged", cells=(CELLS[0],), regions=("centre",), evidence=(("faz", 0),),
        value=1 / 3, threshold=None, strength=2 / 3,
    )  # fmt: skip
    assert finding_document(one) == {
        "name": "FAZ enlarged", "cells": [[None, "foveal"]], "regions": ["centre"],
        "evidence": [["faz", 0]], "value": 0.333333333, "threshold": None, "strength": 0.666666667,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "cataract"),
        ("cells", [[13, "outer"]]),
        ("cells", [[1, "foveal"]]),
        ("cells", [[1]]),
        ("evidence", [["lens", 1]]),
        ("evidence", [["vessel", -1]]),
        ("evidence", [["vessel"]]),
        ("regions", [1]),
        ("value", "much"),
        ("strength", None),
        ("more", 1),
    ],
)
def test_damaged_ones_are_refused(name: str, value: Any) -> None:
    one = Finding(
        name="neovascular tuft", cells=(CELLS[3],), regions=(), evidence=(("vessel", 1),),
        value=1.0, threshold=0.5, strength=2.0,
    )  # fmt: skip
    good = finding_document(one)
    assert finding_from(good) == one
    with pytest.raises(FormatError, match="a finding "):
        finding_from({**good, name: value})
    del good["cells"]
    with pytest.raises(FormatError, match="must have name, cells"):
        finding_from(good)
    with pytest.raises(FormatError, match="must be an object"):
        finding_from([])  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="one must be a Finding"):
        finding_document(good)  # type: ignore[arg-type]
