"""The nodes of a piece of a .gradtui file as columns, a list for each field.

A call of Python's own for a node and each of its edges would be most of the time that reading a large graph takes: here whole
columns are looked up, and the nodes are made of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, repeat
from operator import attrgetter
from typing import Annotated, Any, TypeVar

from msgspec import Meta, Struct, field, structs

from gradtui.file.node_rows import EdgeRow, NodeRow, SavedRow
from gradtui.snapshot.model import Edge, Node, Saved, Source, Values

T = TypeVar("T")

Index = Annotated[int, Meta(ge=0)]

NODE, EDGE, SAVED, NUMBER = 400, 150, 150, 48
"""Bytes of memory that each takes at most, with its place in a tuple and in the columns."""

COUNTED = ("edges", "saved", "inside")
"""What a node has any number of."""
MAY_BE_NONE = ("sequence", "step", "made_by", "kept", "target", "local")
"""Where none is None; elsewhere it is 0."""


class UnevenError(Exception):
    """Columns of the same things have different lengths."""


class EdgeColumns(Struct, omit_defaults=True):
    """The edges of all nodes of a piece, one node after the other: the fields of EdgeRow."""

    target: list[Index | None] = []
    input: list[Index] = []
    grad: list[Index] = []
    local: list[float | None] = []
    constant: list[Index] = []
    source: list[Index] = []


class SavedColumns(Struct, omit_defaults=True):
    """What all nodes of a piece keep, in the same order: the fields of SavedRow."""

    name: list[Index] = []
    value: list[Index] = []
    text: list[Index] = []


class NodeColumns(Struct, omit_defaults=True):
    """`count` nodes: the fields of NodeRow. A column without entries has the default throughout: 0, or None.

    edges, saved, inside: how many of them each node has. They stand in `edge`, `keeps` and `ran`, one node after the other.
    """

    count: Index = 0
    name: list[Index] = []
    shape: list[Index] = []
    dtype: list[Index] = []
    device: list[Index] = []
    sequence: list[int | None] = []
    step: list[Index | None] = []
    edges: list[Index] = []
    value: list[Index] = []
    grad_output: list[Index] = []
    source: list[Index] = []
    variable: list[Index] = []
    module: list[Index] = []
    call: list[Index] = []
    note: list[Index] = []
    tangent: list[Index] = []
    saved: list[Index] = []
    inside: list[Index] = []
    order: list[Index] = []
    made_by: list[Index | None] = []
    kept: list[Index | None] = []
    edge: EdgeColumns = field(default_factory=EdgeColumns)
    keeps: SavedColumns = field(default_factory=SavedColumns)
    ran: list[Index] = []

    def weight(self) -> int:
        """Bytes of memory that the nodes will take at most. Raises UnevenError."""
        edges, saved, inside = sum(self.edges), sum(self.saved), sum(self.inside)
        _check([getattr(self, name) for name in NodeRow.__struct_fields__], self.count)
        _check(structs.astuple(self.edge), edges)
        _check(structs.astuple(self.keeps), saved)
        _check([self.ran], inside)
        return NODE * self.count + EDGE * edges + SAVED * saved + NUMBER * inside


class Tables:
    """What rows and columns point into. Entry 0 is none: of names an empty one, of shapes that of a scalar."""

    def __init__(self) -> None:
        self.names: list[str] = [""]
        self.texts: list[str | None] = [None]
        self.shapes: list[tuple[int, ...]] = [()]
        self.values: list[Values | None] = [None]
        self.sources: list[Source | None] = [None]


def columns_of(rows: Sequence[NodeRow]) -> NodeColumns:
    """The same nodes."""
    edges: list[EdgeRow] = [*chain.from_iterable(row.edges for row in rows)]
    saved: list[SavedRow] = [*chain.from_iterable(row.saved for row in rows)]
    return NodeColumns(
        count=len(rows),
        edge=EdgeColumns(**_columns(EdgeRow, edges)),
        keeps=SavedColumns(**_columns(SavedRow, saved)),
        ran=[*chain.from_iterable(row.inside for row in rows)],
        **_columns(NodeRow, rows),
    )


def nodes_of(columns: NodeColumns, start: int, tables: Tables) -> Iterator[Node]:
    """The nodes, counted from `start`, of columns whose `weight` was asked for.

    Raises IndexError for a reference that leads nowhere, and does so while they are taken.
    """
    count, names = columns.count, tables.names
    return map(
        Node,
        range(start, start + count),
        _looked_up(names, columns.name, count),
        _looked_up(tables.shapes, columns.shape, count),
        _looked_up(names, columns.dtype, count),
        _looked_up(names, columns.device, count),
        columns.sequence or repeat(None, count),
        columns.step or repeat(None, count),
        _gathered(_edges(columns.edge, sum(columns.edges), tables), columns.edges, count),
        _looked_up(tables.values, columns.value, count),
        _looked_up(tables.values, columns.grad_output, count),
        _gathered(_saved(columns.keeps, sum(columns.saved), tables), columns.saved, count),
        _looked_up(tables.sources, columns.source, count),
        _looked_up(tables.texts, columns.variable, count),
        _looked_up(tables.values, columns.tangent, count),
        _looked_up(names, columns.module, count),
        columns.call or repeat(0, count),
        _looked_up(names, columns.note, count),
        _gathered(_looked_up(names, columns.ran, sum(columns.inside)), columns.inside, count),
        columns.order or repeat(0, count),
        columns.made_by or repeat(None, count),
        columns.kept or repeat(None, count),
    )


def _edges(columns: EdgeColumns, count: int, tables: Tables) -> Iterator[Edge]:
    return map(
        Edge,
        columns.target or repeat(None, count),
        columns.input or repeat(0, count),
        _looked_up(tables.texts, columns.constant, count),
        _looked_up(tables.values, columns.grad, count),
        columns.local or repeat(None, count),
        _looked_up(tables.sources, columns.source, count),
    )


def _saved(columns: SavedColumns, count: int, tables: Tables) -> Iterator[Saved]:
    told = _looked_up(tables.values, columns.value, count)
    texts = _looked_up(tables.names, columns.text, count)
    values = (text if value is None else value for value, text in zip(told, texts, strict=True))
    return map(Saved, _looked_up(tables.names, columns.name, count), values)


def _looked_up(table: Sequence[T], column: Sequence[int], count: int) -> Iterator[T]:
    return map(table.__getitem__, column) if column else repeat(table[0], count)


def _gathered(items: Iterable[T], counts: Sequence[int], count: int) -> Iterable[tuple[T, ...]]:
    """`items` in `count` tuples, as many in each as `counts` tells."""
    if not counts:
        return repeat((), count)
    found = tuple(items)
    return [found[end - many : end] for many, end in zip(counts, accumulate(counts), strict=True)]


def rows_of(columns: NodeColumns) -> list[NodeRow]:
    """The same nodes."""
    edges = map(EdgeRow, *_filled(EdgeRow, columns.edge, sum(columns.edges)))
    saved = map(SavedRow, *_filled(SavedRow, columns.keeps, sum(columns.saved)))
    held: dict[str, Iterable[Any]] = {"edges": edges, "saved": saved, "inside": columns.ran}
    told = zip(NodeRow.__struct_fields__, _filled(NodeRow, columns, columns.count), strict=True)
    return list(
        map(
            NodeRow,
            *(_gathered(held[name], column, columns.count) if name in held else column for name, column in told),
        )
    )


def _filled(kind: type[Struct], columns: Struct, count: int) -> list[Sequence[Any]]:
    """The columns of what is in rows of this kind, `count` entries in each."""
    names = kind.__struct_fields__
    return [getattr(columns, name) or [None if name in MAY_BE_NONE else 0] * count for name in names]


def _columns(kind: type[Struct], rows: Sequence[Struct]) -> dict[str, list[Any]]:
    """The fields of rows; how many there are, of what there is any number of."""
    found: dict[str, list[Any]] = {}
    for name in kind.__struct_fields__:
        column = list(map(attrgetter(name), rows))
        if name in COUNTED:
            column = list(map(len, column))
        found[name] = known(column) if name in MAY_BE_NONE else said(column)
    return found


def said(column: list[int]) -> list[int]:
    """Nothing where it is 0 throughout."""
    return column if any(column) else []


def known(column: list[T | None]) -> list[T | None]:
    """Nothing where it is None throughout."""
    return column if column.count(None) < len(column) else []


def _check(columns: Iterable[Sequence[object]], count: int) -> None:
    if any(column and len(column) != count for column in columns):
        raise UnevenError
