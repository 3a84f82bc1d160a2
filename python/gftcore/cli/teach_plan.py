# SPDX-License-Identifier: Apache-2.0
"""``gftcore teach plan``: the teaching cases of a data set."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from gftcore.cli import options
from gftcore.cli import teach_options as own
from gftcore.cli.jobs import end_code, summary
from gftcore.cli.outcome import guarded, print_json, say, tell
from gftcore.errors import GftcoreWarning

if TYPE_CHECKING:
    from gftcore.cli.teaching import Teaching

__all__ = ["make_cases", "teach_plan", "tell_cases"]

_SCHEMA = "gftcore-teach-plan/1"


@guarded
def teach_plan(
    manifest: options.ManifestFile,
    out: options.Out,
    splits: own.Splits,
    models: own.Models,
    fold: own.Fold,
    *,
    truth: own.Truth = None,
    limit: own.Limit = None,
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
    make_cases(work, threads, dry_run=dry_run, silent=json_ or quiet)
    if json_:
        print_json(_plan_document(work, dry_run=dry_run))
    else:
        tell_cases(work, dry_run=dry_run, quiet=quiet)
    return end_code(list(work.jobs.values()))


def make_cases(work: Teaching, threads: int | None, *, dry_run: bool, silent: bool) -> None:
    """Make the cases that are not there, or find out which these are."""
    if dry_run:
        work.plan()
        return
    with warnings.catch_warnings():
        # The codes stand in the tables.
        warnings.simplefilter("ignore", GftcoreWarning)
        work.run(threads, silent=silent)


def _plan_document(work: Teaching, *, dry_run: bool) -> dict[str, Any]:
    jobs = list(work.jobs.values())
    return {
        "schema": _SCHEMA,
        "dry_run": dry_run,
        "output": str(work.out),
        "settings": work.document,
        "summary": summary(jobs),
        "images": [job.document() for job in jobs],
    }


def tell_cases(work: Teaching, *, dry_run: bool, quiet: bool) -> None:
    """Say what became of the cases, or what would."""
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
    said = ", ".join(f"{count} {label}" for label, count in labels.items())
    tell(f"cases: {said}: {work.out}")
    tell(work.notice)
    said = f"{counts['ok']} cases made, {counts['skipped']} there already, "
    said += f"{counts['failed']} failed"
    if counts["ok"]:
        said += f"; {1000 * work.seconds / counts['ok']:.0f} ms a case"
    say(said)
