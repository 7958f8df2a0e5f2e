"""What a forward pass leaves behind: values, exact places in the text, and what became of gradients."""

from __future__ import annotations

import gc
import inspect
import weakref
from typing import Any

import pytest
import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.checkpoint import checkpoint

import gradtui
from gradtui.engine.capture.places import Places
from gradtui.engine.capture.recorder import Recorder
from gradtui.engine.capture.recording import Recording, recording_of
from gradtui.engine.tensors.values import values_of


def number(tensor: torch.Tensor) -> int:
    assert tensor.grad_fn is not None
    return tensor.grad_fn._sequence_nr()


def of_this_file(recording: Recording) -> dict[int, str]:
    """The text of every source; each is checked to stand where it says."""
    for source in recording.sources.values():
        assert source.file is not None
        text = recording.files[source.file]
        assert text[source.start : source.end] == source.text
        assert text.count("\n", 0, source.start) + 1 == source.line
    return {made: source.text for made, source in recording.sources.items()}


def test_values_and_exact_columns() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with Recorder() as recorder:
        ä = torch.exp(-x)  # a name of two bytes before the columns
        y = 1 + ä * ä.sum()
        z = torch.add(
            y,
            2,
        )
    recording = recorder.recording
    assert list(of_this_file(recording).values()) == [
        "-x",
        "torch.exp(-x)",
        "ä.sum()",
        "ä * ä.sum()",
        "1 + ä * ä.sum()",
        inspect.cleandoc("torch.add(\ny,\n2,\n)")
        .replace("\n", "\n            ")
        .replace(" " * 12 + ")", " " * 8 + ")"),
    ]
    for tensor in (ä, y, z):
        assert recording.values[number(tensor)] == values_of(tensor)
        assert recording_of(tensor.grad_fn) is recording  # type: ignore[arg-type]
    assert recording_of((x * 2).grad_fn) is None  # type: ignore[arg-type]


def test_texts_that_are_given() -> None:
    text = "def f(x):\r\n    return x * x\r\n"
    namespace: dict[str, Any] = {}
    exec(compile(text, "own.py", "exec"), namespace)  # noqa: S102
    with Recorder(Places({"own.py": text})) as recorder:
        namespace["f"](torch.tensor(2.0, requires_grad=True))
    (source,) = recorder.recording.sources.values()
    assert (source.text, source.file, source.line) == ("x * x", "own.py", 2)
    assert recorder.recording.files["own.py"] == text
    assert text[source.start : source.end] == "x * x"


def test_a_file_that_is_not_there() -> None:
    namespace: dict[str, Any] = {}
    exec(compile("def f(x):\n    return x * x\n", "gone.py", "exec"), namespace)  # noqa: S102
    with Recorder() as recorder:
        namespace["f"](torch.tensor(2.0, requires_grad=True))
    (source,) = recorder.recording.sources.values()
    assert (source.text, source.file, source.line) == ("", "gone.py", 2)


class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x * 2

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> torch.Tensor:
        return grads[0] * 2


def test_custom_function() -> None:
    x = torch.tensor(3.0, requires_grad=True)
    with Recorder() as recorder:
        doubled = Double.apply(x)  # type: ignore[no-untyped-call]
        total = doubled + 1
    texts = of_this_file(recorder.recording)
    assert texts[number(doubled)] == "Double.apply(x)"
    value = recorder.recording.values[number(doubled)]
    assert value is not None
    assert value.numbers == (6.0,)
    assert texts[number(total)] == "doubled + 1"
    assert not recorder.recording.happenings


@pytest.mark.long
def test_no_tensor_is_kept() -> None:
    x = torch.ones(5, requires_grad=True)
    with Recorder() as recorder:
        y = (x * 2).detach() * 3
    kept = weakref.ref(y), weakref.ref(x)
    del x, y
    gc.collect()
    assert [reference() for reference in kept] == [None, None]
    assert len(recorder.recording.happenings) == 1


