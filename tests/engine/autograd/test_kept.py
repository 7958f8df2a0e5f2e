"""The bytes that nodes keep for backward, against what torch hands to its own hooks when it saves tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd.graph import saved_tensors_hooks

import gradtui
from gradtui.graph import kept
from gradtui.outline.arrangement import Arrangement
from gradtui.tui.graph.tables import table_header, table_pieces
from tests.models.language import gpt2
from tests.torch_version import sees_what_is_kept


def test_tensors_without_memory() -> None:
    """Nor a word: torch warns of whoever asks a fake tensor for its memory, here an error."""
    with FakeTensorMode():
        model = nn.Linear(3, 2)
        snapshot = gradtui.capture(model(torch.ones(4, 3)).sum(), model=model)
    assert len(snapshot.graph.nodes) > 3


def mlp() -> tuple[nn.Module, Callable[[], Tensor]]:
    model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 32), nn.GELU(), nn.Dropout(0.5), nn.Linear(32, 2))
    x = torch.randn(64, 6)
    return model, lambda: model(x).pow(2).mean()


def shared() -> tuple[nn.Module, Callable[[], Tensor]]:
    """One tensor that several operations keep, views of it, and a frozen layer."""
    model = nn.ModuleDict({"one": nn.Linear(8, 8), "two": nn.Linear(8, 8).requires_grad_(False)})
    x = torch.randn(16, 8)

    def loss() -> Tensor:
        h = model["two"](model["one"](x).tanh())
        total: Tensor = (h * h + h[:8].repeat(2, 1) * h.T.reshape(16, 8) + torch.cat([h, h.exp()])[:16]).sum()
        return total

    return model, loss


def recurrent() -> tuple[nn.Module, Callable[[], Tensor]]:
    model = nn.GRU(4, 8, batch_first=True)
    x = torch.randn(5, 7, 4)
    return model, lambda: model(x)[0].square().sum()


def language() -> tuple[nn.Module, Callable[[], Tensor]]:
    model: Any = gpt2(2)
    tokens = torch.randint(100, (2, 12))
    return model, lambda: model(input_ids=tokens, labels=tokens).loss


def oracle(model: nn.Module, loss: Callable[[], Tensor]) -> int:
    """Of all storages that torch saves, each once, those that are no parameter's."""
    seen: dict[int, int] = {}
    alive = []

    def pack(tensor: Tensor) -> Tensor:
        alive.append(tensor)
        seen[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        alive.append(loss())
    for parameter in model.parameters():
        seen.pop(parameter.untyped_storage().data_ptr(), None)
    return sum(seen.values())


@sees_what_is_kept
@pytest.mark.long
@pytest.mark.parametrize("make", [mlp, shared, recurrent, language])
@pytest.mark.parametrize("traced", [True, False])
def test_they_add_up_to_what_torch_keeps(
    make: Callable[[], tuple[nn.Module, Callable[[], Tensor]]], traced: bool
) -> None:
    torch.manual_seed(0)
    model, loss = make()
    wanted = oracle(model, loss)
    if traced:
        with gradtui.trace(model) as trace:
            output = loss()
        snapshot = trace.capture(output)
    else:
        output = loss()
        snapshot = gradtui.capture(output, model=model)
    assert kept.in_all(snapshot) == wanted > 0
    sizes = kept.by_module(snapshot)
    assert sizes[""] == wanted
    children = {path: size for path, size in sizes.items() if path and "." not in path}
    assert sum(children.values()) <= wanted


@sees_what_is_kept
def test_of_a_module_what_is_in_it_counts() -> None:
    model, loss = mlp()
    with gradtui.trace(model) as trace:
        output = loss()
    sizes = kept.by_module(trace.capture(output))
    assert sizes["1"] == 64 * 32 * 4  # what relu made: the layer after it keeps the same
    assert sizes["0"] == 64 * 6 * 4
    assert "2" not in sizes


@sees_what_is_kept
def test_the_table_of_modules_says_what_each_keeps() -> None:
    """Of those without parameters too, which keep most; the table of parameters has no such column, and cannot be so ordered."""
    model, loss = mlp()
    with gradtui.trace(model) as trace:
        output = loss()
    arrangement = Arrangement(trace.capture(output))
    sizes = kept.by_module(arrangement.numbers.snapshot)
    arrangement.view = "modules"
    while arrangement.order != "kept":
        arrangement.cycle_order(1)
    arrangement.arrange()
    assert {row.name for row in arrangement.table} == {*sizes, "2", "5"}
    assert [row.kept for row in arrangement.table] == sorted((*sizes.values(), 0, 0)[:7], reverse=True)
    texts = ["".join(piece for piece, _ in table_pieces(row, 78, None)) for row in arrangement.table]
    heads = "".join(piece for piece, _ in table_header(78, "kept", modules=True))
    assert heads.index("kept") > 0
    for row, text in zip(arrangement.table, texts, strict=True):
        assert f" {kept.in_units(sizes.get(row.name, 0))} " in text
        assert text[: heads.index("kept") + len("kept")].endswith("B")
    assert "kept" not in "".join(piece for piece, _ in table_header(200, "order"))
    arrangement.only = "bad"
    arrangement.arrange()
    assert not [row.name for row in arrangement.table if row.name == "1"]
    arrangement.cycle_view()
    assert str(arrangement.order) == "order"


@sees_what_is_kept
def test_what_a_checkpoint_runs_again_is_not_kept() -> None:
    model, _ = mlp()
    x = torch.randn(64, 6)
    plain = gradtui.capture(model(x).sum(), model=model)
    again = torch.utils.checkpoint.checkpoint(model, x, use_reentrant=False).sum()
    assert (kept.in_all(gradtui.capture(again, model=model)) or 0) < (kept.in_all(plain) or 0) / 2


def test_in_units() -> None:
    assert [kept.in_units(size) for size in (0, 999, 1024, 1536, 5 * 2**20, 3 * 2**40)] == [
        "0 B", "999 B", "1 KiB", "1.5 KiB", "5 MiB", "3 TiB",
    ]  # fmt: skip
