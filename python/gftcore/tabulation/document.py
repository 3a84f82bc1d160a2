# SPDX-License-Identifier: Apache-2.0
"""The canonical JSON of a table, ``gftcore-table/1``: equal tables give equal bytes."""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NoReturn

from gftcore._validation import describe
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError
from gftcore.io import atomic_path
from gftcore.io.files import require_file
from gftcore.tabulation.places import QUADRANTS
from gftcore.tabulation.rules import CHOICES, LIMITS, contradiction
from gftcore.tabulation.table import Table

__all__ = [
    "COUNTS",
    "TABLE_SCHEMA",
    "parse_table",
    "read_table",
    "rounded",
    "table_json",
    "table_schema",
    "write_table",
]

TABLE_SCHEMA = "gftcore-table/1"
#: Larger files are refused unread; a table of all nodes of a dense eye has about 15 MB.
MAX_BYTES = 64_000_000

#: Biomarkers that are numbers of things.
COUNTS = ("vessels", "icas", "edges")
#: Decimals of a number by its name; others have six, areas in mm2 eight.
_DECIMALS: Mapping[str, int] = types.MappingProxyType(
    {
        "completeness_gap_edges": 9,
        "completeness_gap_nodes": 9,
        "contribution": 9,
        "faz_distance_mm": 4,
        "ig": 9,
        "magnitude": 9,
        "mm_per_px": 9,
        "row": 3,
        "col": 3,
        "vessel_density_pct": 4,
        **dict.fromkeys(COUNTS, 0),
        "x_percent": 3,
        "y_percent": 3,
        "z": 4,
    }
)
_BY_UNIT = ("value", "low", "high")
_LARGEST = 1e12
#: As `json.dumps`, which makes an encoder for each value.
_encoded = json.JSONEncoder(ensure_ascii=False).encode


def table_json(table: Table) -> str:
    """Return the canonical JSON text of a table: sorted keys, fixed decimals.

    Raises
    ------
    ArgumentError
        If the table contradicts itself or holds what the format cannot, such as infinity.

    Examples
    --------
    >>> from gftcore.tabulation.table import ModelInfo
    >>> table_json(ModelInfo(sha256="", config_hash=""))
    Traceback (most recent call last):
    gftcore.errors.ArgumentTypeError: table must be a Table, got ModelInfo
    """
    return _written(table)[0]


def rounded(table: Table) -> Table:
    """Return the table as reading its JSON gives it; raises as `table_json`."""
    return _written(table)[1]


def _written(table: object) -> tuple[str, Table]:
    """Text of a table, and what reading that gives."""
    if not isinstance(table, Table):
        raise ArgumentTypeError(f"table must be a Table, got {describe(table)}")
    values = _plain(table)
    # Keys are sorted, so the order of the classes needs an entry of its own.
    values |= {"schema": TABLE_SCHEMA, "classes": list(values["probabilities"])}
    values["vector8"] = {"mode": values.pop("vector8_mode"), "values": values["vector8"]}
    text = _text(values, "", "", 0) + "\n"
    try:
        text.encode()
        return text, parse_table(text)
    except (FormatError, UnicodeEncodeError) as error:
        raise ArgumentError(f"table {error}") from error


def write_table(path: str | Path, table: Table) -> None:
    """Write a table as canonical JSON, as a whole or not at all.

    Parameters
    ----------
    path
        Target; replaced if it exists.
    table
        The table.

    Notes
    -----
    Numbers have fixed decimals, by what they are. A table of `make_table` is rounded like that
    already, so that `read_table` gives an equal one.
    """
    text = table_json(table)
    with atomic_path(path) as temporary:
        temporary.write_bytes(text.encode())


def read_table(path: str | Path) -> Table:
    """Read a table that `write_table` wrote.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FormatError
        If the file is damaged, of another kind or version, or contradicts itself; the message names
        the entry, what was expected and what came.
    """
    file = require_file(path)
    size = file.stat().st_size
    if size > MAX_BYTES:
        raise FormatError(f"{file}: has {size} bytes, a table at most {MAX_BYTES}")
    try:
        return parse_table(file.read_bytes().decode())
    except UnicodeDecodeError as error:
        raise FormatError(f"{file}: is no UTF-8: {error}") from error
    except FormatError as error:
        raise FormatError(f"{file}: {error}") from error


