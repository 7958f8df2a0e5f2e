"""Gradients in numbers, by parameter and by module: norm, share of the whole, min, max, zeros, nan, inf. Pure."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter
from typing import Literal

from msgspec import Struct

from gradtui.graph import kept
from gradtui.snapshot.model import Snapshot, Summary, Unread, Values, norm_of


class Spread(Struct, frozen=True, gc=False):
    """What there is to say of many numbers. finite_norm, min and max are of the finite ones; None where there are none.

    unread: why they, or some of them, are not known; there is then nothing but their count.
    """

    elements: int
    finite_norm: float | None
    min: float | None
    max: float | None
    zeros: int
    nan: int
    inf: int
    unread: Unread | None = None

    @property
    def norm(self) -> float | None:
        """nan where one of them is nan, inf where one is infinite; None where there are none, or they are not known."""
        return norm_of(self.finite_norm, self.nan, self.inf)

    @property
    def bad(self) -> bool:
        """Whether there is something wrong with it as a gradient: nan, inf, or nothing but zeros."""
        return self.unread is None and (self.nan + self.inf > 0 or self.zeros == self.elements > 0)

    def as_values(self) -> Values:
        """The same as a tensor of which only the summary is known."""
        if self.unread is not None:
            return Values((self.elements,), (), unread=self.unread)
        return Values(
            (self.elements,), (), Summary(self.min, self.max, None, self.finite_norm, self.nan, self.inf, self.zeros)
        )


def spread(values: Values) -> Spread:
    """The spread of one tensor."""
    count, summary = math.prod(values.shape), values.summary
    if values.unread is not None:
        return Spread(count, None, None, None, 0, 0, 0, values.unread)
    if summary is not None:
        return Spread(count, summary.finite_norm, summary.min, summary.max, summary.zero, summary.nan, summary.inf)
    known = [number for number in values.numbers if math.isfinite(number)]
    nan = sum(map(math.isnan, values.numbers))
    low, high = (min(known), max(known)) if known else (None, None)
    return Spread(count, values.finite_norm, low, high, known.count(0), nan, count - len(known) - nan)


def all_zero(values: Values) -> bool:
    """Whether a tensor has elements, and all of them are 0."""
    summary = values.summary
    if summary is not None:
        return summary.zero == math.prod(values.shape)
    return bool(values.numbers) and not any(values.numbers)


def together(spreads: Iterable[Spread]) -> Spread | None:
    """The spread of several tensors as of one; None of none."""
    found = list(spreads)
    if not found:
        return None
    if unread := next((each.unread for each in found if each.unread is not None), None):
        return Spread(sum(each.elements for each in found), None, None, None, 0, 0, 0, unread)
    norms = [each.finite_norm for each in found if each.finite_norm is not None]
    return Spread(
        sum(each.elements for each in found),
        math.hypot(*norms) if norms else None,
        min((each.min for each in found if each.min is not None), default=None),
        max((each.max for each in found if each.max is not None), default=None),
        sum(each.zeros for each in found),
        sum(each.nan for each in found),
        sum(each.inf for each in found),
    )


class Gradient(Struct, frozen=True):
    """The gradient of a parameter, or of all parameters of a module.

    shape: of the parameter; () for a module. grad: None where there is none. share: of the square of the norm of all that is
    finite of the whole gradient, so that all shares add up to 1; None where that is 0 or not known, and for what is not finite.
    node: where it stands in the graph, the first of several. step: when the engine ran that, None where it did not.
    kept: bytes that the nodes of a module keep for backward; None for a parameter, and where it is not known. holds: whether it
    is a parameter, or a module that has some.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    grad: Spread | None
    share: float | None
    node: int | None
    step: int | None
    kept: int | None = None
    holds: bool = True


def spreads(snapshot: Snapshot) -> list[tuple[str, Spread | None]]:
    """The gradients of the parameters of a model, by name in its own order; of a graph without a model, of its leaves."""
    named: Iterable[tuple[str, Values | None]]
    if snapshot.parameters:
        named = ((name, parameter.grad) for name, parameter in snapshot.parameters.items())
    else:
        named = ((node.variable, node.grad_output) for node in snapshot.graph.nodes if node.variable)
    return [(name, None if grad is None else spread(grad)) for name, grad in named]


def by_parameter(snapshot: Snapshot) -> list[Gradient]:
    """The same with their places: a line for each."""
    nodes, named = snapshot.graph.nodes, spreads(snapshot)
    if snapshot.parameters:
        places = [(parameter.value.shape, parameter.node) for parameter in snapshot.parameters.values()]
    else:
        places = [(node.shape, node.id) for node in nodes if node.variable]
    whole = together(each for _, each in named if each is not None)
    return [
        Gradient(name, "parameter", shape, each, share(each, whole), node, None if node is None else nodes[node].step)
        for (name, each), (shape, node) in zip(named, places, strict=True)
    ]


