"""The graph view, on graphs built by hand."""

from __future__ import annotations

import math
from typing import Self

import pytest
from msgspec.structs import replace
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.geometry import Region
from textual.pilot import Pilot

from gradtui.snapshot.model import Edge, Graph, Node, Snapshot, Source, Summary, Values
from gradtui.tui.configured_keys import key_names
from gradtui.tui.graph.columns import fitted
from gradtui.tui.graph.view import MEASURED, GraphView
from tests import examples
from tests.tui.fakes import make_app
from tests.tui.test_app import press


class Recorded(GraphView):
    """Keeps the regions that it has painted anew."""

    regions: list[Region] | None = None

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        if self.regions is not None:
            self.regions += regions or [self.size.region]
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class GraphApp(App[None]):
    """A graph view alone, and the keys that are the app's."""

    BINDINGS = [Binding("left", "went('left')"), Binding("right", "went('right')"), Binding("n", "went('n')")]

    def __init__(self) -> None:
        super().__init__()
        self.view = Recorded(key_names())
        self.selected: list[int] = []
        self.keys: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.watch(self.view, "selected", self.follow, init=False)

    def follow(self, node: int) -> None:
        self.selected.append(node)

    def action_went(self, key: str) -> None:
        self.keys.append(key)

    @property
    def lines(self) -> list[str]:
        """What the view shows, line by line: under the names of the columns, but for those of a table."""
        head = 0 if self.view.arrangement.is_table else self.view.head
        return [self.view.render_line(y).text.rstrip() for y in range(head, self.view.size.height)]

    @property
    def lit(self) -> str:
        """The line with the cursor."""
        background = self.view.get_visual_style("graph--selected").rich_style.bgcolor
        strips = map(self.view.render_line, range(self.view.size.height))
        (found,) = [
            strip.text
            for strip in strips
            if {segment.style and segment.style.bgcolor for segment in strip} == {background}
        ]
        return found.strip()


async def show(pilot: Pilot[None], snapshot: Snapshot | None) -> GraphApp:
    app = pilot.app
    assert isinstance(app, GraphApp)
    app.view.show(snapshot)
    await pilot.pause()
    return app


def chain(count: int) -> Snapshot:
    """A linear run down to a leaf."""
    nodes = [
        Node(
            id, "SinBackward0", (), "float64", "cpu", count - id, id, (Edge(id + 1),), source=Source(f"sin {id}", 0, 3)
        )
        for id in range(count - 1)
    ]
    leaf = Node(count - 1, "AccumulateGrad", (), "float64", "cpu", None, count - 1, (), variable="x")
    return Snapshot(7, "sin", graph=Graph((*nodes, leaf)))


async def test_first_example() -> None:
    async with GraphApp().run_test(size=(80, 24)) as pilot:
        app = await show(pilot, examples.quadratic())
        assert [" ".join(line.split()) for line in app.lines[:9]] == [
            "AddBackward0 ▾ x^2 + 3x + 1 29 1",
            "├─ AddBackward0 ▾ x^2 + 3x 28 1",
            "│ ├─ PowBackward0 ▾ x^2 16 1",
            "│ │ AccumulateGrad x 4 11",
            "│ └─ MulBackward0 ▾ 3x 12 1",
            "│ ├─ ↑ x (8 + 3) 3",
            "│ └─ · 3",
            "└─ · 1",
            "",
        ]


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize("example", [examples.quadratic(), examples.vector_quadratic()], ids=["scalar", "vector"])
async def test_values_and_gradients_end_in_one_column(width: int, example: Snapshot) -> None:
    async with GraphApp().run_test(size=(width, 24)) as pilot:
        app = await show(pilot, example)
        lines = [line for line in app.lines if "Backward" in line or "Accumulate" in line]
        assert len(lines) == len(example.graph.nodes)
        assert {len(line) for line in lines} == {width - 1}
        names = app.view.render_line(0).text.rstrip()
        assert names.split() == ["gradient", "node", "of", "value", "ḡ", "=", "∂f/∂node"]
        assert len(names) == width - 1, "each name ends where its numbers do"


async def test_a_scrollbar_that_comes_with_the_rows_leaves_the_numbers_their_margin() -> None:
    async with GraphApp().run_test(size=(80, 7)) as pilot:
        app = await show(pilot, examples.quadratic())
        assert app.view.show_vertical_scrollbar
        assert {len(line) for line in app.lines[:3]} == {app.view.line_width - 1}


