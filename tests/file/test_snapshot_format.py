"""The .gradtui file: what is saved is what is loaded, and any other file is a sentence and little memory."""

from __future__ import annotations

import gc
import gzip
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import msgpack
from msgspec.structs import replace

import gradtui
from gradtui.file import header, node_rows, snapshot_format
from gradtui.file.header import FileError
from gradtui.file.snapshot_format import load, save
from gradtui.snapshot.curve import Curve, Jump, Trouble
from gradtui.snapshot.model import (
    Differences,
    Edge,
    Event,
    Experiment,
    Graph,
    Mismatch,
    Module,
    Node,
    Note,
    Operand,
    Parameter,
    Problem,
    Raised,
    Saved,
    Snapshot,
    Source,
    Summary,
    Values,
    VariableState,
    Witness,
)
from gradtui.snapshot.orders import Hessian, Jacobian, Order, Orders, Spectrum
from gradtui.snapshot.surface import Fit, Surface
from gradtui.snapshot.training import Batches, Moved, Norms, Optimizer, Spelling, Tensor, Training, Update
from gradtui.snapshot.truth import Coefficients, Derivative, Piece, Truth
from tests import examples, synthetic
from tests.examples import scalar, vector

LARGE = Values((3, 1000), (math.nan, math.inf, -0.0, 1e-45, 1.1, 0.0, 2.0, 3.0), Summary(0.0, 3.0, 0.1, 9.0, 1, 1, 2))
GONE = Saved("mat2", Values((4, 4), (), unread="freed"))
HERE = Source("y = x @ w", 4, 13, "model.py", 2)

RAISED = Raised(
    "shape",
    "add_",
    HERE,
    "w",
    (2, 2),
    (4,),
    1,
    2,
    3,
    "ReluBackward0",
    HERE,
    "MulBackward0",
    HERE,
    "self.memory",
    HERE,
    0,
    HERE,
    "GreaterThan",
)

