"""The graph view on models, by keys."""

from __future__ import annotations

from itertools import pairwise

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from gradtui.tui.saved import explorer
from gradtui.tui.typing.search_entry import SearchInput
from tests import synthetic
from tests.tui.graph.test_view import GraphApp, show

BERT = synthetic.bert(12)


async def on_bert(pilot: Pilot[None]) -> GraphApp:
    app = await show(pilot, BERT)
    app.view.focus()
    return app


def title(app: GraphApp) -> str:
    return str(app.view.border_title)


async def test_modules_are_closed_and_open() -> None:
    async with GraphApp().run_test(size=(120, 36)) as pilot:
        app = await on_bert(pilot)
        assert [line.split()[0] for line in app.lines[:4]] == ["NllLossBackward0", "LogSoftmaxBackward0", "cls", "bert"]
        await pilot.press("end", "enter", "down")
        assert "encoder.layer.0 … layer.11 ×12 ▸" in app.lit
        first = next(node for node in BERT.graph.nodes if node.module.startswith("bert.encoder"))
        assert app.view.selected == app.selected[-1] == first.id
        await pilot.press("enter", "down", "down")
        assert "layer.10 ▸" in app.lit
        await pilot.press("up", "up", "enter")
        assert len(app.view.arrangement.rows) == 6


async def test_a_click_on_the_marker_opens() -> None:
    async with GraphApp().run_test(size=(120, 36)) as pilot:
        app = await on_bert(pilot)
        column = app.lines[3].index("▸")
        await pilot.click(app.view, offset=(column, 4))
        assert "▾" in app.lines[3]
        await pilot.click(app.view, offset=(column - 3, 3))
        assert app.lit.startswith("cls")
        assert "▾" not in app.lines[2]


async def test_lanes_in_the_order_of_backward() -> None:
    async with GraphApp().run_test(size=(120, 36)) as pilot:
        app = await on_bert(pilot)
        app.view.action_lanes()
        await pilot.pause()
        assert title(app) == "lanes"
        assert app.lines[3].split()[:2] == ["●─┬─╮", "AddmmBackward0"]
        await pilot.press(*["down"] * 7)
        assert app.view.selected == 7
        await pilot.press("end")
        assert app.view.selected == len(BERT.graph.nodes) - 1
        await pilot.press("enter")
        assert title(app) == "graph"
        assert app.lit.startswith("┆")
        assert "AccumulateGrad" in app.lit


async def test_the_table_of_parameters_sorts_and_leads_to_the_tree() -> None:
    async with GraphApp().run_test(size=(120, 20)) as pilot:
        app = await on_bert(pilot)
        app.view.action_next_view()
        app.view.action_next_view()
        app.view.action_sort(2)
        await pilot.pause()
        assert title(app) == "parameters · by norm"
        await pilot.press("home")
        assert app.lines[0].split()[:4] == ["name", "shape", "norm", "share"]
        assert [line.split()[2] for line in app.lines[1:3]] == ["nan", "1"]
        await pilot.press("end")
        assert app.lines[0].split()[0] == "name"
        assert app.lit.split()[0] == "cls.dense.bias"
        assert app.view.parameter == "cls.dense.bias"
        await pilot.press("pageup", "pageup", "end")
        assert app.lit.split()[0] == "cls.dense.bias"
        await pilot.press("enter")
        assert "bias" in app.lit
        assert app.view.selected == BERT.parameters["cls.dense.bias"].node


async def test_a_parameter_without_a_node_can_be_chosen() -> None:
    lone = replace(BERT.parameters["cls.dense.bias"], grad=None, node=None)
    async with GraphApp().run_test(size=(120, 20)) as pilot:
        app = await show(pilot, replace(BERT, parameters=BERT.parameters | {"unused.weight": lone}))
        app.view.action_next_view()
        app.view.action_next_view()
        await pilot.press("end")
        assert app.lit.startswith("unused.weight")
        assert "–" in app.lit
        assert app.view.parameter == "unused.weight"
        await pilot.press("enter")
        assert app.lit.startswith("unused.weight")


async def test_filters() -> None:
    async with GraphApp().run_test(size=(120, 36)) as pilot:
        app = await on_bert(pilot)
        app.view.action_filter()
        assert title(app) == "graph · parameters only"
        assert len(app.view.arrangement.rows) == len(BERT.parameters)
        app.view.action_filter()
        await pilot.pause()
        assert title(app) == "graph · bad only"
        assert len([line for line in app.lines if "AccumulateGrad" in line]) == 2
        leaf = BERT.parameters["bert.embeddings.word_embeddings.weight"].node
        assert leaf is not None
        app.view.selected = leaf
        app.view.action_filter()
        await pilot.pause()
        assert title(app) == "graph · path to the node"
        assert "bert.embeddings.word_embeddings.weight" in app.lit
        assert app.view.arrangement.rows[0].node == 0


@pytest.mark.long
async def test_stepping_opens_what_hides_the_node_and_closes_it_again() -> None:
    async with GraphApp().run_test(size=(120, 36)) as pilot:
        app = await on_bert(pilot)
        lengths = []
        for step in range(1, 60):
            app.view.steps_done, app.view.selected = step, step - 1
            await pilot.pause()
            assert "▶" in app.lit
            lengths.append(len(app.view.arrangement.rows))
        assert max(lengths) < 50 < sum(max(0, later - before) for before, later in pairwise(lengths))


@pytest.mark.long
async def test_search_in_the_app() -> None:
    app = explorer(BERT)
    async with app.run_test(size=(120, 36)) as pilot:
        while not app.picture.graph.is_attached:
            await pilot.pause(0.01)
        await pilot.press("ctrl+f", *"gelu")
        assert isinstance(app.focused, SearchInput)
        graph = app.picture.graph
        gelus = [node.id for node in BERT.graph.nodes if node.name == "GeluBackward0"]
        await pilot.pause()
        assert app.backward.cursor.selected == gelus[0]
        await pilot.press("enter")
        assert app.focused is None
        await pilot.press("f3", "f3")
        assert app.backward.cursor.selected == gelus[2]
        assert str(graph.border_title) == "graph · “gelu” 3 of 13"
        await pilot.press("shift+f3")
        assert app.backward.cursor.selected == gelus[1]
        await pilot.press("ctrl+f", *"zzz[b]", "escape", "f3")
        assert app.backward.cursor.selected == gelus[1]
        assert "“zzz[b]” 0" in app.export_screenshot().replace("&#160;", " ")
        await pilot.press("t")
        assert graph.arrangement.view == "lanes"
        await pilot.press("T", "b", "B", "F")
        assert graph.arrangement.view == "parameters"
