# SPDX-License-Identifier: Apache-2.0
"""``gftcore run``: images to everything that is known about them, as pages for a browser."""

from __future__ import annotations

import warnings

from gftcore.cli import explain as shared
from gftcore.cli import options
from gftcore.cli.jobs import end_code, find_jobs
from gftcore.cli.outcome import guarded, print_json
from gftcore.cli.progress import Progress
from gftcore.errors import GftcoreWarning

__all__ = ["run"]

_SCHEMA = "gftcore-run/1"


@guarded
def run(
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
    """Do everything: graph, class, what decided, table, findings, text, and a page for each image.

    Writes <name>.report.html and the files of `table`, `explain` and the graph; index.html lists
    all images. Pages open in any browser, offline and without script. They explain the network,
    not a disease. Not a medical device; not for clinical use. The network that comes with the
    package was trained on synthetic images. Images that have their files are skipped. Files and
    pages repeat the names of the images: name no image after a person.
    """
    from gftcore.cli.reporting import Reporting
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
    work = Reporting.begin(
        model=model,
        config=config,
        out=out,
        overwrite=overwrite,
        changes={"fov_mm": fov_mm, "eye": eye, "channel": channel, "max_pixels": max_pixels},
    )
    work.require_index()
    if dry_run:
        work.plan(jobs)
    else:
        silent = json_ or quiet
        with warnings.catch_warnings(), Progress(len(jobs), what="run", silent=silent) as bar:
            # The codes are listed with each image instead.
            warnings.simplefilter("ignore", GftcoreWarning)
            work.run(jobs, threads, bar)
        work.write_index(jobs)
    if json_:
        print_json(shared.run_document(work, jobs, schema=_SCHEMA, dry_run=dry_run))
    else:
        shared.tell_run(work, jobs, quiet=quiet, dry_run=dry_run)
    return end_code(jobs)
