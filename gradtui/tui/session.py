"""What a person has chosen: the function, where it stands, and what is looked at. No screen, no answers."""

from __future__ import annotations

from collections.abc import Hashable
from decimal import Decimal
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from gradtui.expression.parser import ExpressionError, parse
from gradtui.expression.point import Point, read_point, read_points, read_values
from gradtui.expression.reads_as import write
from gradtui.expression.syntax import Expression
from gradtui.snapshot.curve import Curve, CurveRequest, FollowedWindow
from gradtui.snapshot.defaults import WINDOW, default_at
from gradtui.snapshot.highest_order import MOST_DEGREE, MOST_ORDER
from gradtui.snapshot.model import Experiment, Problem, Request, Snapshot
from gradtui.snapshot.orders import OrdersRequest
from gradtui.snapshot.start import Start
from gradtui.snapshot.surface import SurfaceRequest
from gradtui.snapshot.training import TrainingRequest

MOST_UNDONE = 200
"""Changes that can be undone, one after the other."""
SMALLEST_STEP, LARGEST_STEP = Decimal("1e-12"), Decimal("1e12")


class State(Struct, frozen=True):
    """What an undo brings back."""

    text: str
    name: str
    named: bool
    reads_as: str
    variables: tuple[str, ...]
    points: dict[str, Point]
    active: str | None
    elements: dict[str, int]
    experiments: tuple[Experiment, ...]
    defaults: frozenset[str]
    data: dict[str, tuple[float, ...]]
    followed: FollowedWindow


