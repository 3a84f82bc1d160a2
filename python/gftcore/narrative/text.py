# SPDX-License-Identifier: Apache-2.0
"""A table and its findings in words. Deterministic: equal inputs give equal texts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gftcore._validation import describe, require_int, require_iterator
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.findings.vocabulary import (
    FAZ_FINDINGS,
    LOCATED_FINDINGS,
    NO_ABNORMALITY,
    Finding,
)
from gftcore.narrative.phrases import (
    FEATURE_WORDS,
    certainty,
    join,
    join_regions,
    place_words,
    stage_name,
    subject,
    things,
    verb,
)
from gftcore.tabulation.table import EdgeRow, NodeRow, Table

__all__ = ["QuestionAnswer", "Sentence", "answer_stage", "write_text"]

Ref = tuple[str, int]

_TYPE_WORDS = {
    "vessel": ("a vessel segment", "vessel segments"),
    "ica": ("an area between capillaries", "areas between capillaries"),
    "faz": ("the FAZ", "the FAZ"),
}
_ENDS = {
    "vv": "two vessel segments",
    "ii": "two areas between capillaries",
    "vi": "a vessel segment and an area between capillaries",
    "vf": "a vessel segment and the FAZ",
    "if": "an area between capillaries and the FAZ",
}
#: Of all contributions, up to which estimated error they count as well or as roughly known.
_EXACT, _ROUGH = 0.02, 0.1
#: Other stages are named from this probability on.
_OPEN = 0.1


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, and what it rests on.

    Attributes
    ----------
    text
        With its full stop.
    evidence
        Structures as type of node (``vessel``, ``ica``, ``faz``) or relation of edge (``vv``,
        ``ii``, ``vi``, ``vf``, ``if``, ``ff``) and its number in the graph, best first. Empty for
        what rests on the whole image, or says that there is nothing.
    """

    text: str
    evidence: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAnswer:
    """A question about one image and its answer.

    Attributes
    ----------
    slot
        Which place of the plan it fills, such as ``perfusion.TL``.
    question
        One sentence.
    sentences
        The answer.
    about
        What the question names besides what its slot says: a quadrant, two halves, a place, another
        stage. Empty where the slot says all.
    """

    slot: str
    question: str
    sentences: tuple[Sentence, ...]
    about: str = ""

    @property
    def answer(self) -> str:
        """All sentences of the answer as one text."""
        return " ".join(one.text for one in self.sentences)


@dataclass(frozen=True, slots=True)
class Case:
    """What is written about: a checked table and findings, the stage that the text gives, how."""

    table: Table
    findings: tuple[Finding, ...]
    stage: str
    wording: int | None = None

    @staticmethod
    def checked(
        table: Table,
        findings: Iterable[Finding],
        stage: str | None,
        wording: int | None = None,
    ) -> Case:
        """Refuse what cannot be written about."""
        if not isinstance(table, Table):
            raise ArgumentTypeError(f"table must be a Table, got {describe(table)}")
        given = tuple(require_iterator(findings, "findings", "a sequence of Findings"))
        for one in given:
            if not isinstance(one, Finding):
                raise ArgumentTypeError(f"findings must hold Findings, got {describe(one)}")
        told = table.prediction if stage is None else stage
        if told not in table.probabilities:
            raise ArgumentError(
                f"stage must be one of {', '.join(table.probabilities)}, got {told!r:.80}"
            )
        if wording is not None:
            wording = require_int(wording, "wording", 0, 2**64 - 1)
        return Case(table, given, told, wording)

    @property
    def located(self) -> tuple[Finding, ...]:
        """Findings with places."""
        return tuple(one for one in self.findings if one.name in LOCATED_FINDINGS)

    @property
    def assessed(self) -> bool:
        """Whether findings were looked for; there is at least ``no abnormality`` then."""
        return bool(self.findings)

    def named(self, *names: str) -> tuple[Finding, ...]:
        """Findings of some names."""
        return tuple(one for one in self.findings if one.name in names)

    def vary(self, number: int, options: Sequence[str]) -> str:
        """Choose one of several wordings, by what the table says and never by its places."""
        if self.wording is not None:
            return options[self.drawn(number, options[0]) % len(options)]
        seed = sum(row.id for row in self.table.nodes) + len(self.findings)
        return options[(seed + number) % len(options)]

    def reword(self, *options: str) -> str:
        """Choose one of several wordings by ``wording`` alone; the first where there is none."""
        return options[0] if self.wording is None else options[self.drawn(*options) % len(options)]

    def drawn(self, *key: object) -> int:
        """Return a number that depends on ``wording`` and a key, and on nothing that is seen."""
        text = repr((self.wording, *key)).encode()
        return int.from_bytes(hashlib.sha256(text).digest()[:8], "big")

    def strongest(self, count: int = 5) -> tuple[Ref, ...]:
        """The structures that contributed most."""
        return tuple((row.type, row.id) for row in self.table.nodes[:count])


