"""The backward debugger by keyboard, on the engine's own answers."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from gradtui.engine.typed.evaluate import evaluate
from gradtui.snapshot.model import Problem, Request, Snapshot
from gradtui.tui import texts
from gradtui.tui.app import GradtuiApp
from gradtui.tui.dialogs import clipboard
from gradtui.tui.node.ledger import WITHOUT
from tests.tui.fakes import FakeService, make_app
from tests.tui.test_app import press, text_of, until

SMALL = (80, 24)


class EngineService(FakeService):
    """Answers with the engine itself, without the second process."""

    def answer(self, request: Request | None = None, problem: Problem | None = None) -> None:
        request = request or self.requests[-1]
        self.on_snapshot(msgspec.structs.replace(evaluate(request), derivative={}))


def explorer(expression: str = "x^2 + 3x + 1", **at: str) -> GradtuiApp:
    return make_app(expression, at or None, service=EngineService)


def panel(app: GradtuiApp) -> list[str]:
    """All lines of the node panel."""
    node_panel = app.picture.node_panel
    lines = (node_panel.line(y) for y in range(node_panel.line_count))
    return ["".join(text for text, _ in line.pieces) for line in lines]


def shown(app: GradtuiApp) -> Snapshot:
    assert app.answers.shown is not None
    return app.answers.shown


async def faster(pilot: Pilot[Any]) -> None:
    await press(pilot, *["greater_than_sign"] * 9)


async def test_rule_with_its_numbers() -> None:
    app = explorer()
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "n", "n", "n")
        assert panel(app)[0] == "MulBackward0  3x"
        assert panel(app).index("∂(a·b)/∂a = b = 3") + 1 == panel(app).index("x: 1 · 3 = 3, sum – → 3")


async def test_run_to_the_selected_node() -> None:
    app = explorer()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        app.backward.select(3)
        await press(pilot, "r")
        assert (app.backward.cursor.steps_done, app.backward.cursor.selected) == (4, 3)
        app.backward.select(1)
        await press(pilot, "r")
        assert (app.backward.cursor.steps_done, app.backward.cursor.selected) == (2, 1)


async def test_run_to_a_node_that_never_runs() -> None:
    """It is said, and nothing moves."""
    app = explorer()
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "n")
        nodes = shown(app).graph.nodes
        lost = msgspec.structs.replace(nodes[3], step=None)
        graph = msgspec.structs.replace(shown(app).graph, nodes=(*nodes[:3], lost, nodes[4]))
        app.answers.shown = msgspec.structs.replace(shown(app), graph=graph)
        app.backward.select(3)
        await press(pilot, "r")
        assert app.backward.cursor.steps_done == 1
        assert "backward never runs this node" in [said.message for said in app._notifications]


async def test_play_to_the_end_and_again() -> None:
    app = explorer()
    async with app.run_test(size=SMALL) as pilot:
        await faster(pilot)
        await press(pilot, "space")
        await until(pilot, lambda: not app.player.playing, "the end")
        assert (app.backward.cursor.steps_done, app.backward.cursor.selected) == (5, 4)
        app.player.speed = 0.25
        await press(pilot, "space")
        assert app.player.playing
        assert app.backward.cursor.steps_done == 1


async def test_pause_and_a_step_by_hand() -> None:
    app = explorer()
    async with app.run_test(size=SMALL) as pilot:
        app.player.speed = 0.25
        await press(pilot, "space", "space")
        assert not app.player.playing
        assert app.backward.cursor.steps_done == 1
        assert "‖ 0.25 nodes/s" in text_of(app)
        await press(pilot, "space", "p")
        assert not app.player.playing
        assert app.backward.cursor.steps_done == 1
        assert "nodes/s" not in text_of(app), "it is no film any more"


async def test_speed_has_its_limits() -> None:
    app = explorer()
    async with app.run_test(size=SMALL) as pilot:
        await faster(pilot)
        assert app.player.speed == 16
        assert "‖ 16 nodes/s" in text_of(app)
        await press(pilot, *["less_than_sign"] * 9)
        assert app.player.speed == 0.25


async def test_another_function_ends_the_film() -> None:
    app = explorer()
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "space")
        app.picture.take("sin(x)")
        await until(pilot, lambda: not app.player.playing, "the end")
        assert (app.backward.cursor.steps_done, len(shown(app).graph.nodes)) == (None, 2)


async def test_ledger_at_each_moment() -> None:
    """Every cut adds up to f'(4) = 11; the paths are x^2 and 3x."""
    app = explorer()
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "l", "n", "n")
        assert app.asking.service.requests[-1].along == ("x", 0)  # type: ignore[attr-defined]
        assert panel(app) == [
            "df/dx = Σ ḡ·v̇ after 2 of 5 nodes",
            "3x: 1 · 3 = 3",
            "x^2: 1 · 8 = 8",
            "Σ = 11",
            "8 by way of x^2: 1·1·8",
            "3 by way of 3x: 1·1·3",
        ]
        await press(pilot, "P")
        for moment in range(6):
            assert app.backward.cursor.steps_done == moment
            assert "Σ = 11" in panel(app)
            await press(pilot, "n")
        app.backward.select(1)
        await press(pilot, "l", "right")
        assert app.asking.service.requests[-1].along is None  # type: ignore[attr-defined]
        assert panel(app)[0].startswith("AddBackward0")


