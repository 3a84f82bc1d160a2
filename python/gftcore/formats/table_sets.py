# SPDX-License-Identifier: Apache-2.0
"""Graphs that become several tables in one folder: what is taken, and how the tables get there."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from gftcore._validation import describe, require_iterator
from gftcore.errors import ArgumentError, ArgumentTypeError, RefusedError
from gftcore.graph.bulk import ExtractFailure
from gftcore.graph.hetero_graph import HeteroGraph
from gftcore.graph.parts import require_graph

__all__ = ["named_results", "require_free", "require_name", "whole_set"]

_EXPECTED = "an iterable of (image_id, HeteroGraph or ExtractFailure)"
_OLD = "old"


def named_results(
    items: Iterable[tuple[str, HeteroGraph | ExtractFailure]],
) -> Iterator[tuple[str, HeteroGraph | ExtractFailure]]:
    """Give each item once it is checked; what is no iterable is told at once."""
    return _checked(require_iterator(items, "items", _EXPECTED))


def _checked(items: Iterator[object]) -> Iterator[tuple[str, HeteroGraph | ExtractFailure]]:
    seen: set[str] = set()
    for number, item in enumerate(items):
        if not isinstance(item, tuple) or len(item) != 2:
            raise ArgumentTypeError(
                f"items must be {_EXPECTED}, got {describe(item)} as no. {number}"
            )
        image_id, result = item
        if not isinstance(image_id, str):
            raise ArgumentTypeError(f"image_id must be a text, got {describe(image_id)}")
        require_name(image_id)
        if not image_id or image_id in seen:
            problem = f"came twice: {image_id!r:.100}" if image_id else "is empty"
            raise ArgumentError(f"image_id must be a name of its own, but item {number} {problem}")
        if not isinstance(result, ExtractFailure):
            require_graph(result, f"the result of {image_id!r:.100}")
        seen.add(image_id)
        yield image_id, result


def require_name(image_id: str) -> None:
    """Check that a name can be written as UTF-8; names of files need not be."""
    try:
        image_id.encode()
    except UnicodeError as error:
        raise ArgumentError(f"image_id must be Unicode, got {image_id!r:.100}") from error


def require_free(folder: Path, names: Iterable[str], *, overwrite: bool) -> None:
    """Check that files of these names may be written into a folder, which need not be there.

    Raises
    ------
    RefusedError
        If one is there and `overwrite` is False, or if a folder would have to be replaced.
    """
    if os.path.lexists(folder) and not folder.is_dir():
        raise RefusedError(f"{folder} exists and is no folder")
    for path in (folder / name for name in names):
        if path.is_dir():
            raise RefusedError(f"{path} is a folder; use another folder for the tables")
        if os.path.lexists(path) and not overwrite:
            raise RefusedError(f"{path} exists; use overwrite=True or another folder")


@contextlib.contextmanager
def whole_set(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    """Give a temporary folder, whose files get into `folder` together if nothing fails.

    It lies inside `folder`, so that all moves are renames within one file system, whatever
    `folder` is: a mount point, a link, or in a folder that cannot be written. Readers refuse a set
    without the first file, which goes first and comes last: an interruption mixes no two sets.
    """
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"{Path(names[0]).suffix}-{secrets.token_hex(8)}"
    try:
        temporary.mkdir()
        yield temporary
        _exchange(temporary, folder, names)
    finally:
        _remove(temporary)
        if made:
            with contextlib.suppress(OSError):  # not empty: all went well
                folder.rmdir()


def _exchange(new: Path, folder: Path, names: Sequence[str]) -> None:
    """Put the new files in place of the old ones, or leave the old ones there."""
    old = new / _OLD
    old.mkdir()
    try:
        for name in names:
            if os.path.lexists(folder / name):
                (folder / name).replace(old / name)
        for name in reversed(names):
            (new / name).replace(folder / name)
    except BaseException:
        _restore(new, folder, names)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _restore(new: Path, folder: Path, names: Sequence[str]) -> None:
    old = new / _OLD
    try:
        for name in reversed(names):
            if os.path.lexists(old / name):
                (old / name).replace(folder / name)
            elif not os.path.lexists(new / name):  # else it did not get to its place
                (folder / name).unlink(missing_ok=True)
    except OSError as error:
        why = error.strerror or error
        raise OSError(f"{folder}: {why}; the old tables lie in {old}, move them back") from error


def _remove(temporary: Path) -> None:
    old = temporary / _OLD
    if not (old.is_dir() and any(old.iterdir())):
        shutil.rmtree(temporary, ignore_errors=True)