def write_text(
    table: Table,
    findings: Iterable[Finding],
    *,
    stage: str | None = None,
    synthetic: bool = True,
) -> tuple[Sentence, ...]:
    """Turn a table and its findings into a short clinical text.

    Parameters
    ----------
    table
        What the network answered, and on what it leaned.
    findings
        From `find_findings`; empty where nothing could be looked for.
    stage
        Which stage the text gives; that of the network if None. Another one is for teaching cases
        whose label is known.
    synthetic
        Whether the network was trained on synthetic eyes, which the text then says.

    Returns
    -------
    tuple of Sentence
        Stage, findings by place, FAZ, what the network leaned on, how sure all this is, and what
        the text is not.
    """
    case = Case.checked(table, findings, stage)
    sentences = [stage_sentence(case)]
    sentences += finding_sentences(case)
    sentences += faz_sentences(case)
    sentences += _leaned(case)
    sentences += certainty_sentences(case)
    sentences.append(_notice(synthetic))
    return tuple(sentences)


def answer_stage(
    table: Table,
    findings: Iterable[Finding],
    *,
    stage: str | None = None,
    wording: int | None = None,
) -> QuestionAnswer:
    """Answer which stage an image shows, and by which findings.

    Parameters
    ----------
    table, findings, stage
        As for `write_text`.
    wording
        As for `answer_plan`.
    """
    case = Case.checked(table, findings, stage, wording)
    question = "Which stage of diabetic retinopathy does this OCT angiography image show?"
    shows = case.reword("This image shows {}.", "The image is that of {}.", "This is {}.")
    first = Sentence(shows.format(_with_article(case.stage)), case.strongest())
    names = [*dict.fromkeys(one.name for one in case.findings if one.name != NO_ABNORMALITY)]
    if names:
        parts = [_named_thing(name, case) for name in names]
        refs = tuple(dict.fromkeys(r for one in case.findings for r in one.evidence[:3]))
        second = Sentence(f"{_key_findings(case, len(parts) == 1)} {join(parts)}.", refs)
    elif case.assessed:
        none = ("No abnormality stands out beyond the usual range.",
                "No abnormality is seen beyond the usual range.")  # fmt: skip
        second = Sentence(case.reword(*none))
    else:
        second = Sentence("Findings could not be assessed in this image.")
    return QuestionAnswer(slot="stage", question=question, sentences=(first, second))


def _key_findings(case: Case, single: bool) -> str:
    if case.stage == "Healthy":
        return "Beyond the usual range it shows"
    if single:
        return case.reword("Its key finding is", "Its main finding is")
    return case.reword("Its key findings are", "Its main findings are")


def _with_article(stage: str) -> str:
    return "a healthy eye" if stage == "Healthy" else stage_name(stage)


def _named_thing(name: str, case: Case) -> str:
    if name in FAZ_FINDINGS:
        return "an enlarged FAZ" if name == FAZ_FINDINGS[0] else "an irregular FAZ"
    return things(case.named(name))


def stage_sentence(case: Case) -> Sentence:
    """Say which stage the network, or the label, gives."""
    name = stage_name(case.stage)
    if case.stage != case.table.prediction:
        return Sentence(f"This eye is {name}, which the network did not recognise.")
    words = certainty(case.table.probabilities[case.stage])
    held = f"holds this to be {words}" if words != "uncertain" else "is uncertain of it"
    told = case.vary(0, ("The network reads this eye as", "The network stages this eye as"))
    return Sentence(f"{told} {name} and {held}.", case.strongest())


def finding_sentences(case: Case) -> list[Sentence]:
    """Say each finding with its places, or that there is none."""
    if not case.assessed:
        return [Sentence("Findings could not be assessed in this image.")]
    if case.named(NO_ABNORMALITY):
        return [
            Sentence(
                "No abnormality stands out beyond the range of the training eyes without disease."
            )
        ]
    out = []
    seen: set[str] = set()
    for number, one in enumerate(case.located):
        again = one.name in seen
        seen.add(one.name)
        out.append(finding_sentence(case, one, number, again=again))
    return out


def finding_sentence(case: Case, finding: Finding, number: int, *, again: bool = False) -> Sentence:
    """Say one finding with its places."""
    thing = subject(finding)
    if again:
        one = thing.startswith("a ")
        thing = f"{'a ' * one}further {thing[2 * one :]}"
    seen = case.vary(number, ("seen", "found", "visible"))
    where = join_regions(finding.regions)
    cells = place_words(finding.cells)
    place = f"{where}, {cells}" if finding.regions != ("centre",) else cells
    text = f"{thing} {verb(finding)} {seen} {place}."
    return Sentence(text[0].upper() + text[1:], finding.evidence)


