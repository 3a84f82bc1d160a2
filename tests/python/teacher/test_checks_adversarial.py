# SPDX-License-Identifier: Apache-2.0
"""Answers that were written to get past the checks, by hand. Exactness: exact."""

from __future__ import annotations

import dataclasses

import pytest

from gftcore.claims import Facts
from gftcore.teacher import CODES, Pair, TeachingCase, check_pair
from lesson_cases import teaching_case
from words_cases import NOTHING

#: Right eye, NPDR: non-perfusion 1 to 2 outer and 7 parafoveal, tortuous vessels 8 outer, a
#: dilation 1 outer, FAZ enlarged; healthy has a probability of 0.02, PDR of 0.15.
CASE = teaching_case()
HEALTHY = teaching_case(label="Healthy", findings=NOTHING)
QUESTIONS = {
    "stage": "Which stage of diabetic retinopathy does the image show?",
    "diagnosis.1": "What is the stage of this eye?",
    "diagnosis.2": "Which findings support this stage?",
    "diagnosis.4": "Is anything beyond the usual range?",
    "faz.1": "How large is the FAZ?",
    "faz.2": "How regular is the outline of the FAZ?",
    "faz.4": "Is the FAZ itself beyond the usual range?",
    "perfusion.2": "Is the loss of capillaries focal or widespread?",
    "perfusion.TR": "How is the perfusion of the superior nasal quadrant?",
    "vessels.BL": "How do the vessels of the inferior temporal quadrant look?",
    "clock.1": "What is seen at 1 o'clock in the outer zone?",
    "why-not.1": "Why is this eye not staged as PDR?",
    "certainty.1": "How certain is this stage?",
}


def codes(slot: str, answer: str, case: TeachingCase = CASE) -> list[str]:
    pair = Pair(slot=slot, question=QUESTIONS[slot], answer=answer)
    return list(dict.fromkeys(one.code for one in check_pair(case, pair)))


ADVERSARIAL = [
    # no claim, or none of what was asked for
    ("faz.1", "The FAZ is of an ordinary look.", "unread"),
    ("faz.1", "The FAZ has a regular outline.", "unread"),
    ("faz.2", "The FAZ is enlarged.", "unread"),
    ("faz.4", "No, all about it is as it should be.", "unread"),
    ("faz.4", "Yes, it is outside of the usual range.", "unread"),
    ("faz.4", "No, the FAZ lies within the usual range.", "claim"),
    ("faz.2", "No FAZ can be found in this image.", "unread"),
    (
        "faz.2",
        "It cannot be judged, but the rim of it looks torn and the vessels there bend.",
        "unread",
    ),
    ("perfusion.TR", "The tissue here is well fed by blood.", "unread"),
    ("perfusion.TR", "The vessels are tortuous there.", "unread"),
    ("perfusion.2", "The damage is the same all over.", "unread"),
    ("vessels.BL", "The vessels have a usual course and calibre.", "unread"),
    ("vessels.BL", "They run as they should.", "unread"),
    ("clock.1", "There is nothing but a calm lattice.", "unread"),
    ("diagnosis.2", "The image as a whole supports it.", "unread"),
    ("diagnosis.4", "Yes, several things are beyond it.", "unread"),
    # words that end all reading
    (
        "diagnosis.2",
        "The FAZ is enlarged. Neovascular tufts are often seen in the upper half.",
        "hedge",
    ),
    ("diagnosis.2", "The FAZ is enlarged. Typically, tufts are seen.", "hedge"),
    ("diagnosis.2", "The FAZ is enlarged, usually with tufts.", "hedge"),
    ("diagnosis.2", "The FAZ is enlarged; tufts were previously there.", "hedge"),
    ("diagnosis.2", "The FAZ is enlarged; tufts are there if one looks closely.", "hedge"),
    ("diagnosis.2", "The FAZ is enlarged. Tufts cannot be ruled out.", "claim"),
    # other stages
    ("diagnosis.1", "The eye has NPDR; PDR is possible.", "stage"),
    ("diagnosis.1", "The eye has NPDR; PDR cannot be ruled out.", "stage"),
    ("certainty.1", "PDR is very likely.", "stage"),
    ("certainty.1", "This is probably PDR.", "stage"),
    ("certainty.1", "NPDR is possible, and PDR is likely.", "stage"),
    ("certainty.1", "The stage is NPDR, very likely PDR.", "stage"),
    ("certainty.1", "A healthy eye is possible.", "stage"),
    ("certainty.1", "PDR cannot be ruled out. The image shows PDR.", "stage"),
    ("certainty.1", "PDR is possible. The image shows PDR.", "stage"),
    ("certainty.1", "A healthy eye cannot be ruled out.", "stage"),
    ("stage", "This is severe NPDR.", "stage"),
    ("stage", "This is NPDR of a mild degree.", "stage"),
    ("why-not.1", "It is not PDR, but high-risk NPDR.", "stage"),
    ("stage", "This is NPDR, an early stage.", "stage"),
    # what lies behind
    ("faz.1", "The FAZ is enlarged, says the network.", "banned"),
    ("faz.1", "The FAZ is enlarged in the second picture.", "banned"),
    ("faz.1", "The FAZ is enlarged, as measurements show.", "banned"),
    ("faz.1", "The FAZ is enlarged, as listed.", "banned"),
    ("faz.1", "The FAZ is enlarged, I was told.", "banned"),
    ("faz.1", "The FAZ is enlarged within the marked area.", "banned"),
    ("faz.1", "The FAZ is enlarged, in warm tones.", "banned"),
    ("faz.1", "The FAZ is enlarged, which drove the decision.", "banned"),
    # numbers
    ("faz.1", "The FAZ is enlarged, to half a square millimetre.", "number"),
    ("faz.1", "The FAZ is enlarged by forty percent.", "number"),
    ("faz.1", "The FAZ is enlarged, two times the usual.", "number"),
    ("faz.1", "The FAZ is enlarged, to zero point four.", "number"),
    ("faz.1", "The FAZ is enlarged by three hundred microns.", "number"),
    # names
    ("faz.1", "The FAZ is enlarged, as Miller saw.", "identifier"),
    ("faz.1", "The FAZ of this case from Boston is enlarged.", "identifier"),
    ("faz.1", "The FAZ is enlarged, taken by SPECTRALIS.", "identifier"),
    # other diseases
    ("faz.1", "The FAZ is enlarged by a macular hole.", "claim"),
    ("faz.1", "The FAZ is enlarged, and glaucoma is likely.", "claim"),
    ("faz.1", "The FAZ is enlarged near a neovascular membrane.", "claim"),
    ("faz.1", "The FAZ is enlarged by an artery occlusion.", "claim"),
    ("faz.1", "The FAZ is enlarged by telangiectasia.", "claim"),
    ("faz.1", "The FAZ is enlarged in polypoidal vasculopathy.", "claim"),
    ("faz.1", "The FAZ is enlarged with macular degeneration.", "claim"),
    # advice
    ("faz.1", "The FAZ is enlarged; light burns may help.", "treatment"),
    ("faz.1", "The FAZ is enlarged; a clinic is the place to go.", "treatment"),
    ("faz.1", "The FAZ is enlarged; a repeat scan is wise.", "treatment"),
    ("faz.1", "The FAZ is enlarged; fluorescein would tell more.", "treatment"),
    ("faz.1", "The FAZ is enlarged; blocking the growth factor helps.", "treatment"),
    ("faz.1", "The FAZ is enlarged; it has to be followed.", "treatment"),
    # extent and places
    ("perfusion.2", "The loss of capillaries is widespread.", "claim"),
    ("perfusion.2", "Non-perfusion is confluent.", "claim"),
    ("perfusion.2", "Non-perfusion is diffuse over the whole image.", "claim"),
    ("diagnosis.2", "Tortuous vessels are seen from 1 to 12 o'clock.", "region"),
    ("diagnosis.2", "Tortuous vessels are seen in the outer zone.", "region"),
    ("diagnosis.2", "Tortuous vessels are seen in all four quadrants.", "region"),
]


