# SPDX-License-Identifier: Apache-2.0
"""Texts: what they say, on what they rest, and what they must never say. Exactness: exact."""

from __future__ import annotations

import dataclasses
import re

import pytest

from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.findings import Cell, Finding
from gftcore.narrative import PLAN, answer_plan, answer_stage, write_text
from gftcore.narrative.phrases import certainty, hours_words, place_words
from gftcore.tabulation import Table
from words_cases import FAZ, NOTHING, finding, findings, table

BANNED = re.compile(
    r"\b(overlays?|heat ?maps?|colou?rs?|nodes?|edges?|tables?|probability|probabilities|gradients?"
    r"|treat\w*|therap\w+|injections?|laser)\b",
    re.IGNORECASE,
)
SIDES = {"nasal": "temporal", "temporal": "nasal"}


def all_text(given: Table, found: tuple[Finding, ...]) -> list[str]:
    pairs = (answer_stage(given, found), *answer_plan(given, found))
    return [
        *(one.text for one in write_text(given, found)),
        *(text for pair in pairs for text in (pair.question, pair.answer)),
    ]


def cases() -> dict[str, tuple[Table, tuple[Finding, ...]]]:
    bare = table(faz=None, nodes=(), edges=(), warnings=("EMPTY_MASK", "NO_FAZ"))
    healthy = table(
        prediction="Healthy", probabilities={"Healthy": 0.995, "NPDR": 0.004, "PDR": 0.001}
    )
    return {
        "findings": (table(), findings()),
        "unknown eye": (table("unknown"), findings("unknown")),
        "healthy": (healthy, NOTHING),
        "no finding": (table(), NOTHING),
        "empty": (bare, ()),
    }


@pytest.mark.parametrize("name", cases())
def test_no_banned_word_and_no_copied_number(name: str) -> None:
    for text in all_text(*cases()[name]):
        assert not BANNED.search(text), text
        assert not re.search(r"\d", re.sub(r"\b(1[0-2]|[1-9])( to| and|,| o'clock)", "", text)), (
            text
        )


@pytest.mark.parametrize("name", cases())
def test_sentences_are_whole(name: str) -> None:
    for text in all_text(*cases()[name]):
        assert text[0].isupper()
        assert text[-1] in ".?"
        assert "  " not in text
        assert " ," not in text


def test_healthy_is_a_stage_and_nothing_else() -> None:
    for name, (given, found) in cases().items():
        pairs = (answer_stage(given, found), *answer_plan(given, found))
        told = [one.text for one in write_text(given, found)]
        told += [pair.answer for pair in pairs if not pair.slot.startswith("why-not")]
        said = any("healthy" in text.lower() for text in told)
        assert said is (given.prediction == "Healthy"), name


def test_banned_words_would_be_seen() -> None:
    assert BANNED.search("The table says so.")
    assert not BANNED.search("A stable, knowledgeable reading.")


def test_every_finding_is_said_with_its_place_and_evidence() -> None:
    found = findings()
    said = {one.text: one.evidence for one in write_text(table(), found)}
    for one in found:
        assert one.evidence in said.values()
    key = (
        "Non-perfusion is seen in the superior nasal region, from 1 to 2 o'clock in the outer zone."
    )
    assert said[key] == (("ica", 9), ("ica", 8))


def test_evidence_is_of_known_structures() -> None:
    known = {("faz", 0), ("vi", 77), *((row.type, row.id) for row in table().nodes)}
    known |= {ref for one in findings() for ref in one.evidence}
    pairs = (answer_stage(table(), findings()), *answer_plan(table(), findings()))
    sentences = [*write_text(table(), findings()), *(s for pair in pairs for s in pair.sentences)]
    assert {ref for one in sentences for ref in one.evidence} <= known
    assert sum(bool(one.evidence) for one in sentences) > len(sentences) / 2


def test_swapped_eye_exchanges_nasal_and_temporal_only() -> None:
    right = all_text(table("OD"), findings("OD"))
    left = all_text(table("OS"), findings("OS"))
    swapped = [
        re.sub(r"\b(nasal|temporal)\b", lambda word: SIDES[word.group()], text) for text in right
    ]
    assert swapped == left
    assert right != left


def test_unknown_eye_has_sides_of_the_image() -> None:
    text = " ".join(all_text(*cases()["unknown eye"]))
    assert not re.search(r"nasal|temporal|superior|inferior", text)
    assert "upper right" in text
    assert "lower left" in text