async def test_source_is_cut_first() -> None:
    async with GraphApp().run_test(size=(50, 24)) as pilot:
        app = await show(pilot, examples.quadratic())
        assert app.lines[0].split() == ["AddBackward0", "▾", "x^2", "+…", "29", "1"]
        await pilot.resize_terminal(36, 24)
        await pilot.pause()
        assert app.lines[0].split() == ["AddBackward0", "▾", "29", "1"]
        assert "x Accumul…" in app.lines[3]


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (12, 5), (20, 5)])
async def test_tiny(size: tuple[int, int]) -> None:
    async with GraphApp().run_test(size=size) as pilot:
        app = await show(pilot, examples.vector_quadratic())
        await pilot.press("down", "end", "enter", "home", "pagedown")
        assert all(len(line) <= size[0] for line in app.lines)


async def test_what_has_not_run_shows_a_dash() -> None:
    """After three nodes of backward: the gradients of the others are not 0, they are not there yet."""
    async with GraphApp().run_test(size=(80, 24)) as pilot:
        app = await show(pilot, examples.quadratic())
        app.view.steps_done = 3
        await pilot.pause()
        assert {line.split()[-1] for line in app.lines[2:4]} == {"–"}
        assert app.lines[4].startswith("▶")
        assert [line for line in app.lines if "▶" in line] == [app.lines[4]]
        assert app.lines[5].split()[-6:] == ["├─", "↑", "x", "(–", "+", "3)", "3"][-6:]
        app.view.steps_done = 0
        assert not any("▶" in line for line in app.lines)
        assert all("Backward" not in line or line.endswith("–") for line in app.lines)


async def test_no_gradient_and_no_value_show_a_dash() -> None:
    """A node that backward never reached; None is not 0."""
    snapshot = chain(2)
    nodes = (snapshot.graph.nodes[0], replace(snapshot.graph.nodes[1], step=None))
    async with GraphApp().run_test(size=(60, 5)) as pilot:
        app = await show(pilot, replace(snapshot, graph=Graph(nodes)))
        assert app.lines[1].split() == ["AccumulateGrad", "x", "–", "–"]


async def test_colours_tell_bad_zero_and_ordinary() -> None:
    async with GraphApp().run_test(size=(60, 9)) as pilot:
        app = await show(pilot, examples.nan_gradient())
        app.view.selected = None
        await pilot.pause()

        def colour_of_gradient(y: int) -> object:
            style = list(app.view.render_line(y))[-2].style
            assert style is not None
            return style.color

        def colour(component: str) -> object:
            return app.view.get_visual_style(component).rich_style.color

        assert colour_of_gradient(1) == colour("graph--grad")
        assert colour_of_gradient(2) == colour("graph--zero")
        assert colour_of_gradient(3) == colour("graph--bad")
        assert app.lines[2].endswith("nan")


async def test_keys_move_over_nodes_and_references() -> None:
    """Constants are passed over; a reference stands for its node."""
    async with GraphApp().run_test(size=(80, 24)) as pilot:
        app = await show(pilot, examples.quadratic())
        assert app.view.selected == 0
        await pilot.press("down", "down", "down", "down", "down")
        assert app.selected == [1, 3, 4, 2, 4]
        await pilot.press("down")
        assert app.lit.startswith("│     ├─ ↑ x")
        await pilot.press("home", "up", "end", "pageup", "pagedown", "up")
        assert app.selected[5:] == [0, 4, 0, 4, 2]


async def test_enter_on_a_reference_goes_to_its_node() -> None:
    async with GraphApp().run_test(size=(80, 24)) as pilot:
        app = await show(pilot, examples.quadratic())
        await pilot.press("end")
        assert app.lit.startswith("│     ├─ ↑ x")
        await pilot.press("enter")
        assert app.lit.startswith("│  │  AccumulateGrad")
        assert app.view.selected == 4


async def test_enter_opens_and_closes() -> None:
    """Under the closed node hides what is only there; the leaf moves to where it is still met."""
    async with GraphApp().run_test(size=(80, 24)) as pilot:
        app = await show(pilot, examples.quadratic())
        before = app.lines
        await pilot.press("down", "down", "enter")
        assert app.lit.startswith("│  ├─ PowBackward0 ▸")
        assert [line.split()[-1:] for line in app.lines[3:6]] == [["1"], ["11"], ["3"]]
        assert "AccumulateGrad" in app.lines[4]
        app.view.show(examples.quadratic(5.0))
        assert "▸" in app.lines[2]
        app.view.show(examples.quadratic())
        await pilot.press("enter")
        assert app.lines == before


