# SPDX-License-Identifier: Apache-2.0
"""Score the claim checker on the sentences of ``tests/data/claims``.

    python benchmarks/quality/claims.py [--set sentences|later] [--misses]

A claim that a person read counts as found if the checker makes one of the same kind, value, sense
and verdict; *with place* it must also name the same cells.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gftcore import claims as checker

DATA = Path(__file__).parents[2] / "tests/data/claims"

#: Kind, value, denied, cells, verdict.
Key = tuple[str, str, bool, "frozenset[Any] | None", str]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A finding by hand."""

    name: str
    cells: frozenset[tuple[int | None, str]]
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Score:
    """Counts of one verdict: read by the person, made by the checker, made as the person did."""

    read: int
    made: int
    same: int

    @property
    def precision(self) -> float:
        return self.same / self.made if self.made else 0.0

    @property
    def recall(self) -> float:
        return self.same / self.read if self.read else 0.0


def read_eyes(folder: Path = DATA) -> dict[str, checker.Facts]:
    eyes = json.loads((folder / "eyes.json").read_text("utf-8"))
    return {
        one["id"]: checker.Facts(
            eye=one["eye"],
            stage=one["stage"],
            findings=tuple(
                Finding(name=f["name"], cells=frozenset((h, z) for h, z in f["cells"]))
                for f in one["findings"]
            ),
        )
        for one in eyes
    }


def read_sentences(name: str = "sentences", folder: Path = DATA) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((folder / f"{name}.json").read_text("utf-8"))
    return rows


def read_claims(row: Mapping[str, Any]) -> set[Key]:
    """Return the claims that the person read."""
    return {
        (c["kind"], c["value"], c["negated"], _cells(c["region"]), c["verdict"])
        for c in row["claims"]
    }


def made_claims(row: Mapping[str, Any], eyes: Mapping[str, checker.Facts]) -> set[Key]:
    """Return the claims that the checker makes."""
    facts = eyes[row["eye"]]
    claims = checker.text_claims(row["text"], eye=facts.eye)
    return {
        (one.claim.kind, one.claim.value, one.claim.negated, one.claim.cells, one.verdict)
        for one in checker.check_claims(claims, facts)
    }


def _cells(region: Mapping[str, Any] | None) -> frozenset[Any] | None:
    if region is None:
        return None
    fovea = {(None, zone) for zone in region["zones"] if zone == "foveal"}
    rest = {(hour, zone) for hour in region["hours"] for zone in region["zones"]}
    return frozenset(fovea | {cell for cell in rest if cell[1] != "foveal"})


def scores(pairs: Iterable[tuple[set[Key], set[Key]]], *, place: bool) -> dict[str, Score]:
    """Return the counts of each verdict over pairs of claims read and made."""
    read: Counter[str] = Counter()
    made: Counter[str] = Counter()
    same: Counter[str] = Counter()
    for theirs, ours in pairs:
        a, b = Counter(_strip(theirs, place)), Counter(_strip(ours, place))
        for counts, counter in ((a, read), (b, made), (a & b, same)):
            for key, n in counts.items():
                counter[str(key[-1])] += n
    return {
        verdict: Score(read=read[verdict], made=made[verdict], same=same[verdict])
        for verdict in checker.VERDICTS
    }


def _strip(keys: Iterable[Key], place: bool) -> Iterator[tuple[Any, ...]]:
    return (key if place else (*key[:3], key[4]) for key in keys)


def banned_score(rows: Iterable[Mapping[str, Any]]) -> Score:
    """Return the counts of kinds of banned words."""
    pairs = [
        (set(row["banned"]), {kind for kind, _ in checker.banned_words(row["text"])})
        for row in rows
    ]
    return Score(
        read=sum(len(a) for a, _ in pairs),
        made=sum(len(b) for _, b in pairs),
        same=sum(len(a & b) for a, b in pairs),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", choices=("sentences", "later"), default="sentences")
    parser.add_argument("--misses", action="store_true", help="list the sentences that differ")
    options = parser.parse_args()
    eyes, rows = read_eyes(), read_sentences(options.set)
    pairs = [(read_claims(row), made_claims(row, eyes)) for row in rows]
    for place in (False, True):
        print("with place" if place else "kind, value, sense, verdict")
        for verdict, score in scores(pairs, place=place).items():
            _show(verdict, score)
    _show("banned words", banned_score(rows))
    print(f"sentences read without any difference: {sum(a == b for a, b in pairs)} of {len(rows)}")
    if options.misses:
        for row, (theirs, ours) in zip(rows, pairs, strict=True):
            banned = {kind for kind, _ in checker.banned_words(row["text"])}
            if theirs != ours or banned != set(row["banned"]):
                print(f"{row['id']} {row['eye']}: {row['text']}")
                for word, keys in (("read", theirs - ours), ("made", ours - theirs)):
                    for key in sorted(keys, key=str):
                        print(
                            f"    only {word}: {key[:3]} {sorted(key[3] or (), key=str)} {key[4]}"
                        )
                if banned != set(row["banned"]):
                    print(f"    banned: {sorted(banned)}")


def _show(name: str, score: Score) -> None:
    print(
        f"    {name:13} precision {score.precision:.3f}  recall {score.recall:.3f}  "
        f"({score.same} of {score.made} made, {score.read} read)"
    )


if __name__ == "__main__":
    main()
