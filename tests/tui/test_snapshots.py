"""Pictures of the screen on fixed Snapshots, against those that a person has looked at, in the folder beside this file.

`pytest tests/tui/test_snapshots.py --snapshot-update` records them anew: look at each before it is kept.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from gradtui.chart.drawing import fits
from gradtui.snapshot.model import Problem, Snapshot
from gradtui.snapshot.truth import Derivative
from gradtui.tui.app import GradtuiApp
from gradtui.tui.typing.line_input import LineInput
from tests import examples
from tests.tui.fakes import FakeService, make_app, service

SIZES = {"120x36": (120, 36), "80x24": (80, 24)}
BOTH_SIZES = pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)

QUADRATIC, VECTOR, TWO, NAN = "x^2 + 3x + 1", "(x * x) + (3 * x) + 1", "x*y + sin(y)", "0*sqrt(x)"
VECTOR_AT = {"x": ("2.1", "5.4", "3.2")}
TWO_AT = {"x": "2.0", "y": "1.5"}

Size = tuple[int, int]
Run = Callable[[Pilot[Any]], Awaitable[None]]
Compare = Callable[..., bool]


def of(pilot: Pilot[Any]) -> GradtuiApp:
    assert isinstance(pilot.app, GradtuiApp)
    return pilot.app


def unsettled(app: GradtuiApp) -> bool:
    """Whether the picture will change without a key: a chart to be drawn, in its thread, or a mark for what stays away."""
    chart, patience = app.picture.chart, app.asking.patient and (app.asking.outdated or app.answers.underived)
    drawn = chart._picture is not None and chart._picture.size == chart.size
    if chart._drawing_of is not None:
        drawn = chart._cells is not None and (len(chart._cells[0]), len(chart._cells)) == tuple(chart.size)
    lacking = chart._curve is not None and fits(*chart.size) and not drawn
    return patience or lacking or chart._drawing or not chart.is_attached


async def settle(pilot: Pilot[Any]) -> None:
    """Until nothing is left to do."""
    await pilot.pause()
    while unsettled(of(pilot)):
        await pilot.pause(0.01)
    await pilot.pause()


def after(*keys: str, then: Run | None = None) -> Run:
    """Press `keys` once the first picture is there, do what comes `then`, and wait for all that follows."""

    async def run(pilot: Pilot[Any]) -> None:
        for line in pilot.app.query(LineInput):
            line.cursor_blink = False
        await settle(pilot)
        await pilot.press(*keys)
        if then is not None:
            await then(pilot)
        await settle(pilot)

    return run


@BOTH_SIZES
@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark", "ansi-light"])
def test_first_example(snap_compare: Compare, theme: str, size: Size) -> None:
    assert snap_compare(make_app(theme=theme), terminal_size=size, run_before=after())


@BOTH_SIZES
def test_error_under_the_line_being_typed(snap_compare: Compare, size: Size) -> None:
    assert snap_compare(make_app(), terminal_size=size, run_before=after("slash", ")"))


@BOTH_SIZES
def test_bad_value(snap_compare: Compare, size: Size) -> None:
    assert snap_compare(make_app(), terminal_size=size, run_before=after("x", *"1/0", "enter"))


@BOTH_SIZES
def test_two_variables(snap_compare: Compare, size: Size) -> None:
    app = make_app(TWO, TWO_AT, dtype="float64")
    assert snap_compare(app, terminal_size=size, run_before=after())


@BOTH_SIZES
def test_vector(snap_compare: Compare, size: Size) -> None:
    app = make_app(VECTOR, VECTOR_AT, dtype="float64")
    assert snap_compare(app, terminal_size=size, run_before=after("e"))


@BOTH_SIZES
def test_selected_node_is_lit_in_the_expression(snap_compare: Compare, size: Size) -> None:
    assert snap_compare(make_app(theme="textual-light"), terminal_size=size, run_before=after(*["down"] * 3))


@BOTH_SIZES
def test_backward_in_the_middle(snap_compare: Compare, size: Size) -> None:
    assert snap_compare(make_app(), terminal_size=size, run_before=after(*"nnn"))


@BOTH_SIZES
def test_ledger_in_the_middle_of_backward(snap_compare: Compare, size: Size) -> None:
    """The cut through what has not run: 8 by way of x^2, and the 3 that x has received."""
    assert snap_compare(make_app(), terminal_size=size, run_before=after(*"nnnl"))


@BOTH_SIZES
def test_what_if(snap_compare: Compare, size: Size) -> None:
    """x^2 sends nothing on: marked as an experiment wherever a number of it stands."""

    async def cut(pilot: Pilot[Any]) -> None:
        of(pilot).backward.select(3)
        await pilot.press("c")

    assert snap_compare(make_app(), terminal_size=size, run_before=after(then=cut))


@BOTH_SIZES
def test_why(snap_compare: Compare, size: Size) -> None:
    """The detective jumps to sqrt, and says why its gradient is nan."""
    assert snap_compare(make_app(NAN, {"x": "0"}), terminal_size=size, run_before=after("w"))


@BOTH_SIZES
def test_saved_tensors(snap_compare: Compare, size: Size) -> None:
    assert snap_compare(make_app(TWO, TWO_AT, dtype="float64"), terminal_size=size, run_before=after("down", "s", "m"))


@BOTH_SIZES
def test_gradient_is_nan(snap_compare: Compare, size: Size) -> None:
    assert snap_compare(make_app(NAN, {"x": "0"}), terminal_size=size, run_before=after())


def test_long_derivative(snap_compare: Compare) -> None:
    """The check marks are shortened before it is cut."""

    async def derive(pilot: Pilot[Any]) -> None:
        fake = service(of(pilot))
        derivative = {"x": Derivative("(2*x*cos(x^2) - sin(x^2))*exp(-x) + 2*x + 3", (11.0,))}
        answer = examples.quadratic(4.0, fake.requests[-1].id)
        fake.on_snapshot(msgspec.structs.replace(answer, derivative=derivative))

    assert snap_compare(make_app(), terminal_size=(80, 24), run_before=after(then=derive))


def test_constant(snap_compare: Compare) -> None:
    assert snap_compare(make_app("3 + 1"), terminal_size=(80, 24), run_before=after())


@BOTH_SIZES
def test_stale(snap_compare: Compare, size: Size) -> None:
    """The worker gave no answer: the picture of before stays, marked."""

    async def time_out(pilot: Pilot[Any]) -> None:
        app = of(pilot)
        service(app).slow = True
        await pilot.press("right")
        service(app).answer(problem=Problem("timeout", "no answer within 5 seconds", hint="PyTorch is started again"))

    assert snap_compare(make_app(), terminal_size=size, run_before=after(then=time_out))


@BOTH_SIZES
def test_before_the_first_answer(snap_compare: Compare, size: Size) -> None:
    def slow(on_snapshot: Callable[[Snapshot], None]) -> FakeService:
        service = FakeService(on_snapshot)
        service.slow = True
        return service

    assert snap_compare(make_app(service=slow), terminal_size=size, run_before=after())


@BOTH_SIZES
def test_help(snap_compare: Compare, size: Size) -> None:
    assert snap_compare(make_app(), terminal_size=size, run_before=after("question_mark"))


@BOTH_SIZES
def test_maximised_chart(snap_compare: Compare, size: Size) -> None:
    async def focus(pilot: Pilot[Any]) -> None:
        of(pilot).picture.chart.focus()
        await pilot.pause()
        await pilot.press("m")

    assert snap_compare(make_app(), terminal_size=size, run_before=after(then=focus))


@pytest.mark.parametrize("size", [(39, 24), (48, 12), (64, 18)], ids=["too-small", "48x12", "64x18"])
def test_small(snap_compare: Compare, size: Size) -> None:
    assert snap_compare(make_app(), terminal_size=size, run_before=after())
