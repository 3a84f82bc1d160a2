# SPDX-License-Identifier: Apache-2.0
"""`gftcore-table/1`: bytes, round trips, the published schema, and damaged files.

Exactness: equal tables give equal bytes; what `make_table` made is read back equal.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError, MissingFileError
from gftcore.tabulation import (
    RangeCell,
    ReferenceInfo,
    Table,
    read_table,
    rounded,
    table_json,
    table_schema,
    write_table,
)
from gftcore.tabulation import table as dataclasses_of_tables
from tabled import eye_graph, full_table, table_of, with_eye

Document = dict[str, Any]
VALIDATOR = jsonschema.Draft202012Validator(table_schema())


def tables() -> list[Table]:
    return [
        full_table(label="NPDR", layer="SVC", sha256="ab"),
        table_of(),
        table_of(with_eye(eye_graph(), "unknown"), vector8_mode="per_mm2", warnings=["EMPTY_MASK"]),
        full_table(2, image_id='a "quoted" \u03b1\nname <b>'),
    ]


@pytest.mark.parametrize("table", tables())
def test_what_was_made_is_read_back_equal(table: Table, tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    write_table(path, table)
    assert read_table(path) == table
    assert rounded(table) == table
    assert path.read_text("utf-8") == table_json(table) == table_json(read_table(path))
    VALIDATOR.validate(json.loads(path.read_bytes()))


def test_bytes_are_canonical() -> None:
    table = full_table()
    text = table_json(table)
    assert text.endswith("}\n")
    keys: list[list[str]] = []
    json.loads(text, object_pairs_hook=lambda pairs: keys.append([key for key, _ in pairs]))
    assert len(keys) > 100
    assert all(each == sorted(each) for each in keys)
    decimals = {"contribution": 9, "ig": 9, "row": 3, "z": 4, "share": 6, "x_percent": 3,
                "faz_distance_mm": 4, "ica_area_mm2": 8, "vessel_density": 6, "PDR": 6}  # fmt: skip
    for name, count in decimals.items():
        found = re.findall(rf'"{name}": -?\d+\.(\d+)', text)
        assert found, name
        assert {len(digits) for digits in found} == {count}, name
    assert re.search(r'"vessels": \d+,?\n', text)
    assert "-0.000" not in re.sub(r"-0\.0*[1-9]\d*", "", text)
    # The order in which a table holds its biomarkers makes no difference.
    turned = dataclasses.replace(table, biomarkers=dict(reversed(table.biomarkers.items())))
    assert table_json(turned) == text
    small = dataclasses.replace(table.nodes[0], contribution=-1e-12)
    nodes = (small, *table.nodes[1:])
    assert '"contribution": 0.000000000' in table_json(dataclasses.replace(table, nodes=nodes))


def test_the_order_of_the_classes_is_kept() -> None:
    turned = dict(reversed(full_table().probabilities.items()))
    table = dataclasses.replace(full_table(), probabilities=turned)
    assert list(rounded(table).probabilities) == list(turned)


def test_the_schema_has_the_fields_of_the_dataclasses() -> None:
    schema = table_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for name, one in schema["$defs"].items():
        cls = getattr(dataclasses_of_tables, name)
        assert list(one["properties"]) == [field.name for field in dataclasses.fields(cls)], name
        assert one["required"] == list(one["properties"])
        assert one["additionalProperties"] is False
    names = {field.name for field in dataclasses.fields(Table)} - {"vector8_mode"}
    assert set(schema["properties"]) == names | {"schema", "classes"}
    assert set(schema["required"]) == set(schema["properties"])
    for name, choices in {"NodeRow": ("type", "zone", "region"), "RangeCell": ("band",)}.items():
        assert all("enum" in schema["$defs"][name]["properties"][choice] for choice in choices)


def change(*path: Any, to: Any) -> Callable[[Document], None]:
    def apply(document: Document) -> None:
        inner: Any = document
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = to

    return apply


def drop(*path: Any) -> Callable[[Document], None]:
    def apply(document: Document) -> None:
        inner: Any = document
        for key in path[:-1]:
            inner = inner[key]
        del inner[path[-1]]

    return apply


def both(*changes: Callable[[Document], None]) -> Callable[[Document], None]:
    def apply(document: Document) -> None:
        for one in changes:
            one(document)

    return apply


#: Planted fault, what the reader says of it.
FAULTS: list[tuple[Callable[[Document], None], str]] = [
    (change("schema", to="gftcore-table/2"), "schema is 'gftcore-table/2'"),
    (drop("nodes"), "the table lacks nodes"),
    (drop("image", "eye"), "image lacks eye"),
    (drop("faz", "row"), "faz lacks row"),
    (drop("edges", 0, "relation"), r"edges\[0\] lacks relation"),
    (change("extra", to=1), "the table has unknown extra"),
    (change("nodes", 2, "features", 1, "colour", to="red"), r"nodes\[2\]\.features\[1\] has unk"),
    (change("image", "eye", to="left"), "image.eye must be one of OD, OS, unknown, got 'left'"),
    (change("image", "rows", to=0), "image.rows must be at least 1, got 0"),
    (change("image", "rows", to=12.5), "image.rows must be a whole number"),
    (change("image", "id", to=None), "image.id must be text, got None"),
    (change("nodes", 0, "share", to=1.5), r"nodes\[0\]\.share must be 0 to 1, got 1.5"),
    (change("nodes", 0, "share", to="0.5"), r"nodes\[0\]\.share must be a number, got '0.5'"),
    (change("nodes", 0, "share", to=True), r"nodes\[0\]\.share must be a number"),
    (change("nodes", 0, "contribution", to=None), r"nodes\[0\]\.contribution must be a number"),
    (change("nodes", 0, "type", to="artery"), r"nodes\[0\]\.type must be one of vessel, ica, faz"),
    (change("nodes", 0, "id", to=True), r"nodes\[0\]\.id must be a whole number, got True"),
    (change("nodes", 0, "id", to=-1), r"nodes\[0\]\.id must be at least 0"),
    (change("nodes", 0, "quadrant", to="T"), r"nodes\[0\]\.quadrant must be one of TL"),
    (change("nodes", 0, "zone", to="macular"), r"nodes\[0\]\.zone must be one of foveal"),
    (change("nodes", 0, "region", to="nasal"), r"nodes\[0\]\.region must be one of centre"),
    (change("nodes", 0, "x_percent", to=100.5), r"nodes\[0\]\.x_percent must be 0 to 100"),
    (change("nodes", 0, "features", to={}), r"nodes\[0\]\.features must be a list"),
    (change("nodes", 0, "features", 0, "reference", "band", to="high"), r"reference\.band must be"),
    (change("edges", 0, "relation", to="fv"), r"edges\[0\]\.relation must be one of vv"),
    (change("edges", 0, "src", to=0.5), r"edges\[0\]\.src must be a whole number"),
    (change("edges", to=None), "edges must be a list, got None"),
    (change("attribution", "kind", to="loss"), "attribution.kind must be one of logit"),
    (change("attribution", "n_nodes", to=-16), "attribution.n_nodes must be at least 0"),
    (change("vector8", to=[0.5] * 8), "vector8 must be an object of mode and values"),
    (change("vector8", "mode", to="share"), "vector8_mode must be one of fraction"),
    (change("vector8", "values", to=[0.5] * 7), "vector8 must have 8 values"),
    (change("quadrants", "TL", to=None), "quadrants.TL must be an object"),
    (drop("quadrants", "BR"), "quadrants must be TL, TR, BL, BR"),
    (change("quadrants", "TL", "node_frac", to=-0.1), "quadrants.TL.node_frac must be 0 to 1"),
    (change("probabilities", "PDR", to=1.2), "probabilities.PDR must be 0 to 1"),
    (change("probabilities", to={}), "classes must list the names"),
    (change("classes", to=["a"]), "classes must list the names of probabilities"),
    (change("classes", to="PDR"), "classes must list the names of probabilities"),
    (change("biomarkers", "tortuosity", to="low"), "biomarkers.tortuosity must be a number"),
    (change("warnings", to=[1]), r"warnings\[0\] must be text"),
    (change("reference", "data", to="real"), "reference.data must be one of synthetic"),
    (change("reference", "eyes", to=0), "reference.eyes must be at least 1"),
    (change("reference", to=None), "reference must say which eyes"),
    (
        both(change("nodes", 0, "zone", to="foveal"), change("nodes", 0, "clock_hour", to=3)),
        r"nodes\[0\] must have no clock_hour and the region centre in the foveal zone",
    ),
    (
        both(change("nodes", 0, "zone", to="outer"), change("nodes", 0, "clock_hour", to=None)),
        r"nodes\[0\] must have no clock_hour",
    ),
    (
        both(change("nodes", 0, "zone", to="outer"), change("nodes", 0, "clock_hour", to=13)),
        r"nodes\[0\]\.clock_hour must be 1 to 12, got 13",
    ),
    (
        both(
            change("nodes", 0, "zone", to="outer"), change("nodes", 0, "clock_hour", to=3),
            change("nodes", 0, "region", to="upper left"),
        ),
        r"nodes\[0\] region must be one of centre, superior temporal",
    ),
]  # fmt: skip

#: What contradicts itself without breaking any rule of a JSON Schema.
CONTRADICTIONS: list[tuple[Callable[[Document], None], str]] = [
    (change("nodes", 0, "rank", to=2), "nodes must have ranks from 1"),
    (change("edges", 1, "rank", to=1), "edges must have ranks from 1"),
    (change("prediction", to="DR"), "prediction must be one of Healthy, NPDR, PDR"),
    (change("target", to="DR"), "target must be one of"),
    (change("label", to="DR"), "label must be null or one of"),
    (change("probabilities", to={"Healthy": 0.9, "NPDR": 0.9, "PDR": 0.9}), "add up to 1"),
    (change("nodes", 0, "features", 0, "reference", "low", to=1e6), "low must not exceed high"),
    (change("ranges", "unknown", to={"low": 0, "high": 1, "band": None}), "names of biomarkers"),
    (change("classes", to=["Healthy", "NPDR", "DR"]), "classes must list the names"),
]


def read_document(document: Document, folder: Path) -> Table:
    path = folder / "t.json"
    path.write_text(json.dumps(document))
    return read_table(path)


@pytest.fixture(scope="module")
def sound() -> Document:
    out: Document = json.loads(table_json(full_table()))
    return out


@pytest.mark.parametrize(("fault", "words"), FAULTS)
def test_a_planted_fault_is_found_by_schema_and_reader(
    fault: Callable[[Document], None], words: str, sound: Document, tmp_path: Path
) -> None:
    document = copy.deepcopy(sound)
    assert VALIDATOR.is_valid(document)
    read_document(document, tmp_path)
    fault(document)
    assert not VALIDATOR.is_valid(document)
    with pytest.raises(FormatError, match=words) as caught:
        read_document(document, tmp_path)
    assert str(caught.value).startswith(str(tmp_path / "t.json"))


@pytest.mark.parametrize(("fault", "words"), CONTRADICTIONS)
def test_a_contradiction_is_found_by_the_reader(
    fault: Callable[[Document], None], words: str, sound: Document, tmp_path: Path
) -> None:
    document = copy.deepcopy(sound)
    fault(document)
    with pytest.raises(FormatError, match=words):
        read_document(document, tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no JSON"),
        (b"{", "is no JSON"),
        (b"[]", "must be an object, got list"),
        (b"\xff\xfe", "is no UTF-8"),
        (b'{"schema": 1}', "schema is 1"),
        (b'{"schema": "gftcore-explanation/1"}', "schema is 'gftcore-explanation/1', this version"),
        (b'{"a": 1, "a": 2}', "has 'a' twice"),
        (b'{"a": NaN}', "holds NaN"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is no JSON|too long"),
        (b"[" * 100_000, "is no JSON"),
    ],
)
def test_what_is_no_table(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=words):
        read_table(path)


def test_files_that_are_not_there_or_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MissingFileError):
        read_table(tmp_path / "none.json")
    with pytest.raises(MissingFileError, match="is a folder"):
        read_table(tmp_path)
    write_table(tmp_path / "t.json", table_of())
    monkeypatch.setattr("gftcore.tabulation.document.MAX_BYTES", 1000)
    with pytest.raises(FormatError, match="a table at most 1000"):
        read_table(tmp_path / "t.json")


TEXT = table_json(table_of()).encode()


@given(
    at=st.integers(0, len(TEXT) - 1),
    cut=st.integers(0, 40),
    put=st.binary(max_size=4) | st.sampled_from([b"1e999", b"null", b"{}", b"-1", b'"', b"]"]),
)
def test_damaged_bytes_are_refused_or_still_a_table(
    at: int, cut: int, put: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.json"
    path.write_bytes(TEXT[:at] + put + TEXT[at + cut :])
    try:
        table = read_table(path)
    except FormatError as error:
        assert str(path) in str(error)
    else:
        assert rounded(table) == rounded(rounded(table))


def test_a_table_that_contradicts_itself_is_not_written(tmp_path: Path) -> None:
    table = table_of()
    path = tmp_path / "t.json"
    cell = dataclasses.replace(
        table.nodes[0].features[0], reference=RangeCell(low=2.0, high=1.0, band=None)
    )
    node = dataclasses.replace(table.nodes[0], features=(cell,))
    bad = [
        (dataclasses.replace(table, prediction="DR"), "table prediction must be one of"),
        (dataclasses.replace(table, vector8=(float("nan"),) * 8), "values must be finite"),
        (dataclasses.replace(table, biomarkers={"x": 1e300}), "at most 1e"),
        (dataclasses.replace(table, notice="\ud800"), "utf-8"),
        (dataclasses.replace(table, nodes=(node, *table.nodes[1:]),
                             reference=ReferenceInfo(eyes=1, label="Healthy", data="unknown")),
         "low must not exceed high"),
    ]  # fmt: skip
    for one, words in bad:
        with pytest.raises(ArgumentError, match=words):
            write_table(path, one)
    with pytest.raises(ArgumentTypeError, match="must hold plain values"):
        table_json(dataclasses.replace(table, biomarkers={"x": b"1"}))  # type: ignore[dict-item]
    with pytest.raises(ArgumentTypeError, match="table must be a Table"):
        write_table(path, {})  # type: ignore[arg-type]
    assert not path.exists()