def by_module(snapshot: Snapshot, parameters: Sequence[Gradient]) -> list[Gradient]:
    """The modules that have parameters or keep something for backward, in the model's order. parameters: `by_parameter`."""
    grads = Inside((each.name, each.grad) for each in parameters)
    first: dict[str, Gradient] = {}
    for parameter in parameters:
        path = parameter.name
        while path:
            path = path.rpartition(".")[0]
            before = first.setdefault(path, parameter)
            if _step(parameter) < _step(before):
                first[path] = parameter
    whole, sizes, known = grads.of(""), kept.by_module(snapshot), kept.in_all(snapshot) is not None
    ran = _first_of(snapshot, sizes.keys() - first.keys())
    found = []
    for path, module in snapshot.modules.items():
        if path in first or path in ran:
            node, step = (first[path].node, first[path].step) if path in first else ran[path]
            size = sizes.get(path, 0) if known else None
            part = share(grads.of(path), whole)
            found.append(Gradient(path, module.kind, (), grads.of(path), part, node, step, size, path in first))
    return found


def _first_of(snapshot: Snapshot, paths: Collection[str]) -> dict[str, tuple[int, int | None]]:
    """The first node of each of these modules that backward runs, with its step."""
    found: dict[str, tuple[int, int | None]] = {}
    for node in snapshot.graph.nodes if paths else ():
        path = node.module
        while path:
            if path in paths:
                found.setdefault(path, (node.id, node.step))
            path = path.rpartition(".")[0]
    return found


def share(part: Spread | None, whole: Spread | None) -> float | None:
    """How much of the square of the norm of what is finite of the whole is the part's; None for a part that is not finite."""
    if part is None or part.norm is None or whole is None or not whole.finite_norm:
        return None
    if not math.isfinite(part.norm):
        return None
    ratio = part.norm / whole.finite_norm
    return ratio * ratio  # a power would raise OverflowError


class Inside:
    """The gradients of all parameters of a module, by its path: found as they are asked for."""

    def __init__(self, named: Iterable[tuple[str, Spread | None]]) -> None:
        known = sorted(named, key=itemgetter(0))
        self._names = [name for name, grad in known if grad is not None]
        self._grads = [grad for _, grad in known if grad is not None]
        self._found: dict[str, Spread | None] = {}

    def of(self, path: str) -> Spread | None:
        """None where the module has no gradient; `` is the whole model."""
        if path not in self._found:
            low, high = 0, len(self._names)
            if path:
                low, high = bisect_left(self._names, f"{path}."), bisect_left(self._names, f"{path}/")
            self._found[path] = together(self._grads[low:high])
        return self._found[path]


Order = Literal["order", "name", "norm", "share", "min", "max", "zeros", "nan", "inf", "kept"]
ORDERS: tuple[Order, ...] = ("order", "name", "norm", "share", "min", "max", "zeros", "nan", "inf", "kept")
"""`order` is that of the backward pass, `kept` is of modules alone. All but the first two begin with the largest, and with what
is no number before."""


def ordered(gradients: Sequence[Gradient], by: Order) -> list[Gradient]:
    """Sorted; what has no such number comes last, in its own order."""
    if by == "order":
        return sorted(gradients, key=_step)
    if by == "name":
        return sorted(gradients, key=lambda each: [_natural(piece) for piece in each.name.split(".")])
    known = [each for each in gradients if _number(each, by) is not None]
    known.sort(key=lambda each: -_size(_number(each, by) or 0.0))
    return known + [each for each in gradients if _number(each, by) is None]


def _number(gradient: Gradient, by: Order) -> float | None:
    number: float | None = getattr(gradient if by in ("share", "kept") else gradient.grad, by, None)
    return number


def _size(number: float) -> float:
    return math.inf if math.isnan(number) else number


def _step(gradient: Gradient) -> float:
    return math.inf if gradient.step is None else gradient.step


LONGEST_NUMBER = 20
"""Digits up to which a piece of a name is a number: Python reads no more than some thousands."""


def _natural(piece: str) -> tuple[int, str]:
    """`layer.2` before `layer.10`."""
    return (int(piece), "") if piece.isdecimal() and len(piece) < LONGEST_NUMBER else (-1, piece)


LEVELS = (1.0, 3.0, 6.0)
"""Decades below the largest norm at which a gradient counts as middling, small, vanishing."""


def size(norm: float | None, largest: float | None) -> int:
    """How large a gradient is beside the largest: 0 for as large, 1, 2, and 3 for vanishing; 0 where it is not known."""
    if norm is None or not largest:
        return 0
    if norm == 0:
        return len(LEVELS)
    decades = math.log10(largest) - math.log10(norm)
    return sum(decades >= level for level in LEVELS)


def largest_norm(snapshot: Snapshot) -> float | None:
    """The largest norm of a gradient at any node, of what is finite of it."""
    told = {id(node.grad_output): node.grad_output for node in snapshot.graph.nodes}.values()
    norms = (grad.finite_norm for grad in told if grad is not None)
    return max((norm for norm in norms if norm is not None), default=None)
