# SPDX-License-Identifier: Apache-2.0
"""``gftcore tune``: the commands around the tuning of vision-language models."""

from __future__ import annotations

import typer

from gftcore.cli.tune_check import tune_check

__all__ = ["tune"]

tune = typer.Typer(
    name="tune",
    help="Tuning of vision-language models: check what they learn from.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
tune.command("check")(tune_check)


@tune.callback()
def _tune() -> None:
    """Keep the name of the command where there is only one."""
