# SPDX-License-Identifier: Apache-2.0
"""Tables as Markdown and as CSV, flat and with the four blocks of older programs."""

from __future__ import annotations

import csv
import dataclasses
import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError, MissingFileError
from gftcore.tabulation import (
    LegacyCase,
    legacy_case,
    read_legacy_csv,
    rounded,
    table_markdown,
    write_legacy_csv,
    write_table_csv,
    write_table_markdown,
)
from gftcore.tabulation.render import _escaped
from tabled import eye_graph, full_table, table_of, without_faz

OTHER = """id,True Class,Predicted Class,Healthy Probability,NPDR Probability,PDR Probability
0001.png,NPDR,PDR,0.1,0.2,0.7

Density Statistics:
Node Density (TL),Node Density (TR),Node Density (BL),Node Density (BR),Edge Density (TL),\
Edge Density (TR),Edge Density (BL),Edge Density (BR)
0.25,0.25,0.3,0.2,0.1,0.2,0.3,0.4

Top Nodes:
type,importance,x_percent,y_percent,length,comment
vessel,1.5,10,90.5,31,7

Top Edges:
x_percent,y_percent
"""


def test_markdown_says_everything(tmp_path: Path) -> None:
    table = full_table(label="NPDR", layer="SVC")
    text = table_markdown(table)
    write_table_markdown(tmp_path / "t.md", table)
    assert (tmp_path / "t.md").read_text("utf-8") == text == table_markdown(rounded(table))
    assert text.startswith("# a\n\n- right eye (OD)")
    for words in (
        "true class: NPDR", f"answer: {table.prediction}", "Not for clinical use.",
        "It does not say where a disease is", table.model.sha256,
        "Ranges hold the middle 95 % of 3 Healthy eyes that the network learned from.",
        "They are synthetic eyes", "integrated gradients, secant, 16 steps, error ",
    ):  # fmt: skip
        assert words in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == 2 * 5 + 3 + 4 + len(table.biomarkers) + 40
    for node in table.nodes:
        cells = [f"{node.rank}", node.type, f"{node.id}", f"{node.contribution:+.4f}"]
        start = f"| {' | '.join(cells)} |"
        (row,) = (line for line in rows if line.startswith(start))
        assert f"| {node.region} | {node.clock_hour or '-'} | {node.zone} |" in row
        assert row.count(";") == len(node.features) - 1
    assert " (above: " in text


def test_markdown_of_a_bare_table() -> None:
    graph = without_faz(eye_graph())
    bare = dataclasses.replace(
        table_of(), nodes=(), edges=(), faz=None, warnings=("CENTRE_OF_IMAGE", "SIZE_UNSEEN"),
        attribution=dataclasses.replace(table_of().attribution, n_edges=0, error_nodes=None),
    )  # fmt: skip
    text = table_markdown(bare)
    assert graph.faz_x.shape[0] == 0
    assert "warning: CENTRE_OF_IMAGE: no foveal avascular zone was found" in text
    assert "warning: SIZE_UNSEEN\n" in text
    assert "Ranges hold" not in text
    assert "\n\nNone.\n\n" in text
    assert "Not computed.\n\nNone." in text
    assert "error not estimated" in text
    unknown = table_markdown(
        dataclasses.replace(
            full_table(), reference=dataclasses.replace(full_table().reference, data="unknown")
        )
    )
    assert "Nobody recorded where those eyes come from." in unknown


def test_a_name_cannot_break_out_of_markdown() -> None:
    evil = "x | y <script>alert(1)</script>\n# head *b* [a](b) `c` _d_ &amp;"
    text = table_markdown(table_of(image_id=evil, notice=evil))
    assert "<script>" not in text
    assert "\n# head" not in text
    assert r"x \| y &lt;script&gt;" in text.splitlines()[0]
    assert _escaped("equivalent_diameter_area") == "equivalent_diameter_area"
    assert _escaped("_a_") == r"\_a\_"