def mirrored(given: Table, found: tuple[Finding, ...]) -> tuple[Table, tuple[Finding, ...]]:
    def hour(old: int | None) -> int | None:
        return None if old is None else (12 - old) or 12

    rows = {
        name: tuple(
            dataclasses.replace(row, clock_hour=hour(row.clock_hour))
            for row in getattr(given, name)
        )
        for name in ("nodes", "edges")
    }
    sides = {"TL": "TR", "TR": "TL", "BL": "BR", "BR": "BL"}
    return (
        dataclasses.replace(
            given,
            image=dataclasses.replace(given.image, eye="OS"),
            quadrants={sides[name]: row for name, row in given.quadrants.items()},
            **rows,
        ),
        tuple(
            dataclasses.replace(
                one, cells=tuple(Cell(hour(cell.clock_hour), cell.zone) for cell in one.cells)
            )
            for one in found
        ),
    )


def test_mirrored_eye_keeps_anatomy_and_mirrors_hours() -> None:
    given, found = mirrored(table(), findings())
    before = [one.text for one in write_text(table(), findings())]
    after = [one.text for one in write_text(given, found)]
    anatomy = re.compile(r"superior|inferior|nasal|temporal")
    assert [anatomy.findall(text) for text in before] == [anatomy.findall(text) for text in after]
    assert "from 10 to 11 o'clock" in after[1]
    hours = re.compile(r"(from|at) [^.]*o'clock")
    assert [hours.sub("", text) for text in before] == [hours.sub("", text) for text in after]


def test_plan_has_thirty_different_questions() -> None:
    pairs = answer_plan(table(), findings())
    assert tuple(pair.slot for pair in pairs) == PLAN
    assert len({pair.question for pair in pairs}) == len(PLAN) == 30


def test_plan_for_two_classes() -> None:
    two = table(prediction="DR", probabilities={"Healthy": 0.4, "DR": 0.6})
    pairs = answer_plan(two, findings())
    assert len({pair.question for pair in pairs}) == 30


def test_quadrants_speak_of_what_touches_them_only() -> None:
    pairs = {pair.slot: pair for pair in answer_plan(table(), findings())}
    assert pairs["perfusion.TL"].answer.startswith("No non-perfusion")
    assert "from 1 to 2 o'clock" in pairs["perfusion.TR"].answer
    assert pairs["perfusion.BL"].sentences[0].evidence == (("ica", 3),)


def test_singular_and_plural() -> None:
    one = " ".join(text.text for text in write_text(table(), findings()))
    assert "A microaneurysm-like dilation is" in one
    assert "Tortuous vessels are" in one
    several = tuple(
        dataclasses.replace(f, evidence=(("vessel", 4), ("vessel", 5)), cell_evidence=())
        for f in findings()
        if f.name == "microaneurysm-like dilation"
    )
    text = " ".join(s.text for s in write_text(table(), several + several))
    assert "Microaneurysm-like dilations are" in text
    assert "Further microaneurysm-like dilations are" in text


def test_answers_do_not_change() -> None:
    assert all_text(table(), findings()) == all_text(table(), findings())


def test_wording_follows_the_table() -> None:
    once = table(nodes=(dataclasses.replace(table().nodes[0], id=10),))
    other = dataclasses.replace(once, nodes=(dataclasses.replace(once.nodes[0], id=11),))
    assert write_text(once, ())[0].text != write_text(other, ())[0].text


def test_empty_table() -> None:
    given, found = cases()["empty"]
    text = " ".join(all_text(given, found))
    assert "No foveal avascular zone (FAZ) could be found." in text
    assert "Findings could not be assessed" in text
    assert "Several remarks came up" in text


def test_label_in_place_of_the_answer() -> None:
    said = write_text(table(), findings(), stage="PDR")[0].text
    assert "(PDR)" in said
    assert "NPDR" not in said
    assert "PDR" in answer_stage(table(), findings(), stage="PDR").answer


def test_notice() -> None:
    assert "trained on synthetic eyes, not a disease" in write_text(table(), ())[-1].text
    assert "synthetic" not in write_text(table(), (), synthetic=False)[-1].text


@pytest.mark.parametrize(
    ("probability", "words"),
    [(1.0, "almost certain"), (0.9, "very likely"), (0.7, "likely"), (0.5, "more likely than not"),
     (0.49, "uncertain")],
)  # fmt: skip
def test_certainty(probability: float, words: str) -> None:
    assert certainty(probability) == words


