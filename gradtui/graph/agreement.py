"""Do autograd, calculus and finite differences agree, to how many digits? And if not, why not."""

from __future__ import annotations

import math
from functools import cached_property

from msgspec import Struct

from gradtui.dtypes import limits
from gradtui.graph import agreement_words as words
from gradtui.graph.agreement_words import Mark, Marks
from gradtui.graph.digits import LAST, enough, mostly, right_digits
from gradtui.graph.rounding import roundings
from gradtui.snapshot.differences import CORNER, Differences, is_hidden, rounded
from gradtui.snapshot.model import Snapshot, Values
from gradtui.snapshot.numbers import SIGNIFICANT, number, numbers
from gradtui.snapshot.truth import Derivative

NOISE = 1e-7
"""Relative error of differences that is always forgiven."""
TRUSTED = 1e-3
"""Relative error beyond which differences say nothing."""
SUSPECT = 1e3
"""Where calculus is silent, times the error of the last two digits, beyond which rounding may have taken more than differences
can see."""


class Check(Struct, frozen=True):
    """Whether each of the three is right: True but for the last one or two digits of the dtype, False where it is wrong and
    not by rounding; None where there is nothing to say, or where rounding took digits.

    text: for a person. digits: how many of autograd's are known to be right, of the worst element; None where nothing is.
    """

    autograd: bool | None
    calculus: bool | None
    differences: bool | None
    text: str
    digits: int | None = None

    @property
    def marks(self) -> str:
        """`autograd ✓ calculus ✓ differences –`: all of the text where there is no more to say."""
        return words.marked((self.autograd, self.calculus, self.differences))

    @property
    def lost(self) -> bool:
        """Whether rounding took digits from autograd's number."""
        return self.autograd is None and self.digits is not None


class ValueCheck(Struct, frozen=True):
    """The same for the value of f: `right` is never False, torch's own deviations count as lost digits."""

    right: bool | None
    digits: int | None
    text: str


NOTHING = Check(None, None, None, "")


def check(snapshot: Snapshot, variable: str) -> Check:
    """Compare the ways of getting the gradient of f by `variable`. What rounding spoilt is not wrong, but gets no tick."""
    return _Judge(snapshot).of(variable) if variable in snapshot.variables else NOTHING


Places = frozenset[tuple[str, int]]
"""Elements of variables."""


def checks(snapshot: Snapshot, missing: Places = frozenset()) -> dict[str, Check]:
    """The same for every variable, at the price of one. missing: where f, a derivative itself, is not there."""
    judge = _Judge(snapshot, missing)
    return {variable: judge.of(variable) for variable in snapshot.variables}


def not_differentiable(snapshot: Snapshot) -> Places:
    """Where f has a corner or no value, so that it has no derivative, nor any of higher order."""
    judge, found = _Judge(snapshot), []
    for variable, state in snapshot.variables.items():
        each = (judge.element(variable, place) for place in range(len(state.grad.numbers)))
        found += [(variable, one.place) for one in each if one is not None and judge.is_not_there(one)]
    return frozenset(found)


def is_spoilt(snapshot: Snapshot, variable: str, element: int) -> bool:
    """Whether no digit of the gradient by one element is right, as far as calculus knows."""
    if variable not in snapshot.variables or snapshot.problem is not None or snapshot.experiments:
        return False
    judge = _Judge(snapshot)
    found = judge.element(variable, element)
    return found is not None and found.calculus is not None and not judge.digits(found)


def value_check(snapshot: Snapshot) -> ValueCheck:
    """Compare f itself with its exact value; of a vector the worst element is told. At a jump all hangs on the last digit."""
    truth, value, unknown = snapshot.truth, snapshot.value, ValueCheck(None, None, "")
    if truth is None or value is None or snapshot.problem is not None or not _is_finite(value):
        return unknown
    if any(note.kind == "kink" for note in snapshot.notes):
        return unknown
    typed = truth.typed or truth.value
    told = [
        (_right(got, here, there, snapshot.dtype), got, here)
        for got, here, there in zip(value.numbers, truth.value, typed, strict=False)
        if here is not None
    ]
    if not told:
        return unknown
    digits, got, exact = min(told, key=lambda one: one[0])
    if enough(digits, snapshot.dtype):
        return ValueCheck(True, digits, "")
    return ValueCheck(None, digits, words.lost(digits, got, exact, snapshot.dtype, "torch"))


class _Element(Struct, frozen=True):
    """The numbers for one element of a variable. typed: that of calculus at the number as it was typed."""

    variable: str
    place: int
    autograd: float
    calculus: float | None
    typed: float | None
    central: float | None
    left: float | None
    right: float | None
    off: float
    reach: float


