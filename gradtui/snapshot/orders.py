"""Derivatives of higher order: what is asked, and what is answered."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gradtui.snapshot.differences import Differences
from gradtui.snapshot.graph import Graph, Values
from gradtui.snapshot.highest_order import MOST_DEGREE, MOST_ORDER

Ended = Literal["", "not_implemented", "once", "too_large"]
"""Why there are fewer derivatives than were asked for. once: a backward is marked once_differentiable."""


class OrdersRequest(Struct, frozen=True):
    """The derivatives up to the order `most`.

    along: the variable of Taylor's polynomial, and of whose derivative the graphs are; None for the first, and the graphs of
    all. element: of it, where it is a vector. degree: of the polynomial, None for `most`.
    """

    most: Annotated[int, Meta(ge=1, le=MOST_ORDER)]
    along: str | None = None
    element: Annotated[int, Meta(ge=0)] = 0
    degree: Annotated[int, Meta(ge=0, le=MOST_DEGREE)] | None = None


class Order(Struct, frozen=True):
    """The derivative of this order by each variable alone, element by element, and the graph that backward gave it from.

    The graph of order 2 is that of the gradient, as `create_graph=True` built it; its roots are the derivatives of one order
    less. Values are left out of variables that f mixes too many elements of.
    """

    order: int
    values: dict[str, Values]
    graph: Graph
    differences: dict[str, Differences] = {}


class Spectrum(Struct, frozen=True):
    """The ends of a Hessian's eigenvalues, from products with it alone.

    size: rows of it. products: how many it took. settled: whether both are known to a hundredth of the larger.
    shares: of the direction in which f curves up most, how much lies in each leaf; together 1.
    """

    size: int
    lowest: float
    highest: float
    products: int
    settled: bool
    shares: dict[str, float] = {}


class Hessian(Struct, frozen=True):
    """All second derivatives of f, of sum(f) where f is a vector.

    names: of the rows and columns, `x[0]` of a vector's elements. matrix: as torch has it. eigenvalues: of it in float64, the
    lowest first, with a `direction` of length 1 for each; both empty where an entry is not finite. row: the only one that is
    told, of a Hessian too large to be told whole; its number. spectrum: of such a one; without names and rows where even one
    row is too large.
    """

    names: tuple[str, ...]
    matrix: tuple[tuple[float, ...], ...]
    eigenvalues: tuple[float, ...] = ()
    directions: tuple[tuple[float, ...], ...] = ()
    row: int | None = None
    spectrum: Spectrum | None = None


class Jacobian(Struct, frozen=True):
    """The derivatives of each element of a vector-valued f, a row for each, by each element of a variable.

    first, whole: the first row that is told, and how many there are.
    """

    rows: tuple[tuple[float, ...], ...]
    first: int = 0
    whole: int = 0


class Orders(Struct, frozen=True):
    """The answer to an OrdersRequest.

    taylor: the coefficients of Taylor's polynomial along `along` (its element `element`) at the point, c0 first. degree: that
    was asked for; there are fewer coefficients where torch has no further derivative, or its graph is too large.
    ended: why there are fewer orders than were asked for; reason: in torch's words, or by how much.
    """

    along: str
    element: int
    orders: tuple[Order, ...]
    taylor: tuple[float, ...] = ()
    hessian: Hessian | None = None
    jacobian: dict[str, Jacobian] = {}
    ended: Ended = ""
    reason: str = ""
    degree: int = 0
