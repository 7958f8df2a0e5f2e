"""Request -> Snapshot: everything but the symbolic derivative."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd import backward, graph
from gradtui.engine.autograd.kept import kept
from gradtui.engine.parts import Parts
from gradtui.engine.tensors.dtype_and_device import DTYPES, RefusalError, dtype_and_device
from gradtui.engine.tensors.values import values_of
from gradtui.engine.typed import forward, inaccuracies, torch_at_kinks
from gradtui.engine.typed.curve import curve
from gradtui.engine.typed.differences import differences_of
from gradtui.engine.typed.facts import ExpressionFacts
from gradtui.engine.typed.limits import MOST_NUMBERS, longest, operations
from gradtui.engine.typed.notes import notes
from gradtui.engine.typed.tangent import NO_TANGENTS, tangents
from gradtui.expression.parser import ExpressionError, parse
from gradtui.expression.reads_as import write
from gradtui.expression.syntax import Expression, averaged
from gradtui.snapshot import model
from gradtui.snapshot.curve import Curve
from gradtui.snapshot.defaults import default_at

At = dict[str, float | tuple[float, ...]]
Leaves = dict[str, torch.Tensor]


def evaluate(request: model.Request) -> model.Snapshot:
    """Value, gradients, graph, backward pass, differences and curve. What fails is told in the Snapshot's `problem`."""
    nodes: list[Node] = []
    try:
        snapshot = _evaluate(request, nodes)
    except (ExpressionError, RefusalError) as error:
        snapshot = _failed(request, error.problem)
    except (MemoryError, torch.OutOfMemoryError):
        snapshot = _failed(request, model.Problem("memory", "there is not enough memory for this"))
    except RuntimeError as error:
        reason = str(error).partition("\n")[0]
        snapshot = _failed(request, model.Problem("domain", f"torch cannot evaluate this: {reason}"))
    graph.release(nodes)
    return snapshot


def _failed(request: model.Request, problem: model.Problem) -> model.Snapshot:
    return model.Snapshot(request.id, request.expression, dtype=request.dtype, device=request.device, problem=problem)


def _evaluate(request: model.Request, nodes: list[Node]) -> model.Snapshot:
    """`nodes` takes the node objects of the graph, which must outlive every tensor of this call."""
    expression, reads_as = _parsed(request.expression, frozenset((*request.at, *request.names)))
    at, leaves, data = _stood(request, expression)
    dtype, device = dtype_and_device(request)
    typed, expression = expression, differentiated(expression, leaves, data)
    rows = min(map(len, data.values())) if expression is not typed else 0
    done = forward.run(expression, leaves | data, dtype=dtype, device=device)
    along = _along(request, leaves)
    built = model.Graph()
    if isinstance(done.output, torch.Tensor) and done.output.requires_grad:
        nodes.extend(graph.walk(graph.root(done.output)))
        moving = tangents(done, leaves, *along, still=data) if along else NO_TANGENTS
        record = _backward(request, done.output, nodes)
        built = graph.build(
            nodes, record.order, ExpressionFacts(done, record, leaves, moving, kept(nodes, leaves.values()).size)
        )
    elif request.experiments:
        raise RefusalError("domain", "f is constant here: there is no backward pass to change")
    gradients = {node.variable: node.grad_output for node in built.nodes}
    parts = Parts()
    corners: tuple[model.Note, ...] = ()
    told: tuple[model.Note, ...] = ()
    differences: dict[str, model.Differences] = {}
    drawn: Curve | None = None
    with parts.part("notes on corners"):
        corners = tuple(torch_at_kinks.notes(expression, done.values))
    with parts.part("notes on the numbers"):
        told = (*notes(done, built, tuple(leaves), rows), *corners, *inaccuracies.notes(expression, done.values))
    with parts.part("differences"):
        differences = _differences(request, expression, at if corners else _held(leaves | data), leaves)
    with parts.part("the curve"):
        drawn = _curve(request, done, leaves | data)
    variables = {
        name: model.VariableState(values_of(leaf), gradients.get(name) or values_of(torch.zeros_like(leaf)))
        for name, leaf in leaves.items()
    }
    return model.Snapshot(
        id=request.id,
        expression=request.expression,
        reads_as=reads_as,
        dtype=request.dtype,
        device=request.device,
        variables=variables,
        value=values_of(done.output),
        graph=built,
        differences=differences,
        curve=drawn,
        notes=(*(told or corners), *parts.notes),
        along=along,
        experiments=request.experiments,
        data={name: values_of(column) for name, column in data.items()},
    )