async def test_ledger_of_the_active_variable() -> None:
    app = explorer("x*y + sin(y)", x="2", y="0")
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "l")
        assert "Σ = 0" in panel(app)
        await press(pilot, "v")
        assert "Σ = 3" in panel(app)
        assert "2 by way of x*y: 1·2" in panel(app)


async def test_ledger_of_a_vector_and_of_one_path() -> None:
    app = explorer("x*[1, 2]", x="[3, 4]")
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "e", "l", "n")
        assert panel(app)[0].startswith("df/dx[1] = ")
        assert "Σ = 2" in panel(app)
        app.picture.take("exp(-y)")
        await pilot.pause()
        assert "along the only path: 0.3678795·(-1)" in " ".join(line.strip() for line in panel(app))


async def test_ledger_of_user_code_has_paths_alone() -> None:
    """Forward mode is for typed functions: their graph and a function's have the same paths."""
    app = explorer("x*y + sin(y)", x="2", y="0")
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        app.answers.shown = msgspec.structs.replace(shown(app), origin="function", along=None)
        app.session.ledger = True
        app.backward.select(1)
        await pilot.pause()
        said = panel(app)
        assert said[0].startswith(WITHOUT[:20])
        assert said[said.index("df/dx") :] == [
            "df/dx",
            "0 along the only path: 1·0",
            "df/dy",
            "2 by way of x*y: 1·2",
            "1 by way of sin(y): 1·1",
        ]


async def test_why() -> None:
    """The hint, the jump, the cause and the remedy: the branch not taken."""
    app = explorer("where(x > 0, sqrt(x), 0)", x="0")
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        assert any(line.startswith("w: something goes wrong") for line in panel(app))
        await press(pilot, "l", "w")
        assert shown(app).graph.nodes[app.backward.cursor.selected or 0].name == "SqrtBackward0"
        said = " ".join(line.strip() for line in panel(app))
        assert "the branch sqrt(x) is not taken" in said
        assert "→ the double where: write sqrt(where(x > 0, x, 1)) for sqrt(x)" in said


async def test_why_goes_round() -> None:
    app = explorer("log(-x)*tanh(20x)", x="4")
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        places = []
        for _ in range(4):
            await press(pilot, "w")
            places.append(app.backward.cursor.selected)
        names = [shown(app).graph.nodes[place or 0].name for place in places]
        assert names == ["LogBackward0", "MulBackward0"] * 2


async def test_why_of_an_ordinary_function() -> None:
    app = explorer()
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "down", "w")
        assert app.backward.cursor.selected == 1
        assert not any("goes wrong" in line for line in panel(app))


async def test_cut_is_marked_and_mended() -> None:
    """x^2 + 3x + 1 without what goes through x^2 has a gradient of 3: marked, and nothing is checked."""
    app = explorer()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        app.backward.select(3)
        await press(pilot, "c")
        screen = text_of(app)
        assert shown(app).variables["x"].grad.numbers == (3.0,)
        assert "EXPERIMENT f'(x) = 3" in screen
        assert "EXPERIMENT · float32" in screen
        assert "graph · EXPERIMENT" in screen
        assert "autograd" not in screen
        sent = panel(app).index("x: 1 · 8 · 0 = 0  EXPERIMENT: times 0")
        assert panel(app)[sent + 1] == "  sum – → 3 → 3"
        await press(pilot, "l")
        assert "experiment" in panel(app)[0]
        await press(pilot, "l", "c")
        assert shown(app).variables["x"].grad.numbers == (11.0,)
        assert "EXPERIMENT" not in text_of(app)


