"""What goes wrong in a recording ends the recording, never what is recorded; what goes wrong in a capture leaves nothing."""

from __future__ import annotations

import gc
import signal
import warnings
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from types import FunctionType
from typing import Any, cast

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import gradtui
from gradtui.engine.capture.calls import Calls
from gradtui.engine.capture.leaf_names import OutermostCall
from gradtui.engine.capture.trace import _Modules
from gradtui.engine.user.evaluate import evaluate
from gradtui.findings.findings import findings
from gradtui.snapshot.model import Request
from tests.failing import called_by, failing

BY_TORCH = {
    "Recorder.__enter__",
    "Recorder.__exit__",
    "Recorder.__torch_function__",
    "Recorder._arrived",
    "Recorder._constructed",
    "Recorder._pass",
    "Recorder._pass.<locals>.keep",
    "Recorder.come_back",
    "Recorder.fails",
    "Recorder.own",
    "Recorder.step_aside",
    "Recorder.variables",
    "Trace.__enter__",
    "Trace.__exit__",
    "Trace.recording",
    "_Heard.__call__",
    "_Modules.come_back",
    "_Modules.leave",
    "_Modules.step_aside",
    "_Modules._hook.<locals>.hook",
    "_arrive",
    "_call",
    "_count",
    "_meant",
    "arrivals",
    "at_their_lines",
    "at_their_lines.<locals>.show",
    "called",
    "stepping_aside",
    "watched",
}
"""What torch and the `with` call, which does no more than begin or hand on a call, and what that is made of.

Without `_meant` a warning comes all the same, at another line.
"""


PUT_BACK = {"_differs", "Nested.end"}
"""By these themselves buffers, and the gradients of reentrant checkpoints, are put back."""


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        return 2 * ctx.saved_tensors[0] * gradients[0]


def forward(around: Callable[[nn.Module], Any]) -> tuple[list[object], torch.Tensor]:
    """What came of one in which all happens that a recording looks at, and what is left."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.1), nn.ReLU(), nn.Linear(4, 1))
    x = torch.randn(5, 3)
    earlier = net(x).sum()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with around(net):
            out = net(x)
            out.register_hook(lambda gradient: gradient * 1.0)
            weight, variable = nn.Parameter(torch.ones(3)), torch.autograd.Variable(out.detach(), requires_grad=True)
            left = torch.from_numpy(out.detach().numpy() * 2.0)
            squared = Square.apply(weight)  # type: ignore[no-untyped-call]
            loss = out.mean() + squared.sum() + variable.sum() + left.sum() + earlier * 0.1
            with torch.no_grad():
                loss * 2
            drawn = torch.distributions.Normal(weight, 1.0).sample()  # type: ignore[no-untyped-call]
            (slope,) = torch.autograd.grad((weight**3).sum(), weight, create_graph=True)
            loss = loss + (slope * drawn).sum() + (weight.to(torch.float16) + 1e-9).float().sum()
            loss = loss + checkpoint(lambda one: (one * 2).sum(), weight, use_reentrant=False)
            copy = weight.clone()
            copy[0] = 3.0
            late = torch.ones(2)
            late.requires_grad_()
            weight.data.add_(0.0)
            bad = torch.log(weight.detach() - 2)
            warnings.warn("heard", stacklevel=1)
            loss = loss + copy.sum() + nn.functional.mse_loss(out, torch.ones(5))
    torch.autograd.backward(loss)
    of_net = [float(one.grad.sum()) for one in net.parameters() if one.grad is not None]
    modes = torch._C._len_torch_function_stack(), torch.is_grad_enabled(), torch.from_numpy.__name__
    told = [(str(one.message), one.lineno) for one in heard]
    return [loss.item(), bad.tolist(), weight.grad, of_net, torch.randn(1).item(), modes, told], loss


def test_whatever_of_it_fails_the_forward_pass_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    forward(lambda net: nullcontext())  # some warnings come but once
    plain, harmed = str(forward(lambda net: nullcontext())[0]), []
    every = called_by(BY_TORCH, lambda: forward(gradtui.trace))
    capsys.readouterr()
    assert str(forward(gradtui.trace)[0]) == plain
    assert not capsys.readouterr().err
    assert len(every) > 15
    for function in every:
        try:
            with failing(function):
                seen = str(forward(gradtui.trace)[0])
        except RuntimeError as error:
            seen = repr(error)
        if seen != plain or capsys.readouterr().err.count("not recorded") > 1:
            harmed.append(function.__qualname__)
    assert not harmed


def test_what_the_handler_of_a_signal_raises_within_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def comes(*args: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(Calls, "_before", lambda *args: signal.raise_signal(signal.SIGINT))
    before = signal.signal(signal.SIGINT, comes)
    try:
        with pytest.raises(TimeoutError), gradtui.trace():
            torch.ones(2).sum()
    finally:
        signal.signal(signal.SIGINT, before)


CODE = """
import torch
net = torch.nn.Linear(1, 1)
def loss(w: float = 2.0):
    kept = w.detach() * 2
    return (w - 3) ** 2 + kept + 0 * net(torch.ones(1)).sum()