class _Judge:
    """Judges the gradients of one Snapshot. How far rounding may move them is found when it is asked for, which is seldom."""

    def __init__(self, snapshot: Snapshot, missing: Places = frozenset()) -> None:
        self.snapshot, self.dtype, self.missing = snapshot, snapshot.dtype, missing
        self._last = 10.0 ** (LAST - limits(snapshot.dtype).digits)

    @cached_property
    def _bounds(self) -> dict[str, tuple[float, ...]]:
        return roundings(self.snapshot.graph, self.dtype)

    @cached_property
    def _is_value_spoilt(self) -> bool:
        """Whether rounding took digits of f itself, of which differences then know no more."""
        told = value_check(self.snapshot)
        return told.right is None and told.digits is not None

    def _bound(self, one: _Element) -> float:
        bounds = self._bounds.get(one.variable, ())
        return bounds[one.place] if one.place < len(bounds) else 0.0

    def of(self, variable: str) -> Check:
        if self.snapshot.problem is not None:
            return NOTHING
        if self.snapshot.experiments:
            return Check(None, None, None, f"an experiment, not the gradient of f{_true(self.snapshot, variable)}")
        count = len(self.snapshot.variables[variable].grad.numbers)
        elements = [self.element(variable, place) for place in range(count)]
        told = [self.of_element(element) for element in elements if element is not None]
        autograd = _together([one.autograd for one in told])
        marks = (
            None if autograd and any(one.lost for one in told) else autograd,
            _together([one.calculus for one in told]),
            _together([one.differences for one in told]),
        )
        digits = min((one.digits for one in told if one.digits is not None), default=None)
        worst = _worst(told)
        if worst is None:
            return Check(*marks, words.marked(marks), digits)
        text = told[worst].text
        return Check(*marks, text if len(told) == 1 else f"{variable}[{worst}]: {text}", digits)

    def element(self, variable: str, place: int) -> _Element | None:
        gradients = self.snapshot.variables[variable].grad.numbers
        if not 0 <= place < len(gradients):
            return None
        derivative = (self.snapshot.derivative or {}).get(variable, Derivative(None))
        differences = self.snapshot.differences.get(variable, Differences((), (), ()))
        return _Element(
            variable,
            place,
            gradients[place],
            _at(derivative.numbers, place),
            _at(derivative.typed, place),
            _at(differences.central, place),
            _at(differences.left, place),
            _at(differences.right, place),
            _at(differences.error, place) or 0.0,
            _at(differences.reach, place) or 0.0,
        )

    def is_not_there(self, one: _Element) -> bool:
        return one.calculus is None and (
            _has_corner(one) or (bool(_not_finite(self.snapshot)) and not _is_trusted(one))
        )

    def of_element(self, one: _Element) -> Check:
        if (one.variable, one.place) in self.missing:
            bad = _not_finite(self.snapshot)
            return Check(
                None, None, None, words.nothing(one.autograd, bad) if bad else words.not_of_a_lower_order(one.autograd)
            )
        has_corner = _has_corner(one)
        if one.calculus is None and has_corner:
            return Check(None, None, None, words.corner(one.left, one.right, one.reach, one.autograd))
        central = one.central if _is_trusted(one) and not has_corner else None
        if one.calculus is None and central is None:
            return Check(None, None, None, words.nothing(one.autograd, _not_finite(self.snapshot)))
        return self._compared(one, rounded(central, one.off))

    def digits(self, one: _Element) -> int:
        """How many of autograd's digits are right, by calculus."""
        assert one.calculus is not None
        return _right(one.autograd, one.calculus, one.typed, self.dtype)

    def _compared(self, one: _Element, d: float | None) -> Check:
        """The truth is what calculus says, or differences where calculus says nothing, unless the other two outvote it."""
        a, c = one.autograd, one.calculus
        if c is None:
            assert d is not None
            return self._against_differences(one, d)
        noise, digits = _noise(one, d, c), self.digits(one)
        truths = (c,) if one.typed is None else (c, one.typed)  # at a corner, differences are of the numbers as typed
        cd = d is not None and any(_near(truth, d, noise) for truth in truths)
        if d is not None and not cd:
            d = None if self._is_value_spoilt or (enough(digits, self.dtype) and is_hidden(c, d)) else d
        ad = d is not None and _near(a, d, noise)
        marks: Marks
        if enough(digits, self.dtype):
            marks = (True, True, None if d is None else ad or cd)
            return Check(*marks, words.compared((a, c, d), marks), digits)
        if mostly(digits, self.dtype) or self._may_be_rounding(one, c):
            return Check(None, True, cd or None, self._lost(one, digits, c, "calculus"), digits)
        independent = not self.snapshot.graph.derivative  # else they are of the derivative before, as autograd has it
        if ad and not cd and independent:  # two outvote calculus
            marks = (True, False, True)
            return Check(*marks, words.compared((a, c, d), marks))
        marks = (False, True, None if d is None or (ad and not cd) else cd)
        return Check(*marks, words.compared((a, c, d), marks), digits)

    def _against_differences(self, one: _Element, d: float) -> Check:
        """What differences can see, which is about nine digits: not the last of float64."""
        if not one.autograd and not d:  # differences do not tell 0 from what is very small
            return Check(None, None, None, words.nothing(one.autograd, _not_finite(self.snapshot)))
        a, noise = one.autograd, _noise(one, d)
        near = _near(a, d, noise, limits(self.dtype).largest)
        right, seen = right_digits(a, d, self.dtype), right_digits(d + noise, d, self.dtype)
        digits = min(right, seen)
        if enough(digits, self.dtype) or (near and self._is_steady(one)):
            return Check(True, None, True, "", digits)
        if near or self._may_be_rounding(one, d):
            text = self._lost(one, digits, d, "differences")
            if 0 < seen < right:
                text = words.alike(right, seen, a, d)
            return Check(None, None, True, text, digits)
        marks = (False, None, True)
        return Check(*marks, words.compared((a, None, d), marks), right_digits(a, d, self.dtype))

    def _lost(self, one: _Element, digits: int, truth: float, knows: str) -> str:
        """Without a digit, how far rounding reaches: little where a training has come to its end, and much where nearly equal
        numbers are subtracted on the way."""
        bound, size = self._bound(one), max(abs(one.autograd), abs(truth))
        if digits or not truth or not size <= bound < math.inf:
            return words.lost(digits, one.autograd, truth, self.dtype, "autograd", knows)
        return words.hardly_0(one.autograd, truth, self.dtype, bound, knows)

    def _is_steady(self, one: _Element) -> bool:
        """Whether rounding can hardly have taken more than the last digits."""
        return self._bound(one) <= SUSPECT * self._last * abs(one.autograd)

    def _may_be_rounding(self, one: _Element, truth: float) -> bool:
        if not math.isfinite(one.autograd):
            return False
        if max(abs(one.autograd), abs(truth)) < math.sqrt(limits(self.dtype).smallest_normal):
            return True  # its square is lost: on the way it may have come out as 0, or as anything
        if self.snapshot.truth is not None and self.snapshot.truth.constants > limits(self.dtype).unit:
            return True  # how much of it gets into the gradient, the graph does not tell
        return _near(one.autograd, truth, self._bound(one))


