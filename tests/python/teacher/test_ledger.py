# SPDX-License-Identifier: Apache-2.0
"""The ledger: allowed ways between states, one writer, damage, what is found after a kill."""

from __future__ import annotations

import itertools
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from gftcore.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    RefusedError,
    UnavailableError,
)
from gftcore.teacher import Ledger, TeacherRequest, chat_request, ledger_counts
from gftcore.teacher.ledger_file import SCHEMA, STATES
from gftcore.teacher.replies import Usage

EDGES = {("planned", "sent"), ("planned", "batched"), ("failed", "planned")} | {
    (old, new) for old in ("sent", "batched") for new in ("planned", "done", "failed", "refused")
}


def question(text: str = "u", slots: Sequence[str] = ("a", "b")) -> TeacherRequest:
    return chat_request(model="m", system="s", user=text, stage="one", slots=slots)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite") as made:
        yield made


def test_a_request_is_planned_sent_and_done_once(ledger: Ledger) -> None:
    one = question()
    assert ledger.plan(one, worst_micros=7) == "planned"
    assert ledger.begin(one.key, worst_micros=7) == 1
    assert ledger.spent_micros() == 7
    with pytest.raises(RefusedError, match="in flight"):
        ledger.begin(one.key, worst_micros=7)
    ledger.settle(
        one.key, 1, outcome="answered", state="done", cost_micros=3, usage=Usage(10, 5, 2),
        http_status=200, latency_s=0.5, reply="yes",
    )  # fmt: skip
    assert ledger.spent_micros() == 3
    assert ledger.item(one.key).reply == "yes"
    assert ledger.item(one.key).slots == '["a","b"]'
    (attempt,) = ledger.attempts()
    assert (attempt.n, attempt.outcome, attempt.http_status) == (1, "answered", 200)
    assert (attempt.input_tokens, attempt.output_tokens, attempt.cached_tokens) == (10, 5, 2)
    assert ledger.plan(one, worst_micros=7) == "done"
    with pytest.raises(RefusedError, match="finished"):
        ledger.begin(one.key, worst_micros=7)
    with pytest.raises(RefusedError, match="not in flight"):
        ledger.settle(one.key, 1, outcome="answered", state="done", reply="no")
    assert ledger.item(one.key).reply == "yes"


def test_a_change_that_is_half_wrong_changes_nothing(ledger: Ledger) -> None:
    one = question()
    ledger.plan(one, worst_micros=7)
    ledger.begin(one.key, worst_micros=7)
    for wrong in (
        {"outcome": "answered", "state": "done"},  # no reply
        {"outcome": "rejected", "state": "failed"},  # no reason
        {"outcome": "nonsense", "state": "planned"},
        {"outcome": "answered", "state": "sent"},
        {"outcome": "lost", "state": "planned", "cost_micros": -1},
    ):
        with pytest.raises(RefusedError):
            ledger.settle(one.key, 1, **wrong)
        assert ledger.attempts()[0].outcome == "sent"
        assert ledger.item(one.key).state == "sent"


@pytest.mark.parametrize(("old", "new"), list(itertools.permutations(STATES, 2)))
def test_the_file_itself_knows_the_edges(old: str, new: str) -> None:
    def values(state: str) -> tuple[str, str | None, str | None]:
        reason = "why" if state in ("failed", "refused") else None
        return state, "yes" if state == "done" else None, reason

    raw = sqlite3.connect(":memory:")
    raw.executescript(SCHEMA)
    state, reply, reason = values(old)
    raw.execute(
        "INSERT INTO items VALUES (?, ?, 's', '[]', 0, ?, ?)", ("k" * 64, state, reply, reason)
    )
    change = "UPDATE items SET state = ?, reply = ?, reason = ?"
    if (old, new) in EDGES:
        raw.execute(change, values(new))
    else:
        with pytest.raises(sqlite3.IntegrityError, match="no such edge"):
            raw.execute(change, values(new))
    raw.close()


