"""A graph in pieces for the .gradtui file: columns and rows that point into tables of what occurs often.

There are four tables: texts, shapes, values, sources. Each piece adds to them, and it points at what pieces so far have
added. Entries count from 1; 0 is none, in `shapes` that of a scalar. A node's id is its place among all of them.

The nodes are columns, as `gradtui.file.node_columns` tells. Rows are MessagePack arrays of the fields of ParameterRow, and of
NodeRow, EdgeRow and SavedRow, in their order; further fields may come behind. `further` are nodes of the graphs of `orders`,
each as the place of its order there and its row; ids count in each of these graphs. `nodes` are rows too: in version 1 they
were all of the nodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from msgspec import Struct, field, msgpack
from msgspec.structs import replace

from gradtui.file.header import BrokenError
from gradtui.file.node_columns import NodeColumns, Tables, UnevenError, columns_of, nodes_of
from gradtui.file.node_rows import EdgeRow, Index, NodeRow, ParameterRow, SavedRow
from gradtui.file.soundness import MOST_CHARACTERS, fits, is_shape
from gradtui.snapshot.model import Edge, Graph, Node, Parameter, Saved, Snapshot, Source, Values
from gradtui.snapshot.orders import Orders

PIECE = 2**18
"""Bytes after which a piece is full, roughly."""
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
    columns: NodeColumns = field(default_factory=NodeColumns)
    nodes: list[NodeRow] = field(default_factory=list)
    parameters: list[ParameterRow] = field(default_factory=list)
    further: list[tuple[Index, NodeRow]] = field(default_factory=list)


class Writer:
    """A Snapshot's graph and parameters -> pieces. Equal entries are one: equal to the last bit."""

    def __init__(self) -> None:
        self._piece, self._size = Piece(), 0
        self._full: list[Piece] = []
        self._texts: dict[str, int] = {}
        self._shapes: dict[tuple[int, ...], int] = {}
        self._values: dict[bytes, int] = {}
        self._met: dict[int, int] = {}
        self._sources: dict[Source, int] = {}

    def pieces(self, snapshot: Snapshot) -> Iterator[Piece]:
        for node in snapshot.graph.nodes:
            row = self._node(node)  # which may begin another piece: the row stands behind all that it points at
            self._piece.nodes.append(row)
            yield from self._done()
        for name, parameter in snapshot.parameters.items():
            told = self._parameter(name, parameter)
            self._piece.parameters.append(told)
            yield from self._done()
        for place, order in enumerate(snapshot.orders.orders if snapshot.orders is not None else ()):
            for node in order.graph.nodes:
                row = self._node(node)
                self._piece.further.append((place, row))
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
            self._piece.columns, self._piece.nodes = columns_of(self._piece.nodes), []
            self._full.append(self._piece)
            self._piece, self._size = Piece(), 0

    def _node(self, node: Node) -> NodeRow:
        edges, saved = tuple(map(self._edge, node.edges)), tuple(map(self._saved, node.saved))
        row = NodeRow(
            name=self._text(node.name),
            shape=self._shape(node.shape),
            dtype=self._text(node.dtype),
            device=self._text(node.device),
            sequence=node.sequence,
            step=node.step,
            edges=edges,
            value=self._value(node.value),
            grad_output=self._value(node.grad_output),
            source=self._source(node.source),
            variable=self._text(node.variable),
            module=self._text(node.module or None),
            call=node.call,
            note=self._text(node.note or None),
            tangent=self._value(node.tangent),
            saved=saved,
            inside=tuple(map(self._text, node.inside)),
            order=node.order,
            made_by=node.made_by,
            kept=node.kept,
        )
        self._turn(30 + 12 * len(edges) + 8 * len(saved) + 3 * len(row.inside))
        return row

    def _edge(self, edge: Edge) -> EdgeRow:
        return EdgeRow(
            target=edge.target,
            input=edge.input,
            grad=self._value(edge.grad),
            local=edge.local,
            constant=self._text(edge.constant),
            source=self._source(edge.source),
        )

    def _saved(self, saved: Saved) -> SavedRow:
        if isinstance(saved.value, str):
            return SavedRow(self._text(saved.name), text=self._text(saved.value))
        return SavedRow(self._text(saved.name), self._value(saved.value))

    def _parameter(self, name: str, parameter: Parameter) -> ParameterRow:
        row = ParameterRow(
            name=self._text(name),
            value=self._value(parameter.value),
            grad=self._value(parameter.grad),
            dtype=self._text(parameter.dtype),
            device=self._text(parameter.device),
            node=parameter.node,
            requires_grad=parameter.requires_grad,
            registered=parameter.registered,
            within=parameter.within,
            attribute=parameter.attribute,
        )
        self._turn(20)
        return row

    def _text(self, text: str | None) -> int:
        if text is None:
            return 0
        found = self._texts.get(text)
        if found is None:
            found = self._texts[text] = len(self._texts) + 1
            self._piece.texts.append(text)
            self._turn(len(text))
        return found

    def _shape(self, shape: tuple[int, ...]) -> int:
        if not shape:
            return 0
        found = self._shapes.get(shape)
        if found is None:
            found = self._shapes[shape] = len(self._shapes) + 1
            self._piece.shapes.append(shape)
            self._turn(3 * len(shape))
        return found

    def _source(self, source: Source | None) -> int:
        if source is None:
            return 0
        found = self._sources.get(source)
        if found is None:
            found = self._sources[source] = len(self._sources) + 1
            self._piece.sources.append(source)
            self._turn(30 + len(source.text))
        return found

    def _value(self, values: Values | None) -> int:
        """Known by its bytes: -0.0 is not 0.0, and a nan is like another. The same one stands at both ends of an edge."""
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
        return Parameter(value, grad, dtype, device, row.node, wanted, row.registered, row.within, row.attribute)


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
