# SPDX-License-Identifier: Apache-2.0
"""Instructions as one Parquet file, from which all other forms are made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gftcore._lazy import require
from gftcore._validation import describe, require_choice
from gftcore.config import canonical_json
from gftcore.datasets.origin import SYNTHETIC_NOTICE
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError, GftcoreError
from gftcore.graph.parts import damage_named
from gftcore.instructions.records import (
    DATA,
    Instruction,
    InstructionSet,
    Message,
    require_instructions,
)
from gftcore.io import provenance
from gftcore.io.files import atomic_path, require_file

__all__ = ["COLUMNS", "SCHEMA", "STORE", "read_instructions", "write_instructions"]

SCHEMA = "gftcore-instructions/1"
#: Name of the file in the folder of a data set.
STORE = "instructions.parquet"
#: Column, type, meaning: the data dictionary.
COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("stage", "int32", "1: the stage of the eye alone, 2: thirty questions"),
    ("slot", "text", "which question it is, unique for an image"),
    ("image_id", "text", "name of the image, as in its table; no patient identifier"),
    ("image", "text", "path of the image relative to the folder of the data set"),
    ("image_sha256", "text", "SHA-256 of the file of the image"),
    ("table_sha256", "text", "SHA-256 of the table, canonical JSON, that the answer was made of"),
    ("label", "text", "class of the image"),
    ("eye", "text", "OD, OS or unknown"),
    ("split", "text", "train, validate or test"),
    ("subject", "int32", "number of the subject in this data set; only the manifest has names"),
    ("teacher", "text", "who answered"),
    ("messages", "list of messages",
     "what is said in turn: role (system, user, assistant) and content, plain text; the image "
     "belongs to the first message of the user"),
)  # fmt: skip

_GROUP_ROWS = 1 << 14
#: Larger files are no data set of this kind, and would not fit in memory.
_MAX_ROWS = 20_000_000
_KEY = re.compile(r"[a-z][a-z0-9_]{0,60}")
#: Keys that the file itself needs.
_OWN = ("schema", "gftcore", "simd_target", "data", "notice", "dictionary")


def _arrow(module: str = "pyarrow") -> Any:
    return require(module, extra="bulk", user="Parquet in gftcore.instructions")


def _schema(entries: Mapping[str, str]) -> Any:
    pa = _arrow()
    text = pa.string()
    message = pa.struct(
        [pa.field("role", text, nullable=False), pa.field("content", text, nullable=False)]
    )
    types = {
        "text": text,
        "int32": pa.int32(),
        # The name that Parquet gives to the values, so that what is read equals what was written.
        "list of messages": pa.list_(pa.field("element", message, nullable=False)),
    }
    fields = [
        pa.field(name, types[kind], nullable=False, metadata={"unit": "", "meaning": meaning})
        for name, kind, meaning in COLUMNS
    ]
    return pa.schema(fields, metadata=dict(entries))


def write_instructions(
    path: str | Path,
    instructions: Iterable[Instruction],
    *,
    data: str = "unknown",
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write instructions as a Parquet file, as a whole or not at all.

    Parameters
    ----------
    path
        Target, ``instructions.parquet`` in the folder of the data set; replaced if it exists.
    instructions
        The rows, in the order in which they are written.
    data
        ``synthetic`` if the images were made by a program, else ``unknown``.
    metadata
        Further entries that the file says of itself, such as ``fold`` or ``splits_sha256``. No
        place for names, paths or dates.

    Raises
    ------
    ArgumentError
        If a key is none of ``a-z``, ``0-9`` and ``_``, or one that the file needs itself.
    MissingExtraError
        If pyarrow is missing; the extra ``bulk`` installs it.

    Notes
    -----
    Every column has its meaning in the file. Equal input gives equal bytes, with the same versions
    of gftcore and pyarrow: there is no time, host, user or absolute path in it.

    Examples
    --------
    >>> import tempfile
    >>> from gftcore.instructions import Instruction, Message
    >>> one = Instruction(
    ...     stage=1, slot="stage", image_id="a", image="images/0.png", image_sha256="0" * 64,
    ...     table_sha256="1" * 64, label="PDR", eye="OD", split="train", subject=0,
    ...     teacher="template/1", messages=(
    ...         Message(role="user", content="What is the stage?"),
    ...         Message(role="assistant", content="The image shows PDR."),
    ...     ),
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_instructions(Path(folder) / "instructions.parquet", [one], data="synthetic")
    ...     read_instructions(Path(folder) / "instructions.parquet").records[0].answer
    'The image shows PDR.'
    """
    rows = require_instructions(instructions)
    entries = dict(provenance(SCHEMA))
    entries["data"] = require_choice(data, DATA, "data")
    if data == "synthetic":
        entries["notice"] = SYNTHETIC_NOTICE
    entries["dictionary"] = canonical_json(
        [{"column": name, "type": kind, "meaning": meaning} for name, kind, meaning in COLUMNS]
    )
    for key, value in (metadata or {}).items():
        _require_entry(key, value)
        entries[key] = value
    pa, pq = _arrow(), _arrow("pyarrow.parquet")
    schema = _schema(entries)
    texts = [name for name, kind, _ in COLUMNS if kind == "text"]
    with (
        atomic_path(path) as temporary,
        pq.ParquetWriter(
            temporary, schema, compression="zstd", use_dictionary=texts, write_page_checksum=True
        ) as writer,
    ):
        for start in range(0, len(rows), _GROUP_ROWS):
            part = [_row(one) for one in rows[start : start + _GROUP_ROWS]]
            writer.write_table(pa.Table.from_pylist(part, schema), row_group_size=_GROUP_ROWS)


