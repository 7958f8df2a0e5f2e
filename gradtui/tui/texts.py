"""Session and Snapshot as the texts of the screen: pure, so that they are tested without one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

from msgspec import Struct
from textual.content import Content

from gradtui.chart.point import Point, point
from gradtui.dtypes import limits
from gradtui.expression.parser import ExpressionError, parse
from gradtui.expression.point import plain
from gradtui.graph.agreement import Check, check, value_check
from gradtui.graph.agreement_words import MARKS
from gradtui.graph.higher_orders import by, order_of, prime
from gradtui.graph.operands import LONGEST_QUOTE, is_finite
from gradtui.graph.paths import sentence, summary
from gradtui.graph.taylor_text import values
from gradtui.outline.rows import same_shape
from gradtui.snapshot.curve import Curve
from gradtui.snapshot.model import Node, Snapshot, Source, Values
from gradtui.snapshot.numbers import NOT_KNOWN, SIGNIFICANT, numbers
from gradtui.snapshot.visible import visible
from gradtui.tui.answers import Answers
from gradtui.tui.panes import orders
from gradtui.tui.panes.stepper import VariableRow
from gradtui.tui.session import Session
from gradtui.tui.typing.formula_line import LONGEST_CALL, Called, call, function_name, title

MUTED, WARNING = "$foreground-muted", "$text-warning"
NOTHING = Content()
MARK_STYLES = {True: "$text-success", False: "bold $text-error", None: MUTED}

AROUND = 40
"""Elements of a long vector that are written out on each side of the active one: more than fit on a line."""

MOST_NODES = 500
"""Of a graph whose ways are looked for at each answer."""

LONG_ORIGIN = 32
"""Cells of what is said of these ways that find room on any screen."""
SHORT_NAME = 4
"""Characters of a variable that stands on one line with the value."""


def echo(session: Session) -> Content:
    """How the text is read, its `=` under that of the title; nothing where that is how it was typed."""
    if session.reads_as == session.text or session.origin != "expression":
        return Content()
    return Content.styled("= ".rjust(len(title(session))) + visible(session.reads_as), MUTED)


def variable_rows(session: Session, shown: Snapshot | None) -> list[VariableRow]:
    """A row for each variable of the expression, with the gradient of the last answer where there are several."""
    rows = []
    for name in session.variables:
        point, step, element = session.points[name], session.step_of(name), session.element_of(name)
        first = max(0, element - AROUND)
        state = shown.variables.get(name) if shown is not None else None
        gradient = ""
        if len(session.variables) > 1:
            gradient = numbers(state.grad, significant(shown), most=4) if state is not None else NOT_KNOWN
            gradient = f"exp. {gradient}" if shown is not None and shown.experiments else gradient
        rows.append(
            VariableRow(
                name=name,
                elements=tuple(plain(number, step) for number in point.elements[first : element + AROUND + 1]),
                vector=point.vector,
                element=element,
                step=plain(step),
                gradient=gradient,
                active=name == session.active,
                first=first,
                count=len(point.elements),
            )
        )
    return rows


def significant(shown: Snapshot | None) -> int:
    """How many digits of the answer are worth showing."""
    return SIGNIFICANT.get(shown.dtype, 7) if shown is not None else 7


def chart_point(
    session: Session, shown: Snapshot | None, curve: Curve | None, derived: Snapshot | None = None
) -> Point | None:
    """x, f and f' of the last answer along the active element, as `curve` has them; None where the answer does not tell.

    derived: the last answer that has its calculus, which tells whether to trust the slope as long as this one has not.
    """
    if shown is None or session.active is None:
        return None
    return point(
        shown,
        session.active,
        session.element,
        alone=curve is not None and curve.alone,
        judged=shown if shown.derivative is not None else derived,
    )


def graph_of(session: Session, shown: Snapshot | None) -> str:
    """Of which derivative the graph is that is looked at; empty for that of f."""
    there = shown is not None and order_of(shown, session.looked) is not None
    if session.looked == 1 or not there:
        return ""
    several = len(session.variables) > 1
    return visible(by(session.active or "", session.looked - 1, several) if several else prime(session.looked - 1))


def taylor(session: Session, shown: Snapshot | None) -> tuple[float, ...]:
    """The coefficients of Taylor's polynomial along the active element; none for the tangent."""
    orders = shown.orders if shown is not None else None
    along = orders is not None and (orders.along, orders.element) == (session.active, session.element)
    degree = session.order if session.degree is None else session.degree
    if shown is None or orders is None or not along or degree == 1:
        return ()
    return values(shown, orders)[: degree + 1]


