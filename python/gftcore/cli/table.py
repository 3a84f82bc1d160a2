# SPDX-License-Identifier: Apache-2.0
"""``gftcore table``: images to tables of what was measured, answered and decisive."""

from __future__ import annotations

import warnings
from typing import Annotated

import typer

from gftcore.cli import explain as shared
from gftcore.cli import options
from gftcore.cli.jobs import end_code, find_jobs
from gftcore.cli.outcome import guarded, print_json
from gftcore.cli.progress import Progress
from gftcore.errors import GftcoreWarning

__all__ = ["table"]

_SCHEMA = "gftcore-table-run/1"


@guarded
def table(
    paths: options.Paths,
    out: options.Out,
    *,
    model: shared.ModelPath = None,
    target: shared.Target = None,
    kind: shared.Kind = "logit",
    against: shared.Against = None,
    panels: shared.Panels = None,
    rtol: shared.Rtol = None,
    top: shared.Top = None,
    mass: shared.Mass = None,
    by: shared.By = "contribution",
    legacy: Annotated[
        bool, typer.Option("--legacy", help="Write the older CSV with four blocks, too.")
    ] = False,
    fov_mm: shared.Fov = None,
    eye: shared.Eye = "unknown",
    channel: options.Channel = None,
    max_pixels: options.MaxPixels = 64_000_000,
    threads: options.Threads = None,
    dry_run: options.DryRun = False,
    overwrite: options.Overwrite = False,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Write a table an image: measurements, answer, and which vessels, areas and edges decided.

    Writes <name>.table.json, <name>.table.md and <name>.table.csv; places are clock hours, zones
    and regions, named after the eye if --eye says which. It explains the network, not a disease.
    Not a medical device; not for clinical use. The network that comes with the package was trained
    on synthetic images, and its reference ranges come from synthetic eyes. Images that have their
    tables are skipped.
    """
    from gftcore.cli.tabulating import Tabulating
    from gftcore.pipeline import ExplainConfig

    config = ExplainConfig(
        target=target,
        kind=kind,
        against=against,
        n=panels,
        rtol=rtol,
        nodes=top,
        edges=top,
        mass=mass,
        by=by,
    )
    jobs = find_jobs(paths, out)
    run = Tabulating.begin(
        model=model,
        config=config,
        out=out,
        overwrite=overwrite,
        changes={"fov_mm": fov_mm, "eye": eye, "channel": channel, "max_pixels": max_pixels},
    )
    run.legacy = legacy
    if dry_run:
        run.plan(jobs)
    else:
        silent = json_ or quiet
        with warnings.catch_warnings(), Progress(len(jobs), what="table", silent=silent) as bar:
            # The codes are listed with each image instead.
            warnings.simplefilter("ignore", GftcoreWarning)
            run.run(jobs, threads, bar)
    if json_:
        print_json(shared.run_document(run, jobs, schema=_SCHEMA, dry_run=dry_run))
    else:
        shared.tell_run(run, jobs, quiet=quiet, dry_run=dry_run)
    return end_code(jobs)
