# SPDX-License-Identifier: Apache-2.0
"""Single pairs by hand, accepted and refused. Exactness: exact."""

from __future__ import annotations

import dataclasses

import pytest

from gftcore.claims import Facts
from gftcore.errors import ArgumentTypeError
from gftcore.tabulation import ImageInfo
from gftcore.teacher import CODES, Pair, TeachingCase, check_pair
from lesson_cases import teaching_case
from words_cases import NOTHING, table

#: Right eye, NPDR: non-perfusion 1 to 2 outer and 7 parafoveal, tortuous vessels 8 outer, a
#: dilation 1 outer, FAZ enlarged; the upper right quadrant has fewest vessels.
CASE = teaching_case()
UNKNOWN = teaching_case("unknown")
HEALTHY = teaching_case(label="Healthy", findings=NOTHING)
QUESTIONS = {
    "stage": "Which stage of diabetic retinopathy does the image show?",
    "diagnosis.1": "What is the stage of this eye?",
    "diagnosis.2": "Which findings support this stage?",
    "diagnosis.3": "Where is the evidence strongest?",
    "faz.1": "How large is the FAZ?",
    "faz.3": "What is seen close to the FAZ?",
    "diagnosis.4": "Is anything beyond the usual range?",
    "faz.2": "How regular is the outline of the FAZ?",
    "faz.4": "Is the FAZ itself beyond the usual range?",
    "perfusion.2": "Is the loss of capillaries focal or widespread?",
    "vessels.TL": "How do the vessels of the superior temporal quadrant look?",
    "perfusion.TR": "How is the perfusion of the superior nasal quadrant?",
    "perfusion.TL": "How is the perfusion of the superior temporal quadrant?",
    "vessels.BL": "How do the vessels of the inferior temporal quadrant look?",
    "density.1": "Are the superior and inferior halves equally dense in vessels?",
    "density.2": "Are the temporal and nasal halves equally dense in vessels?",
    "clock.1": "What is seen at 1 o'clock in the outer zone?",
    "why-not.1": "Why is this eye not staged as PDR?",
    "certainty.1": "How certain is this stage?",
}


def codes(slot: str, answer: str, question: str = "", case: TeachingCase = CASE) -> list[str]:
    pair = Pair(slot=slot, question=question or QUESTIONS[slot], answer=answer)
    return list(dict.fromkeys(one.code for one in check_pair(case, pair)))


ACCEPTED = [
    ("stage", "This image shows NPDR. Its key findings are non-perfusion and an enlarged FAZ."),
    ("stage", "Non-proliferative diabetic retinopathy is seen, without neovascular tufts."),
    ("diagnosis.1", "This is NPDR, not PDR."),
    ("diagnosis.1", "This right eye shows NPDR."),
    ("diagnosis.2", "Dropout is seen at 2 o'clock in the outer zone, and the FAZ is enlarged."),
    ("diagnosis.2", "Three patches of non-perfusion \u2013 one superonasally \u2013 are seen."),
    ("diagnosis.3", "It is strongest in the superior nasal quadrant."),
    ("diagnosis.3", "It is strongest from 12 to 2 o'clock."),
    ("faz.1", "The FAZ is enlarged."),
    ("faz.1", "It's larger than usual, i.e. the FAZ is enlarged."),
    ("faz.3", "Non-perfusion is seen at 7 o'clock in the parafoveal zone."),
    ("faz.3", "There is non-perfusion, and no neovascular tuft."),
    ("perfusion.TR", "There is non-perfusion."),
    ("perfusion.TR", "Non-perfusion is seen from 1 to 2 o'clock in the outer zone."),
    ("perfusion.TL", "No non-perfusion is seen."),
    ("vessels.BL", "They are tortuous."),
    ("vessels.BL", "The vessels wind at 8 o'clock, and no tuft is seen."),
    ("density.1", "No, the superior half has fewer vessels than the inferior half."),
    ("density.2", "There are more vessels in the temporal half than in the nasal half."),
    ("clock.1", "There is non-perfusion, and a microaneurysm-like dilation."),
    ("why-not.1", "It is not PDR, because no neovascular tuft is seen."),
    ("certainty.1", "The stage is likely. In this image, PDR cannot be ruled out."),
    ("certainty.1", "NPDR is very likely. PDR is possible."),
    ("why-not.1", "PDR is possible, but no neovascular tuft is seen."),
    ("certainty.1", "The stage is likely, although PDR remains possible."),
    ("certainty.1", "NPDR is very likely, but PDR may be there."),
    ("vessels.TL", "They follow a straight course, and their calibre is even."),
    ("faz.2", "The FAZ has a regular outline."),
    ("faz.2", "This cannot be judged in this image."),
    ("faz.4", "Yes, the FAZ is larger than usual."),
    ("faz.4", "Yes: its outline is regular, but it is enlarged."),
    ("perfusion.2", "The loss of capillaries is focal, at 7 o'clock and from 1 to 2 o'clock."),
    ("perfusion.2", "Capillaries are lost in three places."),
    ("vessels.TL", "The vessels are neither tortuous nor irregular in calibre."),
    ("diagnosis.4", "Yes, several abnormalities lie beyond the usual range."),
    (
        "diagnosis.2",
        "There is non-perfusion in the superior nasal quadrant, and no sparse network.",
    ),
    ("diagnosis.2", "Tortuous vessels are seen inferiorly, from 7 to 9 o'clock."),
    ("stage", "This is NPDR. An early-branching vessel is tortuous."),
]


