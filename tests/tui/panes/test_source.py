"""A user's function on the screen, on Snapshots made by hand: its text, the selected place in it, its exceptions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gradtui.snapshot.model import Graph, Problem, Request, Snapshot, Source
from gradtui.tui.app import GradtuiApp
from tests import examples
from tests.tui.fakes import FakeService, make_app, service
from tests.tui.test_app import press, text_of, until

FILE = "model.py"
TEXT = '''"""A model."""


def loss(x: float = 4.0):
    square = x**2
    return square + 3 * x + 1
'''
PIECES = {0: "square + 3 * x + 1", 1: "square + 3 * x", 2: "3 * x", 3: "x**2"}
SMALL, WIDE = (80, 24), (120, 36)


def place(piece: str) -> Source:
    start = TEXT.index(piece)
    return Source(piece, start, start + len(piece), FILE, TEXT[:start].count("\n") + 1)


def answer(request: Request, problem: Problem | None = None) -> Snapshot:
    """The first example as a function of a file: the same graph, other sources."""
    x = request.at.get("x", 4.0)
    assert isinstance(x, float)
    found = examples.quadratic(x)
    nodes = [
        msgspec.structs.replace(node, source=place(PIECES[node.id]) if node.id in PIECES else None)
        for node in found.graph.nodes
    ]
    return msgspec.structs.replace(
        found,
        id=request.id,
        expression=request.expression,
        reads_as="",
        graph=Graph(tuple(nodes)),
        derivative={},
        origin="function",
        files={FILE: TEXT},
        problem=problem,
        variables={} if problem else found.variables,
    )


class FunctionService(FakeService):
    """Answers as a worker that runs `model.py:loss`."""

    problem: Problem | None = None

    def answer(self, request: Request | None = None, problem: Problem | None = None) -> None:
        request = request or self.requests[-1]
        found = answer(request, problem or self.problem)
        if request.curve is not None and found.curve is not None:
            found = msgspec.structs.replace(found, curve=msgspec.structs.replace(found.curve, key=request.curve.key))
        self.on_snapshot(found)


class FailingService(FunctionService):
    """As a worker in which the second line of the function raises."""

    problem = Problem(
        "crash",
        "model.py:loss raised ZeroDivisionError: division by zero",
        source=place("square + 3 * x + 1"),
        traceback=(
            "model.py:6, in loss",
            "    return square + 3 * x + 1",
            "ZeroDivisionError: division by zero",
        ),
    )


def explorer(**settings: Any) -> GradtuiApp:
    return make_app("model.py:loss", origin="function", **{"service": FunctionService, **settings})


async def test_the_variables_are_those_of_the_function() -> None:
    app = explorer()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        assert app.session.variables == ("x",)
        assert app.session.active == "x"
        requests = service(app).requests
        assert [request.origin for request in requests] == ["function"] * len(requests)
        assert requests[0].at == {}
        assert requests[-1].curve is not None
        await press(pilot, "right")
        assert service(app).requests[-1].at == {"x": 4.1}
        assert "model.py:loss(x)" in text_of(app)
        assert "30.11" in text_of(app)


async def test_the_place_of_the_selected_node_is_lit() -> None:
    app = explorer()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        view = app.picture.source
        assert view is not None
        for node, piece in PIECES.items():
            app.backward.select(node)
            await pilot.pause()
            lines = [view.line(y).pieces for y in range(view.line_count)]
            lit = ["".join(text for text, style in line[1:] if style == "source--lit") for line in lines]
            assert [text for text in lit if text] == [piece]
            assert view.border_title == f"model.py:{place(piece).line}"
            top = view.scroll_offset.y
            assert top <= (place(piece).line or 0) - 1 < top + view.size.height


async def test_an_exception_stands_beside_the_graph_of_what_ran() -> None:
    app = explorer()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        fake = service(app)
        bad = place("square = x**2")
        assert isinstance(fake, FunctionService)
        lines = ("model.py:5, in loss", "    square = x**2", "ZeroDivisionError: division by zero")
        fake.problem = Problem("crash", "ZeroDivisionError: division by zero", source=bad, traceback=lines)
        await press(pilot, "right")
        screen = text_of(app)
        assert "ZeroDivisionError: division by zero" in screen
        assert "model.py:5, in loss" in screen
        assert "MulBackward0" in screen
        view = app.picture.source
        assert view is not None
        assert "".join(text for text, style in view.line(4).pieces if style == "source--bad") == "square = x**2"
        assert app.session.variables == ("x",)
        fake.problem = None
        await press(pilot, "right")
        assert "ZeroDivisionError" not in text_of(app)


async def test_what_needs_typing_is_off() -> None:
    app = explorer()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        assert not app.check_action("edit", ())
        assert app.check_action("step", ())
    saved = explorer(live=False)
    async with saved.run_test(size=SMALL) as pilot:
        await pilot.pause()
        assert not any(saved.check_action(action, ()) for action in ("edit", "step", "zoom", "experiment"))
        assert saved.check_action("backward", ())


async def test_the_picture_changes_when_the_file_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real file is written; the function is asked for again, with its curve."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / FILE).write_text(TEXT)
    app = explorer()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        before = service(app).requests[-1]
        (tmp_path / FILE).write_text(TEXT.replace("3 * x", "5 * x"))
        await until(pilot, lambda: service(app).requests[-1].id > before.id, "another request")
        again = service(app).requests[-1]
        assert again.at == before.at == {}, "the default may be another now"
        assert before.curve is not None
        assert again.curve is not None
        assert again.curve.key != before.curve.key


async def test_a_files_name_is_text() -> None:
    app = explorer()
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        view = app.picture.source
        assert view is not None
        view.show("[red]model[/].py", "x = 1\n", None)
        await pilot.pause()
        assert "[red]model[/].py" in text_of(app)


class LateCurve(FunctionService):
    """The values come first, and what there is of a curve when it is told."""

    def submit(self, request: Request) -> None:
        self.requests.append(request)
        if request.curve is None:
            self.on_snapshot(msgspec.structs.replace(answer(request, None), curve=None))


@pytest.mark.parametrize("has_curve", [True, False])
async def test_no_curve_is_said_once_that_is_known(has_curve: bool) -> None:
    app = explorer(service=LateCurve)
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        assert service(app).requests[-1].curve is not None
        assert "value 29" in text_of(app)
        assert "no curve" not in text_of(app)
        found = answer(service(app).requests[-1], None)
        service(app).on_snapshot(found if has_curve else msgspec.structs.replace(found, curve=None))
        await pilot.pause()
        assert ("no curve" in text_of(app)) != has_curve
