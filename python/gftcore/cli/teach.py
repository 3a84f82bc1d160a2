# SPDX-License-Identifier: Apache-2.0
"""``gftcore teach``: the commands that make instruction data of a data set."""

from __future__ import annotations

import typer

from gftcore.cli.teach_export import teach_export
from gftcore.cli.teach_plan import teach_plan
from gftcore.cli.teach_run import teach_run
from gftcore.cli.teach_status import teach_status

__all__ = ["teach"]

teach = typer.Typer(
    name="teach",
    help="Instruction data for vision-language models: questions and answers about images.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
teach.command("plan")(teach_plan)
teach.command("run")(teach_run)
teach.command("status")(teach_status)
teach.command("export")(teach_export)