def test_what_is_found_in_flight_is_planned_once_more_and_no_oftener(tmp_path: Path) -> None:
    path, one = tmp_path / "ledger.sqlite", question()
    for state in ("planned", "failed"):
        with Ledger(path) as ledger:
            ledger.plan(one, worst_micros=7)
            ledger.begin(one.key, worst_micros=7)
        with Ledger(path) as ledger:
            assert ledger.item(one.key).state == state
    with Ledger(path) as ledger:
        assert [a.outcome for a in ledger.attempts()] == ["abandoned", "abandoned"]
        assert ledger.spent_micros() == 14  # both may have been billed
        assert "billed twice" in (ledger.item(one.key).reason or "")
        ledger.reopen(one.key)
        assert ledger.begin(one.key, worst_micros=7) == 3
        with pytest.raises(RefusedError, match="not failed"):
            ledger.reopen(one.key)


def test_one_process_writes(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    program = (
        "import sys\nfrom gftcore.errors import RefusedError\nfrom gftcore.teacher import Ledger\n"
        "try: Ledger(sys.argv[1])\nexcept RefusedError as e: print('refused', e)\n"
        "else: print('open')"
    )

    def other() -> str:
        command = [sys.executable, "-c", program, str(path)]
        return subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=60
        ).stdout

    with Ledger(path) as ledger:
        one = question()
        ledger.plan(one, worst_micros=7)
        ledger.begin(one.key, worst_micros=7)
        assert other().startswith("refused")
        assert ledger.item(one.key).state == "sent"  # and was not taken for abandoned
        with pytest.raises(RefusedError):
            Ledger(path)
    ledger.close()
    assert other() == "open\n"


def test_two_names_of_one_file_have_one_lock(tmp_path: Path) -> None:
    path, link = tmp_path / "ledger.sqlite", tmp_path / "link.sqlite"
    with Ledger(path):
        link.symlink_to(path)
        with pytest.raises(RefusedError, match="another process"):
            Ledger(link)
    with Ledger(link):
        assert not (tmp_path / "link.sqlite.lock").exists()


