# SPDX-License-Identifier: Apache-2.0
"""Whether a teacher is asked as a real server understands it, and believed in nothing.

    python benchmarks/quality/teacher_server.py [--eyes N]

`transformers serve` runs on this machine with a model of random weights, made on the spot. The
client of OpenAI first asks it about images of N synthetic eyes (2) directly, then
`gftcore.teacher.RemoteTeacher` asks both stages of each eye. No random model writes what the checks
accept, so every request has to end as failed, with a reason and a row for each reply that the
server counted. Nothing is downloaded, and no data leaves the machine. Exit code: 0 if all checks
hold; 1 if one does not; 2 for a failure.
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
from model_server import ModelServer, served
from tiny_vlm import write_tiny_vlm

if TYPE_CHECKING:
    from gftcore.teacher import Ledger, TeacherRequest, TeachingCase

LABEL = "NPDR"
#: Some replies end before this many tokens and are checked, others are cut off.
REPLY_TOKENS = 32
QUESTION = "Which stage of diabetic retinopathy does the image show?"
#: A token costs a millionth, so that what is spent is the number of tokens.
TOKEN_PRICE = 1.0
#: Of the tiny model, whatever the image is.
IMAGE_TOKENS = 1


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


def without_images(request: TeacherRequest) -> list[Any]:
    """The messages of a request without their images."""
    messages = json.loads(request.body)["messages"]
    for message in messages:
        if not isinstance(message["content"], str):
            message["content"] = [p for p in message["content"] if p["type"] == "text"]
    return messages


def ask_by_teacher(client: Any, server: ModelServer, folder: Path, eyes: int) -> dict[str, bool]:
    """Both stages of all eyes through the package, and what the ledger says of them."""
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
        checks = show(ledger, requests)
        spent = ledger.spent_micros()
        attempts = ledger.attempts()
    first = {one.key: one.input_tokens for one in attempts if one.n == 1}
    plain = {
        one.key: ask(client, server.model, without_images(one), tokens=1).usage.prompt_tokens
        for one in requests
    }
    return checks | {
        "the summary says so": (summary.failed, summary.attempts) == (len(requests), len(attempts)),
        "the server answered each attempt": answered == len(attempts),
        "each first attempt had its images": all(
            first[one.key] == plain[one.key] + IMAGE_TOKENS * one.images for one in requests
        ),
        "what was spent is what was counted": spent
        == sum((one.input_tokens or 0) + (one.output_tokens or 0) for one in attempts),
        "a second run sends nothing": (again.known, again.attempts) == (len(requests), 0),
    }


def show(ledger: Ledger, requests: Sequence[TeacherRequest]) -> dict[str, bool]:
    """Print what became of each request, and check that it ended as it must."""
    items = {item.key: item for item in ledger.items()}
    attempts = ledger.attempts()
    print("\n| request | images | attempts | HTTP | tokens in | tokens out | ended | reason |")
    print("|---|---|---|---|---|---|---|---|")
    for number, request in enumerate(requests):
        rows = [one for one in attempts if one.key == request.key]
        item = items[request.key]
        status = Counter(str(one.http_status) for one in rows)
        print(
            f"| eye {number // 2}, {request.stage} | {request.images} | {len(rows)} "
            f"| {', '.join(f'{n} x {code}' for code, n in status.items())} "
            f"| {sum(one.input_tokens or 0 for one in rows)} "
            f"| {sum(one.output_tokens or 0 for one in rows)} | {item.state} | {item.reason} |"
        )
    reasons = Counter(one.error for one in attempts)
    print("\n| replies | refused because |\n|---|---|")
    for reason, n in reasons.most_common():
        print(f"| {n} | {reason} |")
    return {
        "every request failed with a reason": len(items) == len(requests)
        and all(item.state == "failed" and item.reason for item in items.values()),
        "whole replies were read and refused": any("JSON" in str(reason) for reason in reasons),
    }


def main() -> int:
    import openai

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--eyes", type=int, default=2, help="so many synthetic eyes")
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
            checks |= ask_by_teacher(client, server, folder, options.eyes)
    print("\n| check | holds |\n|---|---|")
    for check, holds in checks.items():
        print(f"| {check} | {'yes' if holds else 'NO'} |")
    return MET if all(checks.values()) else MISSED


if __name__ == "__main__":
    exit_with(main)
