# SPDX-License-Identifier: Apache-2.0
"""The Parquet file: what goes in comes out, DuckDB and pyarrow read it, damage is told."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gftcore import __version__
from gftcore.datasets import SYNTHETIC_NOTICE
from gftcore.errors import ArgumentError, FormatError, GftcoreError, MissingFileError
from gftcore.instructions import (
    STAGE_SLOTS,
    Instruction,
    Message,
    read_instructions,
    write_instructions,
)
from gftcore.instructions.store import COLUMNS
from instruction_cases import instruction, said, small_set

_TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1)
_NAME = st.text(
    st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=40
).filter(str.isprintable)  # fmt: skip
_SHA = st.text("0123456789abcdef", min_size=64, max_size=64)
_MESSAGES = st.lists(
    st.builds(Message, role=st.sampled_from(["system", "user", "assistant"]), content=_TEXT),
    min_size=1,
    max_size=5,
)


@st.composite
def rows(draw: st.DrawFn) -> Instruction:
    stage = draw(st.sampled_from([1, 2]))
    name = draw(st.from_regex(r"images/[a-z0-9]{1,16}\.png", fullmatch=True))
    return Instruction(
        stage=stage, slot=draw(st.sampled_from(STAGE_SLOTS[stage])), image_id=draw(_NAME),
        image=name, image_sha256=draw(_SHA), table_sha256=draw(_SHA), label=draw(_NAME),
        eye=draw(st.sampled_from(["OD", "OS", "unknown"])),
        split=draw(st.sampled_from(["train", "validate", "test"])),
        subject=draw(st.integers(0, 2**31 - 1)), teacher=draw(_NAME),
        messages=tuple(draw(_MESSAGES)),
    )  # fmt: skip


@given(some=st.lists(rows(), max_size=5), data=st.sampled_from(["synthetic", "unknown"]))
def test_what_goes_in_comes_out(
    some: list[Instruction], data: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("store") / "a.parquet"
    write_instructions(path, some, data=data, metadata={"fold": "1"})
    read = read_instructions(path)
    assert list(read) == some
    assert (read.data, read.metadata["fold"]) == (data, "1")
    first = path.read_bytes()
    write_instructions(path, list(read), data=data, metadata={"fold": "1"})
    assert path.read_bytes() == first


def test_many_rows_in_several_groups(tmp_path: Path) -> None:
    some = [instruction(subject=number) for number in range(40_000)]
    write_instructions(tmp_path / "instructions.parquet", some)
    assert pq.ParquetFile(tmp_path / "instructions.parquet").num_row_groups == 3
    assert list(read_instructions(tmp_path)) == some  # the folder stands for its file


def test_other_libraries_read_it(tmp_path: Path) -> None:
    some = small_set(tmp_path)
    path = tmp_path / "instructions.parquet"
    write_instructions(path, some, data="synthetic")
    table = pq.read_table(path)
    assert table.column_names == [name for name, _, _ in COLUMNS]
    assert table.column("messages").to_pylist()[0] == [
        {"role": "user", "content": some[0].messages[0].content},
        {"role": "assistant", "content": some[0].messages[1].content},
    ]
    found = duckdb.sql(
        f"select label, count(*) n, min(messages[2].content) a from '{path}' "
        "where slot = 'stage' and split = 'test' group by label order by label"
    ).fetchall()
    assert found == [(name, 2, f"The image shows {name}.") for name in ("Healthy", "NPDR", "PDR")]


def test_the_file_says_what_it_is_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "instructions.parquet"
    write_instructions(path, small_set(tmp_path), data="synthetic", metadata={"fold": "2"})
    schema = pq.read_schema(path)
    for name, _, meaning in COLUMNS:
        assert schema.field(name).metadata[b"meaning"].decode() == meaning
        assert not schema.field(name).nullable
    entries = {key.decode(): value.decode() for key, value in schema.metadata.items()}
    assert entries["schema"] == "gftcore-instructions/1"
    assert entries["gftcore"] == __version__
    assert entries["notice"] == SYNTHETIC_NOTICE
    assert [one["column"] for one in json.loads(entries["dictionary"])] == schema.names
    assert set(entries) == {
        "schema", "gftcore", "simd_target", "data", "notice", "dictionary", "fold"
    }  # fmt: skip
    raw = path.read_bytes()
    assert str(tmp_path).encode() not in raw
    assert not re.search(rb"20[2-9]\d-[01]\d-[0-3]\d", raw)
    monkeypatch.chdir(tmp_path)
    write_instructions("other.parquet", small_set(tmp_path), data="synthetic",
                       metadata={"fold": "2"})  # fmt: skip
    assert Path("other.parquet").read_bytes() == raw


def test_unknown_images_have_no_notice(tmp_path: Path) -> None:
    write_instructions(tmp_path / "a.parquet", [instruction()])
    assert b"notice" not in pq.read_schema(tmp_path / "a.parquet").metadata


@pytest.mark.parametrize("key", ["schema", "data", "notice", "Fold", "a-b", "", "ARROW:schema"])
def test_keys_of_metadata(key: str, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="keys of metadata"):
        write_instructions(tmp_path / "a.parquet", [], metadata={key: "x"})
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path: Path) -> None:
    write_instructions(tmp_path / "a.parquet", [instruction()])
    before = (tmp_path / "a.parquet").read_bytes()
    with pytest.raises(GftcoreError):
        write_instructions(tmp_path / "a.parquet", [instruction(), "b"])  # type: ignore[list-item]
    assert (tmp_path / "a.parquet").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def rewritten(path: Path, change: Any) -> None:
    pq.write_table(change(pq.read_table(path)), path)


def replaced(name: str, values: list[Any], kind: Any = None) -> Any:
    def edit(table: Any) -> Any:
        index = table.column_names.index(name)
        array = pa.array(values, kind or table.schema.field(index).type)
        return table.set_column(index, pa.field(name, array.type), array)

    return edit


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t: t.replace_schema_metadata({}), "schema is None"),
        (lambda t: t.replace_schema_metadata({**t.schema.metadata, b"schema": "x/1"}), "'x/1'"),
        (lambda t: t.replace_schema_metadata({**t.schema.metadata, b"data": "real"}), "'real'"),
        (lambda t: t.drop_columns(["teacher"]), "column teacher .* is missing"),
        (replaced("subject", [1.5], pa.float64()), "column subject must be int32"),
        (replaced("subject", [None]), "row 1: subject"),
        (replaced("messages", [["a"]], pa.list_(pa.string())), "column messages must be"),
        (replaced("label", [None]), "row 1: label"),
        (replaced("slot", ["faz.9"]), "row 1: slot"),
        (replaced("image", ["../a.png"]), "row 1: image"),
        (replaced("messages", [None]), "damaged|row 1"),
        (replaced("messages", [[]]), "row 1: messages"),
    ],
)
def test_foreign_files_are_told(change: Any, told: str, tmp_path: Path) -> None:
    path = tmp_path / "instructions.parquet"
    write_instructions(path, [instruction()])
    rewritten(path, change)
    with pytest.raises(FormatError, match=told) as caught:
        read_instructions(path)
    assert str(path) in str(caught.value)


def test_a_changed_byte_is_told_or_harmless(tmp_path: Path) -> None:
    """Negative control: some bytes do matter, and all that do are told as FormatError."""
    path = tmp_path / "instructions.parquet"
    some = [instruction(subject=i, messages=said(f"a{i}?", "b" * 90)) for i in range(20)]
    write_instructions(path, some)
    whole, told = path.read_bytes(), 0
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            read = read_instructions(path)
        except FormatError:
            told += 1
        else:
            assert len(read) == 20
    assert told > len(whole) // 7 // 4
    for end in (0, 3, 100, len(whole) - 1):
        path.write_bytes(whole[:end])
        with pytest.raises(FormatError):
            read_instructions(path)


def test_missing_and_other_files(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        read_instructions(tmp_path)
    (tmp_path / "a.parquet").write_text("label,eye\n")
    with pytest.raises(FormatError, match="damaged"):
        read_instructions(tmp_path / "a.parquet")
