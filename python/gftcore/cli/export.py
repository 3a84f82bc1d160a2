# SPDX-License-Identifier: Apache-2.0
"""``gftcore export``: graph files for other programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gftcore.cli import options
from gftcore.cli.jobs import Job, end_code, find_jobs, summary
from gftcore.cli.outcome import guarded, print_json, say, tell
from gftcore.cli.progress import Progress
from gftcore.errors import RefusedError

if TYPE_CHECKING:
    from gftcore.graph import HeteroGraph

__all__ = ["export"]

_SCHEMA = "gftcore-export/1"
_TABLES = ("images", "junctions", "nodes", "edges")
#: Format to the ends of the files that each graph becomes; the others hold all graphs together.
_EACH = {
    "json": (".json",),
    "graphml": (".graphml",),
    "voreen": (".voreen.json",),
    "voreen-csv": ("_nodes.csv", "_edges.csv"),
}


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
    the guide, "File formats".
    """
    from gftcore._lazy import require

    if to == "parquet":
        require("pyarrow", extra="bulk", user="gftcore export --to parquet")
    if to == "graphml":
        require("networkx", extra="networkx", user="gftcore export --to graphml")
    jobs = find_jobs(paths, out, suffixes=(".npz",), what="graph")
    together = [] if to in _EACH else [out / f"{table}.{to}" for table in _TABLES]
    _require_free(together, overwrite=overwrite)
    work = len(jobs) * (1 if to in _EACH else 2)
    with Progress(work, what="export", silent=json_ or quiet or dry_run) as progress:
        for job in jobs:
            if job.status != "failed":
                with job.attempt():
                    _each(job, out, to, dry_run=dry_run, overwrite=overwrite)
            progress.step(failed=job.status == "failed")
        good = [job for job in jobs if job.status != "failed"]
        if together and good and not dry_run:
            _TOGETHER[to](out, good, progress)
    if together and good:
        for job in good:
            job.outputs = [str(path) for path in together]
    _report(jobs, together, json_=json_, quiet=quiet, dry_run=dry_run)
    return end_code(jobs)


def _require_free(targets: list[Path], *, overwrite: bool) -> None:
    present = [path for path in targets if path.exists()]
    if present and not overwrite:
        raise RefusedError(f"{present[0]} exists; use --overwrite or another folder")


def _each(job: Job, out: Path, to: str, *, dry_run: bool, overwrite: bool) -> None:
    """Read a graph, and write its own files if the format has such."""
    from gftcore import formats
    from gftcore.cli.extraction import counts_of
    from gftcore.graph import load

    base = out / Path(job.stem)
    targets = [base.with_name(base.name + suffix) for suffix in _EACH.get(to, ())]
    job.outputs = [str(path) for path in targets]
    _require_free(targets, overwrite=overwrite)
    graph = load(job.path)
    job.counts, job.config_hash = counts_of(graph), graph.meta.config_hash
    job.warnings = graph.meta.warnings
    if dry_run:
        return
    writers: dict[str, Callable[[HeteroGraph, Path], object]] = {
        "json": formats.write_json,
        "graphml": formats.write_graphml,
        "voreen": formats.write_voreen,
        "voreen-csv": lambda graph, _: formats.write_voreen_csv(graph, base),
    }
    if targets:
        writers[to](graph, targets[0])
    job.status = "ok"


def _graphs(jobs: list[Job], progress: Progress) -> Iterator[tuple[str, HeteroGraph]]:
    from gftcore.graph import load

    for job in jobs:
        yield str(job.stem), load(job.path)
        progress.step(failed=False)


def _parquet(out: Path, jobs: list[Job], progress: Progress) -> None:
    from gftcore.formats import write_parquet

    # Whether the files may be replaced was asked before; others in the folder are left alone.
    write_parquet(out, _graphs(jobs, progress), overwrite=True)


def _csv(out: Path, jobs: list[Job], progress: Progress) -> None:
    from gftcore.formats import write_csv_tables

    write_csv_tables(out, _graphs(jobs, progress))


_TOGETHER = {"csv": _csv, "parquet": _parquet}


def _report(
    jobs: list[Job], together: list[Path], *, json_: bool, quiet: bool, dry_run: bool
) -> None:
    if json_:
        document: dict[str, Any] = {
            "schema": _SCHEMA,
            "dry_run": dry_run,
            "summary": summary(jobs),
            "outputs": [str(path) for path in together],
            "graphs": [job.document() for job in jobs],
        }
        print_json(document)
        return
    for job in jobs:
        if job.status == "failed":
            say(job.complaint())
        elif not quiet and not together:
            tell(("would write " if dry_run else "") + ", ".join(job.outputs))
    if quiet:
        return
    if together and any(job.status != "failed" for job in jobs):
        for path in together:
            tell(("would write " if dry_run else "") + str(path))
    if not dry_run:
        counts = summary(jobs)
        say(f"{counts['ok']} graphs exported, {counts['failed']} failed")
