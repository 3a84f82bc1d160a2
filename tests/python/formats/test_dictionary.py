# SPDX-License-Identifier: Apache-2.0
"""The data dictionary names every column there is, and the committed page is what it says."""

from __future__ import annotations

import csv
from pathlib import Path

from checkout import ROOT
from format_cases import crossed
from gftcore import formats
from gftcore.biomarkers import BIOMARKER_FIELDS
from gftcore.formats.tables import IMAGE_COLUMNS
from gftcore.formats.voreen_dictionary import VOREEN_FIELDS, write_voreen_dictionary
from gftcore.graph.columns import ICA_COLUMNS, VESSEL_COLUMNS
from gftcore.graph.hetero_graph import NODE_TYPES

PAGE = ROOT / "docs" / "reference" / "data-dictionary.md"


def test_the_committed_page_is_up_to_date() -> None:
    again = (
        "python -c 'from gftcore import biomarkers, formats; print(formats.dictionary_markdown("
        f'more=biomarkers.BIOMARKER_FIELDS), end="")\' > {PAGE.relative_to(ROOT)}'
    )
    assert PAGE.read_text("utf-8") == formats.dictionary_markdown(more=BIOMARKER_FIELDS), again


def test_every_feature_has_its_columns() -> None:
    fields = {field.name: field for field in formats.data_dictionary()["nodes"]}
    for table, of in ((VESSEL_COLUMNS, {"vessel"}), (ICA_COLUMNS, {"ica", "faz"})):
        for info in table.values():
            field = fields[info.exported]
            assert of <= set(field.applies_to)
            assert info.meaning in field.meaning or info.exported in ("row", "col")
            if info.exported_mm is not None:
                metric = fields[info.exported_mm]
                assert (field.unit, metric.unit) in (("px", "mm"), ("px^2", "mm^2"))


def test_columns_are_named_once_and_explained() -> None:
    assert list(formats.data_dictionary()) == ["images", "junctions", "nodes", "edges"]
    for table, fields in formats.data_dictionary().items():
        names = [field.name for field in fields]
        assert len(set(names)) == len(names)
        for field in fields:
            assert field.table == table
            assert field.meaning
            assert set(field.applies_to) <= set(NODE_TYPES)
            assert bool(field.applies_to) == (table == "nodes")
            assert set(field.forms) <= {"csv", "parquet"}
            assert "parquet" in field.forms
            # A unit in a name is the unit of the column.
            for suffix, unit in (("_px", "px"), ("_mm", "mm"), ("_px2", "px^2"), ("_mm2", "mm^2")):
                if field.name.endswith(suffix) and not field.name.endswith("per_px"):
                    assert field.unit == unit, field


def test_the_csv_form_has_the_columns_it_should(tmp_path: Path) -> None:
    files = formats.write_tables(crossed(), tmp_path / "x")
    for path in files:
        table = path.name.split(".")[1]
        with path.open(newline="") as stream:
            head = next(csv.reader(stream))
        fields = [field for field in formats.data_dictionary()[table] if "csv" in field.forms]
        known = [field.name for field in fields]
        # A graph has some of the features, in the order of the dictionary.
        assert head == [name for name in known if name in head]
        missing = {field.name for field in fields if not field.feature} - set(head)
        assert not missing
    assert IMAGE_COLUMNS[:3] == ("image_id", "relpath", "sha256")


def test_the_dictionary_as_csv(tmp_path: Path) -> None:
    formats.write_dictionary(tmp_path / "columns.csv")
    with (tmp_path / "columns.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    found = [(row["table"], row["column"]) for row in rows]
    every = formats.data_dictionary().values()
    assert found == [(field.table, field.name) for fields in every for field in fields]
    (row,) = (row for row in rows if row["column"] == "centroid_row_px")
    assert row == {
        "table": "nodes",
        "column": "centroid_row_px",
        "type": "float64",
        "unit": "px",
        "applies_to": "ica faz",
        "forms": "csv parquet",
        "feature": "centroid-0",
        "meaning": "row of the centroid",
    }


def test_the_dictionary_of_voreens_tables_has_their_columns(tmp_path: Path) -> None:
    for path in formats.write_voreen_csv(crossed(), tmp_path / "a"):
        header = path.read_text().splitlines()[0].split(";")
        fields = [one for one in VOREEN_FIELDS if path.name == f"a_{one.table}.csv"]
        assert [one.name for one in fields] == header
        assert all(one.meaning for one in fields)
    units = {one.name: one.unit for one in VOREEN_FIELDS if one.table == "edges"}
    assert (units["length"], units["volume"], units["curveness"]) == ("px", "px^2", "ratio")
    write_voreen_dictionary(tmp_path / "columns.csv")
    with (tmp_path / "columns.csv").open(newline="") as stream:
        rows = [(row["table"], row["column"]) for row in csv.DictReader(stream)]
    assert rows == [(one.table, one.name) for one in VOREEN_FIELDS]
