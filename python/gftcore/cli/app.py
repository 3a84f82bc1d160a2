# SPDX-License-Identifier: Apache-2.0
"""The list of commands."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

import gftcore
from gftcore.cli.config import config
from gftcore.cli.data import data
from gftcore.cli.demo import demo
from gftcore.cli.doctor import doctor
from gftcore.cli.draw import draw
from gftcore.cli.evaluate import evaluate
from gftcore.cli.explain import explain
from gftcore.cli.export import export
from gftcore.cli.extract import extract
from gftcore.cli.outcome import exit_code, explanation, say
from gftcore.cli.retrieve import retrieve
from gftcore.cli.run import run
from gftcore.cli.segment import segment
from gftcore.cli.settings import default_map, merged
from gftcore.cli.stage import stage
from gftcore.cli.table import table
from gftcore.cli.teach import teach
from gftcore.cli.train import train
from gftcore.cli.tune import tune
from gftcore.errors import GftcoreError

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
    context: typer.Context,
    *,
    settings: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="TOML file with options; default: that of GFTCORE_CONFIG, else none.",
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001 - read by `_version`
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """OCT-angiography images to graphs.

    Options come from the command line, else from the environment (GFTCORE_EXTRACT_FOV_MM), else
    from the file of --config; `gftcore config show` prints them.
    Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 some inputs failed,
    2 usage, 3 bad input, 4 missing extra, 5 refused, 6 environment, 130/143 interrupted.
    """
    named = os.environ.get("GFTCORE_CONFIG")
    file = settings if settings is not None or not named else Path(named)
    try:
        context.obj = merged(context, file=file, environ=os.environ)
    except (GftcoreError, OSError) as error:
        code = exit_code(error)
        say(f"gftcore: {explanation(error, code)}")
        raise typer.Exit(int(code)) from error
    context.default_map = default_map(context.obj)


for _command in (
    demo, run, segment, extract, draw, export, stage, explain, table, train, evaluate, retrieve,
    doctor,
):  # fmt: skip
    app.command()(_command)
app.add_typer(data)
app.add_typer(teach)
app.add_typer(tune)
app.add_typer(config)
