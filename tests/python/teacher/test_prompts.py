# SPDX-License-Identifier: Apache-2.0
"""What a teacher is told, and what never. Exactness: exact."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gftcore.teacher
from gftcore.claims import Facts
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.findings import FINDINGS
from gftcore.tabulation import RangeCell, ReferenceInfo, Table
from gftcore.teacher import (
    PROMPTS_VERSION,
    SLOTS,
    Prompt,
    TeachingCase,
    TemplateTeacher,
    check_pair,
    prompt,
)
from gftcore.teacher.pairs import Pair
from gftcore.teacher.prompts import TEMPLATES
from gftcore.teacher.words import LISTED
from lesson_cases import drawn_case, teaching_case

#: A changed text needs a new version, and a new line here.
VERSIONS = {"prompts/1": "8c9c293b8b50103a2fe1a3e776a840c674b7129da9b2f84df9aa0d8ad074ccee"}
CANARY = "Zebrafinch"


def folder() -> Path:
    return Path(str(gftcore.teacher.__file__)).parent / "templates"


def test_the_version_names_these_texts() -> None:
    digest = hashlib.sha256()
    for name in TEMPLATES:
        digest.update(name.encode() + b"\0" + (folder() / name).read_bytes() + b"\0")
    for stage in SLOTS:
        digest.update(text_of(prompt(full_case(), stage)).encode())
    assert digest.hexdigest() == VERSIONS[PROMPTS_VERSION]


def test_all_templates_are_pinned() -> None:
    assert {path.name for path in folder().iterdir()} == set(TEMPLATES)


def full_table() -> Table:
    """A table that says something everywhere."""
    base = teaching_case().table
    band = RangeCell(low=0.1, high=0.4, band="above")
    features = tuple(dataclasses.replace(cell, reference=band) for cell in base.nodes[0].features)
    return dataclasses.replace(
        base,
        biomarkers={"vessel_density": 0.31, "faz_area_mm2": 0.42, "vessels": 900.0, "odd": 3.0},
        ranges={"faz_area_mm2": band},
        reference=ReferenceInfo(eyes=500, label="Healthy", data="synthetic"),
        nodes=(dataclasses.replace(base.nodes[0], features=features), *base.nodes[1:]),
        label="NPDR",
        warnings=("DENSITY_SUSPECT",),
        notice="Not for clinical use.",
    )


def full_case(**changes: Any) -> TeachingCase:
    overlay = np.full((20, 20, 3), 9, dtype=np.uint8)
    return teaching_case(table=full_table(), overlay=overlay, **changes)


def text_of(asked: Prompt) -> str:
    return f"{asked.system}\n{asked.user}\n{json.dumps(asked.schema)}"


def test_what_is_told() -> None:
    text = prompt(full_case(), 2).user
    for line in (
        "Stage of this eye: NPDR\n",
        "Healthy 0.02, NPDR 0.83, PDR 0.15\n",
        "- superior nasal: vessel density 28.0 %, area between capillaries 1.00 mm2; 0.25 of all "
        "structures, 0.25 of all contacts\n",
        "- vessel density: 0.31\n",
        "- area of the FAZ: 0.42 mm2, above the usual range\n",
        "- area between capillaries in the superior nasal region, at 2 o'clock in the outer zone, "
        "speaks for the stage: a large size, 0.1 mm2 (above the usual range); a dark signal",
        "- between a vessel segment and an area between capillaries in the superior nasal region",
        "- non-perfusion: in the superior nasal region, from 1 to 2 o'clock in the outer zone\n",
        "- FAZ enlarged\n",
        "- perfusion.TL: the perfusion of one quadrant, named in the question: superior temporal\n",
    ):
        assert line in text


def test_each_slot_is_asked_for_once() -> None:
    text = prompt(full_case(), 2).user
    assert [text.count(f"\n- {slot}: ") for slot in SLOTS[2]] == [1] * 30
    assert 'slot "stage"' in prompt(full_case(), 1).user


@pytest.mark.parametrize("seed", range(12))
def test_prompts_are_of_plain_lines(seed: int) -> None:
    for stage in (1, 2):
        asked = prompt(drawn_case(seed), stage)
        for text in (asked.system, asked.user):
            assert text.isascii()
            assert "{{" not in text
            assert "None" not in text
            assert "\n\n\n" not in text
            assert all(line == line.rstrip() for line in text.splitlines())


def test_sides_are_explained_by_eye() -> None:
    texts = {eye: prompt(teaching_case(eye), 1).system for eye in ("OD", "OS", "unknown")}
    assert "right eye: nasal is to the right" in texts["OD"]
    assert "left eye: nasal is to the left" in texts["OS"]
    assert "never nasal" in texts["unknown"]


def test_the_overlay_is_spoken_of_where_there_is_one() -> None:
    with_one, without = prompt(full_case(), 1), prompt(teaching_case(), 1)
    assert "You get two pictures." in with_one.system
    assert "orange vessels and areas" in with_one.system
    assert "pictures" not in without.system
    assert [image.shape for image in with_one.images] == [(16, 16), (20, 20, 3)]
    assert [image.shape for image in without.images] == [(16, 16)]


def test_listed_words_are_refused_in_replies() -> None:
    """The prompt bans no word that the checks let pass."""
    case = teaching_case()
    for word in LISTED:
        pair = Pair(slot="faz.1", question="How large is the FAZ?", answer=f"The {word} shows it.")
        assert "banned" in [one.code for one in check_pair(case, pair)], word
    assert ", ".join(LISTED) in prompt(case, 1).system


@pytest.mark.parametrize("seed", range(12))
def test_what_is_told_of_a_case_has_no_listed_word(seed: int) -> None:
    """A teacher repeats what it reads."""
    for case in (drawn_case(seed), full_case()):
        for stage in SLOTS:
            text = prompt(case, stage).user.lower()
            assert [word for word in LISTED if re.search(rf"\b{word}s?\b", text)] == []


def test_the_lesions_are_told_where_they_are_known() -> None:
    """Answers are checked against them; findings that they know nothing of are told as found."""
    cells = {"non-perfusion": {(9, "outer"), (10, "outer")}, "neovascular tuft": ()}
    truth = Facts.of_truth(eye="OD", stage=None, cells=cells)
    text = prompt(full_case(truth=truth), 1).user
    assert "from 9 to 10 o'clock in the outer zone\n" in text
    assert "from 1 to 2 o'clock" not in text.split("Found beyond")[1]
    assert "- tortuous vessels: " in text
    nothing = Facts.of_truth(eye="OD", stage=None, cells={name: () for name in FINDINGS})
    text = prompt(full_case(truth=nothing), 1).user
    assert text.split("Found beyond the usual range:\n")[1].startswith("- no abnormality\n")


def test_features_without_plain_words_are_not_told() -> None:
    base = full_case().table
    odd = dataclasses.replace(base.nodes[1].features[0], name="roundnessStd", value=0.4)
    known = dataclasses.replace(odd, name="curveness")
    nodes = (base.nodes[0], dataclasses.replace(base.nodes[1], features=(odd, known)))
    case = dataclasses.replace(full_case(), table=dataclasses.replace(base, nodes=nodes))
    text = prompt(case, 1).user
    assert "deviation" not in text
    assert "a winding course, 0.4" in text


def test_the_schema_is_strict_and_takes_a_right_reply() -> None:
    case = drawn_case(1)
    for stage, slots in SLOTS.items():
        schema = prompt(case, stage).schema
        jsonschema.Draft202012Validator.check_schema(schema)
        for one in objects(schema):
            assert one["additionalProperties"] is False
            assert one["required"] == list(one["properties"])
        pairs = [dataclasses.asdict(p) for p in TemplateTeacher().raw_pairs(case, stage)]
        jsonschema.validate({"pairs": pairs}, schema)
        assert schema["properties"]["pairs"]["items"]["properties"]["slot"]["enum"] == list(slots)
        for wrong in ({"pairs": pairs, "note": ""}, {"pairs": [{**pairs[0], "slot": "x"}]}, []):
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(wrong, schema)


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for value in schema.values():
            yield from objects(value)


def test_equal_cases_have_equal_prompts_whatever_they_are_called() -> None:
    one, other = full_case(image_id="subject-17_OD.png"), full_case()
    renamed = dataclasses.replace(
        other.table,
        image=dataclasses.replace(other.table.image, id="b", layer="SVC", sha256="f" * 64),
        model=dataclasses.replace(other.table.model, sha256="e" * 64, config_hash="d" * 64),
        settings_hash="c" * 64,
    )
    for stage in SLOTS:
        told = text_of(prompt(one, stage))
        assert told == text_of(prompt(dataclasses.replace(other, table=renamed), stage))
        assert told == text_of(prompt(other, stage))


def strings(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of all text in a table: fields, entries, and keys of mappings."""
    if isinstance(value, str):
        yield path
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from strings(getattr(value, field.name), (*path, field.name))
    elif isinstance(value, Mapping):
        for key in value:
            yield (*path, "key", key)
            yield from strings(value[key], (*path, "value", key))
    elif isinstance(value, tuple):
        for i, one in enumerate(value):
            yield from strings(one, (*path, i))


