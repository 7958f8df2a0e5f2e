"""Warnings of torch name the line that they name without a watch or a trace, each as often."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import pytest
import torch
from torch import nn

import gradtui

Place = tuple[str, int, str]


def in_a_line_of_its_own(x: torch.Tensor) -> None:
    nn.functional.softmax(x)
    nn.functional.softmax(x * 2)


def in_a_module(x: torch.Tensor) -> None:
    nn.MSELoss()(x, x.detach()[:1])


def further_out_than_the_mode(x: torch.Tensor) -> None:
    nn.LogSoftmax()(x)


def by_a_function_in_c(x: torch.Tensor) -> None:
    assert torch.ones(2, 3, 4, requires_grad=True).T.shape == (4, 3, 2)
    assert torch.ones(2, 3, 4, requires_grad=True).T.shape == (4, 3, 2)


def by_an_attribute(x: torch.Tensor) -> None:
    assert (x * 2).grad is None


def by_a_constructor(x: torch.Tensor) -> None:
    for _ in range(2):
        torch.autograd.Variable(x, volatile=True)
    torch.autograd.Variable(x, volatile=True)


def by_an_array(x: torch.Tensor) -> None:
    array = x.detach().numpy().copy()
    array.flags.writeable = False
    torch.from_numpy(array)
    torch.from_numpy(array)


def by_a_backward_pass(x: torch.Tensor) -> None:
    torch.autograd.backward((x * 2).square().sum(), create_graph=True)
    x.grad = None


def of_a_loop(x: torch.Tensor) -> None:
    for _ in range(3):
        nn.functional.softmax(x)


def of_the_program_itself(x: torch.Tensor) -> None:
    warnings.warn("so far", stacklevel=1)


def of_a_forward_pass_that_runs_again(x: torch.Tensor) -> None:
    """Gradients of zeros have it looked at once more."""
    w = nn.Parameter(torch.zeros(3, 3))
    optimizer = torch.optim.SGD([w], lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        nn.functional.softmax(x @ w).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def places(script: Callable[[torch.Tensor], None], within: AbstractContextManager[object]) -> list[Place]:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("default")
        with within:
            script(torch.ones(2, 3, requires_grad=True))
    return [(one.filename, one.lineno, str(one.message)) for one in seen]


@pytest.fixture(autouse=True)
def always() -> Iterator[None]:
    """Torch itself tells some of them once in a process."""
    torch.set_warn_always(True)
    yield
    torch.set_warn_always(False)


@contextmanager
def all_of_them() -> Iterator[None]:
    with gradtui.watch(nn.Linear(1, 1)), gradtui.trace(), gradtui.watch(nn.Linear(1, 1)):
        yield


HOW = {
    "watch": lambda: gradtui.watch(nn.Linear(1, 1)),
    "trace": gradtui.trace,
    "all": all_of_them,
}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(
    "script",
    [
        in_a_line_of_its_own,
        in_a_module,
        by_a_function_in_c,
        by_an_attribute,
        by_a_constructor,
        by_an_array,
        by_a_backward_pass,
        of_a_loop,
        of_the_program_itself,
        of_a_forward_pass_that_runs_again,
    ],
)
def test_the_place_is_that_of_the_program_alone(script: Callable[[torch.Tensor], None], how: str) -> None:
    alone = places(script, nullcontext())
    assert alone
    assert places(script, HOW[how]()) == alone  # type: ignore[operator]


@pytest.mark.parametrize("how", HOW)
def test_further_out_than_the_mode_it_is_the_same_file(how: str) -> None:
    """Of hooks that a watch sets torch has other lines for the call of a module."""
    alone, within = (places(further_out_than_the_mode, one) for one in (nullcontext(), HOW[how]()))  # type: ignore[operator]
    assert [(file, text) for file, _, text in within] == [(file, text) for file, _, text in alone]


def test_a_filter_for_the_file_holds() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("default")
        warnings.filterwarnings("ignore", module=__name__)
        with gradtui.watch(nn.Linear(1, 1)):
            in_a_line_of_its_own(torch.ones(2, 3))
    assert seen == []


def test_a_program_may_show_them_itself() -> None:
    lines: list[int] = []

    def show(message: object, category: object, filename: str, lineno: int, file: object, line: object) -> None:
        assert filename == __file__
        lines.append(lineno)

    with warnings.catch_warnings(), gradtui.watch(nn.Linear(1, 1)):
        warnings.simplefilter("default")
        warnings.showwarning = show  # type: ignore[assignment]
        for _ in range(3):
            in_a_line_of_its_own(torch.ones(2, 3))
    first = in_a_line_of_its_own.__code__.co_firstlineno
    assert lines == [first + 1, first + 2]


def test_an_error_is_raised_where_one_is_asked_for() -> None:
    with warnings.catch_warnings(), gradtui.watch(nn.Linear(1, 1)):
        warnings.simplefilter("error")
        with pytest.raises(UserWarning):
            in_a_line_of_its_own(torch.ones(2, 3))


def test_what_shows_warnings_is_put_back() -> None:
    python: Any = warnings
    before = python._showwarnmsg
    with gradtui.watch(nn.Linear(1, 1)):
        assert python._showwarnmsg is not before
    assert python._showwarnmsg is before
