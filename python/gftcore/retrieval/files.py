# SPDX-License-Identifier: Apache-2.0
"""Indices as JSON, ``gftcore-cases/1``: equal ones give equal bytes, and none names a subject."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from gftcore import __version__
from gftcore._validation import describe
from gftcore.config import canonical_json
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError
from gftcore.io.files import require_file
from gftcore.retrieval.index import CaseIndex

__all__ = ["index_json", "load_index"]

SCHEMA = "gftcore-cases/1"
#: Larger files are no list of cases.
MAX_BYTES = 1 << 28
_KEYS = ("schema", "gftcore", "manifest_sha256", "splits_seed", "model", "mode", "z_scores")
_CASE_KEYS = ("id", "label", "subject", "vector")


def index_json(index: CaseIndex) -> bytes:
    """Return the bytes that `CaseIndex.save` writes.

    Mean and standard deviation are not in them: they follow from the vectors.
    """
    if not isinstance(index, CaseIndex):
        raise ArgumentTypeError(f"index must be a CaseIndex, got {describe(index)}")
    head = {name: getattr(index, name) for name in _KEYS[2:]}
    columns = (index.ids, index.labels, index.subjects, index.vectors.tolist())
    cases = [dict(zip(_CASE_KEYS, row, strict=True)) for row in zip(*columns, strict=True)]
    document = {"schema": SCHEMA, "gftcore": __version__, **head, "cases": cases}
    return f"{canonical_json(document)}\n".encode()


def load_index(path: str | Path) -> CaseIndex:
    """Read an index that `CaseIndex.save` wrote.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FormatError
        If it is damaged, of another kind or version, or contradicts itself.

    Examples
    --------
    >>> import tempfile
    >>> from gftcore.datasets import Record
    >>> from gftcore.retrieval import build_index
    >>> record = Record(id="a", subject="s", eye="OD", path="a.png", label="PDR")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "cases.json"
    ...     build_index([record], [[0.25] * 8], mode="fraction").save(path)
    ...     load_index(path).subjects
    (0,)
    """
    file = require_file(path)
    with file.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    try:
        if len(data) > MAX_BYTES:
            raise FormatError(f"holds more than {MAX_BYTES} bytes")
        return _index(_parsed(data))
    except (ArgumentError, ArgumentTypeError, FormatError) as error:
        raise FormatError(f"{file}: {error}") from error


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_none)
    except FormatError:
        raise
    except (ValueError, RecursionError) as error:  # Unicode and JSON, and JSON without an end
        raise FormatError(f"must be JSON, got {type(error).__name__}: {error!s:.100}") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise FormatError(f"must have the schema {SCHEMA}")
    if set(document) != {*_KEYS, "cases"}:
        raise FormatError(f"must have the keys {', '.join((*_KEYS, 'cases'))}")
    return document


def _index(document: dict[str, Any]) -> CaseIndex:
    cases = document["cases"]
    if not isinstance(cases, list) or not cases:
        raise FormatError("cases must be a list of at least one case")
    for number, case in enumerate(cases):
        if not isinstance(case, dict) or set(case) != set(_CASE_KEYS):
            raise FormatError(f"cases[{number}] must have the keys {', '.join(_CASE_KEYS)}")
        types = tuple(type(case[name]) for name in _CASE_KEYS)
        numbers = case["vector"] if types == (str, str, int, list) else ()
        if len(numbers) != 8 or not all(type(value) in (int, float) for value in numbers):
            raise FormatError(f"cases[{number}] must have two texts, a number and 8 of them")
    ids, labels, subjects, vectors = ([case[name] for case in cases] for name in _CASE_KEYS)
    for name in ("splits_seed", "model"):
        if type(document[name]) not in (int, type(None)):
            raise FormatError(f"{name} must be a whole number or null, got {document[name]!r:.40}")
    if not isinstance(document["manifest_sha256"], str):
        raise FormatError("manifest_sha256 must be text")
    try:
        array = np.array(vectors, dtype=np.float64)
    except OverflowError as error:  # an integer of hundreds of digits
        raise FormatError("vectors must be finite") from error
    head = {name: document[name] for name in _KEYS[2:]}
    return CaseIndex(
        ids=tuple(ids), labels=tuple(labels), subjects=tuple(subjects), vectors=array, **head
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise FormatError(f"a key is there twice, {len(pairs) - len(out)} in all")
    return out


def _none(word: str) -> NoReturn:
    raise FormatError(f"holds {word}, which is no number of JSON")
