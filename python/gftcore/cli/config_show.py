# SPDX-License-Identifier: Apache-2.0
"""``gftcore config show``: the value of every option, and where it comes from."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from gftcore.cli import options
from gftcore.cli.outcome import guarded, print_json, tell
from gftcore.cli.settings import Setting, Settings
from gftcore.errors import ArgumentError

__all__ = ["config_show"]

_SCHEMA = "gftcore-config/1"


@guarded
def config_show(
    context: typer.Context,
    commands: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND", help="Such as extract; data split.")
    ] = None,
    *,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Show what each option is set to, and by what: default, file, or environment.

    The output is TOML: saved as a file, it can be read with `gftcore --config FILE COMMAND`.
    """
    settings = context.obj
    wanted = tuple(commands or ())
    shown = {path: table for path, table in settings.items() if path[: len(wanted)] == wanted}
    if not shown:
        known = ", ".join(" ".join(path) for path in settings)
        raise ArgumentError(f"COMMAND must be one of {known}, got {' '.join(wanted)!r:.60}")
    if json_:
        print_json({"schema": _SCHEMA, "commands": _document(shown)})
    elif not quiet:
        tell("\n\n".join(_table(path, list(table.values())) for path, table in shown.items()))
    return 0


def _document(shown: Settings) -> dict[str, Any]:
    return {
        " ".join(path): {
            key: {"value": _plain(setting.value), "origin": setting.origin}
            for key, setting in table.items()
        }
        for path, table in shown.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (bool, int, float, str)) or value is None else str(value)


def _table(path: tuple[str, ...], settings: list[Setting]) -> str:
    lines = [f"[{'.'.join(path)}]"]
    for setting in settings:
        if setting.value is None:  # TOML has no word for it
            lines.append(f"# {setting.key} is not set")
        else:
            # Texts, numbers, booleans and lists of them are written alike in JSON and TOML.
            value = json.dumps(_plain(setting.value), ensure_ascii=False)
            lines.append(f"{setting.key} = {value}  # {setting.origin}")
    return "\n".join(lines)