class Session:
    """Values are kept by name also while the expression does not use them, so that nothing typed is lost.

    text, name, named, variables, reads_as: of the last expression that could be read. problem: why what was typed after it
    cannot be. active: the variable that the keys step and the chart runs along; None where there is none.
    element: which element of it, where it is a vector. window: of the chart; it follows the point.
    names: words that are variables whatever they are. ledger: whether tangents along the active element are wanted.
    experiments: what is changed in the backward pass of this very expression.
    origin: `function` where `text` names a function of a file: its variables come with the first answer. live: whether anything
    can be asked for; not where a Snapshot was saved, or captured, elsewhere: then nothing moves, and source says what it is.
    saves: how often the function's file was saved. defaults: variables that stand where the function's own default has them,
    which may be another after that.
    data: columns of data by name, which are no variables; unusable: why another is none. training: what the requests ask of an
    optimizer; surface, fit: to be drawn of it.
    order: of the highest derivative on the chart. degree: of Taylor's polynomial, None for the order. looked: of the derivative
    whose graph is looked at: 1 for the graph of f, 2 for that of the gradient. most: the highest that there is.
    held: whether what is typed is not (yet) the function. base: what stood when typing began; None while nobody types.
    kept: asks for the function whose curve is drawn beside that of this one.
    """

    def __init__(self, start: Start, *, live: bool = True) -> None:
        """Raises PointError for a value of the `start` that is none."""
        text, origin = start.expression, start.origin
        self.text, self.name = text, text.rpartition(":")[2] if origin == "function" else "f"
        self.named, self.reads_as, self.held = False, "", False
        self.problem: Problem | None = None
        self.points = read_points(start.at)
        self.variables: tuple[str, ...] = tuple(self.points)
        self.steps: dict[str, Decimal] = {}
        self.active: str | None = next(iter(self.points), None)
        self._followed = FollowedWindow(*[start.window or WINDOW] * 2)
        self.dtype, self.device = start.dtype, start.device
        self.names = tuple(dict.fromkeys((*start.names, *self.points)))
        self.data = dict(start.data)
        self.unusable = {name: start.unusable[name] for name in start.unusable.keys() - start.at.keys()}
        self.training: TrainingRequest | None = None
        self.surface: SurfaceRequest | None = None
        self.fit = False
        self.order, self.looked, self.degree, self.most = max(1, start.order), 1, start.degree, MOST_ORDER
        (self._first_step,) = read_point(start.step).elements
        self.ledger = False
        self.experiments: tuple[Experiment, ...] = ()
        self.origin, self.live = origin, live
        self.source, self.saves = "saved", 0
        self.defaults: set[str] = set()
        self.base: State | None = None
        self.kept: Request | None = None
        self.past: list[State] = []
        self._last_change: Hashable = None
        self._elements: dict[str, int] = {}
        self._last_id = 0

    def read(self, text: str) -> bool:
        """Take `text` for the function; where it is none, `problem` says why, and all else stays. Whether it is one."""
        try:
            expression = parse(text, self.names, self.unusable)
        except ExpressionError as error:
            self.problem, self.held = error.problem, True
            return False
        self.problem, self.reads_as, self.held = None, write(expression), False
        self.accept(expression)
        return True

    def accept(self, expression: Expression) -> None:
        """Another function; variables that are new stand at their default. Experiments were on the nodes of the old one."""
        if expression.text != self.text:
            self.experiments = ()
        self.text = expression.text
        self.variables = tuple(name for name in expression.variables if name not in self.data)
        self.name, self.named = expression.name, expression.named
        for name in self.variables:
            self.points.setdefault(name, Point((Decimal(repr(default_at(name))),)))
        if self.active not in self.variables:
            self.active = self.variables[0] if self.variables else None
        self._follow()

    def adopt(self, snapshot: Snapshot) -> bool:
        """Take the variables of a function from its answer; whether these are others than before."""
        names = tuple(name for name, state in snapshot.variables.items() if state.value.numbers)
        self.defaults.update(name for name in names if name not in self.points)
        for name in self.defaults.intersection(names):
            self.points[name] = read_values(snapshot.variables[name].value, snapshot.dtype)
        changed, self.variables = names != self.variables, names
        if changed and self.active not in names:
            self.active = names[0] if names else None
        self._follow()
        return changed

    # What stood before

    @property
    def state(self) -> State:
        return State(
            *(self.text, self.name, self.named, self.reads_as, self.variables, dict(self.points)),
            *(self.active, dict(self._elements), self.experiments, frozenset(self.defaults), dict(self.data)),
            self._followed,
        )

    def begin_typing(self) -> None:
        if self.base is None:
            self.base = self.state

    def end_typing(self) -> None:
        """What was typed is the function now: another one can be undone."""
        if self.base is not None and self.base.text != self.text:
            self._keep(self.base, None)
        self.base = None

    def go_back(self) -> bool:
        """To what stood when typing began, without a word of what is typed; whether that is another function."""
        if self.base is None or self.base.text == self.text:
            return False
        self._restore(self.base)
        return True

    def give_up(self) -> None:
        """The old function again, and nothing is typed."""
        if self.base is not None:
            self._restore(self.base)
        self.base, self.problem, self.held = None, None, False

    @property
    def can_undo(self) -> bool:
        return self.live and bool(self.past)

    def undo(self) -> None:
        """The last function, value or experiment; all steps of a variable, one after the other, are one."""
        if self.can_undo:
            self._restore(self.past.pop())
            self._last_change, self.problem, self.held = None, None, False

    def _keep(self, state: State, change: Hashable) -> None:
        """Have `state` undone to. change: what kind of step it was; the same once more is undone with it."""
        if change is None or change != self._last_change:
            self.past = [*self.past[-MOST_UNDONE:], state]
        self._last_change = change

    def _restore(self, state: State) -> None:
        self.text, self.name, self.named, self.reads_as = state.text, state.name, state.named, state.reads_as
        self.variables, self.points, self.active = state.variables, dict(state.points), state.active
        self._elements, self.experiments = dict(state.elements), state.experiments
        self.defaults, self.data = set(state.defaults), dict(state.data)
        if state.followed.chosen == self._followed.chosen:
            self._followed = state.followed
        self._follow()

    def step_of(self, name: str) -> Decimal:
        return self.steps.get(name, self._first_step)

    def element_of(self, name: str) -> int:
        """Which element is stepped; 0 where it is a scalar."""
        return min(self._elements.get(name, 0), len(self.points[name].elements) - 1)

    @property
    def element(self) -> int:
        return self.element_of(self.active) if self.active else 0

    @property
    def window(self) -> tuple[float, float]:
        return self._followed.seen

    def see(self, window: tuple[float, float]) -> None:
        """Another window of the chart, by a person's choice."""
        self._followed = FollowedWindow(window, window)

    @property
    def place(self) -> float | None:
        """The active element as a float: where the point stands on the chart."""
        return float(self.points[self.active].elements[self.element]) if self.active else None

    def move(self, ticks: int) -> None:
        """`ticks` steps along the active element, exactly."""
        if self.active and self.live:
            self._keep(self.state, ("step", self.active, self.element))
            by = self.step_of(self.active) * ticks
            self._place({self.active: self.points[self.active].moved(self.element, by)})

    def move_to(self, place: Decimal) -> None:
        """The active element to `place`, as by a click on the chart."""
        if self.active and self.live:
            self._keep(self.state, None)
            point = self.points[self.active]
            self._place({self.active: point.moved(self.element, place - point.elements[self.element])})

    def stand(self, points: dict[str, Point]) -> None:
        """Where an update has led, or one that was taken back. An undo leaves it: that is of what a person changed."""
        self.past = [self._with(points, state) for state in self.past]
        self.points |= points
        self.defaults -= points.keys()
        self._follow()

    def _with(self, points: dict[str, Point], state: State) -> State:
        still = {name: point for name, point in points.items() if state.points.get(name) == self.points.get(name)}
        return replace(state, points=state.points | still)

    def mark_as_data(self, name: str) -> None:
        """A vector that was typed is a column of data from now on."""
        value = self.points[name].value
        if isinstance(value, tuple):
            self._keep(self.state, None)
            self.data[name] = value
            self._part(name)

    def take_back(self) -> None:
        """Columns that were typed are variables again."""
        typed = [name for name in self.data if name in self.points]
        for name in typed:
            del self.data[name]
        self.variables = (*self.variables, *typed)

    def _part(self, name: str) -> None:
        self.variables = tuple(other for other in self.variables if other != name)
        if self.active == name:
            self.active = self.variables[0] if self.variables else None
        self._follow()

    def assign(self, points: dict[str, Point]) -> None:
        """Other values for variables; a scalar may become a vector, and back."""
        if self.live:
            self._keep(self.state, None)
            if any(point.vector != self.points[name].vector for name, point in points.items()):
                self.experiments = ()  # another graph
            self._place(points)

    def saved(self) -> None:
        """The file of the function is another one now, and with it perhaps the graph."""
        self.saves += 1
        self.experiments = ()

    def rescale_step(self, power: int) -> None:
        """The active variable's step times ten to the `power`, within limits."""
        if self.active:
            step = self.step_of(self.active).scaleb(power)
            if SMALLEST_STEP <= step <= LARGEST_STEP:
                self.steps[self.active] = step

    def choose(self, name: str, element: int | None = None) -> None:
        """Make `name` the active variable, and `element` its active element."""
        if name in self.variables:
            self.active = name
            if element is not None:
                self._elements[name] = max(0, min(element, len(self.points[name].elements) - 1))
            self._follow()

    def next_variable(self, by: int) -> None:
        if self.active:
            place = (self.variables.index(self.active) + by) % len(self.variables)
            self.choose(self.variables[place])

    def next_element(self, by: int) -> None:
        if self.active:
            self.choose(self.active, (self.element + by) % len(self.points[self.active].elements))

    def experiment(self, node: int, factor: float, edge: int | None = None) -> None:
        """Have what `node` sends, or sends along `edge`, multiplied by `factor` each time anew; a cut (0) twice is none."""
        if not self.live:
            return
        self._keep(self.state, None)
        change = Experiment(node, edge, factor)
        if factor == 0 and change in self.experiments:
            self.experiments = tuple(other for other in self.experiments if other != change)
        else:
            self.experiments = (*self.experiments, change)

    def curve_request(self, points: int) -> CurveRequest | None:
        """The curve along the active element. Its key names all that the curve depends on: not the place on it."""
        if self.active is None:
            return None
        fixed = [
            f"{name}[{index}]={number}"
            for name in self.variables
            for index, number in enumerate(self.points[name].elements)
            if (name, index) != (self.active, self.element)
        ]
        vector = self.points[self.active].vector
        depends_on = (
            *(self.text, self.active, self.element, vector, *fixed, self.dtype, self.device, self.saves, *self.data),
            *(*self.window, points, self.order, self.training and self.training.batches and self.training.update),
        )
        key = "|".join(map(str, depends_on))
        return CurveRequest(self.active, self.window, points=points, element=self.element, key=key, order=self.order)

    @property
    def given(self) -> dict[str, float | tuple[float, ...]]:
        """Where the variables stand; of a function those that are not at its own default."""
        return {name: self.points[name].value for name in self.variables if name not in self.defaults}

    def request(self, curve: CurveRequest | None) -> Request:
        """The one place where a Request is made; ids count up."""
        self._last_id += 1
        return Request(
            id=self._last_id,
            expression=self.text,
            at={**self.given, **self.data},
            dtype=self.dtype,
            device=self.device,
            curve=curve,
            names=self.names,
            along=(self.active, self.element) if self.ledger and self.active else None,
            experiments=self.experiments,
            origin=self.origin,
            data=tuple(self.data),
            training=self.training,
            surface=self.surface,
            fit=self.fit,
            orders=self._orders(),
        )

    def turn(self, to: Literal["order", "graph", "degree"]) -> None:
        """To one derivative more, to the graph of the next, to one degree more; to the first again after the last."""
        if to == "order":
            self.order, self.degree = self.order % self.most + 1, None
            self.looked = min(self.looked, max(2, self.order))
        elif to == "graph":
            self.looked = self.looked % max(min(2, self.most), self.order) + 1
        elif self.live and self.active is not None:
            self.degree = ((self.order if self.degree is None else self.degree) + 1) % (MOST_DEGREE + 1)

    def _orders(self) -> OrdersRequest | None:
        most = max(self.order, self.looked)
        wanted = (most > 1 or self.degree is not None) and self.origin != "capture"
        return OrdersRequest(most, self.active, self.element, self.degree) if wanted else None

    def keep(self, curve: Curve | None) -> None:
        """Have the curve of this function beside that of the next ones."""
        if curve is not None:
            asked = CurveRequest(curve.variable, curve.window, element=curve.element, key="kept")
            self.kept = replace(self.request(asked), along=None, experiments=())

    def other_request(self, window: tuple[float, float]) -> Request:
        """For the curve that is kept, over another window."""
        assert self.kept is not None
        assert self.kept.curve is not None
        self._last_id += 1
        return replace(self.kept, id=self._last_id, curve=replace(self.kept.curve, window=window))

    def start(self) -> Start:
        """What opens the explorer where this one stands."""
        at: dict[str, str | tuple[str, ...]] = {name: self.points[name].text for name in self.variables}
        told = Start(self.text, at, self.dtype, self.device, self.window, names=self.names, origin=self.origin)
        return replace(told, order=self.order, degree=self.degree)

    def _place(self, points: dict[str, Point]) -> None:
        """Where variables stand, by a person's choice."""
        self.points |= points
        self.defaults -= points.keys()
        self._follow()

    def _follow(self) -> None:
        self._followed = self._followed.after(self.place if self.live else None)
