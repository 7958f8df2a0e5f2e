"""The node panel, on Snapshots built by hand."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Edge, Graph, Node, Saved, Snapshot, Source, Summary, Values
from gradtui.tui.node.panel import NodePanel
from gradtui.tui.panes.line_view import folded
from tests import examples


class PanelApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.panel = NodePanel()

    def compose(self) -> ComposeResult:
        yield self.panel

    @property
    def lines(self) -> list[str]:
        """What the panel shows, down to its last line."""
        shown = [self.panel.render_line(y).text.rstrip() for y in range(self.panel.scrollable_content_region.height)]
        return [line for line in shown if line]

    def colour(self, component: str) -> object:
        return self.panel.get_visual_style(component).rich_style.color


async def show(
    pilot: Pilot[None], snapshot: Snapshot | None, node: int | None, steps_done: int | None = None
) -> PanelApp:
    app = pilot.app
    assert isinstance(app, PanelApp)
    app.panel.show(snapshot, node, steps_done=steps_done)
    await pilot.pause()
    return app


async def test_product() -> None:
    async with PanelApp().run_test(size=(60, 16)) as pilot:
        app = await show(pilot, examples.quadratic(), 2)
        assert app.lines == [
            "MulBackward0  3x",
            "value 12   ḡ 1",
            "f changes as fast as 3x: ḡ = 1. Times 3, that goes to x.",
            "∂(a·b)/∂a = b = 3",
            "x: 1 · 3 = 3, sum – → 3",
            "· 3: no gradient goes here",
            "backward step 3 of 5 · sequence 1 · scalar float32 cpu",
        ]


async def test_rule_of_a_vector_says_what_goes_out_only_once_it_has_run() -> None:
    async with PanelApp().run_test(size=(80, 16)) as pilot:
        sent = "  ḡ · b = [1, 1, 1] · 3 = [3, 3, 3]"
        app = await show(pilot, examples.vector_quadratic(), 2)
        assert sent in app.lines
        await show(pilot, examples.vector_quadratic(), 2, steps_done=2)
        assert "x: –" in app.lines
        assert sent not in app.lines


async def test_node_without_a_rule() -> None:
    graph = examples.quadratic().graph
    odd = replace(graph.nodes[2], name="MyFunctionBackward")
    async with PanelApp().run_test(size=(60, 16)) as pilot:
        app = await show(pilot, Snapshot(8, "x", graph=Graph((*graph.nodes[:2], odd, *graph.nodes[3:]))), 2)
        assert "no rule in the table for this grad_fn" in app.lines
        assert "x: 1 · 3 = 3, sum – → 3" in app.lines


async def test_leaf_says_what_its_gradient_is_the_sum_of() -> None:
    async with PanelApp().run_test(size=(60, 16)) as pilot:
        app = await show(pilot, examples.quadratic(), 4)
        assert app.lines == [
            "AccumulateGrad  x",
            "value 4   ḡ 11",
            "x is reached 2 times, by 2 ways from f: what arrives is",
            "  added up.",
            "x.grad = 8 + 3 = 11",
            "  8  from PowBackward0 x^2",
            "  3  from MulBackward0 3x",
            "backward step 5 of 5 · scalar float32 cpu",
        ]


async def test_leaf_reached_once() -> None:
    async with PanelApp().run_test(size=(60, 16)) as pilot:
        app = await show(pilot, examples.two_variables(), 3)
        assert app.lines[2:4] == ["Here the way ends: what arrives is the gradient of x,", "  1.5."]


async def test_the_moment_of_backward() -> None:
    """After three nodes: 3x has sent its 3, x^2 is the next one; what has not run is not 0."""
    async with PanelApp().run_test(size=(60, 16)) as pilot:
        app = await show(pilot, examples.quadratic(), 4, steps_done=3)
        assert app.lines[1] == "value 4   ḡ –"
        assert "x.grad = – + 3 = –" in app.lines
        assert "  –  from PowBackward0 x^2" in app.lines
        await show(pilot, examples.quadratic(), 3, steps_done=3)
        assert "x: – · 8 = –" in app.lines
        assert "next: x^2, all that is ready" in app.lines
        await show(pilot, examples.quadratic(), 3, steps_done=4)
        assert "x: 1 · 8 = 8, sum – → 3 → 11" in app.lines


@pytest.mark.parametrize(
    ("steps_done", "total", "queue"),
    [
        (0, "x.grad = – + – = –", ["next: x^2 + 3x + 1, all that is ready"]),
        (2, "x.grad = – + – = –", ["next: 3x, the highest sequence ready (1)", "  then ready: x^2 (sequence 0)"]),
        (3, "x.grad = – + 3 = –", ["next: x^2, all that is ready"]),
        (4, "x.grad = 8 + 3 = –", ["next: x, a leaf: summed as soon as ready"]),
        (5, "x.grad = 8 + 3 = 11", ["the backward pass has finished"]),
    ],
)
async def test_sum_grows(steps_done: int, total: str, queue: list[str]) -> None:
    """Moment by moment what the leaf has received, and what the engine may run next: the highest sequence first."""
    async with PanelApp().run_test(size=(60, 16)) as pilot:
        app = await show(pilot, examples.quadratic(), 4, steps_done=steps_done)
        assert total in app.lines
        start = app.lines.index(queue[0])
        assert app.lines[start : start + len(queue)] == queue
        rest = app.lines[start + len(queue)]
        assert rest.startswith("Of the nodes that are ready" if steps_done < 5 else "backward step 5 of 5")


async def test_many_terms_and_a_long_queue() -> None:
    """Ten nodes that send 1 to the leaf: the sum says how many, the queue names the next four."""
    one = examples.scalar(1)
    output = Node(0, "StackBackward0", (), "float64", "cpu", 10, 0, tuple(Edge(id) for id in range(1, 11)))
    users = [
        Node(
            *(id, "SinBackward0", (), "float64", "cpu", 10 - id, id, (Edge(11, grad=one),)),
            source=Source(f"sin {id}", 0, 1),
        )
        for id in range(1, 11)
    ]
    leaf = Node(11, "AccumulateGrad", (), "float64", "cpu", None, 11, (), one, examples.scalar(10), variable="x")
    async with PanelApp().run_test(size=(80, 20)) as pilot:
        app = await show(pilot, Snapshot(8, "x", graph=Graph((output, *users, leaf))), 11)
        assert "x.grad = sum of 10 = 10" in app.lines
        assert sum("from SinBackward0" in line for line in app.lines) == 8
        await show(pilot, Snapshot(8, "x", graph=Graph((output, *users, leaf))), 11, steps_done=1)
        first = "next: sin 1, the highest sequence ready (9)"
        assert "x.grad = sum of 10 = –" in app.lines
        waiting = " ".join(line.strip() for line in app.lines[app.lines.index(first) + 1 : -1])
        waiting = waiting.partition(" Of the nodes")[0]
        assert (
            waiting
            == "then ready: sin 2 (sequence 8), sin 3 (sequence 7), sin 4 (sequence 6), sin 5 (sequence 5) … 9 in all"
        )


async def test_vectors() -> None:
    async with PanelApp().run_test(size=(80, 16)) as pilot:
        app = await show(pilot, examples.vector_quadratic(), 2)
        assert "value [6.3, 16.2, 9.6]   ḡ [1, 1, 1]" in app.lines
        assert "x: [3, 3, 3], sum – → [3, 3, 3]" in app.lines
        assert any("3 float64" in line for line in app.lines)


async def test_saved_tensors_only_when_asked() -> None:
    async with PanelApp().run_test(size=(60, 16)) as pilot:
        app = await show(pilot, examples.quadratic(), 3)
        assert "saved" not in "\n".join(app.lines)
        app.panel.saved_shown = True
        await pilot.pause()
        assert app.lines[-2:] == ["saved exponent = 2", "saved self = 4"]
        await show(pilot, examples.quadratic(), 4)
        assert app.lines[-1] == "saves nothing for backward"
        graph = examples.quadratic().graph
        text = replace(graph.nodes[0], saved=(Saved("reduction", "[bold]mean[/]"),))
        await show(pilot, examples.quadratic(), 0)
        await show(pilot, replace(examples.quadratic(), graph=Graph((text, *graph.nodes[1:]))), 0)
        assert app.lines[-1] == "saved reduction = [bold]mean[/]"


async def test_nan_is_seen() -> None:
    async with PanelApp().run_test(size=(60, 16)) as pilot:
        app = await show(pilot, examples.nan_gradient(), 1)
        assert "x: 0 · inf = nan" in app.lines
        last = list(app.panel.render_line(app.lines.index("x: 0 · inf = nan")))
        assert next(s.style.color for s in last if s.style and s.text == "nan") == app.colour("node--bad")


@pytest.mark.parametrize(
    ("summary", "figures"),
    [
        (Summary(-1.5, 2.5, 0.25, 90.5, 0, 0, 3), "min -1.5  max 2.5  mean 0.25  norm 90.5  nan 0  inf 0  zero 3"),
        (
            Summary(-1.5, 2.5, 0.25, 90.5, 1, 2, 3),
            "norm nan  nan 1  inf 2  zero 3  of the finite ones: min -1.5  max 2.5  mean 0.25  norm 90.5",
        ),
        (Summary(-1.5, 2.5, 0.25, 90.5, 0, 2, 3), "norm inf  nan 0  inf 2  zero 3  of the finite ones: min -1.5"),
        (Summary(None, None, None, None, 8192, 0, 0), "norm nan  nan 8192  inf 0  zero 0"),
    ],
)
async def test_large_tensor_is_summarised(summary: Summary, figures: str) -> None:
    """Neither min, max nor mean of the finite ones stands for the whole, whose mean is nan."""
    large = Values((64, 128), (1.0,) * 8, summary)
    graph = examples.quadratic().graph
    leaf = replace(graph.nodes[4], value=large, grad_output=large, shape=(64, 128))
    async with PanelApp().run_test(size=(110, 16)) as pilot:
        app = await show(pilot, Snapshot(8, "x", graph=Graph((*graph.nodes[:4], leaf))), 4)
        for label in ("value", "ḡ"):
            assert [line for line in app.lines if line.startswith(f"{label} {figures}")]
        assert not [line for line in app.lines if "mean –" in line]


async def test_node_that_backward_never_reached() -> None:
    graph = examples.quadratic().graph
    lost = replace(graph.nodes[3], step=None, grad_output=None)
    async with PanelApp().run_test(size=(70, 16)) as pilot:
        app = await show(pilot, Snapshot(8, "x", graph=Graph((*graph.nodes[:3], lost, graph.nodes[4]))), 3)
        assert app.lines[1] == "value 16   ḡ –"
        assert app.lines[2] == "never reached by backward"
        assert "x: – · 8 = –" in app.lines


@pytest.mark.parametrize("width", [20, 30, 38])
async def test_narrow_lines_wrap_and_nothing_is_lost(width: int) -> None:
    async with PanelApp().run_test(size=(120, 30)) as pilot:
        app = await show(pilot, examples.vector_quadratic(), 4)
        wide = " ".join(app.lines).split()
        await pilot.resize_terminal(width, 30)
        await pilot.pause()
        assert " ".join(app.lines).split() == wide
        assert max(map(len, app.lines)) <= width - 1


async def test_nothing_selected() -> None:
    async with PanelApp().run_test(size=(80, 8)) as pilot:
        app = await show(pilot, None, None)
        assert app.lines == []
        await show(pilot, examples.constant(), 0)
        assert app.lines == []
        await show(pilot, examples.quadratic(), 99)
        assert app.lines == []


async def test_scrolls_and_starts_at_the_top_of_another_node() -> None:
    async with PanelApp().run_test(size=(60, 4)) as pilot:
        app = await show(pilot, examples.quadratic(), 4)
        app.panel.focus()
        await pilot.press("end")
        await pilot.wait_for_scheduled_animations()
        assert app.lines[-2:] == ["  3  from MulBackward0 3x", "backward step 5 of 5 · scalar float32 cpu"]
        await show(pilot, examples.quadratic(), 2)
        assert app.lines[0].startswith("MulBackward0")


async def test_another_number_of_lines_leaves_the_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    async with PanelApp().run_test(size=(60, 16)) as pilot:
        app = await show(pilot, examples.quadratic(), 0)
        laid_out = []
        monkeypatch.setattr(
            app.screen, "_refresh_layout", lambda *_, **__: laid_out.append(app.panel.virtual_size.height)
        )
        heights = {app.panel.virtual_size.height}
        for node in (1, 2, 3):
            await show(pilot, examples.quadratic(), node)
            heights.add(app.panel.virtual_size.height)
        assert len(heights) > 1
        assert not laid_out


async def test_scrollbar_goes_where_all_lines_fit() -> None:
    async with PanelApp().run_test(size=(56, 7)) as pilot:
        app = await show(pilot, examples.quadratic(), 2)
        assert app.panel.show_vertical_scrollbar
        width = app.panel.line_width
        await show(pilot, examples.two_variables(), 3)
        assert not app.panel.show_vertical_scrollbar
        assert app.panel.line_width == width


async def test_text_of_a_person_is_plain_text() -> None:
    graph = examples.quadratic().graph
    hostile = replace(graph.nodes[3], source=Source("[@click=app.bell]x[/]\x1b[2J", 0, 3))
    async with PanelApp().run_test(size=(60, 8)) as pilot:
        app = await show(pilot, Snapshot(8, "x", graph=Graph((*graph.nodes[:3], hostile, graph.nodes[4]))), 3)
        assert app.lines[0] == "PowBackward0  [@click=app.bell]x[/]␛[2J"


def test_folded() -> None:
    assert folded((("one two ", "a"), ("three", "b")), 9) == [
        (("one", "a"), (" ", "a"), ("two", "a"), (" ", "a")),
        (("  ", ""), ("three", "b")),
    ]
    assert folded((("abcdefgh", "a"),), 4) == [(("abc…", "a"),)]
    assert folded((), 4) == [()]


def test_numbers_of_the_examples_are_right() -> None:
    """The sums that the panel writes down are sums: checked here once, as it only writes what it is given."""
    for example in (examples.quadratic(), examples.two_variables()):
        for node in example.graph.nodes:
            for edge in node.edges:
                if edge.grad is not None and edge.local is not None and node.grad_output is not None:
                    assert math.isclose(node.grad_output.numbers[0] * edge.local, edge.grad.numbers[0])


async def test_a_ledger_that_has_nothing_to_tell_says_so() -> None:
    """A program without variables: there are no cuts, and no paths either."""
    snapshot = replace(examples.quadratic(), origin="capture", variables={}, along=None)
    async with PanelApp().run_test(size=(60, 16)) as pilot:
        app = await show(pilot, snapshot, 0)
        app.panel.ledger_shown = True
        await pilot.pause()
        text = " ".join(app.lines)
        assert "no variable" in text
        assert "are the ways" not in text


async def test_of_complex_numbers_it_is_said_how_they_are_written() -> None:
    leaf = Node(0, "AccumulateGrad", (), "complex64", "cpu", None, 0, (), Values((2,), (1, 2)), Values((2,), (2, 4)))
    async with PanelApp().run_test(size=(60, 16)) as pilot:
        app = await show(pilot, replace(examples.quadratic(), graph=Graph((replace(leaf, variable="z"),))), 0)
        assert "imaginary" in " ".join(app.lines)


async def test_whole_are_its_lines_that_were_broken_or_cut() -> None:
    """What is told of another node, a name that is wider than the pane, the ledger that had no room."""
    name = "a_name_that_goes_on_" * 6
    told = Finding("detached", "backward", None, f"{name}: not in the graph", "take the detach away", evidence=(name,))
    nodes = examples.quadratic().graph.nodes
    snapshot = replace(examples.quadratic(), graph=Graph((*nodes[:-1], replace(nodes[-1], variable=name))))
    async with PanelApp().run_test(size=(44, 12)) as pilot:
        app = await show(pilot, snapshot, 4)
        app.panel.show(snapshot, 4, told=told, traceback=("in a file whose " + name,))
        app.panel.ledger_shown = True
        await pilot.pause()
        assert name not in " ".join(app.lines)
        whole = app.panel.whole()
        assert whole[:4] == [
            f"in a file whose {name}",
            f"{name}: not in the graph",
            f"  {name}",
            "→ take the detach away",
        ]
        assert whole[4].endswith(name)
        assert "df/dx" in whole
