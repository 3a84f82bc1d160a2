# SPDX-License-Identifier: Apache-2.0
"""Whether a question and its answer may teach: form, words, and facts."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator

from gftcore._validation import describe
from gftcore.claims import (
    CheckedClaim,
    Claim,
    Facts,
    asked_cells,
    check_claims,
    placed,
    text_claims,
    text_places,
)
from gftcore.claims.places import CLOCK, Cell
from gftcore.errors import ArgumentTypeError
from gftcore.teacher.cases import LABELS, TeachingCase
from gftcore.teacher.densities import wrong_comparisons
from gftcore.teacher.pairs import SLOTS, Pair, Problem
from gftcore.teacher.plain import form_problems, quoted, size_problems
from gftcore.teacher.reading import open_stages, reads, too_wide, wrong_extent
from gftcore.teacher.words import (
    DISEASES,
    HEDGES,
    IDENTIFIERS,
    NUMBERS,
    REFUSALS,
    advice,
    graded_stages,
    machinery,
    names,
)

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
    "unread": "the answer claims nothing, in words that are known, of what was asked",
    "hedge": "a word after which nothing is claimed, such as often, usually or if",
    "density": "the wrong half is called denser",
    "duplicate": "the question, or the answer, stands elsewhere in the lesson",
    "unseen": "nothing of the lesions was found, so that by rule nothing can be said of the stage",
}
#: Answers that have to name the stage, to questions that must not.
_STAGING = ("stage", "diagnosis.1")
#: Questions that may name other stages.
_OTHERS = ("why-not", "certainty")
# Of a model; markup, but nobody's name.
_TOKEN = re.compile(r"<\|[a-z_]+\|>")
_OPEN_TO = re.compile(
    r"(?:can ?not|can't|could not) be (?:fully |safely )?(?:excluded|ruled out)", re.IGNORECASE
)
_LIKELY = re.compile(r"\b(?:probabl[ey]|likely|very|most|suggest\w*|suspect\w*)\b", re.IGNORECASE)
_CLAUSE = re.compile(r"[,;:]|\b(?:although|though|but|while|whereas|and)\b", re.IGNORECASE)
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
    called = [name for name in own if re.search(r"[\d_]", name)]
    digests = (case.table.image.sha256, case.table.model.sha256, case.table.model.config_hash)
    for text in (pair.question, pair.answer):
        plain = _TOKEN.sub(" ", CLOCK.sub("", text))
        for kind, pattern in IDENTIFIERS.items():
            if pattern.search(plain):
                yield Problem("identifier", f"there must not be {kind} in it")
        if names(plain):
            yield Problem("identifier", "there must not be a name, nor capitals inside a sentence")
        if any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", plain, re.I) for name in called):
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
        if found_number := NUMBERS.search(CLOCK.sub("", text)):
            word = quoted(found_number.group())
            yield Problem("number", f"the {name} must give no numbers in words: {word}")
        if found_disease := DISEASES.search(text):
            word = quoted(found_disease.group())
            yield Problem("claim", f"the {name} must name no other disease or sign: {word}")
        if found := graded_stages(text):
            word = quoted(", ".join(found))
            yield Problem("stage", f"the {name} must not grade a stage: {word}")
        if found := advice(text):
            yield Problem("treatment", f"the {name} must not advise: {quoted(', '.join(found))}")
    if hedge := HEDGES.search(pair.answer):
        yield Problem("hedge", f"the answer must not say {quoted(hedge.group())}: say what is seen")


def _facts(case: TeachingCase, pair: Pair) -> Iterator[Problem]:
    facts = dataclasses.replace(case.facts, stage=case.label)
    # What nobody can rule out is said to be possible.
    said = _claims(_OPEN_TO.sub("may be there", pair.answer), case.eye)
    claims = said
    place = asked_cells(pair.slot, pair.question, eye=case.eye)
    if place is not None:
        claims = tuple(placed(claim, place) for claim in claims)
    checked = check_claims(claims, facts)
    yield from _stages(case, pair, checked)
    yield from _sides(case, pair, checked, facts)
    yield from _places(case, pair, place)
    for one in checked:
        if one.claim.kind == "finding" and one.verdict != "supported":
            yield _refuted(one, facts)
    for claim in said:
        if too_wide(claim, facts):
            yield Problem("region", f"that is not in most of the place of {quoted(claim.text)}")
    if not reads(pair.slot, pair.answer, said, case.table):
        yield Problem("unread", f"no finding that was asked for is read in {quoted(pair.answer)}")
    if pair.slot == "perfusion.2" and (word := wrong_extent(pair.answer, facts)):
        yield Problem("claim", f"the loss of capillaries is not {word}")
    if pair.slot == "diagnosis.3":
        yield from _evidence_places(case, pair)
    if pair.slot.startswith("density"):
        for sentence in wrong_comparisons(pair.answer, case.table):
            yield Problem("density", f"it is not so that {quoted(sentence)}")


def _stages(case: TeachingCase, pair: Pair, checked: tuple[CheckedClaim, ...]) -> Iterator[Problem]:
    said = [one for one in checked if one.claim.kind == "stage"]
    for one in said:
        claim = one.claim
        hedged = _may_be(case, pair, claim)
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


def _may_be(case: TeachingCase, pair: Pair, claim: Claim) -> bool:
    """Whether another stage may be called possible."""
    return (
        claim.hedged
        and not claim.negated
        and pair.slot.startswith(_OTHERS)
        and claim.value in open_stages(case.table) - {case.label}
        and not any(
            _LIKELY.search(clause)
            for clause in _CLAUSE.split(claim.text)
            if any(one.value == claim.value for one in _claims(clause, case.eye))
        )
    )


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
