"""What reads numbers keeps to one thread, and leaves the program's own number of threads as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

import gradtui
from gradtui.engine.tensors.summaries import FEW, one_thread


@pytest.fixture(autouse=True)
def _three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_one_within_and_as_before_afterwards() -> None:
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3
    with pytest.raises(RuntimeError), one_thread(FEW):
        raise RuntimeError
    assert torch.get_num_threads() == 3


def test_as_many_as_before_for_what_is_large() -> None:
    with one_thread(FEW + 1):
        assert torch.get_num_threads() == 3


@pytest.mark.parametrize("size", [3, 300, 30_000])
def test_of_a_capture_while_it_reads(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """30,000 elements are read at once, fewer together with others."""
    seen: list[int] = []
    read = torch.linalg.vector_norm

    def norm(*args: Any, **settings: Any) -> torch.Tensor:
        seen.append(torch.get_num_threads())
        found: torch.Tensor = read(*args, **settings)
        return found

    monkeypatch.setattr(torch.linalg, "vector_norm", norm)
    x = torch.rand(size, requires_grad=True)
    with gradtui.trace():
        y = x.exp().sum()
    gradtui.capture(y)
    assert torch.get_num_threads() == 3
    assert {*seen} == ({1} if size > 8 else set())
