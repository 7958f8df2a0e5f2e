"""Reports of user code: short where the graph is large, whole as JSON, and nothing in them acts on a terminal."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
import torch
from msgspec.structs import replace

import gradtui
from gradtui.report import json as report
from gradtui.report import steps, text
from gradtui.report.problem import traced
from gradtui.snapshot.model import Snapshot, Source
from tests import examples, synthetic
from tests.file.test_snapshot_format import EVERYTHING


def parsed(snapshot: Snapshot) -> Any:
    return json.loads(report.line(report.answer(snapshot)))


@pytest.fixture(scope="module")
def trained() -> tuple[torch.nn.Module, Snapshot]:
    """A model with its .grad as torch has it, and what gradtui captured before that."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(30, 400), torch.nn.Tanh(), torch.nn.Linear(400, 1))
    loss = model(torch.randn(5, 30)).pow(2).mean()
    snapshot = gradtui.capture(loss, model=model)
    loss.backward()
    return model, snapshot


def test_the_table_is_torchs(trained: tuple[torch.nn.Module, Snapshot]) -> None:
    model, snapshot = trained
    rows = {line.split()[0]: line.split() for line in text.report(snapshot).splitlines() if line.strip()}
    whole = sum(
        float(parameter.grad.double().norm()) ** 2 for parameter in model.parameters() if parameter.grad is not None
    )
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None
        grad = parameter.grad.double()
        norm, share, low, high, zeros, nan, inf = rows[name][1:]
        expected = [grad.norm(), 100 * grad.norm() ** 2 / whole, grad.min(), grad.max()]
        found = [float(norm), float(share.rstrip("%")), float(low), float(high)]
        assert found == pytest.approx([float(one) for one in expected], rel=6e-3)
        assert (zeros, nan, inf) == ("0", "0", "0")


def test_json_has_everything(trained: tuple[torch.nn.Module, Snapshot]) -> None:
    model, snapshot = trained
    told = parsed(snapshot)
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None
        assert told["parameters"][name]["norm"] == pytest.approx(float(parameter.grad.norm()), rel=1e-5)
        assert told["graph"]["nodes"][told["parameters"][name]["node"]]["variable"] == name
    assert {path: one["kind"] for path, one in told["modules"].items()} == {
        path: type(module).__name__ for path, module in model.named_modules()
    }
    assert told["graph"]["roots"] == [0]
    assert len(told["graph"]["nodes"]) == len(snapshot.graph.nodes)
    assert (told["events"], told["findings"]) == ([], [])


def test_a_large_graph_is_a_short_report() -> None:
    snapshot = synthetic.bert(12)
    lines = text.report(snapshot).splitlines()
    assert len(lines) < 90
    assert "▸ bert · 683 nodes" in lines
    assert "backward ran 701 nodes: --steps tells each step" in lines
    assert "… 163 more: --json has them all" in lines
    told = parsed(snapshot)
    assert (len(told["graph"]["nodes"]), len(told["parameters"])) == (701, 203)


def test_of_many_parameters_the_bad_ones_are_shown() -> None:
    table = text.report(synthetic.bert(12)).partition("gradient of")[2]
    assert "token_type_embeddings.weight" in table
    assert "cls.dense.bias" in table


@pytest.mark.long
def test_a_recurrence_and_a_wide_graph() -> None:
    for snapshot in (synthetic.recurrence(20_000), synthetic.wide(20_000)):
        assert len(text.report(snapshot).splitlines()) < 150


def test_several_outputs() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    snapshot = gradtui.capture([x.sin(), x.exp()], names={"x": x})
    assert "SinBackward0" in text.report(snapshot)
    assert "ExpBackward0" in text.report(snapshot)
    assert len(parsed(snapshot)["graph"]["roots"]) == 2


HOSTILE = "a\x1b[31m\x07\x9b\u202e\u2028\x00b"


def hostile() -> Snapshot:
    """EVERYTHING, and all texts in it are hostile."""
    source = Source(HOSTILE, 0, 0, HOSTILE, 1)
    nodes = tuple(
        replace(node, name=HOSTILE, variable=node.variable and HOSTILE, module=HOSTILE, source=source, note=HOSTILE)
        for node in EVERYTHING.graph.nodes
    )
    orders = EVERYTHING.orders
    assert orders is not None
    return replace(
        EVERYTHING,
        expression=f"{HOSTILE}.py:{HOSTILE}",
        reads_as=HOSTILE,
        dtype=HOSTILE,
        device=HOSTILE,
        graph=replace(EVERYTHING.graph, nodes=nodes),
        parameters={HOSTILE: EVERYTHING.parameters["w"]},
        modules={HOSTILE: next(iter(EVERYTHING.modules.values()))},
        notes=tuple(replace(note, text=HOSTILE) for note in EVERYTHING.notes),
        variables={HOSTILE: EVERYTHING.variables["x"]},
        along=None,
        orders=replace(
            orders,
            along=HOSTILE,
            orders=tuple(
                replace(one, values=dict.fromkeys([HOSTILE], *one.values.values()), differences={})
                for one in orders.orders
            ),
            jacobian={},
        ),
        curve=None,
        experiments=(),
        printed=HOSTILE,
        problem=None,
    )


@pytest.mark.parametrize("origin", ["function", "capture"])
@pytest.mark.parametrize("write", [text.report, steps.steps])
def test_nothing_acts_on_the_terminal(write: Any, origin: Any) -> None:
    written = write(replace(hostile(), origin=origin))
    kinds = {unicodedata.category(character) for character in written if character != "\n"}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert "␛[31m" in written


def test_accents_stay() -> None:
    assert "ḡ" in text.report(examples.quadratic())


def test_modules_that_lead_back_into_each_other() -> None:
    """A healthy inner loop of two updates: its modules run three times, and weights made between them lead to all."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    weights: dict[str, torch.Tensor] = dict(model.named_parameters())
    x = torch.linspace(-1, 1, 12).unsqueeze(1)
    with gradtui.trace(model) as trace:
        for _ in range(2):
            inner = torch.func.functional_call(model, weights, x).pow(2).mean()
            grads = torch.autograd.grad(inner, list(weights.values()), create_graph=True)
            weights = {name: old - 0.1 * grad for (name, old), grad in zip(weights.items(), grads, strict=True)}
        loss = torch.func.functional_call(model, weights, x).pow(2).mean()
    snapshot = trace.capture(loss)
    assert snapshot.problem is None
    told = text.report(snapshot)
    assert "2 (call 3)" in told
    assert told.count("AccumulateGrad") == 4


def test_a_module_in_which_backward_fails() -> None:
    """What ran before is shown: the nodes that backward reached, and those that it did not."""

    class Halved(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = x.exp()
            z = y.sin()
            y.mul_(0.5)
            return z

    model = Halved()
    weight = torch.ones(3, requires_grad=True)
    with gradtui.trace(model) as trace:
        h = weight * 2
        out = h + model(h)
    snapshot = trace.capture(out)
    assert snapshot.problem is not None
    assert {node.step for node in snapshot.graph.nodes} == {None, 0}
    told = traced(snapshot)
    assert "\n".join(text.tree(snapshot)).count("SinBackward0") == 1
    assert "changed in place" in told