def events(recorder: Recorder, **leaves: torch.Tensor) -> list[tuple[str, str, tuple[str, ...]]]:
    names = {leaf: name for name, leaf in leaves.items()}
    return [(event.kind, event.operation, event.leaves) for event in recorder.recording.events(names, {})]


@pytest.mark.filterwarnings("ignore:To copy construct", "ignore:Converting a tensor")
def test_events() -> None:
    w, v = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor(3.0, requires_grad=True)
    with Recorder() as recorder:
        h = w * 2
        h.detach()
        w.data  # noqa: B018
        with torch.no_grad():
            still = h * v
        h.to(torch.int64)
        (h > 0).any()
        h.sum().item()
        h.argmax()
        torch.tensor(h)
        still.requires_grad_()
        h.add_(1)
        w.to(torch.float64)
        fine = torch.zeros_like(h) + h.size(0) + torch.tensor(2.0) * v
    assert fine.requires_grad
    assert events(recorder, w=w, v=v) == [
        ("detach", "detach", ("w",)),
        ("detach", "data", ("w",)),
        ("no_grad", "mul", ("w", "v")),
        ("integer", "to", ("w",)),
        ("not_differentiable", "gt", ("w",)),
        ("left_torch", "item", ("w",)),
        ("not_differentiable", "argmax", ("w",)),
        ("new_leaf", "tensor", ("w",)),
        ("new_leaf", "requires_grad_", ()),
        ("inplace", "add_", ("w",)),
        ("moved", "to", ("w",)),
    ]


def test_events_of_a_loop_are_one() -> None:
    w = torch.tensor(1.0, requires_grad=True)
    with Recorder() as recorder:
        for _ in range(5):
            w.detach()
    (event,) = recorder.recording.events({w: "w"}, {})
    assert event.source is not None
    assert event.source.text == "w.detach()"


def test_transforms_pass_unseen() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with Recorder() as recorder:
        slopes = torch.func.vmap(torch.func.grad(torch.sin))(x.detach())
    assert torch.allclose(slopes, torch.cos(x.detach()))
    assert not recorder.recording.values


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad=True")
def test_whether_what_came_of_an_event_went_into_the_output() -> None:
    """Each way to the output is cut at another place; what does not lead there is not taken for it."""
    w, v, u = (torch.tensor([1.0, 2.0], requires_grad=True) for _ in range(3))
    with Recorder() as recorder:
        hidden = w * v
        right = (hidden.argmax() == 1).float().mean()  # a metric, not in the loss
        with torch.no_grad():
            looked_at = hidden * 2
        best, place = hidden.max(0)
        kept = hidden.detach().clone()
        fresh = torch.tensor([u[0], u[1]])
        loss = kept.sum() * w.sum() + fresh.exp().sum() + torch.zeros(2)[place]
        printed = loss.item()
    assert right + looked_at.sum() + best + printed != 0
    names = {w: "w", v: "v", u: "u"}
    reached = {event.operation: event.reached for event in recorder.recording.events(names, {}, [loss])}
    assert reached == {"argmax": False, "mul": False, "detach": True, "tensor": True, "item": None, "max": True}
    without = {event.operation: event.reached for event in recorder.recording.events(names, {}, [hidden.sum()])}
    assert not any(without.values())


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
def test_a_reentrant_checkpoint_cuts_only_where_no_input_requires_grad() -> None:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    for x, cut in ((torch.ones(2), ["checkpoint"]), (torch.ones(2, requires_grad=True) * 2, [])):
        with Recorder() as recorder:
            loss = checkpoint(lambda given: (given * w).exp(), x, use_reentrant=True).sum()
        found = [event.kind for event in recorder.recording.events({w: "w"}, {}, [loss]) if event.reached]
        assert found == cut


def test_an_output_without_a_graph_is_followed_too() -> None:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    with Recorder() as recorder:
        looked_at = w.detach().sum()
        loss = (w * 2).argmax() + 1
    reached = [(event.operation, event.reached) for event in recorder.recording.events({w: "w"}, {}, [loss])]
    assert reached == [("detach", False), ("argmax", True)]
    assert looked_at == 3