@pytest.mark.parametrize(("slot", "answer"), ACCEPTED)
def test_accepted(slot: str, answer: str) -> None:
    assert codes(slot, answer) == []


REFUSED = [
    # another stage, or none
    ("stage", "This image shows PDR.", "stage"),
    ("stage", "This image shows a healthy eye.", "stage"),
    ("stage", "This image shows NPDR and PDR.", "stage"),
    ("stage", "This is not NPDR.", "stage"),
    ("stage", "The FAZ is enlarged.", "stage"),
    ("stage", "This may be NPDR.", "stage"),
    ("stage", "NPDR is unlikely.", "stage"),
    ("faz.1", "The FAZ is enlarged, as in PDR. It is PDR.", "stage"),
    ("why-not.1", "It is PDR, because tufts are missing.", "stage"),
    # findings that are not there, or not where they are said to be
    ("faz.1", "The FAZ has a normal size.", "claim"),
    ("diagnosis.2", "A neovascular tuft is seen.", "claim"),
    ("diagnosis.2", "A neovascular tuft is perhaps seen at 2 o'clock.", "claim"),
    ("diagnosis.2", "There is no non-perfusion.", "claim"),
    ("diagnosis.2", "IRMA is seen at 2 o'clock.", "claim"),
    ("diagnosis.2", "No abnormality is seen.", "claim"),
    ("diagnosis.2", "Non-perfusion is seen at 10 o'clock.", "region"),
    ("diagnosis.2", "Tortuous vessels are seen superiorly.", "region"),
    ("diagnosis.3", "It is strongest at 10 o'clock.", "region"),
    ("faz.3", "Tortuous vessels are seen there.", "region"),
    ("perfusion.TL", "There is non-perfusion.", "region"),
    ("perfusion.TR", "No non-perfusion is seen.", "claim"),
    ("vessels.BL", "They look as usual, and no tortuous vessel is seen.", "claim"),
    ("clock.1", "No abnormality is seen.", "claim"),
    # true, but of another place
    ("perfusion.TR", "Non-perfusion is seen at 7 o'clock.", "place"),
    ("clock.1", "Tortuous vessels are seen at 8 o'clock.", "place"),
    # sides
    ("diagnosis.1", "This left eye shows NPDR.", "laterality"),
    ("diagnosis.1", "Both eyes show NPDR.", "laterality"),
    # halves
    ("density.1", "No, the inferior half has fewer vessels than the superior half.", "density"),
    ("density.2", "No, there are fewer vessels in the temporal half than in the nasal.", "density"),
    ("density.2", "The nasal half is denser than the temporal half.", "density"),
    ("density.1", "Yes, the superior and inferior halves are equally dense.", "density"),
    # words and numbers
    ("faz.1", "The overlay shows that the FAZ is enlarged.", "banned"),
    ("faz.1", "By the table the FAZ is enlarged.", "banned"),
    ("faz.1", "The FAZ is enlarged, which the model used.", "banned"),
    ("faz.1", "The FAZ is enlarged according to the data.", "banned"),
    ("faz.1", "The orange FAZ is enlarged.", "banned"),
    ("faz.1", "The FAZ is enlarged with high probability.", "banned"),
    ("faz.1", "The FAZ is enlarged to 0.42 mm2.", "number"),
    ("faz.1", "The FAZ is enlarged, by 12 vessels.", "number"),
    ("diagnosis.2", "At 2 o'clock, 3 patches of non-perfusion are seen.", "number"),
    ("faz.1", "The FAZ is enlarged; laser is advised.", "treatment"),
    ("faz.1", "The FAZ is enlarged and should be examined soon.", "treatment"),
    ("faz.1", "The FAZ is enlarged, so see an ophthalmologist.", "treatment"),
    ("faz.1", "The FAZ is enlarged; control blood sugar.", "treatment"),
    # refusals
    ("faz.1", "I'm sorry, I cannot assess the FAZ.", "refusal"),
    ("faz.1", "As an AI, this is hard to say, the FAZ is enlarged.", "refusal"),
    ("faz.1", "We are unable to provide that, and this is no medical advice.", "refusal"),
    ("faz.1", "No image was provided to say how large it is.", "refusal"),
    # identifiers
    ("faz.1", "The FAZ is enlarged, says a.smith@clinic.example.", "identifier"),
    ("faz.1", "The FAZ is enlarged, see https://clinic.example/case.", "identifier"),
    ("faz.1", "The FAZ in scan_17.png is enlarged.", "identifier"),
    ("faz.1", "The FAZ in eye.tif is enlarged.", "identifier"),
    ("faz.1", "The FAZ in /data/eyes is enlarged.", "identifier"),
    ("faz.1", "The FAZ in C:\\eyes is enlarged.", "identifier"),
    ("faz.1", "The FAZ was enlarged on 2021-03-04.", "identifier"),
    ("faz.1", "The FAZ was enlarged on 4 March.", "identifier"),
    ("faz.1", "The FAZ was enlarged in September.", "identifier"),
    ("faz.1", "The FAZ of Mr. Smith is enlarged.", "identifier"),
    ("faz.1", "The FAZ is enlarged, MRN given.", "identifier"),
    ("faz.1", "The FAZ of the patient, 65 years old, is enlarged.", "identifier"),
    ("faz.1", "The FAZ of DR0042 is enlarged.", "identifier"),
    ("faz.1", "The FAZ of subject 10023 is enlarged.", "identifier"),
    ("faz.1", "The FAZ of 3fa85f64 is enlarged.", "identifier"),
    # form
    ("faz.1", "The FAZ is enlarged", "form"),
    ("faz.1", "the FAZ is enlarged.", "form"),
    ("faz.1", " The FAZ is enlarged.", "form"),
    ("faz.1", "The FAZ is enlarged. Is it?", "form"),
    ("faz.1", "Enlarged.", "length"),
    ("faz.1", "The FAZ is enlarged, " + "and it is so " * 60 + ".", "length"),
    ("faz.1", "The FAZ is **enlarged**.", "markup"),
    ("faz.1", "The FAZ is <b>enlarged</b>.", "markup"),
    ("faz.1", "<image> The FAZ is enlarged.", "markup"),
    ("faz.1", "The FAZ is enlarged.<|im_end|>", "markup"),
    ("faz.1", "[INST] The FAZ is enlarged.", "markup"),
    ("faz.1", "The FAZ is {{ size }}.", "markup"),
    ("faz.1", "Answer: The FAZ is enlarged.", "markup"),
    ("faz.1", "The FAZ is\nenlarged.", "text"),
    ("faz.1", "The FAZ is\tenlarged.", "text"),
    ("faz.1", "The FAZ is enlarged\u200b.", "text"),
    ("faz.1", "The FAZ is enlarged \u202etxet.", "text"),
    ("faz.1", "The FAZ is enlarged \U0001f600.", "text"),
    ("faz.1", "FAZ \u0443\u0432\u0435\u043b\u0438\u0447\u0435\u043d\u0430.", "text"),
    ("faz.1", "Es wirkt alles vergr\u00f6\u00dfert.", "text"),
    ("faz.1", "La zone avasculaire est agrandie.", "text"),
    ("faz.1", "Enlarged enlarged enlarged enlarged it is.", "text"),
    ("faz.1", "The xqzkwvjjfhhgqpwoeirutyalskdjfhgzmxncbv is.", "text"),
    ("faz.1", "It is - - - - - - - - - - - - - - - - - - - - - - - .", "text"),
]


