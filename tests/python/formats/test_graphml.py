# SPDX-License-Identifier: Apache-2.0
"""GraphML keeps every bit, is opened by NetworkX alone, and hostile files are refused unread."""

from __future__ import annotations

import gzip
import math
import time
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given

import exchange_cases
from exchange_cases import assert_same, extracted
from gftcore import formats, graph
from gftcore.errors import ArgumentError, ArgumentTypeError, FormatError, MissingFileError
from gftcore.formats import graphml

nx = pytest.importorskip("networkx", reason="needs networkx")
SPECIAL = exchange_cases.special_graphs()
CROSS = np.zeros((24, 24), dtype=bool)
CROSS[11:14] = CROSS[:, 11:14] = True

FOREIGN = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:y="http://www.yworks.com/xml/graphml">
  <key id="d0" for="node" yfiles.type="nodegraphics"/>
  <key id="d1" for="edge" attr.name="weight" attr.type="double"><default>1.5</default></key>
  <key id="d2" for="node" attr.name="seen" attr.type="boolean"><default>true</default></key>
  <key id="d3" for="port" yfiles.type="portgraphics"/>
  <graph edgedefault="directed" id="G">
    <node id="n0"><data key="d0"><y:ShapeNode><y:NodeLabel>left</y:NodeLabel></y:ShapeNode></data>
      <port name="top"/></node>
    <node id="007"/>
    <edge id="e0" source="n0" target="007"/>
    <edge id="e0b" source="007" target="n0"><data key="d1">NaN</data></edge>
    <edge source="n0" target="n0"><data key="d1">-INF</data></edge>
  </graph>
</graphml>
"""


def assert_equal_nets(found: object, wanted: object) -> None:
    assert found.graph == wanted.graph
    assert list(found) == list(wanted)
    for node, data in wanted.nodes(data=True):
        assert found.nodes[node] == data
    assert list(found.edges(keys=True)) == list(wanted.edges(keys=True))
    for edge in wanted.edges(keys=True):
        here, there = found.edges[edge], wanted.edges[edge]
        assert list(here) == list(there)
        for name, value in there.items():
            np.testing.assert_array_equal(here[name], value, err_msg=name)
            assert type(here[name]) is type(value)


def through(item: object, folder: Path) -> object:
    path = folder / "a.graphml"
    formats.write_graphml(item, path)
    return formats.read_graphml(path)


def test_the_file_in_full(tmp_path: Path) -> None:
    item = formats.from_polylines(
        [[0, 0.1], [0, 4]], [[1, 0]], [[[0, 3], [0, 1]]], radius_px=[[math.inf, math.nan]]
    )
    formats.write_graphml(item, tmp_path / "a.graphml")
    assert (tmp_path / "a.graphml").read_text() == (
        """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="d0" for="node" attr.name="row" attr.type="double"/>
  <key id="d1" for="node" attr.name="col" attr.type="double"/>
  <key id="d2" for="edge" attr.name="points" attr.type="string"/>
  <key id="d3" for="edge" attr.name="radius_px" attr.type="string"/>
  <key id="d4" for="edge" attr.name="start_row" attr.type="double"/>
  <key id="d5" for="edge" attr.name="start_col" attr.type="double"/>
  <graph edgedefault="undirected">
    <node id="0">
      <data key="d0">0.0</data>
      <data key="d1">0.1</data>
    </node>
    <node id="1">
      <data key="d0">0.0</data>
      <data key="d1">4.0</data>
    </node>
    <edge id="0" source="0" target="1">
      <data key="d2">0.0,3.0;0.0,1.0</data>
      <data key="d3">Infinity;NaN</data>
      <data key="d4">0.0</data>
      <data key="d5">4.0</data>
    </edge>
  </graph>
