# SPDX-License-Identifier: Apache-2.0
"""A teacher behind an address."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from gftcore._validation import require_bool, require_int, require_real
from gftcore.errors import ArgumentTypeError, UnavailableError
from gftcore.teacher.budget import Budget
from gftcore.teacher.judging import Validate, require_validate
from gftcore.teacher.ledger import Ledger
from gftcore.teacher.requests import TeacherRequest
from gftcore.teacher.running import Run
from gftcore.teacher.runs import Limits, RunSummary
from gftcore.teacher.secret import Secret, require_secret
from gftcore.teacher.transport import require_address

__all__ = ["RemoteTeacher"]


class RemoteTeacher:
    """Answers requests by a service that speaks OpenAI's chat protocol.

    Parameters
    ----------
    base_url
        Address, such as ``http://127.0.0.1:8000/v1``. Other machines need https.
    ledger
        Where requests and attempts are recorded.
    budget
        Prices and cap.
    api_key
        A `Secret`, or anything with ``get_secret_value()``. None reads the environment variable
        ``GFTCORE_TEACHER_API_KEY``; without it no key is sent.
    allow_remote
        Whether data may go to another machine.
    parallel
        Most requests in flight.
    requests_per_minute, tokens_per_minute
        Limits of the service, if any; requests are spread evenly. Tokens are counted at their worst
        until the reply says how many they were.
    timeout_s
        Most seconds from sending to the end of the reply.
    tries
        Most attempts at a request in one run that end without a reply.
    backoff_s
        First and shortest scale of the random wait before another attempt; it doubles.
    max_wait_s
        Longest wait. A service that asks for a longer one ends the run.
    max_reply_bytes
        Largest reply.

    Raises
    ------
    RefusedError
        If the address is another machine and `allow_remote` is False.

    Examples
    --------
    >>> import tempfile
    >>> from gftcore.teacher import Budget, Prices
    >>> budget = Budget(Prices(input_per_million=2, output_per_million=8), cap=1)
    >>> with tempfile.TemporaryDirectory() as folder, Ledger(f"{folder}/ledger") as ledger:
    ...     RemoteTeacher("https://example.org", ledger=ledger, budget=budget)
    Traceback (most recent call last):
    gftcore.errors.RefusedError: example.org is another machine; allow_remote=True sends data to it
    """

    def __init__(
        self,
        base_url: str,
        *,
        ledger: Ledger,
        budget: Budget,
        api_key: Secret | None = None,
        allow_remote: bool = False,
        parallel: int = 4,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        timeout_s: float = 300.0,
        tries: int = 6,
        backoff_s: float = 1.0,
        max_wait_s: float = 120.0,
        max_reply_bytes: int = 1_000_000,
    ) -> None:
        allowed = require_bool(allow_remote, "allow_remote")
        self._address = require_address(base_url, allow_remote=allowed)
        if not isinstance(ledger, Ledger):
            raise ArgumentTypeError(f"ledger must be a Ledger, got {type(ledger).__name__}")
        if not isinstance(budget, Budget):
            raise ArgumentTypeError(f"budget must be a Budget, got {type(budget).__name__}")
        self._ledger = ledger
        self._budget = budget
        self._secret = require_secret(api_key)
        self._limits = Limits(
            parallel=require_int(parallel, "parallel", 1, 1000),
            requests_per_minute=_rate(requests_per_minute, "requests_per_minute"),
            tokens_per_minute=_rate(tokens_per_minute, "tokens_per_minute"),
            timeout_s=require_real(timeout_s, "timeout_s", above=0),
            tries=require_int(tries, "tries", 1, 100),
            backoff_s=require_real(backoff_s, "backoff_s", above=0),
            max_wait_s=require_real(max_wait_s, "max_wait_s", above=0),
            max_reply_bytes=require_int(max_reply_bytes, "max_reply_bytes", 1),
        )

    def run(
        self,
        requests: Iterable[TeacherRequest],
        *,
        validate: Validate | None = None,
    ) -> RunSummary:
        """Answer requests that the ledger does not have finished.

        Each attempt is recorded before it is sent and after. Replies are in the ledger
        (`Ledger.item`). On SIGINT or SIGTERM nothing new is sent, what is in flight is waited for
        (a second signal: not), and the signal takes its usual effect; the same call goes on later.

        Parameters
        ----------
        requests
            Taken one after the other, as places become free.
        validate
            Called with a request and its reply; returns a `Flaw`, or None. The request is then
            sent again with the reason of the flaw, at most three times; so are cut, oversized and
            malformed replies, without it. After that the last usable reply is taken, if any.

        Raises
        ------
        BudgetError
            If the next request may go beyond the cap.
        UnavailableError
            If all requests would fail: no connection, a redirect, no such key, account, address or
            model, no structured output, another name of the limit, compressed replies, nothing but
            errors or bodies of another service, a wait that is too long; or if the ledger cannot
            be written. What is not finished stays planned.
        """
        require_validate(validate)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            raise UnavailableError("run() needs a thread without an event loop; start one for it")
        run = Run(self._address, self._secret, self._ledger, self._budget, self._limits, validate)
        return run.perform(requests)


def _rate(value: float | None, name: str) -> float | None:
    return None if value is None else require_real(value, name, above=0)
