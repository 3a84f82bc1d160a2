# SPDX-License-Identifier: Apache-2.0
"""Batch files of a provider: requests go in one file, replies come back in another."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from gftcore._validation import require_iterator
from gftcore.errors import ArgumentTypeError, FormatError
from gftcore.io.files import require_file, require_path
from gftcore.teacher.budget import Budget, Prices
from gftcore.teacher.faults import fault_of
from gftcore.teacher.judging import History, Validate, judge, require_validate
from gftcore.teacher.ledger import Attempt, Ledger
from gftcore.teacher.replies import Completion, completion_of
from gftcore.teacher.requests import TeacherRequest, canonical, require_request
from gftcore.teacher.secret import without_keys

__all__ = ["BatchSummary", "read_batch", "write_batch"]

#: What OpenAI takes in one file.
MOST_REQUESTS = 50_000
MOST_BYTES = 200_000_000
#: Of the folder in which files are made until they are whole.
_UNFINISHED = ".batch-"
_LONGEST_ERROR = 300
#: Errors of lines without a response that say nothing against the request.
_PASSING_CODES = frozenset({"batch_expired", "batch_cancelled", "rate_limit_exceeded"})


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """What a batch file said.

    Attributes
    ----------
    done, failed, refused
        Requests that it finished so.
    planned
        Requests to be sent again: the reply was not accepted, or an error that passes.
    unknown
        Lines of requests that the ledger does not have.
    ignored
        Lines of attempts that are not in a batch: duplicates, earlier attempts, files that were
        read before.
    spent_micros
        Upper bound of the bill of all runs, in millionths of the currency.
    """

    done: int
    failed: int
    refused: int
    planned: int
    unknown: int
    ignored: int
    spent_micros: int


def write_batch(
    folder: str | Path, requests: Iterable[TeacherRequest], ledger: Ledger, budget: Budget
) -> list[Path]:
    """Write requests that are new or planned to batch files, and record them as ``batched``.

    Their worst cost is reserved until `read_batch` finds their replies. Nothing else sends them
    meanwhile. Files are named by their content, hold at most 50,000 requests and 200 MB, and are
    there before the ledger says so: after a kill, the same call ends what was begun. One process
    at a time writes to a folder.

    Parameters
    ----------
    folder
        Made if it is missing.
    requests
        Those that are finished, in flight or listed before are left out.
    ledger
        Where they are recorded.
    budget
        Prices and cap.

    Returns
    -------
    list of Path
        The files; none if there is nothing to ask.

    Raises
    ------
    BudgetError
        If all together may go beyond the cap; all stay planned and no file is written then.

    Examples
    --------
    >>> import tempfile
    >>> from gftcore.teacher import chat_request
    >>> one = chat_request(model="m", system="s", user="u", stage="one", slots=[])
    >>> budget = Budget(Prices(input_per_million=2, output_per_million=8), cap=1)
    >>> with tempfile.TemporaryDirectory() as out, Ledger(f"{out}/ledger.sqlite") as ledger:
    ...     (path,) = write_batch(out, [one], ledger, budget)
    ...     line = json.loads(path.read_bytes())
    ...     ledger.counts()["batched"], line["custom_id"] == f"{one.key}-1", line["url"]
    (1, True, '/v1/chat/completions')
    """
    for name, value, kind in (("ledger", ledger, Ledger), ("budget", budget, Budget)):
        if not isinstance(value, kind):
            raise ArgumentTypeError(f"{name} must be a {kind.__name__}, got {type(value).__name__}")
    iterator = require_iterator(requests, "requests", "TeacherRequests")
    out = require_path(folder)
    out.mkdir(parents=True, exist_ok=True)
    for left in out.glob(f"{_UNFINISHED}*"):  # by a kill
        shutil.rmtree(left, ignore_errors=True)
    budget.start(ledger.spent_micros())
    worst: dict[str, int] = {}
    # Beside its goal, so that a file is moved there as a whole.
    with tempfile.TemporaryDirectory(dir=out, prefix=_UNFINISHED) as part:
        writer = _Files(Path(part))
        try:
            for request in map(require_request, iterator):
                state = ledger.plan(request, worst_micros=budget.prices.worst_micros(request))
                if state != "planned" or request.key in worst:
                    continue
                attempts = ledger.attempts(request.key)
                history = History.of(attempts)
                added = len(history.addition().encode())
                cost = budget.prices.worst_micros(request, more_bytes=added)
                budget.reserve(cost)
                worst[request.key] = cost
                writer.add(
                    canonical(
                        {
                            "custom_id": _name(request.key, len(attempts) + 1),
                            "method": "POST",
                            "url": "/v1/chat/completions",
                            "body": history.body(request),
                        }
                    )
                )
            paths = _moved(writer.finish(), out)
            ledger.begin_batch(worst)
        except BaseException:
            writer.close()
            budget.start(ledger.spent_micros())
            raise
    return paths


def _name(key: str, n: int) -> str:
    """Name an attempt, so that a reply to an earlier one is not taken for it."""
    return f"{key}-{n}"


def _moved(files: Iterable[tuple[Path, str]], out: Path) -> list[Path]:
    """Move all files to a folder, or none, and wait until the disk knows."""
    goals: list[Path] = []
    made: list[Path] = []
    try:
        for file, name in files:
            goal = out / name
            known = goal.exists()
            file.replace(goal)
            goals.append(goal)
            if not known:
                made.append(goal)
        handle = os.open(out, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except BaseException:
        for goal in made:
            goal.unlink(missing_ok=True)
        raise
    return goals


class _Files:
    """Lines in files of bounded size, each named by its content when it is whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: BinaryIO | None = None
        self._made: list[tuple[Path, str]] = []
        self._lines = self._bytes = 0
        self._digest = hashlib.sha256()

    def add(self, line: bytes) -> None:
        size = len(line) + 1
        if self._lines >= MOST_REQUESTS or self._bytes + size > MOST_BYTES:
            self._end()
        if self._file is None:
            self._file = (self._folder / f"{len(self._made)}.jsonl").open("wb")
            self._lines = self._bytes = 0
            self._digest = hashlib.sha256()
        self._file.write(line + b"\n")
        self._digest.update(line + b"\n")
        self._lines += 1
        self._bytes += size

    def _end(self) -> None:
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            name = f"batch-{self._digest.hexdigest()[:16]}.jsonl"
            self._made.append((Path(self._file.name), name))
            self._file = None

    def finish(self) -> list[tuple[Path, str]]:
        """Return the files and their names."""
        self._end()
        return self._made

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def read_batch(
    path: str | Path, ledger: Ledger, *, prices: Prices, validate: Validate | None = None
) -> BatchSummary:
    """Settle what a provider's file of replies, or of errors, says: all of it or nothing.

    What is not accepted is planned again with its reason, at most three times, as
    `gftcore.teacher.RemoteTeacher.run` does; `write_batch` or a run asks again. A request that no
    file answers stays ``batched``, with its worst cost.

    Parameters
    ----------
    path
        JSON lines with `custom_id`, `response` (`status_code`, `body`) and `error`.
    ledger
        Where the requests are recorded.
    prices
        Those of batches, often less than others.
    validate
        As for `gftcore.teacher.RemoteTeacher.run`; the body of the request it is called with is
        empty, since the ledger does not have it: tell requests by their keys. What it raises ends
        the call and settles nothing: for a request that it cannot judge it better returns a
        `Flaw`.

    Raises
    ------
    FormatError
        If a line is damaged; it is named, and nothing is settled.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as out, Ledger(f"{out}/ledger.sqlite") as ledger:
    ...     path = Path(out, "replies.jsonl")
    ...     _ = path.write_text('{"custom_id": "another", "response": null, "error": null}')
    ...     prices = Prices(input_per_million=1, output_per_million=4)
    ...     read_batch(path, ledger, prices=prices).unknown
    1
    """
    if not isinstance(ledger, Ledger):
        raise ArgumentTypeError(f"ledger must be a Ledger, got {type(ledger).__name__}")
    if not isinstance(prices, Prices):
        raise ArgumentTypeError(f"prices must be Prices, got {type(prices).__name__}")
    require_validate(validate)
    file = require_file(path)
    digest = _digest(file)
    again = ledger.knows_batch(digest)
    known = {item.key: item for item in ledger.items()}
    counts: Counter[str] = Counter()
    settlements: dict[str, dict[str, Any]] = {}
    for line in _lines(file):
        key = line["custom_id"].rpartition("-")[0]
        item = known.get(key)
        if item is None:
            counts["unknown"] += 1
            continue
        attempts = ledger.attempts(key) if item.state == "batched" else []
        batched = attempts and line["custom_id"] == _name(key, attempts[-1].n)
        if again or not batched or key in settlements:
            counts["ignored"] += 1
            continue
        slots = tuple(json.loads(item.slots))
        request = TeacherRequest(key, b"", item.stage, slots, 0, 0, 0)
        told = _settlement(request, line, attempts, prices, validate)
        settlements[key] = told
        counts[told["state"]] += 1
    if not again:
        ledger.settle_batch(digest, settlements.values())
    names = ("done", "failed", "refused", "planned", "unknown", "ignored")
    return BatchSummary(
        **{name: counts[name] for name in names}, spent_micros=ledger.spent_micros()
    )


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while part := stream.read(1 << 20):
            found.update(part)
    return found.hexdigest()


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Give the lines of a file, each as far as its schema is needed."""
    with path.open("rb") as stream:
        for number, text in enumerate(stream, 1):
            if not text.strip():
                continue
            try:
                line = json.loads(text.decode("utf-8-sig"))
            except (ValueError, RecursionError) as error:
                raise FormatError(
                    f"{path}: line {number} is no JSON, or cut off; nothing of the file was "
                    "settled, download it again"
                ) from error
            if problem := _problem(line):
                raise FormatError(
                    f"{path}: line {number}: {problem}; nothing of the file was settled"
                )
            yield line


def _problem(line: object) -> str:
    """Say what is wrong with the schema of a line."""
    if not isinstance(line, dict) or not isinstance(line.get("custom_id"), str):
        return "custom_id must be a text"
    response, error = line.get("response"), line.get("error")
    if response is None:
        if error is not None and not isinstance(error, dict):
            return "error must be an object"
        if error is not None and not isinstance(error.get("code"), str | None):
            return "error must have a text as code"
        return ""
    status = response.get("status_code") if isinstance(response, dict) else None
    if type(status) is not int or not 100 <= status <= 599:
        return "response must have a status_code from 100 to 599"
    return ""


def _settlement(
    request: TeacherRequest,
    line: dict[str, Any],
    attempts: Sequence[Attempt],
    prices: Prices,
    validate: Validate | None,
) -> dict[str, Any]:
    """Return the arguments of `Ledger.settle` for a line."""
    told: dict[str, Any] = {"key": request.key, "n": attempts[-1].n}
    response = line.get("response")
    status = None if response is None else response["status_code"]
    if response is None or status is None or not 200 <= status < 300:
        return told | _fault(line, status)
    done: Completion = completion_of(response.get("body"))
    found = judge(request, done, History.of(attempts), validate)
    if found.raised is not None:  # the reply stays in the file, so nothing is lost
        raise found.raised
    return told | {
        "outcome": found.outcome,
        "state": found.state,
        "error": found.error,
        "reply": found.reply,
        "kept": found.kept,
        "http_status": status,
        "usage": done.usage,
        "cost_micros": None if done.usage is None else prices.cost_micros(done.usage),
    }


def _fault(line: dict[str, Any], status: int | None) -> dict[str, Any]:
    """Return what a line without a reply says."""
    error = line.get("error")
    error = error if isinstance(error, dict) else {}
    body = {} if status is None else line["response"].get("body")
    inner = body.get("error", body) if isinstance(body, dict) else {}
    inner = inner if isinstance(inner, dict) else {}
    message = error.get("message") or error.get("code") or inner.get("message") or "no reason given"
    told = "error" if status is None else f"HTTP {status}"
    said = without_keys(f"{told}: {message}", None).encode(errors="replace").decode()
    if status is None:
        again, billed = error.get("code") in _PASSING_CODES, False
    else:
        fault = fault_of(status)
        again, billed = fault.passing or fault.for_all, fault.billed
    return {
        "outcome": "lost" if billed else "rejected",
        "state": "planned" if again else "failed",
        "error": said[:_LONGEST_ERROR],
        "http_status": status,
        "cost_micros": None if billed else 0,
    }