def planted(value: Any, path: tuple[Any, ...], text: str) -> Any:
    if not path:
        return text
    if isinstance(value, tuple):
        return (*value[: path[0]], planted(value[path[0]], path[1:], text), *value[path[0] + 1 :])
    if isinstance(value, Mapping):
        kind, key = path[:2]
        if kind == "key":
            return {(text if name == key else name): one for name, one in value.items()}
        return {**value, key: planted(value[key], path[2:], text)}
    return dataclasses.replace(value, **{path[0]: planted(getattr(value, path[0]), path[1:], text)})


#: Where a table cannot be used with any other text.
REFUSED = {
    ("image", "eye"),
    ("target",),
    *(("probabilities", "key", name) for name in ("Healthy", "NPDR", "PDR")),
}
#: Quadrants are a table's own; without one of them it is no table.
BROKEN = {("quadrants", "key", name) for name in ("TL", "TR", "BL", "BR")}
PATHS = [path for path in strings(full_table()) if path not in BROKEN]


def test_paths_reach_all_text() -> None:
    assert len(PATHS) > 50
    names = {path[0] for path in PATHS}
    assert {"image", "model", "attribution", "nodes", "edges", "faz", "warnings"} <= names
    assert ("nodes", 0, "features", 0, "reference", "band") in PATHS


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_no_text_of_a_table_is_told(path: tuple[Any, ...]) -> None:
    case = full_case()
    table = planted(case.table, path, f"{CANARY} 7")
    try:
        case = dataclasses.replace(case, table=table)
    except ArgumentError:
        assert path in REFUSED
        return
    assert path not in REFUSED
    for stage in SLOTS:
        assert CANARY not in text_of(prompt(case, stage))


