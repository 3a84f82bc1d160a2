# SPDX-License-Identifier: Apache-2.0
"""Sentences by hand: what the checker reads in them, and what it makes of it."""

from __future__ import annotations

import hashlib

import pytest

from claims import DATA, banned_score, made_claims, read_claims, read_eyes, read_sentences, scores

#: The sentences were written before the checker. Nobody changes them to suit it.
SHA256 = {
    "eyes.json": "fffebcbb67897968a96d7c936aaa58b6c6cec7556dc7ee542d4a3ff8dfcd7893",
    "sentences.json": "9adc56ff1a0743f17cab50db9ec68aee71402e26e1bf34407345fef5940faee3",
    "later.json": "c9bac82fcae33574aef7a3604c0640e0ddbc1af782924c12909db8f6e4b2081a",
}
# Somewhat below what came out, see docs/development/quality.md: precision, recall by verdict.
FLOORS = {
    "sentences": {
        "supported": (0.97, 0.97),
        "unsupported": (0.95, 0.95),
        "contradicted": (0.95, 0.95),
    },
    "later": {
        "supported": (0.93, 0.80),
        "unsupported": (0.70, 0.70),
        "contradicted": (0.85, 0.75),
    },
}


@pytest.mark.parametrize("name", SHA256)
def test_the_files_are_frozen(name: str) -> None:
    assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == SHA256[name]


@pytest.mark.parametrize("name", FLOORS)
def test_precision_and_recall_of_each_verdict(name: str) -> None:
    eyes, rows = read_eyes(), read_sentences(name)
    pairs = [(read_claims(row), made_claims(row, eyes)) for row in rows]
    for verdict, score in scores(pairs, place=False).items():
        precision, recall = FLOORS[name][verdict]
        assert score.precision >= precision, (verdict, score)
        assert score.recall >= recall, (verdict, score)
    banned = banned_score(rows)
    assert banned.precision >= 0.95
    assert banned.recall >= 0.95


def test_the_set_is_varied() -> None:
    rows = read_sentences()
    claims = [claim for row in rows for claim in row["claims"]]
    assert len(rows) == len({row["text"] for row in rows}) == 200
    for verdict in ("supported", "unsupported", "contradicted"):
        assert sum(claim["verdict"] == verdict for claim in claims) >= 50
    assert sum(not row["claims"] for row in rows) >= 15
    assert sum(claim["negated"] for claim in claims) >= 50


def test_a_reader_of_words_alone_fails() -> None:
    """Who reads "no dropout" as dropout falls below the floors."""
    eyes, rows = read_eyes(), read_sentences()
    pairs = []
    for row in rows:
        made = made_claims(row, eyes)
        pairs.append((read_claims(row), {(*key[:2], False, *key[3:]) for key in made}))
    assert scores(pairs, place=False)["supported"].precision < 0.9


def test_the_claims_of_wrong_eyes_fail() -> None:
    """Verdicts about another eye are others."""
    eyes, rows = read_eyes(), read_sentences()
    names = sorted(eyes)
    moved = {name: eyes[after] for name, after in zip(names, names[1:] + names[:1], strict=True)}
    pairs = [(read_claims(row), made_claims(row, moved)) for row in rows]
    assert scores(pairs, place=False)["supported"].precision < 0.9
