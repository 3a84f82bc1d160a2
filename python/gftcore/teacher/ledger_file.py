# SPDX-License-Identifier: Apache-2.0
"""The file of a ledger: its tables, how it is opened, who may write it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from gftcore.errors import FormatError, RefusedError, UnavailableError

__all__ = ["APPLICATION", "OUTCOMES", "SCHEMA", "STATES", "opened", "require_version", "translated"]

#: planned -> sent or batched -> planned, done, failed or refused; failed -> planned when it is
#: opened again.
STATES = ("planned", "sent", "batched", "done", "failed", "refused")
#: Of attempts; `sent`, `lost` and `abandoned` may have been billed without a known reply.
OUTCOMES = (
    *("sent", "batched", "answered", "flawed", "invalid", "unchecked", "refused", "rejected"),
    *("unsent", "lost", "abandoned"),
)

APPLICATION = 0x67667465  # "gfte"
_VERSION = 1
SCHEMA = f"""
CREATE TABLE items (
  key TEXT PRIMARY KEY NOT NULL CHECK (length(key) = 64),
  state TEXT NOT NULL CHECK (state IN {STATES}),
  stage TEXT NOT NULL,
  slots TEXT NOT NULL,
  worst_micros INTEGER NOT NULL CHECK (worst_micros >= 0),
  reply TEXT,
  reason TEXT,
  CHECK ((state = 'done') = (reply IS NOT NULL)),
  CHECK ((state IN ('failed', 'refused')) = (reason IS NOT NULL))
) WITHOUT ROWID;
CREATE TABLE attempts (
  key TEXT NOT NULL REFERENCES items (key),
  n INTEGER NOT NULL CHECK (n >= 1),
  outcome TEXT NOT NULL CHECK (outcome IN {OUTCOMES}),
  http_status INTEGER,
  input_tokens INTEGER,
  output_tokens INTEGER,
  cached_tokens INTEGER,
  cost_micros INTEGER NOT NULL CHECK (cost_micros >= 0),
  latency_s REAL,
  error TEXT,
  reply TEXT,
  PRIMARY KEY (key, n)
) WITHOUT ROWID;
CREATE UNIQUE INDEX one_in_flight ON attempts (key) WHERE outcome IN ('sent', 'batched');
CREATE TABLE batches (digest TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID;
CREATE TRIGGER edges BEFORE UPDATE OF state ON items
WHEN NOT (
  (OLD.state = 'planned' AND NEW.state IN ('sent', 'batched'))
  OR (OLD.state IN ('sent', 'batched') AND NEW.state IN ('planned', 'done', 'failed', 'refused'))
  OR (OLD.state = 'failed' AND NEW.state = 'planned')
) BEGIN SELECT RAISE(ABORT, 'no such edge'); END;
CREATE TRIGGER settled_once BEFORE UPDATE ON attempts WHEN OLD.outcome NOT IN ('sent', 'batched')
BEGIN SELECT RAISE(ABORT, 'already settled'); END;
"""


@contextlib.contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection to a ledger, made if it is missing, that no other process has.

    Raises
    ------
    RefusedError
        If another process has it open.
    FormatError
        If the file is damaged, something else, or of another version.
    UnavailableError
        If it cannot be written, or if the file system has no locks.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(_locked(path))
        with translated(path):
            _make_private(path)
            connection = sqlite3.connect(path, isolation_level=None, timeout=10)
            stack.callback(connection.close)
            _prepare(path, connection)
        yield connection


def _make_private(path: Path) -> None:
    """Make a missing file for its owner alone, since replies are in it; SQLite follows its mode."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise UnavailableError(f"{path} cannot be written: {error.strerror}") from error


def _prepare(path: Path, connection: sqlite3.Connection) -> None:
    """Set how the file is written, make its tables or check them."""
    run = connection.execute
    application = run("PRAGMA application_id").fetchone()[0]
    if application != APPLICATION and run("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise FormatError(f"{path} is no ledger; use another file")
    if run("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise UnavailableError(f"{path}: this file system cannot hold a ledger")
    run("PRAGMA synchronous = FULL")
    run("PRAGMA foreign_keys = ON")
    if application != APPLICATION:
        connection.executescript(
            f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA application_id = {APPLICATION}; "
            f"PRAGMA user_version = {_VERSION}; COMMIT;"
        )
    require_version(path, connection)
    problem = run("PRAGMA quick_check(1)").fetchone()[0]
    if problem != "ok":
        raise FormatError(f"{path} is damaged: {problem:.200}; restore a copy")


def require_version(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse a file that is no ledger, or one of another version.

    Raises
    ------
    FormatError
        If it is.
    """
    run = connection.execute
    if run("PRAGMA application_id").fetchone()[0] != APPLICATION:
        raise FormatError(f"{path} is no ledger; use another file")
    version = run("PRAGMA user_version").fetchone()[0]
    if version != _VERSION:
        raise FormatError(
            f"{path} must have version {_VERSION} of the ledger, got {version}; "
            "use the gftcore that made it"
        )


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into those of this package."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise RefusedError(f"{path}: {error}") from error
    except (sqlite3.OperationalError, sqlite3.ProgrammingError) as error:
        # A full disk, another writer; or it is closed, or belongs to another thread.
        raise UnavailableError(f"{path}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise FormatError(f"{path}: {error}") from error


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a file beside the ledger; closing a descriptor of the ledger drops SQLite's locks."""
    lock = path.with_name(f"{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UnavailableError(f"{lock} cannot be written: {error.strerror}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RefusedError(f"{path} is used by another process; wait for it") from error
        except OSError as error:  # nothing would keep two writers from paying twice
            raise UnavailableError(f"{path}: this file system has no locks") from error
        yield
    finally:
        os.close(handle)