@settings(max_examples=40, deadline=None)
@given(data=st.data(), text=st.text(min_size=1, max_size=30))
def test_no_text_of_a_table_is_told_anywhere_at_once(data: st.DataObject, text: str) -> None:
    """Any text in any places: the prompt has no word of it."""
    table = full_table()
    open_paths = [path for path in PATHS if path not in REFUSED and "key" not in path]
    chosen = data.draw(st.lists(st.sampled_from(open_paths), min_size=1, unique=True))
    for path in chosen:
        table = planted(table, path, f"{CANARY}{text}")
    case = dataclasses.replace(full_case(image_id=f"{CANARY}1"), table=table)
    for stage in SLOTS:
        assert CANARY not in text_of(prompt(case, stage))


def test_a_prompt_of_the_whole_table_would_be_seen() -> None:
    """Negative control: the canary is in a prompt that prints what it is given."""
    seen = 0
    for path in PATHS:
        table = planted(full_table(), path, CANARY)
        seen += CANARY in repr(table)
    assert seen == len(PATHS)


def test_a_missing_word_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from jinja2 import UndefinedError

    from gftcore.teacher import prompts

    whole = prompts.table_view
    monkeypatch.setattr(
        prompts, "table_view", lambda case: {k: v for k, v in whole(case).items() if k != "label"}
    )
    with pytest.raises(UndefinedError, match="label"):
        prompt(full_case(), 1)


def test_what_is_refused() -> None:
    with pytest.raises(ArgumentError, match="stage must be one of 1, 2"):
        prompt(full_case(), 3)
    with pytest.raises(ArgumentTypeError, match="case must be a TeachingCase"):
        prompt(full_table(), 1)  # type: ignore[arg-type]
