# SPDX-License-Identifier: Apache-2.0
"""The transport before a service on the loopback address that fails in every way."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from fault_server import TRANSIENT, FaultServer, running
from gftcore.errors import (
    ArgumentTypeError,
    BudgetError,
    MissingExtraError,
    RefusedError,
    UnavailableError,
)
from gftcore.teacher import (
    Budget,
    Ledger,
    Prices,
    RemoteTeacher,
    RunSummary,
    Secret,
    TeacherRequest,
    chat_request,
)

pytest.importorskip("openai", reason="needs the extra teacher")
pytest.importorskip("tenacity", reason="needs the extra teacher")

CANARY = "canary-8a6f3e21"
PRICES = Prices(input_per_million=2, output_per_million=8)
#: Of a good reply of the server: 10 tokens in, 5 out.
PAID = 60


def questions(count: int) -> list[TeacherRequest]:
    return [
        chat_request(model="m", system="s", user=f"item {i}", stage="one", slots=[str(i)])
        for i in range(count)
    ]


class Bench:
    """A server, a ledger and teachers between them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ledger.sqlite"
        self.stack = ExitStack()
        self.ledger = self.stack.enter_context(Ledger(self.path))

    def serve(self, behaviour: Callable[[str, int], str], **settings: Any) -> FaultServer:
        self.server = self.stack.enter_context(running(FaultServer(behaviour, **settings)))
        return self.server

    def run(
        self,
        requests: list[TeacherRequest],
        *,
        cap: float = 100,
        validate: Callable[[str], str | None] | None = None,
        **settings: Any,
    ) -> RunSummary:
        url = settings.pop("url", None) or self.server.url
        settings = {"timeout_s": 1.0, "backoff_s": 0.01, "max_reply_bytes": 100_000} | settings
        budget = Budget(PRICES, cap=cap)
        teacher = RemoteTeacher(url, ledger=self.ledger, budget=budget, **settings)
        return teacher.run(requests, validate=validate)

    def outcomes(self) -> list[str]:
        return [attempt.outcome for attempt in self.ledger.attempts()]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    with made.stack:
        yield made


def test_replies_belong_to_their_questions_and_are_never_asked_for_again(bench: Bench) -> None:
    server = bench.serve(lambda _item, _n: "ok")
    asked = questions(20)
    one = bench.run([*asked, asked[3]])
    assert one == RunSummary(
        done=20, failed=0, refused=0, known=1, attempts=20, spent_micros=20 * PAID
    )
    for i, request in enumerate(asked):
        assert bench.ledger.item(request.key).reply == f"answer to item {i}"
    again = bench.run(asked)
    assert (again.known, again.attempts, len(server.arrivals)) == (20, 0, 20)


