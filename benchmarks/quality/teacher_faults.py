# SPDX-License-Identifier: Apache-2.0
"""Ask a failing service many questions, kill the client again and again, and check the ledger.

``--client naive`` asks without a ledger: the check must find what it sends twice. Exit codes: 0 as
promised, 1 not, 2 a failure.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from http.client import HTTPException
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from fault_server import TRANSIENT, Arrival, FaultServer, running
from gftcore.teacher import (
    Budget,
    Flaw,
    Ledger,
    Prices,
    RemoteTeacher,
    Secret,
    TeacherRequest,
    chat_request,
)

CANARY = "canary-0c5f1d7e"
FAULTS = 0.25
PARALLEL = 8
#: Outcomes of attempts whose reply is known, and of those that may have been billed without.
SETTLED = ("answered", "flawed", "invalid", "unchecked", "refused", "rejected")
POSSIBLY_BILLED = ("sent", "lost", "abandoned")


@dataclass
class Report:
    """What came out, and everything that is not as promised."""

    items: int
    kills: int
    seconds: float = 0.0
    arrived: int = 0
    resent: int = 0
    states: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    never_arrived: int = 0
    problems: list[str] = field(default_factory=list)


def behaviour(seed: int, faults: float = FAULTS):
    """Return what the server does: the same for the same item, attempt and seed."""

    def decide(item: str, n: int) -> str:
        fate = random.Random(f"{seed}/{item}").random()
        if fate < 0.03:
            return ("400", "refusal", "bad")[int(fate * 100)]
        draw = random.Random(f"{seed}/{item}/{n}")
        return draw.choice(TRANSIENT) if draw.random() < faults else "ok"

    return decide


def questions(count: int) -> list[TeacherRequest]:
    return [
        chat_request(
            model="m", system="s", user=f"item {i}", stage="test", slots=[str(i)],
            max_output_tokens=100,
        )
        for i in range(count)
    ]  # fmt: skip


def validate(_request: TeacherRequest, reply: str) -> Flaw | None:
    return None if reply.startswith("answer to ") else Flaw("it does not answer")


def work(path: Path, url: str, count: int) -> None:
    """Ask all questions by the ledger."""
    prices = Prices(input_per_million=1, output_per_million=4)
    with Ledger(path) as ledger:
        teacher = RemoteTeacher(
            url,
            ledger=ledger,
            budget=Budget(prices, cap=1000),
            api_key=Secret(CANARY),
            parallel=PARALLEL,
            timeout_s=0.5,
            tries=12,
            backoff_s=0.01,
            max_reply_bytes=100_000,
        )
        teacher.run(questions(count), validate=validate)


def work_naively(path: Path, url: str, count: int) -> None:
    """Ask all questions, note what was answered, and never look at the notes."""

    def ask(request: TeacherRequest) -> None:
        for _ in range(5):
            sent = urllib.request.Request(f"{url}/chat/completions", request.body)
            # OSError and HTTPException: no whole reply; the others: not what was expected.
            with contextlib.suppress(OSError, HTTPException, ValueError, LookupError, TypeError):
                reply = json.loads(urllib.request.urlopen(sent, timeout=0.5).read())
                if validate(request, reply["choices"][0]["message"]["content"]) is None:
                    with path.open("a") as notes:
                        notes.write(f"{request.slots[0]}\n")
                    return

    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(ask, questions(count)))


def accepted(path: Path) -> set[str]:
    """Items that the client knows to be answered."""
    if not path.exists():
        return set()
    if path.suffix == ".txt":
        return {f"item {line}" for line in path.read_text().split()}
    with contextlib.closing(sqlite3.connect(path)) as ledger:
        rows = ledger.execute("SELECT slots FROM items WHERE state = 'done'").fetchall()
    return {f"item {json.loads(slots)[0]}" for (slots,) in rows}


def campaign(
    folder: Path, *, items: int, kills: int, seed: int = 1, client: str = "ledger"
) -> Report:
    """Run the client until it ends by itself, after so many kills."""
    path = folder / ("ledger.sqlite" if client == "ledger" else "notes.txt")
    report = Report(items, kills)
    draw = random.Random(seed)
    marks: list[tuple[set[str], int]] = []
    started = time.perf_counter()
    with running(FaultServer(behaviour(seed), slow_s=1.0)) as server:
        for left in range(kills, -1, -1):
            command = [sys.executable, __file__, "--work", client, str(path), server.url]
            process = subprocess.Popen([*command, str(items)], stdin=subprocess.DEVNULL)
            try:
                if left:
                    more = draw.randint(1, max(1, items // kills))
                    _kill(process, server, len(server.arrivals) + more, draw.uniform(0, 0.02))
                elif process.wait(_patience_s(items)):
                    report.problems.append(f"the client ended with {process.returncode}")
            finally:
                process.kill()
            marks.append((accepted(path), len(server.arrivals)))
        arrivals = list(server.arrivals)
    report.seconds = round(time.perf_counter() - started, 1)
    report.arrived = len(arrivals)
    again = {
        place for known, mark in marks
        for place in range(mark, len(arrivals)) if arrivals[place].item in known
    }  # fmt: skip
    report.resent = len(again)
    if again:
        report.problems.append(f"{len(again)} accepted items were sent again")
    if client == "ledger":
        audit(path, arrivals, report)
    return report


def _patience_s(items: int) -> float:
    """Seconds after which a client hangs; generous."""
    return 120 + items / 2


def _kill(process: subprocess.Popen, server: FaultServer, arrivals: int, delay_s: float) -> None:
    """Kill when the server has seen so many requests and a little later."""
    end = time.monotonic() + _patience_s(arrivals)
    while len(server.arrivals) < arrivals and process.poll() is None and time.monotonic() < end:
        time.sleep(0.002)
    time.sleep(delay_s)
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    process.wait(60)


def audit(path: Path, arrivals: list[Arrival], report: Report) -> None:
    """Compare the ledger with what the server saw."""
    with Ledger(path) as ledger:  # which also checks its integrity
        items, attempts = ledger.items(), ledger.attempts()
    wrong = report.problems.append
    report.states = dict(Counter(item.state for item in items))
    report.outcomes = dict(Counter(one.outcome for one in attempts))
    if len(items) != report.items:
        wrong(f"{len(items)} of {report.items} items are in the ledger")
    for item in items:
        want = f"answer to item {json.loads(item.slots)[0]}"
        if item.state not in ("done", "failed", "refused"):
            wrong(f"{want}: {item.state} in the end")
        if item.state == "done" and item.reply != want:
            wrong(f"{want}: got {item.reply!r:.80}")
        if item.state != "done" and not item.reason:
            wrong(f"{want}: no reason")
    rows = {f"{one.key}-{one.n}": one.outcome for one in attempts}
    seen = Counter(arrival.attempt for arrival in arrivals)
    if strange := set(seen) - set(rows):
        wrong(f"{len(strange)} requests are no row of the ledger")
    if twice := [name for name, times in seen.items() if times > 1]:
        wrong(f"{len(twice)} attempts arrived more than once")
    for name, outcome in rows.items():
        if (outcome in SETTLED and name not in seen) or (outcome == "unsent" and name in seen):
            wrong(f"{name}: {outcome}, seen {seen[name]} times")
    settled = sum(outcome in SETTLED for outcome in rows.values())
    doubtful = [name for name, outcome in rows.items() if outcome in POSSIBLY_BILLED]
    # A kill between the row and the socket leaves a row that no server has seen.
    report.never_arrived = sum(name not in seen for name in doubtful)
    if len(arrivals) != settled + len(doubtful) - report.never_arrived:
        wrong(f"{len(arrivals)} arrived, {settled} settled, {len(doubtful)} possibly billed")
    if report.never_arrived > report.kills * PARALLEL:
        wrong(f"{report.never_arrived} rows never arrived after {report.kills} kills")
    last: dict[str, int] = {}
    for one in attempts:
        if one.key in last:
            wrong(f"{one.key}: attempt {one.n} after it was answered")
        if one.outcome == "answered":
            last[one.key] = one.n
    for file in path.parent.iterdir():
        if CANARY.encode() in file.read_bytes():
            wrong(f"{file.name} holds the key")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--client", choices=("ledger", "naive"), default="ledger")
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        client, path, url, count = options.work
        (work if client == "ledger" else work_naively)(Path(path), url, int(count))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        report = campaign(
            Path(folder),
            items=options.items,
            kills=options.kills,
            seed=options.seed,
            client=options.client,
        )
    print(json.dumps(asdict(report) | {"problems": report.problems[:20]}, indent=1))
    return 1 if report.problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Exception as error:
        print(f"teacher_faults: {error}", file=sys.stderr)
        sys.exit(2)