@pytest.mark.parametrize(("slot", "answer", "code"), REFUSED)
def test_refused(slot: str, answer: str, code: str) -> None:
    assert code in codes(slot, answer)


QUESTIONED = [
    ("faz.1", "How large is the FAZ", "form"),
    ("faz.1", "The FAZ is here. How large is it?", "form"),
    ("faz.1", "How large is the FAZ? Is it round?", "form"),
    ("faz.1", "Large?", "length"),
    ("faz.1", "How large is the FAZ in the overlay?", "banned"),
    ("faz.1", "How large is the FAZ of scan_3.png?", "identifier"),
    ("faz.1", "How large is the FAZ of this left eye?", "laterality"),
    ("faz.1", "How large is the FAZ in this PDR?", "stage"),
    ("faz.1", "<image> How large is the FAZ?", "markup"),
    ("diagnosis.1", "Is this NPDR?", "stage"),
    ("stage", "Is this eye healthy?", "stage"),
    ("perfusion.TR", "How is the perfusion of the superior temporal quadrant?", "place"),
    ("perfusion.TR", "How is the perfusion of the superior half?", "place"),
    ("perfusion.TR", "How is the perfusion there?", "place"),
    ("clock.1", "What is seen there?", "place"),
    ("clock.1", "What is seen from 1 to 3 o'clock?", "place"),
    ("clock.1", "What is seen at the fovea?", "place"),
]
TRUE = {
    "faz.1": "The FAZ is enlarged.",
    "diagnosis.1": "This is NPDR.",
    "stage": "This is NPDR.",
    "perfusion.TR": "Non-perfusion is seen at 2 o'clock.",
    "clock.1": "Non-perfusion is seen at 1 o'clock.",
}


