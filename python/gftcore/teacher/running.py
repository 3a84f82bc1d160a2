# SPDX-License-Identifier: Apache-2.0
"""One run over many requests: workers, retries, limits, stops."""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import signal
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn
from urllib.parse import urlsplit

from gftcore._lazy import require
from gftcore._validation import require_iterator
from gftcore.errors import GftcoreError, UnavailableError
from gftcore.teacher.budget import Budget
from gftcore.teacher.faults import Beginning, fault_of, option_refused
from gftcore.teacher.judging import History, Validate, judge
from gftcore.teacher.ledger import Ledger
from gftcore.teacher.pace import Pace
from gftcore.teacher.replies import Completion, read_completion
from gftcore.teacher.requests import TeacherRequest, require_request
from gftcore.teacher.runs import Limits, RunSummary
from gftcore.teacher.secret import Secret
from gftcore.teacher.transport import Answer, Transport

__all__ = ["Run"]

_FINISHED = ("done", "failed", "refused")


class _Again(Exception):
    """The request waits for another attempt."""

    def __init__(self, *, wait_s: float | None = None, back_off: bool = True) -> None:
        self.wait_s, self.back_off = wait_s, back_off


class _Stopped(Exception):
    """The run ends; the request stays planned."""


@dataclass(slots=True)
class _Task:
    """A request, what earlier replies left, and how often it went wrong in this run."""

    request: TeacherRequest
    history: History
    errors: int = 0
    #: When its last attempt began, and when the first one of those without a reply ended.
    started: float = 0.0
    failing_since: float | None = None


