# SPDX-License-Identifier: Apache-2.0
"""``gftcore config``: the commands about settings."""

from __future__ import annotations

import typer

from gftcore.cli.config_show import config_show

__all__ = ["config"]

config = typer.Typer(
    name="config",
    help="Settings: what each option is set to, and by what.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
config.callback()(lambda: None)
config.command("show")(config_show)