def _require_entry(key: object, value: object) -> None:
    for text in (key, value):
        if not isinstance(text, str):
            raise ArgumentTypeError(f"metadata must map texts to texts, got {describe(text)}")
    if not isinstance(key, str) or not _KEY.fullmatch(key) or key in _OWN:
        raise ArgumentError(
            "keys of metadata must be of a-z, 0-9 and _, and none of "
            f"{', '.join(_OWN)}; got {key!r:.80}"
        )


def _row(one: Instruction) -> dict[str, Any]:
    row = {name: getattr(one, name) for name, _, _ in COLUMNS}
    row["messages"] = [{"role": m.role, "content": m.content} for m in one.messages]
    return row


def read_instructions(path: str | Path) -> InstructionSet:
    """Read a file of `write_instructions`; every row is validated.

    Parameters
    ----------
    path
        The Parquet file, or the folder of a data set that has ``instructions.parquet``.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FormatError
        If it is damaged, of another kind or version, or if a row is not valid.
    MissingExtraError
        If pyarrow is missing; the extra ``bulk`` installs it.
    """
    file = store_file(path)
    pq = _arrow("pyarrow.parquet")
    with damage_named(file), pq.ParquetFile(file, page_checksum_verification=True) as opened:
        entries = _entries(file, opened)
        records: list[Instruction] = []
        names = [name for name, _, _ in COLUMNS]
        for group in range(opened.num_row_groups):
            for row in opened.read_row_group(group, columns=names).to_pylist():
                records.append(_instruction(row, file, len(records)))
    own = ("data", "dictionary", "notice")
    return InstructionSet(
        records=tuple(records),
        data=entries["data"],
        metadata={key: value for key, value in entries.items() if key not in own},
    )


def store_file(path: str | Path) -> Path:
    """Return the file of a data set, which may be named by its folder."""
    named = Path(path)
    return require_file(named / STORE if named.is_dir() else named)


def _entries(file: Path, opened: Any) -> dict[str, str]:
    """Check what the file says about itself and return its entries."""
    found = opened.schema_arrow
    entries = {
        key.decode(): value.decode()
        for key, value in (found.metadata or {}).items()
        if not key.startswith(b"ARROW:")
    }
    if entries.get("schema") != SCHEMA:
        raise FormatError(f"{file}: schema is {entries.get('schema')!r:.60}, expected {SCHEMA!r}")
    if entries.get("data") not in DATA:
        raise FormatError(f"{file}: data must be {' or '.join(DATA)}, got {entries.get('data')!r}")
    for field in _schema({}):
        index = found.get_field_index(field.name)
        if index < 0:
            raise FormatError(f"{file}: column {field.name} ({field.type}) is missing")
        if found.field(index).type != field.type:
            raise FormatError(
                f"{file}: column {field.name} must be {field.type}, got {found.field(index).type}"
            )
    if opened.metadata.num_rows > _MAX_ROWS:
        raise FormatError(f"{file}: has more than {_MAX_ROWS} rows")
    return entries


def _instruction(row: dict[str, Any], file: Path, number: int) -> Instruction:
    try:
        messages = tuple(Message(**one) for one in row.pop("messages"))
        return Instruction(**row, messages=messages)
    except (GftcoreError, TypeError) as error:
        raise FormatError(f"{file}: row {number + 1}: {error}") from error
