# SPDX-License-Identifier: Apache-2.0
"""Whether a teacher is asked as a real server understands it, and believed in nothing.

    python benchmarks/quality/teacher_server.py [--eyes N] [--out FILE]

`transformers serve` runs on this machine with a model of random weights, made on the spot. The
client of OpenAI first asks it about images of N synthetic eyes (2) directly, then
`gftcore.teacher.RemoteTeacher` asks both stages of each eye. No random model writes what the checks
accept, so every request has to end as failed after four attempts, each with its images, with a
reason and a row for each reply that the server counted. Nothing is downloaded, and no data leaves
the machine. Exit code: 0 if all checks hold; 1 if one does not; 2 for a failure.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import argparse
import base64
import io
import json
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from PIL import Image

from exits import MET, MISSED, exit_with
from generated import generated_eyes
from gftcore import graph, pipeline
from gftcore.errors import GftcoreWarning
from gftcore.synth.options import FOV_MM
from gftcore.teacher.judging import INVALID_RETRIES, History
from model_server import ModelServer, served
from tiny_vlm import write_tiny_vlm

if TYPE_CHECKING:
    from gftcore.teacher import Attempt, TeacherRequest, TeachingCase

LABEL = "NPDR"
#: Some replies end before this many tokens and are checked, others are cut off.
REPLY_TOKENS = 32
QUESTION = "Which stage of diabetic retinopathy does the image show?"
#: A token costs a millionth, so that what is spent is the number of tokens.
TOKEN_PRICE = 1.0
#: Of the tiny model, whatever the image is.
IMAGE_TOKENS = 1
#: The first, and one for each retry of a reply that is not accepted.
ATTEMPTS = 1 + INVALID_RETRIES


def teaching_cases(count: int) -> Iterator[TeachingCase]:
    """Synthetic eyes as the default network explains them."""
    from gftcore.teacher import TeachingCase

    config = pipeline.ExplainConfig(target=LABEL)
    for number, eye in enumerate(generated_eyes(count, label=LABEL)):
        side = eye.truth.eye
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", GftcoreWarning)
            found = graph.extract_image(
                eye.image, graph.ExtractConfig(fov_mm=FOV_MM, eye=side), keep=pipeline.CASE_KEEP
            )
            said = pipeline.explain_graph(found, config=config, pixels=eye.image)
            case = pipeline.make_case(said, image_id=f"eye-{number}", label=LABEL)
        yield TeachingCase(
            image_id=case.table.image.id,
            table=case.table,
            findings=case.findings,
            label=LABEL,
            image=eye.image,
            overlay=said.picture(),
        )


def ask(client: Any, model: str, messages: list[Any], *, tokens: int = REPLY_TOKENS) -> Any:
    """One request past the package; temperature 0 takes chance out of the reply."""
    return client.chat.completions.create(
        model=model, messages=messages, max_completion_tokens=tokens, temperature=0
    )


def about(pictures: Sequence[Any]) -> list[dict[str, Any]]:
    """The question, and images as data URLs."""
    parts: list[dict[str, Any]] = [{"type": "text", "text": QUESTION}]
    for pixels in pictures:
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, format="PNG")
        url = "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
        parts.append({"type": "image_url", "image_url": {"url": url}})
    return [{"role": "user", "content": parts}]


def ask_directly(client: Any, model: str, one: Any, other: Any) -> dict[str, bool]:
    """Whether the server reads images: it counts them, and what they show changes the reply."""
    sent = {"no image": [], "one": [one], "one again": [one], "other": [other], "two": [one, other]}
    replies = {name: ask(client, model, about(images)) for name, images in sent.items()}
    print("| directly | tokens in | tokens out | ended |\n|---|---|---|---|")
    for name, reply in replies.items():
        usage, ended = reply.usage, reply.choices[0].finish_reason
        print(f"| {name} | {usage.prompt_tokens} | {usage.completion_tokens} | {ended} |")
    count = {name: reply.usage.prompt_tokens for name, reply in replies.items()}
    text = {name: reply.choices[0].message.content for name, reply in replies.items()}
    return {
        "an image is a token more": all(
            count[name] - count["no image"] == IMAGE_TOKENS * len(images)
            for name, images in sent.items()
        ),
        "another image, another reply": len({text[n] for n in ("no image", "one", "other")}) == 3,
        "the same image, the same reply": text["one"] == text["one again"],
    }


def without_images(request: TeacherRequest, earlier: Sequence[Attempt]) -> list[Any]:
    """The messages of the attempt after `earlier` ones, without their images."""
    messages: list[Any] = History.of(earlier).body(request)["messages"]
    for message in messages:
        if not isinstance(message["content"], str):
            message["content"] = [p for p in message["content"] if p["type"] == "text"]
    return messages


def images_counted(
    client: Any, model: str, request: TeacherRequest, rows: Sequence[Attempt]
) -> list[int]:
    """How many images the server saw at each attempt: what its texts alone do not explain."""
    counted = []
    for number, row in enumerate(rows):
        plain = ask(client, model, without_images(request, rows[:number]), tokens=1)
        more = (row.input_tokens or 0) - plain.usage.prompt_tokens
        counted.append(more // IMAGE_TOKENS)
    return counted


def ask_by_teacher(
    client: Any, server: ModelServer, folder: Path, eyes: int
) -> tuple[dict[str, bool], list[dict[str, Any]]]:
    """Both stages of all eyes through the package: checks, and what became of each request."""
    from gftcore.teacher import (
        SLOTS,
        Budget,
        Flaw,
        Ledger,
        Prices,
        RemoteTeacher,
        chat_request,
        prompt,
        read_lesson,
    )

    requests: list[TeacherRequest] = []
    asked: dict[str, tuple[TeachingCase, int]] = {}
    images: list[int] = []
    for case in teaching_cases(eyes):
        for stage, slots in SLOTS.items():
            wanted = prompt(case, stage)
            request = chat_request(
                model=server.model,
                system=wanted.system,
                user=wanted.user,
                images=wanted.images,
                schema=wanted.schema,
                stage=f"stage{stage}",
                slots=slots,
                max_output_tokens=REPLY_TOKENS,
            )
            requests.append(request)
            asked[request.key] = case, stage
            images.append(len(wanted.images))

    def validate(request: TeacherRequest, text: str) -> Flaw | None:
        lesson = read_lesson(*asked[request.key], text)
        return Flaw(lesson.reason, usable=lesson.usable) if lesson.reason else None

    prices = Prices(
        input_per_million=TOKEN_PRICE, output_per_million=TOKEN_PRICE, image_tokens=IMAGE_TOKENS
    )
    before = server.answered()
    with Ledger(folder / "ledger.sqlite") as ledger:
        teacher = RemoteTeacher(
            server.base_url, ledger=ledger, budget=Budget(prices, cap=100), parallel=2
        )
        summary = teacher.run(requests, validate=validate)
        answered = server.answered() - before
        again = teacher.run(requests, validate=validate)
        items = {item.key: item for item in ledger.items()}
        attempts, spent = ledger.attempts(), ledger.spent_micros()
    rows = []
    for number, (request, shown) in enumerate(zip(requests, images, strict=True)):
        own = [one for one in attempts if one.key == request.key]
        rows.append(
            {
                "request": f"eye {number // len(SLOTS)}, {request.stage}",
                "images": shown,
                "images_counted": images_counted(client, server.model, request, own),
                "attempts": len(own),
                "http": Counter(str(one.http_status) for one in own),
                "outcomes": Counter(one.outcome for one in own),
                "errors": Counter(str(one.error) for one in own),
                "tokens_in": sum(one.input_tokens or 0 for one in own),
                "tokens_out": sum(one.output_tokens or 0 for one in own),
                "ended": items[request.key].state,
                "reason": items[request.key].reason,
            }
        )
    return {
        "every request failed with a reason": len(items) == len(requests)
        and all(row["ended"] == "failed" and row["reason"] for row in rows),
        "every request was asked four times": all(row["attempts"] == ATTEMPTS for row in rows),
        "whole replies were read and refused": any(
            "JSON" in e for row in rows for e in row["errors"]
        ),
        "the summary says so": (summary.failed, summary.attempts) == (len(requests), len(attempts)),
        "the server answered each attempt": answered == len(attempts),
        "each attempt had its images": all(
            row["images"] > 0 and set(row["images_counted"]) == {row["images"]} for row in rows
        ),
        "what was spent is what was counted": spent
        == sum(row["tokens_in"] + row["tokens_out"] for row in rows),
        "a second run sends nothing": (again.known, again.attempts) == (len(requests), 0),
    }, rows


def show(rows: Sequence[dict[str, Any]]) -> None:
    """Print what became of each request."""
    print("\n| request | images | attempts | HTTP | tokens in | tokens out | ended | reason |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        status = ", ".join(f"{n} x {code}" for code, n in row["http"].items())
        print(
            f"| {row['request']} | {row['images']} | {row['attempts']} | {status} "
            f"| {row['tokens_in']} | {row['tokens_out']} | {row['ended']} | {row['reason']} |"
        )
    reasons: Counter[str] = sum((row["errors"] for row in rows), Counter())
    print("\n| replies | refused because |\n|---|---|")
    for reason, n in reasons.most_common():
        print(f"| {n} | {reason} |")


def main() -> int:
    import openai

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--eyes", type=int, default=2, help="so many synthetic eyes")
    parser.add_argument("--out", type=Path, help="JSON file of the results")
    options = parser.parse_args()
    pictures = [eye.image for eye in generated_eyes(2, label=LABEL)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tiny_vlm(folder / "tiny-vlm")
        with (
            served(folder / "tiny-vlm") as server,
            openai.OpenAI(base_url=server.base_url, api_key="none", max_retries=0) as client,
        ):
            checks = ask_directly(client, server.model, *pictures)
            more, rows = ask_by_teacher(client, server, folder, options.eyes)
    checks |= more
    show(rows)
    print("\n| check | holds |\n|---|---|")
    for check, holds in checks.items():
        print(f"| {check} | {'yes' if holds else 'NO'} |")
    if options.out:
        document = {"requests": rows, "checks": checks}
        options.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return MET if all(checks.values()) else MISSED


if __name__ == "__main__":
    exit_with(main)