def answered(found: tuple[Finding, ...], **changes: object) -> dict[str, str]:
    stage = str(changes.pop("stage", "NPDR"))
    given = table(**changes)  # type: ignore[arg-type]
    return {one.slot: one.answer for one in answer_plan(given, found, stage=stage)}


def test_loss_is_focal_where_all_its_cells_touch() -> None:
    def lost(*hours: int, zone: str = "outer") -> Finding:
        cells = tuple(Cell(hour, zone) for hour in hours)
        return finding("non-perfusion", cells, ("superior nasal",), ("ica", 9))

    for found, word in (
        (lost(1, 2), "focal"),
        (lost(12, 1), "focal"),
        (lost(1, 2, 8), "patchy"),
        (lost(1, 3), "patchy"),
        (lost(1, 2, 3, 4), "patchy"),
        (lost(*range(1, 10)), "widespread"),
    ):
        assert f"Non-perfusion is {word}, " in answered((found,))["perfusion.2"]
    both = (lost(2), lost(3, zone="parafoveal"))
    assert "focal" in answered(both)["perfusion.2"]
    assert "patchy" in answered((lost(2), lost(4, zone="parafoveal")))["perfusion.2"]
    centre = (
        lost(7, zone="parafoveal"),
        finding("non-perfusion", (Cell(None, "foveal"),), ("centre",), ("ica", 1)),
    )
    assert "focal" in answered(centre)["perfusion.2"]


def test_other_stages_are_refused_by_what_is_there_or_missing() -> None:
    tuft = finding("neovascular tuft", (Cell(2, "outer"),), ("superior nasal",), ("vessel", 1))
    npdr, pdr = (
        "non-proliferative diabetic retinopathy (NPDR)",
        ("proliferative diabetic retinopathy (PDR)"),
    )
    assert answered(findings())["why-not.2"] == (
        f"It is not {pdr}, because no neovascular tuft is seen."
    )
    assert answered((tuft,))["why-not.2"] == (
        f"The image as a whole is not {pdr}, although it shows a neovascular tuft."
    )
    assert answered((tuft,), stage="PDR")["why-not.2"] == (
        f"It is not {npdr}, because it shows a neovascular tuft."
    )
    assert answered(findings(), stage="PDR")["why-not.2"].startswith(
        f"The image as a whole is not {npdr}, although it shows"
    )
    assert answered(NOTHING, stage="Healthy")["why-not.1"] == (
        f"It is not {npdr}, because no abnormality is seen."
    )
    assert answered((tuft,), stage="Healthy")["why-not.1"] == (
        f"It is not {npdr}, because no microaneurysm-like dilation is seen."
    )
    assert answered(())["why-not.2"] == f"The image as a whole is not {pdr}."


def test_a_healthy_eye_has_no_place_of_evidence() -> None:
    for found in (findings(), NOTHING, ()):
        answers = answered(found, stage="Healthy")
        assert answers["diagnosis.3"] == "In no single place: the image as a whole looks even."
    assert answered(findings(), stage="Healthy")["diagnosis.2"] == (
        "There is no neovascular tuft in this image."
    )


def test_an_unsure_faz_limits_the_reading() -> None:
    for confidence, limited in ((None, False), (0.6, False), (0.59, True)):
        faz = dataclasses.replace(FAZ, confidence=confidence)
        text = answered(findings(), faz=faz)["certainty.2"]
        assert ("border between the FAZ" in text) is limited


def test_hours_and_places() -> None:
    assert hours_words([12, 1, 11, 5]) == "at 5 o'clock and from 11 to 1 o'clock"
    assert hours_words(range(1, 13)) == "from 1 to 12 o'clock"
    cells = [Cell(3, "outer"), Cell(None, "foveal"), Cell(2, "parafoveal")]
    assert place_words(cells) == (
        "in the foveal zone, at 2 o'clock in the parafoveal zone and at 3 o'clock in the outer zone"
    )


def test_bad_arguments() -> None:
    with pytest.raises(ArgumentTypeError, match="table must be a Table"):
        write_text("no", ())  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="findings must hold Findings"):
        write_text(table(), ["no"])  # type: ignore[list-item]
    with pytest.raises(ArgumentError, match="stage must be one of"):
        answer_stage(table(), (), stage="DR")
