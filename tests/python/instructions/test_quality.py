# SPDX-License-Identifier: Apache-2.0
"""Figures of a data set: by hand, against the claim checker itself, and what is refused."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gftcore.claims import Facts, check_claims, score_locations, text_claims
from gftcore.datasets import SYNTHETIC_NOTICE
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.findings.vocabulary import LOCATED_FINDINGS
from gftcore.instructions import Instruction, InstructionSet, quality_figures
from gftcore.instructions.polar import polar_map
from gftcore.instructions.quality import NOTICE
from gftcore.instructions.wording import wording_figures
from instruction_cases import as_set, instruction, said
from taught_eyes import taught

TUFT = "neovascular tuft"
FACTS = Facts.of_truth(
    eye="OD", stage="NPDR", cells={"non-perfusion": {(2, "outer"), (3, "outer")}, TUFT: set()}
)
#: What is really there: elsewhere.
TRUTH = Facts.of_truth(
    eye="OD", stage="PDR", cells={"non-perfusion": {(8, "outer")}, TUFT: {(2, "outer")}}
)


def answers(*texts: str, slots: tuple[str, ...] = ()) -> list[Instruction]:
    """One image; the first answer is that of stage 1."""
    slots = slots or ("stage", "perfusion.TL", "perfusion.TR", "clock.1", "clock.2")
    return [
        instruction(stage=1 if slot == "stage" else 2, slot=slot, messages=said(f"{slot}?", text))
        for slot, text in zip(slots, texts, strict=False)
    ]


def figures(rows: list[Instruction], **more: Any) -> dict[str, Any]:
    return quality_figures(as_set(rows), {"0000_OD": FACTS}, **more)


def verdicts(counts: dict[str, Any]) -> tuple[int, int, int, int]:
    return tuple(counts[key] for key in ("claims", "supported", "unsupported", "contradicted"))  # type: ignore[return-value]


def test_claims_by_hand() -> None:
    rows = answers(
        "The image shows NPDR.",  # supported; contradicted by the truth
        "Non-perfusion is seen at 2 o'clock in the outer zone.",  # supported; elsewhere in truth
        "No neovascular tufts are seen.",  # supported; contradicted by the truth
        "Non-perfusion is seen at 8 o'clock in the outer zone.",  # elsewhere; supported in truth
        "This is a left eye.",  # contradicted by both
    )
    out = figures(rows, truth={"0000_OD": TRUTH})
    findings, lesions = (out["claims"][key]["after"] for key in ("findings", "lesions"))
    assert verdicts(findings["all"]) == (5, 3, 1, 1)
    assert verdicts(lesions["all"]) == (5, 1, 1, 3)
    assert verdicts(findings["by_stage"]["1"]) == (1, 1, 0, 0)
    assert verdicts(findings["by_stage"]["2"]) == (4, 2, 1, 1)
    assert verdicts(findings["by_group"]["perfusion"]) == (2, 2, 0, 0)
    assert verdicts(findings["by_group"]["clock"]) == (2, 0, 1, 1)
    assert findings["all"]["supported_share"] == 0.6
    assert findings["locations"]["all"] == {
        "count": 2, "precision": 0.5, "references": 1, "recall": 1.0, "cells_per_claim": 1.0
    }  # fmt: skip
    assert lesions["locations"]["all"] == {
        "count": 2, "precision": 0.5, "references": 2, "recall": 0.5, "cells_per_claim": 1.0
    }  # fmt: skip
    assert (findings["images"], findings["answers"]) == (1, 5)
    assert out["claims"]["findings"]["before"] is None


def test_before_and_after_filtering() -> None:
    before = answers("The image shows NPDR.", "The image shows PDR.", "It is NPDR.")
    after = [before[0], before[2]]
    dropped = [{"stage": 2, "slot": "perfusion.TL", "code": "OTHER_STAGE", "reason": "PDR"}]
    out = figures(after, before=before, dropped=dropped)
    both = out["claims"]["findings"]
    assert verdicts(both["before"]["all"]) == (3, 2, 0, 1)
    assert verdicts(both["after"]["all"]) == (2, 2, 0, 0)
    assert out["claims"]["lesions"] is None
    assert out["dropped"] == {
        "count": 1,
        "share": round(1 / 3, 6),
        "by_code": {"OTHER_STAGE": 1},
        "by_stage": {"2": 1},
        "by_group": {"perfusion": 1},
        "by_label": {},
    }
    labels = [{"label": "PDR"}, {"label": "NPDR"}, {"label": "PDR"}, {}]
    out = figures(after, dropped=[{**dropped[0], **label} for label in labels])
    assert out["dropped"]["by_label"] == {"NPDR": 1, "PDR": 2}


def test_a_claim_without_a_place_is_about_that_of_the_question() -> None:
    """By hand: non-perfusion lies at 2 and 3 o'clock, so not in BL; TR has it."""
    texts = ("No non-perfusion is seen there.", "Non-perfusion is seen there.")
    slots = ("perfusion.BL", "perfusion.TR", "clock.1", "perfusion.1")
    asked = ("How is it down left?", "And up right?", "And at 3 o'clock?", "Where is it?")
    expected = {texts[0]: "supported contradicted contradicted contradicted",
                texts[1]: "unsupported supported supported supported"}  # fmt: skip
    for text in texts:
        for slot, question, verdict in zip(slots, asked, expected[text].split(), strict=True):
            row = instruction(stage=2, slot=slot, messages=said(question, text))
            out = figures([row])
            found = out["claims"]["findings"]["after"]["all"]
            assert (found["claims"], found[verdict]) == (1, 1), (text, slot)
    # Coverage counts it there too: a quadrant has eight cells.
    row = instruction(stage=2, slot=slots[0], messages=said(asked[0], texts[0]))
    cells = figures([row])["coverage"]["cells"]
    assert sum(cell["denied"] for cell in cells) == 8
    assert not any(cell["asserted"] for cell in cells)
    # Negative control: of the whole image, the denial is wrong.
    (claim,) = check_claims(text_claims(texts[0], eye="OD"), FACTS)
    assert claim.verdict == "contradicted"