def source_of(shown: Snapshot | None, node: int | None) -> Source | None:
    """The piece of text that made a node."""
    if shown is None or node is None or node >= len(shown.graph.nodes):
        return None
    return shown.graph.nodes[node].source


def lit(shown: Snapshot | None, selected: int | None, text: str) -> tuple[int, int] | None:
    """The span of `text` that made the selected node; None where `text` is no longer the one that was evaluated."""
    if shown is None or shown.expression != text:
        return None
    source = source_of(shown, selected)
    return (source.start, source.end) if source is not None else None


def innermost(shown: Snapshot | None, text: str, place: int) -> int | None:
    """The node made by the shortest piece of `text` around an offset, or right before it; None where there is none."""
    if shown is None or shown.expression != text:
        return None
    nodes = shown.graph.nodes
    spans: list[tuple[Source | None, int | None]] = [(node.source, node.id) for node in nodes]
    spans += [(edge.source, edge.target) for node in nodes for edge in node.edges]
    around = [
        (place == source.end, source.end - source.start, node)
        for source, node in spans
        if source is not None and node is not None and source.start <= place <= source.end
    ]
    return min(around)[2] if around else None


def parameter(shown: Snapshot | None, node: int | None) -> str | None:
    """The parameter that a node stands for."""
    if shown is None or node is None or node >= len(shown.graph.nodes):
        return None
    name = shown.graph.nodes[node].variable
    return name if name in shown.parameters else None


def node_of(shown: Snapshot | None, selected: int | None) -> Node | None:
    nodes = shown.graph.nodes if shown is not None else ()
    return nodes[selected] if selected is not None and selected < len(nodes) else None


def leaf_of(shown: Snapshot | None, active: str | None, trained: Sequence[str]) -> int | None:
    """The node of the active variable where that is trained, else of the first that is; None where there is none."""
    if shown is None:
        return None
    wanted = active if active in trained else next(iter(trained), None)
    return next((node.id for node in shown.graph.nodes if node.variable == wanted and wanted is not None), None)


def samples(columns: int) -> int:
    """Places at which a curve is evaluated for a chart so wide: in steps, so that a resize seldom asks again."""
    return min(1000, max(400, 200 * math.ceil(columns / 50)))


def same_graph(before: Snapshot | None, after: Snapshot | None) -> bool:
    """Whether a selected node of the one is the same node of the other."""
    if before is None or after is None:
        return before is after
    return same_shape(before.graph, after.graph)


def first_node(shown: Snapshot | None) -> int | None:
    return 0 if shown is not None and shown.graph.nodes else None


class Reading(Struct, frozen=True):
    """What is read off an answer: the numbers, the derivative of Calculus, whether they agree, and what else is to be said.

    origin: where the gradient comes from, behind the numbers: ` = 8 by way of x^2 + 3 by way of 3x`. brief: the same in fewer
    words, each shorter than the one before. further: the derivatives of higher order, behind that.
    agreement: `marks` in few cells, where all three agree; else the same.
    """

    numbers: Content
    derivative: Content = NOTHING
    origin: Content = NOTHING
    marks: Content = NOTHING
    agreement: Content = NOTHING
    remark: Content = NOTHING
    further: Content = NOTHING
    brief: tuple[Content, ...] = ()

    def within(self, room: int) -> Content:
        """The numbers, with as much of where they come from as `room` cells hold."""
        told = (Content.assemble(self.numbers, origin, self.further) for origin in (self.origin, *self.brief))
        few = Content.assemble(self.numbers, self.further)
        return next((numbers for numbers in told if numbers.cell_length <= room), few)

    @property
    def whole(self) -> Content:
        return Content.assemble(self.numbers, self.origin, self.further)