async def test_double_and_undo() -> None:
    app = explorer()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        app.backward.select(2)
        await press(pilot, "C", "C")
        assert shown(app).variables["x"].grad.numbers == (8.0 + 4 * 3.0,)
        await press(pilot, "u")
        assert shown(app).variables["x"].grad.numbers == (8.0 + 2 * 3.0,)
        await press(pilot, "right")
        assert len(shown(app).experiments) == 1
        await press(pilot, "u")
        assert app.session.place == 4.0, "the last change was the step"
        await press(pilot, "u")
        assert not shown(app).experiments
        assert not app.session.experiments


async def test_one_edge_is_cut() -> None:
    """(x + 2)*x at 3: f' = 8, of which 3 by way of x + 2 and 5 by way of x itself."""
    app = explorer("(x + 2)*x", x="3")
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "o")
        assert any(line.startswith("▸ x + 2: ") for line in panel(app))
        await press(pilot, "c")
        assert shown(app).variables["x"].grad.numbers == (5.0,)
        assert "▸ x + 2: 1 · 3 · 0 = 0  EXPERIMENT: times 0" in panel(app)
        await press(pilot, "o", "c")
        assert shown(app).variables["x"].grad.numbers == (0.0,)
        await press(pilot, "u", "c", "c", "o", "C")
        assert app.backward.cursor.chosen is None
        assert shown(app).variables["x"].grad.numbers == (2 * 5.0,)
        await press(pilot, "o", "down")
        assert app.backward.cursor.chosen is None
        app.picture.take("sin(x)")
        await pilot.pause()
        assert not any("▸" in line for line in panel(app))


async def test_leaf_sends_nothing_that_could_be_cut() -> None:
    app = explorer()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        app.backward.select(4)
        await press(pilot, "c")
        assert not app.session.experiments


@pytest.mark.long
async def test_experiments_are_of_one_graph() -> None:
    """They vanish with the expression, and where x becomes a vector."""
    app = explorer()
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "c")
        assert app.session.experiments
        await press(pilot, "x", *"[1, 2]", "enter")
        assert not app.session.experiments
        await press(pilot, "c")
        assert app.session.experiments
        app.picture.take("sin(x)")
        await pilot.pause()
        assert not app.session.experiments
        assert "EXPERIMENT" not in text_of(app)


async def test_slope_of_an_experiment_is_not_drawn() -> None:
    app = explorer()
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "c")
        point = texts.chart_point(app.session, shown(app), None)
        assert point == (4.0, 29.0, None)
        assert set(clipboard.copies(shown(app), "x", None)) >= {"gradient of the experiment"}


async def test_cursor_in_the_expression_points_at_the_innermost_node() -> None:
    """x^2 + 3x + 1: right behind 3x stands the product, in x^2 the power, on its x the leaf, in the last 1 the whole."""
    app = explorer()
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "slash", "home")
        names = {}
        for place in range(len("x^2 + 3x + 1")):
            assert app.backward.cursor.selected is not None
            names[place] = shown(app).graph.nodes[app.backward.cursor.selected].name
            await press(pilot, "right")
        assert [names[0], names[1], names[2]] == ["AccumulateGrad", "PowBackward0", "PowBackward0"]
        assert names[6] == "MulBackward0"
        assert names[7] == "AccumulateGrad"
        assert names[4] == "AddBackward0"
        await press(pilot, "home")
        assert app.picture.formula.lit == (0, 1)
        assert app.picture.formula.pointing
        await press(pilot, "2")
        assert not app.picture.formula.pointing


async def test_pointing_waits_for_the_answer_to_this_very_text() -> None:
    app = make_app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        service = app.asking.service
        assert isinstance(service, FakeService)
        service.slow = True
        await press(pilot, "slash", *" + 2")
        before = app.backward.cursor.selected
        await press(pilot, "home", "right")
        assert app.backward.cursor.selected == before


async def test_a_place_in_the_picture_before_is_none_in_this_one() -> None:
    """Of f there are six nodes and of sin x two: what was pointed at there, and where the cursor stood, may not be here."""
    app = explorer()
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "n", "n", "n", "n", "n")
        app.answers.shown = evaluate(Request(99, "sin(x)"))
        await press(pilot, "o", "c")
        assert app.backward.cursor.selected == 0
        app.backward.select(5)
        await press(pilot, "o", "c")
        assert app.backward.cursor.selected == 0
