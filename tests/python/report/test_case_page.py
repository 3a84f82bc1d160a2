# SPDX-License-Identifier: Apache-2.0
"""The page of one eye: links that lead somewhere, planted text, equal bytes, refusals."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
import pytest

from gftcore import graph
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreWarning, ShapeError
from gftcore.report import CSP, case_page
from gftcore.report.digits import shown
from gftcore.report.pictures import MAX_SIDE_PX, grey_picture
from gftcore.report.sentences import NAMED
from gftcore.tabulation import RangeCell, ReferenceInfo
from report_cases import EVIL, NOTICE, Page, Text, small_eye

EYE = small_eye()


def changed(**values: Any) -> Any:
    return dataclasses.replace(EYE.table, **values)


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(EYE.page(home="index.html", model="A network.", meanings={"X": "y"}))


def test_every_link_leads_somewhere_and_ids_are_unique(page: Page) -> None:
    assert len(page.ids) == len(set(page.ids))
    inner = [link[1:] for link in page.links if link.startswith("#")]
    assert len(inner) > 30
    assert set(inner) <= set(page.ids)
    assert {link for link in page.links if not link.startswith("#")} == {"index.html"}
    named = [attrs["aria-labelledby"] for _, attrs in page.tags if "aria-labelledby" in attrs]
    assert named
    assert set(named) <= set(page.ids)


def test_a_broken_page_is_noticed() -> None:
    whole = EYE.page()
    for wrong in (whole.replace("</table>", "", 1), whole.replace("</li>", "</p>", 1)):
        with pytest.raises(AssertionError):
            Page(wrong)


def test_nothing_is_loaded_or_run(page: Page) -> None:
    bare = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", page.text)
    assert re.search(r"https?:|//[a-z]|url\(|@import|javascript", bare, re.IGNORECASE) is None
    assert not page.all("script")
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    policy = [one["content"] for one in page.all("meta") if one.get("http-equiv")]
    assert policy == [CSP] == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    # The policy holds for what comes after it.
    assert page.text.index("Content-Security-Policy") < page.text.index("<style>")
    sources = [one["src"] for one in page.all("img")] + [one["href"] for one in page.all("image")]
    assert len(sources) == 2
    assert all(source.startswith("data:image/png;base64,") for source in sources)


def planted() -> Any:
    """A table in which all that is text is hostile."""
    node = EYE.table.nodes[0]
    features = tuple(dataclasses.replace(one, name=EVIL, unit=EVIL) for one in node.features)
    return changed(
        image=dataclasses.replace(EYE.table.image, id=EVIL, layer=EVIL, eye=EVIL, sha256=EVIL),
        model=dataclasses.replace(EYE.table.model, sha256=EVIL, config_hash=EVIL),
        attribution=dataclasses.replace(
            EYE.table.attribution, method=EVIL, kind="margin", against=EVIL, baseline=EVIL, by=EVIL
        ),
        label=EVIL,
        prediction=EVIL,
        probabilities={EVIL: 1.0},
        target=EVIL,
        quadrants={EVIL: EYE.table.quadrants["TL"]},
        biomarkers={EVIL: 1.0},
        faz=EYE.table.faz and dataclasses.replace(EYE.table.faz, method=EVIL),
        warnings=(EVIL,),
        nodes=(
            dataclasses.replace(node, region=EVIL, zone=EVIL, features=features),
            *EYE.table.nodes[1:],
        ),
        edges=tuple(dataclasses.replace(e, region=EVIL, zone=EVIL) for e in EYE.table.edges),
        reference=ReferenceInfo(eyes=1, label=EVIL, data=EVIL),
        ranges={EVIL: RangeCell(low=0.0, high=1.0, band=EVIL)},
        gftcore=EVIL,
        simd_target=EVIL,
    )


def test_planted_text_stays_text() -> None:
    sentences = [Text(EVIL + one.text, one.evidence) for one in EYE.sentences]
    text = EYE.page(
        table=planted(),
        sentences=sentences,
        notice=NOTICE + EVIL,
        model=EVIL,
        meanings={EVIL: EVIL},
        home=EVIL,
    )
    page = Page(text)
    assert page.shown.count("document.title='HIT'") > 20
    assert not page.all("script")
    assert len(page.all("img")) == 1
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert len(page.all("title")) == len(Page(EYE.page()).all("title"))
    assert len(page.all("style")) == 1
    assert "HIT" not in re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]  # type: ignore[index]


def test_unescaped_it_would_not() -> None:
    assert Page("<p>" + EVIL.split("</svg>")[1] + "</p>").all("script")


def test_equal_input_gives_equal_bytes() -> None:
    again = small_eye.__wrapped__()
    assert again.page().encode() == EYE.page().encode()
    assert EYE.page(attribution=None) != EYE.page()


def test_the_title_names_nobody(page: Page) -> None:
    assert "<title>OCTA report 01234567</title>" in page.text
    bare = changed(image=dataclasses.replace(EYE.table.image, sha256="", id="Jane Roe"))
    assert "<title>OCTA report</title>" in EYE.page(table=bare)


def test_it_says_what_the_table_says(page: Page) -> None:
    table = EYE.table
    for words in (
        f"Research use only. {NOTICE}",
        "does not say where a disease is",
        "Image: an eye",
        "right eye (OD)",
        "A network.",
        "left is temporal, right is nasal",
        table.prediction,
        f"{100 * table.nodes[0].share:.1f}".removesuffix(".0") + " %",
        table.nodes[0].region,
        table.model.sha256,
        table.image.sha256,
        f"contribution to the logit of {table.target}",
    ):
        assert words in page.shown, words
    rows = [one["id"] for one in page.all("tr") if "id" in one]
    assert rows == [
        *(f"row-{node.type}-{node.id}" for node in table.nodes),
        *(f"row-{edge.relation}-{edge.id}" for edge in table.edges),
    ]
    errors = (table.attribution.error_nodes, table.attribution.error_edges)
    for name, error in zip(("nodes", "edges"), errors, strict=True):
        assert error is not None
        assert f"{name} 16 {shown(100 * error, 2)} %" in page.shown
    headers = page.all("th")
    assert headers
    assert all(one.get("scope") in ("col", "row") for one in headers)
    assert all(one.get("alt") for one in page.all("img"))


def test_sentences_light_up_their_structures(page: Page) -> None:
    style = re.search(r"<style>(.*?)</style>", page.text, re.DOTALL)[1]  # type: ignore[index]
    for number, one in enumerate(EYE.sentences, 1):
        lit = [
            attrs["class"].split()
            for tag, attrs in page.tags
            if tag == "path" and f"places-{number}" in attrs.get("class", "").split()
        ]
        wanted = {f"{kind}-{node}" for kind, node in one.evidence}
        assert len(lit) == len(wanted)
        assert all(any(name in classes for classes in lit) for name in wanted)
        assert (f"#places-{number}:target~svg .places-{number}" in style) == bool(wanted)
        assert all(f"#{name}:target~svg .{name}" in style for name in wanted)
    letters = re.findall(r'<text class="letter"[^>]*>(\w+)</text>', page.text)
    assert letters == ["A"]


def test_every_structure_can_be_pointed_at() -> None:
    titles = re.findall(r"<title>(.*?)</title>", EYE.page())[1:]
    for kind, count in (("vessel", EYE.graph.num_segments), ("area", EYE.graph.num_icas)):
        numbers = [int(re.findall(r"\d+", t)[0]) for t in titles if re.match(rf"{kind} \d+:", t)]
        assert sorted(numbers) == list(range(count))
    assert all("contribution" in title for title in titles)
    few = re.findall(r"<title>(.*?)</title>", EYE.page(attribution=None))[1:]
    assert sum("contribution" in t for t in few) == len(EYE.table.nodes) + len(EYE.table.edges)
    assert sum("rank" in t for t in few) == len(EYE.table.nodes) + len(EYE.table.edges)


def test_ranges_are_told_in_words() -> None:
    eyes = ReferenceInfo(eyes=522, label="Healthy", data="synthetic")
    cells = {
        "vessels": RangeCell(low=1.0, high=2.0, band="above"),
        "icas": RangeCell(low=1.0, high=2000.0, band="upper"),
    }
    text = Page(EYE.page(table=changed(reference=eyes, ranges=cells))).shown
    assert "522 synthetic eyes of class Healthy" in text
    assert "1 to 2 above" in text
    assert "1 to 2000 within" in text
    assert "No reference ranges are known" in Page(EYE.page()).shown


def test_without_image_attribution_and_text() -> None:
    page = Page(EYE.page(image=None, attribution=None, sentences=[], crops=0))
    assert "Mask of the vessels" in page.shown
    assert "No text was made" in page.shown
    assert "Only what is listed below is coloured" in page.shown
    assert set(link[1:] for link in page.links) <= set(page.ids)


def test_an_empty_eye_has_a_page() -> None:
    with pytest.warns(GftcoreWarning, match="FULL_MASK"):
        full = graph.extract(np.ones((20, 30), dtype=bool), keep=("vessel_label", "ica_label"))
    table = changed(
        image=dataclasses.replace(EYE.table.image, rows=20, cols=30),
        nodes=(),
        edges=(),
        faz=None,
        probabilities={},
    )
    page = Page(case_page(table, [], full))
    assert "None contributed." in page.shown
    assert "None was found." in page.shown


def test_what_does_not_fit_is_refused() -> None:
    bare = graph.extract_image(EYE.image)
    other = small_eye(2)
    node = dataclasses.replace(EYE.table.nodes[0], id=10**6)
    odd = dataclasses.replace(EYE.table.nodes[0], type="x")
    edge = dataclasses.replace(EYE.table.edges[0], src=10**6)
    cases: list[tuple[str, dict[str, Any]]] = [
        ("table must be of Table", {"table": {}}),
        ("graph must be of HeteroGraph", {"graph": 3}),
        ("attribution must be", {"attribution": EYE.table}),
        ("attribution must be of this graph", {"attribution": other.attribution}),
        ("graph holds no vessel_label", {"graph": bare}),
        ("table must be of this graph", {"table": changed(nodes=(node,))}),
        ("table must be of this graph", {"table": changed(nodes=(odd,))}),
        ("table must be of this graph", {"table": changed(edges=(edge,))}),
        ("sentences must be a sequence", {"sentences": "text"}),
        ("sentences must have a text", {"sentences": ["text"]}),
        ("evidence must be pairs", {"sentences": [Text("x", ("ab",))]}),  # type: ignore[arg-type]
        ("evidence must be in the graph", {"sentences": [Text("x", (("ica", 10**6),))]}),
        ("type of evidence must be one of", {"sentences": [Text("x", (("</a>", 1),))]}),
        ("edges of evidence must be in the table", {"sentences": [Text("x", (("vv", 10**6),))]}),
        ("evidence must be between", {"sentences": [Text("x", (("ica", -1),))]}),
        ("notice must say", {"notice": "Use it."}),
        ("notice must be text", {"notice": 3}),
        ("home must be a relative path", {"home": "/index.html"}),
        ("image must have", {"image": np.zeros((5, 5))}),
        ("crops must be between", {"crops": -1}),
    ]
    for words, changes in cases:
        with pytest.raises((ArgumentError, ArgumentTypeError, ShapeError), match=words):
            EYE.page(**changes)


def test_large_images_are_shown_reduced() -> None:
    rows, cols = MAX_SIDE_PX + 1, 700
    image = np.arange(rows * cols, dtype=np.float64).reshape(rows, cols)
    small = grey_picture(image, (rows, cols))
    assert small.shape == (-(-rows // 2), 350)
    # Means of 2 x 2 px grow from row to row, and the last odd row stands alone.
    assert (np.diff(small.astype(int), axis=0) >= 0).all()
    assert small[0, 0] == 0
    assert small[-1, -1] == 255


def test_sentences_name_only_some_of_many_structures() -> None:
    ranked = {row.id for row in EYE.table.nodes if row.type == "vessel"}
    others = [i for i in range(EYE.graph.num_segments) if i not in ranked]
    refs = tuple(("vessel", number) for number in others[: NAMED + 5])
    assert len(refs) == NAMED + 5
    page = case_page(EYE.table, [Text("Many vessels.", refs)], EYE.graph)
    places = page[page.index('<div class="places">') :]
    places = places[: places.index("</div>")]
    assert places.count("<a ") == NAMED
    assert "and 5 more" in places
    for kind, number in refs:  # but all of them light up
        assert f'id="{kind}-{number}"' in page
