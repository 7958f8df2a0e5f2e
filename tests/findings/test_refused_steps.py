"""A step that raises inside a trace: what torch refused, in which line, and what people do about it."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.distributions import Categorical

import gradtui

MODEL, X = nn.Linear(3, 3), torch.randn(4, 3)


def copied() -> object:
    return copy.deepcopy(MODEL(X))


def masked_in_half() -> object:
    return MODEL(X).half().masked_fill(X > 0, -1e9)


def not_positive() -> object:
    return torch.linalg.cholesky(MODEL.weight @ MODEL.weight.T - torch.eye(3))


def singular() -> object:
    return torch.linalg.inv(MODEL.weight * 0)


def complex_loss() -> None:
    torch.fft.fft(MODEL(X)).mean().backward()


def choice_of_nan() -> object:
    """It says itself that it is to be validated: the first torch.compile of a process turns that off for all."""
    constant = torch.ones(4, 3)
    return Categorical(logits=MODEL((constant - 1) / constant.std(0)), validate_args=True)


STEPS: list[tuple[Callable[[], object], str, tuple[str, ...]]] = [
    (copied, "not_a_leaf", ("deepcopy", "clone()")),
    (masked_in_half, "overflow", ("float16", "finfo")),
    (not_positive, "domain", ("cholesky", "positive definite", "jitter")),
    (singular, "domain", ("inv", "singular", "ridge")),
    (complex_loss, "domain", ("complex", ".abs()")),
    (choice_of_nan, "zero_by_zero", ("0/0", "constant.std(0)")),
]


@pytest.mark.parametrize(("step", "kind", "words"), STEPS, ids=[step.__name__ for step, _, _ in STEPS])
def test_what_torch_refuses_is_told_with_its_line(step: Any, kind: str, words: tuple[str, ...]) -> None:
    trace = gradtui.trace(MODEL)
    with pytest.raises((RuntimeError, ValueError)) as error, trace:
        step()
    first = trace.findings[0]
    assert first.kind == kind, first
    assert first.certainty == "proved"
    for one in words:
        assert one in f"{first.text} {first.remedy}", first
    assert first.source is not None
    lines = step.__code__.co_firstlineno, step.__code__.co_firstlineno + 3
    assert lines[0] < (first.source.line or 0) <= lines[1]
    assert first.text in error.value.__notes__[0]


def test_bad_values_that_led_nowhere_are_not_proved_to_be_what_was_refused() -> None:
    """The first nan of the step is masked away, and data that nobody watched are refused."""

    def step() -> None:
        masked = (MODEL(X) - MODEL(X)).log().log().nan_to_num()
        Categorical(logits=torch.full((4, 3), float("nan")) + masked.detach() * 0, validate_args=True)

    trace = gradtui.trace(MODEL)
    with pytest.raises(ValueError, match="invalid values"), trace:
        step()
    (first,) = trace.findings
    assert first.certainty == "likely"
    assert any("not seen" in one for one in first.evidence)


def test_an_exception_of_another_kind_has_no_findings() -> None:
    trace = gradtui.trace(MODEL)
    with pytest.raises(KeyError), trace:
        {int(MODEL(X).sum() > 0): 1}["nan"]  # type: ignore[index]
    assert trace.findings == ()


class Clip(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x.clamp(-1, 1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Any) -> Any:
        return grad * (ctx.saved_tensors[0].abs() < 1)


def test_a_second_derivative_of_what_has_one_alone_names_the_function() -> None:
    x = X.clone().requires_grad_()
    with gradtui.trace(MODEL) as trace:
        out: Any = Clip.apply(MODEL(x))  # type: ignore[no-untyped-call]
        (slope,) = torch.autograd.grad(out.pow(2).sum(), x, create_graph=True)
        loss = slope.norm()
    first = trace.capture(loss).findings[0]
    assert first.kind == "custom"
    assert "Clip" in first.text
    assert "once_differentiable" in first.text


def test_an_input_that_required_grad_too_late() -> None:
    """It is no parameter, so there is no module of its own of which anything could be said."""
    x = torch.randn(4, 3)
    with gradtui.trace(MODEL) as trace:
        loss = MODEL(x).sum()
        x.requires_grad_()
    (first, *_) = trace.capture(loss, names={"x": x}).findings
    assert first.parameter == "x"
    assert "before it required" in first.text
    assert "module" not in first.text


@pytest.mark.parametrize(("operation", "way"), [("bincount", "index_add"), ("floor_divide", "straight through")])
def test_what_has_no_derivative_has_another_way(operation: str, way: str) -> None:
    with gradtui.trace(MODEL) as trace:
        if operation == "bincount":
            loss = torch.bincount(torch.tensor([0, 1, 1, 0]), weights=MODEL(X)[:, 0]).sum().requires_grad_()
        else:
            loss = (MODEL(X) // 0.25).sum()
    first = trace.capture(loss).findings[0]
    assert operation in first.text
    assert way in first.remedy


class Bank:
    """Keeps what the last batches were encoded to."""

    def __init__(self) -> None:
        self.kept: deque[torch.Tensor] = deque(maxlen=2)

    def scores(self, codes: torch.Tensor) -> torch.Tensor:
        return codes @ torch.cat(list(self.kept)).T


def test_what_another_object_carried_over_is_named() -> None:
    model, bank = nn.Sequential(nn.Linear(3, 4), nn.Tanh()), Bank()
    bank.kept.append(model(X))
    bank.kept[0].sum().backward()  # type: ignore[no-untyped-call]
    with gradtui.trace(model) as trace:
        loss = bank.scores(model(X)).sum()
    (found,) = trace.capture(loss).findings
    assert found.kind == "freed"
    assert "self.kept" in found.text
    assert found.source is not None
    assert found.source.text == "torch.cat(list(self.kept))"