def test_what_is_sent_is_the_body_and_few_headers(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    monkeypatch.setenv("OPENAI_ORG_ID", CANARY)
    monkeypatch.setenv("OPENAI_PROJECT_ID", CANARY)
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:9")  # never used for this machine
    server = bench.serve(lambda _item, _n: "ok")
    (one,) = questions(1)
    bench.run([one])
    (arrival,) = server.arrivals
    assert arrival.body == json.loads(one.body)
    assert arrival.headers == {
        "host": server.url.split("/")[2],
        "accept": "application/json",
        "accept-encoding": "identity",
        "connection": "close",
        "content-length": str(len(one.body)),
        "content-type": "application/json",
        "idempotency-key": f"{one.key}-1",
        "user-agent": "gftcore",
    }


OUTCOME = {
    "408": "lost", "silence": "lost", "drip": "lost", "half": "lost", "reset": "lost",
    "cut": "invalid", "empty": "invalid", "schema": "invalid", "huge": "invalid",
}  # fmt: skip


@pytest.mark.parametrize("kind", [*TRANSIENT, "huge error", "504"])
def test_every_passing_fault_is_a_row_and_the_item_is_answered(bench: Bench, kind: str) -> None:
    server = bench.serve(lambda _item, n: kind if n == 0 else "ok", slow_s=2.0)
    asked = questions(3)
    bench.run(asked, timeout_s=0.5)
    assert [bench.ledger.item(one.key).reply for one in asked] == [
        f"answer to item {i}" for i in range(3)
    ]
    first = OUTCOME.get(kind, "lost" if kind == "504" else "rejected")
    want = ["answered"] if kind == "duplicate" else [first, "answered"]
    assert bench.outcomes() == 3 * want
    assert len(server.arrivals) == 3 * len(want)
    spent = {a.n: a.cost_micros for a in bench.ledger.attempts()}
    worst = PRICES.worst_micros(asked[0])
    free = kind == "duplicate" or first == "rejected"
    # A reply that came whole is charged as it says, a doubtful one at its worst.
    assert spent[1] == (PAID if kind in ("duplicate", "empty") else 0 if free else worst)


@pytest.mark.parametrize("kind", ["400", "403", "422", "refusal"])
def test_permanent_faults_are_not_tried_again(bench: Bench, kind: str) -> None:
    server = bench.serve(lambda item, _n: kind if item == "item 0" else "ok")
    asked = questions(2)
    summary = bench.run(asked)
    item = bench.ledger.item(asked[0].key)
    assert item.state == ("refused" if kind == "refusal" else "failed")
    assert item.reason
    assert (summary.done, len(server.arrivals)) == (1, 2)
    assert bench.run(asked).known == 2


@pytest.mark.parametrize("kind", ["401", "404"])
def test_what_would_fail_for_all_ends_the_run_and_fails_none(bench: Bench, kind: str) -> None:
    server = bench.serve(lambda _item, _n: kind)
    with pytest.raises(UnavailableError, match="check key, address and model"):
        bench.run(questions(50), parallel=2)
    assert len(server.arrivals) <= 2
    assert bench.ledger.counts()["failed"] == 0
    server.behaviour = lambda _item, _n: "ok"
    assert bench.run(questions(50)).done == 50


def test_tries_end(bench: Bench) -> None:
    server = bench.serve(lambda _item, _n: "500")
    (one,) = questions(1)
    assert bench.run([one], tries=3).failed == 1
    assert len(server.arrivals) == 3
    assert bench.ledger.item(one.key).reason == "HTTP 500: no"
    bench.ledger.reopen(one.key)
    server.behaviour = lambda _item, _n: "ok"
    assert bench.run([one]).done == 1


def test_no_server_is_no_bill(bench: Bench) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    summary = bench.run(questions(1), url=f"http://127.0.0.1:{port}/v1", tries=2)
    assert (summary.failed, summary.spent_micros) == (1, 0)
    assert bench.outcomes() == ["unsent", "unsent"]


def test_retry_after_is_waited_for_by_all(bench: Bench) -> None:
    waited: list[float] = []

    def behaviour(item: str, n: int) -> str:
        waited.append(time.monotonic())
        return "429 in 0.5" if (item, n) == ("item 0", 0) else "ok"

    bench.serve(behaviour)
    bench.run(questions(4), parallel=1)
    assert waited[1] - waited[0] >= 0.5
    # Negative control: without the header the next attempt comes at once.
    bench.server.behaviour = lambda item, n: behaviour(item, n).replace(" in 0.5", " now")
    waited.clear()
    fresh = [chat_request(model="m", system="t", user="item 0", stage="one", slots=[])]
    bench.server._seen.clear()
    bench.run(fresh)
    assert waited[1] - waited[0] < 0.5


def test_a_wait_that_is_too_long_ends_the_run(bench: Bench) -> None:
    bench.serve(lambda _item, _n: "429 in 86400")
    with pytest.raises(UnavailableError, match="asks to wait 86400 s"):
        bench.run(questions(2), parallel=1)
    assert bench.ledger.counts()["planned"] == 1


def test_replies_that_are_not_accepted_come_back_with_the_reason(bench: Bench) -> None:
    server = bench.serve(lambda _item, n: "bad" if n < 2 else "ok")
    (one,) = questions(1)
    bench.run([one], validate=lambda text: "it says bad" if text == "bad" else None)
    assert bench.outcomes() == ["invalid", "invalid", "answered"]
    texts = [[m["content"] for m in arrival.body["messages"]] for arrival in server.arrivals]
    added = "An earlier reply was not accepted: it says bad. Answer again."
    assert texts == [["s", "item 0"], ["s", "item 0", added], ["s", "item 0", added]]
    assert {arrival.attempt[:64] for arrival in server.arrivals} == {one.key}


def test_three_more_replies_and_no_more_also_in_later_runs(bench: Bench) -> None:
    server = bench.serve(lambda _item, _n: "bad")
    asked = questions(2)

    def validate(text: str) -> str:
        if len(server.arrivals) == 2:
            raise KeyError(CANARY)
        return f"{text}!"

    with pytest.raises(KeyError):
        bench.run(asked, validate=validate, parallel=1)
    assert bench.outcomes() == ["invalid", "invalid"]
    bench.run(asked, validate=lambda text: f"{text}!", parallel=1)
    assert len(server.arrivals) == 8
    assert {bench.ledger.item(one.key).reason for one in asked} == {"bad!"}
    assert bench.ledger.counts()["failed"] == 2


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
    now, most, lock = [0], [0], threading.Lock()

    class Counting(FaultServer):
        async def reply(self, *args: Any) -> None:
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            await asyncio.sleep(0.02)
            now[0] -= 1
            await super().reply(*args)

    server = bench.stack.enter_context(running(Counting()))
    bench.run(questions(12), parallel=3, url=server.url)
    assert most[0] == 3


def test_requests_per_minute(bench: Bench) -> None:
    start = time.monotonic()
    bench.serve(lambda _item, _n: "ok")
    bench.run(questions(4), requests_per_minute=600)
    assert time.monotonic() - start >= 0.3


def test_other_machines_are_refused_without_a_socket(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    original = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        opened.append(address)
        original(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **_: opened.append(args))
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(RefusedError, match="allow_remote"):
        bench.run(questions(1), url="https://example.org/v1")
    assert opened == []
    assert bench.ledger.items() == []
    # Negative control: this way of looking sees what is allowed.
    with socket.socket() as listening, socket.socket() as calling:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        calling.connect(listening.getsockname())
    assert len(opened) == 1


def test_a_redirect_leads_nowhere(bench: Bench) -> None:
    with running(FaultServer()) as other:
        bench.serve(lambda _item, _n: f"to {other.url}/chat/completions")
        assert bench.run(questions(1)).failed == 1
        assert other.connections == 0


@pytest.mark.parametrize("kind", ["ok", "echo", "echoed", "half", "reset", "401", "huge"])
def test_the_key_arrives_and_shows_nowhere(
    bench: Bench, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = bench.serve(lambda _item, _n: kind)
    shown = ""
    try:
        bench.run(questions(2), api_key=Secret(CANARY), tries=2)
    except UnavailableError as error:
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
        shown = "".join(told.format()).partition("in perform")[2]
        assert "self = " in shown  # the locals above it, of this test, hold the key itself
    assert server.arrivals[0].headers["authorization"] == f"Bearer {CANARY}"
    assert CANARY not in shown
    assert CANARY not in caplog.text
    bench.ledger.close()
    for file in bench.path.parent.iterdir():
        assert CANARY.encode() not in file.read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_when_what_is_in_flight_has_come(
    bench: Bench, number: signal.Signals
) -> None:
    came: list[int] = []
    previous = signal.signal(number, lambda got, _frame: came.append(got))
    try:
        server = bench.serve(lambda _item, _n: "ok", delay_s=0.1)
        threading.Timer(0.5, signal.raise_signal, [number]).start()
        asked = questions(500)
        bench.run(asked, parallel=2)
    finally:
        signal.signal(number, previous)
    assert came == [number]
    counts = bench.ledger.counts()
    assert 0 < counts["done"] == len(server.arrivals) < 500
    assert counts["sent"] == 0
    server.delay_s = 0
    assert bench.run(asked[:30], parallel=8).done == 30 - min(30, counts["done"])


def test_a_second_signal_does_not_wait(bench: Bench) -> None:
    came: list[int] = []
    previous = signal.signal(signal.SIGINT, lambda got, _frame: came.append(got))
    try:
        bench.serve(lambda _item, _n: "silence", slow_s=20.0)
        for seconds in (0.6, 0.8):
            threading.Timer(seconds, signal.raise_signal, [signal.SIGINT]).start()
        start = time.monotonic()
        bench.run(questions(4), parallel=2, timeout_s=15.0)
    finally:
        signal.signal(signal.SIGINT, previous)
    assert time.monotonic() - start < 10
    assert len(came) == 1
    assert bench.outcomes() == ["abandoned", "abandoned"]
    assert bench.ledger.counts()["sent"] == 0


def test_wrong_arguments(bench: Bench) -> None:
    bench.serve(lambda _item, _n: "ok")
    with pytest.raises(ArgumentTypeError, match="api_key must be a Secret, got str"):
        bench.run([], api_key=CANARY)
    with pytest.raises(ArgumentTypeError, match="TeacherRequests, got str"):
        bench.run(["question"])  # type: ignore[list-item]
    with pytest.raises(ArgumentTypeError, match="ledger must be"):
        RemoteTeacher(bench.server.url, ledger=None, budget=Budget(PRICES, cap=1))  # type: ignore[arg-type]


def test_a_missing_extra_is_named_before_anything_is_recorded(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.serve(lambda _item, _n: "ok")
    monkeypatch.setitem(sys.modules, "tenacity", None)
    with pytest.raises(MissingExtraError, match=r"gftcore\[teacher\]"):
        bench.run(questions(1))
    assert bench.ledger.attempts() == []