SPECTRUM = Spectrum(4110, -0.5, 2.0, 12, True, {"net.weight": 1.0})
EVERYTHING = Snapshot(
    7,
    "model.py:loss",
    "loss(x)",
    "float64",
    "cuda:0",
    {"x": VariableState(vector(1, 2), vector(-0.0, math.nan))},
    scalar(math.inf),
    Graph(
        (
            Node(
                0,
                "MmBackward0",
                (3, 1000),
                "float64",
                "cuda:0",
                5,
                0,
                (Edge(1, 2, "3", LARGE, 0.5, HERE), Edge(None, 0, "pi")),
                LARGE,
                vector(1, 1),
                (Saved("self", LARGE), Saved("dim", "(1, 0)"), Saved("empty", Values((0,), ())), GONE),
                HERE,
                None,
                vector(0.5),
                "encoder.layer.3",
                2,
                "compiled: what ran inside is not visible",
                ("mm", "t"),
                1,
                2,
                48,
            ),
            Node(1, "AccumulateGrad", (), "float64", "cuda:0", None, None, (), variable="w"),
            Node(2, "SinBackward0", (), "float64", "cpu", 1, None, (Edge(1),)),
        ),
        (0, 2),
    ),
    {"x": Differences((1.0, None), (1.0, None), (None, 2.0), (1e-9, None), (0.25, 0.5))},
    {"x": Derivative("2*x", (2.0, None), False, "given up", (2.5, None))},
    Curve(
        "x",
        (-1.0, 1.0),
        (0.0, 0.5),
        (1.0, math.nan),
        (2.0, math.inf),
        1,
        "key",
        "sum",
        (Trouble(0.1, 0.2, "value", True),),
        (Jump(0.3, 0.4, "gradient"),),
        True,
        ((1.0, 2.0),),
    ),
    (Note("kink", "a corner", 1),),
    ("x", 1),
    (Experiment(0, 1, 2.0),),
    Problem("crash", "no", 1, 2, "hint", HERE, ("line 1", "line 2"), "inplace", "Exp", RAISED),
    "function",
    {
        "w": Parameter(LARGE, None, "bfloat16", "cuda:0", 1, False, True, True, True, True),
        "": Parameter(scalar(1), scalar(2), "f", "c"),
    },
    {"encoder": Module("Encoder", 3, HERE), "encoder.layer": Module("ModuleList")},
    {"model.py": "def f(x):\n    y = x @ w\n    return y\n"},
    (
        Event(
            "no_grad",
            "linear",
            HERE,
            "encoder",
            ("w", "b"),
            0,
            True,
            False,
            "set_grad_enabled",
            HERE,
            True,
            "Normal",
            True,
            True,
            True,
            ("w",),
            "targets out of range",
            (("least", -1.0),),
        ),
    ),
    "printed\n",
    1024.0,
    truth=Truth(
        (1.0, None),
        (1.5, None),
        (Piece(0, 1, (1.0,), (2.0,), variable="x"), Piece(0, 5, (3.0,), (1.0,), (0,), ((2.0,),))),
        1e-3,
    ),
    data={"y": vector(1, 2)},
    training=Training(
        Optimizer("LBFGS", {"line_search_fn": "strong_wolfe"}),
        ("w",),
        {"lr": 0.1, "nesterov": False, "line_search_fn": "strong_wolfe"},
        (
            Update(
                3,
                1.5,
                {"w": Moved(1.0, 2.0, 0.8, {"b": Tensor((2,), "torch.float64", (1.0, 2.0)), "n": 3})},
                2,
                (1, 0),
                (Norms(None, 1.0, 0.5),),
            ),
        ),
        {
            "w": {
                "momentum_buffer": Tensor((), "torch.float32", (1.0,)),
                "old": (Tensor((0,), "torch.float32", ()), None),
            }
        },
        Batches(2, 7),
        ("w",),
        True,
        Spelling("/model.py", "/", "model", "made.loss", "user.Net()", ("",), {"n": "3"}, ("w",)),
    ),
    surface=Surface(("w", "b"), ((-1.0, 1.0), (0.0, 2.0)), (2, 1), (1.0, math.inf), "key"),
    fit=Fit(
        "p",
        "x",
        "y",
        ((1.0, 2.0),),
        ((0.0, math.nan),),
        0.5,
        Surface(("x", "z"), ((0.0, 1.0),) * 2, (1, 1), (0.0,)),
        (True,),
    ),
    witnesses=(
        Witness(
            0,
            "backward",
            "div",
            (1, 2),
            math.nan,
            (Operand("other", 0.0, LARGE, "scale", False),),
            3,
            {"zero": 1},
            0,
            0.5,
            HERE,
            "head",
            True,
            "float16",
        ),
    ),
    orders=Orders(
        "x",
        1,
        (
            Order(1, {"x": vector(1, 2)}, Graph((Node(0, "AccumulateGrad", (2,), "float64", "cpu", None, None, ()),))),
            Order(
                2,
                {"x": vector(math.nan, -0.0)},
                Graph((Node(0, "SinBackward0", (2,), "float64", "cpu", 0, 0, (), order=1, made_by=0),), (0,), 1),
                {"x": Differences((1.0, None), (0.5, 1.0), (math.inf, 1.0), (0.1, None), (0.5, 1.0))},
            ),
        ),
        (1.0, math.inf, -0.0),
        Hessian(("x[0]", "x[1]"), ((1.0, 2.0), (2.0, 1.0)), (-1.0, 3.0), ((0.0, 1.0), (1.0, 0.0)), spectrum=SPECTRUM),
        {"x": Jacobian(((1.0, math.nan),), 1, 3)},
        "once",
        "it is marked",
        4,
    ),
    derivatives=({"x": Derivative("x[1]", (1.0, None))}, {"x": Derivative(None, (), False, "too large")}),
    taylor=Coefficients((1.0, None), (0.5, math.nan)),
    exact_hessian=Hessian(("x[0]",), ((1.0,),), (1.0,), ((1.0,),)),
    mismatches=(Mismatch(0, "Square", 1, "x", math.inf, (2, 0), math.nan, 1.5, True, True, HERE, 0),),
)

assert EVERYTHING.orders is not None
ORDERS: Orders = EVERYTHING.orders

SOUND: dict[str, Callable[[], Snapshot]] = {
    "everything": lambda: EVERYTHING,
    "nothing": lambda: Snapshot(0, ""),
    "first example": examples.quadratic,
    "vector": examples.vector_quadratic,
    "two variables": examples.two_variables,
    "nan gradient": examples.nan_gradient,
    "constant": examples.constant,
    "a row of a Hessian": lambda: replace(
        EVERYTHING, orders=replace(ORDERS, hessian=Hessian(("x", "y"), ((1.0, 2.0),), row=1, spectrum=SPECTRUM))
    ),
    "bert": lambda: synthetic.bert(2, 16),
    "recurrence": lambda: synthetic.recurrence(500),
    "wide": lambda: synthetic.wide(3000),
    "large tensors": lambda: large_tensors(12),
}


def large_tensors(count: int) -> Snapshot:
    """As of orders by parameters: each number is told, so that a piece is full in the middle of a row."""

    def values(start: int) -> Values:
        return Values((4000,), tuple(start + place / 7 for place in range(4000)))

    nodes = tuple(
        replace(node, value=values(3 * node.id), grad_output=values(3 * node.id + 1), tangent=values(3 * node.id + 2))
        for node in synthetic.recurrence(count).graph.nodes
    )
    whole = synthetic.recurrence(count)
    return replace(whole, graph=replace(whole.graph, nodes=nodes))


