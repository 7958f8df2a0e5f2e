"""f and f' over a window of one variable, the others staying where they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import torch

from gradtui.engine.torch_private import with_storage
from gradtui.engine.typed.between_samples import details, drawn
from gradtui.engine.typed.forward import Evaluator, Forward, Value, ordered
from gradtui.engine.typed.limits import MOST_NUMBERS, work
from gradtui.engine.typed.look import Look, Sample, rows_of
from gradtui.engine.typed.not_finite_stretches import round_places
from gradtui.expression.expression_error import ExpressionError
from gradtui.expression.functions import FUNCTIONS
from gradtui.expression.syntax import Call, Element, Expression, Node, Slice, Variable, Vector
from gradtui.snapshot.curve import Curve, CurveRequest

POINT_BY_POINT = 4_000_000
"""Work that goes into a curve that must be drawn point by point; fewer points are better than a later answer."""
LOOK = 2_000_000
"""Work that goes into looking between the points of a curve. The unit of both is that of `limits.work`."""
BETWEEN = 0.382
"""Part of the distance of two points at which there is one look at least: no round one, as waves and steps are round."""
FEWEST, MOST = 16, 20_000
MOST_HIGHER = 100_000_000
"""Work, in the same unit, that goes into further derivatives point by point: a quarter of a second."""
GROWTH = 3
"""By what a graph grows with each derivative."""


def curve(
    request: CurveRequest, forward: Forward, leaves: Mapping[str, torch.Tensor], *, closely: bool = False
) -> Curve:
    """torch's own f and f' along `request.variable`, as one vector where f is elementwise in it, else point by point.

    forward, leaves: the evaluation at the point where the other variables stay. What does not depend on the variable is
    taken from it. closely: look between the points too, for trouble, jumps and narrow peaks.
    Raises ValueError for a window, or an element, that there is not.
    """
    drawing = Drawing(request, forward, leaves)
    further: tuple[torch.Tensor, ...] = ()
    if closely and drawing.depends:
        found = details(*drawing.closely())
        further = drawing.higher(found.points[0])
    else:
        points = drawing.points()
        found, further = drawn(*points[:3]), points[3:]
    higher = tuple(tuple(one.tolist()) for one in further)
    return found.as_curve(request, drawing.what, higher, alone=drawing.alone)


class Drawing:
    def __init__(self, request: CurveRequest, forward: Forward, leaves: Mapping[str, torch.Tensor]) -> None:
        low, high = request.window
        if not (low < high and request.points > 1):
            raise ValueError(f"no curve over {low} to {high} at {request.points} points")
        self.forward = forward
        self.variable = request.variable
        self.element = request.element
        self.leaf = leaves[request.variable].detach()
        if self.leaf.ndim and not 0 <= self.element < len(self.leaf):
            raise ValueError(f"{self.variable} has no element {self.element}")
        self.name = f"{self.variable}[{self.element}]" if self.leaf.ndim else self.variable
        self.count = min(request.points, MOST)
        self.window, self.order = (low, high), request.order
        self.dependent, self.elementwise = dependents(forward.expression, request.variable)
        self.depends = forward.expression.body in self.dependent
        self._width = forward.output.numel() if isinstance(forward.output, torch.Tensor) else 1
        numbers = self.count * self._width * len(self.dependent)
        self._sampled = self.elementwise and self.depends and numbers <= MOST_NUMBERS

    @property
    def sample(self) -> Sample | None:
        """f and f' at many places at once; None where that is not how they are got. A method that it kept would keep it alive."""
        if not self._sampled:
            return None
        return self._of_one_element if self.leaf.numel() > 1 else self._together

    @property
    def alone(self) -> bool:
        """Whether f of one element is drawn, and not the sum of all."""
        return self.sample is not None and self.leaf.numel() > 1

    @property
    def what(self) -> str:
        if self.alone:
            return f"f of one element, {self.name}"
        summed = "sum(f)" if self._width > 1 else ""
        return f"{summed or 'f'} along {self.name}" if self.leaf.ndim and self.depends else summed

    def points(self) -> tuple[torch.Tensor, ...]:
        """x, f, f' and what is wanted of the others."""
        if not self.depends:
            return self._flat()
        if self.sample is None:
            x, f, derivative = self._one_by_one()
            return x, f, derivative, *self.higher(x)
        x = self._grid(self.count)
        return x, *self._derivatives(x)

    def higher(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The derivatives of the orders from 2 on at `x`, as far as that does not take long."""
        if self.order < 2:
            return ()
        x = x.to(self.leaf)
        if self.sample is not None:
            return self._derivatives(x)[2:]
        cost, most = self._cost_singly(len(x)), self.order
        while most > 1 and cost * GROWTH**most > MOST_HIGHER:
            most -= 1
        rows = [self._chain_at(place, most) for place in x.tolist()] if most > 1 else []
        return tuple(torch.stack(list(column)) for column in zip(*rows, strict=True))

    def _derivatives(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """f, f', f'' ... at many places at once."""
        assert self.sample is not None
        if self.order < 2:
            return self.sample(x)
        alone = self.leaf.numel() > 1
        wide = self._width > 1 and not alone
        rows = (x[:, None] if wide else x).detach().requires_grad_()
        picked = self._of_element if alone else _all
        f = self._evaluate(rows, picked)
        told = (f, *_chain(f, rows, self.order))
        return tuple(
            (one.sum(-1) if place == 0 else one[:, 0]) if wide else one for place, one in enumerate(map(_bare, told))
        )

    def _of_element(self, value: torch.Tensor) -> torch.Tensor:
        return value[self.element] if value.ndim and len(value) > 1 else value

    def _chain_at(self, place: float, most: int) -> tuple[torch.Tensor, ...]:
        """The derivatives of the orders from 2 to `most` at one place, nan where torch refuses it."""
        x = self.leaf.clone()
        x[self.element if x.ndim else ...] = place
        x.requires_grad_()
        try:
            y = _summed(self._evaluate(x, _all))
        except ExpressionError:
            return (torch.full((), torch.nan, dtype=x.dtype, device=x.device),) * (most - 1)
        told = []
        for order in range(1, most + 1):
            (slope,) = _chain(y, x, 1, last=order == most)
            y = slope[self.element] if x.ndim else slope
            told.append(y.detach())
        return tuple(told[1:])

    def closely(self) -> tuple[torch.Tensor, Look]:
        """The same as rows, shape (3, n), with a look at what is between; at round places first: poles and jumps are there."""
        if self.sample is None:
            points = self._one_by_one()
            return rows_of(*points), Look(self._singly, points[0], self._cost_singly, LOOK)
        x = self._grid(self.count)
        look = Look(self.sample, x, self._cost_together, LOOK)
        more = torch.cat([round_places(*self.window).to(x), x[:-1] + x.diff() * BETWEEN])
        if not look.affords(len(more)):
            return rows_of(x, *self.sample(x)), look
        look.left -= look.cost(len(more))
        places = torch.cat([x, more])
        rows = rows_of(places, *self.sample(places))
        look.seen.append(rows[:, len(x) :])
        return rows[:, : len(x)], look

    def _grid(self, count: int) -> torch.Tensor:
        return torch.linspace(*self.window, count, dtype=self.leaf.dtype, device=self.leaf.device)

    def _flat(self) -> tuple[torch.Tensor, ...]:
        x = self._grid(self.count)
        f = torch.as_tensor(self.forward.output, dtype=x.dtype, device=x.device).detach()
        return x, f.sum().expand_as(x), torch.zeros_like(x)

    def _together(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The other operands may be vectors: f then has a row for each x, and is summed over it."""
        rows = (x[:, None] if self._width > 1 else x).detach().requires_grad_()
        f = self._evaluate(rows, _all)
        gradient = _gradient(f, rows)
        return (f.detach().sum(-1), gradient[:, 0]) if self._width > 1 else (f.detach(), gradient)

    def _of_one_element(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Elementwise in a vector: the f of one element, each other vector giving its element of the same place."""
        x = x.detach().requires_grad_()
        f = self._evaluate(x, self._of_element)
        return f.detach(), _gradient(f, x)

    def _one_by_one(self) -> tuple[torch.Tensor, ...]:
        x = self._grid(min(self.count, max(FEWEST, POINT_BY_POINT // self._cost_singly(1))))
        return x, *self._singly(x)

    def _singly(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        nowhere = torch.full((), torch.nan, dtype=x.dtype, device=x.device)
        pairs = [self._at(place) or (nowhere, nowhere) for place in x.tolist()]
        f, derivative = (torch.stack(list(column)) for column in zip(*pairs, strict=True))
        return f, derivative

    def _cost_together(self, places: int) -> int:
        return work(len(self.dependent), places * self._width)

    def _cost_singly(self, places: int) -> int:
        values = [self.forward.values[node] for node in self.dependent]
        longest = max(value.numel() for value in values if isinstance(value, torch.Tensor))
        return places * work(len(self.dependent), longest)

    def _at(self, place: float) -> tuple[torch.Tensor, torch.Tensor] | None:
        """f and f' there; None where torch refuses the place, as a binary_cross_entropy of 2."""
        x = self.leaf.clone()
        x[self.element if x.ndim else ...] = place
        try:
            f = _summed(self._evaluate(x.requires_grad_(), _all))
        except ExpressionError:
            return None
        gradient = _gradient(f, x)
        return f.detach(), gradient[self.element] if x.ndim else gradient

    def _evaluate(self, x: torch.Tensor, other: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        """The body with `x` for the variable; `other` picks what counts of each tensor that does not depend on it."""
        evaluator = Evaluator(self.forward.expression, {self.variable: x}, x.dtype, x.device)
        values: dict[Node, Value] = {}
        for node, operands in self.dependent.items():
            for operand in operands:
                if operand not in values:
                    value = self.forward.values[operand]
                    values[operand] = other(value.detach()) if isinstance(value, torch.Tensor) else value
            values[node] = evaluator.value(node, [values[operand] for operand in operands])
        f = values[self.forward.expression.body]
        assert isinstance(f, torch.Tensor)
        return f


@lru_cache(maxsize=64)
def dependents(expression: Expression, variable: str) -> tuple[dict[Node, tuple[Node, ...]], bool]:
    """The syntax nodes that depend on `variable`, each with its operands and behind them, and whether they are all elementwise
    in it."""
    found: dict[Node, tuple[Node, ...]] = {}
    for node in ordered(expression):
        operands = node.operands
        if (isinstance(node, Variable) and node.name == variable) or any(operand in found for operand in operands):
            found[node] = operands
    return found, all(map(is_elementwise, found))


def is_elementwise(node: Node) -> bool:
    """Whether each element of it is made of the elements of its operands at the same place alone."""
    if isinstance(node, Call):
        of_whole_vector = node.function in ("max", "min") and len(node.arguments) == 1
        return FUNCTIONS[node.function].kind == "elementwise" and not of_whole_vector
    return not isinstance(node, Vector | Element | Slice)


def _summed(f: torch.Tensor) -> torch.Tensor:
    """What the engine is started from: `backward.scalar` without the looks at what only a person's own code can make."""
    return f.sum() if f.ndim else f


def _gradient(f: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """d sum(f) / dx, zeros where autograd sees no path."""
    if not f.requires_grad:
        return torch.zeros_like(x)
    (gradient,) = torch.autograd.grad(_summed(f), x, allow_unused=True)
    return torch.zeros_like(x) if gradient is None else gradient


def _chain(f: torch.Tensor, x: torch.Tensor, most: int, *, last: bool = True) -> list[torch.Tensor]:
    """The derivatives of sum(f) by x up to the order `most`. last: whether none is to be differentiated again."""
    told: list[torch.Tensor] = []
    for order in range(1, most + 1):
        if not f.requires_grad:
            told += [torch.zeros_like(x)] * (most - len(told))
            break
        again = order < most or not last
        (slope,) = torch.autograd.grad(_summed(f), x, create_graph=again, allow_unused=True)
        f = torch.zeros_like(x) if slope is None else with_storage(slope)
        told.append(f)
    return told


def _bare(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach()


def _all(value: torch.Tensor) -> torch.Tensor:
    return value
