# SPDX-License-Identifier: Apache-2.0
"""``gftcore data convert``: images of any source as a data set of PNG files with a list."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gftcore.cli import options
from gftcore.cli.converting import Conversion, Converter
from gftcore.cli.jobs import end_code, summary
from gftcore.cli.outcome import guarded, print_json, say, tell
from gftcore.cli.progress import Progress
from gftcore.errors import ArgumentError, GftcoreWarning, RefusedError

if TYPE_CHECKING:
    from gftcore.datasets import Entry

__all__ = ["data_convert"]

_SCHEMA = "gftcore-data-convert/1"
_COLUMNS = ("id", "path", "fov_mm", "eye", "layer")


@guarded
def data_convert(
    source: Annotated[
        Path, typer.Argument(help="Folder of images, one image, or the folder of OCTA-500.")
    ],
    out: options.Out,
    *,
    format_: Annotated[
        Literal["auto", "folder", "octa500"],
        typer.Option("--format", help="What SOURCE is; auto looks at the names of its folders."),
    ] = "auto",
    projection: Annotated[
        Literal["ILM_OPL", "FULL", "OPL_BM"],
        typer.Option("--projection", help="octa500: which projection."),
    ] = "ILM_OPL",
    labels: Annotated[
        Path | None,
        typer.Option("--labels", help="folder: CSV id,label[,subject,eye].", dir_okay=False),
    ] = None,
    eye: Annotated[
        Literal["OD", "OS"] | None, typer.Option("--eye", help="Where headers name no eye.")
    ] = None,
    fov_mm: Annotated[
        float | None,
        typer.Option("--fov-mm", help="Longer side in mm, where headers do not say it."),
    ] = None,
    channel: options.Channel = None,
    allow_burned_in: Annotated[
        bool,
        typer.Option(
            "--allow-burned-in",
            help="Take DICOM files that may have text about a person in their pixels.",
        ),
    ] = False,
    max_pixels: options.MaxPixels = 64_000_000,
    dry_run: options.DryRun = False,
    overwrite: options.Overwrite = False,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Turn PNG, TIFF, JPEG, BMP, npy, DICOM and NIfTI files, or OCTA-500, into a data set.

    Writes images/ID.png without loss, masks, and manifest.csv if there are labels, else images.csv.
    Fields of view and eyes come from the headers. A bad image does not stop the others.
    """
    from gftcore._validation import require_real
    from gftcore.io.files import held_folder

    if fov_mm is not None:
        require_real(fov_mm, "--fov-mm", above=0)
    silent = json_ or quiet
    with _notes() as notes:
        kind = _kind(source, format_)
        entries = _entries(source, out, kind, projection, labels)
        _require_classes(entries)
        converter = Converter(
            out=out,
            reading={
                "channel": channel,
                "max_pixels": max_pixels,
                "burned_in": "allow" if allow_burned_in else "refuse",
            },
            eye=eye,
            fov_mm=fov_mm,
            dry_run=dry_run,
            overwrite=overwrite,
        )
        lock = contextlib.nullcontext() if dry_run else held_folder(out)
        conversions: list[Conversion] = []
        with lock, Progress(len(entries), what="data convert", silent=silent) as progress:
            for entry in entries:
                conversions.append(converter.convert(entry))
                progress.step(failed=not conversions[-1].done)
            listed = _list(out, conversions, dry_run=dry_run, overwrite=overwrite)
    jobs = [conversion.job for conversion in conversions]
    if json_:
        document: dict[str, Any] = {
            "schema": _SCHEMA,
            "dry_run": dry_run,
            "output": str(out),
            "format": kind,
            "summary": summary(jobs),
            "list": listed,
            "warnings": notes,
            "images": [conversion.document() for conversion in conversions],
        }
        print_json(document)
    else:
        _report(conversions, listed, notes, quiet=quiet, dry_run=dry_run)
    return end_code(jobs)


@contextlib.contextmanager
def _notes() -> Iterator[list[str]]:
    """Collect warnings as text."""
    out: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", GftcoreWarning)
        yield out
    out += [str(w.message) for w in caught if issubclass(w.category, GftcoreWarning)]


def _kind(source: Path, format_: str) -> str:
    from gftcore.datasets.octa500 import is_octa500

    if format_ != "auto":
        return format_
    return "octa500" if is_octa500(source) else "folder"


