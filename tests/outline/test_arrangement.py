"""What the graph pane shows: views, filters, orders, search and the titles of groups, without a screen."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from gradtui.outline.arrangement import VIEWS, Arrangement
from gradtui.snapshot.model import Module, Snapshot
from gradtui.tui.graph.tables import percent
from gradtui.tui.panes.line_view import tail
from tests import examples, synthetic

BERT = synthetic.bert(12)


def arranged(snapshot: Snapshot = BERT) -> Arrangement:
    arrangement = Arrangement(snapshot)
    arrangement.arrange()
    return arrangement


def titles(arrangement: Arrangement) -> list[str]:
    return [arrangement.title(row.group) for row in arrangement.rows if row.kind == "group" and row.group is not None]


def opened(arrangement: Arrangement, title: str) -> list[str]:
    """The titles of all groups once the one of this title is open."""
    row = next(row for row in arrangement.rows if row.group is not None and arrangement.title(row.group) == title)
    arrangement.toggle(row)
    return titles(arrangement)


def test_titles_of_modules_and_repeats() -> None:
    arrangement = arranged()
    assert titles(arrangement) == ["cls", "bert"]
    assert opened(arrangement, "bert") == ["cls", "bert", "encoder.layer.0 … layer.11 ×12", "embeddings"]
    layers = opened(arrangement, "encoder.layer.0 … layer.11 ×12")
    assert layers[3:15] == [f"layer.{number}" for number in reversed(range(12))]
    assert opened(arrangement, "layer.4")[11:15] == ["output", "intermediate", "attention", "layer.3"]


def test_titles_of_runs_and_parts() -> None:
    assert titles(arranged(synthetic.recurrence(2000)))[0] == "⋯ 1,000 nodes: Tanh, Add, Mul"
    tape, modules = synthetic.Tape(), {"encoder.layer": Module("ModuleList", 0)}
    h = tape.leaf("h", 8)
    for number in range(2500):
        path = f"encoder.layer.{number}"
        modules[path] = Module("Layer", 1)
        h = tape.run("Tanh", tape.run("Mul", h, tape.leaf(f"{path}.weight", 8), module=path), module=path)
    tape.run("Sum", h)
    many = arranged(replace(BERT, graph=tape.graph(), modules=modules, parameters={}))
    assert opened(many, "encoder.layer.0 … layer.2499 ×2,500")[1:] == [
        "encoder.layer.1500 … layer.2499 ×1,000",
        "encoder.layer.500 … layer.1499 ×1,000",
        "encoder.layer.0 … layer.499 ×500",
    ]


@pytest.mark.parametrize("length", [1000, 1001, 3000, 3001])
def test_no_part_is_one_node_alone_and_each_says_what_is_in_it(length: int) -> None:
    tape = synthetic.Tape()
    h = tape.leaf("x")
    for _ in range(length):
        h = tape.run("Mul", h)
    found = titles(arranged(synthetic.snapshot(tape, {}, {})))
    assert all(title.startswith("⋯ 1,00") and title.endswith("nodes: Mul") for title in found[: length // 1000])


def test_a_run_of_leaves_says_so() -> None:
    tape = synthetic.Tape()
    tape.run("Stack", *(tape.leaf(f"w{number}") for number in range(2500)))
    found = titles(arranged(synthetic.snapshot(tape, {}, {})))
    assert not any(title.endswith(": ") for title in found)


@pytest.mark.parametrize("known", [{"": Module("Block", 2)}, {}])
def test_title_of_the_model_itself(known: dict[str, Module]) -> None:
    """That runs twice in a loss: its path is empty, it has a name all the same."""
    tape = synthetic.Tape()
    h, w = tape.leaf("h", 8), tape.leaf("w", 8, 8)
    for call in range(2):
        h = tape.run("Tanh", tape.run("Mul", h, w, module="", call=call), module="", call=call)
    tape.run("Sum", h)
    found = titles(arranged(replace(BERT, graph=tape.graph(), modules=known, parameters={})))
    assert found
    assert all(title.startswith("Block (call " if known else "model (call ") for title in found)


def test_titles_of_calls() -> None:
    tape = synthetic.Tape()
    h, w = tape.leaf("h", 8), tape.leaf("cell.weight", 8, 8)
    for call in range(150):
        h = tape.run("Tanh", tape.run("Mul", h, w, module="cell", call=call), module="cell", call=call)
    tape.run("Sum", h)
    snapshot = replace(BERT, graph=tape.graph(), modules={"cell": Module("Cell", 150)}, parameters={})
    arrangement = arranged(snapshot)
    assert titles(arrangement) == ["cell ×150"]
    assert opened(arrangement, "cell ×150")[1] == "cell (call 150)"


def test_a_module_has_the_gradient_of_its_parameters() -> None:
    arrangement = arranged()
    cls, bert = (row.group for row in arrangement.rows if row.group is not None)
    for group, start in ((cls, "cls."), (bert, "bert.")):
        grads = [p.grad for name, p in BERT.parameters.items() if name.startswith(start)]
        found = arrangement.gradient(group)
        assert found is not None
        assert found.finite_norm == pytest.approx(sum((grad.finite_norm or 0) ** 2 for grad in grads if grad) ** 0.5)
    assert arrangement.share(bert) is None, "it holds nan"
    parts = [arrangement.gradient(group) for group in (cls, bert)]
    squares = [(part.finite_norm or 0) ** 2 for part in parts if part is not None]
    assert arrangement.share(cls) == pytest.approx(squares[0] / sum(squares))


@pytest.mark.parametrize("view", VIEWS)
def test_the_same_graph_keeps_view_and_what_is_open(view: str) -> None:
    arrangement = arranged()
    opened(arrangement, "bert")
    while arrangement.view != view:
        arrangement.cycle_view()
    arrangement.arrange()
    before = len(arrangement.rows)
    assert arrangement.renew(replace(BERT, id=1, graph=replace(BERT.graph)))
    assert (arrangement.view, len(arrangement.rows)) == (view, before)
    assert not arrangement.renew(examples.quadratic())


def test_revealing_closes_what_was_opened_for_another_node() -> None:
    arrangement = arranged()
    count = len(arrangement.rows)
    wanted = [id for id, node in enumerate(BERT.graph.nodes) if node.variable and ".key.bias" in node.variable]
    lengths = set()
    for node in wanted:
        place = arrangement.reveal(node)
        assert place is not None
        assert arrangement.rows[place].node == node
        lengths.add(len(arrangement.rows))
    assert len(lengths) == 1
    arrangement.reveal(0)
    assert len(arrangement.rows) > count


def test_filters_and_orders() -> None:
    arrangement = arranged()
    arrangement.cycle_filter(None)
    arrangement.cycle_order(2)
    arrangement.arrange()
    norms = [BERT.graph.nodes[row.node].grad_output for row in arrangement.rows if row.node is not None]
    sizes = [grad.norm or 0 for grad in norms if grad]
    assert len(sizes) == len(BERT.parameters)
    assert sizes == sorted(sizes, reverse=True)
    arrangement.cycle_filter(None)
    arrangement.arrange()
    assert {BERT.graph.nodes[row.node or 0].variable for row in arrangement.rows} == {
        "bert.embeddings.token_type_embeddings.weight",
        "cls.dense.bias",
    }


def test_the_next_match_goes_round() -> None:
    arrangement = arranged()
    arrangement.search("gelu")
    found = arrangement.found
    assert len(found) == 13
    assert arrangement.next_match(0, 0) == found[0]
    assert arrangement.next_match(found[0], 1) == found[1]
    assert arrangement.next_match(found[0], -1) == found[-1]
    assert arrangement.next_match(found[-1], 1) == found[0]
    assert arrangement.next_match(found[0] + 1, 1) == found[1]
    assert [arrangement.match_number(node) for node in (found[2], found[2] + 1, None)] == [3, None, None]
    arrangement.search("no such thing")
    assert arrangement.next_match(0, 1) is None


@pytest.mark.parametrize(
    ("part", "text"), [(1, "100 %"), (0.38, "38 %"), (0.035, "3.5 %"), (8.7e-3, "0.87 %"), (2e-4, "<0.1 %"), (0, "0 %")]
)
def test_percent(part: float, text: str) -> None:
    assert percent(part) == text


def test_the_end_of_a_path() -> None:
    assert tail("encoder.layer.0", 20) == "encoder.layer.0"
    assert tail("encoder.layer.0", 8) == "…layer.0"
