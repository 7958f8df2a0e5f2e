"""The graph in other formats: whole, and whatever a person or a file wrote in it stays text."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gradtui.calculus.derivative import derivatives
from gradtui.engine.typed.evaluate import evaluate
from gradtui.file.snapshot_format import load
from gradtui.report.dot import dot
from gradtui.report.drawing_layout import GAP, Box, place
from gradtui.report.export import SUFFIXES, ExportError, check_suffix, export
from gradtui.report.labels import edge_text, node_lines
from gradtui.report.mermaid import mermaid
from gradtui.report.svg import svg
from gradtui.snapshot.curve import CurveRequest
from gradtui.snapshot.model import Edge, Graph, Request, Snapshot, Source
from gradtui.snapshot.training import Moved, Optimizer, Training, Update
from tests import examples, synthetic
from tests.file.test_snapshot_format import EVERYTHING, bits

SVG = "{http://www.w3.org/2000/svg}"
STRING = r'"(?:[^"\\]|\\.)*"'
DOT_LINE = re.compile(
    rf"digraph autograd {{|}}|  (label={STRING};"
    rf"|(node|edge) \[(\w+=({STRING}|[\w.]+)(, )?)+\];"
    rf"|n\d+(c\d+)?( -> n\d+(c\d+)?)?( \[(\w+=({STRING}|\w+)(, )?)+\])?;)"
)
MERMAID_TEXT = r'"(?:[\w .,+*/^=()\[\]|…–ḡ-]|#\d+;|<br/>)*"'
MERMAID_LINE = re.compile(
    rf"flowchart TD|  n\d+(\[{MERMAID_TEXT}\]|\(\[{MERMAID_TEXT}\]\)"
    rf"| -->(\|{MERMAID_TEXT}\|)? n\d+| -\.- n\d+c\d+\({MERMAID_TEXT}\))"
)

GRAPHS: dict[str, Callable[[], Snapshot]] = {
    "first example": examples.quadratic,
    "vector": examples.vector_quadratic,
    "two variables": examples.two_variables,
    "nan gradient": examples.nan_gradient,
    "constant": examples.constant,
    "everything": lambda: EVERYTHING,
    "bert": lambda: synthetic.bert(2, 16),
    "recurrence": lambda: synthetic.recurrence(300),
    "wide": lambda: synthetic.wide(300),
}


def hostile(text: str) -> Snapshot:
    """The first example with `text` wherever a text may stand."""
    snapshot = examples.quadratic()
    source = Source(text, 0, 0)
    nodes = tuple(
        replace(
            node,
            name=text,
            source=source,
            module=text,
            variable=node.variable and text,
            edges=tuple(replace(edge, constant=edge.constant and text) for edge in node.edges),
        )
        for node in snapshot.graph.nodes
    )
    return replace(snapshot, expression=text, graph=replace(snapshot.graph, nodes=nodes))


ATTACKS = [
    '"]; evil [label="',
    'x\\", evil="1',
    "\\",
    "\\N\\G\\",
    "<script>alert(1)</script>",
    "]]> &amp; &lt; <!-- -->",
    "end\nevil --> n0\r\n",
    "#quot; #35; `**x**`",
    "\x00\x1b[31m\u202e\ud800",
    "%%{init: {}}%%",
    "click n0 href",
    "https://example.org www.example.org",
]


def edges_of(snapshot: Snapshot) -> set[tuple[int, int]]:
    return {(node.id, edge.target) for node in snapshot.graph.nodes for edge in node.edges if edge.target is not None}


@pytest.mark.parametrize("name", GRAPHS)
def test_dot_holds_the_graph(name: str) -> None:
    snapshot = GRAPHS[name]()
    lines = dot(snapshot).splitlines()
    assert all(DOT_LINE.fullmatch(line) for line in lines)
    found = {(int(one), int(other)) for one, other in re.findall(r"^  n(\d+) -> n(\d+)\b(?!c)", dot(snapshot), re.M)}
    assert found == edges_of(snapshot)
    assert sum(bool(re.match(r"  n\d+ \[", line)) for line in lines) == len(snapshot.graph.nodes)


@pytest.mark.parametrize("name", GRAPHS)
def test_mermaid_holds_the_graph(name: str) -> None:
    snapshot = GRAPHS[name]()
    lines = mermaid(snapshot).splitlines()
    assert all(MERMAID_LINE.fullmatch(line) for line in lines)
    found = {(int(one), int(other)) for one, other in re.findall(r"^  n(\d+) -->.*? ?n(\d+)$", mermaid(snapshot), re.M)}
    assert found == edges_of(snapshot)


def ways(drawing: ElementTree.Element) -> list[ElementTree.Element]:
    """The lines of the edges."""
    return [path for path in drawing.iter(f"{SVG}path") if path.get("class") == "way"]


@pytest.mark.parametrize("name", GRAPHS)
def test_svg_holds_the_graph(name: str) -> None:
    snapshot = GRAPHS[name]()
    drawing = ElementTree.fromstring(svg(snapshot))
    texts = [text.text for text in drawing.iter(f"{SVG}text")]
    for node in snapshot.graph.nodes:
        assert all(line in texts for line in node_lines(node))
    constants = [rect for rect in drawing.iter(f"{SVG}rect") if rect.get("class") == "constant"]
    count = sum(edge.target is not None for node in snapshot.graph.nodes for edge in node.edges)
    assert len(ways(drawing)) == count + len(constants)


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_stays_text(attack: str) -> None:
    snapshot, plain = hostile(attack), hostile("plain")
    assert all(DOT_LINE.fullmatch(line) for line in dot(snapshot).splitlines())
    assert len(dot(snapshot).splitlines()) == len(dot(plain).splitlines())
    assert all(MERMAID_LINE.fullmatch(line) for line in mermaid(snapshot).splitlines())
    assert len(mermaid(snapshot).splitlines()) == len(mermaid(plain).splitlines())
    drawing = ElementTree.fromstring(svg(snapshot).encode())
    kinds = [element.tag for element in drawing.iter()]
    assert kinds == [element.tag for element in ElementTree.fromstring(svg(plain)).iter()]


@pytest.mark.long
@settings(max_examples=50, deadline=None)
@given(st.text(max_size=30))
@example("&#27;[31m &amp; &lt;x&gt; \\N")
def test_any_text_is_read_back(text: str) -> None:
    """By the rules of each format, the label is what was to be written."""
    snapshot = hostile(text)
    label = node_lines(snapshot.graph.nodes[0])
    string = re.findall(STRING, dot(snapshot).split("n0 [label=", 1)[1])[0][1:-1]
    unescaped = re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], string)
    assert html.unescape(unescaped) == "\n".join(label)
    string = re.findall(r'n0\["(.*)"\]', mermaid(snapshot))[0]
    pieces = [re.sub(r"#(\d+);", lambda found: chr(int(found[1])), piece) for piece in string.split("<br/>")]
    assert pieces == label
    texts = [text.text or "" for text in ElementTree.fromstring(svg(snapshot)).iter(f"{SVG}text")]
    assert all(line in texts for line in label)


def test_gradients_stand_on_the_edges() -> None:
    node = examples.quadratic().graph.nodes[1]
    assert [edge_text(edge, node) for edge in node.edges] == ["1", "1"]
    assert '|"8"| n4' in mermaid(examples.quadratic())
    assert 'n3 -> n4 [label="8"];' in dot(examples.quadratic())


@pytest.mark.long
@settings(max_examples=50, deadline=None)
@given(st.data())
def test_boxes_do_not_overlap_and_edges_run_down(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 12))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda pair: pair[0] < pair[1])
    edges = data.draw(st.lists(pairs, max_size=20)) if count > 1 else []
    boxes = [Box(data.draw(st.floats(1, 200)), data.draw(st.floats(1, 50))) for _ in range(count)]
    ways = place(boxes, edges)
    for (start, end), way in zip(edges, ways, strict=True):
        assert boxes[start].y + boxes[start].height < boxes[end].y
        assert (way[0][0], way[-1][0]) == (boxes[start].x, boxes[end].x)
        assert all(one[1] < other[1] for one, other in pairwise(way))
    for one in boxes:
        assert one.x - one.width / 2 >= -0.001
        for other in boxes:
            if one is not other and one.layer == other.layer:
                assert abs(one.x - other.x) >= (one.width + other.width) / 2 + GAP - 0.001


# Files


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_suffix(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"graph{suffix}"
    updates = tuple(Update(number, 16.0, {"x": Moved(4.0, 8.0, 3.2)}) for number in range(4))
    training = Training(Optimizer("SGD"), ("x",), updates=updates) if suffix == ".csv" else None
    export(replace(examples.quadratic(), training=training), str(path))
    assert path.stat().st_size > 50
    if suffix == ".gradtui":
        assert bits(load(path)) == bits(examples.quadratic())
    if suffix == ".json":
        assert json.loads(path.read_text())["value"] == 29


@pytest.mark.parametrize("path", ["graph", "graph.png", "graph.DOT", ".dot", "x.dot.txt"])
def test_another_suffix_is_told(path: str) -> None:
    with pytest.raises(ExportError, match=r"\.dot \.mmd \.svg .*\.json \.py \.tex .*\.gradtui"):
        check_suffix(path)


def test_what_cannot_be_drawn_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"3,\d\d\d nodes are too many to draw"):
        export(synthetic.recurrence(1000), str(tmp_path / "graph.svg"))
    with pytest.raises(ExportError, match="written from an expression"):
        export(synthetic.recurrence(10), str(tmp_path / "graph.py"))
    assert list(tmp_path.iterdir()) == []


def test_a_graph_of_half_a_pair(tmp_path: Path) -> None:
    for suffix in (".dot", ".mmd", ".svg", ".json"):
        export(hostile("\ud800"), str(tmp_path / f"graph{suffix}"))
    with pytest.raises(ExportError, match="half of a character"):
        export(hostile("\ud800"), str(tmp_path / "graph.gradtui"))


def test_an_edge_over_many_layers() -> None:
    chain = [examples.quadratic().graph.nodes[0]] * 60
    nodes = [replace(node, id=id, edges=(Edge(id + 1), Edge(59))) for id, node in enumerate(chain[:-1])]
    snapshot = Snapshot(1, "x", graph=Graph((*nodes, replace(chain[0], id=59, edges=()))))
    assert len(ways(ElementTree.fromstring(svg(snapshot)))) == 118


@pytest.mark.parametrize(
    ("expression", "at", "lines"),
    [
        ("x^2 + 3x + 1", {"x": 4.0}, ("f(x) = x^{2} + 3 x + 1", r"\frac{d f}{d x} = 2 x + 3")),
        ("w*x", {"w": 1.0, "x": 2.0}, ("f(w, x) = w x", r"\frac{\partial f}{\partial w} = x")),
        ("g(t) = t^2; g(x)", {"x": 2.0}, ("g(t) = t^{2}", r"f(x) = g\left(x\right)")),
    ],
)
def test_tex(expression: str, at: dict[str, float | tuple[float, ...]], lines: tuple[str, ...], tmp_path: Path) -> None:
    request = Request(1, expression, at)
    export(replace(evaluate(request), derivative=derivatives(request)), str(tmp_path / "f.tex"))
    written = (tmp_path / "f.tex").read_text(encoding="utf-8")
    assert written.startswith("\\begin{gather*}\n")
    assert all(line in written for line in lines)


def test_a_second_curve_is_in_the_chart(tmp_path: Path) -> None:
    """The parabola turned over, through the same places: each point of its path is that of f, mirrored."""
    asked = CurveRequest("x", (-2.0, 2.0), 41)
    one, other = (evaluate(Request(1, text, {"x": 1.0}, curve=asked)) for text in ("x^2", "-x^2"))
    assert other.curve is not None
    path = tmp_path / "f.chart.svg"
    export(one, str(path), other=replace(other.curve, what="-x^2"))
    text = path.read_text(encoding="utf-8")
    assert "-x^2 dash-dotted" in text
    paths = dict(re.findall(r'class="(f|other)" d="M([^"]*)"', text))
    drawn = {kind: [tuple(map(float, place.split())) for place in path.split(" L")] for kind, path in paths.items()}
    for (x, y), (also, below) in zip(drawn["f"], drawn["other"], strict=True):
        assert x == also
        assert y + below == pytest.approx(drawn["f"][len(drawn["f"]) // 2][1] * 2, abs=0.3)
