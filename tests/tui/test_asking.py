"""Question and answer: what an answer costs, and what one that comes in two parts does not cost again."""

from __future__ import annotations

from collections import Counter

import pytest
from msgspec.structs import replace

from gradtui.snapshot.model import Snapshot
from gradtui.tui import findings
from gradtui.tui.app import GradtuiApp
from gradtui.tui.graph.view import GraphView
from gradtui.tui.node.panel import NodePanel
from gradtui.tui.panes.chart import Chart
from gradtui.tui.saved import explorer
from tests import examples
from tests.tui.fakes import FakeService, make_app, service
from tests.tui.test_app import press, text_of, until


class Underived(FakeService):
    """Answers without the derivative, until `derive`."""

    def answer(self, *arguments: object) -> None:
        self.on_snapshot, on_snapshot = self.keep, self.on_snapshot
        super().answer(*arguments)  # type: ignore[arg-type]
        self.on_snapshot = on_snapshot
        self.on_snapshot(self.given)

    def keep(self, snapshot: Snapshot) -> None:
        self.whole = snapshot
        self.given = replace(snapshot, derivative=None)

    def derive(self) -> None:
        """The same answer again, with the derivative, as the real service gives it."""
        self.on_snapshot(replace(self.given, derivative=self.whole.derivative))


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often something that takes time was done."""
    counts: Counter[str] = Counter()

    def count(name: str, home: object, attribute: str) -> None:
        original = getattr(home, attribute)

        def counting(*arguments: object, **settings: object) -> object:
            counts[name] += 1
            return original(*arguments, **settings)

        monkeypatch.setattr(home, attribute, counting)

    count("search", findings, "_findings")
    count("panel", NodePanel, "lines_changed")
    count("graph", GraphView, "lines_changed")
    count("chart", Chart, "show_curve")
    return counts


def underived(app: GradtuiApp) -> Underived:
    made = service(app)
    assert isinstance(made, Underived)
    return made


async def test_a_new_graph_is_searched_and_painted_once(counted: Counter[str]) -> None:
    app = make_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "down", "n", "n", "c")
        counted.clear()
        app.picture.take("x*y + sin(y)")
        await until(pilot, lambda: "SinBackward0" in text_of(app), "the graph")
        assert app.backward.cursor.selected == 0
        assert counted["panel"] <= 2, "once more, as its column has another width beside a wider graph"
        assert counted["search"] == 1


@pytest.mark.parametrize("key", ["down", "n", "N", "w"])
async def test_a_key_paints_the_node_once(counted: Counter[str], key: str) -> None:
    """Also where it moves the place in backward and the selection."""
    app = make_app("0*sqrt(x)", {"x": "0"})
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "down", "n")
        counted.clear()
        await press(pilot, key)
        assert counted["panel"] == 1
        assert counted["search"] == 0


async def test_a_late_derivative_is_only_read_off(counted: Counter[str]) -> None:
    """Nothing is searched, and neither graph nor node nor curve is painted, again; not with the next key either."""
    app = make_app(service=Underived)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        assert "2*x + 3" not in text_of(app)
        assert app.answers.underived
        counted.clear()
        underived(app).derive()
        await until(pilot, lambda: "2*x + 3" in text_of(app), "the derivative")
        assert not app.answers.underived
        assert not counted
        await press(pilot, "n")
        assert counted["search"] == 0
        assert counted["panel"] == 1


async def test_the_derivative_of_an_older_answer_is_none_of_the_newer() -> None:
    app = make_app(service=Underived)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        older = underived(app).whole
        await press(pilot, "right")
        app.asking.service.on_snapshot(older)  # type: ignore[attr-defined]
        await pilot.pause()
        assert app.answers.underived
        assert app.answers.shown is not None
        assert app.answers.shown.id > older.id


async def test_a_saved_graph_is_searched_once(counted: Counter[str]) -> None:
    """The ledger asks for it anew, and it is the same."""
    app = explorer(examples.quadratic())
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "l", "l", "l")
        assert app.answers.answered > 1
        assert counted["search"] == 1
