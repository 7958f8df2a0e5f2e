"""What a Snapshot promises beyond its types, for one that comes from a file: the screen and the reports rely on it. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, repeat

from gradtui.snapshot.curve import Curve
from gradtui.snapshot.highest_order import MOST_DEGREE, MOST_ORDER
from gradtui.snapshot.model import Graph, Snapshot, Source, Values
from gradtui.snapshot.orders import Hessian, Order, Orders
from gradtui.snapshot.target import is_target
from gradtui.snapshot.training import Tensor, Training
from gradtui.snapshot.truth import Truth

MOST_DIMENSIONS = 64
"""As in torch."""
DEEPEST, LONGEST = 100, 1000
"""Dots and characters in the path of a module: the outline has a group for every dot."""
MOST_GROUPS = 2_000_000
"""Dots in all of them, as often as they were called."""
MOST_CHARACTERS = 1_000_000
"""Of a text that is shown in lines: to break it takes time that grows with its square."""

MOST_PIECES = 1000
"""Of an expression: calculus measures a tenth as many."""


def flaw(snapshot: Snapshot) -> str | None:
    """The first promise that is not kept, as a sentence; None for a sound Snapshot."""
    return next(_flaws(snapshot), None)


def is_shape(shape: tuple[int, ...]) -> bool:
    return len(shape) <= MOST_DIMENSIONS and (not shape or min(shape) >= 0)


def fits(values: Values) -> bool:
    """Whether there are as many numbers as the shape tells, or with a summary not more than that; none of what is unread.

    No count and no norm is negative.
    """
    if not is_shape(values.shape):
        return False
    count, given = math.prod(values.shape), len(values.numbers)
    if values.unread is not None:
        return not given and values.summary is None
    if values.summary is None:
        return given == count
    told = values.summary
    is_norm = told.finite_norm is None or told.finite_norm >= 0
    return 0 < given <= count and min(told.nan, told.inf, told.zero) >= 0 and is_norm


def _flaws(snapshot: Snapshot) -> Iterator[str]:
    for graph in _graphs(snapshot):
        yield from _graph_flaws(graph)
    if snapshot.origin == "function" and not is_target(snapshot.expression):
        yield "it is of a function, and names none"
    yield from _reference_flaws(snapshot)
    if not all(_is_in_text(source, snapshot) for source in _sources(snapshot)):
        yield "a source is not in the text"
    yield from _module_flaws(snapshot)
    if any(len(text) > MOST_CHARACTERS for text in _sentences(snapshot)):
        yield "a text is too long"
    yield from _number_flaws(snapshot)
    if snapshot.training is not None:
        yield from _training_flaws(snapshot.training)
    if snapshot.orders is not None:
        yield from _orders_flaws(snapshot, snapshot.orders)
    if len(snapshot.derivatives) > MOST_ORDER:
        yield "there are more derivatives than orders"
    if (
        snapshot.taylor is not None
        and max(map(len, (snapshot.taylor.numbers, snapshot.taylor.typed))) > MOST_DEGREE + 1
    ):
        yield "Taylor's polynomial has too many coefficients"
    if snapshot.truth is not None:
        yield from _truth_flaws(snapshot, snapshot.truth)
    if snapshot.curve is not None:
        yield from _curve_flaws(snapshot, snapshot.curve)


def _reference_flaws(snapshot: Snapshot) -> Iterator[str]:
    """Of what names a node or an edge of the graph."""
    count = len(snapshot.graph.nodes)
    if not _are_nodes([parameter.node for parameter in snapshot.parameters.values()], count):
        yield "a parameter's node is not in the graph"
    beside: list[int | None] = [one.node for one in snapshot.events]
    beside += [one.node for one in snapshot.notes]
    beside += [one.node for one in snapshot.experiments]
    beside += [one.node for one in snapshot.witnesses]
    beside += [one.node for one in snapshot.mismatches]
    if not _are_nodes(beside, count):
        yield "an event, a note, an experiment or a witness is of a node that is not in the graph"
    edges = [(one.node, one.edge) for one in snapshot.experiments]
    edges += [(one.node or 0, one.edge) for one in snapshot.witnesses]
    edges += [(one.node, one.edge) for one in snapshot.mismatches]
    if any(edge is not None and not 0 <= edge < _edges(snapshot, node) for node, edge in edges):
        yield "an experiment or a witness is on an edge that is not in the graph"
    if not all(fits(each.values) for one in snapshot.witnesses for each in one.operands if each.values is not None):
        yield "what a witness saw has other numbers than its shape tells"


def _module_flaws(snapshot: Snapshot) -> Iterator[str]:
    called = _called(snapshot)
    paths = [*_paths(snapshot), *called]
    is_long = max(map(len, paths), default=0) > DEEPEST  # mostly that is all there is to ask
    if is_long and any(len(path) > LONGEST or path.count(".") > DEEPEST for path in paths):
        yield "the path of a module is too long"
    if sum(map(str.count, (*snapshot.parameters, *called), repeat("."))) > MOST_GROUPS:
        yield "there are too many modules within one another"


def _number_flaws(snapshot: Snapshot) -> Iterator[str]:
    """Of tensors that hold other numbers than their shape tells."""
    if snapshot.value is not None and not fits(snapshot.value):
        yield "the value has other numbers than its shape tells"
    for state in snapshot.variables.values():
        if not (fits(state.value) and fits(state.grad) and state.value.shape == state.grad.shape):
            yield "a variable has other numbers than its shape tells"
    if snapshot.along is not None and snapshot.along[0] not in snapshot.variables:
        yield "tangents are along what is no variable"
    if not all(map(fits, snapshot.data.values())):
        yield "a column of data has other numbers than its shape tells"
    if snapshot.surface is not None and len(snapshot.surface.values) != math.prod(snapshot.surface.counts):
        yield "a surface has other numbers than places"


def _training_flaws(training: Training) -> Iterator[str]:
    """Every update tells of all trained variables, and every tensor has as many numbers as its shape tells."""
    for update in training.updates:
        if not {*training.trained} <= {*update.variables}:
            yield "an update leaves out a variable that is trained"
    states = [
        training.before,
        *({name: one.state for name, one in update.variables.items()} for update in training.updates),
    ]
    for one in (entry for state in states for remembered in state.values() for entry in remembered.values()):
        tensors = [item for item in (one if isinstance(one, tuple) else (one,)) if isinstance(item, Tensor)]
        if not all(is_shape(item.shape) and math.prod(item.shape) == len(item.numbers) for item in tensors):
            yield "the state of an optimizer has other numbers than its shape tells"


def _orders_flaws(snapshot: Snapshot, orders: Orders) -> Iterator[str]:
    if [one.order for one in orders.orders] != list(range(1, len(orders.orders) + 1)) or len(
        orders.orders
    ) > MOST_ORDER:
        yield "the orders do not count from 1 on"
    leaf = _leaf(snapshot, orders.along)
    if leaf is None or not 0 <= orders.element < max(1, math.prod(leaf.shape)):
        yield "derivatives are along what is no variable"
    if orders.taylor and orders.along not in snapshot.variables:
        yield "Taylor's polynomial is along what is no variable"
    if len(orders.taylor) > MOST_DEGREE + 1:
        yield "Taylor's polynomial has too many coefficients"
    if any(one.graph.derivative != one.order - 1 for one in orders.orders) or snapshot.graph.derivative:
        yield "a graph is of another derivative than its order tells"
    for order in orders.orders:
        yield from _order_flaws(snapshot, order)
    most = max((len(graph.nodes) for graph in _graphs(snapshot)), default=0)
    made = (node.made_by for order in orders.orders for node in order.graph.nodes)
    if not _are_nodes([*made], most):
        yield "a node was made by one that there is not"
    for hessian in filter(None, (orders.hessian, snapshot.exact_hessian)):
        yield from _hessian_flaws(hessian)
    for name, jacobian in orders.jacobian.items():
        widths = {len(row) for row in jacobian.rows}
        count = math.prod(snapshot.variables[name].value.shape) if name in snapshot.variables else 0
        if widths != {count} or not 0 <= jacobian.first <= jacobian.whole - len(jacobian.rows):
            yield "a Jacobian has other numbers than rows and columns"


def _order_flaws(snapshot: Snapshot, order: Order) -> Iterator[str]:
    for name, values in order.values.items():
        leaf = _leaf(snapshot, name)
        if leaf is None or leaf.shape != values.shape or not fits(values):
            yield "a derivative has another shape than its variable"
    leaves = {node.variable: node.grad_output for node in order.graph.nodes if node.variable in snapshot.variables}
    for name, grad in leaves.items():
        if name and grad is not None and grad.shape != snapshot.variables[name].value.shape:
            yield "a derivative has another shape than its variable"


def _leaf(snapshot: Snapshot, name: str) -> Values | None:
    """A variable, or a parameter of a file's module."""
    if name in snapshot.variables:
        return snapshot.variables[name].value
    return snapshot.parameters[name].value if name in snapshot.parameters else None