def _worst(told: list[Check]) -> int | None:
    """The element to speak of: one that is wrong, else the one that lost most digits, else the first with something to say."""
    speaking = [place for place, one in enumerate(told) if one.text]

    def rank(place: int) -> tuple[bool, bool, int]:
        one = told[place]
        return one.autograd is not False, not one.lost, one.digits if one.digits is not None else 0

    return min(speaking, key=rank, default=None)


def _true(snapshot: Snapshot, variable: str) -> str:
    """` (11 by Calculus)`; empty where Calculus does not know."""
    told = (snapshot.derivative or {}).get(variable, Derivative(None)).numbers
    known = tuple(number for number in told if number is not None)
    if not known or len(known) < len(told):
        return ""
    shape = snapshot.variables[variable].value.shape
    return f" ({numbers(Values(shape, known), SIGNIFICANT.get(snapshot.dtype, 7), most=4)} by Calculus)"


def _at(numbers: tuple[float | None, ...], place: int) -> float | None:
    return numbers[place] if place < len(numbers) else None


def _has_corner(one: _Element) -> bool:
    left, right = one.left, one.right
    if left is None or right is None:
        return left is not right
    if math.isinf(left) or math.isinf(right):
        return True
    return not _near(left, right, CORNER * max(abs(left), abs(right)) + 100 * one.off * math.isfinite(one.off))


def _is_trusted(one: _Element) -> bool:
    central = one.central
    return central is not None and math.isfinite(central) and one.off <= TRUSTED * max(abs(central), 1e-6)


def _right(number: float, here: float, typed: float | None, dtype: str) -> int:
    """How many digits are right: at the very float, but a 0 that is 0 at the number as typed, (x - 4.3)^2 at 4.3, is right."""
    return right_digits(number, 0.0 if number == typed == 0 else here, dtype)


def _noise(one: _Element, *sizes: float | None) -> float:
    known = (abs(size) for size in sizes if size is not None and math.isfinite(size))
    return 10 * one.off + NOISE * max(known, default=0.0)


def _near(one: float, other: float, slack: float, limit: float = math.inf) -> bool:
    """Within `slack`; beyond `limit` a number is infinite."""
    if math.isnan(one) or math.isnan(other):
        return False
    if one == other or abs(one - other) <= slack:
        return True
    return math.isinf(one) and abs(other) >= limit and (one > 0) == (other > 0)


def _together(marks: list[Mark]) -> Mark:
    """Of all elements: wrong where one is, nothing to say where none has."""
    return False if False in marks else True if True in marks else None


def _is_finite(values: Values) -> bool:
    return all(map(math.isfinite, values.numbers))


def _not_finite(snapshot: Snapshot) -> str:
    """What f is here, of its elements the first that is not finite; empty where all are."""
    numbers = () if snapshot.value is None else snapshot.value.numbers
    return next((number(value) for value in numbers if not math.isfinite(value)), "")
