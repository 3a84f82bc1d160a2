# SPDX-License-Identifier: Apache-2.0
"""Requests and keys, replies, prices, the budget, the pace and the secret."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import pickle
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gftcore.errors import (
    ArgumentError,
    ArgumentTypeError,
    BudgetError,
    RefusedError,
    ShapeError,
)
from gftcore.teacher import Budget, Prices, Secret, TeacherRequest, chat_request
from gftcore.teacher.pace import Pace
from gftcore.teacher.replies import Usage, read_completion
from gftcore.teacher.secret import KEY_VARIABLE, require_secret, without_keys
from gftcore.teacher.transport import is_loopback, require_address, retry_after

CANARY = "canary-in-the-mine"
GIVEN: dict[str, Any] = {
    "model": "m",
    "system": "s",
    "user": "ü",
    "stage": "one",
    "slots": ["a", "b"],
}


def test_body_and_key_by_hand() -> None:
    one = chat_request(**GIVEN, max_output_tokens=9, options={"temperature": 0})
    body = (
        '{"max_completion_tokens":9,"messages":[{"content":"s","role":"system"},'
        '{"content":"ü","role":"user"}],"model":"m","temperature":0}'
    )
    assert one.body == body.encode()
    whole = f'{{"body":{body},"slots":["a","b"],"stage":"one"}}'
    assert one.key == hashlib.sha256(whole.encode()).hexdigest()
    assert one.input_bytes == len(body.encode())


def test_every_part_makes_another_key() -> None:
    image = np.zeros((4, 5), dtype=np.uint8)
    other = image.copy()
    other[1, 2] = 1
    changes: list[dict[str, Any]] = [
        {}, {"model": "n"}, {"system": "t"}, {"user": "v"}, {"stage": "two"}, {"slots": ["b", "a"]},
        {"slots": ["ab"]}, {"max_output_tokens": 7}, {"options": {"seed": 1}}, {"images": [image]},
        {"images": [other]}, {"images": [image.T]}, {"images": [np.stack([image] * 3, axis=2)]},
        {"images": [image, other]}, {"images": [other, image]}, {"schema": {}},
        {"schema": {"type": "object"}}, {"output_limit": "max_tokens"},
    ]  # fmt: skip
    keys = [chat_request(**GIVEN | change).key for change in changes]
    assert len(set(keys)) == len(changes)
    assert keys == [chat_request(**GIVEN | change).key for change in changes]


def test_several_images_and_a_schema() -> None:
    images = [np.full((2, 3), 7, dtype=np.uint8), np.zeros((4, 5, 3), dtype=np.uint8)]
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    one = chat_request(
        **GIVEN, images=images, schema=schema, max_output_tokens=9, output_limit="max_tokens"
    )
    body = json.loads(one.body)
    text, *pictures = body["messages"][1]["content"]
    assert text == {"type": "text", "text": "ü"}
    for picture, image in zip(pictures, images, strict=True):
        png = base64.b64decode(picture["image_url"]["url"].partition(",")[2])
        with Image.open(io.BytesIO(png)) as opened:
            assert np.array_equal(np.asarray(opened), image)
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "reply", "strict": True, "schema": schema},
    }
    assert body["max_tokens"] == 9
    assert "max_completion_tokens" not in body
    assert (one.images, one.input_bytes > len(json.dumps(schema))) == (2, True)


def test_the_order_of_options_says_nothing() -> None:
    one, two = ({"seed": 1, "top_p": 0.5}, {"top_p": 0.5, "seed": 1})
    assert chat_request(**GIVEN, options=one) == chat_request(**GIVEN, options=two)


@pytest.mark.parametrize("shape", [(7, 5), (7, 5, 3)])
def test_the_image_is_sent_as_pixels_and_nothing_else(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    one = chat_request(**GIVEN, images=[pixels])
    content = json.loads(one.body)["messages"][1]["content"]
    head, _, data = content[1]["image_url"]["url"].partition(",")
    assert head == "data:image/png;base64"
    png = base64.b64decode(data)
    with Image.open(io.BytesIO(png)) as opened:
        assert np.array_equal(np.asarray(opened), pixels)
        assert opened.info == {}
    kinds, at = [], 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        kinds.append(png[at + 4 : at + 8])
        at += 12 + length
    assert set(kinds) == {b"IHDR", b"IDAT", b"IEND"}
    assert one.images == 1
    assert one.input_bytes < 500  # the picture is no text


def test_what_is_refused() -> None:
    with pytest.raises(ArgumentError, match="at most 50 bytes"):
        chat_request(**GIVEN, max_bytes=50)
    with pytest.raises(ArgumentError, match="must not have stream"):
        chat_request(**GIVEN, options={"stream": True})
    with pytest.raises(ArgumentError, match="must be JSON"):
        chat_request(**GIVEN, options={"temperature": float("nan")})
    with pytest.raises(ArgumentError, match="surrogates"):
        chat_request(**GIVEN | {"user": "\ud800"})
    with pytest.raises(ArgumentTypeError, match="system must be text"):
        chat_request(**GIVEN | {"system": None})
    with pytest.raises(ArgumentTypeError, match="slots"):
        chat_request(**GIVEN | {"slots": "ab"})
    with pytest.raises(ArgumentTypeError, match="scale it first"):
        chat_request(**GIVEN, images=[np.zeros((3, 3))])
    with pytest.raises(ArgumentTypeError, match=r"use \[image\] for one"):
        chat_request(**GIVEN, images=np.zeros((3, 3, 3), dtype=np.uint8))
    with pytest.raises(ArgumentTypeError, match="options must be JSON"):
        chat_request(**GIVEN, options={"seed": object()})
    with pytest.raises(ArgumentTypeError, match="options must have texts"):
        chat_request(**GIVEN, options={1: 2})
    with pytest.raises(ArgumentTypeError, match="schema must be a mapping"):
        chat_request(**GIVEN, schema="object")
    with pytest.raises(ArgumentError, match="must not have response_format"):
        chat_request(**GIVEN, schema={}, options={"response_format": {"type": "text"}})
    with pytest.raises(ArgumentError, match="did you mean 'max_tokens'"):
        chat_request(**GIVEN, output_limit="max_token")
    with pytest.raises(ShapeError):
        chat_request(**GIVEN, images=[np.zeros((3, 3, 4), dtype=np.uint8)])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no JSON"),
        (b'{"choices": [{"mess', "no JSON"),
        (b"\xff\xfe", "no UTF-8"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no object"),
        (b"{}", "wrong schema: choices"),
        (b'{"choices": []}', "no choices"),
        (b'{"choices": [1]}', "wrong schema: message"),
        (b'{"choices": [{"message": {"content": null}}]}', "no text"),
        (b'{"choices": [{"message": {"content": " "}}]}', "no text"),
        (b'{"choices": [{"message": {"content": "\\ud800"}}]}', "Unicode"),
        (b'{"choices": [{"message": {"content": "a"}, "finish_reason": "length"}]}', "cut off"),
        (b'{"choices": [{"message": {"refusal": "I"}}]}', "refused"),
        (b'{"choices": [{"message": {}, "finish_reason": "content_filter"}]}', "refused"),
    ],
)
def test_replies_that_are_none(content: bytes, problem: str) -> None:
    read = read_completion(content)
    assert read.text is None
    assert problem in (read.problem or "")
    assert read.refused == (problem == "refused")


@given(st.binary(max_size=60) | st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
        st.sampled_from(["choices", "message", "content", "usage", "refusal"]), inner, max_size=3),
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_any_bytes_are_a_text_or_a_problem(content: bytes) -> None:
    read = read_completion(content)
    assert (read.text is None) != (read.problem is None)


@pytest.mark.parametrize("count", [-1, 1.5, True, "9", 10**12, 0, None])
def test_absurd_counts_are_not_believed(count: object) -> None:
    reply = {"choices": [{"message": {"content": "a"}}]}
    good = reply | {"usage": {"prompt_tokens": 9, "completion_tokens": 2}}
    assert read_completion(json.dumps(good).encode()).usage == Usage(9, 2)
    for bad in (
        {"prompt_tokens": count, "completion_tokens": 2},
        {"prompt_tokens": 9, "completion_tokens": count},
        count,
    ):
        assert read_completion(json.dumps(reply | {"usage": bad}).encode()).usage is None


def test_costs_by_hand() -> None:
    prices = Prices(
        input_per_million=2, output_per_million=8, cached_per_million=0.5, image_tokens=100
    )
    assert prices.cost_micros(Usage(100, 10, 40)) == 60 * 2 + 40 * 0.5 + 80
    assert prices.cost_micros(Usage(0, 0)) == 0
    assert Prices(input_per_million=0.1, output_per_million=0).cost_micros(Usage(1, 0)) == 1
    image = np.zeros((2, 2), dtype=np.uint8)
    one = chat_request(**GIVEN, max_output_tokens=9, images=[image])
    with pytest.raises(ArgumentError, match="image_tokens must be given"):
        Prices(input_per_million=2, output_per_million=8).worst_micros(one)
    with pytest.raises(ArgumentTypeError, match="input_per_million"):
        Prices(input_per_million="2", output_per_million=8)  # type: ignore[arg-type]
    worst = (one.input_bytes + 192 + 100) * 2 + 9 * 8
    assert prices.worst_micros(one) == worst
    assert prices.worst_micros(one, more_bytes=3) == worst + 6
    dear = Prices(input_per_million=2, output_per_million=8, cached_per_million=3, image_tokens=100)
    assert dear.worst_micros(one) == worst + (one.input_bytes + 192 + 100)
    for absurd in (
        {"input_per_million": 1e30},
        {"cached_per_million": 2e9},
        {"image_tokens": 10**9},
    ):
        with pytest.raises(ArgumentError, match=next(iter(absurd))):
            Prices(**{"input_per_million": 1, "output_per_million": 1} | absurd)


def test_the_cap_holds_before_anything_is_sent() -> None:
    budget = Budget(Prices(input_per_million=1, output_per_million=1), cap=0.0001)
    budget.reserve(60)
    budget.reserve(40)
    with pytest.raises(BudgetError, match="raise the cap"):
        budget.reserve(1)
    budget.settle(60, 10)
    budget.reserve(50)
    assert budget.left_micros == 0
    budget.start(101)
    with pytest.raises(RefusedError, match=r"0\.000000 left"):
        budget.reserve(0)


@given(st.lists(st.integers(0, 30), min_size=2, max_size=40), st.integers(1, 9))
def test_no_minute_has_more_than_the_limits(tokens: list[int], per_minute: int) -> None:
    pace = Pace(per_minute, 60)
    now, moments = 0.0, []
    for count in tokens:
        while wait_s := pace.take(now, tokens=count):
            now += wait_s
        moments.append(now)
    for i, first in enumerate(moments):
        inside = [k for k in range(i, len(moments)) if moments[k] < first + 60 - 1e-6]
        assert len(inside) <= per_minute
        # The last one may begin within the minute whatever its size.
        assert sum(tokens[k] for k in inside[:-1]) <= 60 + 1e-6


def test_a_service_that_asks_to_wait_holds_all() -> None:
    pace = Pace(None, None)
    assert pace.take(1.0, tokens=10**6) == 0.0
    pace.hold(5.0)
    pace.hold(3.0)
    assert pace.held(2.0) == 3.0
    assert pace.take(2.0, tokens=0) == 3.0
    assert pace.take(5.0, tokens=0) == 0.0


def test_a_secret_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = Secret(CANARY)
    assert "canary" not in f"{secret!r} {secret} {secret:}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(ArgumentError, match="at least 12 characters"):
        Secret("canary-2345")
    with pytest.raises(ArgumentTypeError) as caught:
        require_secret(CANARY)
    assert "canary" not in str(caught.value)
    with pytest.raises(ArgumentError) as refused:
        Secret("canary-23456\n")
    assert "canary" not in str(refused.value)
    assert without_keys(f"{CANARY} and sk-12345678", secret) == "[key] and [key]"
    assert without_keys("Bearer another", None) == "Bearer [key]"
    monkeypatch.setenv("OPENAI_API_KEY", "of-another-service")
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    assert require_secret(None) is None
    monkeypatch.setenv(KEY_VARIABLE, f"{CANARY} ")
    with pytest.raises(ArgumentError, match=f"{KEY_VARIABLE}: .*printable ASCII") as found:
        require_secret(None)
    assert CANARY not in str(found.value)
    monkeypatch.setenv(KEY_VARIABLE, CANARY)
    found = require_secret(None)
    assert found is not None
    assert found.get_secret_value() == CANARY


@pytest.mark.parametrize(
    "shape",
    [
        lambda key: key,
        json.dumps,
        lambda key: json.dumps(json.dumps(key)),
        lambda key: json.dumps(key).replace("/", "\\/"),
        lambda key: "".join(f"\\u{ord(one):04x}" for one in key),
        lambda key: "".join(f"\\\\u{ord(one):04X}" for one in key),
        lambda key: "".join(f"%{ord(one):02X}" for one in key),
        quote,
        lambda key: quote(quote(key, safe=""), safe=""),
        html.escape,
        lambda key: "".join(f"&#{ord(one)};" for one in key),
    ],
)
def test_an_escaped_key_is_struck_out(shape: Callable[[str], str]) -> None:
    key = "canary/&<\"'\\+=%-_."
    left = Secret(key).redacted(f"before {shape(key)} after")
    assert left in ("before [key] after", 'before "[key]" after', 'before "\\"[key]\\"" after')
    assert Secret(key).redacted("before canary/ after") == "before canary/ after"


@pytest.mark.parametrize(
    "host",
    [
        "localhost.example.org",
        "127.0.0.1.example.org",
        "0.0.0.0",
        "10.0.0.1",
        "::",
        "a",
        "localhost.",
        "127.0.0.1.",
        "127.1",
        "0x7f000001",
        "::ffff:127.0.0.1",
    ],
)
def test_other_machines_need_leave_and_encryption(host: str) -> None:
    assert not is_loopback(host)
    address = f"[{host}]" if ":" in host else host
    with pytest.raises(RefusedError, match="allow_remote"):
        require_address(f"https://{address}/v1", allow_remote=False)
    with pytest.raises(ArgumentError, match="https"):
        require_address(f"http://{address}/v1", allow_remote=True)
    assert require_address(f"https://{address}/v1", allow_remote=True)


@pytest.mark.parametrize(
    "address",
    ["", "127.0.0.1", "ftp://127.0.0.1", "http://", "http://127.0.0.1@example.org/v1",
     "http://user:key@127.0.0.1/v1", "http://127.0.0.1/v1?key=1", "http://127.0.0.1:x/v1",
     "http://localhost@example.org/v1", "http://@127.0.0.1/v1", "http://127.0.0.1\\.example.org/v1",
     "http://127.0.0.1\n.example.org/v1", " http://127.0.0.1/v1"],
)  # fmt: skip
def test_addresses_that_are_none(address: str) -> None:
    for allowed in (False, True):
        with pytest.raises(ArgumentError, match="base_url"):
            require_address(address, allow_remote=allowed)
    assert require_address("http://[::1]:8000/v1", allow_remote=False)
    for end in ("/chat/completions", "/chat/completions/"):
        with pytest.raises(ArgumentError, match="must end before /chat/completions"):
            require_address(f"http://[::1]:8000/v1{end}", allow_remote=False)


def test_a_request_is_frozen() -> None:
    one = chat_request(**GIVEN)
    assert isinstance(one, TeacherRequest)
    with pytest.raises(AttributeError):
        one.key = ""  # type: ignore[misc]


NOON, LATER = "Mon, 01 Jan 2024 12:00:00 GMT", "Mon, 01 Jan 2024 12:00:09 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None), ({"retry-after": "1.5"}, 1.5), ({"retry-after": "-3"}, 0.0),
        ({"retry-after": LATER, "date": NOON}, 9.0), ({"retry-after": NOON, "date": LATER}, 0.0),
        ({"retry-after": "soon"}, None), ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
    ],
)  # fmt: skip
def test_how_long_a_service_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds
