# SPDX-License-Identifier: Apache-2.0
"""``gftcore export``: graph files for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gftcore.cli import options
from gftcore.cli.jobs import Job, end_code, find_jobs, summary
from gftcore.cli.outcome import guarded, print_json, say, tell
from gftcore.cli.progress import Progress

if TYPE_CHECKING:
    from gftcore.cli.exporting import Exporting

__all__ = ["export"]

_SCHEMA = "gftcore-export/1"


@guarded
def export(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="GRAPH...", help="Graphs, .npz, or folders that are searched."),
    ],
    out: options.Out,
    to: Annotated[
        Literal["csv", "parquet", "json", "graphml", "voreen", "voreen-csv"],
        typer.Option("--to", help="csv, parquet: four tables of all graphs; else a file a graph."),
    ],
    *,
    dry_run: options.DryRun = False,
    overwrite: options.Overwrite = False,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Turn graphs of `extract` or `run` into tables and files that other programs open.

    Parquet needs the extra `bulk`, GraphML the extra `networkx`. What each format keeps stands in
    the guide, "File formats". Graphs that were exported before into files of their own are skipped.
    """
    from gftcore._lazy import require
    from gftcore.cli.exporting import Exporting

    if to == "parquet":
        require("pyarrow", extra="bulk", user="gftcore export --to parquet")
    if to == "graphml":
        require("networkx", extra="networkx", user="gftcore export --to graphml")
    jobs = find_jobs(paths, out, suffixes=(".npz",), what="graph")
    run = Exporting(out, to, dry_run=dry_run, overwrite=overwrite)
    run.begin(paths, jobs)
    work = len(jobs) * (2 if run.together else 1)
    with Progress(work, what="export", silent=json_ or quiet or dry_run) as progress:
        for job in jobs:
            if job.status != "failed":
                with job.attempt():
                    run.each(job)
            progress.step(failed=job.status == "failed")
        good = [job for job in jobs if job.status != "failed"]
        if good and not dry_run:
            run.all(good, progress)
    if run.together:
        for job in good:
            job.outputs = [str(path) for path in run.tables]
    _report(run, jobs, json_=json_, quiet=quiet)
    return end_code(jobs)


def _report(run: Exporting, jobs: list[Job], *, json_: bool, quiet: bool) -> None:
    counts = summary(jobs)
    if json_:
        document: dict[str, Any] = {
            "schema": _SCHEMA,
            "dry_run": run.dry_run,
            "summary": counts,
            "outputs": [str(path) for path in run.shared],
            "without_graph": list(run.failures),
            "graphs": [job.document() for job in jobs],
        }
        print_json(document)
        return
    would = "would write " if run.dry_run else ""
    for job in jobs:
        if job.status == "failed":
            say(job.complaint())
        elif not quiet and not run.together:
            done = job.status == "skipped"
            said = ", ".join(job.outputs)
            tell(f"{said} (there already)" if done else would + said)
    if quiet:
        return
    if any(job.status != "failed" for job in jobs):
        for path in run.shared:
            tell(would + str(path))
    if not run.dry_run:
        there = f"{counts['skipped']} there already, " if counts["skipped"] else ""
        say(f"{counts['ok']} graphs exported, {there}{counts['failed']} failed")
        if run.failures:
            say(f"{len(run.failures)} images without graph listed, as images.csv has them")