async def test_mouse() -> None:
    async with GraphApp().run_test(size=(80, 24)) as pilot:
        app = await show(pilot, examples.quadratic())
        await pilot.click(app.view, offset=(30, 3))
        assert app.selected == [3]
        await pilot.click(app.view, offset=(40, 7))
        assert app.selected == [3, 2], "a constant stands for the node that it belongs to"
        await pilot.click(app.view, offset=(app.lines[1].index("▾"), 2))
        assert app.selected == [3, 2, 1]
        assert "▸" in app.lines[1]
        assert app.lines[2].split() == ["└─", "·", "1"]
        await pilot.click(app.view, offset=(app.lines[1].index("▸"), 2))
        assert "▾" in app.lines[1]
        await pilot.click(app.view, offset=(10, 20))
        assert app.selected == [3, 2, 1]


async def test_selection_follows_its_node() -> None:
    """As long as the graph keeps its shape; on another graph the output is selected."""
    async with GraphApp().run_test(size=(80, 24)) as pilot:
        app = await show(pilot, examples.quadratic())
        await pilot.press("end")
        await show(pilot, examples.quadratic(4.1))
        assert app.lit.startswith("│     ├─ ↑ x")
        assert app.view.selected == 4
        await show(pilot, examples.two_variables())
        assert app.view.selected == 0
        assert app.lit.startswith("AddBackward0")


async def test_selecting_from_outside_opens_what_hides_the_node() -> None:
    async with GraphApp().run_test(size=(80, 24)) as pilot:
        app = await show(pilot, examples.two_variables())
        await pilot.press("down", "enter")
        assert not any("AccumulateGrad    x" in line for line in app.lines)
        app.view.selected = 3
        await pilot.pause()
        assert app.lit.split() == ["│", "├─", "AccumulateGrad", "x", "2", "1.5"]


async def test_selected_stays_in_sight() -> None:
    async with GraphApp().run_test(size=(60, 10)) as pilot:
        app = await show(pilot, chain(300))
        await pilot.press("end")
        await pilot.pause()
        assert app.lit.startswith("AccumulateGrad")
        await pilot.press("pageup", "up")
        await pilot.pause()
        assert "sin 290" in app.lit
        app.view.selected = 5
        await pilot.pause()
        assert "sin 5" in app.lit


async def test_long_chain() -> None:
    """It comes in parts; once the last one is open its last node is one key away, and no row between is left out."""
    async with GraphApp().run_test(size=(60, 10)) as pilot:
        app = await show(pilot, chain(5000))
        assert app.view.virtual_size.height == 5 + 1
        await pilot.press("end", "enter", "end")
        assert app.view.virtual_size.height == 1005 + 1
        assert app.lit.startswith("┆  AccumulateGrad")
        assert app.view.selected == 4999
        assert "sin 4998" in app.lines[-2]
        await pilot.press("home")
        assert app.view.selected == 0
        assert app.view.scroll_offset.y == 0


async def test_numbers_far_down_are_whole() -> None:
    """Guides longer than those that the columns were made for must not push a gradient past the edge."""
    run = chain(MEASURED + 10).graph.nodes[:-1]
    branches = [
        Node(id, "SinBackward0", (), "float64", "cpu", 0, id, (Edge(id + 1), Edge(None, constant="1")))
        for id in range(len(run), len(run) + 9)
    ]
    last = len(run) + len(branches)
    gradient = examples.scalar(123456789)
    leaf = Node(last, "AccumulateGrad", (), "float64", "cpu", None, last, (), gradient, gradient, variable="x")
    async with GraphApp().run_test(size=(80, 24)) as pilot:
        app = await show(pilot, Snapshot(9, "x", dtype="float64", graph=Graph((*run, *branches, leaf))))
        app.view.selected = last
        await pilot.pause()
        assert app.lit.endswith((" 123456789", " …"))


async def test_wheel_scrolls() -> None:
    async with GraphApp().run_test(size=(60, 10)) as pilot:
        app = await show(pilot, chain(300))
        await pilot._post_mouse_events([events.MouseScrollDown], app.view, offset=(5, 5))
        await pilot.pause()
        assert app.view.scroll_offset.y > 0


