# SPDX-License-Identifier: Apache-2.0
"""What commands about data sets of instructions say, in the words of the command line."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from gftcore.errors import ArgumentError, GftcoreError, MissingFileError

__all__ = ["in_options", "option_names", "require_set"]

#: Names of parameters to options, where messages have them.
_OPTIONS = {
    r"\ballow_remote=True\b": "--allow-remote",
    r"\boverwrite=True\b": "--overwrite",
    r"\bstructured=False\b": "--no-structured",
    r'\boutput_limit="(\w+)"': r"--limit-name \1",
    r"\bthe cap\b": "--budget",
    r"^cap\b": "--budget",
    r"^dest\b": "--dest",
    r"^base_url\b": "--base-url",
    r"^model\b": "--teacher-model",
    r"^input_per_million\b": "--price-in",
    r"^output_per_million\b": "--price-out",
}


@contextlib.contextmanager
def option_names() -> Iterator[None]:
    """Let errors name options in place of the parameters of functions."""
    try:
        yield
    except GftcoreError as error:
        said = in_options(str(error))
        if said == str(error):
            raise
        raise type(error)(said) from error


def in_options(message: str) -> str:
    """Return a message with the names of options."""
    for pattern, option in _OPTIONS.items():
        message = re.sub(pattern, option, message)
    return message


def require_set(folder: Path) -> None:
    """Say what is missing in a folder that is no data set.

    Raises
    ------
    ArgumentError
        If it is an export.
    MissingFileError
        If no instructions are there.
    """
    from gftcore.instructions import STORE

    if not folder.is_dir() or (folder / STORE).exists():
        return
    if (folder / "export.json").exists():
        raise ArgumentError(f"{folder}: is an export; check the set it was made of")
    raise MissingFileError(f"{folder}: has no {STORE}; `gftcore teach run` makes it")