def test_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.plan(question(), worst_micros=1)
        modes = {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert modes == {0o600}


def test_a_forked_child_has_no_ledger(tmp_path: Path) -> None:
    # In a process of its own: this one may have threads.
    program = (
        "import os, sys\nfrom gftcore.errors import RefusedError\n"
        "from gftcore.teacher import Ledger, chat_request\nledger = Ledger(sys.argv[1])\n"
        "one = chat_request(model='m', system='s', user='u', stage='t', slots=[])\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    for act in (ledger.counts, lambda: ledger.plan(one, worst_micros=1)):\n"
        "        try: act()\n"
        "        except RefusedError: continue\n"
        "        os._exit(1)\n"
        "    ledger.close()\n"
        "    os._exit(7)\n"
        "code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])\n"
        "print(code, ledger.plan(one, worst_micros=1))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "ledger.sqlite")]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout == "7 planned\n"


def test_a_batch_is_left_alone_until_it_is_settled(tmp_path: Path) -> None:
    path, asked = tmp_path / "ledger.sqlite", [question("a"), question("b")]
    with Ledger(path) as ledger:
        for one in asked:
            ledger.plan(one, worst_micros=7)
        with pytest.raises(RefusedError, match="unknown"):
            ledger.begin_batch({asked[0].key: 7, "0" * 64: 7})
        assert ledger.counts()["planned"] == 2  # all or none
        ledger.begin_batch({one.key: 7 for one in asked})
    with Ledger(path) as ledger:
        assert (ledger.counts()["batched"], ledger.spent_micros()) == (2, 14)
        with pytest.raises(RefusedError, match="in flight"):
            ledger.begin(asked[0].key, worst_micros=7)
        good = {"key": asked[0].key, "n": 1, "outcome": "answered", "state": "done", "reply": "a"}
        wrong = {"key": asked[1].key, "n": 2, "outcome": "lost", "state": "planned"}
        with pytest.raises(RefusedError, match="not in flight"):
            ledger.settle_batch("digest", [good, wrong])
        assert ledger.counts()["batched"] == 2
        assert not ledger.knows_batch("digest")
        ledger.settle_batch("digest", [good])
        assert ledger.knows_batch("digest")
        assert ledger.item(asked[0].key).reply == "a"
        with pytest.raises(RefusedError):
            ledger.settle_batch("digest", [])


def test_replies_stay_with_their_attempts_and_failed_ones_are_opened_again(ledger: Ledger) -> None:
    one = question()
    ledger.plan(one, worst_micros=7)
    for n, (outcome, state) in enumerate([("flawed", "planned"), ("invalid", "done")], 1):
        ledger.begin(one.key, worst_micros=7)
        ledger.settle(one.key, n, outcome=outcome, state=state, reply=f"text {n}", error="why",
            kept="text 1" if state == "done" else None)  # fmt: skip
    assert [a.reply for a in ledger.attempts(one.key)] == ["text 1", "text 2"]
    assert ledger.item(one.key).reply == "text 1"
    for text in "abc":
        other = question(text)
        ledger.plan(other, worst_micros=7)
        ledger.begin(other.key, worst_micros=7)
        ledger.settle(other.key, 1, outcome="rejected", state="failed", error="no")
    assert ledger.reopen_all() == 3
    assert ledger.counts()["planned"] == 3
    assert ledger.reopen_all() == 0


def test_how_the_file_is_written(ledger: Ledger) -> None:
    run = ledger._connection.execute
    assert run("PRAGMA journal_mode").fetchone() == ("wal",)
    assert run("PRAGMA synchronous").fetchone() == (2,)
    assert run("PRAGMA foreign_keys").fetchone() == (1,)
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        run("INSERT INTO attempts (key, n, outcome, cost_micros) VALUES ('x', 1, 'lost', 0)")


def test_other_files_are_refused_and_stay(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no database " * 100)
    with pytest.raises(FormatError):
        Ledger(text)
    assert text.read_text() == "no database " * 100

    foreign = tmp_path / "foreign.sqlite"
    raw = sqlite3.connect(foreign)
    raw.execute("CREATE TABLE t (x)")
    raw.commit()
    raw.close()
    before = foreign.read_bytes()
    with pytest.raises(FormatError, match="no ledger"):
        Ledger(foreign)
    assert foreign.read_bytes() == before

    newer = tmp_path / "newer.sqlite"
    Ledger(newer).close()
    raw = sqlite3.connect(newer)
    raw.execute("PRAGMA user_version = 2")
    raw.close()
    with pytest.raises(FormatError, match="version 1 of the ledger, got 2"):
        Ledger(newer)
    with pytest.raises(FormatError, match="version 1 of the ledger, got 2"):
        ledger_counts(newer)
    with pytest.raises(FormatError, match="no ledger"):
        ledger_counts(foreign)


def test_looking_at_a_ledger_writes_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger(path) as ledger:
        ledger.plan(question(), worst_micros=7)
        assert ledger_counts(path) == (ledger.counts(), 0)  # from the file beside it
        ledger.begin(question().key, worst_micros=7)
    (tmp_path / "ledger.sqlite.lock").unlink()
    counts, spent = ledger_counts(path)
    assert (counts["sent"], spent) == (1, 7)
    assert list(tmp_path.iterdir()) == [path]
    # Negative control: SQLite itself makes files, which a folder to read from does not take.
    raw = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    raw.execute("SELECT count(*) FROM items")
    assert len(list(tmp_path.iterdir())) > 1
    raw.close()


def test_damage_is_found(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger(path) as ledger:
        for i in range(30):
            ledger.plan(question(f"item {i}", slots=["x" * 1000]), worst_micros=1)
    data = bytearray(path.read_bytes())
    size = 4096
    assert len(data) > 6 * size
    data[5 * size : 5 * size + 200] = b"\xff" * 200
    path.write_bytes(data)
    with pytest.raises(FormatError):
        Ledger(path)


def test_an_unknown_key(ledger: Ledger) -> None:
    with pytest.raises(ArgumentError, match="in the ledger"):
        ledger.item("0" * 64)
    with pytest.raises(ArgumentTypeError, match="TeacherRequests, got str"):
        ledger.plan("u", worst_micros=1)  # type: ignore[arg-type]
    with pytest.raises(RefusedError, match="unknown"):
        ledger.begin("0" * 64, worst_micros=1)


def test_a_closed_ledger(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "deeper" / "ledger.sqlite")
    ledger.close()
    ledger.close()
    with pytest.raises(UnavailableError, match="closed"):
        ledger.plan(question(), worst_micros=1)