def test_one_row_per_node_and_edge(tmp_path: Path) -> None:
    tables = [full_table(label="PDR"), table_of(image_id="b")]
    path = tmp_path / "t.csv"
    write_table_csv(path, tables)
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == sum(len(t.nodes) + len(t.edges) for t in tables)
    assert [row["image_id"] for row in rows] == ["a"] * 40 + ["b"] * 40
    for table, part in zip(tables, (rows[:40], rows[40:]), strict=True):
        for row, one in zip(part, (*table.nodes, *table.edges), strict=True):
            assert (row["part"], int(row["rank"]), int(row["id"])) == (
                "edge" if one in table.edges else "node", one.rank, one.id,
            )  # fmt: skip
            assert float(row["contribution"]) == one.contribution
            assert row["region"] == one.region
            assert row["clock_hour"] == ("" if one.clock_hour is None else str(one.clock_hour))
        for row, node in zip(part, table.nodes, strict=False):
            assert (row["src"], row["dst"]) == ("", "")
            for i, cell in enumerate(node.features, 1):
                assert row[f"feature_{i}_name"] == cell.name
                value = row[f"feature_{i}_value"]
                assert (float(value) if value else None) == cell.value
                low = row[f"feature_{i}_low"]
                assert (float(low) if low else None) == (cell.reference and cell.reference.low)
    write_table_csv(tmp_path / "one.csv", tables[0])
    assert (tmp_path / "one.csv").read_text().splitlines() == path.read_text().splitlines()[:41]


def test_the_older_csv_is_read_back_equal(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    for table in (full_table(label="NPDR"), table_of(), full_table(2)):
        case = legacy_case(table)
        write_legacy_csv(path, table)
        assert read_legacy_csv(path) == case
        first = path.read_bytes()
        write_legacy_csv(path, read_legacy_csv(path))
        assert path.read_bytes() == first
        blocks = path.read_text().split("\n\n")
        assert [block.splitlines()[0] for block in blocks[1:]] == [
            "Density Statistics:", "Top Nodes:", "Top Edges:",
        ]  # fmt: skip
        head = blocks[0].splitlines()[0].split(",")
        assert head[1:] == [
            "True Class", "Predicted Class", "Healthy Probability", "NPDR Probability",
            "PDR Probability",
        ]  # fmt: skip
    assert (case.image, case.true_class) == ("a", "")
    assert case.densities["Node Density (TL)"] == table.vector8[0]
    assert case.densities["Edge Density (BR)"] == table.vector8[7]
    node = table.nodes[0]
    assert case.nodes[0]["x_percent"] == node.x_percent
    for cell in node.features:
        assert case.nodes[0][cell.name] == cell.value
    missing = set(case.nodes[0]) - {cell.name for cell in node.features}
    assert all(case.nodes[0][name] is None for name in missing - {
        "rank", "type", "id", "contribution", "x_percent", "y_percent"
    })  # fmt: skip


def test_a_file_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    for content in (
        OTHER.encode(),
        b"\xef\xbb\xbf" + OTHER.replace("id,True", '"id",True').replace("\n", "\r\n").encode(),
        OTHER.replace("\n\n", "\n,,,,,\n , \n").encode(),
    ):
        path.write_bytes(content)
        case = read_legacy_csv(path)
        assert (case.image, case.true_class, case.predicted_class) == ("0001.png", "NPDR", "PDR")
        assert case.probabilities == {"Healthy": 0.1, "NPDR": 0.2, "PDR": 0.7}
        assert case.densities["Edge Density (BL)"] == 0.3
        assert case.edges == ()
        assert case.nodes == (
            {"type": "vessel", "importance": 1.5, "x_percent": 10, "y_percent": 90.5,
             "length": 31, "comment": 7},
        )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (OTHER, "", "is empty"),
        ("True Class", "Truth", r"line 1: column 2 must be 'True Class', got 'Truth'"),
        ("Predicted Class", "Class", "must have 'Predicted Class'"),
        ("0.1,0.2,0.7", "0.1,0.2", "line 2: must have 6 cells, got 5"),
        ("0.1,0.2,0.7", "0.1,0.2,", "line 2: PDR Probability must be a number, got ''"),
        ("0.1,0.2,0.7", "0.1,0.2,inf", "line 2: PDR Probability must be a number"),
        ("Density Statistics:", "Densities:", "line 4: a block must begin with"),
        ("Top Edges:\nx_percent,y_percent\n", "", "lacks the block Top Edges:"),
        ("Top Edges:", "Top Nodes:", "Top Nodes: is there twice"),
        ("Node Density (TL)", "Node Density", r"Density Statistics: lacks Node Density \(TL\)"),
        ("10,90.5", "10,190.5", "line 10: y_percent must be 0 to 100, got 190.5"),
        ("10,90.5", "left,90.5", "line 10: x_percent must be a number, got 'left'"),
        (",x_percent,y_percent,length", ",x,y_percent,length", "Top Nodes: lacks x_percent"),
        ("type,importance", "length,importance", "line 9: columns must have different names"),
        ("vessel,1.5", '"vessel,1.5', "is no CSV"),
    ],
)
def test_damaged_older_files(old: str, new: str, words: str, tmp_path: Path) -> None:
    assert OTHER.count(old) >= 1
    path = tmp_path / "l.csv"
    path.write_text(OTHER.replace(old, new))
    with pytest.raises(FormatError, match=words) as caught:
        read_legacy_csv(path)
    assert str(path) in str(caught.value)


