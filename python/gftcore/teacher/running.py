# SPDX-License-Identifier: Apache-2.0
"""One run over many requests: workers, retries, limits, stops."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gftcore._lazy import require
from gftcore.errors import ArgumentTypeError, UnavailableError
from gftcore.teacher.budget import Budget
from gftcore.teacher.ledger import Ledger
from gftcore.teacher.pace import Pace
from gftcore.teacher.replies import Completion, read_completion
from gftcore.teacher.requests import TeacherRequest
from gftcore.teacher.secret import Secret
from gftcore.teacher.transport import Answer, Transport

__all__ = ["INVALID_RETRIES", "Limits", "Run", "RunSummary"]

#: How often a reply that is not accepted is asked for again.
INVALID_RETRIES = 3
_TRANSIENT = (408, 409, 429)
#: Key, address or model are wrong, so all requests would end like this one.
_FOR_ALL = (401, 404)
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Limits:
    """Checked numbers of a `gftcore.teacher.RemoteTeacher`."""

    parallel: int
    requests_per_minute: float | None
    tokens_per_minute: float | None
    timeout_s: float
    tries: int
    backoff_s: float
    max_wait_s: float
    max_reply_bytes: int


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run did, and what all runs on the ledger spent.

    Attributes
    ----------
    done, failed, refused
        Requests that this run finished so.
    known
        Requests that were finished before.
    attempts
        How often something was sent.
    spent_micros
        Upper bound of the bill of all runs, in millionths of the currency.
    """

    done: int
    failed: int
    refused: int
    known: int
    attempts: int
    spent_micros: int


class _Again(Exception):
    """The request waits for another attempt."""

    def __init__(self, *, wait_s: float | None = None, back_off: bool = True) -> None:
        self.wait_s, self.back_off = wait_s, back_off


class _Stopped(Exception):
    """The run ends; the request stays planned."""


@dataclass(slots=True)
class _Task:
    """A request, how often it went wrong, and what the next attempt adds to it."""

    request: TeacherRequest
    errors: int = 0
    invalid: int = 0
    reason: str | None = None

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.request.body)
        if self.reason is not None:
            body["messages"].append({"role": "user", "content": self.addition()})
        return body

    def addition(self) -> str:
        if self.reason is None:
            return ""
        return f"An earlier reply was not accepted: {self.reason}. Answer again."