def _hessian_flaws(told: Hessian) -> Iterator[str]:
    count = len(told.names)
    rows = count if told.row is None else 1
    if len(told.matrix) != rows or any(len(row) != count for row in told.matrix) or not _is_node(told.row, count):
        yield "a Hessian has other numbers than rows and columns"
    if len(told.eigenvalues) not in (0, count) or len(told.directions) != len(told.eigenvalues):
        yield "a Hessian has other eigenvalues than rows"
    if any(len(one) != count for one in told.directions) or (told.row is not None and told.eigenvalues):
        yield "a direction has other parts than there are variables"


def _truth_flaws(snapshot: Snapshot, truth: Truth) -> Iterator[str]:
    if len(truth.pieces) > MOST_PIECES:
        yield "the expression has more pieces than are measured"
    for place, piece in enumerate(truth.pieces):
        if not all(0 <= operand < place for operand in piece.operands) or len(piece.sent) != len(piece.operands):
            yield "a piece is made of what is no piece before it"
        if not 0 <= piece.start <= piece.end <= len(snapshot.expression):
            yield "a piece is not in the text"


def _graphs(snapshot: Snapshot) -> Iterator[Graph]:
    """That of f, and those of its derivatives."""
    yield snapshot.graph
    for order in snapshot.orders.orders if snapshot.orders is not None else ():
        yield order.graph


