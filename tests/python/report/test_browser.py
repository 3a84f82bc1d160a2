# SPDX-License-Identifier: Apache-2.0
"""Pages in a browser: nothing is loaded, run or cut off; links, keys, both schemes, print."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser import Browser, find_browser
from gftcore.report import IndexCase, case_page, index_page, write_page
from report_cases import EVIL, NOTICE, Text, small_eye

pytestmark = pytest.mark.browser
EYE = small_eye()
WIDTHS = (360, 768, 1280)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page, one with planted text, an index, and what each would be without protection."""
    out = tmp_path_factory.mktemp("pages")
    write_page(out / "case.html", EYE.page(home="index.html"))
    evil = [Text(EVIL + one.text, one.evidence) for one in EYE.sentences]
    write_page(
        out / "evil.html", EYE.page(sentences=evil, model=EVIL, notice=NOTICE + EVIL, home=EVIL)
    )
    shares = [(0.7, 0.2, 0.1), (0.2, 0.6, 0.2), (0.1, 0.1, 0.8)]
    rows = [
        IndexCase(
            href="case.html",
            name=f"eye {i}",
            eye="OS",
            prediction=("Healthy", "NPDR", "PDR")[i],
            probabilities=dict(zip(("Healthy", "NPDR", "PDR"), each, strict=True)),
        )
        for i, each in enumerate(shares)
    ]
    write_page(out / "index.html", index_page(rows, notice=NOTICE))
    write_page(out / "unescaped.html", f"<!DOCTYPE html><title>calm</title><p>{EVIL}")
    planted = EYE.page().replace("</main>", "<script>document.title='HIT'</script></main>")
    write_page(out / "planted.html", planted)
    return out


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = find_browser()
    assert program is not None
    with Browser(program, tmp_path_factory.mktemp("profile")) as one:
        one.size(1280, 900)
        yield one


@pytest.fixture(autouse=True)
def as_it_was(browser: Browser) -> None:
    browser.size(1280, 900)
    browser.media()


@pytest.mark.parametrize("name", ["case", "index", "evil"])
def test_a_page_is_silent_and_asks_for_nothing(browser: Browser, folder: Path, name: str) -> None:
    browser.open(folder / f"{name}.html")
    assert browser.complaints == []
    assert browser.requests == [(folder / f"{name}.html").as_uri()]
    assert re.match("OCTA report", browser.js("document.title"))
    assert browser.js("document.scripts.length") == 0
    assert NOTICE[:20] in browser.js("document.querySelector('.notice').innerText")


def test_pictures_are_decoded(browser: Browser, folder: Path) -> None:
    browser.open(folder / "case.html")
    sizes = browser.js("[...document.images].map(i => [i.complete, i.naturalWidth])")
    assert sizes == [[True, EYE.image.shape[1]]]
    pixel = browser.js("document.querySelector('svg image').decode().then(() => true)")
    assert pixel is True


def test_planted_text_does_nothing(browser: Browser, folder: Path) -> None:
    browser.open(folder / "evil.html")
    assert browser.js("document.title") == "OCTA report 01234567"
    assert browser.js("document.querySelectorAll('img').length") == 1
    # Without escaping it would run, and the policy alone would stop it and say so.
    browser.open(folder / "unescaped.html")
    assert browser.js("document.title") == "HIT"
    browser.open(folder / "planted.html")
    assert browser.js("document.title") == "OCTA report 01234567"
    assert browser.complaints


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["case", "index", "evil"])
def test_nothing_sticks_out(browser: Browser, folder: Path, name: str, width: int) -> None:
    browser.size(width, 800)
    browser.open(folder / f"{name}.html")
    assert browser.js("document.documentElement.scrollWidth") <= width


def visible(browser: Browser, selector: str) -> list[bool]:
    found: list[bool] = browser.js(
        f"[...document.querySelectorAll('{selector}')]"
        ".map(e => getComputedStyle(e).visibility == 'visible')"
    )
    return found