def test_what_the_older_csv_cannot_say(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    with pytest.raises(ArgumentError, match="vector8_mode 'fraction'"):
        write_legacy_csv(path, table_of(vector8_mode="count"))
    case = legacy_case(table_of())
    with pytest.raises(ArgumentError, match="same columns"):
        write_legacy_csv(path, dataclasses.replace(case, nodes=({"a": 1.0}, {"b": 1.0})))
    with pytest.raises(ArgumentError, match="finite numbers"):
        write_legacy_csv(path, dataclasses.replace(case, probabilities={"a": math.inf}))
    for call in (lambda: write_legacy_csv(path, "x"), lambda: legacy_case("x")):  # type: ignore[arg-type]
        with pytest.raises(ArgumentTypeError):
            call()
    with pytest.raises(ArgumentTypeError, match="table must be a Table"):
        table_markdown(1)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="table must be a Table"):
        write_table_csv(path, [1])  # type: ignore[list-item]
    assert not path.exists()
    with pytest.raises(MissingFileError):
        read_legacy_csv(path)
    path.write_bytes(b"\xff")
    with pytest.raises(FormatError, match="no UTF-8"):
        read_legacy_csv(path)


words = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=8
).map(lambda text: " ".join(text.split()))
numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(
    image=words,
    true=words,
    predicted=words.filter(bool),
    probabilities=st.lists(st.floats(0, 1), min_size=8, max_size=8),
    cells=st.lists(st.tuples(words, numbers | st.none(), st.floats(0, 100)), max_size=4),
)
def test_any_case_survives_writing_and_reading(
    image: str,
    true: str,
    predicted: str,
    probabilities: list[float],
    cells: list[tuple[str, float | None, float]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    names = [f"{k} Density ({q})" for k in ("Node", "Edge") for q in ("TL", "TR", "BL", "BR")]
    case = LegacyCase(
        image=image, true_class=true, predicted_class=predicted,
        probabilities={"A": probabilities[0]},
        densities=dict(zip(names, probabilities, strict=True)),
        nodes=tuple(
            {"type": word, "length": number, "x_percent": place, "y_percent": place}
            for word, number, place in cells
        ),
        edges=(),
    )  # fmt: skip
    path = tmp_path_factory.getbasetemp() / "any.csv"
    write_legacy_csv(path, case)
    assert read_legacy_csv(path) == case
    assert not re.search(r"\n\n\n", path.read_text("utf-8"))