async def test_only_what_changed_is_painted() -> None:
    """Another x: nothing but the numbers; the same x: nothing."""
    async with GraphApp().run_test(size=(80, 24)) as pilot:
        app = await show(pilot, examples.quadratic(4.5))
        app.view.regions = []
        app.view.show(examples.quadratic(4.5))
        assert app.view.regions == []
        app.view.show(examples.quadratic(3.5))
        changed = {region.y: region for region in app.view.regions}
        assert set(changed) == {1, 2, 3, 4, 5, 6}, "the constants and the names of the columns stay"
        first_number = app.lines[0].index("23.75")
        assert all(changed[y].x >= first_number - 2 for y in (1, 2, 3, 4, 5))
        assert app.lines[5][changed[6].x :].lstrip().startswith("(7 + 3)")


async def test_the_app_keeps_its_keys() -> None:
    async with GraphApp().run_test(size=(80, 24)) as pilot:
        app = await show(pilot, examples.quadratic())
        await pilot.press("left", "right", "n")
        assert app.keys == ["left", "right", "n"]


async def test_before_the_first_answer_and_without_a_graph() -> None:
    async with GraphApp().run_test(size=(40, 8)) as pilot:
        app = await show(pilot, None)
        assert app.lines[0].strip() == "starting PyTorch …"
        await pilot.press("down", "up", "enter", "end", "pageup")
        await show(pilot, examples.constant())
        sentence = " ".join(" ".join(app.lines).split())
        assert sentence == "f is constant here: autograd recorded no graph, and its gradient is 0."
        await pilot.click(app.view, offset=(3, 0))
        assert app.selected == []
        await show(pilot, examples.problem())
        assert "what is wrong" in " ".join(app.lines)


async def test_text_of_a_person_is_plain_text() -> None:
    snapshot = chain(2)
    hostile = replace(snapshot.graph.nodes[0], source=Source("[red]x[/]\x1b[2J\u202e", 0, 3))
    async with GraphApp().run_test(size=(80, 8)) as pilot:
        app = await show(pilot, replace(snapshot, graph=Graph((hostile, snapshot.graph.nodes[1]))))
        assert "[red]x[/]␛[2J�" in app.lines[0]


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark", "ansi-light"])
async def test_themes(theme: str) -> None:
    """The cursor and its row are seen in every theme, focused or not."""
    async with GraphApp().run_test(size=(80, 24)) as pilot:
        app = await show(pilot, examples.quadratic())
        app.theme = theme
        await pilot.pause()

        def styles(y: int) -> set[object]:
            return {(s.style.bgcolor, s.style.underline) for s in app.view.render_line(y) if s.style}

        for focus in (app.view, None):
            app.set_focus(focus)
            await pilot.pause()
            assert not styles(1) & styles(2)


@pytest.mark.parametrize(
    ("values", "width", "text"),
    [
        (None, 9, "–"),
        (examples.scalar(1234.5678), 9, "1234.568"),
        (examples.scalar(-1.23456789e-5), 9, "-1.235e-5"),
        (examples.scalar(math.inf), 9, "inf"),
        (examples.vector(7.25, 13.8, 9.4), 16, "[7.25, 13.8, …]"),
        (examples.vector(7.25, 13.8, 9.4), 17, "[7.25, 13.8, 9.4]"),
        (examples.vector(7.25, 13.8, 9.4), 9, "[7.25, …]"),
        (examples.vector(7.25, 13.8, 9.4), 3, "…"),
        (examples.vector(0.336, 0.448), 9, "norm 0.56"),
        (examples.vector(0.00312, 0.00416), 9, "‖0.0052‖"),
        (examples.vector(-0.336, math.nan, 1.0), 9, "norm nan"),
        (Values((64, 128), (1.0,) * 8, Summary(0, 1, 0.5, 3.25, 0, 0, 0)), 20, "64×128 norm 3.25"),
        (Values((64, 128), (1.0,) * 8, Summary(0, 1, 0.5, 3.25, 2, 0, 0)), 12, "norm nan"),
    ],
)
def test_numbers_are_never_cut_in_two(values: Values | None, width: int, text: str) -> None:
    assert fitted(values, 7, width) == text


async def test_a_table_says_that_it_is_of_the_end_while_backward_is_on_its_way() -> None:
    """Its gradients are those that have arrived in the end; the tree has none there yet."""
    app = make_app("x*y + sin(y)")
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "right", "T", "T")
        view = app.picture.graph
        assert view.arrangement.is_table
        assert "end of backward" not in str(view.border_title)
        await press(pilot, "n")
        assert "end of backward" in str(view.border_title)
        await press(pilot, "T", "T")
        assert not view.arrangement.is_table
        assert "end of backward" not in str(view.border_title)
        await press(pilot, "T", "T", "p", "p")
        assert view.steps_done is None or "end of backward" in str(view.border_title)