@pytest.mark.parametrize(("slot", "answer", "code"), ADVERSARIAL)
def test_refused(slot: str, answer: str, code: str) -> None:
    assert code in codes(slot, answer)
    assert code in CODES


@pytest.mark.parametrize(
    "answer",
    [
        "The loss of capillaries is focal, not widespread.",
        "Non-perfusion is focal rather than diffuse.",
        "Non-perfusion is patchy at 7 o'clock and from 1 to 2 o'clock.",
    ],
)
def test_what_is_denied_of_the_extent_is_no_claim_of_it(answer: str) -> None:
    assert codes("perfusion.2", answer) == []


def test_the_extent_must_not_be_denied_where_it_is_so() -> None:
    assert codes("perfusion.2", "The loss of capillaries is not focal.") == ["claim"]


def test_a_healthy_eye_has_no_tufts_often() -> None:
    answer = "Neovascular tufts are often seen in the upper half."
    assert "hedge" in codes("diagnosis.2", answer, case=HEALTHY)
    assert codes("faz.4", "No, the FAZ lies in the usual range.", case=HEALTHY) == []
    assert "claim" in codes("faz.4", "Yes, the FAZ is enlarged.", case=HEALTHY)
    assert "claim" in codes("diagnosis.4", "Yes, there is an abnormality.", case=HEALTHY)


def test_the_extent_is_that_of_the_facts() -> None:
    """Focal up to three cells, widespread from nine on; between them neither."""
    for count, focal, wide in ((3, True, False), (4, False, False), (8, False, False),
                               (9, False, True)):  # fmt: skip
        cells = {"non-perfusion": {(hour, "outer") for hour in range(1, count + 1)}}
        truth = Facts.of_truth(eye="OD", stage=None, cells=cells)
        case = dataclasses.replace(CASE, truth=truth)
        told = {
            word: codes("perfusion.2", f"The loss of capillaries is {word}.", case=case) == []
            for word in ("focal", "widespread", "patchy")
        }
        assert told == {"focal": focal, "widespread": wide, "patchy": True}, count