"""


@pytest.mark.parametrize("place", [Calls._before, Calls._after, OutermostCall.variables, _Modules._mark])
def test_a_function_of_a_file_has_its_value_and_gradient_without_the_recording(
    place: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "own.py"
    path.write_text(CODE)
    asked = Request(1, f"{path}:loss", {}, origin="function")
    plain = evaluate(asked)
    with failing(cast(FunctionType, place)):
        told = evaluate(asked)
    assert (told.problem, told.value, told.variables) == (None, plain.value, plain.variables)
    assert len(told.graph.nodes) == len(plain.graph.nodes)
    assert ["RuntimeError" in note.text for note in told.notes if note.kind == "fault"] == [True]
    assert not [one for one in findings(told) if one.certainty == "proved"]


def test_of_half_a_recording_nothing_is_said_of_what_raised() -> None:
    net = nn.Linear(1, 1)

    def step() -> gradtui.api.Trace:
        watch = gradtui.trace(net)
        with pytest.raises(RuntimeError, match="does not require grad"), watch:
            net(torch.ones(1)).detach().sum().backward()
        return watch

    assert step().findings
    with failing(cast(FunctionType, Calls._after)):
        assert not step().findings


def caught() -> tuple[nn.Module, nn.Parameter, torch.Tensor]:
    """A loss of which a capture runs backward through modules that write, checkpoints, hooks and random numbers."""
    torch.manual_seed(0)
    net, weight = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)), nn.Parameter(torch.ones(3))
    out = net(torch.randn(5, 3))
    out.register_hook(lambda gradient: gradient * 1.0)
    net[0].weight.register_hook(lambda gradient: None)  # type: ignore[operator]
    weight.grad = torch.ones(3)
    dropped = checkpoint(lambda one: torch.dropout(one * 2, 0.5, True).sum(), weight, use_reentrant=False)
    again = checkpoint(lambda one: net[1](one.sum().expand(2, 4)).sum(), weight, use_reentrant=True)
    return net, weight, out.square().mean() + Square.apply(weight).sum() + dropped + again  # type: ignore[no-untyped-call]


def state(net: nn.Module, weight: nn.Parameter, loss: torch.Tensor) -> list[object]:
    leaves = [weight, *net.parameters()]
    return [
        [None if one.grad is None else one.grad.tolist() for one in leaves],
        [len(one._backward_hooks or ()) for one in leaves],
        [(len(one._forward_hooks), len(one._forward_pre_hooks), len(one._backward_hooks)) for one in net.modules()],
        [one.tolist() for one in net.buffers()],
        (torch._C._len_torch_function_stack(), torch._C._len_torch_dispatch_stack()),
        str(torch._C._get_torch_function_state()),  # type: ignore[attr-defined]
        (torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_anomaly_enabled()),
        torch.get_rng_state().tolist(),
        (list(warnings.filters), cast(Any, warnings)._showwarnmsg),
        (cast(Any, torch.autograd)._engine_run_backward, torch.from_numpy, gc.isenabled()),
    ]


def test_a_capture_that_fails_leaves_nothing_behind() -> None:
    around = {"capture", "undisturbed", "unchanged", "_Capture.snapshot", "_Capture._run", "drive", "_Capture._facts"}
    every = called_by(around, lambda: gradtui.capture(caught()[2]))
    assert len(every) > 20
    harmed = []
    for function in every:
        if function.__qualname__ in PUT_BACK:
            continue
        net, weight, loss = caught()
        before = state(net, weight, loss)
        with failing(function), suppress(RuntimeError):
            gradtui.capture(loss)
        after = state(net, weight, loss)
        torch.autograd.backward(loss)
        if after != before:
            harmed.append(function.__qualname__)
    assert not harmed
