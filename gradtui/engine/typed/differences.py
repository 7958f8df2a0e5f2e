"""f' from values of f alone, in float64: what autograd and calculus are checked against."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

import torch

from gradtui.engine.typed import forward, limits
from gradtui.expression.functions import FUNCTIONS
from gradtui.expression.parser import ExpressionError
from gradtui.expression.syntax import Call, Element, Expression, Number, Slice, Vector, postorder
from gradtui.snapshot.differences import CORNER, Differences, rounded

STEPS = (2.0**-12, 2.0**-17, 2.0**-22, 2.0**-27)
"""Four widths: a smooth f is best told by the first, one with a corner or a pole nearby by the last."""

WIDE_STEPS = (2.0**-5, 2.0**-7, 2.0**-9, 2.0**-11)
"""The same for an f that is only known in float32."""


def offsets(steps: Sequence[float]) -> list[float]:
    """Where f is wanted beside x, in units of its scale: at x itself, then four places for each width."""
    return [0.0, *(place * step for step in steps for place in (-2, -1, 1, 2))]


OFFSETS = torch.tensor(offsets(STEPS), dtype=torch.float64)
EPSILON = torch.finfo(torch.float64).eps
NOISE = 1e-7
"""Relative change of f that is surely not rounding."""

LOGARITHMIC = 0.01
"""Relative change that counts as growth."""

MOST_ELEMENTS = 64
MIXED_ELEMENTS = 8
"""Elements that are told where f mixes them: each costs a dozen evaluations."""

SLACK = 0.01
"""Relative change against its way that f may show beside a jump."""
ALIKE = 0.1
"""By how much what is left of a change of f at half of the distance may be another at another width."""
LIKE_SIZES = 1000
"""By what factor slopes of one size may differ: those of waves do by chance, those that settle at 0 from width to width."""
CERTAIN = 50
"""Times their uncertainty by which the quotients of both sides must differ to be those of a corner."""

TINY = 2.0**-20
"""A number under which most of the usual widths reach over 0."""

SMALLEST = 2.0**-990
"""Of which the narrowest width is still a number to divide by."""

Scale = Callable[[float], float]
"""What the widths are multiples of, for an element at this number."""
Quotient = tuple[float | None, float | None]
"""And how uncertain it is."""
NOTHING: Quotient = None, None

At = Mapping[str, float | Sequence[float]]


def differences(expression: Expression, at: At, name: str) -> Differences:
    """The derivative of f (of sum(f) where f is a vector) by each element of the variable `name`, from values.

    Central ones of fourth order and one-sided ones of second order, each at the best of four widths. Never raises.
    """
    return differences_of(expression, at, [name])[name]


def differences_of(expression: Expression, at: At, names: Sequence[str]) -> dict[str, Differences]:
    """By each variable of `names`, the most important first: the last get None where there is too much to do."""
    leaves = {key: torch.tensor(value, dtype=torch.float64) for key, value in at.items()}
    operations, longest = limits.operations(expression), limits.longest(expression, at)
    together = limits.work(operations, longest * len(OFFSETS))
    singly = limits.work(operations, longest) * len(OFFSETS)
    is_together = _is_elementwise(expression) and operations * longest * len(OFFSETS) <= limits.MOST_NUMBERS
    told, left = {}, limits.MOST_WORK

    def samples(name: str, scale: Scale) -> list[list[float]]:
        nonlocal left
        if not is_together:
            count = min(leaves[name].numel(), MIXED_ELEMENTS, left // singly)
            left -= count * singly
            return [_sampled_singly(expression, leaves, name, element, scale) for element in range(count)]
        if together > left:
            return []
        left -= together
        return _sampled_together(expression, leaves, name, scale)[:MOST_ELEMENTS]

    for name in names:
        here = leaves[name].reshape(-1).tolist()
        told[name] = of_samples([samples(name, scale) for scale in scales(here)], here)
    return told


def of_samples(
    samples: Sequence[Sequence[Sequence[float]]],
    here: Sequence[float],
    steps: Sequence[float] = STEPS,
    epsilon: float = EPSILON,
) -> Differences:
    """The quotients of values at `offsets(steps)` times the scale of each element: for each of `scales(here)` a row for each.

    here: the elements; those without a row get no quotient. epsilon: how exact the values are.
    """
    widths, count = scales(here), max(map(len, samples))
    told: list[tuple[Quotient, Quotient, Quotient]] = []
    reach = []
    for place, number in enumerate(here[:count]):
        found = [
            (scale(number), _told(rows[place], scale(number), steps, epsilon))
            for rows, scale in zip(samples, widths, strict=True)
            if place < len(rows)
        ]
        sure = (one for one in reversed(found) if _is_sure(*one[1][0]))
        width, quotients = next(sure, found[0])
        told.append(quotients)
        far = 2 * steps[-1] * width
        reach.append(far if epsilon > EPSILON or 0 < abs(number) < far else 0.0)
    told += [(NOTHING, NOTHING, NOTHING)] * (len(here) - len(told))
    reach += [0.0] * (len(here) - len(reach))
    central, left, right = (tuple(row[side][0] for row in told) for side in range(3))
    return Differences(central, left, right, tuple(row[0][1] for row in told), tuple(reach) if any(reach) else ())


def _is_sure(slope: float | None, error: float | None) -> bool:
    return slope is not None and error is not None and error < CORNER * abs(slope)


@lru_cache(maxsize=64)
def _is_elementwise(expression: Expression) -> bool:
    """Whether f at many places at once is the same as f at each of them."""
    for node in postorder(expression):
        match node:
            case Call() if FUNCTIONS[node.function].kind == "reduction" or _is_of_vector(node):
                return False
            case Element() | Slice():
                return False
            case Vector() if not all(isinstance(item, Number) for item in node.items):
                return False
    return True


def _is_of_vector(call: Call) -> bool:
    """max(x) and min(x) of one argument mix elements, those of two do not."""
    return call.function in ("max", "min") and len(call.arguments) == 1


def scales(here: Sequence[float]) -> list[Scale]:
    """The usual one, and where one of the first elements is so small that it would hide what is beside it, one as small."""
    return [scale, own_scale] if any(0 < abs(number) < TINY for number in here[:MOST_ELEMENTS]) else [scale]


def scale(number: float) -> float:
    """A power of two, so that x + step is exact: as large as x, and 1 where x is small."""
    return max(1.0, own_scale(number))


def own_scale(number: float) -> float:
    return max(SMALLEST, 2.0 ** (math.frexp(number)[1] - 1)) if number and math.isfinite(number) else 1.0


def _sampled_together(
    expression: Expression, leaves: dict[str, torch.Tensor], name: str, scale: Scale
) -> list[list[float]]:
    """f at each offset, a row for each element of the variable, in one evaluation: offsets are a new first axis."""
    here = leaves[name].reshape(1, -1)
    widths = torch.tensor([scale(number) for number in here[0].tolist()], dtype=torch.float64)
    moved = here + OFFSETS.unsqueeze(1) * widths
    output = _value(expression, leaves | {name: moved})
    if output is None:
        return [[math.nan] * len(OFFSETS)] * here.numel()
    if output.ndim < 2:
        return [[output.sum().item()] * len(OFFSETS)] * here.numel()
    elements = output if output.shape[1] == here.numel() else output.sum(1, keepdim=True)
    rows: list[list[float]] = elements.T.tolist()
    return rows


def _sampled_singly(
    expression: Expression, leaves: dict[str, torch.Tensor], name: str, element: int, scale: Scale
) -> list[float]:
    here = leaves[name]
    direction = torch.zeros_like(here)
    direction.view(-1)[element] = scale(here.view(-1)[element].item())
    values = []
    for offset in OFFSETS:
        output = _value(expression, leaves | {name: here + offset * direction})
        values.append(math.nan if output is None else output.sum().item())
    return values


def _value(expression: Expression, leaves: dict[str, torch.Tensor]) -> torch.Tensor | None:
    """f, None where it has no value: a step beside x may be outside what f can take."""
    try:
        with torch.no_grad():
            return torch.as_tensor(forward.run(expression, leaves).output, dtype=torch.float64)
    except (ExpressionError, RuntimeError):
        return None


def _told(
    values: Sequence[float], scale: float, steps: Sequence[float], epsilon: float
) -> tuple[Quotient, Quotient, Quotient]:
    """Central, left and right quotient of one row of samples, each with how uncertain it is."""
    if math.isinf(values[0]):
        return NOTHING, NOTHING, NOTHING  # a pole, which may be alike on both sides
    here, samples = values[0], [values[1 + 4 * k : 5 + 4 * k] for k in range(len(steps))]

    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)

    def quotients(formula: Callable[[float, Sequence[float]], float], nearer: Sequence[int] = ()) -> Quotient:
        changes = [formula(here, row) for row in samples]
        slopes = [change / (step * scale) for change, step in zip(changes, steps, strict=True)]
        hidden = [epsilon * largest / scale / step for step in steps]
        visible = abs(changes[-1]) > max(NOISE, 64 * epsilon) * largest
        beside = [row[place] - here for row in samples for place in nearer]
        return _settled(slopes, hidden, visible and (not beside or _comes_near(beside)))

    central = quotients(lambda f, row: (row[0] - 8 * row[1] + 8 * row[2] - row[3]) / 12)
    if math.isnan(here):  # f may have a limit; on each side the line through both places tells its slope there
        for far, near in ((0, 1), (3, 2)):
            if _has_waves([(row[near] - row[far]) / step for row, step in zip(samples, steps, strict=True)]):
                return NOTHING, NOTHING, NOTHING
        sides = quotients(lambda _, row: row[1] - row[0]), quotients(lambda _, row: row[3] - row[2])
        return central, *(sides if _has_corner(*sides) else (NOTHING, NOTHING))
    return (
        central,
        *_told_apart(
            quotients(lambda f, row: (3 * f - 4 * row[1] + row[0]) / 2, nearer=(0, 1)),
            quotients(lambda f, row: (-3 * f + 4 * row[2] - row[3]) / 2, nearer=(3, 2)),
        ),
    )


def _has_waves(slopes: Sequence[float]) -> bool:
    """Whether slopes are of one size at all widths, by turns smaller and larger, and settle at none: f has waves that are
    shorter than each."""
    sizes = [abs(slope) for slope in slopes]
    unsettled = sum(abs(narrow - wide) > ALIKE * max(abs(narrow), abs(wide)) for wide, narrow in pairwise(slopes))
    is_one_way = sizes in (sorted(sizes), sorted(sizes, reverse=True))
    return unsettled > 1 and not is_one_way and max(sizes) < LIKE_SIZES * min(sizes)


def _has_corner(left: Quotient, right: Quotient) -> bool:
    """Whether both sides are known, and are not alike."""
    (one, of_one), (other, of_other) = left, right
    if one is None or other is None or of_one is None or of_other is None or not math.isfinite(one - other):
        return False
    return abs(one - other) > CORNER * max(abs(one), abs(other)) + CERTAIN * (of_one + of_other)


def _comes_near(changes: Sequence[float]) -> bool:
    """Whether f goes one way towards x, and alike at each width, its changes given in pairs from the farthest place to the
    nearest, which is half as far: not so where it has waves that are shorter. Of the widest pair it is not asked."""
    near = changes[2:]
    one_way = all(change > 0 for change in near) or all(change < 0 for change in near)
    if not one_way or any(abs(nearer) > (1 + SLACK) * abs(farther) for farther, nearer in pairwise(near)):
        return False
    halved = [nearer / farther for farther, nearer in zip(near[::2], near[1::2], strict=True)]
    return max(halved) - min(halved) < ALIKE


def _told_apart(left: Quotient, right: Quotient) -> tuple[Quotient, Quotient]:
    """Both sides, what is within its own error of 0 as 0; neither where they differ, and may do so by their own errors."""
    (one, of_one), (other, of_other) = sides = (rounded(*left), left[1]), (rounded(*right), right[1])
    if one is None or other is None or of_one is None or of_other is None or not math.isfinite(one - other):
        return sides
    apart = abs(one - other)
    may_be_alike = CORNER * max(abs(one), abs(other)) < apart <= CERTAIN * (of_one + of_other)
    return (NOTHING, NOTHING) if may_be_alike else sides


def _settled(slopes: list[float], hidden: list[float], visible: bool) -> Quotient:
    """The slope that changes least from one width to the next, and that change, or what rounding f may have `hidden`.

    ±inf where it grows without end while f changes visibly, which rounding does not do: a jump, a vertical tangent.
    """
    usable = [(slope, lost) for slope, lost in zip(slopes, hidden, strict=True) if math.isfinite(slope)]
    if len(usable) < 2:
        return NOTHING
    if visible and len(usable) == len(slopes) and _grows(slopes):
        return math.copysign(math.inf, slopes[-1]), math.inf
    told = [(max(abs(wide - narrow), lost), wide) for (wide, lost), (narrow, _) in pairwise(usable)]
    error, slope = min(told, key=lambda one: one[0])
    return slope, error


def _grows(slopes: list[float]) -> bool:
    """By a factor from each width to the next, or, as a logarithm does, by the same amount."""
    if all(abs(narrow) > 2 * abs(wide) for wide, narrow in pairwise(slopes)):
        return True
    changes = [narrow - wide for wide, narrow in pairwise(slopes)]
    alike = max(changes) - min(changes) < 0.1 * abs(changes[0])
    return alike and abs(changes[0]) > LOGARITHMIC * abs(slopes[-1]) and changes[0] * slopes[-1] > 0
