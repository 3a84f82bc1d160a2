# SPDX-License-Identifier: Apache-2.0
"""Files that are either there as a whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from gftcore.errors import ArgumentTypeError, MissingFileError, RefusedError

__all__ = ["atomic_path", "file_sha256", "held_folder", "require_file", "require_path"]


def require_path(path: object) -> Path:
    """Return a path, or say that something else was given."""
    if not isinstance(path, (str, os.PathLike)):
        raise ArgumentTypeError(f"path must be a str or Path, got {type(path).__name__}")
    out = os.fspath(path)
    if not isinstance(out, str) or "\0" in out:
        raise ArgumentTypeError(f"path must be text without null characters, got {out!r:.80}")
    return Path(out)


def require_file(path: object) -> Path:
    """Return the path of an existing regular file.

    Raises
    ------
    MissingFileError
        If there is no such file, or if it is a folder or a device.
    """
    out = require_path(path)
    try:
        mode = out.stat().st_mode
    except OSError as error:  # not there, not reachable, or no possible name
        raise MissingFileError(f"{out!s:.500}: {error.strerror}") from error
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "no regular file"
        raise MissingFileError(f"{out}: is {what}")
    return out


@contextlib.contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; it replaces `path` if the block ends without error.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = Path(folder) / "a.txt"
    ...     with atomic_path(target) as temporary:
    ...         _ = temporary.write_text("whole")
    ...     target.read_text()
    'whole'
    """
    target = require_path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.parent / f".{target.stem[:50]}-{secrets.token_hex(8)}{target.suffix}"
    # Made here, so that the system applies the umask: asking for it would change it for a moment,
    # for all threads.
    try:
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        yield temporary
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def held_folder(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold a folder, made if needed, against other writers that do the same.

    The lock ends with the process, however it ends, and leaves no file.

    Raises
    ------
    RefusedError
        If another one holds it; with `wait` it is waited for.
    """
    path.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            raise RefusedError(f"{path} is being written by another process") from error
        except OSError:  # a file system without locks
            pass
        yield
    finally:
        os.close(handle)


def file_sha256(path: str | Path) -> str:
    """SHA-256 of a file's bytes, as hexadecimal text."""
    digest = hashlib.sha256()
    with require_file(path).open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
