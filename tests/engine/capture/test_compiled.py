"""What torch.compile made is the same with a trace around it as without: the graphs, their number, the gradients.

How many graphs there are is counted by a backend of our own, which Dynamo gives each graph to; how many frames it looked at,
by Dynamo itself.
"""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.checkpoint import checkpoint

import gradtui
from gradtui.snapshot.model import Snapshot
from tests.torch_version import VERSION

Call = Callable[[torch.Tensor], torch.Tensor]

dynamo: Any = pytest.importorskip("torch._dynamo")


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(4, 8), nn.Linear(8, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.b(self.between(self.a(x).relu()))
        return y

    def between(self, x: torch.Tensor) -> torch.Tensor:
        return x


class Broken(Net):
    def between(self, x: torch.Tensor) -> torch.Tensor:
        dynamo.graph_break()
        return x


class Disabled(Net):
    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def between(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2


class Failing(Net):
    def between(self, x: torch.Tensor) -> torch.Tensor:
        return x @ torch.ones(3, 3)


class Outer(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.c = inner, nn.Linear(1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.c(self.inner(x))
        return y


class Twice(TorchFunctionMode):
    """A mode of the person's own."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))


class Case:
    """compiled: what compiles, into `graphs`. model: what is differentiated, and watched unless `watched` says otherwise."""

    def __init__(self, kind: type[Net] = Net) -> None:
        self.graphs: list[int] = []
        torch.manual_seed(0)
        self.model: nn.Module = kind()

    def backend(self, graph: torch.fx.GraphModule, _: Any) -> Any:
        self.graphs.append(len(graph.graph.nodes))
        return graph.forward

    def compiled(self, what: Any, **how: Any) -> Any:
        return torch.compile(what, backend=self.backend, **how)


def module(case: Case) -> tuple[Call, nn.Module | None]:
    compiled = case.compiled(case.model)
    return compiled, compiled


def original(case: Case) -> tuple[Call, nn.Module | None]:
    return case.compiled(case.model), case.model


def unwatched(case: Case) -> tuple[Call, nn.Module | None]:
    return case.compiled(case.model), None


def in_place(case: Case) -> tuple[Call, nn.Module | None]:
    case.model.compile(backend=case.backend)
    return case.model, case.model


def forward_alone(case: Case) -> tuple[Call, nn.Module | None]:
    case.model.forward = case.compiled(case.model.forward)
    return case.model, case.model


def part(case: Case) -> tuple[Call, nn.Module | None]:
    outer = Outer(case.compiled(case.model))
    return outer, outer


def function(case: Case) -> tuple[Call, nn.Module | None]:
    return case.compiled(lambda x: case.model(x)), case.model


def whole(case: Case) -> tuple[Call, nn.Module | None]:
    return case.compiled(case.model, fullgraph=True), case.model


def nested(case: Case) -> tuple[Call, nn.Module | None]:
    outer = Outer(case.compiled(case.model))
    return case.compiled(outer), outer


def while_traced(case: Case) -> tuple[Call, nn.Module | None]:
    return (lambda x: case.compiled(case.model)(x)), case.model


def checkpointed(case: Case) -> tuple[Call, nn.Module | None]:
    compiled = case.compiled(case.model)
    return (lambda x: checkpoint(compiled, x, use_reentrant=False)), case.model


def under_a_mode(case: Case) -> tuple[Call, nn.Module | None]:
    compiled = case.compiled(case.model)

    def call(x: torch.Tensor) -> torch.Tensor:
        with Twice():
            return torch.as_tensor(compiled(x))

    return call, case.model


WAYS = [
    module,
    original,
    unwatched,
    in_place,
    forward_alone,
    part,
    function,
    whole,
    nested,
    while_traced,
    checkpointed,
    under_a_mode,
]
X = torch.linspace(-1, 1, 12).reshape(3, 4)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    dynamo.reset()
    dynamo.utils.counters.clear()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)  # torch's own
        warnings.filterwarnings("ignore", "The .grad attribute")  # Dynamo hides it only where it is no error
        yield
    dynamo.reset()


def run(
    way: Callable[[Case], tuple[Call, nn.Module | None]], kind: type[Net], traced: tuple[int, ...]
) -> tuple[list[Any], list[Snapshot]]:
    """Four calls: the graphs and frames that there are after each, and the gradients. Those of `traced` within a trace."""
    dynamo.reset()
    dynamo.utils.counters.clear()
    case = Case(kind)
    call, watched = way(case)
    told: list[Any] = []
    snapshots: list[Snapshot] = []
    for number in range(4):
        trace = gradtui.trace(watched) if number in traced else nullcontext()
        with trace as entered:
            loss = call(X).pow(2).mean()
        if entered is not None:
            snapshots.append(entered.capture(loss))
        case.model.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        gradients = [None if one.grad is None else one.grad.tolist() for one in case.model.parameters()]
        told.append((list(case.graphs), dict(dynamo.utils.counters["frames"]), gradients))
    return told, snapshots


@pytest.mark.long
@pytest.mark.parametrize("traced", [(0, 2), (1, 2)], ids=["compiled in a trace", "compiled before"])
@pytest.mark.parametrize("way", WAYS)
def test_the_same_graphs_and_gradients(way: Callable[[Case], Any], traced: tuple[int, ...]) -> None:
    plain, _ = run(way, Net, ())
    seen, snapshots = run(way, Net, traced)
    assert plain[-1][0], "something was compiled"
    assert seen == plain
    for snapshot in snapshots:
        assert snapshot.problem is None
        assert [parameter.grad is not None for parameter in snapshot.parameters.values()].count(False) == 0
        assert "code" in [note.kind for note in snapshot.notes]


@pytest.mark.long
@pytest.mark.parametrize("kind", [Broken, Disabled])
def test_where_a_graph_breaks(kind: type[Net]) -> None:
    plain, _ = run(module, kind, ())
    seen, _ = run(module, kind, (0, 2))
    assert len(plain[-1][0]) == 2
    assert seen == plain


@pytest.mark.skipif(
    VERSION < (2, 7) and sys.version_info >= (3, 12),
    reason="there torch 2.6 takes 2,250 calls off the depth that Python has left, for all that follows",
)
def test_after_an_exception_in_compiled_code() -> None:
    case = Case(Failing)
    compiled = case.compiled(case.model)
    before = sys.meta_path[:], dynamo.eval_frame._maybe_set_eval_frame
    with pytest.raises(Exception, match="same reduction dim"), gradtui.trace(case.model):
        compiled(X)
    assert not case.model._forward_hooks
    assert torch._C._len_torch_function_stack() == 0
    assert (sys.meta_path, dynamo.eval_frame._maybe_set_eval_frame) == before
    seen, snapshots = run(module, Net, (0,))
    assert len(seen[-1][0]) == 1
    assert snapshots[0].problem is None


def test_what_is_known_of_it() -> None:
    """Where it was called, that it ran, and not how often what is in it did; around it everything as ever."""
    _, (snapshot, _) = run(part, Net, (0, 2))
    calls = {path: module.calls for path, module in snapshot.modules.items()}
    assert calls == {
        "": 1,
        "inner": 1,
        "inner._orig_mod": 1,
        "inner._orig_mod.a": None,
        "inner._orig_mod.b": None,
        "c": 1,
    }
    places = {(node.name, node.module): node.source.text for node in snapshot.graph.nodes if node.source is not None}
    assert places["AddmmBackward0", "c"] == "self.c(self.inner(x))"
    assert places["ReluBackward0", "inner._orig_mod"] == "self.inner(x)"
    assert places["MeanBackward0", ""] == "call(X).pow(2).mean()"


def test_a_gradient_is_followed_through_it() -> None:
    case = Case()
    compiled = case.compiled(case.model)
    with gradtui.trace(compiled) as trace:
        cut = compiled(X).detach().sum()
    (event,) = trace.capture(cut).events
    assert (event.kind, event.operation, event.reached) == ("detach", "detach", True)
    assert set(event.leaves) == {f"_orig_mod.{name}" for name, _ in case.model.named_parameters()}


def test_a_trace_within_a_trace() -> None:
    case = Case()
    compiled = case.compiled(case.model)
    with gradtui.trace(case.model) as outer, gradtui.trace(compiled) as inner:
        loss = compiled(X).sum()
        sine = torch.sin(loss)
    assert len(case.graphs) == 1
    for trace in (outer, inner):
        snapshot = trace.capture(sine)
        assert [node.source.text for node in snapshot.graph.nodes if node.source][:1] == ["torch.sin(loss)"]
    assert torch._C._len_torch_function_stack() == 0


def test_eager_where_nothing_is_to_be_compiled() -> None:
    """Asked to run it as Python, torch does, and the trace sees all of it."""
    case = Case()
    compiled = case.compiled(case.model)
    with torch.compiler.set_stance("force_eager"), gradtui.trace(case.model) as trace:
        loss = compiled(X).sum()
    snapshot = trace.capture(loss)
    assert not case.graphs
    assert snapshot.modules["a"].calls == 1
    assert all(note.kind != "code" for note in snapshot.notes)


FIRST = """
import sys, torch
from torch import nn
import gradtui

graphs = []
def backend(graph, _):
    graphs.append(graph)
    return graph.forward

model = nn.Linear(4, 1)
x = torch.ones(3, 4)
assert "torch._dynamo" not in sys.modules
with gradtui.trace(model) as trace:
    loss = torch.compile(model, backend=backend)(x).sum()
print(len(graphs), end=" ")
torch.compile(model, backend=backend)(x)
print(len(graphs), trace.capture(loss).modules[""].calls)
"""


@pytest.mark.child
@pytest.mark.long
def test_the_first_torch_compile_of_a_process_is_in_a_trace() -> None:
    """Dynamo is loaded by it, and not before."""
    ran = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["1", "1", "1"]


@pytest.mark.long
def test_what_overwrites_its_own_buffers() -> None:
    """Once backward has run, the compiler counts on no second run of it: that is said, and the person's own still works."""
    w = torch.rand(10, 10, requires_grad=True)

    def chained(x: torch.Tensor) -> torch.Tensor:
        return torch.relu(torch.sin(torch.sigmoid(x @ w) @ w) @ w).sum()

    compiled: Any = torch.compile(chained, backend="aot_eager")  # Inductor's buffers are given away by the same code
    compiled(torch.rand(10, 10, requires_grad=True)).backward()
    loss = compiled(torch.rand(10, 10, requires_grad=True))
    problem = gradtui.capture(loss).problem
    assert problem is not None
    assert "donated_buffer" in problem.hint
    w.grad = None
    loss.backward()
    assert w.grad is not None


@pytest.mark.long
def test_inductor() -> None:
    """The compiler that people use: one node stands for all of it, and its gradients are those of the plain model."""
    torch.manual_seed(0)
    model = Net()
    known = torch._inductor.list_options()
    soonest = [
        name for name in ("cpp.vec_isa_ok", "cpp_cache_precompile_headers") if name in known
    ]  # a third of g++'s time
    compiled: Any = torch.compile(model, options=dict.fromkeys(soonest, False))
    with gradtui.trace(compiled) as trace:
        loss = compiled(X).pow(2).mean()
    snapshot = trace.capture(loss)
    assert dynamo.utils.counters["stats"]["unique_graphs"] == 1
    assert "CompiledFunctionBackward" in [node.name for node in snapshot.graph.nodes]
    model(X).pow(2).mean().backward()
    for name, parameter in model.named_parameters():
        grad = snapshot.parameters[f"_orig_mod.{name}"].grad
        assert grad is not None
        assert parameter.grad is not None
        numbers = torch.tensor(grad.numbers)
        assert torch.allclose(numbers, parameter.grad.reshape(-1)[: len(numbers)], atol=1e-6)


class Gated(torch.nn.Module):
    """Of which the gate is cut off, in what is compiled."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.mix = torch.nn.Parameter(torch.zeros(3)), torch.nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mixed: torch.Tensor = self.gate.sigmoid().detach() * self.mix(x)
        return mixed


@pytest.mark.parametrize("compiled", [True, False])
def test_what_is_cut_off_inside_is_not_said_to_be_unused(compiled: bool) -> None:
    """Its module was seen to run, and nothing that is in it."""
    model: Any = torch.compile(Gated(), backend="eager") if compiled else Gated()
    with gradtui.trace(model) as trace:
        made = model(torch.ones(2, 3)).sum()
    assert {one.kind for one in trace.capture(made).findings} == {"not_in_graph" if compiled else "detached"}