def table_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``gftcore-table/1``, draft 2020-12.

    Examples
    --------
    >>> table_schema()["properties"]["schema"]
    {'const': 'gftcore-table/1'}
    """
    source = resources.files("gftcore.tabulation") / "table.schema.json"
    found: dict[str, Any] = json.loads(source.read_text("utf-8"))
    return found


def _plain(value: Any) -> Any:
    """Return dataclasses and sequences as objects and lists."""
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value


def _text(value: Any, name: str, unit: str, depth: int) -> str:
    """JSON text; `name` is the entry it stands in and `unit` what the number is measured in."""
    if isinstance(value, dict):
        unit = value.get("unit") or ("mm2" if name.endswith("_mm2") else unit)
        items = [
            f"{_encoded(key)}: {_text(value[key], key, unit, depth + 1)}" for key in sorted(value)
        ]
        return _block("{}", items, depth)
    if isinstance(value, list):
        return _block("[]", [_text(item, name, unit, depth + 1) for item in value], depth)
    if isinstance(value, float):
        return _number(value, name, unit)
    if value is None or isinstance(value, (bool, int, str)):
        return _encoded(value)
    raise ArgumentTypeError(f"table {name} must hold plain values, got {describe(value)}")


def _block(ends: str, items: list[str], depth: int) -> str:
    if not items:
        return ends
    step = "\n" + " " * depth
    return ends[0] + step + " " + f",{step} ".join(items) + step + ends[1]


def _number(value: float, name: str, unit: str) -> str:
    if not abs(value) <= _LARGEST:
        raise ArgumentError(f"table {name} must be finite and at most {_LARGEST:g}, got {value}")
    small = unit == "mm2" if name in _BY_UNIT else name.endswith("_mm2")
    text = f"{value:.{_DECIMALS.get(name, 8 if small else 6)}f}"
    # Rounding to minus zero would make two texts of one number.
    return text.lstrip("-") if float(text) == 0 else text


def parse_table(text: str) -> Table:
    """Return the table of a JSON text, as `table_json` makes it.

    Raises
    ------
    FormatError
        As `read_table`.

    Examples
    --------
    >>> parse_table("{}")
    Traceback (most recent call last):
    gftcore.errors.FormatError: schema is None, this version of gftcore reads 'gftcore-table/1'
    """
    try:
        values = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (json.JSONDecodeError, RecursionError) as error:
        raise FormatError(f"is no JSON: {error}") from error
    except ValueError as error:  # an integer of thousands of digits
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"holds a number that is too long: {error}") from error
    if not isinstance(values, dict):
        raise FormatError(f"must be an object, got {describe(values)}")
    if values.get("schema") != TABLE_SCHEMA:
        got = values.get("schema")
        raise FormatError(f"schema is {got!r:.60}, this version of gftcore reads {TABLE_SCHEMA!r}")
    vector8 = values.get("vector8")
    if isinstance(vector8, dict) and sorted(vector8) == ["mode", "values"]:
        values |= {"vector8_mode": vector8["mode"], "vector8": vector8["values"]}
    elif "vector8" in values:
        raise FormatError("vector8 must be an object of mode and values")
    classes, probabilities = values.pop("classes", None), values.get("probabilities")
    if isinstance(probabilities, dict):
        same = isinstance(classes, list) and sorted(map(str, classes)) == sorted(probabilities)
        if not same or not all(isinstance(name, str) for name in classes):
            raise FormatError("classes must list the names of probabilities")
        values["probabilities"] = {name: probabilities[name] for name in classes}
    quadrants = values.get("quadrants")
    if isinstance(quadrants, dict) and set(quadrants) == set(QUADRANTS):
        values["quadrants"] = {name: quadrants[name] for name in QUADRANTS}
    table: Table = _decoded(Table, {k: v for k, v in values.items() if k != "schema"}, "", "")
    problem = contradiction(table)
    if problem:
        raise FormatError(problem)
    return table


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in pairs:
        if key in out:
            raise FormatError(f"has {key!r:.60} twice")
        out[key] = value
    return out


def _no_number(word: str) -> NoReturn:
    raise FormatError(f"holds {word}, which is no number of JSON")


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


@cache
def _parts(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    return typing.get_origin(hint), typing.get_args(hint)


def _decoded(hint: Any, value: Any, path: str, name: str) -> Any:
    """Return a value of a type, or say where it is not."""
    if hint in _SIMPLE:
        return _SIMPLE[hint](value, path, name)
    if dataclasses.is_dataclass(hint):
        return _record(hint, value, path)
    origin, inside = _parts(hint)
    if origin is types.UnionType or origin is typing.Union:
        if value is None:
            return None
        return _decoded(next(one for one in inside if one is not type(None)), value, path, name)
    if origin is tuple:
        _expect(isinstance(value, list), path, "a list", value)
        return tuple(_decoded(inside[0], v, f"{path}[{i}]", name) for i, v in enumerate(value))
    _expect(isinstance(value, dict), path, "an object", value)
    return {k: _decoded(inside[1], v, f"{path}.{k}", name) for k, v in value.items()}


def _record(cls: Any, value: Any, path: str) -> Any:
    _expect(isinstance(value, dict), path or "the table", "an object", value)
    hints = _hints(cls)
    lacking = [key for key in hints if key not in value]
    unknown = [key for key in value if key not in hints]
    here = path or "the table"
    if lacking:
        raise FormatError(f"{here} lacks {', '.join(lacking):.200}")
    if unknown:
        raise FormatError(f"{here} has unknown {', '.join(unknown):.200}")
    dot = f"{path}." if path else ""
    return cls(**{k: _decoded(hint, value[k], f"{dot}{k}", k) for k, hint in hints.items()})


def _expect(holds: bool, path: str, expected: str, value: Any) -> None:
    if not holds:
        raise FormatError(f"{path} must be {expected}, got {value!r:.60}")


def _word(value: Any, path: str, name: str) -> str:
    _expect(isinstance(value, str), path, "text", value)
    choices = CHOICES.get(name)
    if choices is not None:
        _expect(value in choices, path, f"one of {', '.join(choices)}", value)
    return str(value)


def _whole(value: Any, path: str, name: str) -> int:
    _expect(type(value) is int, path, "a whole number", value)
    _within(value, path, name)
    return int(value)


def _real(value: Any, path: str, name: str) -> float:
    _expect(type(value) in (int, float), path, "a number", value)
    _expect(abs(value) <= _LARGEST, path, f"a number of at most {_LARGEST:g}", value)
    _within(value, path, name)
    return float(value)


def _within(value: float, path: str, name: str) -> None:
    low, high = LIMITS.get(name, (-math.inf, math.inf))
    if low == -math.inf:
        return
    expected = f"at least {low:g}" if high == math.inf else f"{low:g} to {high:g}"
    _expect(low <= value <= high, path, expected, value)


_SIMPLE: Mapping[Any, Callable[[Any, str, str], Any]] = {str: _word, int: _whole, float: _real}
