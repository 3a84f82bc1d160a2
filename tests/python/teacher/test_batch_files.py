# SPDX-License-Identifier: Apache-2.0
"""Batch files: what goes into them, what comes back, and that nothing is settled twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fault_server import completion
from gftcore.errors import ArgumentTypeError, BudgetError, FormatError, MissingFileError
from gftcore.teacher import (
    BatchSummary,
    Budget,
    Flaw,
    Ledger,
    Prices,
    TeacherRequest,
    batch_files,
    chat_request,
    read_batch,
    write_batch,
)

PRICES = Prices(input_per_million=2, output_per_million=8, image_tokens=100)
#: Of a reply of `completion`: 10 tokens in, 5 out.
PAID = 60


def questions(count: int) -> list[TeacherRequest]:
    image = np.zeros((3, 4), dtype=np.uint8)
    return [
        chat_request(
            model="m", system="s", user=f"item {i}", stage="one", slots=[str(i)], images=[image]
        )
        for i in range(count)
    ]


def budget(cap: float = 100) -> Budget:
    return Budget(PRICES, cap=cap)


def answer(key: str, text: str = "yes", n: int = 1) -> dict[str, Any]:
    return {
        "id": "batch_req_1",
        "custom_id": f"{key}-{n}",
        "response": {"status_code": 200, "request_id": "r", "body": completion(text)},
        "error": None,
    }


def failure(key: str, status: int, message: str) -> dict[str, Any]:
    body = {"error": {"message": message, "type": "fault"}}
    response = {"status_code": status, "body": body}
    return {"custom_id": f"{key}-1", "response": response, "error": None}


def expired(key: str, code: str) -> dict[str, Any]:
    error = {"code": code, "message": "why"}
    return {"custom_id": f"{key}-1", "response": None, "error": error}


def lines(folder: Path, *told: dict[str, Any], name: str = "out.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(line) + "\n" for line in told))
    return path


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite") as made:
        yield made


def test_there_and_back(tmp_path: Path, ledger: Ledger) -> None:
    asked = questions(2)
    (path,) = write_batch(tmp_path / "out", [*asked, asked[0]], ledger, budget())
    written = [json.loads(line) for line in path.read_text().splitlines()]
    assert written == [
        {
            "custom_id": f"{one.key}-1",
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": json.loads(one.body),
        }
        for one in asked
    ]
    assert ledger.counts()["batched"] == 2
    assert ledger.spent_micros() == sum(map(PRICES.worst_micros, asked))
    assert [file.name for file in (tmp_path / "out").iterdir()] == [path.name]
    # Neither a second batch nor a run has them again.
    assert write_batch(tmp_path / "out", asked, ledger, budget()) == []

    seen: list[tuple[str, tuple[str, ...], str]] = []

    def validate(request: TeacherRequest, text: str) -> None:
        seen.append((request.key, request.slots, text))

    half = Prices(input_per_million=1, output_per_million=4)
    reply = lines(tmp_path, answer(asked[1].key, "b"), answer(asked[0].key, "a"))
    found = read_batch(reply, ledger, prices=half, validate=validate)
    assert found == BatchSummary(
        done=2, failed=0, refused=0, planned=0, unknown=0, ignored=0, spent_micros=PAID
    )
    assert [ledger.item(one.key).reply for one in asked] == ["a", "b"]
    assert seen == [(asked[1].key, ("1",), "b"), (asked[0].key, ("0",), "a")]


def test_equal_requests_make_equal_files(tmp_path: Path) -> None:
    paths = []
    for name in ("one", "two"):
        with Ledger(tmp_path / name / "ledger.sqlite") as ledger:
            paths += write_batch(tmp_path / name, questions(3), ledger, budget())
    assert paths[0].name == paths[1].name
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_files_are_split(tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_files, "MOST_REQUESTS", 3)
    asked = questions(10)
    paths = write_batch(tmp_path / "a", asked[:7], ledger, budget())
    assert [len(path.read_text().splitlines()) for path in paths] == [3, 3, 1]
    size = len(paths[-1].read_bytes())
    monkeypatch.setattr(batch_files, "MOST_BYTES", 2 * size)
    paths = write_batch(tmp_path / "b", asked[7:], ledger, budget())
    assert [len(path.read_text().splitlines()) for path in paths] == [2, 1]
    assert ledger.counts()["batched"] == 10


def test_what_may_pass_the_cap_is_not_written(tmp_path: Path, ledger: Ledger) -> None:
    asked = questions(3)
    cap = 2 * PRICES.worst_micros(asked[0]) / 1e6
    with pytest.raises(BudgetError, match="raise the cap"):
        write_batch(tmp_path / "out", asked, ledger, budget(cap))
    assert list((tmp_path / "out").iterdir()) == []
    assert (ledger.counts()["planned"], ledger.spent_micros()) == (3, 0)
    assert len(write_batch(tmp_path / "out", asked[:2], ledger, budget(cap))) == 1


def test_what_was_begun_before_a_kill_is_ended(
    tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_worst: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ledger, "begin_batch", killed)
        with pytest.raises(KeyboardInterrupt):
            write_batch(tmp_path / "out", questions(2), ledger, budget())
    (left,) = (tmp_path / "out").iterdir()
    assert ledger.counts()["planned"] == 2
    assert write_batch(tmp_path / "out", questions(2), ledger, budget()) == [left]


def test_each_kind_of_line(tmp_path: Path, ledger: Ledger) -> None:
    asked = questions(10)
    worst = PRICES.worst_micros(asked[0])
    write_batch(tmp_path, asked, ledger, budget())
    keys = [one.key for one in asked]
    uncounted = answer(keys[6])
    del uncounted["response"]["body"]["usage"]
    refusal = answer(keys[7])
    refusal["response"]["body"]["choices"][0]["message"] = {"refusal": "no"}
    path = lines(
        tmp_path,
        answer(keys[0]),
        answer(keys[0], "a duplicate"),
        answer("0" * 64),
        failure(keys[1], 400, "no such field, sk-12345678"),
        failure(keys[2], 429, "slow down"),
        failure(keys[3], 500, "oh"),
        expired(keys[4], "batch_expired"),
        expired(keys[5], "bad_line"),
        uncounted,
        refusal,
        answer(keys[8], " "),
    )
    found = read_batch(path, ledger, prices=PRICES)
    # keys[9] has no line.
    assert found == BatchSummary(
        done=2, failed=2, refused=1, planned=4, unknown=1, ignored=1,
        spent_micros=3 * PAID + 3 * worst,
    )  # fmt: skip
    assert ledger.counts()["batched"] == 1
    assert ledger.item(keys[0]).reply == "yes"
    assert ledger.item(keys[1]).reason == "HTTP 400: no such field, [key]"
    assert ledger.item(keys[5]).reason == "error: why"
    outcomes = {one.key: one.outcome for one in ledger.attempts()}
    assert [outcomes[key] for key in keys] == [
        "answered", "rejected", "rejected", "lost", "rejected", "rejected", "answered", "refused",
        "invalid", "batched",
    ]  # fmt: skip


def test_retries_over_several_batches(tmp_path: Path, ledger: Ledger) -> None:
    bad, fair = questions(2)

    def validate(request: TeacherRequest, text: str) -> Flaw:
        return Flaw(f"not {text}", usable=request.key == fair.key)

    old = None
    for n in range(4):
        (path,) = write_batch(tmp_path, [bad, fair], ledger, budget())
        messages = json.loads(path.read_text().splitlines()[0])["body"]["messages"]
        added = [f"An earlier reply was not accepted: not {n - 1}. Answer again."] if n else []
        assert [one["content"] for one in messages[2:]] == added
        if old is not None:  # what was read before is not for the attempt after it
            again = read_batch(old, ledger, prices=PRICES, validate=validate)
            assert (again.ignored, again.planned) == (2, 0)
        told = [answer(one.key, str(n), n + 1) for one in (bad, fair)]
        reply = lines(tmp_path, *told, name=f"{n}.jsonl")
        read_batch(reply, ledger, prices=PRICES, validate=validate)
        old = reply
    assert ledger.item(bad.key).reason == "not 3"
    assert ledger.item(fair.key).reply == "3"
    assert write_batch(tmp_path, [bad, fair], ledger, budget()) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"custom_id": "a", "resp', "no JSON, or cut off"),
        ("[" * 100_000, "no JSON"),
        ("[]", "custom_id must be a text"),
        ('{"custom_id": 1}', "custom_id must be a text"),
        ('{"custom_id": "a", "response": []}', "response must have a status_code"),
        ('{"custom_id": "a", "response": {"status_code": "200"}}', "status_code"),
        ('{"custom_id": "a", "response": null, "error": "why"}', "error must be an object"),
        ('{"custom_id": "a", "response": null, "error": {"code": []}}', "a text as code"),
        ('{"custom_id": "a", "response": {"status_code": 1%s}}' % ("0" * 30), "from 100 to 599"),
    ],
)
def test_damage_settles_nothing(tmp_path: Path, ledger: Ledger, text: str, problem: str) -> None:
    asked = questions(2)
    write_batch(tmp_path, asked, ledger, budget())
    path = lines(tmp_path, *(answer(one.key) for one in asked))
    whole = path.read_text()
    path.write_text(f"{whole}\n{text}\n")
    with pytest.raises(FormatError, match=rf"line 4.*{problem}"):
        read_batch(path, ledger, prices=PRICES)
    assert ledger.counts()["batched"] == 2
    path.write_text(whole)
    assert read_batch(path, ledger, prices=PRICES).done == 2


def test_a_mark_of_the_encoding_is_no_damage(tmp_path: Path, ledger: Ledger) -> None:
    (one,) = questions(1)
    write_batch(tmp_path, [one], ledger, budget())
    path = lines(tmp_path, answer(one.key))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_batch(path, ledger, prices=PRICES).done == 1


def test_a_reply_to_an_earlier_attempt_settles_no_later_one(tmp_path: Path, ledger: Ledger) -> None:
    (one,) = questions(1)

    def validate(_one: TeacherRequest, text: str) -> Flaw | None:
        return Flaw("old") if text == "old" else None

    write_batch(tmp_path, [one], ledger, budget())
    read_batch(lines(tmp_path, answer(one.key, "old")), ledger, prices=PRICES, validate=validate)
    write_batch(tmp_path, [one], ledger, budget())
    # The two files in one, so that it is none that was read before.
    both = lines(tmp_path, answer(one.key, "old"), answer(one.key, "new", 2), name="all.jsonl")
    found = read_batch(both, ledger, prices=PRICES, validate=validate)
    assert (found.done, found.ignored, found.planned) == (1, 1, 0)
    assert ledger.item(one.key).reply == "new"


def test_a_usable_reply_of_a_run_before_is_kept(tmp_path: Path, ledger: Ledger) -> None:
    (one,) = questions(1)

    def validate(_one: TeacherRequest, text: str) -> Flaw:
        return Flaw("so so", usable=text == "1")

    for n in range(1, 5):
        write_batch(tmp_path, [one], ledger, budget())
        path = lines(tmp_path, answer(one.key, str(n), n), name=f"{n}.jsonl")
        read_batch(path, ledger, prices=PRICES, validate=validate)
    assert ledger.item(one.key).reply == "1"


def test_files_are_all_there_or_none(
    tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_files, "MOST_REQUESTS", 1)
    out, replace, moved = tmp_path / "out", Path.replace, []

    def second_fails(self: Path, goal: Path) -> Path:
        moved.append(goal)
        if len(moved) == 2:
            raise OSError("the disk is full")
        return replace(self, goal)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", second_fails)
        with pytest.raises(OSError, match="full"):
            write_batch(out, questions(2), ledger, budget())
    assert list(out.iterdir()) == []
    assert ledger.counts()["planned"] == 2
    # What a kill leaves is cleared.
    (out / ".batch-left").mkdir()
    (out / ".batch-left" / "0.jsonl").touch()
    paths = write_batch(out, questions(2), ledger, budget())
    assert sorted(out.iterdir()) == sorted(paths)


def test_a_fault_of_validate_settles_nothing(tmp_path: Path, ledger: Ledger) -> None:
    asked = questions(2)
    write_batch(tmp_path, asked, ledger, budget())
    path = lines(tmp_path, *(answer(one.key) for one in asked))

    def validate(request: TeacherRequest, _text: str) -> None:
        if request.key == asked[1].key:
            raise KeyError(request.key)

    with pytest.raises(KeyError):
        read_batch(path, ledger, prices=PRICES, validate=validate)
    assert ledger.counts()["batched"] == 2
    assert read_batch(path, ledger, prices=PRICES).done == 2


def test_wrong_arguments(tmp_path: Path, ledger: Ledger) -> None:
    with pytest.raises(ArgumentTypeError, match="ledger must be a Ledger"):
        write_batch(tmp_path, [], None, budget())  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="budget must be a Budget"):
        write_batch(tmp_path, [], ledger, PRICES)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="TeacherRequests, got str"):
        write_batch(tmp_path, ["u"], ledger, budget())  # type: ignore[list-item]
    with pytest.raises(ArgumentTypeError, match="prices must be Prices"):
        read_batch(tmp_path, ledger, prices=1)  # type: ignore[arg-type]
    with pytest.raises(MissingFileError):
        read_batch(tmp_path / "none.jsonl", ledger, prices=PRICES)
