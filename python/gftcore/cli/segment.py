# SPDX-License-Identifier: Apache-2.0
"""``gftcore segment``: raw images to masks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gftcore.cli import options
from gftcore.cli.jobs import Job, end_code, find_jobs, summary
from gftcore.cli.outcome import guarded, print_json, say, tell
from gftcore.cli.progress import Progress
from gftcore.errors import RefusedError

if TYPE_CHECKING:
    from gftcore.segmentation import SegmentConfig

__all__ = ["segment"]

_SCHEMA = "gftcore-segment/1"


@guarded
def segment(
    paths: options.Paths,
    out: options.Out,
    *,
    method: options.Method = "oriented",
    scale: options.Scale = 4,
    min_object_px: options.MinObject = 128,
    oriented_sigma: options.OrientedSigma = 24.0,
    oriented_threshold: options.OrientedThreshold = 1.27,
    local_contrast_sigma: options.Sigma = 12.0,
    contrast_threshold: options.Contrast = 0.0,
    ridge_threshold: options.RidgeThreshold = "quantile",
    ridge_quantile: options.RidgeQuantile = 0.65,
    channel: options.Channel = None,
    max_pixels: options.MaxPixels = 64_000_000,
    dry_run: options.DryRun = False,
    overwrite: options.Overwrite = False,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Turn raw images into vessel masks, <name>.mask.png, white on black."""
    config = options.segment_config(
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
    jobs = find_jobs(paths, out)
    if not dry_run:
        # A folder that cannot be made is no fault of an image.
        out.mkdir(parents=True, exist_ok=True)
    silent = json_ or quiet
    with Progress(len(jobs), what="segment", silent=silent or dry_run) as progress:
        for job in jobs:
            target = out / f"{job.stem}.mask.png"
            if job.status == "failed":
                progress.step(failed=True)
                continue
            job.outputs = [str(target)]
            with job.attempt():
                if target.exists() and not overwrite:
                    raise RefusedError(f"{target} exists; use --overwrite")
                if not dry_run:
                    _segment_one(job, target, config, channel, max_pixels)
                    job.status = "ok"
            progress.step(failed=job.status == "failed")
    counts = summary(jobs)
    if json_:
        entries = [job.document() for job in jobs]
        print_json({"schema": _SCHEMA, "dry_run": dry_run, "summary": counts, "images": entries})
    else:
        for job in jobs:
            if job.status == "failed":
                say(job.complaint())
            elif not quiet:
                tell(job.outputs[0])
        if not quiet and not dry_run:
            say(f"{counts['ok']} masks written, {counts['failed']} failed")
    return end_code(jobs)


def _segment_one(
    job: Job, target: Path, config: SegmentConfig, channel: str | None, max_pixels: int
) -> None:
    from gftcore.io import read_image, write_image
    from gftcore.segmentation import segment as segment_image

    image = read_image(job.path, channel=channel, max_pixels=max_pixels)  # type: ignore[arg-type]
    mask = segment_image(image, config)
    job.config_hash = config.hash
    job.counts = {"rows": mask.shape[0], "cols": mask.shape[1], "vessel_px": int(mask.sum())}
    if job.counts["vessel_px"] == 0:
        job.warnings = ("EMPTY_MASK",)
    write_image(target, mask)
