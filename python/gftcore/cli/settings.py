# SPDX-License-Identifier: Apache-2.0
"""Values of options from a TOML file and from the environment.

The command line comes first, then the environment, then the file, then the defaults.
"""

from __future__ import annotations

import dataclasses
import difflib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import typer

from gftcore.errors import ArgumentError, FormatError
from gftcore.io.files import require_file

if sys.version_info >= (3, 11):
    import tomllib
else:  # the same parser, before it came with Python
    import tomli as tomllib

__all__ = ["SHARED", "Setting", "Settings", "default_map", "merged", "read_toml", "settings_of"]

#: Options that mean the same in every command that has them; the file and the environment may set
#: them for all commands at once.
SHARED = ("channel", "eye", "fov_mm", "max_pixels", "threads")
#: Options of one call. A forgotten line must not replace results, or pretend that it wrote them.
_ONE_CALL = ("dry_run", "help", "overwrite", "version")
_PREFIX = "GFTCORE_"
#: Larger files are no settings.
_MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Setting:
    """An option of a command, the value that it has now, and where that comes from.

    Attributes
    ----------
    command
        Names that lead to the command, such as ``("data", "split")``.
    key
        Name in files; in the environment it is ``GFTCORE_COMMAND_KEY``.
    option
        The option of typer.
    value, origin
        ``default``, the file, or ``environment NAME``.
    """

    command: tuple[str, ...]
    key: str
    option: Any
    value: Any
    origin: str = "default"


#: The options of each command by key.
Settings: TypeAlias = dict[tuple[str, ...], dict[str, Setting]]


def settings_of(group: Any) -> Settings:
    """All options of all commands below a click group, with their defaults."""
    return {
        path: {
            key: Setting(path, key, option, option.default)
            for option in command.params
            if option.param_type_name == "option"
            for key in [option.opts[0].lstrip("-").replace("-", "_")]
            if key not in _ONE_CALL
        }
        for path, command in _commands(group, ())
    }


def _commands(group: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name), command


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FormatError
        If it is no TOML.
    """
    file = require_file(path)
    with file.open("rb") as stream:
        data = stream.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise FormatError(f"{file}: holds more than {_MAX_BYTES} bytes; it is no settings file")
    try:
        document: dict[str, Any] = tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(f"{file}: is no TOML: {error}") from error
    return document


def merged(context: typer.Context, *, file: Path | None, environ: Mapping[str, str]) -> Settings:
    """Lay the environment over a file over the defaults of all options.

    Raises
    ------
    MissingFileError, FormatError
        As `read_toml`.
    ArgumentError
        If there is no such command or option, or if an option cannot have the value.
    """
    settings = settings_of(context.command)
    if file is not None:
        _lay_file(context, settings, read_toml(file), str(file))
    _lay_environment(context, settings, environ)
    return settings


def _lay_file(context: Any, settings: Settings, document: dict[str, Any], file: str) -> None:
    shared = {key: value for key, value in document.items() if not isinstance(value, dict)}
    for key, value in shared.items():
        if key in {path[0] for path in settings}:
            raise ArgumentError(f"{file}: {key} must be a table, [{key}], got {value!r:.60}")
        owners = [".".join(path) for path, table in settings.items() if key in table]
        if key not in SHARED and owners:
            raise ArgumentError(f"{file}: {key} belongs in the table of its command, [{owners[0]}]")
        if key not in SHARED:
            _refuse(f"{file}: {key}", key, (*SHARED, *{path[0] for path in settings}))
        for options in settings.values():
            if key in options:
                options[key] = _given(context, options[key], value, file)
    for path, table in _tables(document, (), set(settings), file):
        for key, value in table.items():
            if key not in settings[path]:
                _refuse(f"{file}: [{'.'.join(path)}] {key}", key, tuple(settings[path]))
            settings[path][key] = _given(context, settings[path][key], value, file)


def _tables(
    document: dict[str, Any], above: tuple[str, ...], paths: set[tuple[str, ...]], file: str
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Tables of the file that are commands; ``[data.split]`` lies in the group ``data``."""
    for name, table in document.items():
        path = (*above, name)
        if path in paths and isinstance(table, dict):
            yield path, table
        elif any(known[: len(path)] == path for known in paths) and isinstance(table, dict):
            yield from _tables(table, path, paths, file)
        elif above or isinstance(table, dict):
            known = {other[len(above)] for other in paths if other[: len(above)] == above}
            _refuse(f"{file}: [{'.'.join(path)}]", name, tuple(sorted(known)))