def test_answers_without_a_claim_are_counted() -> None:
    rows = answers("The image shows NPDR.", "Well.", "It is dark.", "No tufts are seen.")
    kept = rows[:2] + rows[3:]
    both = figures(kept, before=rows)["claims"]["findings"]
    silent = [
        (one["answers"], one["silent"], one["silent_share"])
        for one in (
            both["after"]["all"], both["after"]["by_stage"]["1"], both["after"]["by_stage"]["2"],
            both["after"]["by_group"]["perfusion"], both["before"]["by_group"]["perfusion"],
        )
    ]  # fmt: skip
    third, half = round(1 / 3, 6), 0.5
    assert silent == [(3, 1, third), (1, 0, 0.0), (2, 1, half), (1, 1, 1.0), (2, 2, 1.0)]


def test_nobody_asks_for_places_in_stage_1() -> None:
    rows = answers("The image shows NPDR.", "Non-perfusion is seen at 2 o'clock.")
    for some, key in ((rows, "1"), (rows[:1], "all")):
        one = figures(some)["claims"]["findings"]["after"]["locations"][key]
        assert (one["count"], one["references"], one["recall"]) == (0, None, None)
    one = figures(rows)["claims"]["findings"]["after"]["locations"]["2"]
    assert (one["references"], one["recall"]) == (1, 1.0)


def test_recall_of_lesions_by_hand() -> None:
    faz = {(None, "foveal")}
    there = {"non-perfusion": {(2, "outer")}, TUFT: {(5, "outer")}, "FAZ enlarged": faz}
    none = dict.fromkeys(there, ())
    truth = {
        **dict.fromkeys("abcd", Facts.of_truth(eye="OD", stage="PDR", cells=there)),
        "h": Facts.of_truth(eye="OD", stage="Healthy", cells=none),
    }
    texts = {
        # One in its place, one elsewhere; the FAZ has one place only.
        "a": "Non-perfusion is seen at 2 o'clock, a tuft at 9 o'clock. The FAZ is enlarged.",
        "b": "Non-perfusion is seen.",  # somewhere: in no cell of it
        "c": "No non-perfusion is seen at 2 o'clock.",  # denied
        "d": "Non-perfusion is seen at 2 o'clock.",  # dropped, so that no row is left
        "h": "No abnormality is seen.",
        "x": "Non-perfusion is seen at 2 o'clock.",  # nobody knows
    }
    rows = [
        instruction(
            stage=2, slot="perfusion.1", image_id=name, label="Healthy" if name == "h" else "PDR",
            messages=said("And the perfusion?", text),
        )
        for name, text in texts.items()
    ]  # fmt: skip
    facts = dict.fromkeys(texts, FACTS)
    kept = [row for row in rows if row.image_id != "d"]
    out = quality_figures(as_set(kept), facts, truth=truth, before=rows)["recall"]
    assert out["PDR"] == {
        "eyes": 4,
        "nothing": 2,
        "nothing_share": 0.5,
        "lesions": {
            "non-perfusion": {"eyes": 4, "told": 1, "share": 0.25},
            "FAZ enlarged": {"eyes": 4, "told": 1, "share": 0.25},
            TUFT: {"eyes": 4, "told": 0, "share": 0.0},
        },
    }
    assert (out["Healthy"]["eyes"], out["Healthy"]["nothing"]) == (1, 1)
    assert out["Healthy"]["lesions"][TUFT] == {"eyes": 0, "told": 0, "share": None}
    # Filtering does not hide what it took: an answer that is not read tells nothing.
    every = quality_figures(as_set(rows), facts, truth=truth)["recall"]["PDR"]
    assert (every["nothing"], every["lesions"]["non-perfusion"]["told"]) == (1, 2)
    assert quality_figures(as_set(rows), facts)["recall"] is None