def bits(snapshot: Snapshot) -> bytes:
    """Equal where two are equal to the last bit: nan is nan, and 0 is not -0."""
    return msgpack.encode(snapshot)


def structs(what: Any) -> Iterator[msgspec.Struct]:
    """It, and all that it is made of."""
    if isinstance(what, msgspec.Struct):
        yield what
    children = msgspec.structs.astuple(what) if isinstance(what, msgspec.Struct) else what
    children = children.values() if isinstance(children, dict) else children
    if isinstance(children, tuple | type({}.values())):
        for child in children:
            yield from structs(child)


@pytest.mark.parametrize("name", SOUND)
def test_what_is_saved_is_loaded(name: str, tmp_path: Path) -> None:
    path, snapshot = tmp_path / "run.gradtui", SOUND[name]()
    save(snapshot, path)
    loaded = gradtui.load(path)
    assert isinstance(loaded, Snapshot)
    assert bits(loaded) == bits(snapshot)


def test_everything_is_everything() -> None:
    """No field of the model is left at its default in all of EVERYTHING: a new field must be added there, and saved."""
    seen: dict[type, set[str]] = {}
    for one in structs(EVERYTHING):
        seen.setdefault(type(one), set()).update(
            field.name
            for field in msgspec.structs.fields(one)
            if field.required or getattr(one, field.name) != field.default
        )
    assert seen.keys() >= {Snapshot, Graph, Node, Edge, Saved, Parameter, Event, Problem, Curve}
    for one in structs(replace(ORDERS, hessian=Hessian((), (), row=1))):
        seen[type(one)].update(["row"] if isinstance(one, Hessian) else [])
    for kind, names in seen.items():
        assert {field.name for field in msgspec.structs.fields(kind)} == names, kind


def test_what_is_equal_is_there_once(tmp_path: Path) -> None:
    save(synthetic.recurrence(500), tmp_path / "run.gradtui")
    nodes = load(tmp_path / "run.gradtui").graph.nodes
    tanh = [node for node in nodes if node.name == "TanhBackward0"]
    assert len(tanh) == 500
    assert len({id(node.name) for node in tanh}) == 1
    assert len({id(node.shape) for node in tanh}) == 1


def payloads_of(whole: bytes) -> list[bytes]:
    """What a file holds, by the format's documentation alone."""
    return payloads_in(whole[len(header.MAGIC) + 1 :])


def payloads_in(stream: bytes) -> list[bytes]:
    data = gzip.decompress(stream)
    found = []
    while data:
        length = int.from_bytes(data[:4])
        found.append(data[4 : 4 + length])
        data = data[4 + length :]
    return found


def written(path: Path, *payloads: Any, version: int = header.VERSION) -> Path:
    """A file of these payloads, given as bytes or as what MessagePack is made of."""
    encoded = [one if isinstance(one, bytes) else msgpack.encode(one) for one in payloads]
    stream = b"".join(len(one).to_bytes(4) + one for one in encoded)
    path.write_bytes(header.MAGIC + bytes([version]) + gzip.compress(stream, 1))
    return path


def test_a_norm_in_an_older_file_is_of_what_is_finite(tmp_path: Path) -> None:
    """It was written before the norm of what holds a nan was nan: it is not told as if it were the whole."""
    summary = {"min": 0.0, "max": 1.0, "mean": 0.5, "norm": 3.0, "nan": 2, "inf": 0, "zero": 1}
    large = {"shape": [9000], "numbers": [0.0] * 8, "summary": summary}
    texts = {"texts": ["w", "float32", "cpu"], "shapes": [[9000]]}
    payload = texts | {"values": [large], "parameters": [[1, 1, 1, 2, 3]]}
    snapshot = load(written(tmp_path / "run.gradtui", HEAD | {"origin": "capture"}, payload))
    grad = snapshot.parameters["w"].grad
    assert grad is not None
    assert grad.norm is not None
    assert math.isnan(grad.norm)
    assert grad.finite_norm == 3.0


def test_the_format_is_as_documented(tmp_path: Path) -> None:
    """Read by hand: gzip and MessagePack, by what the docstrings say alone."""
    save(examples.quadratic(), tmp_path / "run.gradtui")
    head, piece = map(msgpack.decode, payloads_of((tmp_path / "run.gradtui").read_bytes()))
    assert head["expression"] == "x^2 + 3x + 1"
    columns = piece["columns"]
    assert piece["texts"][columns["name"][0] - 1] == "AddBackward0"
    assert columns["edge"]["target"][: columns["edges"][0]] == [1, None]
    assert piece["values"][columns["value"][0] - 1]["numbers"] == [29.0]


