# SPDX-License-Identifier: Apache-2.0
"""``gftcore teach``: the commands that make instruction data of a data set."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gftcore.cli import options
from gftcore.cli.jobs import end_code, summary
from gftcore.cli.outcome import guarded, print_json, say, tell
from gftcore.errors import GftcoreWarning

if TYPE_CHECKING:
    from gftcore.cli.teaching import Teaching

__all__ = ["Fold", "Limit", "Models", "Splits", "Truth", "teach"]

_PLAN_SCHEMA = "gftcore-teach-plan/1"
_STATUS_SCHEMA = "gftcore-teach-status/1"

Splits = Annotated[Path, typer.Option("--splits", help="Folds of `data split`.", dir_okay=False)]
Models = Annotated[
    Path, typer.Option("--models", help="Folder of `train`: the networks of the other folds.")
]
Fold = Annotated[
    int, typer.Option("--fold", min=1, max=5, help="Cases are what the model of this fold learns.")
]
Truth = Annotated[
    Path | None,
    typer.Option("--truth", help="Folder with the truth of a synthetic cohort's eyes, <id>.json."),
]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, help="As many images only, to try it.")
]

teach = typer.Typer(
    name="teach",
    help="Instruction data: teaching cases of a data set.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@teach.command("plan")
@guarded
def teach_plan(
    manifest: options.ManifestFile,
    out: options.Out,
    splits: Splits,
    models: Models,
    fold: Fold,
    *,
    truth: Truth = None,
    limit: Limit = None,
    threads: options.Threads = None,
    dry_run: options.DryRun = False,
    overwrite: options.Overwrite = False,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Make the teaching cases of the images that the model of a fold learns from.

    Each image is explained by the network that was validated on it, hence did not learn from it,
    for the class of its label. Writes cases/<id>.json with table and findings, images/ and
    overlays/ without names or metadata, and the networks with reference ranges, models/. The same
    command goes on where it stopped.
    """
    from gftcore.cli.teaching import Teaching

    work = Teaching.begin(
        manifest,
        splits=splits,
        models=models,
        fold=fold,
        truth=truth,
        out=out,
        limit=limit,
        overwrite=overwrite,
    )
    if dry_run:
        work.plan()
    else:
        with warnings.catch_warnings():
            # The codes stand in the tables.
            warnings.simplefilter("ignore", GftcoreWarning)
            work.run(threads, silent=json_ or quiet)
    if json_:
        print_json(_plan_document(work, dry_run=dry_run))
    else:
        _tell_plan(work, dry_run=dry_run, quiet=quiet)
    return end_code(list(work.jobs.values()))


def _plan_document(work: Teaching, *, dry_run: bool) -> dict[str, Any]:
    jobs = list(work.jobs.values())
    return {
        "schema": _PLAN_SCHEMA,
        "dry_run": dry_run,
        "output": str(work.out),
        "settings": work.document,
        "summary": summary(jobs),
        "images": [job.document() for job in jobs],
    }


def _tell_plan(work: Teaching, *, dry_run: bool, quiet: bool) -> None:
    jobs = list(work.jobs.values())
    for job in jobs:
        if job.status == "failed":
            say(job.complaint())
    if quiet:
        return
    counts = summary(jobs)
    if dry_run:
        folds = [j for j in work.models if j not in work.stored_models()]
        eyes = set().union(*work.references_of(folds).values())
        if eyes:
            named = ", ".join(map(str, folds))
            tell(f"would measure {len(eyes)} healthy eyes for the networks of folds {named}")
        left = sum(job.status == "waiting" for job in jobs)
        tell(f"would write {left} cases into {work.out}, {counts['skipped']} there already")
        return
    labels = {label: 0 for label in work.manifest.classes}
    for record in work.records:
        labels[record.label] += work.jobs[record.id].status != "failed"
    tell(", ".join(f"{count} {label}" for label, count in labels.items()) + f": {work.out}")
    tell(work.notice)
    said = f"{counts['ok']} cases made, {counts['skipped']} there already, "
    said += f"{counts['failed']} failed"
    if counts["ok"]:
        said += f"; {1000 * work.seconds / counts['ok']:.0f} ms a case"
    say(said)


@teach.command("status")
@guarded
def teach_status(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of `teach plan`.")],
    *,
    json_: options.Json = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Say how many cases of a data set are there, what failed and what is left."""
    from gftcore.cli.teaching import FAILED_FILE, case_names, read_run

    about = read_run(out)
    assert about is not None
    there = set(case_names(out))
    failed = []
    if (out / FAILED_FILE).exists():
        failed = json.loads((out / FAILED_FILE).read_bytes())["failed"]
    left = about["images"] - len(there) - len(failed)
    if json_:
        print_json(
            {
                "schema": _STATUS_SCHEMA,
                "output": str(out),
                "settings": about,
                "cases": {"made": len(there), "failed": len(failed), "left": left},
                "failed": failed,
            }
        )
        return 0
    for one in failed:
        tell(f"failed: {one['image_id']}: {one['message']}")
    tell(
        f"{out}: {len(there)} of {about['images']} cases of fold {about['fold']} made, "
        f"{len(failed)} failed, {left} left"
    )
    return 0
