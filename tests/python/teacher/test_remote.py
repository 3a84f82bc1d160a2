# SPDX-License-Identifier: Apache-2.0
"""The transport before a service on the loopback address that fails in every way."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import sys
import traceback
from typing import Any

import pytest

from fault_server import TRANSIENT, FaultServer, running
from gftcore.errors import (
    ArgumentTypeError,
    MissingExtraError,
    RefusedError,
    UnavailableError,
)
from gftcore.teacher import (
    Budget,
    Flaw,
    RemoteTeacher,
    RunSummary,
    Secret,
    TeacherRequest,
    chat_request,
)
from teacher_bench import CANARY, PAID, PRICES, Bench, questions

pytest.importorskip("openai", reason="needs the extra teacher")
pytest.importorskip("tenacity", reason="needs the extra teacher")


def test_replies_belong_to_their_questions_and_are_never_asked_for_again(bench: Bench) -> None:
    server = bench.serve(lambda _item, _n: "ok")
    asked = questions(20)
    one = bench.run([*asked, asked[3]])
    assert one == RunSummary(
        done=20,
        failed=0,
        refused=0,
        known=1,
        attempts=20,
        spent_micros=20 * PAID,
        left=0,
        stopped="",
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
    others = ("Authorization: Bearer other", "Host: other", "User-Agent: other", "X-Other: other")
    others += ("Idempotency-Key: other", "content-type: other", "Accept: other", "Cookie: other")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "\n".join(others))
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
    bench.run(questions(2), api_key=Secret(CANARY))
    assert server.arrivals[-1].headers["authorization"] == f"Bearer {CANARY}"


OUTCOME = {
    "408": "lost", "500": "lost", "504": "lost", "huge error": "lost", "silence": "lost",
    "drip": "lost", "half": "lost", "reset": "lost",
    "cut": "invalid", "empty": "invalid", "schema": "invalid", "huge": "invalid",
}  # fmt: skip


@pytest.mark.parametrize("kind", [*TRANSIENT, "huge error", "504"])
def test_every_passing_fault_is_a_row_and_the_item_is_answered(bench: Bench, kind: str) -> None:
    server = bench.serve(lambda _item, n: kind if n == 0 else "ok", slow_s=60.0)
    asked = questions(3)
    late = kind in ("silence", "drip")
    bench.run(asked, timeout_s=1.5 if late else 60.0, tries=20)
    assert [bench.ledger.item(one.key).reply for one in asked] == [
        f"answer to item {i}" for i in range(3)
    ]
    first = OUTCOME.get(kind, "rejected")
    want = ["answered"] if kind == "duplicate" else [first, "answered"]
    worst = PRICES.worst_micros(asked[0])
    if late:  # a slow machine is too late more than once, or does not get through
        for one in asked:
            attempts = bench.ledger.attempts(one.key)
            *before, last = [attempt.outcome for attempt in attempts]
            assert (last, set(before) - {"unsent"}) == ("answered", {"lost"})
            cost = {"lost": worst, "unsent": 0, "answered": PAID}
            assert [a.cost_micros for a in attempts] == [cost[a.outcome] for a in attempts]
        return
    assert bench.outcomes() == 3 * want
    assert len(server.arrivals) == 3 * len(want)
    spent = {a.n: a.cost_micros for a in bench.ledger.attempts()}
    free = kind == "duplicate" or first == "rejected"
    # A reply that came whole is charged as it says, a doubtful one at its worst.
    assert spent[1] == (PAID if kind in ("duplicate", "empty") else 0 if free else worst)


@pytest.mark.parametrize("kind", ["400", "403", "422", "refusal"])
def test_permanent_faults_are_not_tried_again(bench: Bench, kind: str) -> None:
    server = bench.serve(lambda item, _n: kind if item == "item 1" else "ok")
    asked = questions(2)
    summary = bench.run(asked, parallel=1)
    item = bench.ledger.item(asked[1].key)
    assert item.state == ("refused" if kind == "refusal" else "failed")
    assert item.reason
    assert (summary.done, len(server.arrivals)) == (1, 2)
    assert bench.run(asked).known == 2


FOR_ALL = ["307", "401", "402", "403", "404", "405", "407"]


@pytest.mark.parametrize("kind", [*FOR_ALL, "compressed"])
def test_what_would_fail_for_all_ends_the_run_and_fails_none(bench: Bench, kind: str) -> None:
    server = bench.serve(lambda _item, _n: kind)
    told = "switch that off" if kind == "compressed" else "check key, account, address and model"
    with pytest.raises(UnavailableError, match=told):
        bench.run(questions(20), parallel=2)
    assert len(server.arrivals) <= 2
    assert bench.ledger.counts()["failed"] == 0
    worst = PRICES.worst_micros(questions(1)[0])
    sent = len(server.arrivals)
    assert bench.ledger.spent_micros() == (sent * worst if kind == "compressed" else 0)
    server.behaviour = lambda _item, _n: "ok"
    assert bench.run(questions(20)).done == 20


def test_structured_output_that_a_service_does_not_know(bench: Bench) -> None:
    server = bench.serve(lambda _item, _n: "says 400 unknown field: response_format")
    asked = {"model": "m", "system": "s", "stage": "one", "slots": []}
    formed = chat_request(user="item 0", schema={"type": "object"}, **asked)
    with pytest.raises(UnavailableError, match="structured=False"):
        bench.run([formed])
    assert bench.ledger.item(formed.key).state == "planned"
    # Negative control: a request without a form, even if it speaks of one, is what is wrong.
    server.behaviour = lambda _item, _n: "says 400 no response_format"
    assert bench.run([chat_request(user='"response_format"', **asked)]).failed == 1


@pytest.mark.parametrize(
    ("name", "other"),
    [("max_tokens", "max_completion_tokens"), ("max_completion_tokens", "max_tokens")],
)
def test_the_limit_has_another_name(bench: Bench, name: Any, other: str) -> None:
    server = bench.serve(lambda _item, _n: f"names 422 {name}")
    asked = {"model": "m", "system": "s", "stage": "one", "slots": [], "output_limit": name}
    one = chat_request(user="item 0", **asked)
    with pytest.raises(UnavailableError, match=f'output_limit="{other}"'):
        bench.run([one])
    assert bench.ledger.item(one.key).state == "planned"
    # Negative control: what is too large is one request.
    server.behaviour = lambda _item, _n: f"says 400 {name} is too large for the context"
    assert bench.run([one]).failed == 1


@pytest.mark.parametrize("parallel", [1, 4])
def test_the_first_requests_are_all_refused_alike(bench: Bench, parallel: int) -> None:
    server = bench.serve(lambda _item, _n: "says 400 no such thing")
    asked = questions(20)
    with pytest.raises(UnavailableError, match="no such thing; so were all requests refused"):
        bench.run(asked, parallel=parallel)
    assert 5 <= len(server.arrivals) <= 4 + parallel
    counts = bench.ledger.counts()
    assert counts["failed"] == 0
    assert counts["planned"] >= len(server.arrivals)
    # Negative controls: differently, and after an answer.
    server.behaviour = lambda item, _n: f"says {400 + 22 * (item == 'item 0')} no such thing"
    assert bench.run(asked, parallel=1).failed == 20
    assert bench.ledger.reopen_all() == 20
    server.behaviour = lambda item, _n: "ok" if item == "item 0" else "says 400 no such thing"
    summary = bench.run(asked, parallel=1)
    assert (summary.done, summary.failed) == (1, 19)


@pytest.mark.parametrize("parallel", [1, 8])
def test_another_service_at_the_address(bench: Bench, parallel: int) -> None:
    server = bench.serve(lambda _item, _n: "page")
    asked = questions(20)
    told = f"is {server.url.removesuffix('/v1')} the address of the API"
    with pytest.raises(UnavailableError, match=told):
        bench.run(asked, parallel=parallel)
    assert 8 <= len(server.arrivals) < 8 + parallel
    assert bench.ledger.counts()["failed"] == 0
    server.behaviour = lambda _item, _n: "ok"
    assert bench.run(asked).done == 20


def test_replies_that_are_not_accepted_never_end_a_run(bench: Bench) -> None:
    bench.serve(lambda item, _n: "page" if item == "item 3" else "bad")
    summary = bench.run(questions(8), validate=lambda _one, text: Flaw(text), parallel=1)
    assert (summary.failed, summary.attempts) == (8, 32)


def test_tries_end_with_the_run_if_nothing_else_is_answered(bench: Bench) -> None:
    server = bench.serve(lambda _item, _n: "503")
    (one,) = questions(1)
    with pytest.raises(UnavailableError, match="HTTP 503: no; 3 times, and nothing else"):
        bench.run([one], tries=3)
    assert len(server.arrivals) == 3
    assert bench.ledger.item(one.key).state == "planned"
    server.behaviour = lambda _item, _n: "ok"
    assert bench.run([one]).done == 1


def test_tries_end_with_the_item_if_others_are_answered(bench: Bench) -> None:
    class Ordered(FaultServer):
        """Item 0 is refused for the last time when others that began later were answered."""

        async def reply(self, kind: str, item: str, writer: asyncio.StreamWriter) -> None:
            tries = sum(arrival.item == "item 0" for arrival in self.arrivals)
            if item == "item 0" and tries == 2:
                refused.set()
            if item == "item 10":
                await refused.wait()
            if item == "item 19":
                answered.set()
            if item == "item 0" and tries == 3:
                await answered.wait()
            await super().reply(kind, item, writer)

    refused, answered = asyncio.Event(), asyncio.Event()
    server = Ordered(lambda item, _n: "503" if item == "item 0" else "ok")
    bench.server = bench.stack.enter_context(running(server))
    asked = questions(20)
    summary = bench.run(asked, tries=3, parallel=2)
    assert (summary.failed, summary.done, summary.left) == (1, 19, 0)
    assert bench.ledger.item(asked[0].key).reason == "HTTP 503: no"
    assert bench.ledger.reopen_all() == 1
    server.behaviour = lambda _item, _n: "ok"
    assert bench.run(asked).done == 1


def test_only_errors_since_the_last_reply_count_for_the_service(bench: Bench) -> None:
    server = bench.serve(lambda _item, n: "bad" if n == 1 else "503")
    (one,) = questions(1)
    with pytest.raises(UnavailableError, match="nothing else was answered"):
        bench.run([one], tries=3, validate=lambda _one, text: Flaw(text))
    assert len(server.arrivals) == 4
    assert bench.ledger.item(one.key).state == "planned"


def test_a_service_that_goes_down_meanwhile_fails_no_item(bench: Bench) -> None:
    server = bench.serve(lambda _item, _n: "ok" if len(server.arrivals) <= 20 else "503")
    asked = questions(40)
    with pytest.raises(UnavailableError, match="nothing else was answered"):
        bench.run(asked, tries=3, parallel=4)
    counts = bench.ledger.counts()
    assert (counts["done"], counts["failed"]) == (20, 0)
    server.behaviour = lambda _item, _n: "ok"
    assert bench.run(asked, parallel=4).done == 20


def test_no_server_is_no_bill_and_no_fault_of_the_item(bench: Bench) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = f"no connection to http://127.0.0.1:{port} after 2 tries; the same command goes on"
    with pytest.raises(UnavailableError, match=told):
        bench.run(questions(1), url=f"http://127.0.0.1:{port}/v1", tries=2)
    assert bench.outcomes() == ["unsent", "unsent"]
    assert (bench.ledger.counts()["planned"], bench.ledger.spent_micros()) == (1, 0)


@pytest.mark.parametrize("usage", ["null", '{"prompt_tokens": 0, "completion_tokens": 0}'])
def test_a_reply_that_is_not_counted_is_not_free(bench: Bench, usage: str) -> None:
    bench.serve(lambda _item, _n: f"usage {usage}")
    (one,) = questions(1)
    assert bench.run([one]).spent_micros == PRICES.worst_micros(one)


def test_replies_that_are_not_accepted_come_back_with_the_reason(bench: Bench) -> None:
    server = bench.serve(lambda _item, n: "bad" if n < 2 else "ok")
    (one,) = questions(1)
    bench.run([one], validate=lambda _one, text: Flaw("it says bad") if text == "bad" else None)
    assert bench.outcomes() == ["invalid", "invalid", "answered"]
    texts = [[m["content"] for m in arrival.body["messages"]] for arrival in server.arrivals]
    added = "An earlier reply was not accepted: it says bad. Answer again."
    assert texts == [["s", "item 0"], ["s", "item 0", added], ["s", "item 0", added]]
    assert {arrival.attempt[:64] for arrival in server.arrivals} == {one.key}


def test_three_more_replies_and_no_more_also_in_later_runs(bench: Bench) -> None:
    server = bench.serve(lambda _item, _n: "bad")
    asked = questions(2)

    def validate(request: TeacherRequest, text: str) -> Flaw:
        assert request in asked
        if len(server.arrivals) == 3:
            raise KeyError(CANARY)
        return Flaw(f"{text}!")

    with pytest.raises(KeyError):
        bench.run(asked, validate=validate, parallel=1)
    # The reply is paid, so it stays, and does not count against the item.
    assert bench.outcomes() == ["invalid", "invalid", "unchecked"]
    assert [one.reply for one in bench.ledger.attempts()] == 3 * ["bad"]
    bench.run(asked, validate=lambda _one, text: Flaw(f"{text}?"), parallel=1)
    # The reason comes back from the ledger.
    assert "bad!" in server.arrivals[3].body["messages"][-1]["content"]
    assert len(server.arrivals) == 9
    assert {bench.ledger.item(one.key).reason for one in asked} == {"bad?"}
    assert bench.ledger.counts()["failed"] == 2


def test_a_usable_reply_is_taken_once_the_retries_are_used_up(bench: Bench) -> None:
    bench.serve(lambda item, n: "cut" if item == "item 2" and n == 3 else f"text {item} {n}")
    asked = questions(3)

    def validate(request: TeacherRequest, text: str) -> Flaw:
        return Flaw("so so", usable=request is not asked[1] and not text.endswith("3"))

    summary = bench.run(asked, validate=validate)
    assert (summary.done, summary.failed, summary.attempts) == (2, 1, 12)
    assert bench.ledger.item(asked[0].key).reply == "item 0 2"
    assert bench.ledger.item(asked[1].key).reason == "so so"
    assert bench.ledger.item(asked[2].key).reply == "item 2 2"
    found = [one.outcome for one in bench.ledger.attempts(asked[0].key)]
    assert found == ["flawed", "flawed", "flawed", "invalid"]


def test_a_usable_reply_of_an_earlier_run_is_kept(bench: Bench) -> None:
    server = bench.serve(lambda _item, n: f"text {n}")
    (one,) = questions(1)

    def validate(_one: TeacherRequest, text: str) -> Flaw:
        if text == "1":
            raise KeyError
        return Flaw("so so", usable=text == "0")

    with pytest.raises(KeyError):
        bench.run([one], validate=validate)
    assert bench.run([one], validate=validate).done == 1
    assert len(server.arrivals) == 5
    assert bench.ledger.item(one.key).reply == "0"


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
    with pytest.raises(RefusedError, match="allow_remote=True"):
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
        with pytest.raises(UnavailableError, match="HTTP 307"):
            bench.run(questions(1))
        assert other.connections == 0


@pytest.mark.parametrize(
    "kind", ["ok", "echo", "echoed", "escaped", "half", "reset", "401", "huge"]
)
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


def test_wrong_arguments(bench: Bench) -> None:
    bench.serve(lambda _item, _n: "ok")
    with pytest.raises(ArgumentTypeError, match="api_key must be a Secret, got str"):
        bench.run([], api_key=CANARY)
    with pytest.raises(ArgumentTypeError, match="TeacherRequests, got str"):
        bench.run(["question"])  # type: ignore[list-item]
    with pytest.raises(ArgumentTypeError, match="requests must be TeacherRequests, got int"):
        bench.run(1)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="validate must be a function, got str"):
        bench.run([], validate="yes")  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="Flaw or None, got str"):
        bench.run(questions(1), validate=lambda _one, _text: "bad")  # type: ignore[arg-type,return-value]
    with pytest.raises(ArgumentTypeError, match="reason must be a str, got NoneType"):
        Flaw(None)  # type: ignore[arg-type]
    for name in ("parallel", "timeout_s", "tries", "backoff_s", "max_wait_s", "allow_remote"):
        with pytest.raises(ArgumentTypeError, match=name):
            bench.run([], **{name: "1"})
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
