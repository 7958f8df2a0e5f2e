"""Derivatives of higher order on the screen: torch answers, in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from gradtui.calculus.higher_orders import derivatives
from gradtui.engine.training.evaluate import evaluate
from gradtui.graph.ledger import cut, total
from gradtui.graph.replay import Replay
from gradtui.snapshot.model import Node, Request, Snapshot, VariableState
from gradtui.snapshot.numbers import numbers
from gradtui.snapshot.orders import OrdersRequest
from gradtui.tui.app import GradtuiApp
from gradtui.tui.dialogs.clipboard import as_command
from gradtui.tui.saved import explorer
from tests.tui.fakes import FakeService, make_app, service
from tests.tui.test_app import press, text_of
from tests.tui.test_snapshots import BOTH_SIZES, Compare, Size, after, settle


class Torch(FakeService):
    """Evaluates for itself."""

    def answer(self, request: Request | None = None, problem: Any = None) -> None:
        request = request or self.requests[-1]
        most = 1 if request.orders is None else request.orders.most
        known = tuple(derivatives(replace(request, orders=OrdersRequest(order))) for order in range(1, most + 1))
        told: Snapshot = evaluate(request)
        self.on_snapshot(replace(told, derivative=known[0], derivatives=known if most > 1 else ()))


def app_on(expression: str, **at: str) -> GradtuiApp:
    return make_app(expression, at, service=Torch)


def asked(app: GradtuiApp) -> Request:
    return service(app).requests[-1]


async def test_one_derivative_more() -> None:
    """D: f'' to f'''' in the request, the readout and the chart; then f' alone, and nothing of it is asked any more."""
    app = app_on("x*sin(x)", x="1")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert asked(app).orders is None
        await press(pilot, "D")
        await settle(pilot)
        assert asked(app).orders == OrdersRequest(2, "x", 0)
        screen = text_of(app)
        assert "f''(x) = 2*cos(x) - x*sin(x)" in screen
        assert "0.2391337" in screen
        assert "Taylor, degree 2" in screen
        assert as_command(app.session).endswith("--order 2")
        assert ":" in {cell[0] for row in app.picture.chart._picture.cells for cell in row}  # type: ignore[union-attr]
        await press(pilot, "D", "D")
        await settle(pilot)
        assert app.answers.curve is not None
        assert len(app.answers.curve.higher) == 3
        assert "f''''" in text_of(app)
        await press(pilot, "D", "right")
        await settle(pilot)
        assert asked(app).orders is None
        assert asked(app).curve is None or asked(app).curve.order == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("keys", ["D", "DD", "Y", "YYY"])
async def test_how_far_the_polynomial_is_off_is_told_at_every_place(keys: str) -> None:
    """The curve comes with one answer, and is there for the next ones."""
    app = app_on("x*sin(x)", x="1")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        for key in (*keys, "right", "right", "left", "plus"):
            await press(pilot, key)
            await settle(pilot)
            told = ["".join(text for text, _ in pieces) for pieces in app.picture.node_panel.order_lines]
            assert len([line for line in told if "off by" in line]) == 1


async def test_where_the_gradient_comes_from_stands_behind_it() -> None:
    """The ways are those of f', and no further derivative comes between."""
    app = app_on("x^2 + 3x + 1", x="4")
    async with app.run_test(size=(160, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "D")
        await settle(pilot)
        line = next(line for line in text_of(app).splitlines() if "by way of" in line)
        assert line.index("f'(x) = 11") < line.index("by way of") < line.index("f''(x) = 2")


async def test_the_graph_of_the_gradient() -> None:
    """S: the graph of f' with its own backward pass, rules and ledger, whose every cut is f''; what if is asked of f's."""
    app = app_on("x*sin(x)", x="1")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "S")
        await settle(pilot)
        assert app.picture.graph.border_title == "graph of f'"
        screen = text_of(app)
        assert "∂ sin(x)" in screen
        assert "∂f'/∂node" in screen
        assert "made by backward, as SinBackward0 of sin(x) ran" in screen
        shown = app.backward.shown
        assert shown is not None
        assert shown.value is not None
        assert app.answers.shown is not None
        assert shown.value == app.answers.shown.variables["x"].grad
        await press(pilot, "n", "n")
        assert app.backward.cursor.steps_done == 2
        await press(pilot, "l")
        await settle(pilot)
        assert "df'/dx" in text_of(app)
        moments = Replay(app.backward.shown.graph)  # type: ignore[union-attr]
        sums = [total(cut(moments, done) or ()) for done in range(len(moments.order) + 1)]
        assert sums == pytest.approx([0.2391337] * len(sums), rel=1e-5)
        await press(pilot, "l", "c")
        assert asked(app).experiments == ()
        await press(pilot, "S")
        await settle(pilot)
        assert app.picture.graph.border_title == "graph"
        assert "∂ sin(x)" not in text_of(app)