@pytest.mark.parametrize(("slot", "question", "code"), QUESTIONED)
def test_refused_questions(slot: str, question: str, code: str) -> None:
    assert codes(slot, TRUE[slot]) == []
    assert code in codes(slot, TRUE[slot], question)


@pytest.mark.parametrize(
    ("slot", "question"),
    [
        ("stage", "Is this eye healthy, or is it NPDR or PDR?"),
        ("faz.1", "How large is the FAZ in this case of NPDR?"),
        ("faz.1", "How large is the FAZ of this right eye?"),
        ("clock.1", "What is seen at 1 o'clock?"),
        ("perfusion.TR", "How is the perfusion superonasally?"),
        ("perfusion.TR", "How is the perfusion of the upper right quadrant?"),
    ],
)
def test_accepted_questions(slot: str, question: str) -> None:
    assert codes(slot, TRUE[slot], question) == []


def test_an_unknown_eye_has_no_nasal_side() -> None:
    right = "Non-perfusion is seen in the upper right quadrant."
    assert codes("diagnosis.2", right, case=UNKNOWN) == []
    nasal = "Non-perfusion is seen in the superior nasal quadrant."
    assert codes("diagnosis.2", nasal) == []
    assert codes("diagnosis.2", nasal, case=UNKNOWN)[0] == "laterality"
    halves = "The temporal half has fewer vessels than the nasal half."
    assert codes("density.2", halves, case=UNKNOWN)[0] == "laterality"
    assert "laterality" in codes("faz.1", "The FAZ of this right eye is enlarged.", case=UNKNOWN)