class Run:
    """See `gftcore.teacher.RemoteTeacher.run`."""

    def __init__(
        self,
        address: str,
        secret: Secret | None,
        ledger: Ledger,
        budget: Budget,
        limits: Limits,
        validate: Validate | None,
    ) -> None:
        self._tenacity = require("tenacity", extra="teacher", user="gftcore.teacher.RemoteTeacher")
        self._address, self._secret = address, secret
        parts = urlsplit(address)
        self._host = f"{parts.scheme}://{parts.netloc}"
        self._ledger, self._budget, self._limits = ledger, budget, limits
        self._validate = validate
        self._pace = Pace(limits.requests_per_minute, limits.tokens_per_minute)
        self._ended = dict.fromkeys((*_FINISHED, "known"), 0)
        self._attempts = self._reserved = 0
        #: When the last attempt began that a reply came to.
        self._answered = -math.inf
        self._beginning = Beginning()
        self._in_hand: set[str] = set()
        self._taken: set[str] = set()
        self._failure: BaseException | None = None
        self._signal: int | None = None

    def perform(self, requests: Iterable[TeacherRequest]) -> RunSummary:
        """Answer all requests."""
        iterator = require_iterator(requests, "requests", "TeacherRequests")
        self._ledger.recover()
        self._budget.start(self._ledger.spent_micros())
        try:
            asyncio.run(self._all(iterator))
        finally:
            try:
                self._ledger.recover()
                self._budget.start(self._ledger.spent_micros())
            except GftcoreError as error:
                self._failure = self._failure or error
        if self._signal is not None:
            signal.raise_signal(self._signal)
        if self._failure is not None:
            # What it came from may hold the request, and that the key.
            raise self._failure from None
        keys = {one.key for one in requests} if isinstance(requests, Collection) else self._taken
        finished = {item.key for item in self._ledger.items() if item.state in _FINISHED}
        return RunSummary(
            **self._ended,
            attempts=self._attempts,
            spent_micros=self._ledger.spent_micros(),
            left=len(keys - finished),
            stopped="" if self._signal is None else signal.Signals(self._signal).name,
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
                if require_request(request).key in self._in_hand:  # listed twice
                    continue
                self._in_hand.add(request.key)
                self._taken.add(request.key)
                await self._one(request)
                self._in_hand.discard(request.key)
        except _Stopped:
            pass
        except Exception as error:
            self._failure = self._failure or error
            self._stop.set()

    async def _one(self, request: TeacherRequest) -> None:
        worst = self._budget.prices.worst_micros(request)
        state = self._ledger.plan(request, worst_micros=worst)
        if state != "planned":  # in a batch file it is neither finished nor to be sent
            self._ended["known"] += state in _FINISHED
            return
        task = _Task(request, History.of(self._ledger.attempts(request.key)))
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
            return (again.wait_s or 0.0) + (float(jitter(state)) if again.back_off else 0.0)

        return wait

    async def _sleep(self, seconds: float) -> None:
        """Wait, unless the run ends before."""
        if seconds > 0 and not self._stop.is_set():
            with contextlib.suppress(asyncio.TimeoutError, TimeoutError):
                await asyncio.wait_for(self._stop.wait(), seconds)
        if self._stop.is_set():
            raise _Stopped

    async def _reserve(self, worst: int) -> None:
        """Reserve the worst case, or wait: what others reserved may cost less and leave enough."""
        while self._reserved and worst > self._budget.left_micros:
            self._settled.clear()
            await self._settled.wait()
            await self._sleep(0)
        self._budget.reserve(worst)
        self._reserved += 1

    async def _turn(self, tokens: int) -> None:
        """Wait for a moment that the limits and the service allow; asked again after each wait."""
        clock = asyncio.get_running_loop().time
        await self._sleep(0)
        while wait_s := self._pace.take(clock(), tokens=tokens):
            if self._pace.held(clock()):  # all wait for the same end, and should not go at once
                wait_s += random.uniform(0, self._limits.backoff_s)
            await self._sleep(wait_s)

    async def _attempt(self, task: _Task) -> None:
        request, prices = task.request, self._budget.prices
        more = len(task.history.addition().encode())
        worst = prices.worst_micros(request, more_bytes=more)
        tokens = sum(prices.worst_tokens(request, more_bytes=more))
        await self._reserve(worst)
        begun = False
        try:
            await self._turn(tokens)
            n = self._ledger.begin(request.key, worst_micros=worst)
            begun = True
            await self._send(task, n, worst, tokens)
        finally:
            if not begun:
                self._budget.settle(worst, 0)
            self._reserved -= 1
            self._settled.set()

    async def _send(self, task: _Task, n: int, worst: int, tokens: int) -> None:
        self._attempts += 1
        clock = asyncio.get_running_loop().time
        task.started = clock()

        def settling() -> Callable[..., None]:
            return self._settling(
                task, n, worst, tokens, latency_s=round(clock() - task.started, 3)
            )

        try:
            body = task.history.body(task.request)
            answer = await self._transport.send(body, name=f"{task.request.key}-{n}")
        except asyncio.CancelledError:
            settling()("lost", "planned", error="the run was stopped while it was in flight")
            raise
        self._conclude(task, answer, settling())

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
            try:
                self._ledger.settle(
                    task.request.key,
                    n,
                    outcome=outcome,
                    state=state,
                    cost_micros=cost,
                    latency_s=latency_s,
                    **told,
                )
            except GftcoreError as error:
                raise UnavailableError(
                    f"an answer came and could not be recorded: {error}; "
                    "the request counts as abandoned when the ledger is opened again"
                ) from error
            self._budget.settle(worst, cost)
            if state in self._ended:
                self._ended[state] += 1
            if state == "failed" and not self._beginning.answered:
                self._beginning.failed.append(task.request.key)

        return settle

    def _end_for_all(self, reason: str) -> NoReturn:
        """End the run for a fault that is of none of the requests that failed by it."""
        for key in self._beginning.failed:
            self._ledger.reopen(key)
            self._ended["failed"] -= 1
        self._beginning.failed.clear()
        raise UnavailableError(reason)

    def _conclude(self, task: _Task, answer: Answer, settle: Callable[..., None]) -> None:
        """Settle an attempt; raise `_Again` if there is to be another."""
        if answer.kind == "reply":
            self._reply(task, self._read(answer.content), answer, settle)
        elif answer.kind == "oversized":
            self._reply(task, Completion(problem=answer.error), answer, settle)
        elif answer.kind == "compressed":
            settle("lost", "planned", error=answer.error, http_status=answer.status)
            raise UnavailableError(
                f"{answer.error}; it would be for all requests, so switch that off at the service"
            )
        else:
            self._fault(task, answer, settle)

    def _read(self, content: bytes) -> Completion:
        done = read_completion(content)
        if self._secret is None or done.text is None:
            return done
        return replace(done, text=self._secret.redacted(done.text))

    def _reply(
        self, task: _Task, done: Completion, answer: Answer, settle: Callable[..., None]
    ) -> None:
        self._answered = max(self._answered, task.started)
        task.failing_since = None
        strange = self._beginning.reply(done)
        found = judge(task.request, done, task.history, self._validate)
        settle(
            found.outcome,
            found.state,
            error=found.error,
            reply=found.reply,
            kept=found.kept,
            http_status=answer.status,
            usage=done.usage,
        )
        if found.raised is not None:
            raise found.raised
        if strange:
            self._end_for_all(
                f"no reply was a chat completion ({found.error}): is {self._host} the address "
                "of the API? Often it ends in /v1"
            )
        if found.state == "planned":
            raise _Again(back_off=False)

    def _fault(self, task: _Task, answer: Answer, settle: Callable[..., None]) -> None:
        """Settle an attempt that ended without a reply."""
        said, sent = str(answer.error), answer.kind != "unsent"
        fault = fault_of(answer.status, sent=sent)
        task.errors += 1
        if task.failing_since is None:
            task.failing_since = asyncio.get_running_loop().time()
        told = {"error": said, "http_status": answer.status, "free": not fault.billed}
        hopeless = ""
        spent = task.errors >= self._limits.tries
        if option := option_refused(task.request, answer.status, said):
            hopeless = f"{said}; {option}"
        elif fault.for_all or (answer.status == 403 and not self._beginning.answered):
            # Once others are answered, 403 is about what this one holds.
            hopeless = f"{said}; check key, account, address and model"
        elif spent and not sent:
            hopeless = (
                f"no connection to {self._host} after {task.errors} tries; "
                "the same command goes on later"
            )
        elif spent and fault.passing and self._answered < task.failing_since:
            hopeless = f"{said}; {task.errors} times, and nothing else was answered; go on later"
        if hopeless:  # the fault is not the request's
            settle(answer.kind, "planned", **told)
            raise UnavailableError(hopeless)
        if spent or not fault.passing:
            settle(answer.kind, "failed", **told)
            if self._beginning.rejection(answer.status):
                self._end_for_all(
                    f"{said}; so were all requests refused, and none answered: check model, "
                    "options and address"
                )
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