def _lay_environment(context: Any, settings: Settings, environ: Mapping[str, str]) -> None:
    # An empty variable is one that is not set, as shells and containers have it.
    environ = {name: text for name, text in environ.items() if text}
    shared = [_PREFIX + key.upper() for key in SHARED]
    for name in sorted(environ):
        # Other programs may have variables of this prefix, but hardly ones so like these.
        if name not in shared and difflib.get_close_matches(name, shared, n=1, cutoff=0.92):
            _refuse(f"environment variable {name}", name, tuple(shared))
    for key in SHARED:
        name = _PREFIX + key.upper()
        for options in settings.values():
            if name in environ and key in options:
                options[key] = _from_text(context, options[key], environ[name], name)
    for path, options in settings.items():
        prefix = _PREFIX + "_".join(path).upper() + "_"
        names = {prefix + key.upper(): key for key in options}
        for name in sorted(environ):
            if not name.startswith(prefix):
                continue
            if name not in names:
                _refuse(f"environment variable {name}", name, tuple(names))
            key = names[name]
            options[key] = _from_text(context, options[key], environ[name], name)


def _refuse(what: str, name: str, known: tuple[str, ...]) -> None:
    if name in _ONE_CALL:
        raise ArgumentError(f"{what:.200} can be given on the command line only")
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(sorted(known))}"
    raise ArgumentError(f"{what:.200} means nothing{hint}")


def _from_text(context: Any, setting: Setting, text: str, name: str) -> Setting:
    value = text.split() if setting.option.multiple else text
    origin = f"environment {name}"
    # Converted, since any text would be true where it is a default, and "2" no number in TOML.
    value = _converted(context, setting, value, origin)
    return dataclasses.replace(setting, value=value, origin=origin)


def _given(context: Any, setting: Setting, value: Any, file: str) -> Setting:
    """Take a value of the file, whose type says what it is: "3" is no number there."""
    option = setting.option
    where = f"{file}: {setting.key} of {' '.join(setting.command)}"
    if isinstance(value, list) != bool(option.multiple):
        kind = "a list" if option.multiple else "a single value"
        raise ArgumentError(f"{where} must be {kind}, got {value!r:.60}")
    if option.multiple and not all(isinstance(item, (str, int, float)) for item in value):
        raise ArgumentError(f"{where} must be a list of texts or numbers, got {value!r:.60}")
    if not option.multiple and isinstance(value, bool) != bool(option.is_flag):
        kind = "true or false" if option.is_flag else "a text or a number"
        raise ArgumentError(f"{where} must be {kind}, got {value!r:.60}")
    converted = _converted(context, setting, value, file)
    number = isinstance(converted, (int, float))
    if number and converted != value:
        raise ArgumentError(f"{where} must be {type(converted).__name__}, got {value!r:.60}")
    if not number and not option.multiple and not isinstance(value, str):
        raise ArgumentError(f"{where} must be a text, got {value!r:.60}")
    return dataclasses.replace(setting, value=value, origin=file)


def _converted(context: Any, setting: Setting, value: Any, origin: str) -> Any:
    """Convert a value as the command line would, or say why it cannot be."""
    try:
        return setting.option.process_value(context, value)
    except typer.BadParameter as error:
        where = f"{origin}: {setting.key} of {' '.join(setting.command)}"
        said = error.message.removeprefix("Value error, ")
        raise ArgumentError(f"{where}: {said}") from error
    except (TypeError, ValueError, AttributeError) as error:  # a date, a table in a list
        where = f"{origin}: {setting.key} of {' '.join(setting.command)}"
        raise ArgumentError(f"{where} cannot be {value!r:.60}") from error


def default_map(settings: Settings) -> dict[str, Any]:
    """Return what differs from the defaults, nested as click wants it."""
    out: dict[str, Any] = {}
    for path, options in settings.items():
        for setting in options.values():
            if setting.origin != "default":
                table = out
                for name in path:
                    table = table.setdefault(name, {})
                table[setting.option.name] = setting.value
    return out