def _entries(
    source: Path, out: Path, kind: str, projection: Any, labels: Path | None
) -> tuple[Entry, ...]:
    from gftcore.datasets import add_labels, octa500_protocol, read_folder, read_octa500

    if out.resolve() == source.resolve():
        raise ArgumentError(f"--out {out} is SOURCE; choose another folder")
    if kind == "octa500":
        if labels is not None:
            raise ArgumentError("--labels goes with --format folder; OCTA-500 has its own sheet")
        every = read_octa500(source, "3mm", projection)
        label = {record.id: record.label for record in octa500_protocol(every, folder=out)}
        chosen = (entry for entry in every if entry.id in label)
        return tuple(dataclasses.replace(entry, label=label[entry.id]) for entry in chosen)
    entries = read_folder(source, exclude=out)
    return entries if labels is None else add_labels(entries, labels)


def _require_classes(entries: Sequence[Entry]) -> None:
    """Say before anything is written that the labels are no classes of a manifest."""
    from gftcore.datasets import class_names
    from gftcore.datasets.labels import parse_class

    words = [entry.label for entry in entries if entry.label is not None]
    classes = class_names(words)
    for word in words:
        parse_class(word, classes)


def _list(
    out: Path, conversions: Sequence[Conversion], *, dry_run: bool, overwrite: bool
) -> dict[str, Any] | None:
    """Write the manifest, or the list of images without labels; return its name and state."""
    done = [conversion for conversion in conversions if conversion.done]
    if not done:
        return None
    labelled = all(conversion.entry.label is not None for conversion in done)
    target = out / ("manifest.csv" if labelled else "images.csv")
    data = _manifest(done) if labelled else _images(done)
    there = target.read_bytes() if target.exists() else None
    status = "waiting" if dry_run else "skipped" if there == data else "ok"
    if there not in (None, data) and not overwrite:
        raise RefusedError(
            f"{target} exists and differs; --overwrite replaces it, and what was edited in it"
        )
    if status == "ok":
        from gftcore.io import atomic_path

        with atomic_path(target) as temporary:
            temporary.write_bytes(data)
    return {"path": str(target), "status": status, "images": len(done)}


def _manifest(done: Sequence[Conversion]) -> bytes:
    from gftcore.datasets import Record
    from gftcore.datasets.manifest import manifest_bytes

    if any(conversion.entry.subject is None for conversion in done):
        warnings.warn(
            "SUBJECTS_UNKNOWN: nothing says whose the images are, so that each counts as a subject "
            "of its own; correct that column of the manifest before the data are divided, or give "
            "--labels with a column subject",
            GftcoreWarning,
            stacklevel=2,
        )
    return manifest_bytes(
        Record(
            id=conversion.entry.id,
            subject=conversion.entry.subject or conversion.entry.id,
            eye=conversion.eye,  # type: ignore[arg-type]
            path=f"images/{conversion.entry.id}.png",
            label=str(conversion.entry.label),
            fov_mm=conversion.fov_mm,
            layer=conversion.layer,
        )
        for conversion in done
    )


def _images(done: Sequence[Conversion]) -> bytes:
    import csv

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for each in done:
        name = each.entry.id
        writer.writerow([name, f"images/{name}.png", each.fov_mm, each.eye, each.layer])
    return text.getvalue().encode()


def _report(
    conversions: Sequence[Conversion],
    listed: dict[str, Any] | None,
    notes: Sequence[str],
    *,
    quiet: bool,
    dry_run: bool,
) -> None:
    for conversion in conversions:
        if not conversion.done:
            say(conversion.job.complaint())
    if quiet:
        return
    for conversion in conversions:
        for note in conversion.notes:
            say(f"warning: {conversion.entry.path}: {note}")
    for note in notes:
        say(f"warning: {note}")
    if listed is not None:
        words = {"waiting": "would write ", "skipped": "there already: ", "ok": ""}
        tell(f"{words[listed['status']]}{listed['path']}")
    counts = summary([conversion.job for conversion in conversions])
    if dry_run:
        waiting = len(conversions) - counts["failed"]
        say(f"{waiting} images would be written, {counts['failed']} failed")
    else:
        say(
            f"{counts['ok']} images written, {counts['skipped']} there already, "
            f"{counts['failed']} failed"
        )