def test_figures_warn() -> None:
    rows = answers("The image shows NPDR.")
    for data, notice in (("synthetic", f"{NOTICE} {SYNTHETIC_NOTICE}"), ("unknown", NOTICE)):
        out = quality_figures(as_set(rows, data), {"0000_OD": FACTS})
        assert out["notice"] == notice
        assert notice.startswith("Not a medical device")


def test_wording_by_hand() -> None:
    slots = ("faz.1", "faz.2", "faz.3", "clock.1")
    out = wording_figures(answers("It is round.", "It is round.", "It is not.", "No.", slots=slots))
    # Pairs: it-is, is-round twice; it-is, is-not: 6 in all, 3 different ones.
    assert out["by_group"]["faz"] == {
        "answers": 3,
        "distinct": 2,
        "distinct_share": round(2 / 3, 6),
        "pairs": 6,
        "distinct_2": 0.5,
        "mean_words": 3.0,
        "most_frequent": {"text": "It is round.", "count": 2, "share": round(2 / 3, 6)},
    }
    assert out["by_group"]["clock"]["distinct_2"] is None
    assert out["all"]["answers"] == 4
    assert out["all"]["mean_words"] == 2.5


def test_coverage_by_hand() -> None:
    rows = answers(
        "The image shows NPDR.",
        "Non-perfusion is seen at 2 o'clock in the outer zone.",
        "No neovascular tufts are seen at 2 o'clock in the outer zone.",
        "No abnormality is seen at 5 o'clock in the outer zone.",
        "Haemorrhages are seen.",
    )
    out = figures(rows)["coverage"]
    assert out["findings"]["non-perfusion"] == {"asserted": 1, "denied": 0}
    assert out["findings"][TUFT] == {"asserted": 0, "denied": 1}
    assert out["findings"]["no abnormality"] == {"asserted": 1, "denied": 0}
    assert (out["other_findings"], out["stages"]) == (1, {"NPDR": 1})
    found = {(c["clock_hour"], c["zone"]): (c["asserted"], c["denied"]) for c in out["cells"]}
    assert len(found) == 25
    assert found.pop((2, "outer")) == (1, 1)
    assert found.pop((5, "outer")) == (0, 1)  # normal there: nothing is found there
    assert set(found.values()) == {(0, 0)}


def test_the_plan_keeps_to_its_findings_and_misses_what_is_elsewhere() -> None:
    """Against the claim checker, answer by answer; another side is the negative control."""
    made = taught(24)
    out = quality_figures(as_set(made.rows), made.facts, truth=made.truth)
    for key, facts in (("findings", made.facts), ("lesions", made.truth)):
        counts: Counter[str] = Counter()
        unjudged = 0
        for row in made.rows:
            about = facts[row.image_id]
            for one in check_claims(text_claims(row.answer, eye=about.eye), about):
                known = one.claim.kind != "finding" or one.claim.value in about.known
                counts[one.verdict] += known
                unjudged += not known
        found = out["claims"][key]["after"]["all"]
        assert {name: found[name] for name in counts} == dict(counts)
        assert out["claims"][key]["after"]["unjudged"] == unjudged
        assert (unjudged > 0) == (key == "lesions")
        assert found["claims"] == counts.total()
    assert out["claims"]["findings"]["after"]["all"]["supported_share"] == 1.0
    assert out["claims"]["lesions"]["after"]["all"]["supported_share"] < 0.95
    sides = {"OD": "OS", "OS": "OD"}
    wrong = {n: dataclasses.replace(f, eye=sides[f.eye]) for n, f in made.facts.items()}
    swapped = quality_figures(as_set(made.rows), wrong)
    assert swapped["claims"]["findings"]["after"]["all"]["supported_share"] < 0.95