def test_a_sentence_lights_up_what_it_rests_on(browser: Browser, folder: Path) -> None:
    browser.size(1280, 900)
    browser.open(folder / "case.html")
    rings = visible(browser, ".ring")
    assert rings
    assert not any(rings)
    stroke = "getComputedStyle(document.querySelector('path.places-2')).strokeWidth"
    assert browser.js(stroke) == "1px"
    browser.js("document.querySelector('.said a[href=\"#places-2\"]').click()")
    assert browser.js("location.hash") == "#places-2"
    assert browser.js(stroke) == "3px"
    assert all(visible(browser, ".ring.places-2"))
    others = visible(browser, ".ring:not(.places-2)")
    assert not any(others)
    # The picture is in view.
    top, bottom = browser.js(
        "(b => [b.top, b.bottom])(document.querySelector('.overlay > svg').getBoundingClientRect())"
    )
    assert -5 <= top < bottom <= 905


def test_keys_reach_everything(browser: Browser, folder: Path) -> None:
    browser.open(folder / "case.html")
    browser.key("Tab")
    assert browser.js("document.activeElement.className") == "skip"
    box = browser.js("document.activeElement.getBoundingClientRect().left")
    assert box >= 0
    browser.key("Enter")
    assert browser.js("document.activeElement.id") == "main"
    wanted = browser.js("document.querySelectorAll('main a[href], main [tabindex=\"0\"]').length")
    seen = set()
    for _ in range(wanted):
        browser.key("Tab")
        seen.add(
            browser.js(
                "(e => e.getAttribute('href') + e.outerHTML.slice(0, 90))(document.activeElement)"
            )
        )
        width = browser.js(
            "(e => getComputedStyle(e.querySelector('.hit') || e)"
            "[e.querySelector('.hit') ? 'strokeWidth' : 'outlineWidth'])(document.activeElement)"
        )
        assert width == "3px"
    first = f"#row-{EYE.table.nodes[0].type}-{EYE.table.nodes[0].id}"
    assert any(one.startswith(first) for one in seen)
    assert any('class="scroll"' in one for one in seen)


def test_orders_change_by_key(browser: Browser, folder: Path) -> None:
    browser.open(folder / "index.html")
    shown = (
        "[...document.querySelectorAll('.list')].filter(e => e.offsetParent)"
        ".map(e => [...e.querySelectorAll('tbody a')].map(a => a.innerText).join())"
    )
    assert browser.js(shown) == ["eye 2,eye 1,eye 0"]
    browser.js("document.querySelector('input:checked').focus()")
    browser.key("ArrowRight")
    assert browser.js(shown) == ["eye 1,eye 0,eye 2"]


def contrast(browser: Browser, selector: str) -> float:
    """Ratio of lightness of text and of what is behind it, as WCAG 2 has it."""
    colours = browser.js(
        """(e => { const found = [getComputedStyle(e).color];
            while (e && !getComputedStyle(e).backgroundColor.startsWith('rgb('))
                e = e.parentElement;
            return [...found, getComputedStyle(e).backgroundColor]; })"""
        f"(document.querySelector('{selector}'))"
    )
    light = []
    for colour in colours:
        shares = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
        light.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
    return max(light) / min(light)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(browser: Browser, folder: Path, scheme: str) -> None:
    browser.media(scheme=scheme)
    browser.open(folder / "case.html")
    dark = browser.js("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 26)"
    assert dark == (scheme == "dark")
    for selector in ("p.soft", ".notice p", ".said a", ".places a", "figcaption", "th", "td", "dd"):
        assert contrast(browser, selector) >= 4.5, selector


def test_print(browser: Browser, folder: Path) -> None:
    browser.media("print", scheme="dark")
    browser.open(folder / "case.html")
    assert browser.js("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.js("getComputedStyle(document.querySelector('.skip')).display") == "none"
    assert browser.js("getComputedStyle(document.querySelector('.right')).position") == "static"
    browser.media()
    # A4 in inches.
    made: dict[str, Any] = browser.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)
    pdf = base64.b64decode(made["data"])
    assert pdf.startswith(b"%PDF")
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert 2 <= pages <= 6


def test_a_page_without_contributions_opens(browser: Browser, tmp_path: Path) -> None:
    page = case_page(EYE.table, EYE.sentences, EYE.graph)
    write_page(tmp_path / "bare.html", page)
    browser.open(tmp_path / "bare.html")
    assert browser.complaints == []
