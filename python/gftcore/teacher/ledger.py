# SPDX-License-Identifier: Apache-2.0
"""The ledger: what is asked, what was sent, what came back and what it cost."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any

from gftcore.errors import ArgumentError, RefusedError
from gftcore.io.files import require_file, require_path
from gftcore.teacher.ledger_file import STATES, opened, require_version, translated
from gftcore.teacher.replies import Usage
from gftcore.teacher.requests import TeacherRequest, canonical, require_request

__all__ = ["Attempt", "Item", "Ledger", "ledger_counts"]


@dataclass(frozen=True, slots=True)
class Item:
    """A row for each request: a reply if it is done, a reason if it failed or was refused."""

    key: str
    state: str
    stage: str
    slots: str
    worst_micros: int
    reply: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A row for each time that a request was sent, or was about to be.

    Attributes
    ----------
    key, n
        The request, and which attempt at it, from 1.
    outcome
        ``sent`` while it is in flight, ``batched`` while it is in a batch file; ``answered``;
        ``flawed``: a reply with a flaw that can be used; ``invalid``: one that cannot;
        ``unchecked``: one at which `validate` raised; ``refused`` by the model; ``rejected`` by an
        HTTP status; ``unsent``: no connection; ``lost``: no whole reply came; ``abandoned``: the
        process ended meanwhile.
    http_status, input_tokens, output_tokens, cached_tokens
        As the service said.
    cost_micros
        Millionths of the currency: the worst case until the cost is known.
    latency_s
        Seconds until the outcome.
    error
        What went wrong.
    reply
        The text that came, accepted or not.
    """

    key: str
    n: int
    outcome: str
    http_status: int | None
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    cost_micros: int
    latency_s: float | None
    error: str | None
    reply: str | None


