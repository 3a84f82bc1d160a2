# SPDX-License-Identifier: Apache-2.0
"""Whether a question and its answer may teach: form, words, and facts."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator

from gftcore._validation import describe
from gftcore.claims import CheckedClaim, Claim, Facts, check_claims, text_claims, text_places
from gftcore.claims.places import CLOCK, HOURS, Cell
from gftcore.errors import ArgumentTypeError
from gftcore.findings.vocabulary import FAZ_FINDINGS
from gftcore.teacher.cases import LABELS, TeachingCase
from gftcore.teacher.densities import wrong_comparisons
from gftcore.teacher.pairs import SLOTS, Pair, Problem
from gftcore.teacher.plain import form_problems, quoted, size_problems
from gftcore.teacher.words import IDENTIFIERS, REFUSALS, advice, machinery

__all__ = ["CODES", "check_pair"]

#: All that can be wrong, in the order in which it is looked for.
CODES = {
    "reply": "the reply is no JSON of the form that was asked for",
    "slots": "the reply does not have each slot once",
    "slot": "there is no such slot",
    "identifier": "something may identify a person, a file, a place or a machine",
    "length": "too short or too long",
    "form": "the question is no question, or the answer no sentences",
    "markup": "markup, tokens of a model, or turns of a conversation",
    "text": "not plain English",
    "refusal": "the teacher refuses, or speaks of itself",
    "banned": "words of what lies behind the image",
    "number": "a number that is no clock hour",
    "treatment": "advice on treatment",
    "stage": "another stage than the label, or none where it was asked for",
    "laterality": "the other eye, or sides that an unknown eye does not have",
    "place": "the question or the answer is about another place than the slot",
    "region": "the finding is there, but not in that place",
    "claim": "the facts contradict a claim, or do not support it",
    "density": "the wrong half is called denser",
    "duplicate": "the question, or the answer, stands elsewhere in the lesson",
}
#: Answers that have to name the stage, to questions that must not.
_STAGING = ("stage", "diagnosis.1")
#: Questions that may name other stages.
_OTHERS = ("why-not", "certainty")
_QUADRANT_WORDS = {"TL": "up left", "TR": "up right", "BL": "down left", "BR": "down right"}
_NEAR = frozenset({(None, "foveal"), *((hour, "parafoveal") for hour in range(1, 13))})
# Of a model; markup, but nobody's name.
_TOKEN = re.compile(r"<\|[a-z_]+\|>")
_SIDES = re.compile(r"\b\w*(?:nasal|temporal)\w*\b", re.IGNORECASE)


def check_pair(case: TeachingCase, pair: Pair) -> tuple[Problem, ...]:
    """Return what is wrong with a question and its answer; nothing if the pair may be used.

    Parameters
    ----------
    case
        The image that it is about. Claims are checked against its ``facts``, with its label as
        stage; what is claimed without a place, in the place that the question is about.
    pair
        The pair.

    Returns
    -------
    tuple of Problem
        Codes are of `CODES`. Where a text is too long or something may identify, this is all that
        is said, without a quotation.
    """
    if not isinstance(case, TeachingCase):
        raise ArgumentTypeError(f"case must be a TeachingCase, got {describe(case)}")
    if not isinstance(pair, Pair):
        raise ArgumentTypeError(f"pair must be a Pair, got {describe(pair)}")
    if pair.slot not in (slot for slots in SLOTS.values() for slot in slots):
        return (Problem("slot", "there is no such slot"),)
    if too_long := tuple(size_problems(pair)):
        return too_long  # nobody reads on: what takes long on long texts stays short
    hidden = tuple(dict.fromkeys(_identifiers(case, pair)))
    if hidden:
        return hidden
    problems = (*form_problems(pair), *_words(pair), *_facts(case, pair))
    return tuple(dict.fromkeys(problems))


def _identifiers(case: TeachingCase, pair: Pair) -> Iterator[Problem]:
    own = {case.image_id, case.table.image.id}
    # A word without digits may be any word of a sentence.
    names = [name for name in own if re.search(r"[\d_]", name)]
    digests = (case.table.image.sha256, case.table.model.sha256, case.table.model.config_hash)
    for text in (pair.question, pair.answer):
        plain = _TOKEN.sub(" ", CLOCK.sub("", text))
        for kind, pattern in IDENTIFIERS.items():
            if pattern.search(plain):
                yield Problem("identifier", f"there must not be {kind} in it")
        if any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", plain, re.I) for name in names):
            yield Problem("identifier", "there must not be the name of the image in it")
        parts = [word.lower() for word in re.findall(r"\w{8,}", plain)]
        if any(one.lower().startswith(word) for one in (*digests, case.key) for word in parts):
            yield Problem("identifier", "there must not be a digest in it")


def _words(pair: Pair) -> Iterator[Problem]:
    for name, text in (("question", pair.question), ("answer", pair.answer)):
        if REFUSALS.search(text):
            yield Problem("refusal", f"the {name} must not refuse or speak of its writer")
        if found := machinery(text):
            yield Problem("banned", f"the {name} must not say {quoted(', '.join(found))}")
        if re.search(r"\d", CLOCK.sub("", text)):
            yield Problem("number", f"the {name} must have no numbers but clock hours")
        if found := advice(text):
            yield Problem("treatment", f"the {name} must not advise: {quoted(', '.join(found))}")


def _facts(case: TeachingCase, pair: Pair) -> Iterator[Problem]:
    facts = dataclasses.replace(case.facts, stage=case.label)
    claims = _claims(pair.answer, case.eye)
    place = _place_of(pair, case.eye)
    if place is not None:
        claims = tuple(_placed(claim, place) for claim in claims)
    checked = check_claims(claims, facts)
    yield from _stages(case, pair, checked)
    yield from _sides(case, pair, checked, facts)
    yield from _places(case, pair, place)
    for one in checked:
        if one.claim.kind == "finding" and one.verdict != "supported":
            yield _refuted(one, facts)
    if pair.slot == "diagnosis.3":
        yield from _evidence_places(case, pair)
    if pair.slot.startswith("density"):
        for sentence in wrong_comparisons(pair.answer, case.table):
            yield Problem("density", f"it is not so that {quoted(sentence)}")


def _place_of(pair: Pair, eye: str) -> frozenset[Cell] | None:
    """Return the cells that a slot is about; None for those about the whole image."""
    kind, _, which = pair.slot.partition(".")
    if which in _QUADRANT_WORDS:
        hours = HOURS[_QUADRANT_WORDS[which]]
        return frozenset((hour, zone) for hour in hours for zone in ("parafoveal", "outer"))
    if kind == "clock":
        return frozenset().union(*text_places(pair.question, eye=eye))
    return _NEAR if pair.slot == "faz.3" else None


def _placed(claim: Claim, place: frozenset[Cell]) -> Claim:
    if claim.kind != "finding" or claim.cells is not None or claim.value in FAZ_FINDINGS:
        return claim
    return dataclasses.replace(claim, cells=place)


def _stages(case: TeachingCase, pair: Pair, checked: tuple[CheckedClaim, ...]) -> Iterator[Problem]:
    said = [one for one in checked if one.claim.kind == "stage"]
    for one in said:
        claim = one.claim
        hedged = claim.hedged and not claim.negated and claim.value != case.label
        if one.verdict != "supported" and not hedged:
            yield Problem("stage", f"the stage is {case.label}, unlike {quoted(claim.text)}")
    sure = [one.claim for one in said if not one.claim.negated and not one.claim.hedged]
    if pair.slot in _STAGING and case.label not in [claim.value for claim in sure]:
        yield Problem("stage", f"the answer must state the stage, {case.label}")
    asked = {one.value for one in _asserted(pair.question, case.eye) if one.kind == "stage"}
    if asked.issuperset(LABELS) or asked <= {"DR"}:
        return
    if pair.slot in _STAGING:
        yield Problem("stage", "the question must not name a stage, or all of them")
    elif not pair.slot.startswith(_OTHERS) and not asked <= {case.label, "DR"}:
        yield Problem("stage", f"the question must not name another stage than {case.label}")


def _asserted(question: str, eye: str) -> tuple[Claim, ...]:
    """Return what a question would claim if it were none."""
    return _claims(question.replace("?", "."), eye)


@functools.lru_cache(maxsize=4096)  # images share questions, and what is not there
def _claims(text: str, eye: str) -> tuple[Claim, ...]:
    return text_claims(text, eye=eye)


def _sides(
    case: TeachingCase, pair: Pair, checked: tuple[CheckedClaim, ...], facts: Facts
) -> Iterator[Problem]:
    asked = [one for one in _asserted(pair.question, case.eye) if one.kind == "laterality"]
    about = check_claims(asked, facts)
    for one in (*about, *checked):
        if one.claim.kind == "laterality" and one.verdict != "supported":
            yield Problem("laterality", f"this is not the eye of {quoted(one.claim.text)}")
    for name, text in (("question", pair.question), ("answer", pair.answer)):
        if case.eye == "unknown" and (found := _SIDES.search(text)):
            word = quoted(found.group())
            yield Problem("laterality", f"the {name} must not say {word}: the eye may be either")


def _places(case: TeachingCase, pair: Pair, place: frozenset[Cell] | None) -> Iterator[Problem]:
    """Question and answer stay where the slot is."""
    if place is None:
        return
    asked = frozenset().union(*text_places(pair.question, eye=case.eye))
    hours = {hour for hour, _ in asked}
    if pair.slot.startswith("clock") and (len(hours) != 1 or None in hours):
        yield Problem("place", "the question must name one clock hour")
    elif pair.slot != "faz.3" and not (asked and asked <= place):
        yield Problem("place", "the question must name the quadrant of its slot and no other place")
    if not all(_lies_in(cells, place) for cells in text_places(pair.answer, eye=case.eye)):
        yield Problem("place", f"another place was asked about than {quoted(pair.answer)}")


def _lies_in(cells: frozenset[Cell], place: frozenset[Cell]) -> bool:
    """Whether most of some cells lie in a place: quadrants share the hours between them.

    A zone all around names no direction.
    """
    return 2 * len(cells & place) >= len(cells) > 0 or len({hour for hour, _ in cells}) >= 12


def _refuted(one: CheckedClaim, facts: Facts) -> Problem:
    claim = one.claim
    elsewhere = not claim.negated and claim.cells is not None and facts.named(claim.value)
    if elsewhere:
        return Problem("region", f"the {claim.value} is not in that place: {quoted(claim.text)}")
    return Problem("claim", f"{one.verdict} by what is known: {quoted(claim.text)}")


def _evidence_places(case: TeachingCase, pair: Pair) -> Iterator[Problem]:
    """Evidence lies where a finding is, or what decided."""
    known = {tuple(cell) for one in case.facts.abnormal for cell in one.cells}
    known |= {(row.clock_hour, row.zone) for row in case.table.nodes}
    for cells in text_places(pair.answer, eye=case.eye):
        if not cells & known:
            yield Problem("region", f"there is no evidence in the place of {quoted(pair.answer)}")
            return
