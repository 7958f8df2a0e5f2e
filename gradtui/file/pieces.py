"""A graph in pieces for the .gradtui file: columns and rows that point into tables of what occurs often.

There are four tables: texts, shapes, values, sources. Each piece adds to them, and it points at what pieces so far have
added. Entries count from 1; 0 is none, in `shapes` that of a scalar. A node's id is its place among all of them.

The nodes are columns, as `gradtui.file.node_columns` tells. Rows are MessagePack arrays of the fields of ParameterRow, and of
NodeRow, EdgeRow and SavedRow, in their order; further fields may come behind. `further` are nodes of the graphs of `orders`,
each as the place of its order there and its row; ids count in each of these graphs. `nodes` are rows too: in version 1 they
were all of the nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TypeVar

from msgspec import Struct, field, msgpack
from msgspec.structs import replace

from gradtui.file.header import BrokenError
from gradtui.file.node_columns import (
    EdgeColumns,
    NodeColumns,
    SavedColumns,
    Tables,
    UnevenError,
    columns_of,
    known,
    nodes_of,
    rows_of,
    said,
)
from gradtui.file.node_rows import Index, NodeRow, ParameterRow
from gradtui.file.soundness import MOST_CHARACTERS, fits, is_shape
from gradtui.snapshot.model import Graph, Node, Parameter, Snapshot, Source, Values
from gradtui.snapshot.orders import Orders

T = TypeVar("T")
K = TypeVar("K")

PIECE = 2**18
"""Bytes after which a piece is full, roughly."""
PARAMETER_ROW = 20
"""Bytes of one in a piece, roughly."""
AT_ONCE = 10_000
"""Rows that are made columns at once: those take memory beside them."""

PARAMETER, TEXT, SHAPE, VALUES, SOURCE = 400, 150, 150, 450, 300
CHARACTER, NUMBER = 4, 48
"""Bytes of memory that each takes at most, with its place in a table or a tuple."""

DAMAGED = "this .gradtui file is damaged"
TOO_LARGE = "there is more in it than a .gradtui file may hold"
SAME_NAMES = "two names in it look the same"


class Piece(Struct, omit_defaults=True):
    texts: list[str] = field(default_factory=list)
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    values: list[Values] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    columns: NodeColumns | None = None
    nodes: list[NodeRow] = field(default_factory=list)
    parameters: list[ParameterRow] = field(default_factory=list)
    further: list[tuple[Index, NodeRow]] = field(default_factory=list)


class _Table(dict[K, int]):
    """The numbers of entries, by what they are; 0 is none. What is looked up and not there yet is added."""

    def __init__(self, none: K, add: Callable[[K], None]) -> None:
        super().__init__({none: 0})
        self._add = add

    def __missing__(self, entry: K) -> int:
        number = self[entry] = len(self)
        self._add(entry)
        return number

    def of(self, entries: Iterable[K]) -> list[int]:
        """Their numbers, of many at once: a call of Python's own for each would be most of the time that writing takes."""
        return list(map(self.__getitem__, entries))


