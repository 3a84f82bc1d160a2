# SPDX-License-Identifier: Apache-2.0
"""What `data convert` writes beside the images: their list, and ``run.json``."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gftcore.cli.converting import Conversion
from gftcore.errors import RefusedError

__all__ = ["Listing", "may_refuse", "plan", "write"]

_IMAGES, _MANIFEST, _RUN = "images.csv", "manifest.csv", "run.json"
_COLUMNS = ("id", "path", "fov_mm", "eye", "layer")
_RUN_SCHEMA = "gftcore-data-convert-run/"


@dataclass(slots=True, kw_only=True)
class Listing:
    """The list of a run and what is to become of it.

    Attributes
    ----------
    path, data
        File and its bytes.
    images
        Number of its rows.
    status
        ``waiting``, then ``ok``, ``skipped`` (it is there already) or ``failed``.
    error
        Why it must not be written.
    replaced
        Older list that says nothing more and goes when this one is written.
    """

    path: Path
    data: bytes
    images: int
    status: str
    error: RefusedError | None = None
    replaced: Path | None = None

    def document(self) -> dict[str, Any]:
        """Entry of the JSON output."""
        out = {"path": str(self.path), "status": self.status, "images": self.images}
        if self.error is None:
            return out
        return out | {"error": {"code": self.error.code, "message": str(self.error)}}


def may_refuse(out: Path) -> bool:
    """Whether anything is there that a list has to be compared with before images are written."""
    return any((out / name).exists() for name in (_IMAGES, _MANIFEST, _RUN))


def plan(out: Path, conversions: Sequence[Conversion], *, overwrite: bool) -> Listing | None:
    """Return the list of the images that are done, or would be; None if there is no such image."""
    done = [conversion for conversion in conversions if conversion.done]
    if not done:
        return None
    labelled = all(conversion.entry.label is not None for conversion in done)
    target = out / (_MANIFEST if labelled else _IMAGES)
    data = _manifest(done) if labelled else _images(done)
    there = target.read_bytes() if target.exists() else None
    status = "skipped" if there == data else "waiting"
    listing = Listing(path=target, data=data, images=len(done), status=status)
    try:
        if there not in (None, data) and not overwrite:
            _require_added(target, there or b"", data)
        if labelled:
            listing.replaced = _older(out / _IMAGES, target, _images(done), overwrite=overwrite)
        elif (out / _MANIFEST).exists():
            raise RefusedError(
                f"{out / _MANIFEST} lists images with labels, and these have none; give their "
                "labels, choose another --out, or remove that file"
            )
        if not overwrite:
            _require_own_run(out / _RUN)
    except RefusedError as error:
        listing.status, listing.error = "failed", error
    return listing


def write(
    listing: Listing, conversions: Sequence[Conversion], options: Mapping[str, Any]
) -> dict[str, str]:
    """Write the list and ``run.json``; return name and state of the latter.

    Files that are there with the same bytes are left as they are.
    """
    if listing.status == "waiting":
        _write(listing.path, listing.data)
        listing.status = "ok"
    if listing.replaced is not None:
        listing.replaced.unlink()
    target, data = listing.path.parent / _RUN, _run(listing.path.parent, conversions, options)
    same = target.exists() and target.read_bytes() == data
    if not same:
        _write(target, data)
    return {"path": str(target), "status": "skipped" if same else "ok"}


def _write(path: Path, data: bytes) -> None:
    from gftcore.io import atomic_path

    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def _run(out: Path, conversions: Sequence[Conversion], options: Mapping[str, Any]) -> bytes:
    """Return ``run.json``: what was made of what, without the names and places of sources."""
    from gftcore.io import file_sha256, provenance

    images = [
        {
            "id": conversion.entry.id,
            "files": {
                name: {"source_sha256": source, "sha256": file_sha256(out / name)}
                for name, source in conversion.sources.items()
            },
        }
        for conversion in conversions
        if conversion.done
    ]
    document = {**provenance(f"{_RUN_SCHEMA}1"), "options": dict(options), "images": images}
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


def _require_own_run(path: Path) -> None:
    if not path.exists():
        return
    try:
        document = json.loads(path.read_bytes())
    except ValueError:
        document = None
    schema = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(schema, str) or not schema.startswith(_RUN_SCHEMA):
        raise RefusedError(
            f"{path} is that of another command; choose another --out, or --overwrite"
        )


def _require_added(target: Path, there: bytes, data: bytes) -> None:
    """Refuse to replace a list in which anything stands that the new one does not have."""
    old, new = _rows(there), _rows(data)
    if old is None or not {*map(_known, old)} <= {*map(_known, new or ())}:
        raise RefusedError(
            f"{target} exists and differs by more than added rows; --overwrite replaces it, and "
            "what was edited in it"
        )


def _older(path: Path, target: Path, images: bytes, *, overwrite: bool) -> Path | None:
    """Return the list of a run without labels, if there is one and the manifest replaces it.

    A file with other columns is none, such as that of ``gftcore extract``.
    """
    old = _rows(path.read_bytes()) if path.exists() else None
    if not old or tuple(old[0]) != _COLUMNS:
        return None
    new = {row["id"]: _known(row) for row in _rows(images) or ()}
    # What was not known then may be known now.
    if not overwrite and not all(
        _known(row, "unknown") <= new.get(row["id"], set()) for row in old
    ):
        raise RefusedError(
            f"{path} would be replaced by {target.name}, which does not have all that it says; "
            "--overwrite replaces it, and what was edited in it"
        )
    return path


def _known(row: Mapping[str, str], *unknown: str) -> frozenset[tuple[str, str]]:
    """Cells that say something; a column that is missing is as good as an empty one."""
    return frozenset((name, cell) for name, cell in row.items() if cell not in ("", *unknown))


def _rows(data: bytes) -> list[dict[str, str]] | None:
    """Return the rows of a list by their columns, or None if it is none."""
    text = data.decode("utf-8-sig", "surrogateescape")
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line]
    except csv.Error:
        return None
    if not lines or any(len(line) != len(lines[0]) for line in lines):
        return None
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def _manifest(done: Sequence[Conversion]) -> bytes:
    from gftcore.datasets import Record
    from gftcore.datasets.manifest import manifest_bytes

    named = {each.entry.subject for each in done}
    return manifest_bytes(
        Record(
            id=each.entry.id,
            subject=each.entry.subject or _own_subject(each.entry.id, named),
            eye=each.eye,  # type: ignore[arg-type]
            path=f"images/{each.entry.id}.png",
            label=str(each.entry.label),
            fov_mm=each.fov_mm,
            layer=each.layer,
        )
        for each in done
    )


def _own_subject(name: str, named: set[str | None]) -> str:
    """Return the id of an image as a subject that is none of those with a name."""
    while name in named:
        name += "?"
    return name


def _images(done: Sequence[Conversion]) -> bytes:
    from gftcore.io.tables import csv_bytes

    return csv_bytes(
        _COLUMNS,
        [
            [each.entry.id, f"images/{each.entry.id}.png", each.fov_mm, each.eye, each.layer]
            for each in done
        ],
    )
