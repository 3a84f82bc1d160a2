# SPDX-License-Identifier: Apache-2.0
"""Options that mean the same in every command."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from gftcore.segmentation import SegmentConfig

__all__ = ["Channel", "Debug", "DryRun", "Json", "MaxPixels", "Method", "Out", "Overwrite"]
__all__ += ["Contrast", "MinObject", "OrientedSigma", "OrientedThreshold", "Paths", "Quiet"]
__all__ += ["RidgeQuantile", "RidgeThreshold", "Scale", "Sigma", "Threads", "segment_config"]
__all__ += ["ListedPaths", "ManifestFile", "Seed"]

Paths = Annotated[
    list[Path], typer.Argument(help="Images, or folders that are searched for images.")
]
ListedPaths = Annotated[
    list[Path],
    typer.Argument(help="Images, folders that are searched for images, or lists of images, CSV."),
]
Out = Annotated[Path, typer.Option("--out", help="Folder for the results.", file_okay=False)]
ManifestFile = Annotated[
    Path, typer.Argument(metavar="MANIFEST", help="CSV: id,subject,eye,path,label and more.")
]
Seed = Annotated[
    int, typer.Option("--seed", min=0, max=2**63 - 1, help="The same seed, the same result.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and stop.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace results that exist.")]
Threads = Annotated[
    int | None, typer.Option("--threads", min=1, max=1024, help="Default: one per processor.")
]
Channel = Annotated[
    Literal["red", "green", "blue", "alpha", "mean"] | None,
    typer.Option("--channel", help="Plane of colour images."),
]
MaxPixels = Annotated[
    int, typer.Option("--max-pixels", min=1, help="Larger files are refused unread.")
]
Method = Annotated[
    Literal["oriented", "local_contrast", "ridge"],
    typer.Option("--method", help="Segmentation of images."),
]
Scale = Annotated[
    int, typer.Option("--scale", min=1, max=8, help="Enlargement of images by the segmentation.")
]
MinObject = Annotated[
    int, typer.Option("--min-object-px", help="Smaller objects are no vessel, in mask pixels.")
]
OrientedSigma = Annotated[
    float,
    typer.Option("--oriented-sigma", help="oriented: size of the surroundings, in image pixels."),
]
OrientedThreshold = Annotated[
    float, typer.Option("--oriented-threshold", help="oriented: vessel is above this.")
]
Sigma = Annotated[
    float,
    typer.Option(
        "--local-contrast-sigma", help="local_contrast: size of the surroundings, in image pixels."
    ),
]
Contrast = Annotated[
    float, typer.Option("--contrast-threshold", help="local_contrast: vessel is above this.")
]
RidgeThreshold = Annotated[
    str, typer.Option("--ridge-threshold", help="ridge: quantile, otsu, or a number.")
]
RidgeQuantile = Annotated[
    float, typer.Option("--ridge-quantile", help="The quantile of --ridge-threshold quantile.")
]


def segment_config(*, ridge_threshold: str, **settings: Any) -> SegmentConfig:
    """Return the settings of the segmentation; a threshold that reads as number is one."""
    from gftcore.segmentation import SegmentConfig

    threshold: Any = ridge_threshold
    with contextlib.suppress(ValueError):
        threshold = float(ridge_threshold)
    return SegmentConfig(ridge_threshold=threshold, **settings)
