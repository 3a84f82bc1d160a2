# SPDX-License-Identifier: Apache-2.0
"""The quality sheet: its numbers are the figures', planted text stays text, nothing is loaded."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser import Browser, find_browser
from gftcore.datasets import SYNTHETIC_NOTICE
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.instructions import InstructionSet, quality_figures, quality_sheet
from gftcore.report import CSP, write_page
from gftcore.report.digits import percent
from instruction_cases import as_set, said
from report_cases import EVIL
from taught_eyes import taught

MADE = taught(24)
DROPPED = [
    {"stage": 2, "slot": "faz.1", "code": "BANNED_WORD", "reason": "node"},
    {"stage": 2, "slot": "faz.2", "code": "BANNED_WORD", "reason": "edge"},
    {"stage": 1, "slot": "stage", "code": "OTHER_STAGE", "reason": "PDR"},
]


def figures(data: str = "synthetic", **more: Any) -> dict[str, Any]:
    options = {"truth": MADE.truth, "dropped": DROPPED, "before": MADE.rows, **more}
    return quality_figures(as_set(MADE.rows[3:], data), MADE.facts, **options)


def test_the_page_says_what_the_figures_say() -> None:
    made = figures()
    page = quality_sheet(made)
    text = " ".join(re.sub("<[^>]+>", " ", page).split())
    counts = made["counts"]
    assert f"{counts['instructions']} instructions about 24 images of 12 subjects" in text
    for both in made["claims"].values():
        for part in (both["before"], both["after"]):
            for group in (*part["by_group"].values(), part["all"]):
                assert f" {group['claims']} " in text
    assert "BANNED_WORD 2 66.7 %" in text
    assert "OTHER_STAGE 1 33.3 %" in text
    assert f"3 of {counts['instructions'] + 3} pairs" in text
    for name, one in made["coverage"]["findings"].items():
        assert f"{name} {one['asserted']} {one['denied']}" in text
    for cell in made["coverage"]["cells"]:
        place = "foveal zone" if cell["clock_hour"] is None else f"{cell['clock_hour']} o&#39;clock"
        assert f"{place}" in page
    assert page.count("<path ") == 50
    assert made["wording"]["all"]["most_frequent"]["text"] in text


def test_it_warns_and_loads_nothing() -> None:
    page = quality_sheet(figures())
    assert "Research use only. Not a medical device" in page
    assert SYNTHETIC_NOTICE in page
    assert SYNTHETIC_NOTICE not in quality_sheet(figures("unknown"))
    assert f'content="{CSP}"' in page
    for word in ("<script", "http:", "https:", "url(", "@import", "<iframe", "onload"):
        assert word not in page


def test_equal_figures_give_equal_bytes() -> None:
    page = quality_sheet(figures())
    assert quality_sheet(figures()) == page
    assert quality_sheet(json.loads(json.dumps(figures()))) == page


def test_parts_that_are_not_there() -> None:
    page = quality_sheet(figures(truth=None, dropped=(), before=None))
    assert "Before filtering" not in page
    assert "lesions that are there" not in page
    assert "<p>Nothing.</p>" in page
    empty = quality_sheet(quality_figures(InstructionSet(records=()), {}))
    assert "0 instructions about 0 images" in empty
    assert "<svg" not in empty
    assert "Lesions that are told" in quality_sheet(figures())
    assert "Lesions that are told" not in page


def test_one_is_singular() -> None:
    rows = [row for row in MADE.rows if row.image_id == MADE.rows[0].image_id][:1]
    page = quality_sheet(quality_figures(as_set(rows), MADE.facts))
    assert "1 instruction about 1 image of 1 subject<" in page
    assert "1 answer about 1 image." in page


def test_recall_silence_and_labels_stand_in_the_page() -> None:
    made = figures(dropped=[{**one, "label": "NPDR"} for one in DROPPED])
    text = " ".join(re.sub("<[^>]+>", " ", quality_sheet(made)).split())
    for lesion in made["recall"]["NPDR"]["lesions"]:
        shown = (made["recall"][label]["lesions"][lesion] for label in made["recall"])
        row = " ".join(f"{o['told']} of {o['eyes']} {percent(o['share'])}" for o in shown)
        assert f"{lesion} {row}" in text
    row = " ".join(
        f"{o['nothing']} of {o['eyes']} {percent(o['nothing_share'])}"
        for o in made["recall"].values()
    )
    assert f"eyes whose rows show nothing {row}" in text
    silent = [made["claims"]["findings"][key]["all"] for key in ("after", "before")]
    row = " ".join(
        f"{percent(o['silent_share'])} {o['claims']} {percent(o['supported_share'])}"
        f" {percent(o['unsupported_share'])} {percent(o['contradicted_share'])}"
        for o in silent
    )
    assert f" all {row} " in text
    assert f"NPDR 3 {made['counts']['by_label']['NPDR']}" in text
    assert re.search(r"stage 1 \d+ \S+( %)? n/a n/a", text)


def test_planted_text_stays_text() -> None:
    rows = [
        dataclasses.replace(row, messages=said(EVIL, EVIL + row.answer), teacher="<b>x</b>")
        for row in MADE.rows
    ]
    dropped = [{"stage": 2, "slot": EVIL, "code": EVIL, "reason": EVIL}]
    page = quality_sheet(quality_figures(as_set(rows), MADE.facts, dropped=dropped))
    assert EVIL not in page
    assert "<b>x" not in page
    assert "&lt;b&gt;x" in page


@pytest.mark.parametrize("schema", [None, "gftcore-quality/2", "gftcore-index/1"])
def test_other_figures_are_refused(schema: str | None) -> None:
    with pytest.raises(ArgumentError, match="gftcore-quality/1"):
        quality_sheet({**figures(), "schema": schema})
    with pytest.raises(ArgumentTypeError):
        quality_sheet([])  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = find_browser()
    assert program is not None
    with Browser(program, tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.mark.browser
def test_in_a_browser(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "quality.html"
    write_page(path, quality_sheet(figures()))
    for width in (360, 768, 1280):
        browser.size(width, 800)
        browser.open(path)
        assert browser.complaints == []
        assert browser.requests == [path.as_uri()]
        assert browser.js("document.documentElement.scrollWidth") <= width
        # Bars are whole, in the page and in their cells: one that is cut off would mislead.
        cut = browser.js(
            "[...document.querySelectorAll('.stack')].filter(e => "
            "e.getBoundingClientRect().right > e.closest('.scroll').getBoundingClientRect().right)"
            ".length"
        )
        assert cut == 0
    # The result stands in the last columns: nothing is hidden behind a scroll bar.
    browser.size(1100, 800)
    browser.open(path)
    hidden = browser.js(
        "[...document.querySelectorAll('.scroll')]"
        ".filter(e => e.scrollWidth > e.clientWidth).length"
    )
    assert hidden == 0
    shares = browser.js(
        "[...document.querySelectorAll('.stack')].map(e => [...e.children]"
        ".reduce((sum, c) => sum + c.getBoundingClientRect().width, 0) / e.clientWidth)"
    )
    assert shares
    assert all(abs(one - 1) < 0.02 for one in shares)
    browser.size(688, 900)  # a sheet of A4 without its margins
    browser.media(name="print")
    browser.open(path)
    rights = browser.js(
        "[...document.querySelectorAll('table')].map(e => e.getBoundingClientRect().right)"
    )
    assert max(rights) <= 690
    browser.media()
