# SPDX-License-Identifier: Apache-2.0
"""``gftcore data convert``: images of any source as a data set of PNG files with a list."""

from __future__ import annotations

import contextlib
import dataclasses
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gftcore.cli import options
from gftcore.cli.convert_lists import Listing, may_refuse, plan, write
from gftcore.cli.converting import Conversion, Converter
from gftcore.cli.jobs import end_code, summary
from gftcore.cli.outcome import Exit, guarded, print_json, say, tell
from gftcore.cli.progress import Progress
from gftcore.errors import ArgumentError, GftcoreWarning

if TYPE_CHECKING:
    from gftcore.datasets import Entry

__all__ = ["data_convert"]

_SCHEMA = "gftcore-data-convert/1"


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

    Writes images/ID.png without loss, masks, run.json, and manifest.csv if there are labels, else
    images.csv.
    Fields of view and eyes come from the headers. A bad image does not stop the others.
    """
    from gftcore.io.files import file_sha256, held_folder

    _require_fov(fov_mm)
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
            overwrite=overwrite,
        )
        settings = {
            **converter.reading, "eye": eye, "fov_mm": fov_mm, "format": kind,
            "labels_sha256": None if labels is None else file_sha256(labels),
            "projection": projection if kind == "octa500" else None,
        }  # fmt: skip
        ran = None
        lock = contextlib.nullcontext() if dry_run else held_folder(out)
        with lock, Progress(len(entries), what="data convert", silent=silent) as progress:
            conversions = _convert(converter, entries, progress, dry_run=dry_run)
            listing = plan(out, conversions, overwrite=overwrite)
            if listing is not None and listing.error is None:
                _warn_of_subjects(conversions)
                if not dry_run:
                    ran = write(listing, conversions, settings)
    jobs = [conversion.job for conversion in conversions]
    if json_:
        document: dict[str, Any] = {
            "schema": _SCHEMA,
            "dry_run": dry_run,
            "output": str(out),
            "format": kind,
            "summary": summary(jobs),
            "list": None if listing is None else listing.document(),
            "run": ran,
            "warnings": notes,
            "images": [conversion.document() for conversion in conversions],
        }
        print_json(document)
    else:
        _report(conversions, listing, notes, quiet=quiet, dry_run=dry_run)
    refused = listing is not None and listing.error is not None
    return Exit.REFUSED if refused else end_code(jobs)


def _require_fov(fov_mm: float | None) -> None:
    """Refuse at once what no header could say either."""
    from gftcore.io.spacing import PLAUSIBLE_MM

    low, high = PLAUSIBLE_MM
    if fov_mm is not None and not low <= fov_mm <= high:
        raise ArgumentError(f"--fov-mm must be {low:g} to {high:g} mm, got {fov_mm:g}")


def _convert(
    converter: Converter, entries: Sequence[Entry], progress: Progress, *, dry_run: bool
) -> list[Conversion]:
    """Convert all images, or none of them if their list could not be written after that."""
    look = dry_run or (not converter.overwrite and may_refuse(converter.out))
    conversions = []
    for entry in entries:
        conversions.append(converter.convert(entry, only_look=look))
        if dry_run or conversions[-1].job.status != "waiting":
            progress.step(failed=not conversions[-1].done)
    if dry_run or not look:
        return conversions
    listing = plan(converter.out, conversions, overwrite=False)
    if listing is not None and listing.error is not None:
        return conversions
    # Looked at and converted one by one, since they would not fit into memory together.
    for at, seen in enumerate(conversions):
        if seen.job.status == "waiting":
            conversions[at] = converter.convert(seen.entry, only_look=False)
            progress.step(failed=not conversions[at].done)
    return conversions


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


def _warn_of_subjects(conversions: Sequence[Conversion]) -> None:
    entries = [conversion.entry for conversion in conversions if conversion.done]
    labelled = all(entry.label is not None for entry in entries)
    if labelled and any(entry.subject is None for entry in entries):
        warnings.warn(
            "SUBJECTS_UNKNOWN: nothing says whose the images are, so that each counts as a subject "
            "of its own; correct that column of the manifest before the data are divided, or give "
            "--labels with a column subject",
            GftcoreWarning,
            stacklevel=2,
        )


def _report(
    conversions: Sequence[Conversion],
    listing: Listing | None,
    notes: Sequence[str],
    *,
    quiet: bool,
    dry_run: bool,
) -> None:
    for conversion in conversions:
        if not conversion.done:
            say(conversion.job.complaint())
    if listing is not None and listing.error is not None:
        say(f"failed: {listing.error}")
    if quiet:
        return
    for conversion in conversions:
        for note in conversion.notes:
            say(f"warning: {conversion.entry.path}: {note}")
    for note in notes:
        say(f"warning: {note}")
    if listing is not None and listing.error is None:
        words = {"waiting": "would write ", "skipped": "there already: ", "ok": ""}
        tell(f"{words[listing.status]}{listing.path}")
    if listing is not None and listing.replaced is not None and not dry_run:
        say(f"{listing.path.name} replaces {listing.replaced}")
    counts = summary([conversion.job for conversion in conversions])
    if dry_run:
        waiting = sum(conversion.job.status == "waiting" for conversion in conversions)
        say(f"{waiting} images would be written, {counts['failed']} failed")
    else:
        say(
            f"{counts['ok']} images written, {counts['skipped']} there already, "
            f"{counts['failed']} failed"
        )