def test_places_are_summed_over_images() -> None:
    made = taught(24)
    found = quality_figures(as_set(made.rows), made.facts, truth=made.truth)
    score = found["claims"]["lesions"]["after"]["locations"]["all"]
    hits = count = met = there = 0
    for name, about in made.truth.items():
        claims = [
            claim
            for row in made.rows
            if row.image_id == name
            for claim in text_claims(row.answer, eye=about.eye)
        ]
        lesions = [one for one in about.findings if one.name in LOCATED_FINDINGS]
        for claim in claims:
            one = score_locations([claim], lesions)
            count += one.count
            hits += bool(one.precision)
        for lesion in lesions:
            there += 1
            met += score_locations(claims, [lesion]).recall == 1.0
    assert (score["count"], score["references"]) == (count, there)
    assert score["precision"] == round(hits / count, 6)
    assert score["recall"] == round(met / there, 6)


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), number=st.integers(1, 6), cut=st.integers(0, 60))
def test_parts_make_up_the_whole(seed: int, number: int, cut: int) -> None:
    made = taught(number, seed=seed)
    rows = made.rows[cut:]
    out = quality_figures(as_set(rows), made.facts, truth=made.truth)
    assert json.loads(json.dumps(out, allow_nan=False)) == out
    for both in out["claims"].values():
        whole = verdicts(both["after"]["all"])
        assert whole[0] == sum(whole[1:])
        for parts in ("by_stage", "by_group"):
            each = [verdicts(one) for one in both["after"][parts].values()]
            assert tuple(map(sum, zip(*each, strict=True))) == whole if each else whole[0] == 0
    groups = out["wording"]["by_group"].values()
    assert sum(one["answers"] for one in groups) == len(rows) == out["counts"]["instructions"]
    assert quality_figures(as_set(rows), made.facts, truth=made.truth) == out


def test_an_empty_set_has_figures() -> None:
    out = quality_figures(InstructionSet(records=()), {})
    assert out["claims"]["findings"]["after"]["all"]["supported_share"] is None
    assert out["dropped"]["share"] is None
    assert out["wording"]["all"]["most_frequent"] == {"text": "", "count": 0, "share": None}


def test_nobody_is_in_the_figures() -> None:
    made = taught(4)
    text = json.dumps(quality_figures(as_set(made.rows), made.facts))
    assert made.rows[0].image_id not in text
    assert made.rows[0].image not in text


def test_what_is_refused() -> None:
    rows = answers("The image shows NPDR.")
    with pytest.raises(ArgumentError, match="got none of 1"):
        quality_figures(as_set(rows), {})
    with pytest.raises(ArgumentTypeError, match="InstructionSet"):
        quality_figures(rows, {"0000_OD": FACTS})  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="truth must map"):
        figures(rows, truth={"0000_OD": "NPDR"})
    with pytest.raises(ArgumentTypeError, match="facts must map"):
        quality_figures(as_set(rows), [FACTS])  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="dropped must hold"):
        figures(rows, dropped=[{"code": "A"}])
    with pytest.raises(ArgumentTypeError, match="before"):
        figures(rows, before=["text"])


def test_cells_of_the_map_lie_where_the_clock_says() -> None:
    hours = {12: (150, 45), 3: (255, 150), 6: (150, 255), 9: (45, 150)}
    for hour, place in hours.items():
        (one,) = polar_map([{"clock_hour": hour, "zone": "outer", "n": 2}], "n", 4)
        assert (one.x, one.y) == place
        assert one.title == f"{hour} o'clock, outer zone: 2"
    (fovea,) = polar_map([{"clock_hour": None, "zone": "foveal", "n": 123_456}], "n", 0)
    assert (fovea.x, fovea.y, fovea.text) == (150, 150, "123k")
    one, other = polar_map(
        [{"clock_hour": 1, "zone": "parafoveal", "n": n} for n in (0, 9)], "n", 9
    )
    assert (one.colour, other.colour) == ("#375b8d", "#fde725")
