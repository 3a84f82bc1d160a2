# SPDX-License-Identifier: Apache-2.0
"""The transport waits, spends and ends as it should: Retry-After, cap, pace, signals."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from fault_server import FaultServer, running
from gftcore.errors import (
    BudgetError,
    UnavailableError,
)
from gftcore.teacher import (
    chat_request,
)
from gftcore.teacher.pace import Pace
from teacher_bench import PAID, PRICES, Bench, questions

pytest.importorskip("openai", reason="needs the extra teacher")
pytest.importorskip("tenacity", reason="needs the extra teacher")


def test_retry_after_is_waited_for_by_all(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {("item 0", 0): "429 in 1"}
    moments: dict[str, float] = {}
    loops: list[asyncio.AbstractEventLoop] = []
    begun: list[set[str]] = []
    hold = Pace.hold

    class Noting(FaultServer):
        async def reply(self, kind: str, item: str, writer: asyncio.StreamWriter) -> None:
            loops.append(asyncio.get_running_loop())
            moments.setdefault(f"{item} {kind}", time.monotonic())
            if item in ("item 1", "item 2"):  # under way until the client knows that it must wait
                await hears.wait()
            await super().reply(kind, item, writer)

    def held(pace: Pace, until: float) -> None:
        hold(pace, until)
        begun.append({attempt.key for attempt in bench.ledger.attempts()})
        loops[0].call_soon_threadsafe(hears.set)

    monkeypatch.setattr(Pace, "hold", held)
    hears = asyncio.Event()
    server = bench.stack.enter_context(running(Noting(lambda item, n: kinds.get((item, n), "ok"))))
    asked = questions(6)
    bench.run(asked, parallel=3, url=server.url)
    # What was under way ends; all that begins later, the request itself too, waits.
    assert begun == [{one.key for one in asked[:3]}]
    later = [moments[f"item {i} ok"] - moments["item 0 429 in 1"] for i in (0, 3, 4, 5)]
    assert min(later) >= 1
    # Negative control: without the header nothing waits.
    kinds["item 9", 0] = "429 now"
    other = chat_request(model="m", system="t", user="item 9", stage="one", slots=[])
    assert bench.run([other], url=server.url).done == 1
    assert len(begun) == 1


def test_a_wait_that_is_too_long_ends_the_run(bench: Bench) -> None:
    bench.serve(lambda _item, _n: "429 in 86400")
    with pytest.raises(UnavailableError, match="asks to wait 86400 s"):
        bench.run(questions(2), parallel=1)
    assert bench.ledger.counts()["planned"] == 1


def test_the_cap_ends_the_run_before_it_is_passed(bench: Bench) -> None:
    server = bench.serve(lambda _item, _n: "ok")
    asked = questions(30)
    worst = PRICES.worst_micros(asked[-1])
    # Room for one at its worst and for nine answered before it.
    cap = (worst + 9 * PAID) / 1e6
    with pytest.raises(BudgetError):
        bench.run(asked, cap=cap)
    assert len(server.arrivals) == bench.ledger.counts()["done"] == 10
    assert bench.ledger.spent_micros() == 10 * PAID
    with pytest.raises(BudgetError):
        bench.run(asked, cap=cap)  # what was spent counts in later runs
    assert len(server.arrivals) == 10
    assert bench.run(asked).done == 20


def test_at_most_so_many_are_in_flight(bench: Bench) -> None:
    now, most = [0], [0]

    class Counting(FaultServer):
        async def reply(self, *args: Any) -> None:
            now[0] += 1
            most[0] = max(most[0], now[0])
            if now[0] == 3:
                full.set()
            await full.wait()
            await asyncio.sleep(0.02)  # one too many would come now
            now[0] -= 1
            await super().reply(*args)

    full = asyncio.Event()
    server = bench.stack.enter_context(running(Counting()))
    bench.run(questions(12), parallel=3, url=server.url)
    assert most[0] == 3


def test_requests_per_minute(bench: Bench) -> None:
    start = time.monotonic()
    bench.serve(lambda _item, _n: "ok")
    bench.run(questions(4), requests_per_minute=600)
    assert time.monotonic() - start >= 0.3


def test_tokens_that_were_not_needed_are_given_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []
    monkeypatch.setattr(Pace, "unused", lambda _pace, tokens: given.append(tokens))
    bench.serve(lambda item, n: "429" if (item, n) == ("item 0", 0) else "ok")
    asked = questions(3)
    bench.run(asked, tokens_per_minute=1e9)
    # Of a good reply: 10 in, 5 out.
    assert given == 3 * [sum(PRICES.worst_tokens(asked[0])) - 15]


@contextmanager
def caught(number: signal.Signals) -> Iterator[list[int]]:
    """Note signals that take their usual effect."""
    came: list[int] = []
    previous = signal.signal(number, lambda got, _frame: came.append(got))
    try:
        yield came
    finally:
        signal.signal(number, previous)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_when_what_is_in_flight_has_come(
    bench: Bench, number: signal.Signals
) -> None:
    def behaviour(item: str, _n: int) -> str:
        if item == "item 7":
            signal.raise_signal(number)
        return "ok"

    server = bench.serve(behaviour, delay_s=0.05)
    asked = questions(60)
    with caught(number) as came:
        summary = bench.run(asked, parallel=2)
    assert came == [number]
    counts = bench.ledger.counts()
    assert 8 <= summary.done == counts["done"] == len(server.arrivals) < 20
    assert (summary.left, summary.stopped) == (60 - summary.done, number.name)
    assert (counts["sent"], counts["planned"]) == (0, 0)
    server.delay_s, server.behaviour = 0, lambda _item, _n: "ok"
    again = bench.run(asked, parallel=8)
    assert (again.done, again.left, again.stopped) == (summary.left, 0, "")


def test_a_second_signal_does_not_wait(bench: Bench) -> None:
    def behaviour(_item: str, _n: int) -> str:
        if len(server.arrivals) == 2:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
        return "silence"

    server = bench.serve(behaviour, slow_s=600.0)
    asked = questions(4)
    with caught(signal.SIGINT) as came:
        summary = bench.run(iter(asked), parallel=2, timeout_s=500.0)
    # Not what a reply that is too late leaves.
    told = "the run was stopped while it was in flight"
    assert [attempt.error for attempt in bench.ledger.attempts()] == [told, told]
    assert len(came) == 1
    assert (summary.left, summary.stopped) == (2, "SIGINT")
    assert bench.outcomes() == ["lost", "lost"]
    assert bench.ledger.counts()["planned"] == 2
    # Possibly billed.
    assert bench.ledger.spent_micros() == 2 * PRICES.worst_micros(asked[0])


def test_a_ledger_that_cannot_be_written_ends_the_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = bench.serve(lambda _item, _n: "ok")
    with monkeypatch.context() as patched:

        def full(*_: object, **__: object) -> None:
            raise UnavailableError("the disk is full")

        patched.setattr(bench.ledger, "settle", full)
        with pytest.raises(UnavailableError, match="could not be recorded: the disk is full"):
            bench.run(questions(50), parallel=2)
    assert len(server.arrivals) <= 2
    assert set(bench.outcomes()) == {"abandoned"}
    assert bench.ledger.counts()["sent"] == 0


def test_after_a_wait_for_budget_the_service_may_still_ask_to_wait(bench: Bench) -> None:
    moments: dict[str, list[float]] = {}

    def behaviour(item: str, n: int) -> str:
        moments.setdefault(item, []).append(time.monotonic())
        return "429 in 0.5" if (item, n) == ("item 0", 0) else "ok"

    bench.serve(behaviour)
    asked = questions(3)
    # Room for one at its worst, so that the others wait until it is settled.
    cap = (PRICES.worst_micros(asked[0]) + 2 * PAID) / 1e6
    summary = bench.run(asked, cap=cap, parallel=3)
    assert (summary.done, len(moments["item 0"])) == (3, 2)
    first = moments["item 0"][0]
    assert all(
        later - first >= 0.5 for item in asked[1:] for later in moments[f"item {item.slots[0]}"]
    )