def test_a_healthy_eye_is_healthy() -> None:
    assert codes("stage", "This is a healthy eye.", case=HEALTHY) == []
    assert codes("stage", "No abnormality is seen, the eye is healthy.", case=HEALTHY) == []
    assert codes("stage", "This is NPDR.", case=HEALTHY) == ["stage"]
    assert "claim" in codes("stage", "A healthy eye, but dropout is seen.", case=HEALTHY)


def test_facts_decide() -> None:
    """What a table does not show is kept where the lesions have it, and the other way round."""
    tuft = "A neovascular tuft is seen at 5 o'clock in the outer zone."
    dropout = "Non-perfusion is seen at 2 o'clock in the outer zone."
    assert codes("diagnosis.2", tuft) == ["claim"]
    assert codes("diagnosis.2", dropout) == []
    truth = Facts.of_truth(
        eye="OD",
        stage=None,
        cells={"neovascular tuft": {(5, "outer")}, "non-perfusion": {(9, "outer")}},
    )
    case = dataclasses.replace(CASE, truth=truth)
    assert codes("diagnosis.2", tuft, case=case) == []
    assert codes("diagnosis.2", dropout, case=case) == ["region"]
    assert codes("diagnosis.2", "Non-perfusion is seen at 9 o'clock.", case=case) == []
    # Of tortuous vessels the lesions know nothing, so that the findings decide.
    assert codes("diagnosis.2", "Tortuous vessels are seen at 8 o'clock.", case=case) == []
    nothing = dataclasses.replace(case, findings=())
    assert codes("diagnosis.2", "Tortuous vessels are seen.", case=nothing) == ["claim"]
    assert codes("diagnosis.1", "This is PDR.", case=case) == ["stage"]


def test_the_names_of_the_image_are_refused() -> None:
    info = ImageInfo(
        id="eye-7", eye="OD", rows=1216, cols=1216, mm_per_px=3 / 1216, fov_mm=3.0,
        sha256="abcdefab" * 8,
    )  # fmt: skip
    case = teaching_case(table=table(image=info), image_id="x1")
    for name in ("x1", "X1", "eye-7", "abcdefab", "abcdefababcdefab", case.key):
        answer = f"The FAZ of {name} is enlarged."
        assert codes("faz.1", answer, case=case) == ["identifier"], name
        assert codes("faz.1", "The FAZ is enlarged.", f"How large is {name} here?", case) == [
            "identifier"
        ]
    assert codes("faz.1", "The FAZ of eye-8 is enlarged.", case=case) == ["number", "unread"]


def test_an_image_that_is_called_like_a_word_bans_no_word() -> None:
    assert codes("faz.1", "The FAZ is a large one.", case=teaching_case(image_id="large")) == []


def test_what_identifies_is_not_repeated() -> None:
    answer = "The FAZ of Mr. Smith (a.smith@clinic.example, MRN) shows a tuft."
    problems = check_pair(CASE, Pair(slot="faz.1", question=QUESTIONS["faz.1"], answer=answer))
    assert {one.code for one in problems} == {"identifier"}
    assert not any("mith" in one.reason for one in problems)


def test_reasons_quote_little() -> None:
    answer = "A neovascular tuft is seen " + "and it is so " * 40 + "."
    problems = check_pair(CASE, Pair(slot="faz.1", question=QUESTIONS["faz.1"], answer=answer))
    assert max(len(one.reason) for one in problems) < 220


def test_a_slot_must_exist() -> None:
    assert codes("faz.9", "The FAZ is enlarged.", "How large is the FAZ?") == ["slot"]


def test_codes_are_explained() -> None:
    used = {code for *_, code in (*REFUSED, *QUESTIONED)} | {"slot", "duplicate", "reply", "slots"}
    # What these are said of stands in other files.
    used |= {"unread", "hedge", "unseen"}
    assert used == set(CODES)


def test_what_is_refused() -> None:
    pair = Pair(slot="stage", question="What?", answer="This.")
    with pytest.raises(ArgumentTypeError, match="case must be a TeachingCase"):
        check_pair(None, pair)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="pair must be a Pair"):
        check_pair(CASE, ("stage", "What?", "This."))  # type: ignore[arg-type]