NOTHING_YET = Reading(Content.styled("starting PyTorch …", MUTED))


def reading(session: Session, answers: Answers, keys: Mapping[str, str], *, patient: bool) -> Reading:
    """A new x comes before its Calculus: while `patient`, the marks of the x before stand, instead of flickering."""
    shown, name = answers.shown, session.active
    if shown is None:
        return NOTHING_YET if answers.problem is None else Reading(NOTHING)
    if name is None or name not in shown.variables:
        meant = session.name if not session.variables and session.name in session.points else ""
        ways = f"{keys['undo'] if session.base is None else 'esc'}, then {keys['value']}"  # while a line is typed, u is a letter
        said = f"this is a constant called {meant}; for {meant} to take a value: {ways}" if meant else ""
        return Reading(_numbers(session, shown), remark=_remark(shown, said))
    derived = answers.derived or shown
    if shown.experiments:
        said = check(shown, name).text
        return Reading(_numbers(session, shown), _derivative(session, derived), remark=_remark(shown, said))
    judging = derived if patient and not derived.experiments else shown
    judged = check(judging, name)
    marks = {"calculus": judged.calculus, "differences": judged.differences}
    written = Content(" ").join([_autograd(judged), *(_mark(way, mark) for way, mark in marks.items())])
    agreement = _mark("all agree", True) if judged.autograd and all(marks.values()) else written
    if older := _older(session, answers, shown, name, patient=patient):  # the marks are not of what stands there now
        written = agreement = Content.styled(visible(f"still {older}"), WARNING)
    told = origin(shown, name)
    return Reading(
        _numbers(session, shown),
        Content.assemble(orders.derivation(session, derived), _derivative(session, derived)),
        told,
        written,
        agreement,
        _remark(shown, "" if judged.text == judged.marks else judged.text, _value_remark(session, judging)),
        orders.values(session, shown),
        _brief(shown, name, told),
    )


def _older(session: Session, answers: Answers, shown: Snapshot, name: str, *, patient: bool) -> str:
    """What a picture is of that is older than what stands there now: another function, or the same at another place."""
    if session.held or (answers.behind and shown.expression != session.text):
        return shown.expression
    if not answers.behind and (patient or not answers.waiting):
        return ""
    places = {one: state.value for one, state in shown.variables.items() if one in session.points}
    moved = next((one for one, value in places.items() if not _is_at(value, session.points[one].value)), None)
    moved = moved or (name if answers.behind else None)
    return "" if moved is None else f"{moved} = {numbers(places[moved], significant(shown), most=4)}"


def _is_at(values: Values, place: float | tuple[float, ...]) -> bool:
    """As far as the dtype can tell, and as many of its numbers as are known."""
    numbers_of_it, shape = (place, (len(place),)) if isinstance(place, tuple) else ((place,), ())
    pairs = zip(values.numbers, numbers_of_it, strict=False)
    return values.shape == shape and all(math.isclose(one, other, rel_tol=1e-6) for one, other in pairs)


def _mark(way: str, mark: bool | None) -> Content:
    return Content.assemble((f"{way} ", MUTED), (MARKS[mark], MARK_STYLES[mark]))


def _autograd(judged: Check) -> Content:
    """Its mark, or how many of its digits are right where rounding took some."""
    if not judged.lost or judged.digits is None:
        return _mark("autograd", judged.autograd)
    digits = f"≈ {judged.digits} digit{'s' * (judged.digits > 1)}" if judged.digits else "no digit"
    return Content.assemble(("autograd ", MUTED), (digits, WARNING if judged.digits else MARK_STYLES[False]))


def _value_remark(session: Session, shown: Snapshot) -> str:
    """Where half of the digits of f itself are gone."""
    told = value_check(shown)
    lost = told.right is None and told.digits is not None and told.digits <= limits(shown.dtype).digits // 2
    return f"{call(_called(session, shown))}: {told.text}" if lost else ""


