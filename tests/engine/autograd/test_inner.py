"""The tensor operations inside nodes that the table of rules does not know."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode, is_in_torch_dispatch_mode

import gradtui
from gradtui.engine.autograd import backward, graph


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        if grad.isnan().any():
            raise ValueError("nan came in")
        return grad * 3 * torch.square(x)


def test_the_operations_of_a_custom_function() -> None:
    """As its backward is written; the sine beside it has a rule, and is not listened to."""
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    output = torch.sin(Cube.apply(x))  # type: ignore[no-untyped-call]
    nodes = graph.walk(graph.root(output))
    record = backward.run(output, nodes)
    (node,) = record.inside
    assert node.name() == "CubeBackward"
    assert record.inside[node][-3:] == ("mul", "pow", "mul")
    assert record.grad_outputs[graph.root(x)].tolist() == pytest.approx(
        (torch.cos(x.detach() ** 3) * 3 * x.detach() ** 2).tolist()
    )


@pytest.mark.parametrize("rows", [3, 300])
def test_what_is_read_of_its_gradients_is_not_in_it(rows: int) -> None:
    """However large they are: small ones are read later, large ones as the engine comes by."""
    x = torch.ones(rows, 100, requires_grad=True)
    output = (Cube.apply(x).t() * 2.0).sum()  # type: ignore[no-untyped-call]
    (node,) = [one for one in gradtui.capture(output).graph.nodes if one.inside]
    assert node.inside[-3:] == ("mul", "pow", "mul")


def test_nothing_listens_once_a_node_has_raised() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    output = Cube.apply(x) * torch.nan  # type: ignore[no-untyped-call]
    with pytest.raises(ValueError, match="nan came in"):
        backward.run(output, graph.walk(graph.root(output)))
    assert torch._C._len_torch_dispatch_stack() == 0
    assert not is_in_torch_dispatch_mode()  # where it is, older versions compile nothing any more


def test_a_mode_of_the_person_stays_when_a_node_raises() -> None:
    class Own(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return func(*args, **(kwargs or {}))

    x = torch.tensor(2.0, requires_grad=True)
    output = Cube.apply(x) * torch.nan  # type: ignore[no-untyped-call]
    with Own() as own:  # type: ignore[no-untyped-call]
        with pytest.raises(ValueError, match="nan came in"):
            backward.run(output, graph.walk(graph.root(output)))
        assert is_in_torch_dispatch_mode()
        assert torch.utils._python_dispatch._get_current_dispatch_mode() is own
    assert not is_in_torch_dispatch_mode()