def _graph_flaws(graph: Graph) -> Iterator[str]:
    nodes, count = graph.nodes, len(graph.nodes)
    targets: list[int] = []
    onward, is_from_leaf = True, False
    for node in nodes:
        edges, id = node.edges, node.id
        if not edges:
            continue
        if node.name == "AccumulateGrad":
            is_from_leaf = True
        for edge in edges:
            target = edge.target
            if target is not None:
                targets.append(target)
                if target <= id:
                    onward = False
    if targets and not 0 <= min(targets) <= max(targets) < count:
        yield "an edge leads to a node that is not in the graph"
    if not onward:
        yield from _cycles(graph)
    if is_from_leaf:
        yield "an edge leads on from a leaf"
    if count and not (graph.roots and 0 <= min(graph.roots) <= max(graph.roots) < count):
        yield "the output is not in the graph"
    if len(set(graph.roots)) < len(graph.roots):
        yield "an output is there twice"
    if count and len({*targets, *graph.roots}) < count:  # without a cycle, such begin with one to which nothing leads
        yield "no output leads to some of the nodes"
    steps: list[int | None] = [node.step for node in nodes]
    in_order = steps == [*range(count)]  # as of all graphs of which backward ran every node
    if not in_order:
        ran = [step for step in steps if step is not None]
        if sorted(ran) != [*range(len(ran))]:
            yield "the steps of the backward pass do not count from 0 on"
        in_order = all(step in (None, id) for id, step in enumerate(steps))
    if not (onward and in_order):
        yield from _early(graph)


