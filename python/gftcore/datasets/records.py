# SPDX-License-Identifier: Apache-2.0
"""One row of a manifest, and the rules of its cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from gftcore._validation import describe, require_real
from gftcore.datasets.labels import (
    LABELS,
    Eye,
    Split,
    parse_class,
    parse_eye,
    parse_label,
    parse_split,
)
from gftcore.errors import ArgumentError, ArgumentTypeError

__all__ = ["COLUMNS", "OPTIONAL", "REQUIRED", "Record", "parse_cell"]

REQUIRED = ("id", "subject", "eye", "path", "label")
OPTIONAL = ("split", "fov_mm", "layer", "mask_path")
#: Columns of a manifest, in the order in which they are written.
COLUMNS = (*REQUIRED, *OPTIONAL)

_NAME_LENGTH = 200
_PATH_LENGTH = 1000
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One image of a manifest.

    Values are held to the rules of the file's cells: ``label="normal"`` becomes ``Healthy``. The
    text form leaves out what names a person or a place.

    Attributes
    ----------
    id
        Name of the image, unique in its manifest; names its results too, so it is a relative path
        without ``..``.
    subject
        Whose image it is. Only manifests hold it.
    eye
        ``OD``, ``OS`` or ``unknown``.
    path
        Image file, relative to the folder of the manifest, with ``/`` between folders; None if
        there is only a mask.
    label
        ``Healthy``, ``NPDR`` or ``PDR``, or a class of another disease.
    split
        ``train``, ``validate`` or ``test`` where the data's publisher fixed it, else None.
    fov_mm
        Length of the longer side in mm, or None.
    layer
        Layer of the retina, such as ``DCP``, or None.
    mask_path
        Vessel mask, given like the image, or None.

    Examples
    --------
    >>> Record(id="0001_OD", subject="0001", eye="OD", path="a/0001_OD.png", label="normal")
    Record(eye='OD', label='Healthy', split=None, fov_mm=None, layer=None)
    """

    id: str = field(repr=False)
    subject: str = field(repr=False)
    eye: Eye
    path: str | None = field(default=None, repr=False)
    label: str
    split: Split | None = None
    fov_mm: float | None = None
    layer: str | None = None
    mask_path: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in COLUMNS:
            value = getattr(self, name)
            if value is None and (name in OPTIONAL or name == "path"):
                continue
            if name == "fov_mm":
                object.__setattr__(self, name, require_real(value, name, above=0))
                continue
            if not isinstance(value, str):
                raise ArgumentTypeError(f"{name} must be text, got {describe(value)}")
            try:
                read = _own_class(value) if name == "label" else parse_cell(name, value)
                object.__setattr__(self, name, read)
            except ArgumentError as error:
                raise ArgumentError(f"{name} {error}") from error
        if self.path is None and self.mask_path is None:
            raise ArgumentError("path must be an image file, or mask_path a mask, got neither")


def _own_class(text: str) -> str:
    """Return the label that a text names, in any disease; whether it is a class, its set says."""
    try:
        return parse_label(text)
    except ArgumentError as error:
        name = _name(" ".join(text.split()))
        if re.fullmatch(r"[-+.\d]*", name):
            raise ArgumentError(str(error).removeprefix("label ")) from error
        return name


def parse_cell(column: str, text: str, classes: Sequence[str] = LABELS) -> Any:
    """Return the value of a cell; an empty optional cell is None.

    Labels are those of the classes, see `class_names`.

    Raises
    ------
    ArgumentError
        Whose message goes on after the name of the column: what was expected, what came.
    """
    text = text.strip()
    if not text and column in OPTIONAL:
        return None
    try:
        return parse_class(text, classes) if column == "label" else _PARSERS[column](text)
    except ArgumentError as error:
        # Those of the words begin with their own name.
        raise ArgumentError(str(error).removeprefix(f"{column} ")) from error


def _text(text: str, length: int, expected: str) -> str:
    """Refuse what cannot be shown; the message does not repeat what may name a person."""
    wanted = f"must be {expected} of 1 to {length} printable characters"
    if not text:
        raise ArgumentError(f"{wanted}, got an empty cell")
    if len(text) > length:
        raise ArgumentError(f"{wanted}, got {len(text)}")
    if not text.isprintable():
        at = next(i for i, char in enumerate(text) if not char.isprintable())
        raise ArgumentError(f"{wanted}, got U+{ord(text[at]):04X} at character {at + 1}")
    return text


def _name(text: str) -> str:
    return _text(text, _NAME_LENGTH, "a name")


def _id(text: str) -> str:
    _name(text)
    if "\\" in text or any(part in ("", ".", "..") for part in text.split("/")):
        raise ArgumentError(
            "must be usable as the name of a result, got a backslash, or an empty part, '.' or "
            "'..' between slashes"
        )
    return text


def _path(text: str) -> str:
    _text(text, _PATH_LENGTH, "a path")
    if "\\" in text:
        raise ArgumentError("must have / between folders, got a backslash")
    if text.startswith("/") or re.match(r"[A-Za-z]:", text):
        raise ArgumentError("must be relative to the folder of the manifest, got an absolute path")
    path = PurePosixPath(text)
    if text.endswith("/") or path.name in ("", ".."):
        raise ArgumentError("must name a file, got a folder")
    return str(path)


def _fov(text: str) -> float:
    value = float(text) if _NUMBER.fullmatch(text) else 0.0
    if not 0 < value < float("inf"):
        raise ArgumentError(f"must be a number of mm greater than 0, such as 3.0, got {text!r:.60}")
    return value


_PARSERS: dict[str, Callable[[str], Any]] = {
    "id": _id,
    "subject": _name,
    "eye": parse_eye,
    "path": _path,
    "split": parse_split,
    "fov_mm": _fov,
    "layer": _name,
    "mask_path": _path,
}
