"""The data that everything else speaks: one Request goes in, one Snapshot comes out.

All of it is frozen and has no behaviour beyond reading itself. None means "there is none" or "not known", never 0.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from gradtui.snapshot.curve import Curve, CurveRequest
from gradtui.snapshot.differences import Differences as Differences
from gradtui.snapshot.events import Event as Event
from gradtui.snapshot.events import EventKind as EventKind
from gradtui.snapshot.events import Mismatch as Mismatch
from gradtui.snapshot.events import Raised as Raised
from gradtui.snapshot.graph import Edge as Edge
from gradtui.snapshot.graph import Graph as Graph
from gradtui.snapshot.graph import Node as Node
from gradtui.snapshot.graph import Saved as Saved
from gradtui.snapshot.graph import Summary as Summary
from gradtui.snapshot.graph import Unread as Unread
from gradtui.snapshot.graph import Values as Values
from gradtui.snapshot.graph import norm_of as norm_of
from gradtui.snapshot.orders import Hessian, Orders, OrdersRequest
from gradtui.snapshot.source import Source as Source
from gradtui.snapshot.surface import Fit, Surface, SurfaceRequest
from gradtui.snapshot.training import Training, TrainingRequest
from gradtui.snapshot.truth import Coefficients, Derivative, Truth

ProblemKind = Literal["syntax", "name", "arity", "limit", "domain", "dtype", "timeout", "memory", "crash"]
Failure = Literal["inplace", "freed"]
"""How backward fails. inplace: a tensor was written over that it needs as it was. freed: it has run over this graph before."""
Dtype = Literal["float32", "float64"]
Device = Literal["cpu", "cuda", "mps"]
Origin = Literal["expression", "function", "capture"]
"""Where a graph comes from: a typed expression, a function of a file (`model.py:loss`), `gradtui.capture`."""


class Problem(Struct, frozen=True):
    """Why there is no answer: one clear sentence, the place in the text (end exclusive), and a way out.

    source: the place in a user's file instead. traceback: the lines of a short traceback that ends there.
    failure: what went wrong in backward, where that is known; where it is `inplace`, `operation` made the tensor that was
    written over (`Exp`), empty for a leaf. raised: what torch refused.
    """

    kind: ProblemKind
    message: str
    start: int | None = None
    end: int | None = None
    hint: str = ""
    source: Source | None = None
    traceback: tuple[str, ...] = ()
    failure: Failure | None = None
    operation: str = ""
    raised: Raised | None = None


class VariableState(Struct, frozen=True):
    """A free variable: where it stands and the gradient of f (of sum(f) where f is a vector) there."""

    value: Values
    grad: Values


class Module(Struct, frozen=True):
    """A module of a user's model: its class, and how often it ran (None where that was not seen).

    source: of one that ran, and of which nothing is in the graph, where it did first.
    """

    kind: str
    calls: int | None = None
    source: Source | None = None


class Parameter(Struct, frozen=True):
    """A parameter of a user's model, or another leaf that was given a name.

    grad: the gradient of f by it; None where it is not in the graph, or backward never reached it. node: its AccumulateGrad.
    registered: of an nn.Parameter, whether the model has it in `parameters()`; None for another tensor, without a model, and for
    one that is neither the model's nor in the graph nor held by an optimizer in the place of a parameter.
    within: whether its gradient, or a part of it, comes of a backward that runs within `node`, as that of a reentrant checkpoint.
    attribute: whether a module of the model holds it and it is no nn.Parameter, or in an object that is no module; no variable,
    and no optimizer among the variables, holds it too. is_parameter: whether it is an nn.Parameter, of a model or not.
    """

    value: Values
    grad: Values | None
    dtype: str
    device: str
    node: int | None = None
    requires_grad: bool = True
    registered: bool | None = None
    within: bool = False
    attribute: bool = False
    is_parameter: bool = False


class Operand(Struct, frozen=True):
    """What an operation had to work on when it went bad.

    name: torch's (`self`, `other`, `exponent`). number: at the element that went bad first; None where the result is not made
    element by element. values: of the whole. variable: what the code calls it, where that is known. carries: whether a
    gradient goes to it; a tensor that carries none is data.
    """

    name: str
    number: float | None = None
    values: Values | None = None
    variable: str | None = None
    carries: bool = True


class Witness(Struct, frozen=True):
    """What was seen at the moment at which good numbers became bad ones: nan of what had none, infinity of what was finite; or at
    which a gradient became 0 or grew, or a number was lost.

    refused: of what raised over such numbers, whether the tensor that it had was made of this one by bad numbers alone.
    node: that did it. phase: in the forward pass, or in backward; then `edge` is the one by which it was sent, and `came` the
    gradient that came in at that element. operation: torch's own name of what did it (`div`), which may stand within a larger
    function. index: of the first bad element. result: what stands there. bad: how many elements are bad.
    operands: in torch's order. rows: of what works on rows, such as softmax, mean, norm, how many rows there are, and of these
    how many are so: `all`, `masked` (-inf throughout), `empty`, `single` (one element), `zero` (0 throughout), `equal` (a
    number in it occurs twice), `bad`. Else one of these is 1: `zeros` (it made zeros of a gradient), `steep`, `singular`, `close`
    (it made it grow; the operand is how near it was to where it is steep), `lost` (the last operand left nothing behind in the
    result), `learned` (what it took in is learned, and its result was cut off). source, module, dtype: of what has no node.
    """

    node: int | None
    phase: Literal["forward", "backward"]
    operation: str
    index: tuple[int, ...] = ()
    result: float | None = None
    operands: tuple[Operand, ...] = ()
    bad: int = 0
    rows: dict[str, int] = {}
    edge: int | None = None
    came: float | None = None
    source: Source | None = None
    module: str = ""
    refused: bool = False
    dtype: str = ""


class Experiment(Struct, frozen=True):
    """A what-if: the gradient that node `node` sends along its edge `edge`, or along all of them (None), times `factor`.

    A factor of 0 cuts the edge. Applied by a hook in the real engine; the gradients of such a Snapshot are not the true ones.
    """

    node: int
    edge: int | None = None
    factor: float = 0.0


class Note(Struct, frozen=True):
    """A sentence that belongs beside the numbers: `f is a vector: differentiated as sum(f)`.

    kind: `vector`, `constant`, `kink`, `nonfinite`; `torch`: a known difference from mathematics; `backward` where it was not
    run; `code`: how user code ran; `rank`: whose gradients they are, of several processes that train together; `scaled`: by a
    GradScaler; `unread`: gradients that are there and could not be read; `fault`: an error of gradtui's own took something
    from the answer. node: the node it speaks of, if one.
    """

    kind: Literal[
        "vector", "constant", "kink", "nonfinite", "torch", "backward", "code", "rank", "scaled", "unread", "fault"
    ]
    text: str
    node: int | None = None


class Request(Struct, frozen=True):
    """Evaluate `expression` at `at`. A variable without a value starts at `defaults.default_at`.

    origin: `function` where `expression` names a function of a file, `model.py:loss`; its own defaults then stand for what
    `at` leaves out.
    names: further names that are variables whatever they are (a name in `at` always is).
    along: variable and element whose tangents (forward mode) are wanted at every node.
    experiments: what to change in the backward pass; the Snapshot carries them back.
    data: names in `at` that are columns of data: they get no gradient, and an f that is a vector is averaged over their rows.
    training: the updates that are to be made from here; the Snapshot carries what came of them.
    surface: f over two variables. fit: whether what f makes of its data is wanted. orders: further derivatives, and with them
    the graph of the gradient, Taylor's polynomial, the Hessian and the Jacobian.
    """

    id: int
    expression: str
    at: dict[str, float | tuple[float, ...]] = {}
    dtype: Dtype = "float32"
    device: Device = "cpu"
    curve: CurveRequest | None = None
    names: tuple[str, ...] = ()
    along: tuple[str, int] | None = None
    experiments: tuple[Experiment, ...] = ()
    origin: Origin = "expression"
    data: tuple[str, ...] = ()
    training: TrainingRequest | None = None
    surface: SurfaceRequest | None = None
    fit: bool = False
    orders: OrdersRequest | None = None

    @property
    def columns(self) -> dict[str, tuple[float, ...]]:
        """Of data, by name."""
        return {name: value for name, value in self.at.items() if name in self.data and isinstance(value, tuple)}

    def of_rows(self, rows: tuple[int, ...]) -> Request:
        """The same of these rows of its data; of all for ()."""
        if not rows:
            return self
        batch = {name: tuple(column[row] for row in rows) for name, column in self.columns.items()}
        return replace(self, at=self.at | batch)


class Snapshot(Struct, frozen=True):
    """The answer to the Request of the same id. Where `problem` is set, it is the whole answer, but for a graph with nodes:
    that is then of what ran before it.

    `derivative` (by variable) comes from a second process and may be None in a first answer: not known yet. `truth` comes
    with it, and is None also where that has nothing to say. `derivatives` are the same of each order from the first on, where
    `orders` were asked for; () while they are not known. `taylor` are the coefficients of Taylor's polynomial as Calculus has
    them, None while they are not known; `exact_hessian` is that of Calculus, None also where it is not known to the last digit.
    variables: what can be stepped. parameters: of a model, by name, whether in the graph or not. modules: of a model, by path.
    files: text of the files that sources are in, by the name that the sources use. printed: what user code wrote, its end.
    events: what a trace saw that explains gradients, in the order of the forward pass. scale: of a GradScaler, by which the
    output, and so every gradient, is multiplied. witnesses: of what went bad, in the order in which it did. mismatches: of
    custom Functions whose backward is not the derivative of their forward. data: columns of data, which are no variables.
    training: updates from here.
    """

    id: int
    expression: str
    reads_as: str = ""
    dtype: str = "float32"
    device: str = "cpu"
    variables: dict[str, VariableState] = {}
    value: Values | None = None
    graph: Graph = Graph()
    differences: dict[str, Differences] = {}
    derivative: dict[str, Derivative] | None = None
    curve: Curve | None = None
    notes: tuple[Note, ...] = ()
    along: tuple[str, int] | None = None
    experiments: tuple[Experiment, ...] = ()
    problem: Problem | None = None
    origin: Origin = "expression"
    parameters: dict[str, Parameter] = {}
    modules: dict[str, Module] = {}
    files: dict[str, str] = {}
    events: tuple[Event, ...] = ()
    printed: str = ""
    scale: float | None = None
    truth: Truth | None = None
    witnesses: tuple[Witness, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    data: dict[str, Values] = {}
    training: Training | None = None
    surface: Surface | None = None
    fit: Fit | None = None
    orders: Orders | None = None
    derivatives: tuple[dict[str, Derivative], ...] = ()
    taylor: Coefficients | None = None
    exact_hessian: Hessian | None = None