async def test_why_in_the_graph_of_the_gradient() -> None:
    """w: what is wrong with f'' and where in the graph that is shown; else how it comes about. Names are those of the graph."""
    app = app_on("3*relu(x)", x="0.4")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "S")
        await settle(pilot)
        await press(pilot, "w")
        told, shown = app.backward.cursor.told, app.backward.shown
        assert told is not None
        assert shown is not None
        assert told.kind == "flat"
        assert shown.graph.nodes[app.backward.cursor.selected or 0].made_by is not None
        assert "∂ relu(x)" in "\n".join(app.picture.node_panel.whole())
        app.picture.take("x^2*sin(x)")
        await settle(pilot)
        await press(pilot, "w")
        told = app.backward.cursor.told
        assert told is not None
        assert (told.kind, told.node) == ("ordinary", next(n.id for n in shown_nodes(app) if n.variable == "x"))
        assert numbers(shown_variables(app)["x"].grad) in told.text
        app.picture.take("3x + 1")
        await settle(pilot)
        await press(pilot, "w")
        assert app.backward.cursor.told is not None
        assert app.backward.cursor.told.kind == "constant"
        assert "the same everywhere" in text_of(app)


def shown_nodes(app: GradtuiApp) -> tuple[Node, ...]:
    assert app.backward.shown is not None
    return app.backward.shown.graph.nodes


def shown_variables(app: GradtuiApp) -> dict[str, VariableState]:
    assert app.backward.shown is not None
    return app.backward.shown.variables


async def test_another_function_under_the_second_graph() -> None:
    """What is typed comes with its own graph of the gradient; one that has none shows that of f."""
    app = app_on("x*sin(x)", x="1")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "S")
        await settle(pilot)
        app.picture.take("exp(x)*x")
        await settle(pilot)
        shown = app.backward.shown
        assert shown is not None
        assert {node.order for node in shown.graph.nodes} == {0, 1}
        app.picture.take("2 + 3")
        await settle(pilot)
        assert app.picture.graph.border_title == "graph"


async def test_what_the_hessian_means() -> None:
    app = app_on("x^2 - y^2", x="0", y="0")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "D")
        await settle(pilot)
        assert "a saddle" in text_of(app)


async def test_the_degree_of_the_polynomial() -> None:
    """Y: one more than the order, up to 8, then 0; D takes that of the order again."""
    app = app_on("sin(x)", x="1")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "Y")
        await settle(pilot)
        assert asked(app).orders == OrdersRequest(1, "x", 0, 2)
        await press(pilot, *"YYYYYY")
        await settle(pilot)
        assert "Taylor, degree 8" in text_of(app)
        assert as_command(app.session).endswith("--taylor 8")
        await press(pilot, "Y")
        await settle(pilot)
        assert "Taylor, degree 0: 0.84147" in text_of(app)
        await press(pilot, "D")
        await settle(pilot)
        assert asked(app).orders == OrdersRequest(2, "x", 0)


async def test_what_is_saved_is_looked_at() -> None:
    """The graph of the gradient of a saved snapshot; one without further derivatives has no such keys."""
    snapshot = evaluate(Request(1, "sin(x)*x", {"x": 1.0}, orders=OrdersRequest(2)))
    app = explorer(snapshot)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "S")
        await settle(pilot)
        assert app.picture.graph.border_title == "graph of f'"
        assert "nothing in it is evaluated anew" not in text_of(app)
        await press(pilot, "S")
        await settle(pilot)
        assert app.picture.graph.border_title == "graph"
    app = explorer(replace(snapshot, orders=None))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "S", "D", "Y")
        await settle(pilot)
        assert (app.session.order, app.session.looked, app.session.degree) == (1, 1, None)


PICTURES: dict[str, tuple[Callable[[], GradtuiApp], tuple[str, ...]]] = {
    "f'' and Taylor": (lambda: app_on("x*sin(x)", x="1"), ("D",)),
    "graph of f'": (lambda: app_on("x*sin(x)", x="1"), ("S", "down", "down")),
    "Hessian": (lambda: app_on("(1 - x)^2 + 10(y - x^2)^2", x="1", y="1"), ("D",)),
}


@BOTH_SIZES
@pytest.mark.parametrize("name", PICTURES)
def test_pictures(snap_compare: Compare, name: str, size: Size) -> None:
    made, keys = PICTURES[name]
    assert snap_compare(made(), terminal_size=size, run_before=after(*keys))


async def test_the_contour_without_a_training() -> None:
    """h: f over two variables with the point, -gradient and the Hessian's directions, as torch has f there; it follows a step."""
    app = app_on("x^2 - 3x*y + 2y", x="1", y="0.5")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert "contour" in str(app.picture.chart.border_subtitle)
        await press(pilot, "D", "h")
        await settle(pilot)
        assert app.picture.chart.border_title == "contour of f"
        assert app.answers.shown is not None
        surface = app.answers.shown.surface
        assert surface is not None
        (low, high), (bottom, top) = surface.windows
        corners = surface.values[0], surface.values[-1]
        assert corners == pytest.approx(
            (low**2 - 3 * low * bottom + 2 * bottom, high**2 - 3 * high * top + 2 * top), rel=1e-5
        )
        screen = text_of(app)
        assert "⌣" in screen
        assert "⌢" in screen
        assert "λ = -2.162" in screen
        assert "λ = 4.162" in screen
        assert "SGD" not in screen
        await press(pilot, "right")
        await settle(pilot)
        assert app.board.charts.kind == "contour"
        await press(pilot, "h")
        await settle(pilot)
        assert app.picture.chart.border_title == "f and f'"
