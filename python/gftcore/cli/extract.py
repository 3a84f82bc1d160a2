# SPDX-License-Identifier: Apache-2.0
"""``gftcore extract``: images or masks to graphs and tables."""

from __future__ import annotations

import warnings
from typing import Annotated, Literal

import typer

from gftcore.cli import options
from gftcore.cli.jobs import Job, end_code, find_jobs, summary
from gftcore.cli.outcome import guarded, print_json, say, tell
from gftcore.cli.progress import Progress
from gftcore.errors import ArgumentError, GftcoreWarning

__all__ = ["extract"]

_SCHEMA = "gftcore-extract/1"
#: Widths of OCT-angiography scans.
_LIKELY_MM = (1.0, 30.0)


@guarded
def extract(
    paths: options.ListedPaths,
    out: options.Out,
    *,
    kind: Annotated[
        Literal["auto", "mask", "image"],
        typer.Option(
            "--kind",
            help="auto: bool, or integers of at most two values, is a mask, else an image.",
        ),
    ] = "auto",
    threshold: Annotated[
        float | None, typer.Option("--threshold", help="Masks: vessel is value > threshold.")
    ] = None,
    fov_mm: Annotated[
        float, typer.Option("--fov-mm", help="Length of the longer side in mm.")
    ] = 3.0,
    eye: Annotated[Literal["OD", "OS", "unknown"], typer.Option("--eye")] = "unknown",
    method: options.Method = "oriented",
    scale: options.Scale = 4,
    min_object_px: options.MinObject = 128,
    oriented_sigma: options.OrientedSigma = 24.0,
    oriented_threshold: options.OrientedThreshold = 1.27,
    local_contrast_sigma: options.Sigma = 12.0,
    contrast_threshold: options.Contrast = 0.0,
    ridge_threshold: options.RidgeThreshold = "quantile",
    ridge_quantile: options.RidgeQuantile = 0.65,
    skeleton: Annotated[
        Literal["fast", "ordered", "zhang-skimage", "zhang-opencv", "guohall-opencv"],
        typer.Option("--skeleton", help="Thinning."),
    ] = "fast",
    border: Annotated[
        Literal["anchor", "background"],
        typer.Option("--border", help="Whether vessels reach the frame of the image."),
    ] = "anchor",
    skeleton_fill_px: Annotated[
        int, typer.Option("--skeleton-fill-px", help="Smaller holes are filled before thinning.")
    ] = 0,
    ica_fill_px: Annotated[
        int, typer.Option("--ica-fill-px", help="Smaller holes are no area.")
    ] = 5,
    ica_min_px: Annotated[
        int, typer.Option("--ica-min-px", help="Smaller areas are dropped.")
    ] = 11,
    ica_connectivity: Annotated[
        Literal["4", "8"], typer.Option("--ica-connectivity", help="Neighbours within an area.")
    ] = "8",
    prune: Annotated[
        Literal["bulge", "length", "none"], typer.Option("--prune", help="Removal of spurs.")
    ] = "bulge",
    bulge: Annotated[
        float, typer.Option("--bulge", help="Spurs that stick out less go, in vessel radii.")
    ] = 3.0,
    max_rounds: Annotated[
        int, typer.Option("--max-rounds", help="Largest number of rounds of the removal.")
    ] = 100,
    merge_px: Annotated[
        float, typer.Option("--merge-px", help="Closer junctions at a narrow place become one.")
    ] = 3.0,
    features: Annotated[
        Literal["edt", "voreen_slab", "centreline"],
        typer.Option("--features", help="Definition of vessel features."),
    ] = "edt",
    adjacency: Annotated[
        Literal["planar", "centerline4"], typer.Option("--adjacency", help="Which areas touch.")
    ] = "planar",
    faz: Annotated[
        Literal["auto", "fixed"], typer.Option("--faz", help="How the FAZ is chosen.")
    ] = "auto",
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude",
            help="Rectangle ROW0,COL0,ROW1,COL1 to leave out, in mask pixels; repeatable.",
        ),
    ] = None,
    overlay: Annotated[
        bool, typer.Option("--overlay", help="Also draw <name>.overlay.png.")
    ] = False,
    channel: options.Channel = None,
    max_pixels: options.MaxPixels = 64_000_000,
    threads: options.Threads = None,
    dry_run: options.DryRun = False,
    overwrite: options.Overwrite = False,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Turn images or vessel masks into graphs: <name>.npz and CSV tables, images.csv for all.

    A CSV file among PATHS is a list with the columns id and path, and perhaps fov_mm and eye, which
    then go before the options; `data convert` writes such. Files that were extracted before with
    the same settings are skipped.
    """
    from gftcore.cli.extraction import Extraction, Reading
    from gftcore.graph import ExtractConfig
    from gftcore.graph.assemble import run_settings, settings_hash

    config = ExtractConfig(
        skeleton=skeleton,
        border=border,
        skeleton_fill_px=skeleton_fill_px,
        ica_fill_px=ica_fill_px,
        ica_min_px=ica_min_px,
        ica_connectivity=4 if ica_connectivity == "4" else 8,
        prune=prune,
        bulge=bulge,
        max_rounds=max_rounds,
        merge_px=merge_px,
        features=features,
        adjacency=adjacency,
        faz=faz,
        exclude=tuple(_rectangle(text) for text in exclude or ()),
        fov_mm=fov_mm,
        eye=eye,
    )
    seg = options.segment_config(
        method=method,
        scale=scale,
        min_object_px=min_object_px,
        oriented_sigma=oriented_sigma,
        oriented_threshold=oriented_threshold,
        local_contrast_sigma=local_contrast_sigma,
        contrast_threshold=contrast_threshold,
        ridge_threshold=ridge_threshold,
        ridge_quantile=ridge_quantile,
    )
    if not (json_ or quiet or _LIKELY_MM[0] <= fov_mm <= _LIKELY_MM[1]):
        say(f"warning: --fov-mm {fov_mm:g} is no usual width of a scan; it is in mm")
    jobs = find_jobs(paths, out, lists=True)
    run = Extraction(
        out=out,
        config=config,
        seg=seg,
        reading=Reading(kind, threshold, channel, max_pixels),
        overlay=overlay,
        overwrite=overwrite,
    )
    if dry_run:
        run.plan(jobs)
    else:
        with (
            warnings.catch_warnings(),
            Progress(len(jobs), what="extract", silent=json_ or quiet) as progress,
        ):
            # The codes are listed with each image instead.
            warnings.simplefilter("ignore", GftcoreWarning)
            run.run(jobs, threads, progress)
    settings = settings_hash(run_settings(config, seg))
    _report(jobs, json_=json_, quiet=quiet, dry_run=dry_run, settings=settings)
    return end_code(jobs)


def _rectangle(text: str) -> tuple[int, int, int, int]:
    try:
        row0, col0, row1, col1 = (int(part) for part in text.split(","))
    except ValueError as error:
        raise ArgumentError(f"--exclude must be ROW0,COL0,ROW1,COL1, got {text!r}") from error
    return row0, col0, row1, col1


def _report(jobs: list[Job], *, json_: bool, quiet: bool, dry_run: bool, settings: str) -> None:
    counts = summary(jobs)
    if json_:
        print_json(
            {
                "schema": _SCHEMA,
                "dry_run": dry_run,
                "settings_hash": settings,
                "summary": counts,
                "images": [job.document() for job in jobs],
            }
        )
        return
    for job in jobs:
        if job.status == "failed":
            say(job.complaint())
        elif not quiet:
            tell(_line(job))
    if not quiet and not dry_run:
        say(
            f"{counts['ok']} graphs written, {counts['skipped']} there already, "
            f"{counts['failed']} failed"
        )


def _line(job: Job) -> str:
    if job.status == "waiting":
        return f"would write {', '.join(job.outputs)}"
    numbers = ", ".join(f"{count} {name}" for name, count in job.counts.items())
    notes = f" [{', '.join(job.warnings)}]" if job.warnings else ""
    skipped = " (there already)" if job.status == "skipped" else ""
    return f"{job.outputs[0]}: {numbers}{notes}{skipped}"
