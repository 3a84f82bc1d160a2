# SPDX-License-Identifier: Apache-2.0
"""``gftcore data check``: whether a manifest and its files are good."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gftcore.cli import options
from gftcore.cli.outcome import Exit, guarded, print_json, say, tell
from gftcore.cli.progress import Progress

if TYPE_CHECKING:
    from gftcore.datasets import Manifest, ManifestSummary, Problem

__all__ = ["data_check"]

_SCHEMA = "gftcore-data-check/1"


@guarded
def data_check(
    manifest: options.ManifestFile,
    *,
    files: Annotated[
        bool, typer.Option("--files/--no-files", help="Also read every image and mask.")
    ] = True,
    max_problems: Annotated[
        int, typer.Option("--max-problems", min=1, help="How many problems are listed.")
    ] = 100,
    channel: options.Channel = None,
    max_pixels: options.MaxPixels = 64_000_000,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Check a manifest and the files that it names; count classes, eyes and subjects.

    Problems are listed by row and column, without names of persons or files. Exit code 3: the
    manifest is unusable, or so are all of its files; 1: some of its files are.
    """
    from gftcore.datasets import ManifestError, read_manifest, suspicions

    try:
        table = read_manifest(manifest, max_problems=max_problems)
    except ManifestError as error:
        _report(manifest, None, error.problems, error.total, warnings=(), json_=json_, quiet=quiet)
        return Exit.BAD_INPUT
    problems: list[Problem] = []
    bad = total = 0
    if files:
        bad, total = _check_files(
            table,
            problems,
            max_problems,
            channel=channel,
            max_pixels=max_pixels,
            silent=json_ or quiet,
        )
    _report(manifest, table, problems, total, warnings=suspicions(table), json_=json_, quiet=quiet)
    if bad == 0:
        return Exit.DONE
    return Exit.SOME_FAILED if bad < len(table) else Exit.BAD_INPUT


def _check_files(
    table: Manifest, problems: list[Problem], limit: int, *, silent: bool, **reading: Any
) -> tuple[int, int]:
    """Read all files; return the number of rows with problems, and of problems."""
    from gftcore.datasets import check_files

    bad = total = 0
    with Progress(len(table), what="data check", silent=silent) as progress:
        for found in check_files(table, **reading):
            problems += found[: max(limit - len(problems), 0)]
            bad += bool(found)
            total += len(found)
            progress.step(failed=bool(found))
    return bad, total


def _report(
    file: Path,
    table: Manifest | None,
    problems: Any,
    total: int,
    *,
    warnings: tuple[str, ...],
    json_: bool,
    quiet: bool,
) -> None:
    from gftcore.datasets import summarise

    counts = None if table is None else summarise(table)
    if json_:
        document: dict[str, Any] = {
            "schema": _SCHEMA,
            "manifest": str(file),
            "manifest_sha256": None if table is None else table.sha256,
            "ok": not total,
            "counts": None if counts is None else dataclasses.asdict(counts),
            "warnings": list(warnings),
            "num_problems": total,
            "problems": [dataclasses.asdict(problem) for problem in problems],
        }
        print_json(document)
        return
    for problem in problems:
        say(f"failed: {file}: {problem}")
    if total > len(problems):
        say(f"and {total - len(problems)} more problems; --max-problems lists more")
    if quiet:
        return
    for warning in warnings:
        say(f"warning: {file}: {warning}")
    if counts is not None:
        _tell_counts(file, counts)
        if not total:
            say("no problems")


def _tell_counts(file: Path, counts: ManifestSummary) -> None:
    tell(
        f"{file}: {counts.images} images of {counts.subjects} subjects, "
        f"{counts.subjects_with_both_eyes} with both eyes; {counts.masks} masks"
    )
    for label, images in counts.images_by_label.items():
        subjects = counts.subjects_by_label[label]
        tell(
            f"{label + ':':9}{images} images ({images / counts.images:.1%}); worst label of "
            f"{subjects} subjects"
        )
    for name, numbers in (
        ("eye", counts.images_by_eye),
        ("layer", counts.images_by_layer),
        ("split", counts.images_by_split),
    ):
        if numbers:
            tell(f"{name + ':':9}" + ", ".join(f"{key} {value}" for key, value in numbers.items()))