class Ledger:
    """A file that remembers requests, so that none is paid twice.

    One process at a time writes it: it holds ``<path>.lock`` until it closes the ledger or ends.
    Requests found in flight are marked ``abandoned``: each may have been billed. They are planned
    again once; the second time they fail. Each change is one durable transaction. The file is its
    owner's alone and has no time of day, path, host or user. It serves the thread that opened it,
    and no forked child.

    Parameters
    ----------
    path
        An SQLite database on a local file system; made if it is missing.

    Raises
    ------
    RefusedError
        If another process has it open.
    FormatError
        If the file is damaged, something else, or of another version.
    UnavailableError
        If it cannot be written, or if the file system has no locks.

    Examples
    --------
    >>> import tempfile
    >>> from gftcore.teacher import chat_request
    >>> one = chat_request(model="m", system="s", user="u", stage="one", slots=["stage"])
    >>> with tempfile.TemporaryDirectory() as folder, Ledger(f"{folder}/ledger.sqlite") as ledger:
    ...     ledger.plan(one, worst_micros=5), ledger.begin(one.key, worst_micros=5)
    ...     ledger.counts()
    ('planned', 1)
    {'planned': 0, 'sent': 1, 'batched': 0, 'done': 0, 'failed': 0, 'refused': 0}
    """

    def __init__(self, path: str | Path) -> None:
        # Two names of one file have one lock.
        self._path = require_path(path).resolve()
        self._process = os.getpid()
        with contextlib.ExitStack() as stack:
            self._connection = stack.enter_context(opened(self._path))
            self.recover()
            self._stack = stack.pop_all()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and let others write it; a second time does nothing."""
        if os.getpid() == self._process:  # a child would write what belongs to its parent
            self._stack.close()

    def plan(self, request: TeacherRequest, *, worst_micros: int) -> str:
        """Enter a request unless it is known; return its state."""
        require_request(request)
        slots = canonical(request.slots).decode()
        with self._transaction() as run:
            run(
                "INSERT OR IGNORE INTO items VALUES (?, 'planned', ?, ?, ?, NULL, NULL)",
                (request.key, request.stage, slots, worst_micros),
            )
            state: str = run("SELECT state FROM items WHERE key = ?", (request.key,)).fetchone()[0]
        return state

    def begin(self, key: str, *, worst_micros: int) -> int:
        """Record that a planned request is about to be sent; return the number of the attempt.

        Raises
        ------
        RefusedError
            If the request is not planned, so in flight or finished.
        """
        with self._transaction() as run:
            return self._begin(run, key, worst_micros, "sent")

    def begin_batch(self, worst_micros: Mapping[str, int]) -> None:
        """Record that planned requests, given with their worst cost, are in a batch file.

        Raises
        ------
        RefusedError
            If one of them is not planned.
        """
        with self._transaction() as run:
            for key, worst in worst_micros.items():
                self._begin(run, key, worst, "batched")

    def _begin(self, run: Any, key: str, worst_micros: int, state: str) -> int:
        moved = run("UPDATE items SET state = ? WHERE key = ? AND state = 'planned'", (state, key))
        if moved.rowcount != 1:
            raise RefusedError(f"request {key:.12} is in flight, finished or unknown")
        known = run("SELECT coalesce(max(n), 0) FROM attempts WHERE key = ?", (key,)).fetchone()
        n = int(known[0]) + 1
        run(
            "INSERT INTO attempts (key, n, outcome, cost_micros) VALUES (?, ?, ?, ?)",
            (key, n, state, worst_micros),
        )
        return n

    def settle(
        self,
        key: str,
        n: int,
        *,
        outcome: str,
        state: str,
        cost_micros: int | None = None,
        usage: Usage | None = None,
        http_status: int | None = None,
        latency_s: float | None = None,
        error: str | None = None,
        reply: str | None = None,
        kept: str | None = None,
    ) -> None:
        """Record what became of an attempt in flight, and the state of its request.

        Parameters
        ----------
        key, n
            The attempt.
        outcome, http_status, latency_s, error
            As in `Attempt`. `error` is also the reason of a request that failed or was refused.
        state
            What the request becomes: ``planned`` to be sent again, ``done``, ``failed``,
            ``refused``.
        cost_micros
            What it cost; None keeps the worst case.
        usage
            Tokens by the service's count.
        reply
            The text that came.
        kept
            The text that a request is done with, if another one than `reply`.

        Raises
        ------
        RefusedError
            If the attempt is not in flight, or if there is no such way between states.
        """
        tokens = (usage.input_tokens, usage.output_tokens, usage.cached_tokens) if usage else ()
        told = (
            outcome,
            http_status,
            *(tokens or (None,) * 3),
            cost_micros,
            latency_s,
            error,
            reply,
        )
        done = (reply if kept is None else kept) if state == "done" else None
        reason = error if state in ("failed", "refused") else None
        with self._transaction() as run:
            settled = run(
                "UPDATE attempts SET outcome = ?, http_status = ?, input_tokens = ?, "
                "output_tokens = ?, cached_tokens = ?, cost_micros = coalesce(?, cost_micros), "
                "latency_s = ?, error = ?, reply = ? "
                "WHERE key = ? AND n = ? AND outcome IN ('sent', 'batched')",
                (*told, key, n),
            )
            moved = run(
                "UPDATE items SET state = ?, reply = ?, reason = ? "
                "WHERE key = ? AND state IN ('sent', 'batched')",
                (state, done, reason, key),
            )
            if settled.rowcount != 1 or moved.rowcount != 1:
                raise RefusedError(f"attempt {n} at request {key:.12} is not in flight")

    def settle_batch(self, digest: str, settlements: Iterable[Mapping[str, Any]]) -> None:
        """Settle what a batch file says, all or nothing, and remember the digest of that file.

        Parameters
        ----------
        digest
            SHA-256 of the file. What it says of attempts that were made later is not for them.
        settlements
            Arguments of `settle`.
        """
        with self._transaction() as run:
            run("INSERT INTO batches VALUES (?)", (digest,))
            for told in settlements:
                self.settle(**told)

    def knows_batch(self, digest: str) -> bool:
        """Whether a batch file of this digest was settled before."""
        return bool(self._rows("SELECT 1 FROM batches WHERE digest = ?", (digest,)))

    def recover(self) -> None:
        """Mark what is in flight as abandoned; nothing may be in flight when this is called."""
        reason = "possibly billed twice: the process ended while it was in flight"
        with self._transaction() as run:
            for (key,) in run("SELECT key FROM items WHERE state = 'sent'").fetchall():
                run(
                    "UPDATE attempts SET outcome = 'abandoned', error = 'the process ended' "
                    "WHERE key = ? AND outcome = 'sent'",
                    (key,),
                )
                twice = self._count(key, "abandoned") > 1
                run(
                    "UPDATE items SET state = ?, reason = ? WHERE key = ?",
                    ("failed" if twice else "planned", reason if twice else None, key),
                )

    def reopen(self, key: str) -> None:
        """Plan a failed request again; its attempts stay and count.

        Raises
        ------
        RefusedError
            If it has not failed.
        """
        with self._transaction() as run:
            moved = run(
                "UPDATE items SET state = 'planned', reason = NULL WHERE key = ? "
                "AND state = 'failed'",
                (key,),
            )
            if moved.rowcount != 1:
                raise RefusedError(f"request {key:.12} has not failed")

    def reopen_all(self) -> int:
        """Plan all failed requests again; return how many there were."""
        with self._transaction() as run:
            change = "UPDATE items SET state = 'planned', reason = NULL WHERE state = 'failed'"
            return int(run(change).rowcount)

    def item(self, key: str) -> Item:
        """Return a request's row.

        Raises
        ------
        ArgumentError
            If the ledger has none of this key.
        """
        rows = self._rows(f"SELECT {_names(Item)} FROM items WHERE key = ?", (key,))
        if not rows:
            raise ArgumentError(f"key must be in the ledger, got {key!r:.80}")
        return Item(*rows[0])

    def items(self) -> list[Item]:
        """Return all requests by key."""
        return [Item(*row) for row in self._rows(f"SELECT {_names(Item)} FROM items ORDER BY key")]

    def attempts(self, key: str | None = None) -> list[Attempt]:
        """Return all attempts, or those at one request, by key and number."""
        query = f"SELECT {_names(Attempt)} FROM attempts"
        if key is None:
            return [Attempt(*row) for row in self._rows(f"{query} ORDER BY key, n")]
        return [Attempt(*row) for row in self._rows(f"{query} WHERE key = ? ORDER BY n", (key,))]

    def counts(self) -> dict[str, int]:
        """Return the number of requests in each state."""
        found = dict(self._rows("SELECT state, count(*) FROM items GROUP BY state"))
        return {state: found.get(state, 0) for state in STATES}

    def spent_micros(self) -> int:
        """Return what is spent or reserved: an upper bound of the bill, in millionths."""
        return int(self._rows("SELECT coalesce(sum(cost_micros), 0) FROM attempts")[0][0])

    def _rows(self, query: str, values: tuple[object, ...] = ()) -> list[Any]:
        self._require_own()
        with translated(self._path):
            return self._connection.execute(query, values).fetchall()

    def _count(self, key: str, outcome: str) -> int:
        query = "SELECT count(*) FROM attempts WHERE key = ? AND outcome = ?"
        return int(self._connection.execute(query, (key, outcome)).fetchone()[0])

    def _require_own(self) -> None:
        if os.getpid() != self._process:
            raise RefusedError(f"{self._path} was opened before a fork; open one in the child")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Any]:
        """Give what runs statements; inside of another transaction it is a part of that."""
        self._require_own()
        run = self._connection.execute
        with translated(self._path):
            nested = self._connection.in_transaction
            if nested:
                yield run
                return
            run("BEGIN IMMEDIATE")
            try:
                yield run
                run("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    run("ROLLBACK")
                raise


def ledger_counts(path: str | Path) -> tuple[dict[str, int], int]:
    """Look at a ledger that somebody else may be writing.

    Parameters
    ----------
    path
        A ledger that is there.

    Returns
    -------
    tuple
        Number of requests in each state, and what is spent or reserved in millionths, as
        `Ledger.counts` and `Ledger.spent_micros`.

    Raises
    ------
    FormatError
        If the file is no ledger, or one of another version.
    """
    file = require_file(path)
    whole = file.resolve()
    # SQLite makes files beside it even to read, unless it knows that nobody writes.
    quiet = "" if whole.with_name(f"{whole.name}-wal").exists() else "&immutable=1"
    address = f"{whole.as_uri()}?mode=ro{quiet}"
    with (
        translated(file),
        contextlib.closing(sqlite3.connect(address, uri=True)) as own,
    ):
        require_version(file, own)
        found = dict(own.execute("SELECT state, count(*) FROM items GROUP BY state").fetchall())
        spent = own.execute("SELECT coalesce(sum(cost_micros), 0) FROM attempts").fetchone()[0]
    return {state: found.get(state, 0) for state in STATES}, int(spent)


def _names(kind: type[Item] | type[Attempt]) -> str:
    return ", ".join(field.name for field in fields(kind))