def _numbers(session: Session, shown: Snapshot) -> Content:
    digits, function = significant(shown), _called(session, shown)
    pieces = [
        (f"{call(function)} = ", MUTED),
        (numbers(shown.value, digits, most=4), _style(shown.value, "$text-primary")),
    ]
    state = shown.variables.get(session.active or "")
    if state is not None:
        pieces += [
            ("   EXPERIMENT", f"bold {WARNING}") if shown.experiments else ("  ", ""),
            (f" {slope(function)} = ", MUTED),
            (
                numbers(state.grad, digits, most=4),
                _style(state.grad, WARNING if shown.experiments else "$text-success"),
            ),
        ]
    return Content.assemble(*pieces)


def large(session: Session, shown: Snapshot | None) -> str:
    """Value and gradient for large digits: `29 ^ 11`, with few of them."""
    if shown is None:
        return ""
    state = shown.variables.get(session.active or "")
    few = [numbers(shown.value, 5, most=3), *([numbers(state.grad, 5, most=3)] if state is not None else [])]
    return "   ".join(few)


def origin(shown: Snapshot, name: str, longest: int = LONGEST_QUOTE) -> Content:
    """By which ways the gradient comes, as far as these can be told in a line. longest: characters of an operand."""
    if len(shown.graph.nodes) > MOST_NODES:
        return NOTHING
    _, equals, told = sentence(shown, name, longest).partition(" = ")
    return Content.styled(f"{equals}{visible(told)}", MUTED)


def _brief(shown: Snapshot, name: str, origin: Content) -> tuple[Content, ...]:
    """In fewer words, where so many might not fit."""
    if origin.cell_length < LONG_ORIGIN:
        return ()
    return tuple(Content.styled(f" = {visible(told)}", MUTED) for told in summary(shown, name))


def _style(values: Values | None, usual: str) -> str:
    return f"bold {usual}" if is_finite(values) else "bold $text-error"


def is_single(session: Session) -> bool:
    """Whether there is no more than one scalar to step, under a short name: its row has a length that can be foreseen."""
    short = not any(session.points[name].vector or len(name) > SHORT_NAME for name in session.variables)
    return short and len(session.variables) < 2


def slope(function: Called) -> str:
    """`f'(x)`, or `∂f/∂w` where there are several variables."""
    several, name = len(function.variables) > 1, function_name(function)
    written = visible(f"∂{name}/∂{function.active}" if several else f"{name}'({function.active})")
    return written if several or len(written) <= LONGEST_CALL else f"{name}'"


class Older(Struct, frozen=True):
    """The function of a picture that stays, as the one that is typed now has none yet."""

    name: str
    variables: tuple[str, ...]
    active: str | None


def _called(session: Session, shown: Snapshot) -> Called:
    """The function whose numbers are shown."""
    if session.origin != "expression" or shown.expression == session.text:
        return session
    return Older(_name_in(shown.expression, session.names), tuple(shown.variables), session.active)


@lru_cache(8)
def _name_in(text: str, names: tuple[str, ...]) -> str:
    """`loss` of `loss = (w*x - y)^2`."""
    try:
        return parse(text, names).name
    except ExpressionError:
        return "f"


def _derivative(session: Session, shown: Snapshot) -> Content:
    derivative = (shown.derivative or {}).get(session.active or "")
    if derivative is None:
        return Content()
    left = (f"{slope(_called(session, shown))} = ", MUTED)
    if derivative.text is None:
        return Content.assemble(left, (visible(derivative.note) or NOT_KNOWN, MUTED))
    return Content.assemble(
        left, visible(derivative.text), ("" if derivative.simplified else "  not simplified", MUTED)
    )


def _remark(shown: Snapshot, said: str, of_value: str = "") -> Content:
    """What the checks of the gradient and of f have to say, and the notes of the answer."""
    told = shown.origin == "expression" and not shown.graph.nodes  # in place of the graph
    telling = [note for note in shown.notes if not told or note.kind != "constant"]
    notes = [Content.styled(visible(note.text), MUTED if note.kind == "vector" else WARNING) for note in telling]
    if said and not any(note.kind == "kink" for note in shown.notes):
        notes.insert(0, Content.styled(said, WARNING))
    if of_value:
        notes.append(Content.styled(of_value, WARNING))
    return Content("; ").join(notes)