class Writer:
    """A Snapshot's graph and parameters -> pieces. Equal entries are one: equal to the last bit."""

    def __init__(self) -> None:
        self._piece, self._size = Piece(), 0
        self._full: list[Piece] = []
        self._texts = _Table[str | None](None, self._add_text)
        self._shapes = _Table[tuple[int, ...]]((), self._add_shape)
        self._sources = _Table[Source | None](None, self._add_source)
        self._values: dict[bytes, int] = {}
        self._met: dict[int, int] = {}

    def pieces(self, snapshot: Snapshot) -> Iterator[Piece]:
        for nodes in _parts(snapshot.graph.nodes):
            columns = self._columns(nodes)  # which may begin another piece: it stands behind all that it points at
            self._piece.columns = columns
            self._turn(sum(map(_size, nodes)))
            yield from self._done()
        for named in _slices([*snapshot.parameters.items()], PIECE // PARAMETER_ROW):
            rows = self._parameters(named)
            self._piece.parameters += rows
            self._turn(PARAMETER_ROW * len(rows))
            yield from self._done()
        for place, order in enumerate(snapshot.orders.orders if snapshot.orders is not None else ()):
            for nodes in _parts(order.graph.nodes):
                rows_of_nodes = rows_of(self._columns(nodes))
                self._piece.further += [(place, row) for row in rows_of_nodes]
                self._turn(sum(map(_size, nodes)))
                yield from self._done()
        self._turn(least=0)
        yield from self._done()

    def _done(self) -> list[Piece]:
        full, self._full = self._full, []
        return full

    def _turn(self, size: int = 0, least: int = PIECE) -> None:
        """`size` bytes more, and on to the next piece where this one is full."""
        self._size += size
        if self._size > least:
            self._full.append(self._piece)
            self._piece, self._size = Piece(), 0

    def _columns(self, nodes: Sequence[Node]) -> NodeColumns:
        edges = [edge for node in nodes for edge in node.edges]
        saved = [one for node in nodes for one in node.saved]
        texts, numbers = self._texts.of, self._numbers
        return NodeColumns(
            count=len(nodes),
            name=texts([node.name for node in nodes]),
            shape=said(self._shapes.of([node.shape for node in nodes])),
            dtype=texts([node.dtype for node in nodes]),
            device=texts([node.device for node in nodes]),
            sequence=known([node.sequence for node in nodes]),
            step=known([node.step for node in nodes]),
            edges=said([len(node.edges) for node in nodes]),
            value=numbers([node.value for node in nodes]),
            grad_output=numbers([node.grad_output for node in nodes]),
            source=said(self._sources.of([node.source for node in nodes])),
            variable=said(texts([node.variable for node in nodes])),
            module=said(texts([node.module or None for node in nodes])),
            call=said([node.call for node in nodes]),
            note=said(texts([node.note or None for node in nodes])),
            tangent=numbers([node.tangent for node in nodes]),
            saved=said([len(node.saved) for node in nodes]),
            inside=said([len(node.inside) for node in nodes]),
            order=said([node.order for node in nodes]),
            made_by=known([node.made_by for node in nodes]),
            kept=known([node.kept for node in nodes]),
            edge=EdgeColumns(
                target=known([edge.target for edge in edges]),
                input=said([edge.input for edge in edges]),
                grad=numbers([edge.grad for edge in edges]),
                local=known([edge.local for edge in edges]),
                constant=said(texts([edge.constant for edge in edges])),
                source=said(self._sources.of([edge.source for edge in edges])),
            ),
            keeps=SavedColumns(
                name=texts([one.name for one in saved]),
                value=numbers([None if isinstance(one.value, str) else one.value for one in saved]),
                text=said(texts([one.value if isinstance(one.value, str) else None for one in saved])),
            ),
            ran=texts([name for node in nodes for name in node.inside]),
        )

    def _parameters(self, named: Sequence[tuple[str, Parameter]]) -> list[ParameterRow]:
        texts, one = self._texts.of, [parameter for _, parameter in named]
        return list(
            map(
                ParameterRow,
                texts([name for name, _ in named]),
                [self._number(each.value) for each in one],
                [self._number(each.grad) for each in one],
                texts([each.dtype for each in one]),
                texts([each.device for each in one]),
                [each.node for each in one],
                [each.requires_grad for each in one],
                [each.registered for each in one],
                [each.within for each in one],
                [each.attribute for each in one],
                [each.is_parameter for each in one],
            )
        )

    def _numbers(self, many: Iterable[Values | None]) -> list[int]:
        """The same for values. What was met before is known by what it is: the same one stands at both ends of an edge."""
        met = self._met
        return said([0 if one is None else met.get(id(one)) or self._number(one) for one in many])

    def _number(self, values: Values | None) -> int:
        """Known by its bytes: -0.0 is not 0.0, and a nan is like another."""
        if values is None:
            return 0
        met = self._met.get(id(values))
        if met is not None:
            return met
        written = msgpack.encode(values)
        found = self._values.get(written)
        if found is None:
            found = self._values[written] = len(self._values) + 1
            self._piece.values.append(values)
            self._turn(len(written))
        self._met[id(values)] = found
        return found

    def _add_text(self, text: str | None) -> None:
        assert text is not None
        self._piece.texts.append(text)
        self._turn(len(text))

    def _add_shape(self, shape: tuple[int, ...]) -> None:
        self._piece.shapes.append(shape)
        self._turn(3 * len(shape))

    def _add_source(self, source: Source | None) -> None:
        assert source is not None
        self._piece.sources.append(source)
        self._turn(30 + len(source.text))


def _parts(nodes: Sequence[Node]) -> Iterator[Sequence[Node]]:
    """As many as are in a piece."""
    start = size = 0
    for end, one in enumerate(map(_size, nodes), 1):
        size += one
        if size > PIECE:
            yield nodes[start:end]
            start, size = end, 0
    if start < len(nodes):
        yield nodes[start:]


def _size(node: Node) -> int:
    """Bytes in a piece, roughly."""
    return 30 + 12 * len(node.edges) + 8 * len(node.saved) + 3 * len(node.inside)


def _slices(many: Sequence[T], length: int) -> Iterator[Sequence[T]]:
    return (many[start : start + length] for start in range(0, len(many), length))


class Reader:
    """Pieces -> the Snapshot whose head is given. Raises BrokenError for what cannot be, and beyond `room` bytes of memory."""

    def __init__(self, head: Snapshot, room: int) -> None:
        self._head, self._room = head, room
        self._tables = Tables()
        self._nodes: list[Node] = []
        self._parameters: dict[str, Parameter] = {}
        orders = () if head.orders is None else head.orders.orders
        self._further: list[list[Node]] = [[] for _ in orders]

    def add(self, piece: Piece) -> None:
        """Raises IndexError for a reference that leads nowhere."""
        self._take(_weight(piece))
        self._add_to_tables(piece)
        if piece.columns is not None:
            self._make(piece.columns, self._nodes)
        self._make_of_rows(piece.nodes, self._nodes)
        for place, told in groupby(piece.further, key=itemgetter(0)):
            self._make_of_rows([row for _, row in told], self._further[place])
        for parameter in piece.parameters:
            name = self._tables.names[parameter.name]
            if name in self._parameters:
                raise BrokenError(f"{DAMAGED}: {SAME_NAMES}")
            self._parameters[name] = self._parameter(parameter)

    def _take(self, weight: int) -> None:
        self._room -= weight
        if self._room < 0:
            raise BrokenError(TOO_LARGE)

    def _add_to_tables(self, piece: Piece) -> None:
        tables = self._tables
        tables.names += piece.texts
        tables.texts += piece.texts
        tables.shapes += piece.shapes
        tables.values += piece.values
        tables.sources += piece.sources
        for shape in piece.shapes:
            if not is_shape(shape):
                raise BrokenError(f"{DAMAGED}: {shape} is no shape")
        for values in piece.values:
            if not fits(values):
                raise BrokenError(f"{DAMAGED}: a tensor has other numbers than its shape tells")
        for text in (*piece.texts, *(source.text for source in piece.sources)):
            if len(text) > MOST_CHARACTERS:
                raise BrokenError(f"{DAMAGED}: a text is too long")

    def _make(self, columns: NodeColumns, nodes: list[Node]) -> None:
        try:
            self._take(columns.weight())
        except UnevenError:
            raise BrokenError(f"{DAMAGED}: its columns have different lengths") from None
        nodes += nodes_of(columns, len(nodes), self._tables)

    def _make_of_rows(self, rows: Sequence[NodeRow], nodes: list[Node]) -> None:
        for start in range(0, len(rows), AT_ONCE):
            self._make(columns_of(rows[start : start + AT_ONCE]), nodes)

    def snapshot(self) -> Snapshot:
        graph = Graph(tuple(self._nodes), self._head.graph.roots)
        return replace(self._head, graph=graph, parameters=self._parameters, orders=self._orders())

    def _orders(self) -> Orders | None:
        told = self._head.orders
        if told is None:
            return None
        pairs = zip(told.orders, self._further, strict=True)
        return replace(
            told, orders=tuple(replace(one, graph=replace(one.graph, nodes=tuple(nodes))) for one, nodes in pairs)
        )

    def _parameter(self, row: ParameterRow) -> Parameter:
        names, values = self._tables.names, self._tables.values
        value = values[row.value]
        if value is None:
            raise BrokenError(f"{DAMAGED}: a parameter has no value")
        dtype, device, grad, wanted = names[row.dtype], names[row.device], values[row.grad], row.requires_grad
        known = row.registered, row.within, row.attribute, row.is_parameter
        return Parameter(value, grad, dtype, device, row.node, wanted, *known)


def _weight(piece: Piece) -> int:
    """Bytes of memory that it will take at most, without its nodes."""
    return (
        sum(TEXT + CHARACTER * len(text) for text in piece.texts)
        + sum(SHAPE + NUMBER * len(shape) for shape in piece.shapes)
        + sum(VALUES + NUMBER * (len(values.numbers) + len(values.shape)) for values in piece.values)
        + sum(SOURCE + CHARACTER * (len(source.text) + len(source.file or "")) for source in piece.sources)
        + PARAMETER * len(piece.parameters)
        + NUMBER * len(piece.further)
    )