class Run:
    """See `gftcore.teacher.RemoteTeacher.run`."""

    def __init__(
        self,
        address: str,
        secret: Secret | None,
        ledger: Ledger,
        budget: Budget,
        limits: Limits,
        validate: Callable[[str], str | None] | None,
    ) -> None:
        self._tenacity = require("tenacity", extra="teacher", user="gftcore.teacher.RemoteTeacher")
        self._address, self._secret = address, secret
        self._ledger, self._budget, self._limits = ledger, budget, limits
        self._validate = validate
        self._pace = Pace(limits.requests_per_minute, limits.tokens_per_minute)
        self._ended = dict.fromkeys(("done", "failed", "refused", "known"), 0)
        self._attempts = self._in_flight = 0
        self._in_hand: set[str] = set()
        self._failure: BaseException | None = None
        self._signal: int | None = None

    def perform(self, requests: Iterable[TeacherRequest]) -> RunSummary:
        """Answer all requests."""
        self._ledger.recover()
        self._budget.start(self._ledger.spent_micros())
        try:
            asyncio.run(self._all(iter(requests)))
        finally:
            self._ledger.recover()
            self._budget.start(self._ledger.spent_micros())
        if self._signal is not None:
            signal.raise_signal(self._signal)
        if self._failure is not None:
            # What it came from may hold the request, and that the key.
            raise self._failure from None
        return RunSummary(
            **self._ended, attempts=self._attempts, spent_micros=self._ledger.spent_micros()
        )

    async def _all(self, requests: Iterator[TeacherRequest]) -> None:
        self._stop, self._settled = asyncio.Event(), asyncio.Event()
        self._transport = Transport(
            self._address,
            secret=self._secret,
            timeout_s=self._limits.timeout_s,
            max_bytes=self._limits.max_reply_bytes,
        )
        workers = [
            asyncio.ensure_future(self._work(requests)) for _ in range(self._limits.parallel)
        ]
        try:
            with self._signals(workers):
                await asyncio.gather(*workers, return_exceptions=True)
        finally:
            await self._transport.close()

    @contextlib.contextmanager
    def _signals(self, workers: Sequence[asyncio.Future[None]]) -> Iterator[None]:
        """End the run at a signal; the main thread alone gets them."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()

        def end(number: int) -> None:
            if self._signal is not None:
                for worker in workers:
                    worker.cancel()
            self._signal = number
            self._stop.set()

        numbers = (signal.SIGINT, signal.SIGTERM)
        previous = {number: signal.getsignal(number) for number in numbers}
        for number in numbers:
            loop.add_signal_handler(number, end, number)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)
                signal.signal(number, previous[number])

    async def _work(self, requests: Iterator[TeacherRequest]) -> None:
        try:
            while not self._stop.is_set() and (request := next(requests, None)) is not None:
                if not isinstance(request, TeacherRequest):
                    raise ArgumentTypeError(
                        f"requests must be TeacherRequests, got {type(request).__name__}"
                    )
                if request.key in self._in_hand:  # listed twice
                    continue
                self._in_hand.add(request.key)
                await self._one(request)
                self._in_hand.discard(request.key)
        except _Stopped:
            pass
        except Exception as error:
            self._failure = self._failure or error
            self._stop.set()

    async def _one(self, request: TeacherRequest) -> None:
        worst = self._budget.prices.worst_micros(request)
        if self._ledger.plan(request, worst_micros=worst) != "planned":
            self._ended["known"] += 1
            return
        task = _Task(request, invalid=self._ledger.outcomes(request.key)["invalid"])
        retrying = self._tenacity.AsyncRetrying(
            # When to give up is decided where the ledger is told.
            stop=self._tenacity.stop_never,
            retry=self._tenacity.retry_if_exception_type(_Again),
            wait=self._wait(),
            sleep=self._sleep,
            reraise=True,
        )
        await retrying(self._attempt, task)

    def _wait(self) -> Callable[[Any], float]:
        shortest = self._limits.backoff_s
        jitter = self._tenacity.wait_exponential(
            multiplier=shortest, max=self._limits.max_wait_s
        ) + self._tenacity.wait_random(0, shortest)

        def wait(state: Any) -> float:
            again = state.outcome.exception()
            return max(again.wait_s or 0.0, float(jitter(state)) if again.back_off else 0.0)

        return wait

    async def _sleep(self, seconds: float) -> None:
        """Wait, unless the run ends before."""
        if seconds > 0 and not self._stop.is_set():
            with contextlib.suppress(asyncio.TimeoutError, TimeoutError):
                await asyncio.wait_for(self._stop.wait(), seconds)
        if self._stop.is_set():
            raise _Stopped

    async def _ready(self, worst: int, tokens: int) -> None:
        """Wait for the moment that the limits allow, and for what others have reserved."""
        loop = asyncio.get_running_loop()
        await self._sleep(self._pace.next(loop.time(), tokens=tokens) - loop.time())
        while held := self._pace.held(loop.time()):
            await self._sleep(held)
        # What is in flight may cost less than its worst case and leave enough.
        while self._in_flight and worst > self._budget.left_micros:
            self._settled.clear()
            await self._settled.wait()
            await self._sleep(0)
        self._budget.reserve(worst)

    async def _attempt(self, task: _Task) -> None:
        request, prices = task.request, self._budget.prices
        more = len(task.addition().encode())
        worst = prices.worst_micros(request, more_bytes=more)
        tokens = sum(prices.worst_tokens(request, more_bytes=more))
        await self._ready(worst, tokens)
        n = self._ledger.begin(request.key, worst_micros=worst)
        self._attempts += 1
        self._in_flight += 1
        clock = asyncio.get_running_loop().time
        started = clock()
        try:
            answer = await self._transport.send(task.body(), name=f"{request.key}-{n}")
            settle = self._settling(task, n, worst, tokens, latency_s=round(clock() - started, 3))
            self._conclude(task, answer, settle)
        finally:
            self._in_flight -= 1
            self._settled.set()

    def _settling(
        self, task: _Task, n: int, worst: int, tokens: int, *, latency_s: float
    ) -> Callable[..., None]:
        """Return how an attempt is settled: in the ledger, the budget and the pace alike."""

        def settle(outcome: str, state: str, *, free: bool = False, **told: Any) -> None:
            usage = told.get("usage")
            cost = worst
            if free:
                cost = 0
            elif usage is not None:
                cost = self._budget.prices.cost_micros(usage)
                self._pace.unused(max(0, tokens - usage.input_tokens - usage.output_tokens))
            self._ledger.settle(
                task.request.key,
                n,
                outcome=outcome,
                state=state,
                cost_micros=cost,
                latency_s=latency_s,
                **told,
            )
            self._budget.settle(worst, cost)
            if state in self._ended:
                self._ended[state] += 1

        return settle

    def _conclude(self, task: _Task, answer: Answer, settle: Callable[..., None]) -> None:
        """Settle an attempt; raise `_Again` if there is to be another."""
        if answer.kind == "reply":
            done = read_completion(answer.content)
            self._accept(task, done, answer, settle)
        elif answer.kind == "oversized":
            self._invalid(task, Completion(problem=answer.error), answer, settle)
        else:
            self._fault(task, answer, settle)

    def _accept(
        self, task: _Task, done: Completion, answer: Answer, settle: Callable[..., None]
    ) -> None:
        told = {"http_status": answer.status, "usage": done.usage}
        if done.refused:
            settle("refused", "refused", error=done.problem, **told)
            return
        if done.text is None:
            self._invalid(task, done, answer, settle)
            return
        try:
            reason = self._validate(done.text) if self._validate else None
        except Exception as error:
            # The reply is paid, so the row is completed before the fault is told.
            settle("invalid", "planned", error=f"validate: {type(error).__name__}", **told)
            raise
        if reason is None:
            settle("answered", "done", reply=done.text, **told)
            return
        task.reason = str(reason).encode(errors="replace").decode()[:_LONGEST_REASON]
        refused = Completion(problem=task.reason, usage=done.usage)
        self._invalid(task, refused, answer, settle)

    def _invalid(
        self, task: _Task, done: Completion, answer: Answer, settle: Callable[..., None]
    ) -> None:
        task.invalid += 1
        last = task.invalid > INVALID_RETRIES
        settle(
            "invalid",
            "failed" if last else "planned",
            error=done.problem,
            http_status=answer.status,
            usage=done.usage,
        )
        if not last:
            raise _Again(back_off=False)

    def _fault(self, task: _Task, answer: Answer, settle: Callable[..., None]) -> None:
        """Settle an attempt that ended without a reply."""
        status = answer.status
        task.errors += 1
        transient = status is None or status in _TRANSIENT or status >= 500
        told = {"error": answer.error, "http_status": status, "free": answer.kind != "lost"}
        if status in _FOR_ALL:
            settle(answer.kind, "planned", **told)
            raise UnavailableError(f"{answer.error}; check key, address and model")
        if not transient or task.errors >= self._limits.tries:
            settle(answer.kind, "failed", **told)
            return
        settle(answer.kind, "planned", **told)
        wait_s = answer.wait_s
        if wait_s is not None:
            if wait_s > self._limits.max_wait_s:
                most = self._limits.max_wait_s
                raise UnavailableError(
                    f"the service asks to wait {wait_s:.0f} s, more than {most:g}; go on later"
                )
            self._pace.hold(asyncio.get_running_loop().time() + wait_s)
        raise _Again(wait_s=wait_s)
