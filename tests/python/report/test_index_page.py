# SPDX-License-Identifier: Apache-2.0
"""The index of many eyes: its orders, its links, planted text, refusals; writing pages."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.report import IndexCase, IndexFailure, index_page, page_name, write_page
from report_cases import EVIL, NOTICE, Page, small_eye

CLASSES = ("Healthy", "NPDR", "PDR")


def case(name: str, *shares: float, **more: Any) -> IndexCase:
    probabilities = dict(zip(CLASSES, shares, strict=True))
    prediction = max(probabilities, key=probabilities.__getitem__)
    given = {"href": f"{name}.html", "name": name, "eye": "OD", "prediction": prediction}
    return IndexCase(probabilities=probabilities, **(given | more))


CASES = [
    case("d", 0.8, 0.15, 0.05),
    case("b", 0.3, 0.3, 0.4),
    case("a", 0.1, 0.85, 0.05),
    case("c", 0.05, 0.05, 0.9),
]


def orders(text: str) -> dict[str, str]:
    """Words of each order to the names in it."""
    out = {}
    for table in re.findall(r"<table class=\"shares\">.*?</table>", text, re.DOTALL):
        words = re.search(r"Order: (.*?)</span>", table)
        assert words
        out[words[1]] = "".join(re.findall(r'<a href="(\w)\.html">\1</a>', table))
    return out


def test_orders() -> None:
    text = index_page(CASES, notice=NOTICE)
    assert orders(text) == {
        "highest probability of PDR": "cbad",
        "least sure first": "bdac",
        "highest probability of NPDR": "abdc",
        "highest probability of Healthy": "dbac",
        "answer, worst first": "bcad",
        "name": "abcd",
    }
    assert text == index_page(reversed(CASES), notice=NOTICE)


def test_one_order_is_chosen_by_radio_buttons() -> None:
    page = Page(index_page(CASES, notice=NOTICE))
    buttons = page.all("input")
    assert [one["type"] for one in buttons] == ["radio"] * 6
    assert ["checked" in one for one in buttons] == [True] + [False] * 5
    assert len({one["name"] for one in buttons}) == 1
    assert [one["for"] for one in page.all("label")] == [one["id"] for one in buttons]
    style = page.text.split("</style>")[0]
    for number in range(1, 7):
        assert f"#order-{number}:checked~#list-{number}{{display:block}}" in style
        assert f"list-{number}" in page.ids
    # Siblings, or the rules would not match.
    lists = re.findall(r'<div class="list" id="list-\d">', page.text)
    assert len(lists) == 6


def test_links_and_policy() -> None:
    page = Page(
        index_page(CASES, notice=NOTICE, failures=[IndexFailure(name="x", code="E", message="m")])
    )
    assert len(page.ids) == len(set(page.ids))
    for link in page.links:
        assert link[1:] in page.ids if link.startswith("#") else re.fullmatch(r"[abcd]\.html", link)
    assert re.search(r"https?:|url\(|@import", page.text) is None
    assert "default-src 'none'" in page.text
    assert NOTICE in page.shown
    assert "no triage" in page.shown


def test_planted_text_stays_text() -> None:
    evil = [
        case(
            EVIL, 0.1, 0.2, 0.7, href=EVIL, eye=EVIL, label=EVIL, warnings=(EVIL,), prediction=EVIL
        )
    ]
    failures = [IndexFailure(name=EVIL, code=EVIL, message=EVIL)]
    page = Page(index_page(evil, notice=NOTICE + EVIL, failures=failures, model=EVIL))
    assert not page.all("script")
    assert not page.all("img")
    assert page.shown.count("HIT") > 20
    (only,) = {link for link in page.links if not link.startswith("#")}
    assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", only)


def test_a_link_cannot_be_a_scheme() -> None:
    page = Page(index_page([case("a", 1, 0, 0, href="javascript:alert(1)")], notice=NOTICE))
    assert set(page.links) == {"#main", "javascript%3Aalert%281%29"}


def test_rows_of_tables() -> None:
    table = small_eye().table
    row = IndexCase.of(table, "folder/name with space.html")
    assert row.probabilities == table.probabilities
    page = Page(index_page([row], notice=NOTICE))
    assert "folder/name%20with%20space.html" in page.links
    assert "an eye" in page.shown


def test_no_eyes() -> None:
    assert "There are none." in Page(index_page([], notice=NOTICE)).shown


def test_names_of_pages_name_nobody() -> None:
    table = small_eye().table
    assert page_name(table) == "eye-0123456789ab.html"
    bare = dataclasses.replace(table.image, id="Jane Roe", sha256="")
    assert re.fullmatch(
        r"eye-[0-9a-f]{12}\.html", page_name(dataclasses.replace(table, image=bare))
    )


def test_refusals() -> None:
    other = IndexCase(href="a", name="a", eye="OD", prediction="x", probabilities={"x": 1.0})
    cases: list[tuple[str, Any]] = [
        ("cases must be of IndexCase", lambda: index_page([1], notice=NOTICE)),  # type: ignore[list-item]
        ("cases must be a sequence", lambda: index_page("ab", notice=NOTICE)),  # type: ignore[arg-type]
        ("cases must have the same classes", lambda: index_page([*CASES, other], notice=NOTICE)),
        ("failures must be of", lambda: index_page([], notice=NOTICE, failures=[1])),  # type: ignore[list-item]
        ("notice must say", lambda: index_page([], notice="")),
        ("href must be a relative path", lambda: case("a", 1, 0, 0, href="/a")),
        ("href must be a relative path", lambda: case("a", 1, 0, 0, href="")),
        ("href must be text", lambda: case("a", 1, 0, 0, href=Path("a"))),
        ("probabilities must map", lambda: dataclasses.replace(CASES[0], probabilities={})),
    ]
    for words, call in cases:
        with pytest.raises((ArgumentError, ArgumentTypeError), match=words):
            call()


def test_pages_are_written_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.html"
    write_page(target, "é\n\ud800")
    assert target.read_bytes() == "é\n?".encode()
    assert [path.name for path in target.parent.iterdir()] == ["a.html"]
    with pytest.raises(ArgumentError, match="path must end with"):
        write_page(tmp_path / "a.txt", "x")
    with pytest.raises(ArgumentTypeError, match="page must be text"):
        write_page(target, b"x")  # type: ignore[arg-type]