def _cycles(graph: Graph) -> Iterator[str]:
    """Of a graph in which some edge leads back to a node that ran before: usual it is not, nor wrong."""
    waiting = Counter(edge.target for node in graph.nodes for edge in node.edges if edge.target is not None)
    ready = [node.id for node in graph.nodes if node.id not in waiting]
    passed = 0
    while ready:
        passed += 1
        for edge in graph.nodes[ready.pop()].edges:
            if edge.target is not None:
                waiting[edge.target] -= 1
                if not waiting[edge.target]:
                    ready.append(edge.target)
    if passed < len(graph.nodes):
        yield "the graph has a cycle"


def _early(graph: Graph) -> Iterator[str]:
    """The engine runs a node after all that send to it. Where ids are steps, and edges lead to higher ones, that is so."""
    steps = [node.step for node in graph.nodes]
    for node in graph.nodes:
        after = [steps[edge.target] for edge in node.edges if edge.target is not None]
        if node.step is not None and any(step is not None and step <= node.step for step in after):
            yield "a node ran before one that sends to it"


def _is_node(id: int | None, count: int) -> bool:
    return id is None or 0 <= id < count


def _are_nodes(ids: Iterable[int | None], count: int) -> bool:
    known = [id for id in ids if id is not None]
    return not known or 0 <= min(known) <= max(known) < count


def _edges(snapshot: Snapshot, node: int) -> int:
    nodes = snapshot.graph.nodes
    return len(nodes[node].edges) if 0 <= node < len(nodes) else 0


def _sources(snapshot: Snapshot) -> Iterable[Source]:
    """Each once: many nodes are made by the same line."""
    nodes = [*chain.from_iterable(graph.nodes for graph in _graphs(snapshot))]
    told = [node.source for node in nodes if node.source is not None]
    told += [edge.source for node in nodes for edge in node.edges if edge.source is not None]
    found: list[Source | None] = list({id(source): source for source in told}.values())
    found += [event.source for event in snapshot.events]
    found += [witness.source for witness in snapshot.witnesses]
    found += [one.defined for one in snapshot.mismatches]
    if snapshot.problem is not None:
        found.append(snapshot.problem.source)
    return [source for source in found if source is not None]


def _is_in_text(source: Source, snapshot: Snapshot) -> bool:
    """In the expression; or in a file of which the text may not have been kept."""
    text = snapshot.expression if source.file is None else snapshot.files.get(source.file)
    return 0 <= source.start <= source.end and (text is None or source.end <= len(text))


def _called(snapshot: Snapshot) -> list[str]:
    """The paths of the modules that nodes are in, as often as they were called."""
    again: set[tuple[str, int]] = set()
    once: set[str] = set()
    for graph in _graphs(snapshot):
        once |= {node.module for node in graph.nodes if not node.call}
        again |= {(node.module, node.call) for node in graph.nodes if node.call}
    return [*once, *(path for path, _ in again)]


def _paths(snapshot: Snapshot) -> Iterator[str]:
    yield from (event.module for event in snapshot.events)
    yield from (witness.module for witness in snapshot.witnesses)
    yield from snapshot.modules
    yield from snapshot.parameters


def _sentences(snapshot: Snapshot) -> Iterator[str]:
    yield from (snapshot.expression, snapshot.reads_as, *snapshot.variables, *(note.text for note in snapshot.notes))
    for told in (snapshot.derivative or {}, *snapshot.derivatives):
        for derivative in told.values():
            yield from (derivative.text or "", derivative.note)
    if snapshot.orders is not None:
        yield snapshot.orders.reason
    if snapshot.problem is not None:
        yield from (snapshot.problem.message, snapshot.problem.hint, *snapshot.problem.traceback)


def _curve_flaws(snapshot: Snapshot, curve: Curve) -> Iterator[str]:
    low, high = curve.window
    if any(len(one) != len(curve.x) for one in (curve.f, curve.derivative, *curve.higher)):
        yield "the curves have different lengths"
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        yield "the curve's window is none"
    if not all(map(math.isfinite, curve.x)) or sorted(curve.x) != list(curve.x):
        yield "the curve's x are not in order"
    if curve.variable not in snapshot.variables or curve.element < 0:
        yield "the curve is along what is no variable"
