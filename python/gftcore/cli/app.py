# SPDX-License-Identifier: Apache-2.0
"""The list of commands."""

from __future__ import annotations

from typing import Annotated

import typer

import gftcore
from gftcore.cli.data import data
from gftcore.cli.demo import demo
from gftcore.cli.doctor import doctor
from gftcore.cli.draw import draw
from gftcore.cli.evaluate import evaluate
from gftcore.cli.explain import explain
from gftcore.cli.extract import extract
from gftcore.cli.run import run
from gftcore.cli.segment import segment
from gftcore.cli.stage import stage
from gftcore.cli.table import table
from gftcore.cli.train import train

__all__ = ["app"]

app = typer.Typer(
    name="gftcore",
    help="OCT-angiography images to graphs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gftcore {gftcore.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """OCT-angiography images to graphs.

    Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 some inputs failed,
    2 usage, 3 bad input, 4 missing extra, 5 refused, 6 environment, 130/143 interrupted.
    """


for _command in (
    demo, run, segment, extract, draw, stage, explain, table, train, evaluate, doctor,
):  # fmt: skip
    app.command()(_command)
app.add_typer(data)
