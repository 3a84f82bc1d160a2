# SPDX-License-Identifier: Apache-2.0
"""How commands end: exit codes, error messages, output streams."""

from __future__ import annotations

import errno
import functools
import json
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from enum import IntEnum
from types import FrameType
from typing import Any, ParamSpec

import typer

from gftcore import errors

__all__ = ["Exit", "exit_code", "explanation", "guarded", "print_json", "say", "show_traceback"]
__all__ += ["tell"]

P = ParamSpec("P")
#: Whether the command that runs was given --debug.
_DEBUG: ContextVar[bool] = ContextVar("debug", default=False)


class Exit(IntEnum):
    """Exit codes of all commands."""

    DONE = 0
    SOME_FAILED = 1
    USAGE = 2
    BAD_INPUT = 3
    MISSING_EXTRA = 4
    REFUSED = 5
    ENVIRONMENT = 6
    INTERRUPTED = 130
    TERMINATED = 143


class _Terminated(BaseException):
    """SIGTERM arrived."""


def _on_sigterm(_number: int, _frame: FrameType | None) -> None:
    raise _Terminated


def exit_code(error: BaseException) -> Exit:
    """Exit code that an error ends the command with."""
    table: tuple[tuple[type[BaseException], Exit], ...] = (
        (_Terminated, Exit.TERMINATED),
        (KeyboardInterrupt, Exit.INTERRUPTED),
        (errors.MissingExtraError, Exit.MISSING_EXTRA),
        (errors.RefusedError, Exit.REFUSED),
        (errors.UnavailableError, Exit.ENVIRONMENT),
        (errors.CoreImportError, Exit.ENVIRONMENT),
        (errors.GftcoreError, Exit.BAD_INPUT),
        (MemoryError, Exit.ENVIRONMENT),
        (OSError, Exit.ENVIRONMENT),
    )
    return next((code for kind, code in table if isinstance(error, kind)), Exit.ENVIRONMENT)


def guarded(command: Callable[P, int | None]) -> Callable[P, None]:
    """Turn a function that returns an exit code into a command that never shows a traceback.

    The function takes ``json_`` and ``debug`` as keywords.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        as_json, debug = bool(kwargs.get("json_")), bool(kwargs.get("debug"))
        previous = _set_sigterm(_on_sigterm)
        token = _DEBUG.set(debug)
        try:
            code = command(*args, **kwargs) or Exit.DONE
            sys.stdout.flush()
        except (typer.Exit, typer.Abort):
            raise
        except BrokenPipeError:
            _silence_stdout()
            code = Exit.DONE
        except BaseException as error:
            code = exit_code(error)
            _explain(error, code, name=command.__name__, as_json=as_json)
        finally:
            _DEBUG.reset(token)
            _set_sigterm(previous)
        raise typer.Exit(int(code))

    return run


def _set_sigterm(handler: Any) -> Any:
    try:
        return signal.signal(signal.SIGTERM, handler)
    except ValueError:  # not the main thread: whoever embeds us handles signals
        return None


def _silence_stdout() -> None:
    """Drop what is left: a reader that closed the pipe early is no error."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def show_traceback(error: BaseException) -> None:
    """Print where an error comes from to stderr, if the command was given --debug."""
    if _DEBUG.get():
        traceback.print_exception(error, file=sys.stderr)


def _explain(error: BaseException, code: Exit, *, name: str, as_json: bool) -> None:
    show_traceback(error)
    message = explanation(error, code)
    name = name.replace("_", " ")  # `data_check` is `gftcore data check`
    resumed = name in (
        "draw",
        "explain",
        "export",
        "extract",
        "run",
        "table",
        "data convert",
        "data synth",
        "teach export",
        "teach plan",
        "teach run",
        "train",
    )
    if resumed and code in (Exit.INTERRUPTED, Exit.TERMINATED):
        message += "; the same command goes on"
    short = error.code if isinstance(error, errors.GftcoreError) else type(error).__name__
    if as_json:
        body = {"code": short, "message": message, "exit_code": int(code)}
        print_json({"schema": "gftcore-error/1", "command": name, "error": body})
    lines = message.strip().splitlines()[:3] or [short]
    say(f"gftcore {name}: " + "\n".join(lines))


def explanation(error: BaseException, code: Exit) -> str:
    """Say what an error means to somebody at the command line."""
    if code in (Exit.INTERRUPTED, Exit.TERMINATED):
        return "interrupted; every file that was written is complete"
    if isinstance(error, errors.GftcoreError):
        return str(error)
    if isinstance(error, MemoryError):
        return "not enough memory"
    if isinstance(error, OSError):
        # Where one file replaces another, the second name is the one that the user knows.
        name = error.filename2 or error.filename
        place = f"{name}: " if name else ""
        full = "; free some space and run it again" if error.errno == errno.ENOSPC else ""
        return f"{place}{error.strerror or error}{full}"
    return f"internal error, please report it with --debug: {type(error).__name__}: {error}"


def say(text: str) -> None:
    """Print to stderr, whatever characters a file name has."""
    _print(text, sys.stderr)


def tell(text: str) -> None:
    """Print a result to stdout."""
    _print(text, sys.stdout)


def _print(text: str, stream: Any) -> None:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    safe = text.encode(encoding, errors="backslashreplace").decode(encoding)
    print(safe, file=stream)


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document to stdout."""
    tell(json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False))