def test_what_a_newer_gradtui_adds_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    save(examples.quadratic(), path)
    head, piece = map(msgpack.decode, payloads_of(path.read_bytes()))
    head |= {"new": {"a": [1, {"b": None}]}}
    head["variables"]["x"]["also"] = 1
    piece["colours"] = [1, 2]
    piece["values"][0]["also"] = [1, 2]
    piece["columns"]["colour"] = ["red"]
    piece["columns"]["edge"]["width"] = [1, 2]
    assert bits(load(written(path, head, piece))) == bits(examples.quadratic())
    in_rows = with_rows(piece)
    for node in in_rows["nodes"]:
        node += ["further", {"things": 1}]
        for edge in node[6]:
            edge.append(7)
    assert bits(load(written(path, head, in_rows, version=1))) == bits(examples.quadratic())


def with_rows(piece: dict[str, Any]) -> dict[str, Any]:
    """A piece as version 1 had it, by the format's documentation alone: a row for each node, its edges in it."""
    piece = dict(piece)
    columns = piece.pop("columns", {"count": 0})
    none = {"sequence", "step", "made_by", "kept", "target", "local"}

    def rows_of(kind: type[msgspec.Struct], told: dict[str, Any], count: int) -> list[list[Any]]:
        names = kind.__struct_fields__
        lists = (told.get(name) or [None if name in none else 0] * count for name in names)
        return [list(row) for row in zip(*lists, strict=True)]

    def taken(waiting: Iterator[Any], count: int) -> list[Any]:
        return [next(waiting) for _ in range(count)]

    edges = iter(rows_of(node_rows.EdgeRow, columns.get("edge", {}), sum(columns.get("edges", ()))))
    saved = iter(rows_of(node_rows.SavedRow, columns.get("keeps", {}), sum(columns.get("saved", ()))))
    ran = iter(columns.get("ran", ()))
    of = {"edges": edges, "saved": saved, "inside": ran}
    places = {node_rows.NodeRow.__struct_fields__.index(name): waiting for name, waiting in of.items()}
    found = rows_of(node_rows.NodeRow, columns, columns["count"])
    for row in found:
        for place, waiting in places.items():
            row[place] = taken(waiting, row[place])
    return piece | {"nodes": found}


@pytest.mark.parametrize("name", SOUND)
def test_a_file_of_version_1_is_read(name: str, tmp_path: Path) -> None:
    path, snapshot = tmp_path / "run.gradtui", SOUND[name]()
    save(snapshot, path)
    head, *pieces = map(msgpack.decode, payloads_of(path.read_bytes()))
    assert bits(load(written(path, head, *map(with_rows, pieces), version=1))) == bits(snapshot)


def test_what_an_older_gradtui_left_out_has_its_default(tmp_path: Path) -> None:
    head = {"id": 1, "expression": "x"}
    piece = {"texts": ["AddBackward0", "float32", "cpu"], "nodes": [[1, 0, 2, 3, 4, 0]]}
    expected = Snapshot(1, "x", graph=Graph((Node(0, "AddBackward0", (), "float32", "cpu", 4, 0, ()),)))
    assert load(written(tmp_path / "run.gradtui", head, piece)) == expected


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"version 4 of the format, and this gradtui reads version 3"):
        load(written(tmp_path / "run.gradtui", {"id": 1, "expression": "x"}, version=4))


