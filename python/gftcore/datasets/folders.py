# SPDX-License-Identifier: Apache-2.0
"""Plain folders of images, and lists of labels for them."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from gftcore.datasets.csv_rows import column_names, decoded, rows_of, without_empty_end
from gftcore.datasets.entries import Entry
from gftcore.datasets.labels import class_names, parse_label
from gftcore.datasets.problems import Problems
from gftcore.datasets.records import parse_cell
from gftcore.errors import ArgumentError, FormatError, GftcoreWarning, MissingFileError
from gftcore.io.files import require_file, require_path
from gftcore.io.scans import SCAN_SUFFIXES, file_format

__all__ = ["add_labels", "read_folder"]

_MAX_PROBLEMS = 100
_LABEL_COLUMNS = ("id", "label", "subject", "eye")
_MAX_LIST_BYTES = 1 << 26


def read_folder(path: str | Path, *, exclude: str | Path | None = None) -> tuple[Entry, ...]:
    """List the images of a folder and of the folders below it.

    Files are not read, and their names are not interpreted. Links to folders are followed, each
    folder once. A broken link without suffix, or with one of an image, is listed as an image: its
    reader says that it is not there. If each image lies below one folder
    whose name is a class (``Healthy``, ``Normal``, ``NPDR``, ``PDR`` and the like, see
    `parse_label`), that is its label; else no image has one.

    Parameters
    ----------
    path
        Folder; or a single image.
    exclude
        Folder below it that is left out, such as that of results.

    Returns
    -------
    entries
        One per image, sorted by the bytes of their paths. The id is the path below the folder
        without suffix, with ``/`` between folders. Whose images they are is not known.

    Raises
    ------
    MissingFileError
        If there is no such folder, or no image in it.
    ManifestError
        If two images would have one id, or if a name cannot be an id; all of them at once.

    Warns
    -----
    GftcoreWarning
        ``PARTLY_LABELLED`` if only some of the images lie below a folder with the name of a class.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("normal/a.png", "PDR/b.dcm"):
    ...         (Path(folder) / name).parent.mkdir()
    ...         (Path(folder) / name).touch()
    ...     [(entry.id, entry.label) for entry in read_folder(folder)]
    [('PDR/b', 'PDR'), ('normal/a', 'Healthy')]
    """
    root = require_path(path)
    if not root.exists():
        raise MissingFileError(f"{root!s:.500}: No such file or directory")
    if root.is_file():
        return (Entry(id=_stem(root, PurePosixPath(root.name)), path=root),)
    skipped = None if exclude is None else require_path(exclude).resolve()
    found = sorted(_images(root, skipped), key=lambda pair: os.fsencode(pair[1]))
    if not found:
        raise MissingFileError(f"{root}: no image ({', '.join(SCAN_SUFFIXES)}, or DICOM) in it")
    problems = Problems(root, _MAX_PROBLEMS)
    entries: dict[str, Entry] = {}
    for file, relative in found:
        name = _stem(file, relative)
        try:
            parse_cell("id", name)
            _refuse_outer_blanks(name)
        except ArgumentError as error:
            problems.add(0, "", f"{str(relative)!r:.300}: the name {error}; rename it")
            continue
        if name in entries:
            other = entries[name].path.relative_to(root).as_posix()
            problems.add(0, "", f"{other} and {relative} would have one id; rename one")
            continue
        entries[name] = Entry(id=name, path=file, label=_label(file, relative))
    problems.raise_any()
    return _all_or_none(root, tuple(entries.values()))


def _images(root: Path, skipped: Path | None) -> Iterator[tuple[Path, PurePosixPath]]:
    """Yield files that can be images, and broken links; hidden ones and `skipped` are left out.

    Links to folders are followed after all that lies in the folder itself. A folder is listed once,
    and none that the root lies in.
    """

    def unreadable(error: OSError) -> None:
        raise error

    # `realpath` takes links in circles, too.
    real_root = Path(os.path.realpath(root))
    seen = set(real_root.parents)
    waiting = [root]
    while waiting:
        links: list[Path] = []
        for folder, names, files in os.walk(waiting.pop(0), onerror=unreadable):
            here = Path(folder)
            real = Path(os.path.realpath(here))
            if real in seen or (skipped is not None and skipped in (real, *real.parents)):
                names[:] = []
                continue
            seen.add(real)
            names[:] = sorted(name for name in names if not name.startswith("."))
            links += [here / name for name in names if (here / name).is_symlink()]
            for name in files:
                file = here / name
                if not name.startswith(".") and _may_be_image(file):
                    yield file, PurePosixPath(file.relative_to(root).as_posix())
        waiting += links


def _may_be_image(file: Path) -> bool:
    name = file.name.lower()
    if _broken(file):  # what it was cannot be seen: an image, or a folder or a DICOM file
        return name.endswith(SCAN_SUFFIXES) or not file.suffix or file.suffix[1:].isdigit()
    return file.is_file() and (name.endswith(SCAN_SUFFIXES) or file_format(file) == "DICOM")


def _broken(file: Path) -> bool:
    return file.is_symlink() and not os.path.exists(file)  # noqa: PTH110 - takes circles, too


def _stem(file: Path, relative: PurePosixPath) -> str:
    suffix = next((s for s in SCAN_SUFFIXES[::-1] if file.name.lower().endswith(s)), "")
    text = str(relative)
    return text[: len(text) - len(suffix)]


def _refuse_outer_blanks(name: str) -> None:
    """Refuse an id that comes back as another one: lists drop blanks around their cells."""
    if name != name.strip():
        raise ArgumentError("must not begin or end with a blank")


def _label(file: Path, relative: PurePosixPath) -> str | None:
    labels = set()
    # A broken link without suffix may be that to the folder of a class.
    folders = relative.parts if _broken(file) and not file.suffix else relative.parts[:-1]
    for part in folders:
        with contextlib.suppress(ArgumentError):
            labels.add(parse_label(part))
    return labels.pop() if len(labels) == 1 else None


def _all_or_none(root: Path, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    there = [entry for entry in entries if not _broken(entry.path)]
    labelled = sum(entry.label is not None for entry in there)
    if labelled in (0, len(there)):
        return entries
    warnings.warn(
        f"PARTLY_LABELLED: {root}: {labelled} of {len(there)} images lie below a folder with the "
        "name of a class (Healthy, NPDR, PDR); all of them are taken for unlabelled",
        GftcoreWarning,
        stacklevel=3,
    )
    return tuple(dataclasses.replace(entry, label=None) for entry in entries)


def add_labels(entries: Iterable[Entry], path: str | Path) -> tuple[Entry, ...]:
    r"""Return entries with the labels of a list, ``id,label[,subject,eye]``.

    Labels may be those of another disease, see `class_names`. All problems are reported at once.

    Parameters
    ----------
    entries
        From `read_folder`.
    path
        CSV file, UTF-8, with a row for each image and no others. Empty cells of ``subject`` and
        ``eye`` mean that it is not known.

    Raises
    ------
    ManifestError
        If something is wrong with it; names row and column, but no id and no subject.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "labels.csv"
    ...     _ = path.write_text("id,label,subject\na,Normal,7\n")
    ...     add_labels([Entry(id="a", path=Path("a.png"))], path)[0].label
    'Healthy'
    """
    items = {entry.id: entry for entry in entries}
    file = require_file(path)
    problems = Problems(file, _MAX_PROBLEMS)
    columns, table = _table(file, problems)
    words = [cells[columns.index("label")] for _, cells in table if len(cells) == len(columns)]
    classes = class_names(words)
    out: dict[str, Entry] = {}
    for row, cells in table:
        if len(cells) != len(columns):
            problems.add(row, "", f"must have {len(columns)} cells, got {len(cells)}")
            continue
        values = _values(row, dict(zip(columns, cells, strict=True)), classes, problems)
        name = values.pop("id", None)
        if name is None:
            continue
        if name in out:
            problems.add(row, "id", "must be unique, got one that is there before")
        elif name not in items:
            problems.add(row, "id", "must be the id of an image (its path without suffix)")
        else:
            out[name] = dataclasses.replace(items[name], **values)
    if not problems.total and len(out) < len(items):
        missing = len(items) - len(out)
        problems.add(0, "id", f"must list each of the {len(items)} images, {missing} are missing")
    problems.raise_any()
    return tuple(out[name] for name in items)


def _table(file: Path, problems: Problems) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the columns of a list, and number and cells of its rows that are not blank."""
    if file.stat().st_size > _MAX_LIST_BYTES:
        raise FormatError(f"{file}: holds more than {_MAX_LIST_BYTES} bytes; it is no list")
    rows = list(rows_of(decoded(file.read_bytes(), problems), problems))
    names = column_names(*rows[0], problems) if rows else []
    wrong = [name for name in names if name not in _LABEL_COLUMNS]
    if wrong or len(set(names)) < len(names) or not {"id", "label"} <= set(names):
        got = ", ".join(names)[:100] or "none"
        problems.add(1, "", f"columns must be id, label and perhaps subject, eye, got {got}")
        problems.raise_any()
    return names, [(row, without_empty_end(cells, len(names))) for row, cells in rows[1:]]


def _values(
    row: int, cells: dict[str, str], classes: Sequence[str], problems: Problems
) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for column, cell in cells.items():
        if not cell and column in ("subject", "eye"):
            continue
        try:
            out[column] = parse_cell(column, cell, classes)
        except ArgumentError as error:
            problems.add(row, column, str(error))
    return out
