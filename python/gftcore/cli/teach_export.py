# SPDX-License-Identifier: Apache-2.0
"""``gftcore teach export``: a data set in the form of another library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from gftcore.cli import options
from gftcore.cli import teach_options as own
from gftcore.cli.instruction_sets import option_names, require_set
from gftcore.cli.outcome import guarded, print_json, tell

__all__ = ["teach_export"]

_SCHEMA = "gftcore-teach-export/1"


@guarded
@option_names()
def teach_export(
    out: own.DataSet,
    to: Annotated[
        Literal["trl", "swift", "llamafactory", "llava", "openai"],
        typer.Option("--to", help="The library that it is for."),
    ],
    dest: Annotated[Path, typer.Option("--dest", help="Folder for the export.", file_okay=False)],
    *,
    dry_run: options.DryRun = False,
    overwrite: options.Overwrite = False,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Write the instructions of a data set as another library reads them, with their images.

    The same command goes on where it stopped. Needs the extra `bulk`.
    """
    from gftcore.instructions import export_instructions, read_instructions

    require_set(out)
    rows = read_instructions(out)
    told = {"schema": _SCHEMA, "to": to, "output": str(dest), "dry_run": dry_run}
    if dry_run:
        images = len({one.image for one in rows})
        told |= {"examples": len(rows), "images": images}
        said = f"would write {len(rows)} examples with {images} images into {dest}"
    else:
        done = export_instructions(rows, out, dest, to=to, overwrite=overwrite)
        examples = sum(done.examples.values())
        told |= {"examples": examples, "images": done.images}
        said = f"{examples} examples with {done.images} images: {dest}"
    if json_:
        print_json(told)
    elif not quiet:
        tell(said)
    return 0
