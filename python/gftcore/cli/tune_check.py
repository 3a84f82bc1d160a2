# SPDX-License-Identifier: Apache-2.0
"""``gftcore tune check``: whether a data set of instructions is good."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gftcore.cli import options
from gftcore.cli.instruction_sets import require_set
from gftcore.cli.outcome import Exit, guarded, print_json, say, tell

if TYPE_CHECKING:
    from gftcore.instructions import CheckReport

__all__ = ["tune_check"]

_SCHEMA = "gftcore-tune-check/1"
#: So many problems are listed without --json.
_LISTED = 100
_LIMITS = (
    "checks that need a model's processor (tokens, truncation, masked labels) are not among these"
)


@guarded
def tune_check(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder with instructions.parquet and images.")
    ],
    *,
    manifest: Annotated[
        Path | None,
        typer.Option("--manifest", help="CSV; compare labels, eyes and subjects with it."),
    ] = None,
    splits: Annotated[
        Path | None,
        typer.Option("--splits", help="Folds of `data split`; compare the splits with them."),
    ] = None,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Check images, texts, repetitions and labels of a data set, and that nothing leaks.

    Problems are listed by code and id, without names of persons. Exit code 3: the data set has
    errors; warnings alone are no reason to fail. Needs the extra `bulk`. Checks that need a model's
    processor, such as the number of tokens, need the model and are not among these.
    """
    from gftcore.datasets import read_manifest, read_splits
    from gftcore.errors import ArgumentError
    from gftcore.instructions import check_instructions

    if splits is not None and manifest is None:
        raise ArgumentError("--splits needs --manifest, too")
    table = None if manifest is None else read_manifest(manifest)
    folds = None if splits is None or table is None else read_splits(splits, table)
    require_set(folder)
    report = check_instructions(folder, manifest=table, splits=folds)
    if json_:
        _print(folder, report)
    else:
        _tell(folder, report, quiet=quiet)
    return Exit.DONE if report.ok else Exit.BAD_INPUT


def _print(folder: Path, report: CheckReport) -> None:
    document: dict[str, Any] = {
        "schema": _SCHEMA,
        "folder": str(folder),
        "ok": report.ok,
        "data": report.data,
        "counts": report.counts,
        "not_checked": _LIMITS,
    }
    for name, problems in (("errors", report.errors), ("warnings", report.warnings)):
        plain = [dataclasses.asdict(one) for one in problems]
        document[name] = [{key: one[key] for key in ("code", "where", "message")} for one in plain]
    print_json(document)


def _tell(folder: Path, report: CheckReport, *, quiet: bool) -> None:
    from gftcore.datasets import SYNTHETIC_NOTICE
    from gftcore.instructions.sheet import counted

    for problem in report.errors[:_LISTED]:
        say(f"failed: {problem}")
    if len(report.errors) > _LISTED:
        say(f"and {len(report.errors) - _LISTED} more errors; --json lists all")
    if quiet:
        return
    for problem in report.warnings[:_LISTED]:
        say(f"warning: {problem}")
    if len(report.warnings) > _LISTED:
        say(f"and {len(report.warnings) - _LISTED} more warnings; --json lists all")
    counts = report.counts
    tell(
        f"{folder}: {counts['instructions']} instructions about {counts['images']} images of "
        f"{counted(counts['subjects'], 'subject')}"
    )
    for stage, number in counts["by_stage"].items():
        tell(f"stage {stage}:   {number} instructions")
    for split, labels in counts["labels_by_split"].items():
        numbers = ", ".join(f"{label} {number}" for label, number in labels.items())
        tell(f"{split + ':':11}{counts['by_split'][split]} instructions; images: {numbers}")
    if report.data == "synthetic":
        say(SYNTHETIC_NOTICE)
    found = counted(len(report.errors), "error"), counted(len(report.warnings), "warning")
    say(f"{', '.join(found)}; {_LIMITS}")
