# SPDX-License-Identifier: Apache-2.0
"""Options that mean the same in every command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = ["Channel", "Debug", "DryRun", "Json", "MaxPixels", "Method", "Out", "Overwrite"]
__all__ += ["Paths", "Quiet", "Scale", "Threads"]

Paths = Annotated[
    list[Path], typer.Argument(help="Images, or folders that are searched for images.")
]
Out = Annotated[Path, typer.Option("--out", help="Folder for the results.", file_okay=False)]
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
    Literal["local_contrast", "ridge"], typer.Option("--method", help="Segmentation of images.")
]
Scale = Annotated[
    int, typer.Option("--scale", min=1, max=8, help="Enlargement of images by the segmentation.")
]