def test_every_truncation_is_told(tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    save(examples.quadratic(), path)
    whole = path.read_bytes()
    for length in (*range(1, 60), *range(60, len(whole), 97), len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(FileError, match="cut off"):
            load(path)


def test_every_changed_byte_is_told_or_without_effect(tmp_path: Path) -> None:
    """The checksum sees to it; what remains are gzip's own notes, such as the time."""
    path = tmp_path / "run.gradtui"
    save(examples.quadratic(), path)
    whole = path.read_bytes()
    told = 0
    places = (*range(60), *range(60, len(whole), 97), *range(len(whole) - 20, len(whole)))
    for place in places:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            loaded = load(path)
        except FileError:
            told += 1
        else:
            assert bits(loaded) == bits(examples.quadratic())
    assert told > len(places) - 10


FOREIGN = {
    "empty": b"",
    "text": b"x^2 + 3x + 1\n",
    "pickle": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07builtins\x94.",
    "zip": b"PK\x03\x04",
    "gzip": gzip.compress(b"hello"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_another_file_is_told(name: str, tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    path.write_bytes(FOREIGN[name])
    with pytest.raises(FileError, match=r"this is not a \.gradtui file"):
        load(path)


HEAD = {"id": 1, "expression": "x"}
ALONG = {"variables": {"x": {"value": {"shape": [], "numbers": [1]}, "grad": {"shape": [], "numbers": [1]}}}}
OF_X = {"along": "x", "element": 0}
ORDER = {"order": 1, "values": {}, "graph": {}}
PIECE = {"start": 0, "end": 1, "value": [1], "gradient": [1]}
TEXTS = {"texts": ["AddBackward0", "float32"]}


def node(*edges: Any, step: Any = 0, **further: Any) -> list[Any]:
    row: list[Any] = [1, 0, 2, 2, 0, step, list(edges)]
    names = node_rows.NodeRow.__struct_fields__
    row += [[] if name in ("saved", "inside") else 0 for name in names[len(row) :]]
    for name, value in further.items():
        row[names.index(name)] = value
    return row


def nested(levels: int) -> bytes:
    return b"\x81\xa3new" + b"\x91" * levels + b"\xc0"


SUMMARY = ("min", "max", "mean", "norm")
COUNTS = {"nan": 0, "inf": 0, "zero": 0}
DEEP: list[list[Any]] = [[1, 0, 1, 1, 0, None, [], *[0] * 4, 2 + call % 3, call] for call in range(20_001)]
DEEP = [[*row[:6], [[place + 1]] if place < 20_000 else [], *row[7:]] for place, row in enumerate(DEEP)]
"""A line of nodes, each in a call of its own of a module a hundred levels down."""

COLUMNS = {"count": 1, "name": [1]}
TWO_EDGES = COLUMNS | {"edges": [2]}

BROKEN: dict[str, tuple[list[Any], str]] = {
    "a column too long": ([HEAD, TEXTS | {"columns": COLUMNS | {"name": [1, 1]}}], "different lengths"),
    "a column too short": ([HEAD, TEXTS | {"columns": COLUMNS | {"count": 2}}], "different lengths"),
    "fewer edges than are counted": (
        [HEAD, TEXTS | {"columns": TWO_EDGES | {"edge": {"input": [0]}}}],
        "different lengths",
    ),
    "more edges than are counted": (
        [HEAD, TEXTS | {"columns": COLUMNS | {"edge": {"grad": [0]}}}],
        "different lengths",
    ),
    "counts of more nodes": ([HEAD, TEXTS | {"columns": COLUMNS | {"saved": [0, 0]}}], "different lengths"),
    "more operations than are counted": ([HEAD, TEXTS | {"columns": COLUMNS | {"ran": [1]}}], "different lengths"),
    "a number of edges below 0": ([HEAD, TEXTS | {"columns": TWO_EDGES | {"edges": [-1]}}], "damaged"),
    "nodes without end": ([HEAD, {"columns": {"count": 2**63}}], "more in it than"),
    "edges without end": ([HEAD, {"columns": COLUMNS | {"edges": [2**62]}}], "more in it than"),
    "a number for a column": ([HEAD, {"columns": COLUMNS | {"step": 3}}], "damaged"),
    "a name in a column that is not there": ([HEAD, {"columns": COLUMNS}], "a reference leads nowhere"),
    "an edge's source that is not there": (
        [HEAD, TEXTS | {"columns": TWO_EDGES | {"edge": {"source": [0, 1]}}}],
        "a reference leads nowhere",
    ),
    "what it ran that is not there": (
        [HEAD, TEXTS | {"columns": COLUMNS | {"inside": [1], "ran": [5]}}],
        "a reference leads nowhere",
    ),
    "a saved value that is not there": (
        [HEAD, TEXTS | {"columns": COLUMNS | {"saved": [1], "keeps": {"value": [5]}}}],
        "a reference leads nowhere",
    ),
    "no head": ([], "cut off"),
    "a list for a head": ([[1, 2]], "damaged"),
    "a head without its fields": ([{"id": 1}], "damaged"),
    "a wrong type": ([HEAD | {"expression": 3}], "damaged"),
    "an unknown kind": ([HEAD | {"origin": "elsewhere"}], "damaged"),
    "no unicode": ([b"\x82\xa2id\x01\xaaexpression\xa1\xff"], "damaged"),
    "an edge to nowhere": ([HEAD, TEXTS | {"nodes": [node([1])]}], "an edge leads to a node that is not in the graph"),
    "a negative edge": ([HEAD, TEXTS | {"nodes": [node([-1])]}], "damaged"),
    "an edge to itself": ([HEAD, TEXTS | {"nodes": [node([0])]}], "cycle"),
    "a cycle": ([HEAD, TEXTS | {"nodes": [node([1]), node([2], step=1), node([1], step=2)]}], "cycle"),
    "an edge from a leaf": (
        [HEAD, {"texts": ["AccumulateGrad", "f"], "nodes": [node([1]), node(step=1)]}],
        "an edge leads on from a leaf",
    ),
    "a node that nothing leads to": ([HEAD, TEXTS | {"nodes": [node(), node(step=None)]}], "no output leads to"),
    "a negative norm": (
        [
            HEAD,
            {
                "values": [
                    {"shape": [9], "numbers": [1], "summary": dict.fromkeys(SUMMARY, 1.0) | COUNTS | {"norm": -1.0}}
                ]
            },
        ],
        "other numbers",
    ),
    "a function without a file": ([HEAD | {"origin": "function"}], "it is of a function, and names none"),
    "a note without an end": ([HEAD | {"notes": [{"kind": "torch", "text": "a" * 1_000_001}]}], "a text is too long"),
    "a name without an end": ([HEAD, {"texts": ["a" * 1_000_001]}], "a text is too long"),
    "modules within modules": (
        [HEAD, {"texts": ["a", *(f"{number}" + ".a" * 100 for number in range(3))], "nodes": DEEP}],
        "too many modules within one another",
    ),
    "a name that is not there": ([HEAD, {"nodes": [node()]}], "a reference leads nowhere"),
    "a value that is not there": ([HEAD, TEXTS | {"nodes": [node(value=1)]}], "a reference leads nowhere"),
    "a negative reference": ([HEAD, TEXTS | {"nodes": [node(value=-1)]}], "damaged"),
    "a negative shape": ([HEAD, {"shapes": [[2, -1]]}], "no shape"),
    "too many dimensions": ([HEAD, {"shapes": [[1] * 65]}], "no shape"),
    "fewer numbers than elements": ([HEAD, {"values": [{"shape": [3], "numbers": [1, 2]}]}], "other numbers"),
    "a scalar without number": ([HEAD, {"values": [{"shape": [], "numbers": []}]}], "other numbers"),
    "a step twice": ([HEAD, TEXTS | {"nodes": [node([1]), node()]}], "do not count from 0"),
    "a node that ran too soon": ([HEAD, TEXTS | {"nodes": [node([1], step=1), node()]}], "a node ran before"),
    "a root that is not there": ([HEAD | {"graph": {"roots": [3]}}, TEXTS | {"nodes": [node()]}], "the output is not"),
    "no root": ([HEAD | {"graph": {"roots": []}}, TEXTS | {"nodes": [node()]}], "the output is not in the graph"),
    "a root twice": ([HEAD | {"graph": {"roots": [0, 0]}}, TEXTS | {"nodes": [node()]}], "twice"),
    "a parameter without a value": ([HEAD, {"parameters": [[0, 0, 0, 0, 0]]}], "a parameter has no value"),
    "a parameter that is not there": (
        [HEAD, {"values": [{"shape": [], "numbers": [1]}], "parameters": [[0, 1, 0, 0, 0, 7]]}],
        "a parameter's node",
    ),
    "a note on no node": ([HEAD | {"notes": [{"kind": "kink", "text": "", "node": 5}]}], "an event, a note"),
    "a mismatch on no node": (
        [
            HEAD
            | {
                "mismatches": [
                    {
                        "node": 5,
                        "function": "",
                        "input": 0,
                        "name": "",
                        "factor": None,
                        "index": [],
                        "sent": 0.0,
                        "true": 0.0,
                    }
                ]
            }
        ],
        "an event, a note",
    ),
    "an experiment on no edge": (
        [HEAD | {"experiments": [{"node": 0, "edge": 4}]}, TEXTS | {"nodes": [node()]}],
        "an experiment or a witness is on an edge",
    ),
    "a source outside of the text": (
        [HEAD, TEXTS | {"sources": [{"text": "x", "start": 5, "end": 9}], "nodes": [node(source=1)]}],
        "a source is not in the text",
    ),
    "a module path of a million dots": ([HEAD | {"modules": {"a." * 10**6: {"kind": "A"}}}], "path of a module"),
    "a variable of two shapes": (
        [HEAD | {"variables": {"x": {"value": {"shape": [1], "numbers": [1]}, "grad": {"shape": [], "numbers": [1]}}}}],
        "a variable has other numbers",
    ),
    "a curve of two lengths": (
        [HEAD | {"curve": {"variable": "x", "window": [0, 1], "x": [1], "f": [], "derivative": []}}],
        "different lengths",
    ),
    "a node of an order that there is not": ([HEAD, TEXTS | {"further": [[0, node()]]}], "leads nowhere"),
    "orders from the second on": (
        [HEAD | ALONG | {"orders": OF_X | {"orders": [ORDER | {"order": 2}]}}],
        "do not count",
    ),
    "orders along nothing": ([HEAD | {"orders": OF_X | {"orders": []}}], "no variable"),
    "an element beyond": ([HEAD | ALONG | {"orders": OF_X | {"orders": [], "element": 1}}], "no variable"),
    "too many coefficients": ([HEAD | ALONG | {"orders": OF_X | {"orders": [], "taylor": [0.0] * 10}}], "coefficients"),
    "a derivative of another shape": (
        [HEAD | ALONG | {"orders": OF_X | {"orders": [ORDER | {"values": {"x": {"shape": [1], "numbers": [1]}}}]}}],
        "another shape",
    ),
    "made by no node": (
        [HEAD | ALONG | {"orders": OF_X | {"orders": [ORDER]}}, TEXTS | {"further": [[0, node(made_by=1)]]}],
        "made by one that there is not",
    ),
    "a cycle in the graph of the gradient": (
        [HEAD | ALONG | {"orders": OF_X | {"orders": [ORDER]}}, TEXTS | {"further": [[0, node([0, 0])]]}],
        "cycle",
    ),
    "a Hessian with a row too few": (
        [HEAD | ALONG | {"orders": OF_X | {"orders": [], "hessian": {"names": ["x", "y"], "matrix": [[1, 2]]}}}],
        "rows and columns",
    ),
    "a Jacobian with a column too many": (
        [HEAD | ALONG | {"orders": OF_X | {"orders": [], "jacobian": {"x": {"rows": [[1, 2]], "whole": 1}}}}],
        "rows and columns",
    ),
    "a window upside down": (
        [HEAD | {"curve": {"variable": "x", "window": [1, 0], "x": [], "f": [], "derivative": []}}],
        "window is none",
    ),
    "a piece of itself": (
        [HEAD | {"truth": {"value": [1], "pieces": [PIECE | {"operands": [0], "sent": [[1]]}]}}],
        "no piece",
    ),
    "a piece that sends nothing": (
        [HEAD | {"truth": {"value": [1], "pieces": [PIECE, PIECE | {"operands": [0]}]}}],
        "no piece before it",
    ),
    "a piece outside of the text": (
        [HEAD | {"truth": {"value": [1], "pieces": [PIECE | {"end": 2}]}}],
        "not in the text",
    ),
    "a thousand pieces": ([HEAD | {"truth": {"value": [1], "pieces": [PIECE] * 1001}}], "more pieces"),
    "deep nesting": ([HEAD, nested(10**6)], "damaged"),
    # what advisories of other readers of MessagePack were about
    "an array of four billion": ([b"\xdd\xff\xff\xff\xff"], "damaged"),
    "a map of four billion": ([HEAD, b"\xdf\xff\xff\xff\xff"], "damaged"),
    "four gigabytes of a text": ([HEAD, b"\x81\xa5texts\x91\xdb\xff\xff\xff\xff"], "damaged"),
    "an extension for a number": ([b"\x82\xa2id\xd4\x05\x00\xaaexpression\xa1x"], "damaged"),
    "an object of numpy's": ([HEAD | {"nd": True, "kind": "O", "data": b"cos\nsystem\n(S'id'\ntR."}, [1]], "damaged"),
    "a key that is an array": ([HEAD, b"\x81\x91\x01\x01"], "damaged"),
    "a long frame": ([HEAD, b"\xc0" * (snapshot_format.FRAME + 1)], "more in it than a .gradtui file may hold"),
    "a frame of another size": ([HEAD, b"\x80\x80"], "damaged"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_told(name: str, tmp_path: Path) -> None:
    payloads, told = BROKEN[name]
    path = written(tmp_path / "run.gradtui", *payloads)
    with pytest.raises(FileError) as caught:
        load(path)
    assert told in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_length_beyond_the_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    path.write_bytes(header.MAGIC + b"\x01" + gzip.compress(b"\x00\x70\x00\x00\x80"))
    with pytest.raises(FileError, match="cut off"):
        load(path)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "run.gradtui")


# Memory

PROBE = """
import re, sys
from pathlib import Path
from gradtui.file.header import FileError
from gradtui.file.snapshot_format import load

def most():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

before = most()
try:
    load(sys.argv[1]); told = "loaded"
except FileError as error:
    told = str(error)
print(most() - before, told)
"""
measured = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="Linux tells how much memory was taken at most"
)


def memory_of(path: Path) -> tuple[int, str]:
    """Bytes that loading takes at most, in a process of its own, and what it says."""
    run = subprocess.run([sys.executable, "-c", PROBE, path], capture_output=True, text=True, check=True)
    used, _, told = run.stdout.partition(" ")
    return int(used), told.strip()


def full(start: bytes, one: bytes) -> bytes:
    """A payload as long as it may be: `start`, the head of an array of as many `one` as there is room for."""
    count = (snapshot_format.FRAME - len(start) - 5) // len(one)
    return start + b"\xdd" + count.to_bytes(4) + one * count


def piece_of(column: str, one: bytes) -> bytes:
    return full(b"\x81" + msgpack.encode(column), one)


BOMBS: dict[str, list[bytes]] = {
    "short texts": [piece_of("texts", b"\xa1~")],
    "wide texts": [piece_of("texts", b"\xda\x10\x04" + b"a" * 4096 + "🙂".encode())],
    "small numbers": [
        full(
            b"\x81\xa6values\x91\x82\xa5shape\x91\xce" + (snapshot_format.FRAME - 35).to_bytes(4) + b"\xa7numbers",
            b"\x01",
        ),
    ],
    "empty edges": [full(b"\x81\xa5nodes\x91\x97\x00\x00\x00\x00\xc0\xc0", b"\x91\xc0")],
    "saved": [piece_of("nodes", b"\xdc\x00\x10\x00\x00\x00\x00\xc0\xc0\x90" + b"\x00" * 8 + b"\x91\x91\x00")],
    "nodes": [piece_of("nodes", b"\x96\x00\x00\x00\x00\xc0\xc0")],
    "a count alone": [msgpack.encode({"columns": {"count": 100_000}})] * 200,
    "a column": [
        full(b"\x81\xa7columns\x82\xa5count\xce" + (snapshot_format.FRAME - 31).to_bytes(4) + b"\xa4name", b"\x00"),
    ],
    "numbers in a column": [
        full(
            b"\x81\xa7columns\x83\xa5count\x01\xa5edges\x91\xce"
            + (snapshot_format.FRAME - 46).to_bytes(4)
            + b"\xa4edge\x81\xa5local",
            b"\x01",
        ),
    ],
    "unknown": [piece_of("new", b"\x90")],
    "nothing": [b"\x80"] * 100,
}


@pytest.mark.child
@pytest.mark.long
@measured
@pytest.mark.parametrize("name", BOMBS)
def test_no_file_takes_more_memory_than_the_limit(name: str, tmp_path: Path) -> None:
    """The same frame again and again: a few kilobytes, gigabytes if nobody counts."""
    path = written(tmp_path / "run.gradtui", HEAD, *(BOMBS[name] * 4))
    used, told = memory_of(path)
    assert used < snapshot_format.LIMIT
    assert "may hold" in told or told == "loaded", told


@pytest.mark.child
@measured
@pytest.mark.parametrize("field", ["printed", "derivative"])
def test_no_head_takes_more_memory_than_the_limit(field: str, tmp_path: Path) -> None:
    payload = {
        "printed": b"\x83\xa2id\x01\xaaexpression\xa1x\xa7printed\xdb"
        + (snapshot_format.FRAME - 40).to_bytes(4)
        + b"a" * (snapshot_format.FRAME - 44)
        + "🙂".encode(),
        "derivative": full(
            b"\x83\xa2id\x01\xaaexpression\xa1x\xa5curve\x85\xa8variable\xa1x\xa6window\x92\x00\x01\xa1x\x90\xa1f\x90"
            b"\xaaderivative",
            b"\x01",
        ),
    }[field]
    used, _ = memory_of(written(tmp_path / "run.gradtui", payload))
    assert used < snapshot_format.LIMIT


@pytest.mark.child
@pytest.mark.long
@measured
def test_200_000_nodes_fit(tmp_path: Path) -> None:
    count, path = 200_000, tmp_path / "run.gradtui"
    grads = [Values((64, 1024), (float(id),) * 8, Summary(-id, id, 0.5, id + 0.5, 0, 0, id)) for id in range(count)]
    nodes = [
        Node(
            id,
            "TanhBackward0",
            (64, 1024),
            "float32",
            "cpu",
            count - id,
            id,
            (Edge(id + 1, grad=grads[id]),),
            grads[id],
        )
        for id in range(count - 1)
    ]
    nodes.append(Node(count - 1, "AccumulateGrad", (64, 1024), "float32", "cpu", None, count - 1, (), variable="w"))
    save(Snapshot(1, "loss", graph=Graph(tuple(nodes)), origin="capture"), path)
    used, told = memory_of(path)
    assert told == "loaded"
    assert used < snapshot_format.LIMIT / 2


# Saving


def test_saving_is_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "run.gradtui"
    save(examples.quadratic(), path)
    before = path.read_bytes()
    broken = replace(EVERYTHING, expression="\ud800")
    with pytest.raises(FileError, match="half of a character"):
        save(broken, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_too_large_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="more in it than a"):
        save(replace(examples.quadratic(), printed="x" * snapshot_format.FRAME), tmp_path / "run.gradtui")
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "run.gradtui")
    save(examples.quadratic(), tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert load(tmp_path / "run.gradtui") == examples.quadratic()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        save(examples.quadratic(), tmp_path / "no" / "run.gradtui")


def test_the_collector_is_as_before(tmp_path: Path) -> None:
    assert gc.isenabled()
    save(examples.quadratic(), tmp_path / "run.gradtui")
    load(tmp_path / "run.gradtui")
    assert gc.isenabled()
