"""What calculus says of a typed expression, to the last digit: by this torch's numbers are measured."""

from __future__ import annotations

from msgspec import Struct


class Derivative(Struct, frozen=True):
    """The symbolic derivative by one variable.

    text: in our own notation (`2*x + 3`), None where there is none to write; `note` then says why.
    numbers: its value at the very x that torch got, one for each element; None where it has none (a corner, a pole). Empty where
    it was not evaluated.
    simplified: False where simplifying was given up.
    typed: its value at the numbers as they were typed, where these are others: 4.3 is no float. Empty where they are the same.
    """

    text: str | None
    numbers: tuple[float | None, ...] = ()
    simplified: bool = True
    note: str = ""
    typed: tuple[float | None, ...] = ()


class Coefficients(Struct, frozen=True):
    """Those of Taylor's polynomial, c0 first, at the very x that torch got. None for what there is not, or is not known.

    typed: at the numbers as they were typed, where these are others. Both empty where f is beyond calculus.
    """

    numbers: tuple[float | None, ...] = ()
    typed: tuple[float | None, ...] = ()


class Piece(Struct, frozen=True, gc=False):
    """A piece of a typed expression as mathematics has it, at the very x that torch got: no digit is lost.

    start, end: where it stands in the text. variable: its name, where it is one. value, gradient: of each element, the
    gradient is that of f (of sum(f) where f is a vector) by it. operands: places in `Truth.pieces` of the pieces that it is
    made of, each once. sent: what of the gradient goes to each of these. None where there is no number.
    """

    start: int
    end: int
    value: tuple[float | None, ...]
    gradient: tuple[float | None, ...]
    operands: tuple[int, ...] = ()
    sent: tuple[tuple[float | None, ...], ...] = ()
    variable: str | None = None


class Truth(Struct, frozen=True):
    """f as mathematics has it, at the very x that torch got: what torch's numbers are measured by.

    value: of each element of f. typed: the same at the numbers as they were typed, where these are others.
    pieces: all that vary, operands before what is made of them, f last.
    constants: the relative error of a piece that does not vary, `1 - cos(0.001)`, computed in floats: of the worst.
    """

    value: tuple[float | None, ...]
    typed: tuple[float | None, ...] = ()
    pieces: tuple[Piece, ...] = ()
    constants: float = 0.0