def test_a_view_whose_maker_torch_refuses_to_tell() -> None:
    """torch.nn.Embedding makes one with a padding_idx: a row set to 0 under no_grad."""
    with Recorder() as recorder:
        table = nn.Embedding(5, 3, padding_idx=0)
        loss = table(torch.tensor([1, 0])).sum()
    assert loss.grad_fn is not None
    assert recorder.recording.covers(loss.grad_fn._sequence_nr())
    loss.backward()
    assert table.weight.grad is not None
    assert table.weight.grad[1].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    "make",
    [
        lambda number, numbers: torch.tensor(numbers),
        lambda number, numbers: torch.full((2,), number),
        lambda number, numbers: torch.linspace(0.0, number, 3),
        lambda number, numbers: torch.as_tensor([[number]]),
    ],
)
def test_numbers_that_left_torch_and_come_back_without_a_tensor(make: Any) -> None:
    """What is called without any tensor runs as it would alone, and what left is known again."""
    w = torch.tensor([1.5, 2.5], requires_grad=True)
    with Recorder() as recorder:
        made = make((w * 2)[1].item(), (w * 2).tolist())
        loss = made.sum()
    assert made.flatten()[-1] == 5
    reached = {event.operation: event.reached for event in recorder.recording.events({w: "w"}, {}, [loss])}
    assert reached["item"] or reached["tolist"]


GLOBAL = torch.tensor([1.0], requires_grad=True)


def test_leaves_that_no_model_has_are_called_what_the_code_calls_them() -> None:
    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.RNN(2, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            h0 = nn.Parameter(torch.zeros(1, 4, 3))
            out: torch.Tensor = self.rnn(x, h0)[0]
            return out * GLOBAL

    model = Reader()
    with gradtui.trace(model) as trace:
        loss = model(torch.randn(5, 4, 2)).sum()
    snapshot = trace.capture(loss)
    assert {"h0", "GLOBAL"} <= {node.variable for node in snapshot.graph.nodes}


class Passing(TorchFunctionMode):
    """A mode of a person's own, that hands on what is called."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))


class Told(torch.Tensor):
    """A tensor of a person's own."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return super().__torch_function__(func, types, args, kwargs)  # type: ignore[no-untyped-call]


def test_what_hands_a_call_on_is_not_where_it_was_made() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with Recorder() as recorder, Passing(), Passing():
        y = x.exp() + 1
    assert list(of_this_file(recorder.recording).values()) == ["x.exp()", "x.exp() + 1"]
    with Passing(), Recorder() as recorder:
        y = x.exp() + 1
    assert list(of_this_file(recorder.recording).values()) == ["x.exp()", "x.exp() + 1"]
    told = x.as_subclass(Told)
    with Recorder() as recorder:
        y = told.exp() + 1
    assert list(dict.fromkeys(of_this_file(recorder.recording).values())) == ["told.exp()", "told.exp() + 1"]
    assert y.requires_grad


def test_nor_is_it_of_what_is_cut_off_or_refused() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with gradtui.trace() as trace, Passing():
        y = x.detach()
        loss = (x * y).sum()
    cut = [event.source.text for event in trace.capture(loss).events if event.source is not None]
    assert cut == ["x.detach()"]
    with pytest.raises(RuntimeError), gradtui.trace() as trace, Passing():
        x += 1
    assert trace.findings[0].source is not None
    assert trace.findings[0].source.text == "x += 1"


WEIGHTS = [torch.ones(2, requires_grad=True) for _ in range(2)]


class Held:
    def __init__(self) -> None:
        self.table = {"w": torch.ones(2, requires_grad=True), 3: torch.ones(2, requires_grad=True)}

    def loss(self) -> torch.Tensor:
        return (self.table["w"] * self.table[3] * WEIGHTS[0] * WEIGHTS[1]).sum()


def test_leaves_in_lists_and_dicts_are_called_by_their_place_there() -> None:
    with gradtui.trace() as trace:
        loss = Held().loss()
    assert {*trace.capture(loss).parameters} == {"table['w']", "table[3]", "WEIGHTS[0]", "WEIGHTS[1]"}
