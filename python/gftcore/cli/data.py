# SPDX-License-Identifier: Apache-2.0
"""``gftcore data``: the commands that make, check and divide data sets."""

from __future__ import annotations

import typer

from gftcore.cli.data_check import data_check
from gftcore.cli.data_convert import data_convert
from gftcore.cli.data_split import data_split
from gftcore.cli.data_synth import data_synth

__all__ = ["data"]

data = typer.Typer(
    name="data",
    help="Data sets: make one of images or a synthetic one, check a manifest, divide its subjects.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
data.command("check")(data_check)
data.command("convert")(data_convert)
data.command("split")(data_split)
data.command("synth")(data_synth)
