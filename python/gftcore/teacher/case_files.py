# SPDX-License-Identifier: Apache-2.0
"""Teaching cases as files, ``gftcore-teaching-case/1``: equal cases give equal bytes.

A case is ``cases/<image_id>.json`` beside ``images/<key>.png`` and ``overlays/<key>.png``, whose
key comes from the pixels alone, so that a name says nothing of a subject or a file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore import __version__
from gftcore._validation import describe
from gftcore.claims import Facts
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError, MissingFileError
from gftcore.findings import FINDINGS, finding_document, finding_from
from gftcore.io import atomic_path, file_sha256, write_image
from gftcore.io.files import require_file, require_path
from gftcore.tabulation import Table, parse_table, table_json
from gftcore.teacher.cases import TeachingCase

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CASES", "CASE_SCHEMA", "PICTURES", "case_document", "case_path"]
__all__ += ["read_teaching_case", "write_teaching_case"]

CASE_SCHEMA = "gftcore-teaching-case/1"
CASES = "cases"
#: Folders of the files that belong to a case, by its entries.
PICTURES: Mapping[str, str] = {"image": "images", "overlay": "overlays"}
#: Larger files are no cases.
MAX_BYTES = 80_000_000
_KEYS = {"schema", "gftcore", "image_id", "label", "table", "findings", "truth", *PICTURES}


def case_path(folder: Path, image_id: str) -> Path:
    """Return where the file of a case lies."""
    name = PurePosixPath(image_id)
    if not name.parts or name.is_absolute() or ".." in name.parts:
        raise ArgumentError(f"image_id must be usable as the name of a file, got {image_id!r:.80}")
    return folder / CASES / name.with_name(f"{name.name}.json")


def write_teaching_case(folder: str | Path, case: TeachingCase) -> Path:
    """Write a case, each of its files as a whole; the last one vouches for the others.

    Parameters
    ----------
    folder
        Folder of the data set.
    case
        From `teaching_cases`.

    Returns
    -------
    Path
        The file of the case.
    """
    if not isinstance(case, TeachingCase):
        raise ArgumentTypeError(f"case must be a TeachingCase, got {describe(case)}")
    root = require_path(folder)
    pixels = {"image": case.image, "overlay": case.overlay}
    key = case.key
    files: dict[str, dict[str, str] | None] = {}
    for name, place in PICTURES.items():
        array = pixels[name]
        files[name] = None
        if array is not None:
            relative = f"{place}/{key}.png"
            write_image(root / relative, array)
            files[name] = {"path": relative, "sha256": file_sha256(root / relative)}
    document = {
        "schema": CASE_SCHEMA,
        "gftcore": __version__,
        "image_id": case.image_id,
        "label": case.label,
        "table": json.loads(table_json(case.table)),
        "findings": [
            {
                **finding_document(one),
                "cell_evidence": [[list(ref) for ref in refs] for refs in one.cell_evidence],
            }
            for one in case.findings
        ],
        "truth": _truth_document(case),
        **files,
    }
    target = case_path(root, case.image_id)
    with atomic_path(target) as temporary:
        text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")
    return target


def read_teaching_case(folder: str | Path, image_id: str) -> TeachingCase:
    """Read a case that `write_teaching_case` wrote.

    Parameters
    ----------
    folder
        Folder of the data set.
    image_id
        Of the case.

    Raises
    ------
    MissingFileError
        If there is no such case, or if one of its files is missing.
    FormatError
        If a file is damaged, of another kind, or not the one that was written.
    """
    root = require_path(folder)
    document = case_document(root, image_id)
    file = case_path(root, image_id)
    try:
        table = _table(document)
        findings = tuple(finding_from(one) for one in document["findings"])
        truth = _truth(document, table.image.eye)
    except (FormatError, ArgumentError, KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{file}: is no teaching case: {error!s:.200}") from error
    image = _pixels(root, document, "image")
    assert image is not None
    return TeachingCase(
        image_id=image_id,
        table=table,
        findings=findings,
        label=document["label"],
        truth=truth,
        image=image,
        overlay=_pixels(root, document, "overlay"),
    )


def case_document(folder: Path, image_id: str) -> dict[str, Any]:
    """Return the JSON values of a case whose files are those that were written.

    Raises
    ------
    MissingFileError, FormatError
        As `read_teaching_case`; table, findings and facts are not looked into.
    """
    file = require_file(case_path(folder, image_id))
    with file.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise FormatError(f"{file}: holds more than {MAX_BYTES} bytes")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{file}: is no JSON: {error!s:.100}") from error
    if not isinstance(document, dict) or document.get("schema") != CASE_SCHEMA:
        raise FormatError(f"{file}: must have the schema {CASE_SCHEMA}")
    if set(document) != _KEYS:
        raise FormatError(f"{file}: must have the keys {', '.join(sorted(_KEYS))}")
    if document["image_id"] != image_id:
        raise FormatError(f"{file}: must be the case of {image_id!r:.80}")
    for name in PICTURES:
        path = _picture(folder, document, name)
        if path is not None and file_sha256(path) != document[name]["sha256"]:
            raise FormatError(f"{path}: is not the {name} of {file.name}")
    return document


def _picture(root: Path, document: Mapping[str, Any], name: str) -> Path | None:
    """Return where a picture lies; it is one of the two folders, whatever the file says."""
    entry = document[name]
    if entry is None and name != "image":
        return None
    if not isinstance(entry, dict) or set(entry) != {"path", "sha256"}:
        raise FormatError(f"{name} must be an object of path and sha256")
    folder, _, file = str(entry["path"]).partition("/")
    key, dot, suffix = file.partition(".")
    if folder != PICTURES[name] or not key.isalnum() or (dot, suffix) != (".", "png"):
        raise FormatError(f"{name} must be a PNG file in {PICTURES[name]}, got {file!r:.80}")
    return root / folder / file


def _pixels(root: Path, document: Mapping[str, Any], name: str) -> NDArray[np.uint8] | None:
    from PIL import Image

    path = _picture(root, document, name)
    if path is None:
        return None
    try:
        with Image.open(path, formats=["PNG"]) as opened:
            out = np.asarray(opened)
    except FileNotFoundError as error:
        raise MissingFileError(f"{path}: {error.strerror}") from error
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: cannot be read as an image: {error!s:.100}") from error
    return out


def _table(document: Mapping[str, Any]) -> Table:
    table = parse_table(json.dumps(document["table"]))
    if (table.image.id, table.label) != (document["image_id"], document["label"]):
        raise FormatError("table must be that of the image and its label")
    return table


def _truth_document(case: TeachingCase) -> dict[str, Any] | None:
    """Return the lesions that are known, by finding."""
    if case.truth is None:
        return None
    names = [name for name in FINDINGS[:-1] if name in case.truth.known]
    cells = {name: case.truth.where(name) for name in names}
    if case.truth != Facts.of_truth(eye=case.eye, stage=case.label, cells=cells):
        raise ArgumentError("truth of a case must be made by Facts.of_truth, with eye and label")
    # None does not compare with numbers; the foveal cell comes first.
    return {
        name: [list(cell) for cell in sorted(some, key=lambda cell: (cell[0] or 0, cell[1]))]
        for name, some in cells.items()
    }


def _truth(document: Mapping[str, Any], eye: str) -> Facts | None:
    given = document["truth"]
    if given is None:
        return None
    if set(given) - set(FINDINGS[:-1]):
        raise FormatError("truth must have findings as keys")
    cells = {
        name: {(hour, zone) for hour, zone in given[name]} for name in FINDINGS if name in given
    }
    return Facts.of_truth(eye=eye, stage=document["label"], cells=cells)