def stood(request: model.Request) -> tuple[Expression, Leaves, Leaves]:
    """f, its variables as leaves, and its data, where the request has them stand. Raises ExpressionError, RefusalError."""
    expression, _ = _parsed(request.expression, frozenset((*request.at, *request.names)))
    _, leaves, data = _stood(request, expression)
    return expression, leaves, data


def differentiated(expression: Expression, leaves: Leaves, data: Leaves) -> Expression:
    """f, or its mean where it has an element for each row of data."""
    return averaged(expression) if data and forward.is_vector(expression, leaves | data) else expression


def _stood(request: model.Request, expression: Expression) -> tuple[At, Leaves, Leaves]:
    at = _positions(request, expression)
    _check_size(expression, at)
    dtype, device = dtype_and_device(request)
    tensors = {name: _leaf(name, value, dtype, device) for name, value in at.items()}
    data = {name: tensors.pop(name).requires_grad_(False) for name in request.data if name in tensors}
    single = next((name for name, column in data.items() if column.ndim == 0), None)
    if single is not None:
        raise RefusalError(
            "domain", f"{single} is a number, and data are columns", f"give it numbers: {single}=[1, 2, 3]"
        )
    return at, tensors, data


def _differences(
    request: model.Request, expression: Expression, at: At, leaves: Leaves
) -> dict[str, model.Differences]:
    """In the order of the variables; the one whose curve is drawn comes first where there is too much to do.

    at: the numbers that torch holds; at a corner those that were typed, which for abs(x - 4.3) is not beside it.
    """
    active = request.curve.variable if request.curve else None
    told = differences_of(expression, at, sorted(leaves, key=lambda name: name != active))
    return {name: told[name] for name in leaves}


def _held(leaves: Mapping[str, torch.Tensor]) -> At:
    read = {name: leaf.detach().tolist() for name, leaf in leaves.items()}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in read.items()}


def _along(request: model.Request, leaves: Mapping[str, torch.Tensor]) -> tuple[str, int] | None:
    """The variable and element that tangents are wanted for; None where f has no such."""
    if request.along is None:
        return None
    name, element = request.along
    return request.along if name in leaves and 0 <= element < leaves[name].numel() else None


def _backward(request: model.Request, output: torch.Tensor, nodes: list[Node]) -> backward.Backward:
    record = backward.run(output, nodes)
    if not request.experiments:
        return record
    try:
        return backward.run_changed(output, nodes, record, request.experiments)
    except ValueError as error:
        raise RefusalError("domain", f"no such experiment: {error}") from None


@lru_cache(maxsize=256)
def _parsed(text: str, names: frozenset[str]) -> tuple[Expression, str]:
    expression = parse(text, names)
    return expression, write(expression)


def _positions(request: model.Request, expression: Expression) -> At:
    """Where each variable stands; a name that only `at` knows is a variable too, of gradient 0."""
    at = {name: request.at.get(name, default_at(name)) for name in expression.variables}
    return at | {name: value for name, value in request.at.items() if name not in at}


def _check_size(expression: Expression, at: At) -> None:
    """Refuse, before it is tried, what would fill the memory."""
    count, elements = operations(expression), longest(expression, at)
    if count * elements > MOST_NUMBERS:
        message = f"{count:,} operations on vectors of {elements:,} numbers are more than {MOST_NUMBERS:,} numbers"
        raise RefusalError("limit", message, "shorten the vectors or the expression")


def _leaf(name: str, value: float | tuple[float, ...], dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    if value == ():
        raise RefusalError("domain", f"{name} is a vector without elements", f"give it numbers: {name}=[1, 2, 3]")
    for number in value if isinstance(value, tuple) else (value,):
        if math.isfinite(number) and abs(number) > torch.finfo(dtype).max:
            kind = str(dtype).removeprefix("torch.")
            raise RefusalError("dtype", f"{name} = {number:g} does not fit {kind}", "use float64")
    return torch.tensor(value, dtype=dtype, device=device, requires_grad=True)


def _curve(request: model.Request, done: forward.Forward, leaves: Mapping[str, torch.Tensor]) -> Curve | None:
    """A curve that cannot be drawn is left out: the numbers at this x stand without it."""
    if request.curve is None:
        return None
    nowhere = torch.zeros((), dtype=DTYPES[request.dtype], device=request.device)
    try:
        return curve(request.curve, done, {request.curve.variable: nowhere, **leaves}, closely=True)
    except ExpressionError:
        return None
