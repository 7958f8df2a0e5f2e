"""A graph of grad_fns as data: its nodes, their edges, and the numbers of the tensors.

What a large graph has very many of is a tree of values, and no work for the garbage collector (`gc=False`).
"""

from __future__ import annotations

import math
from typing import Literal

from msgspec import Struct, field

from gradtui.snapshot.source import Source

Unread = Literal["freed", "meta", "sharded", "uninitialized", "transformed", "opaque"]
"""Why there are no numbers of a tensor that is there.

freed: its storage is gone, or part of it. meta: it has a shape and no numbers, as on the device `meta`. sharded: each process
has a part of it. uninitialized: of a lazy module that has not run. transformed: inside of grad, vmap and the like.
opaque: of a class or layout that torch does not read as numbers, or on a device that is gone.
"""


def norm_of(finite: float | None, nan: int, inf: int) -> float | None:
    """The norm of a tensor of which that of the finite elements is known, and how many there are of the others."""
    return math.nan if nan else math.inf if inf else finite


class Summary(Struct, frozen=True, gc=False):
    """A tensor too large to show whole. min, max, mean and finite_norm are of its finite elements; None where there are none.

    In files and on the pipes finite_norm is called `norm`, which there has always been that of the finite elements.
    """

    min: float | None
    max: float | None
    mean: float | None
    finite_norm: float | None = field(name="norm")
    nan: int
    inf: int
    zero: int

    @property
    def norm(self) -> float | None:
        """The Euclidean norm: nan where an element is nan, inf where one is infinite; None where there is no element."""
        return norm_of(self.finite_norm, self.nan, self.inf)


class Values(Struct, frozen=True, gc=False):
    """The numbers of a tensor, row by row.

    `numbers` holds all of them, or the first 8 where `summary` stands for the rest. A scalar has shape () and one number.
    Where `unread` says why there are none, there are neither, and the shape is () where it is not known.
    """

    shape: tuple[int, ...]
    numbers: tuple[float, ...]
    summary: Summary | None = None
    unread: Unread | None = None

    @property
    def norm(self) -> float | None:
        """The Euclidean norm: nan where an element is nan, inf where one is infinite; None where there is no element."""
        if self.summary is not None:
            return self.summary.norm
        nan = sum(map(math.isnan, self.numbers))
        return norm_of(self.finite_norm, nan, sum(map(math.isinf, self.numbers)))

    @property
    def finite_norm(self) -> float | None:
        """That of the finite elements alone; None where there are none."""
        if self.summary is not None:
            return self.summary.finite_norm
        finite = [number for number in self.numbers if math.isfinite(number)]
        return math.hypot(*finite) if finite else None

    @property
    def mean(self) -> float | None:
        """Not finite where an element is not; None where there is no element."""
        if self.summary is not None:
            return self.summary.mean
        return sum(self.numbers) / len(self.numbers) if self.numbers else None


class Saved(Struct, frozen=True, gc=False):
    """What a node keeps for its backward, under torch's own name (`other` for `_saved_other`)."""

    name: str
    value: Values | str


class Edge(Struct, frozen=True, gc=False):
    """One entry of `next_functions`.

    target: id of the node the gradient goes to, None where nothing is differentiated (a constant).
    input: which of the target's outputs this edge feeds (`next_functions[i][1]`).
    constant: what stands on an edge to nothing, as typed (`3`, `pi`), where it is known.
    grad: the gradient that backward sent along it (`grad_inputs[i]`), None for none.
    local: the local derivative of the node's output by this input, where both are scalars.
    source: the piece of the typed text that is this operand.
    """

    target: int | None
    input: int = 0
    constant: str | None = None
    grad: Values | None = None
    local: float | None = None
    source: Source | None = None


class Node(Struct, frozen=True, gc=False):
    """One grad_fn.

    id: ours; the output is 0 and the others follow in the engine's order, those never reached last.
    name: torch's, without the namespace (`AccumulateGrad`).
    sequence: torch's sequence number, counted from 0 in this graph; None for AccumulateGrad, which has none of use.
    step: place in the engine's real order, 0 first; None if backward never ran it.
    value: the forward value, where it was seen. grad_output: the gradient that came in.
    variable: the leaf's name for an AccumulateGrad: of a variable, or of a parameter (`encoder.layer.3.output.dense.weight`).
    tangent: how fast `value` moves when the variable asked for does (forward mode), where it was asked for and is known.
    module: path of the module that ran it (`encoder.layer.3`), "" at the top level or where no module is known.
    call: which call of that module, 0 first, where it ran more than once.
    inside: the tensor operations that ran in it, the first of them, where the rules have no row for it.
    note: one sentence about what kind of node it is, where that needs one: `compiled: what ran inside is not visible`.
    kept: bytes that it keeps for its backward and that no older node keeps; leaves and parameters are not counted. None where
    that is not known.
    order: 0 for what the forward pass made, n for what the nth backward pass made, under `create_graph`; made_by: the node
    that ran then, of the graph that this pass was over, where it is known.
    """

    id: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    device: str
    sequence: int | None
    step: int | None
    edges: tuple[Edge, ...]
    value: Values | None = None
    grad_output: Values | None = None
    saved: tuple[Saved, ...] = ()
    source: Source | None = None
    variable: str | None = None
    tangent: Values | None = None
    module: str = ""
    call: int = 0
    note: str = ""
    inside: tuple[str, ...] = ()
    order: int = 0
    made_by: int | None = None
    kept: int | None = None


class Graph(Struct, frozen=True):
    """What `output.grad_fn` and its `next_functions` reach. `nodes[i].id == i`; no nodes where f is constant.

    roots: the nodes of the outputs, each once; more than node 0 where there are several outputs. derivative: of which derivative
    of f it is, 0 for f itself.
    """

    nodes: tuple[Node, ...] = ()
    roots: tuple[int, ...] = (0,)
    derivative: int = 0