</graphml>
"""
    )
    assert_same(formats.from_networkx(formats.read_graphml(tmp_path / "a.graphml")), item)


@given(item=exchange_cases.hetero_graphs())
def test_everything_of_the_vessels_comes_back(
    tmp_path_factory: pytest.TempPathFactory, item: graph.HeteroGraph
) -> None:
    folder = tmp_path_factory.mktemp("g")
    found = through(item, folder)
    wanted = item.to_networkx()
    for *_, data in wanted.edges(data=True):  # arrays of a file are float64
        data |= {name: data[name].astype(np.float64) for name in ("points", "radius_px")}
    assert_equal_nets(found, wanted)
    assert_same(formats.from_networkx(found), formats.from_hetero(item))
    formats.write_graphml(found, folder / "b.graphml")
    assert (folder / "a.graphml").read_bytes() == (folder / "b.graphml").read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == ["a.graphml", "b.graphml"]


@given(item=exchange_cases.spatial_graphs())
def test_any_graph_comes_back(
    tmp_path_factory: pytest.TempPathFactory, item: formats.SpatialGraph
) -> None:
    assert_same(formats.from_networkx(through(item, tmp_path_factory.mktemp("g"))), item)


@pytest.mark.parametrize("name", SPECIAL)
def test_special_graphs_come_back(tmp_path: Path, name: str) -> None:
    assert_same(formats.from_networkx(through(SPECIAL[name], tmp_path)), SPECIAL[name])


def test_an_export_through_a_simple_graph_loses_parallel_vessels(tmp_path: Path) -> None:
    item = SPECIAL["parallel"]
    net = nx.Graph(item.to_networkx())
    with pytest.raises(AssertionError):
        assert_same(formats.from_networkx(through(net, tmp_path)), item)


def test_digits_that_are_cut_are_noticed(tmp_path: Path) -> None:
    item = formats.from_polylines([[0, 1 / 3]], [[0, 0]], [[[1 / 7, 1]]])
    path = tmp_path / "a.graphml"
    formats.write_graphml(item, path)
    path.write_text(path.read_text().replace(repr(1 / 7), f"{1 / 7:.6g}"))
    with pytest.raises(AssertionError):
        assert_same(formats.from_networkx(formats.read_graphml(path)), item)


def test_networkx_alone_opens_it(tmp_path: Path) -> None:
    item = extracted(CROSS)
    formats.write_graphml(item, tmp_path / "a.graphml")
    net = nx.read_graphml(tmp_path / "a.graphml", node_type=int, force_multigraph=True)
    assert list(net) == list(range(item.num_nodes))
    assert net.graph["config_hash"] == item.meta.config_hash
    assert (net.graph["rows"], net.graph["fov_mm"]) == (24, item.meta.fov_mm)
    for first, last, segment, data in net.edges(keys=True, data=True):
        assert {first, last} == set(item.segment_nodes[segment].tolist())
        assert data["length"] == item.vessel("length")[segment]
        part = slice(*item.point_ptr[segment : segment + 2])
        pairs = [tuple(map(float, pair.split(","))) for pair in data["points"].split(";")]
        assert np.array_equal(np.array(pairs, dtype=np.float32), item.point_rowcol[part])


def test_keys_say_unit_and_meaning(tmp_path: Path) -> None:
    item = extracted(CROSS)
    told = []
    for kind in ("vessels", "contacts"):
        path = tmp_path / f"{kind}.graphml"
        formats.write_graphml(item.to_networkx(kind=kind), path)
        tree = ElementTree.parse(path).getroot()
        keys = tree.findall("{*}key")
        assert all(len(key) == 1 and key[0].tag.endswith("}desc") for key in keys), kind
        told.append({(key.get("for"), key.get("attr.name")): key[0].text for key in keys})
    vessels, contacts = told
    assert vessels["edge", "length"] == "length of the smoothed centreline [px]"
    assert vessels["edge", "volume"] == "mask pixels nearest to this segment [px^2]"
    assert vessels["node", "radius_px"] == "radius of the vessel at the node [px]"
    assert vessels["graph", "fov_mm"] == "length of the longer side [mm]"
    assert contacts["node", "area"] == "number of pixels [px^2]"
    assert contacts["node", "hetero_degree"] == (
        "vessel: areas touched, the FAZ counted; ica, faz: segments touched [count]"
    )
    foreign = nx.MultiGraph()
    foreign.add_node(0, row=1.0, col=2.0)
    formats.write_graphml(foreign, tmp_path / "foreign.graphml")
    assert "<desc>" not in (tmp_path / "foreign.graphml").read_text()


def test_what_networkx_writes_is_read(tmp_path: Path) -> None:
    net = nx.MultiGraph(name="n")
    net.add_node("a", row=math.nan, col=math.inf, big=2**60, flag=True)
    net.add_edge("a", "b", key="k", weight=-math.inf)
    nx.write_graphml_xml(net, tmp_path / "a.graphml")
    found = formats.read_graphml(tmp_path / "a.graphml")
    assert math.isnan(found.nodes["a"].pop("row"))
    assert found.nodes["a"] == {"col": math.inf, "big": 2**60, "flag": True}
    assert found.edges["a", "b", "k"]["weight"] == -math.inf


def test_foreign_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "yed.graphml"
    path.write_bytes(b"\xef\xbb\xbf" + FOREIGN.encode())
    net = formats.read_graphml(path)
    assert type(net) is nx.MultiGraph
    assert dict(net.nodes(data=True)) == {
        "n0": {"seen": True, "label": "left"}, "007": {"seen": True},
    }  # fmt: skip
    weights = {key: data["weight"] for *_, key, data in net.edges(keys=True, data=True)}
    assert math.isnan(weights.pop("e0b"))
    assert weights == {"e0": 1.5, 0: -math.inf}
    with pytest.raises(FormatError, match="got no row at 'n0'"):
        formats.from_networkx(net)
    (tmp_path / "a.graphml.gz").write_bytes(gzip.compress(FOREIGN.encode()))
    assert len(formats.read_graphml(tmp_path / "a.graphml.gz")) == 2


@pytest.mark.parametrize("edgedefault", ["directed", "undirected"])
def test_edges_of_one_name_are_not_one_edge(tmp_path: Path, edgedefault: str) -> None:
    path = tmp_path / "a.graphml"
    path.write_text(FOREIGN.replace("e0b", "e0").replace("directed", edgedefault))
    assert formats.read_graphml(path).number_of_edges() == 3
    if edgedefault == "undirected":
        with pytest.warns(UserWarning, match="port"):
            assert nx.read_graphml(path, force_multigraph=True).number_of_edges() == 2


def test_contacts_can_be_written(tmp_path: Path) -> None:
    net = extracted(CROSS).to_networkx(kind="contacts")
    found = through(net, tmp_path)
    assert list(found) == [str(node) for node in net]
    assert {(u, v) for u, v, _ in found.edges} == {(str(u), str(v)) for u, v in net.edges}
    assert found.nodes["('ica', 0)"]["area"] == net.nodes["ica", 0]["area"]


def test_texts_survive(tmp_path: Path) -> None:
    net = nx.MultiGraph(note="<&>\"' \r\n\t é \N{OWL}")
    net.add_node(" a<b\n", **{"x & y": 1, "none": None, "int": np.int64(3), "f": np.float32(0.5)})
    found = through(net, tmp_path)
    assert found.graph == net.graph
    assert dict(found.nodes(data=True)) == {" a<b\n": {"x & y": 1, "int": 3, "f": 0.5}}


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"x": {}}, ArgumentTypeError, "got dict as 'x' of the graph"),
        ({"x": np.zeros(2)}, ArgumentTypeError, "numbers, truth values or texts"),
        ({"x": "\0"}, ArgumentError, "characters that XML has"),
        ({"x": "\ud800"}, ArgumentError, "characters that XML has"),
        ({1: 2}, ArgumentTypeError, "names of attributes as text"),
    ],
)
def test_what_graphml_cannot_say(
    tmp_path: Path, change: dict[object, object], error: type[Exception], words: str
) -> None:
    net = nx.MultiGraph()
    net.graph.update(change)
    with pytest.raises(error, match=words):
        formats.write_graphml(net, tmp_path / "a.graphml")
    assert list(tmp_path.iterdir()) == []


def test_other_objects_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.graphml"
    for item in ([1], nx.DiGraph(), None):
        with pytest.raises(ArgumentTypeError, match="graph must be a HeteroGraph"):
            formats.write_graphml(item, path)  # type: ignore[arg-type]
    net = nx.Graph([(1, "1")])
    with pytest.raises(ArgumentError, match="differ as text"):
        formats.write_graphml(net, path)
    net = nx.Graph([(1, 2, {"a": 1}), (2, 3, {"a": "x"})])
    with pytest.raises(ArgumentTypeError, match="one type for 'a', got long and string"):
        formats.write_graphml(net, path)
    net = nx.Graph([(1, 2, {"points": [[1, 2, 3]]})])
    with pytest.raises(ArgumentError, match="points of an edge"):
        formats.write_graphml(net, path)
    with pytest.raises(MissingFileError):
        formats.read_graphml(tmp_path / "none.graphml")


# --- damaged and hostile files ------------------------------------------------------------------

BOMB = """<?xml version="1.0"?>
<!DOCTYPE graphml [<!ENTITY a "aaaaaaaaaa"> <!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph><node id="&b;"/></graph></graphml>
"""
EXTERNAL = BOMB.replace('<!ENTITY a "aaaaaaaaaa">', '<!ENTITY a SYSTEM "file:///etc/hostname">')
VALID = """<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="p" for="edge" attr.name="points" attr.type="string"/>
<key id="f" for="edge" attr.name="length" attr.type="double"/>
<graph edgedefault="undirected"><node id="a"/><node id="b"/>
<edge source="a" target="b"><data key="p">1,2;3,4</data><data key="f">5</data></edge>
</graph></graphml>
"""


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        EXTERNAL,
        BOMB.encode("utf-16"),
        BOMB.replace('"1.0"', '"1.0" encoding="utf-16"'),
        BOMB.replace('"1.0"', '"1.0" encoding="cp037"'),
        VALID.replace("<graphml", "<!DOCTYPE graphml SYSTEM 'graphml.dtd'>\n<graphml", 1),
    ],
)
def test_document_types_are_refused_before_a_parser_sees_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | bytes
) -> None:
    path = tmp_path / "bomb.graphml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    monkeypatch.setattr(nx, "parse_graphml", None)
    with pytest.raises(FormatError, match=r"bomb\.graphml: (declares a document type|no GraphML)"):
        formats.read_graphml(path)


def test_a_reader_without_that_check_expands_entities(tmp_path: Path) -> None:
    (tmp_path / "a.graphml").write_text(BOMB)
    assert list(nx.read_graphml(tmp_path / "a.graphml")) == ["a" * 100]


NODE = "<node id='c'/>"
WITHIN = "<node id='c'><graph id='H' edgedefault='undirected'/></node>"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (VALID.replace("</graph>", f"</graph><graph edgedefault='directed'>{NODE}</graph>"),
         "more than one graph"),
        (VALID.replace("</graph>", f"{WITHIN}</graph>"), "a graph within a node"),
        (VALID.replace("</graph>", "<edge source='a' target='c'/></graph>"), "the node 'c', which"),
    ],
)  # fmt: skip
def test_what_would_be_lost_or_made_up_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.graphml"
    path.write_text(text)
    assert len(nx.read_graphml(path)) >= 2, "negative control: NetworkX says nothing"
    with pytest.raises(FormatError, match=message):
        formats.read_graphml(path)


def test_graphs_of_other_elements_are_no_graphs(tmp_path: Path) -> None:
    path = tmp_path / "a.graphml"
    path.write_text(FOREIGN.replace("<y:NodeLabel>", "<y:graph/><y:edge/><y:NodeLabel>"))
    assert len(formats.read_graphml(path)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        VALID[:-20],
        VALID.replace('id="p"', 'id="q"'),
        VALID.replace("1,2;3,4", "1,2;3"),
        VALID.replace("1,2;3,4", "1,2;3,x"),
        VALID.replace("1,2;3,4", "1,2,3;4"),
        VALID.replace(">5<", ">five<"),
        VALID.replace('"double"', '"complex"'),
        VALID.replace("<node id", "<hyperedge/><node id"),
        VALID.replace("undirected", "directed").replace("<edge", "<edge directed='false'"),
        VALID.replace("graphml.graphdrawing.org", "example.org"),
        VALID.replace("</graph>", "<node id='\x01'/></graph>"),
        VALID.replace("</graph>", "\xff</graph>"),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.graphml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(FormatError, match=r"bad\.graphml: "):
        formats.read_graphml(path)


def test_the_file_is_good_before_it_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "good.graphml"
    path.write_text(VALID)
    assert formats.read_graphml(path).edges["a", "b", 0]["points"].tolist() == [[1, 2], [3, 4]]


def test_deep_and_large_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deep.graphml"
    path.write_text("<graphml>" + "<a>" * 200_000)
    with pytest.raises(FormatError, match="no GraphML"):
        formats.read_graphml(path)
    path.write_text(VALID.replace("<graph ", "<a>" * 50_000 + "</a>" * 50_000 + "<graph "))
    assert len(formats.read_graphml(path)) == 2
    monkeypatch.setattr(graphml, "MAX_BYTES", 1000)
    path.write_bytes(gzip.compress(b" " * 1001))
    with pytest.raises(FormatError, match="more than 1000 bytes"):
        formats.read_graphml(path)
    monkeypatch.setattr(graphml, "MAX_DEFAULTS", 3)
    path.write_text(FOREIGN)
    monkeypatch.setattr(graphml, "MAX_BYTES", 10_000)
    formats.read_graphml(path)
    path.write_text(FOREIGN.replace("</graph>", "<node id='c'/><node id='d'/></graph>"))
    with pytest.raises(FormatError, match="values by default"):
        formats.read_graphml(path)


@given(item=exchange_cases.hetero_graphs(max_side=12), data=exchange_cases.st.data())
def test_one_wrong_byte_gives_a_graph_or_a_format_error(
    tmp_path_factory: pytest.TempPathFactory,
    item: graph.HeteroGraph,
    data: exchange_cases.st.DataObject,
) -> None:
    path = tmp_path_factory.mktemp("g") / "a.graphml"
    formats.write_graphml(item, path)
    content = bytearray(path.read_bytes())
    at = data.draw(exchange_cases.st.integers(0, len(content) - 1))
    content[at] = data.draw(exchange_cases.st.integers(0, 255))
    path.write_bytes(content)
    try:
        assert isinstance(formats.read_graphml(path), nx.MultiGraph)
    except FormatError as error:
        assert path.name in str(error)


def test_time_grows_with_the_graph(tmp_path: Path) -> None:
    def seconds(count: int) -> float:
        nodes = np.stack([np.zeros(count + 1), np.arange(count + 1)], axis=1)
        ends = np.stack([np.arange(count), np.arange(1, count + 1)], axis=1)
        points = [[[0.25, i + 0.5]] for i in range(count)]
        item = formats.from_polylines(nodes, ends, points)
        start = time.process_time()
        formats.from_networkx(through(item, tmp_path))
        return time.process_time() - start

    seconds(100)
    # Sixteen times the segments: a quadratic step would take 256 times as long.
    assert seconds(8000) < 64 * seconds(500)