def faz_sentences(case: Case) -> list[Sentence]:
    """Say how large and how regular the FAZ is."""
    if case.table.faz is None:
        return [Sentence("No foveal avascular zone (FAZ) could be found.")]
    refs: tuple[Ref, ...] = (("faz", 0),)
    if not case.assessed:
        return []
    large, jagged = (bool(case.named(name)) for name in FAZ_FINDINGS)
    if large and jagged:
        return [Sentence("The FAZ is enlarged, and its outline is irregular.", refs)]
    if large:
        return [Sentence("The FAZ is enlarged; its outline is regular.", refs)]
    if jagged:
        return [Sentence("The FAZ has a usual size; its outline is irregular.", refs)]
    return [Sentence("The FAZ has a usual size and a regular outline.", refs)]


def _leaned(case: Case) -> Iterator[Sentence]:
    """Say which structures decided, by type and region."""
    rows = case.table.nodes
    if not rows:
        yield Sentence("No single structure spoke for this answer.")
        return
    groups: dict[tuple[str, str], list[NodeRow]] = {}
    for row in rows:
        groups.setdefault((row.type, row.region), []).append(row)
    # Sums may be equal; then the group of the better rank comes first.
    ordered = sorted(groups.values(), key=lambda g: (-sum(row.share for row in g), g[0].rank))[:2]
    parts = [f"on {_things(group)}" for group in ordered]
    told = case.vary(1, ("For this answer the network leaned most", "The network leaned mostly"))
    refs = tuple((row.type, row.id) for group in ordered for row in group)
    yield Sentence(f"{told} {join(parts)}.", refs)
    best = rows[0]
    words = _feature_words(best)
    if words:
        what = _TYPE_WORDS[best.type][0].removeprefix("an ").removeprefix("a ")
        what = "The FAZ" if best.type == "faz" else f"The {what} that counted most"
        yield Sentence(f"{what} stands out by {join(words)}.", ((best.type, best.id),))
    # The FAZ is its own neighbour, which is no place.
    contacts = [row for row in case.table.edges if row.relation != "ff"]
    if contacts:
        yield _connection(contacts[0])


def _things(group: Sequence[NodeRow]) -> str:
    one, many = _TYPE_WORDS[group[0].type]
    if group[0].type == "faz":
        return one
    return f"{many if len(group) > 1 else one} {join_regions((group[0].region,))}"


def _feature_words(row: NodeRow) -> list[str]:
    """At most two features that are far from the mean training node's."""
    words = [
        FEATURE_WORDS[cell.name][cell.z < 0]
        for cell in row.features
        if cell.name in FEATURE_WORDS and abs(cell.z) >= 1 and cell.value is not None
    ]
    return list(dict.fromkeys(words))[:2]


def _connection(row: EdgeRow) -> Sentence:
    where = join_regions((row.region,))
    text = f"Of all contacts, one between {_ENDS[row.relation]} {where} counted most."
    return Sentence(text, ((row.relation, row.id),))


def certainty_sentences(case: Case) -> list[Sentence]:
    """Say what else the network considers, how exact the explanation is, and what is wrong."""
    out = []
    others = [
        stage_name(name)
        for name, p in case.table.probabilities.items()
        if name not in (case.stage, case.table.prediction) and p >= _OPEN
    ]
    if others:
        out.append(Sentence(f"By the network, {join(others, 'or')} cannot be ruled out."))
    if not case.table.nodes and not case.table.edges:
        return out + _remarks(case)
    info = case.table.attribution
    errors = [error for error in (info.error_nodes, info.error_edges) if error is not None]
    if not errors:
        out.append(Sentence("How exactly these weights were computed was not estimated."))
    else:
        how = "closely" if max(errors) <= _EXACT else "fairly closely"
        how = how if max(errors) <= _ROUGH else "only roughly"
        out.append(Sentence(f"The weights of these structures were computed {how}."))
    return out + _remarks(case)


def _remarks(case: Case) -> list[Sentence]:
    if not case.table.warnings:
        return []
    several = "A remark" if len(case.table.warnings) == 1 else "Several remarks"
    return [Sentence(f"{several} came up while the image was read; judge with care.")]


def _notice(synthetic: bool) -> Sentence:
    seen = "a network that was trained on synthetic eyes" if synthetic else "what a network did"
    return Sentence(
        f"This text explains {seen}, not a disease; it is for research and not for clinical use."
    )
