# SPDX-License-Identifier: Apache-2.0
"""The files of OCTA-500, in each of the layouts in which it goes round."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from PIL import Image

from gftcore._validation import require_choice
from gftcore.datasets.entries import Entry
from gftcore.datasets.octa500_sheet import Sheet, read_sheet
from gftcore.datasets.problems import Problems
from gftcore.errors import GftcoreWarning, MissingFileError
from gftcore.io.files import require_path

__all__ = ["Half", "Projection", "is_octa500", "read_octa500"]

Half = Literal["3mm", "6mm"]
Projection = Literal["ILM_OPL", "FULL", "OPL_BM"]

#: Of each half: ids, pixels of a side, field of view in mm, names of its folder.
_IDS = {"3mm": range(10301, 10501), "6mm": range(10001, 10301)}
_ALL_IDS = range(10001, 10501)
_SIDE = {"3mm": 304, "6mm": 400}
_FOV_MM = {"3mm": 3.0, "6mm": 6.0}
_HALVES = {"3mm": ("OCTA_3M", "OCTA_3mm"), "6mm": ("OCTA_6M", "OCTA_6mm")}
_MAPS = ("ProjectionMaps", "Projection Maps")
_LABEL = "Label"
#: Kinds of masks; their folders have GT_ in front.
_MASKS = ("LargeVessel", "Capillary", "Artery", "Vein", "FAZ")
_SHEETS = ("TextLabels.xlsx", "Text labels.xlsx", "TextLabels.csv", "Text labels.csv")
_MAX_PROBLEMS = 100


def read_octa500(
    path: str | Path, size: Half = "3mm", projection: Projection = "ILM_OPL"
) -> tuple[Entry, ...]:
    """List the images of one half of OCTA-500, with masks, diseases and eyes.

    Parameters
    ----------
    path
        Folder with ``OCTA_3M`` or ``OCTA_3mm`` (``OCTA_6M``, ``OCTA_6mm``) in it, or that folder.
    size
        Half of the data set: 200 images of 3 x 3 mm, or 300 of 6 x 6 mm.
    projection
        Between which surfaces the maximum was taken; ``FULL`` is all of the retina.

    Returns
    -------
    entries
        One per image in the order of the ids: `subject` is the id, since each image is of another
        person; `disease` as the sheet has it, in upper case; `layer` is the projection; `masks` has
        ``LargeVessel``, ``Capillary``, ``Artery``, ``Vein`` and ``FAZ``, as far as they are there.

    Raises
    ------
    MissingFileError
        If there is no such folder.
    ManifestError
        If a file, a folder or the sheet is missing, is there twice or has the wrong size, or if a
        row is wrong: all problems at once.
    MissingExtraError
        If the sheet is an Excel file and the extra ``io`` is not installed.

    Warns
    -----
    GftcoreWarning
        ``NOT_DVC``: no projection shows the deep vascular complex alone.

    Notes
    -----
    Masks and sheet are found in the half, in its ``Label``, beside it, and in the ``Label`` beside
    it, also if the half itself is given; case and blanks in names are ignored, and so are hidden
    files. A folder of masks may serve both halves. Sizes are read from the headers of the files.
    Age and sex, which the sheet lists too, are not kept.

    References
    ----------
    Li et al. (2024): OCTA-500: a retinal dataset for optical coherence tomography angiography
    study. Medical Image Analysis 93, 103092, doi:10.1016/j.media.2024.103092.
    """
    root = require_path(path)
    require_choice(size, get_args(Half), "size")
    require_choice(projection, get_args(Projection), "projection")
    if not root.is_dir():
        raise MissingFileError(f"{root!s:.500}: is no folder")
    problems = Problems(root, _MAX_PROBLEMS)
    half = _half(root, size, problems)
    problems.raise_any()
    assert half is not None
    beside = root if half != root else root.absolute().parent
    places = [half, *_named([half], (_LABEL,))]
    if os.access(beside, os.R_OK | os.X_OK):
        places += [beside, *_named([beside], (_LABEL,))]
    maps = _one([half], _MAPS, problems, root)
    images = maps and _one([maps], (f"OCTA({projection})",), problems, root)
    masks = {kind: _one(places, (f"GT_{kind}",), problems, root, False) for kind in _MASKS}
    sheet = _one(places, _SHEETS, problems, root)
    problems.raise_any()
    assert images is not None
    assert sheet is not None
    listed = read_sheet(sheet, problems)
    folders = {"": images} | {kind: folder for kind, folder in masks.items() if folder is not None}
    entries = tuple(_entries(listed, folders, size, projection, problems, root))
    problems.raise_any()
    warnings.warn(
        f"NOT_DVC: the projection {projection} of OCTA-500 does not show the deep vascular complex "
        "alone, for which graphs and networks here are made; none of its projections does",
        GftcoreWarning,
        stacklevel=2,
    )
    return entries


def is_octa500(path: Path) -> bool:
    """Whether a folder is that of OCTA-500, or a half of it, by the names in it."""
    names = [name for half in _HALVES.values() for name in half]
    return path.is_dir() and bool(_named([path], names) or _named([path], _MAPS))


def _plain(name: str) -> str:
    return "".join(name.casefold().split())


def _named(places: Iterable[Path], names: Sequence[str]) -> list[Path]:
    """Return what has one of these names in the places, whatever its case and blanks."""
    wanted = {_plain(name) for name in names}
    return sorted(
        path
        for place in places
        for path in place.iterdir()
        if _plain(path.name) in wanted and path.is_file() == (names is _SHEETS)
    )


def _half(root: Path, size: str, problems: Problems) -> Path | None:
    if _plain(root.name) in {_plain(name) for name in _HALVES[size]} or _named([root], _MAPS):
        return root
    return _one([root], _HALVES[size], problems, root)


def _one(
    places: Sequence[Path],
    names: Sequence[str],
    problems: Problems,
    root: Path,
    needed: bool = True,
) -> Path | None:
    """Return the one file or folder of these names; several are a problem, and so may be none."""
    found = _named(places, names)
    if len(found) > 1:
        shown = ", ".join(_below(path, root) for path in found)
        problems.add(0, "", f"must hold one of {' or '.join(names)}, got {shown}; remove one")
    elif needed and not found:
        where = ", ".join(_below(place, root) for place in places)
        problems.add(0, "", f"must hold {' or '.join(names)} in {where}, got none")
    return found[0] if len(found) == 1 else None


def _below(path: Path, root: Path) -> str:
    if path == root:
        return "the folder"
    shown = Path(os.path.relpath(path, root)).as_posix()
    return "the folder above" if shown == ".." else shown


def _entries(
    sheet: Sheet,
    folders: dict[str, Path],
    size: Half,
    projection: str,
    problems: Problems,
    root: Path,
) -> Iterator[Entry]:
    ids = _IDS[size]
    files = {kind: _files(folder, problems, root) for kind, folder in folders.items()}
    used = sorted((row for row in sheet.rows if row.id in ids), key=lambda row: row.id)
    if sheet.all_ids and sheet.ids.isdisjoint(ids):
        problems.add(0, "", f"the sheet must list ids {ids[0]} to {ids[-1]}, got none of them")
        return
    for row in used:
        found: dict[str, Path] = {}
        for kind, folder in folders.items():
            file = files[kind].get(f"{row.id}.bmp")
            if file is None:
                what = _below(folder, root)
                problems.add(row.row, "", f"{row.id} must have {what}/{row.id}.bmp, got none")
                continue
            found[kind] = file
            wrong = _wrong_size(file, _SIDE[size])
            if wrong:
                problems.add(row.row, "", f"{_below(file, root)} must be {wrong}")
        if "" in found:
            yield Entry(
                id=str(row.id),
                subject=str(row.id),
                eye=row.eye,
                path=found.pop(""),
                disease=row.disease,
                fov_mm=_FOV_MM[size],
                layer=projection,
                masks=found,
            )
    where = {kind: _below(folder, root) for kind, folder in folders.items()}
    _surplus(files, where, sheet, ids, problems)


def _files(folder: Path, problems: Problems, root: Path) -> dict[str, Path]:
    """Return the files of a folder by their plain names; one that is there twice is a problem."""
    out: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        # Hidden ones are none of the data set: macOS leaves ._10301.bmp on other file systems.
        if path.name.startswith(".") or not path.is_file():
            continue
        other = out.setdefault(_plain(path.name), path)
        if other != path:
            problems.add(
                0,
                "",
                f"{_below(folder, root)} must hold one {_plain(path.name):.40}, got {other.name}, "
                f"{path.name}; remove one",
            )
    return out


def _surplus(
    files: Mapping[str, Mapping[str, Path]],
    where: Mapping[str, str],
    sheet: Sheet,
    ids: range,
    problems: Problems,
) -> None:
    """Note files that no row lists, and images of another half; masks may be those of both."""
    for kind, names in files.items():
        for name in names:
            if not name.endswith(".bmp"):
                continue
            number = int(name[:-4]) if re.fullmatch(r"\d{1,9}\.bmp", name, re.ASCII) else -1
            shown = f"{where[kind]}/{name:.40}"
            known = ids if kind == "" else _ALL_IDS
            if number not in known:
                what = "mask" if kind else "image"
                problems.add(
                    0, "", f"{shown} must be the {what} of an id {known[0]} to {known[-1]}"
                )
            elif number not in ids or number in sheet.ids or not sheet.all_ids:
                continue
            elif kind == "" or name not in files[""]:  # an image stands for its masks
                problems.add(0, "", f"{shown} must have a row in the sheet, got none")


def _wrong_size(file: Path, side: int) -> str:
    """Return what an image should be and what it is, or nothing; only its header is read."""
    expected = f"an image of {side} x {side} pixels"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file, formats=("BMP",)) as image:
                size: tuple[Any, Any] = (image.height, image.width)
    except Exception:  # whatever a damaged header makes the decoder raise
        return f"{expected}, got a damaged file"
    return "" if size == (side, side) else f"{expected}, got {size[0]} x {size[1]}"
