# SPDX-License-Identifier: Apache-2.0
"""``gftcore teach run``, ``export``: data sets by rule and by a scripted service on this machine.

Oracles: the lessons that the cases give one by one, and what the service saw. Exactness: exact.
"""

from __future__ import annotations

import base64
import contextlib
import getpass
import io
import json
import re
import shutil
import socket
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typer
from PIL import Image

from fault_server import Arrival, FaultServer, completion, running
from gftcore import cli
from gftcore.cli import teach_showing
from gftcore.cli.outcome import Exit, guarded
from gftcore.instructions import read_instructions
from gftcore.teacher import (
    PROMPTS_VERSION,
    SLOTS,
    Asking,
    Pair,
    Prices,
    TeachingCase,
    TemplateTeacher,
    prompt,
    read_teaching_case,
)
from small_cohort import digests
from teaching_runs import TeachingSet, teaching_set

FOLD = 2
KEY = "canary-key-1234567890"
MONEY = ["--budget", "99", "--price-in", "1", "--price-out", "4", "--image-tokens", "2000"]
DATA_SET = ("instructions.parquet", "dropped.json", "quality.json", "quality.html")


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    code = cli.main(["teach", *map(str, args)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> TeachingSet:
    return teaching_set(tmp_path_factory.mktemp("set"))


@pytest.fixture(scope="module")
def planned(made: TeachingSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("planned") / "out"
    assert cli.main(["teach", "plan", *made.arguments(out), "-q"]) == Exit.DONE
    return out


@pytest.fixture
def out(planned: Path, tmp_path: Path) -> Path:
    """A folder with all cases and nothing else."""
    return Path(shutil.copytree(planned, tmp_path / "out"))


def cases(out: Path, made: TeachingSet) -> list[TeachingCase]:
    return [read_teaching_case(out, name) for name in made.splits.view(FOLD).train]


def rows(out: Path) -> list[tuple[str, int, Pair]]:
    """Rows as pairs, whose questions say which eye it is."""
    side = {"OD": "This is a right eye. ", "OS": "This is a left eye. "}
    found = []
    for one in read_instructions(out):
        assert one.question.startswith(side[one.eye])
        question = one.question.removeprefix(side[one.eye])
        pair = Pair(slot=one.slot, question=question, answer=one.answer)
        found.append((one.image_id, one.stage, pair))
    return found


def reply(pairs: tuple[Pair, ...]) -> str:
    keys = ("slot", "question", "answer")
    return json.dumps({"pairs": [{key: getattr(one, key) for key in keys} for one in pairs]})


def test_by_rule(
    made: TeachingSet, planned: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text, _ = run(capsys, "run", *made.arguments(out))
    assert code == Exit.DONE
    wanted = [
        (case.image_id, stage, pair)
        for case in cases(out, made)
        for stage in SLOTS
        for pair in TemplateTeacher().teach(case, stage).pairs
    ]
    assert rows(out) == wanted
    images = len(made.splits.view(FOLD).train)
    dropped = images * 31 - len(wanted)
    told = f"{len(wanted)} instructions about {images} images, {dropped} dropped: "
    assert told + str(out / "quality.html") in text
    about = read_instructions(out)
    # Nobody said where these images come from.
    assert (about.data, about.metadata["fold"]) == ("unknown", str(FOLD))
    assert {one.teacher for one in about} == {"template/1"}
    assert {one.split for one in about} == {"train"}
    before = digests(out)
    assert run(capsys, "run", *made.arguments(out), "-q") == (Exit.DONE, "", "")
    assert digests(out) == before
    assert digests(out).keys() - digests(planned).keys() == set(DATA_SET)
    folds = ["--manifest", str(made.folder / "manifest.csv")]
    folds += ["--splits", str(made.folder / "splits.json")]
    assert cli.main(["tune", "check", str(out), *folds]) == Exit.DONE
    assert capsys.readouterr().err.startswith("0 errors, ")


def test_run_makes_missing_cases(
    made: TeachingSet, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one command what two make."""
    other = tmp_path / "other"
    for folder in (out, other):
        assert run(capsys, "run", *made.arguments(folder), "-q")[0] == Exit.DONE
    assert digests(out) == digests(other)


def test_export(made: TeachingSet, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "run", *made.arguments(out), "-q")[0] == Exit.DONE
    count = len(rows(out))
    for to in ("trl", "openai"):
        dest = out.parent / to
        code, text, _ = run(capsys, "export", out, "--to", to, "--dest", dest, "--dry-run")
        assert code == Exit.DONE
        assert text.startswith(f"would write {count} examples with 12 images")
        assert not dest.exists()
        assert run(capsys, "export", out, "--to", to, "--dest", dest)[0] == Exit.DONE
        assert len((dest / "train.jsonl").read_text().splitlines()) == count
        assert run(capsys, "export", out, "--to", to, "--dest", dest)[0] == Exit.DONE
    code, _, err = run(capsys, "export", made.folder, "--to", "trl", "--dest", out.parent / "no")
    assert (code, "`gftcore teach run` makes it" in err) == (Exit.BAD_INPUT, True)
    code, _, err = run(capsys, "export", out, "--to", "trl", "--dest", out)
    assert (code, "--dest must be another folder" in err) == (Exit.BAD_INPUT, True)
    assert cli.main(["tune", "check", str(out.parent / "trl")]) == Exit.BAD_INPUT
    assert "is an export; check the set it was made of" in capsys.readouterr().err


class Scripted:
    """Replies of a teacher that errs in two ways: one answer is false, one reply is no JSON."""

    def __init__(self, out: Path, made: TeachingSet) -> None:
        self.cases = cases(out, made)
        self.replies: dict[str, str] = {}
        self.good: dict[str, str] = {}
        teacher = TemplateTeacher()
        for case in self.cases:
            for stage in SLOTS:
                user = prompt(case, stage).user
                self.replies[user] = reply(teacher.raw_pairs(case, stage))
                self.good[user] = reply(teacher.raw_pairs(case, stage))
        self.false, self.silent = self.cases[3], self.cases[5]
        pairs = list(teacher.raw_pairs(self.false, 2))
        self.slot = pairs[0].slot
        pairs[0] = Pair(slot=self.slot, question=pairs[0].question, answer="Node 7 shows PDR.")
        self.replies[prompt(self.false, 2).user] = reply(tuple(pairs))
        self.replies[prompt(self.silent, 2).user] = "I would rather not."

    def __call__(self, item: str, _n: int) -> str:
        return f"text {self.replies[item]}"

    def wanted(self) -> list[tuple[str, int, Pair]]:
        teacher = TemplateTeacher()
        return [
            (case.image_id, stage, pair)
            for case in self.cases
            for stage in SLOTS
            if (case, stage) != (self.silent, 2)
            for pair in teacher.raw_pairs(case, stage)
            if (case, pair.slot) != (self.false, self.slot)
        ]


def service(url: str) -> list[str]:
    return ["--base-url", url, "--teacher-model", "scripted"]


def test_by_a_service(
    made: TeachingSet, out: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Good pairs of a bad reply are kept, what is finished is not asked again, nothing is told."""
    monkeypatch.setenv("GFTCORE_TEACHER_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_API_KEY", "another-key-of-this-machine")
    script = Scripted(out, made)
    count = 2 * len(script.cases)
    with running(FaultServer(script)) as server:
        code, text, err = run(capsys, "run", *made.arguments(out), *service(server.url))
        assert code == Exit.SOME_FAILED, err
        assert f"requests: {count - 1} done, 1 failed" in text
        assert rows(out) == script.wanted()
        assert len(server.arrivals) == count + 3 + 3
        arrivals = list(server.arrivals)
        before = digests(out)
        again = run(capsys, "run", *made.arguments(out), *service(server.url), "-q")
        assert again[0] == Exit.SOME_FAILED
        assert server.arrivals == arrivals
        assert {k: v for k, v in digests(out).items() if k in DATA_SET} == {
            k: v for k, v in before.items() if k in DATA_SET
        }
    dropped = json.loads((out / "dropped.json").read_text())["dropped"]
    assert [one["code"] for one in dropped] == ["stage"] + 30 * ["failed"] or (
        {one["code"] for one in dropped[1:]} == {"failed"} and len(dropped) == 31
    )
    assert dropped[0]["pair"]["answer"] == "Node 7 shows PDR."
    assert all(one["reason"] for one in dropped)
    told = {one.teacher for one in read_instructions(out)}
    assert told == {f"scripted, {PROMPTS_VERSION}"}
    code, text, _ = run(capsys, "status", out, "--json")
    assert (code, json.loads(text)["requests"]["done"]) == (Exit.DONE, count - 1)
    nothing_identifies(arrivals, made, out)
    for path in (p for p in out.rglob("*") if p.is_file()):
        data = path.read_bytes()
        assert KEY.encode() not in data
        assert b"person" not in data
    assert KEY not in text + err


def nothing_identifies(arrivals: list[Arrival], made: TeachingSet, out: Path) -> None:
    """Search all that arrived for names of files, folders, subjects, machine, user and day."""
    assert arrivals
    words = {"person", "eyes/", ".png", str(out), str(made.folder), out.name + "/", "tmp"}
    words |= {str(date.today())}
    with contextlib.suppress(OSError, KeyError):  # a container may have no such user
        words.add(getpass.getuser() + "@")
    words |= {record.path or "" for record in made.manifest}
    words |= {read_teaching_case(out, name).key for name in made.splits.view(FOLD).train}
    words |= {read_teaching_case(out, name).table.image.sha256[:12]
              for name in made.splits.view(FOLD).train}  # fmt: skip
    for one in arrivals:
        pictures = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", json.dumps(one.body))
        assert len(pictures) == 2
        for picture in pictures:
            with Image.open(io.BytesIO(base64.b64decode(picture))) as opened:
                opened.load()
                assert opened.info == {}
        headers = {k: v for k, v in one.headers.items() if k not in ("host", "content-length")}
        assert headers.pop("authorization") == f"Bearer {KEY}"
        assert re.fullmatch(r"[0-9a-f]{64}-\d+", headers.pop("idempotency-key"))
        assert headers.keys() <= {"accept", "accept-encoding", "connection", "content-type",
                                  "user-agent"}  # fmt: skip
        text = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", json.dumps(one.body))
        for word in words - {""}:
            assert word not in text, word
            assert word not in json.dumps(headers), word
        host = socket.gethostname()
        if len(host) > 3 and not host.isalpha():  # else it may be a word of the texts
            whole = re.compile(rf"\b{re.escape(host)}\b")
            assert not whole.search(text)
            assert not whole.search(json.dumps(headers))


def test_without_the_flag_no_socket_is_opened(
    made: TeachingSet, out: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise AssertionError("a socket was asked for")

    for name in ("socket", "getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    money = ["--budget", "1", "--price-in", "1", "--price-out", "1", "--image-tokens", "2000"]
    before = digests(out)
    code, _, err = run(
        capsys, "run", *made.arguments(out), *service("https://api.example.org/v1"), *money
    )
    assert (code, "another machine" in err) == (Exit.REFUSED, True)
    assert digests(out) == before
    # To show what would be sent, and by rule, nothing is needed.
    shown = run(
        capsys, "run", *made.arguments(out), *service("https://api.example.org/v1"), *money,
        "--allow-remote", "--dry-run",
    )  # fmt: skip
    assert shown[0] == Exit.DONE
    assert run(capsys, "run", *made.arguments(out), "-q")[0] == Exit.DONE


def test_dry_run_shows_a_request_and_the_cost(
    made: TeachingSet, out: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    money = ["--budget", "9", "--price-in", "2", "--price-out", "8", "--image-tokens", "2000"]
    asked = [*made.arguments(out), *service("https://api.example.org/v1"), *money]
    asked += ["--allow-remote", "--dry-run"]
    before = digests(out)
    code, text, _ = run(capsys, "run", *asked)
    assert code == Exit.DONE
    assert "You are a retina specialist" in text
    assert re.search(r"data:image/png;base64,\(\d+ characters\)", text)
    found = re.search(r"24 requests; .* at most (\S+) if .* about (\S+) with all three", text)
    assert found is not None
    code, text, _ = run(capsys, "run", *asked, "--json")
    told = json.loads(text)["request"]
    assert (told["requests"], told["finished"], told["estimated"]) == (24, 0, False)
    known = Prices(input_per_million=2, output_per_million=8, image_tokens=2000)
    asking = Asking(model="scripted")
    exact = sum(
        known.worst_micros(asking.request(case, stage))
        for case in cases(out, made)
        for stage in SLOTS
    )
    costs = [told["worst_cost"], told["worst_cost_with_retries"]]
    assert costs == [exact / 1e6, 4 * exact / 1e6]
    assert found.groups() == tuple(f"{cost:.2f}" for cost in costs)
    assert len(re.findall(r"base64,[A-Za-z0-9+/=]{1000}", json.dumps(told["body"]))) == 2
    # Worst cases by hand: bytes of the texts, pictures and reply; two requests of each of 12.
    texts = len(re.sub(r"data:image[^\"]*", "", json.dumps(told["body"], ensure_ascii=False)))
    least = 12 * (texts * 2 + 2 * 2000 * 2 + 8192 * 8) / 1e6
    assert least < told["worst_cost"] < 3 * least
    # Of many cases the dearest request of some stands for all.
    monkeypatch.setattr(teach_showing, "_ALL", 11)
    monkeypatch.setattr(teach_showing, "_SAMPLED", 4)
    some = cases(out, made)[::3]
    dearest = max(
        known.worst_micros(asking.request(case, stage)) for case in some for stage in SLOTS
    )
    text = run(capsys, "run", *asked)[1]
    assert f"about {24 * dearest / 1e6:.2f} if all" in text
    assert "at most" not in text.splitlines()[-2]
    assert text.splitlines()[-1] == "estimated by the dearest request of 4 cases"
    here = [*made.arguments(out), *service("http://127.0.0.1:1/v1"), "--dry-run"]
    assert "24 requests; no prices given" in run(capsys, "run", *here)[1]
    assert digests(out) == before


def test_batch_files_there_and_back(
    made: TeachingSet, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = Scripted(out, made)
    base = [*made.arguments(out), *MONEY, "--teacher-model", "scripted"]
    code, text, _ = run(capsys, "run", *base, "--batch-out", out.parent / "batch", "--json")
    told = json.loads(text)
    (file,) = map(Path, told["batch_files"])
    assert (code, told["requests"]["batched"]) == (Exit.DONE, 24)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    answers = out.parent / "answers.jsonl"
    for turn in range(4):  # what is not accepted goes into the next file
        with answers.open("w") as stream:
            for line in lines:
                user = line["body"]["messages"][1]["content"][0]["text"]
                body = completion(script.replies[user])
                response = {"status_code": 200, "body": body}
                told = {"custom_id": line["custom_id"], "response": response, "error": None}
                told["id"] = f"reply-{turn}"  # a file that was read before changes nothing
                stream.write(json.dumps(told) + "\n")
        code, text, _ = run(capsys, "run", *base, "--batch-in", answers, "--json")
        counts = json.loads(text)["requests"]
        (read,) = json.loads(text)["batch_replies"]
        assert read["done"] + read["planned"] + read["failed"] == len(lines)
        assert read["planned"] == counts["planned"]
        assert counts["planned"] == (2 if turn < 3 else 0), (turn, counts)
        if turn == 3:
            break
        code, text, _ = run(capsys, "run", *base, "--batch-out", out.parent / "batch", "--json")
        (file,) = map(Path, json.loads(text)["batch_files"])
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        assert len(lines) == 2
        assert all("was not accepted" in str(line["body"]["messages"][-1]) for line in lines)
    assert code == Exit.SOME_FAILED
    assert rows(out) == script.wanted()
    again = [*base, "--batch-out", out.parent / "batch", "--retry-failed", "--json"]
    code, text, _ = run(capsys, "run", *again)
    assert (code, json.loads(text)["requests"]["batched"]) == (Exit.DONE, 1)


def test_a_good_set_is_not_replaced(
    made: TeachingSet, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A paid batch is read also if images are left out; nothing makes a whole set smaller."""
    script = Scripted(out, made)
    base = [*made.arguments(out), "--teacher-model", "scripted"]
    batch = out.parent / "batch"
    code, text, _ = run(capsys, "run", *base, *MONEY, "--batch-out", batch, "--json")
    lines = Path(json.loads(text)["batch_files"][0]).read_text().splitlines()
    answers = out.parent / "answers.jsonl"
    with answers.open("w") as stream:
        for line in map(json.loads, lines):
            user = line["body"]["messages"][1]["content"][0]["text"]
            response = {"status_code": 200, "body": completion(script.good[user])}
            told = {"custom_id": line["custom_id"], "response": response, "error": None}
            stream.write(json.dumps(told) + "\n")
    code, text, err = run(capsys, "run", *base, *MONEY, "--batch-in", answers, "--limit", 3)
    assert code == Exit.DONE, err
    assert f"{answers}: 24 accepted\nrequests: 6 done\n18 replies belong to other" in text
    assert {name for name, _, _ in rows(out)} == {case.image_id for case in script.cases[:3]}
    code, text, _ = run(capsys, "run", *base, *MONEY, "--batch-in", answers)
    assert code == Exit.DONE
    assert f"{answers}: 24 ignored\nrequests: 24 done\n" in text
    whole = rows(out)
    assert len(whole) == 12 * 31
    shown = [*made.arguments(out), *service("http://127.0.0.1:1/v1"), *MONEY, "--dry-run"]
    told = json.loads(run(capsys, "run", *shown, "--json")[1])["request"]
    assert (told["finished"], told["worst_cost"]) == (24, 0)
    before = digests(out)
    left_out = run(capsys, "run", *base, *MONEY, "--batch-in", answers, "--limit", 3)
    assert (left_out[0], "about 9 images that --limit leaves out; move" in left_out[2]) == (
        Exit.REFUSED, True,
    )  # fmt: skip
    code, _, err = run(capsys, "run", *made.arguments(out))
    assert (code, "holds instructions of 'scripted, prompts/1', not of 'template/1'" in err) == (
        Exit.REFUSED, True,
    )  # fmt: skip
    # Other settings, and not enough money for one request of them.
    dear = [*MONEY, "--budget", "0.001", "--output-tokens", "5000"]
    stopped = [*base, *dear, "--base-url", "http://127.0.0.1:1/v1", "--json"]
    code, text, err = run(capsys, "run", *stopped)
    told = json.loads(text)
    assert (code, told["stopped"]["code"], told["kept"]) == (Exit.REFUSED, "BUDGET", len(whole))
    assert err.strip().endswith("raise --budget to go on")
    assert told["other_replies"] == 24
    assert {k: v for k, v in digests(out).items() if k in DATA_SET} == {
        k: v for k, v in before.items() if k in DATA_SET
    }
    # Replies of other settings alone make an empty set.
    for name in DATA_SET:
        (out / name).unlink()
    changed = [*made.arguments(out), *MONEY, "--teacher-model", "other", "--batch-in", answers]
    code, text, _ = run(capsys, "run", *changed)
    assert (code, "24 replies belong to other settings" in text) == (Exit.SOME_FAILED, True)


def test_topics_cover_both_pictures(made: TeachingSet, planned: Path) -> None:
    case, asking = cases(planned, made)[0], Asking(model="m")
    assert case.overlay is not None
    other = replace(case, overlay=255 - case.overlay)
    assert other.key == case.key
    for stage in SLOTS:
        assert asking.topic(case, stage) == asking.request(case, stage).stage
        assert asking.topic(case, stage) == asking.topic(replace(case), stage)
        assert asking.topic(case, stage) != asking.topic(other, stage)


def test_the_budget_ends_a_run(
    made: TeachingSet, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is paid is in the set; with a larger budget the same command goes on."""
    script = Scripted(out, made)
    prices = ["--price-in", "1", "--price-out", "1", "--parallel", "1", "--output-tokens", "100"]
    asking = Asking(model="scripted", max_output_tokens=100)
    known = Prices(input_per_million=1, output_per_million=1, image_tokens=2000)
    dearest = max(
        known.worst_micros(asking.request(case, stage)) for case in script.cases for stage in SLOTS
    )
    with running(FaultServer(script)) as server:
        base = [*made.arguments(out), *service(server.url), *prices]
        code, _, err = run(capsys, "run", *base, "--budget", f"{(dearest - 1) / 1e6:.6f}")
        assert (code, "budget" in err) == (Exit.REFUSED, True)
        some = rows(out)
        assert 0 < len(server.arrivals) < 30
        assert 0 < len(some) < len(script.wanted())
        assert run(capsys, "run", *base, "--budget", "9")[0] == Exit.SOME_FAILED
        assert rows(out) == script.wanted()
        assert len({one.attempt for one in server.arrivals}) == len(server.arrivals) == 30


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--base-url", "http://127.0.0.1:1/v1"], "--base-url needs --teacher-model"),
        (["--teacher-model", "m"], "--teacher-model needs --base-url"),
        (["--base-url", "http://127.0.0.1:1/v1", "--teacher-model", "m", "--batch-out", "x"],
         "exclude each other"),
        (["--base-url", "https://a.example/v1", "--teacher-model", "m", "--allow-remote"],
         "give --budget, --price-in, --price-out, --image-tokens"),
        (["--batch-out", "x", "--teacher-model", "m", "--budget", "1", "--price-in", "1",
          "--price-out", "1"], "give --image-tokens"),
        (["--price-in", "1"], "--price-in needs --base-url"),
        ([*MONEY, "--batch-in", "no-such", "--teacher-model", "m"], "no-such"),
        ([*MONEY, "--batch-in", "x", "--teacher-model", "m", "--retry-failed"],
         "--retry-failed needs --base-url or --batch-out"),
        (["--base-url", "http://127.0.0.1:1/v1", "--teacher-model", "m", "--timeout-s", "0"],
         "--timeout-s must be finite and greater than 0"),
        (["--base-url", "http://127.0.0.1:1/v1", "--teacher-model", "m"],
         "GFTCORE_TEACHER_API_KEY must have at least 12"),
        (["--base-url", "http://a.example/v1", "--teacher-model", "m", "--allow-remote",
          "--budget", "1", "--price-in", "1", "--price-out", "1"], "must begin with https"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit(
    made: TeachingSet, tmp_path: Path, capsys: pytest.CaptureFixture[str], given: list[str],
    told: str, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("GFTCORE_TEACHER_API_KEY", "short")
    code, _, err = run(capsys, "run", *made.arguments(tmp_path / "out"), *given)
    assert (code, told in err) == (Exit.BAD_INPUT, True)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["teach_run", "teach_plan", "teach_export", "teach_status"])
def test_interrupted_commands_say_whether_they_go_on(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    def command() -> int:
        raise KeyboardInterrupt

    command.__name__ = name
    with pytest.raises(typer.Exit):
        guarded(command)()
    assert ("the same command goes on" in capsys.readouterr().err) == (name != "teach_status")
