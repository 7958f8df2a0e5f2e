"""What can be read of a tensor, of every kind there is; what cannot says why, and nothing ends the process."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.distributed.tensor import DTensor, Replicate, Shard
from torch.testing._internal.two_tensor import TwoTensor

from gradtui.engine.tensors.readable_tensors import has_numbers, is_freed, is_same_storage, readable
from gradtui.engine.tensors.reader import read
from gradtui.engine.tensors.values import legible
from gradtui.snapshot.model import Unread

NUMBERS = [1.5, -2.0, 0.0, 4.25, 0.5, 3.0, -1.0, 2.0, 8.0, 0.0, 1.0, -0.5]
Make = Callable[[], torch.Tensor]


@pytest.fixture(autouse=True)
def _prototypes() -> Iterator[None]:
    """torch warns of layouts that are not finished."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def plain(dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.tensor(NUMBERS).reshape(3, 4).to(dtype)


def freed(tensor: torch.Tensor, left: int = 0) -> torch.Tensor:
    tensor.untyped_storage().resize_(left)
    return tensor


def rows(layout: torch.layout) -> torch.Tensor:
    return torch.nested.nested_tensor([plain()[:2], plain()[2:]], layout=layout)


def quantized(dtype: torch.dtype) -> torch.Tensor:
    return torch.quantize_per_tensor(torch.tensor([1.0, 2.0, 3.0, 1.0]), 1.0, 0, dtype)


def inside(transform: Callable[..., Any]) -> torch.Tensor:
    """A tensor of a transform of torch.func, kept after it."""
    kept: list[torch.Tensor] = []

    def function(x: torch.Tensor) -> torch.Tensor:
        kept.append(x)
        return x.sum()

    transform(function)(plain())
    return kept[0]


def fake() -> torch.Tensor:
    with FakeTensorMode():
        return torch.empty(3, 4)


def masked() -> torch.Tensor:
    return torch.masked.masked_tensor(plain(), plain() > 0)


class Own(torch.Tensor):
    """Without a dispatch of its own it is like any other."""


READ: dict[str, tuple[Make, list[float]]] = {
    "plain": (plain, NUMBERS),
    "a parameter": (lambda: nn.Parameter(plain()), NUMBERS),
    "a view": (lambda: plain()[1:], NUMBERS[4:]),
    "transposed": (lambda: plain().t(), [NUMBERS[4 * row + column] for column in range(4) for row in range(3)]),
    "expanded": (lambda: torch.tensor([2.5]).expand(3, 4), [2.5] * 12),
    "of length 0": (lambda: torch.empty(0, 4), []),
    "of length 0, its storage gone": (lambda: freed(plain()[:0]), []),
    "a scalar": (lambda: torch.tensor(3.5), [3.5]),
    "bool": (lambda: plain() > 0, [float(number > 0) for number in NUMBERS]),
    "int64": (lambda: plain().long(), [float(math.trunc(number)) for number in NUMBERS]),
    "bfloat16": (lambda: plain(torch.bfloat16), NUMBERS),
    "float8": (lambda: plain(torch.float8_e4m3fn), plain(torch.float8_e4m3fn).float().reshape(-1).tolist()),
    "complex": (lambda: torch.complex(plain(), -plain()), [part for x in NUMBERS for part in (x, -x)]),
    "conjugate": (lambda: torch.complex(plain(), plain()).conj(), [part for x in NUMBERS for part in (x, -x)]),
    "negative": (lambda: torch.complex(plain(), plain()).conj().imag, [-number for number in NUMBERS]),
    "coo": (lambda: plain().to_sparse(), NUMBERS),
    "csr": (lambda: plain().to_sparse_csr(), NUMBERS),
    "csc": (lambda: plain().to_sparse_csc(), NUMBERS),
    "bsr": (lambda: plain().to_sparse_bsr((3, 2)), NUMBERS),
    "bsc": (lambda: plain().to_sparse_bsc((3, 2)), NUMBERS),
    "mkldnn": (lambda: plain().to_mkldnn(), NUMBERS),
    "int8 quantized": (lambda: quantized(torch.qint8), [1.0, 2.0, 3.0, 1.0]),
    "4 bits quantized": (lambda: quantized(torch.quint4x2), [1.0, 2.0, 3.0, 1.0]),
    "2 bits quantized": (lambda: quantized(torch.quint2x4), [1.0, 2.0, 3.0, 1.0]),
    "jagged": (lambda: rows(torch.jagged), NUMBERS),
    "jagged, a row longer than shown": (
        lambda: torch.nested.nested_tensor_from_jagged(
            plain().reshape(6, 2), torch.tensor([0, 3, 6]), lengths=torch.tensor([1, 2])
        ),
        [*NUMBERS[:2], *NUMBERS[6:10]],
    ),
    "nested": (lambda: rows(torch.strided), NUMBERS),
    "nested, transposed": (
        lambda: torch.nested.nested_tensor([plain()], layout=torch.strided).transpose(1, 2),
        [NUMBERS[4 * row + column] for column in range(4) for row in range(3)],
    ),
    "zeros that are stored nowhere": (lambda: torch._efficientzerotensor((3, 4)), [0.0] * 12),
    "of a class": (lambda: plain().as_subclass(Own), NUMBERS),
}

UNREAD: dict[str, tuple[Make, Unread]] = {
    "freed": (lambda: freed(plain()), "freed"),
    "partly freed": (lambda: freed(plain(), 44), "freed"),
    "a view of what is freed": (lambda: _view_of_freed(), "freed"),
    "the end of what is partly freed": (lambda: freed(plain()[2:], 40), "freed"),
    "transposed and partly freed": (lambda: freed(plain().t(), 44), "freed"),
    "expanded and freed": (lambda: freed(torch.ones(1).expand(3, 4)), "freed"),
    "complex and freed": (lambda: freed(torch.complex(plain(), plain())), "freed"),
    "a freed scalar": (lambda: freed(torch.tensor(3.5)), "freed"),
    "large and freed": (lambda: freed(torch.zeros(1 << 20)), "freed"),
    "quantized and freed": (lambda: freed(quantized(torch.qint8)), "freed"),
    "4 bits quantized and freed": (lambda: freed(quantized(torch.quint4x2), 1), "freed"),
    "coo of freed values": (lambda: _without(plain().to_sparse(), lambda each: each._values()), "freed"),
    "coo of freed indices": (lambda: _without(plain().to_sparse(), lambda each: each._indices()), "freed"),
    "csr of freed rows": (lambda: _without(plain().to_sparse_csr(), torch.Tensor.crow_indices), "freed"),
    "bsc of freed values": (lambda: _without(plain().to_sparse_bsc((3, 2)), torch.Tensor.values), "freed"),
    "jagged and freed": (lambda: _without(rows(torch.jagged), lambda each: each.values()), "freed"),
    "nested and freed": (lambda: freed(rows(torch.strided)), "freed"),
    "of a class and freed": (lambda: freed(plain()).as_subclass(Own), "freed"),
    "meta": (lambda: torch.empty(3, 4, device="meta"), "meta"),
    "meta, of length 0": (lambda: torch.empty(0, 4, device="meta"), "meta"),
    "fake": (fake, "meta"),
    "a lazy parameter": (lambda: nn.LazyLinear(2).weight, "uninitialized"),
    "inside of vmap": (lambda: inside(torch.func.vmap), "transformed"),
    "inside of grad": (lambda: inside(torch.func.grad), "transformed"),
    "functionalized": (lambda: torch._to_functional_tensor(plain()), "transformed"),
    "masked": (masked, "opaque"),
    "of a class of its own": (lambda: TwoTensor(plain(), plain()), "opaque"),  # type: ignore[no-untyped-call]
}
if hasattr(torch, "float4_e2m1fn_x2"):  # not in torch 2.6
    UNREAD["half bytes"] = (lambda: torch.zeros(4, dtype=torch.uint8).view(torch.float4_e2m1fn_x2), "opaque")


def _view_of_freed() -> torch.Tensor:
    whole = plain()
    view = whole[1:, 1:]
    freed(whole)
    return view


def _without(tensor: torch.Tensor, part: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    freed(part(tensor))
    return tensor


@pytest.mark.parametrize("kind", READ)
def test_its_numbers_are_read(kind: str) -> None:
    make, numbers = READ[kind]
    found = legible(make(), most=100)
    assert (list(found.numbers), found.unread) == (numbers, None)
    assert read([make()])[0] == legible(make())


@pytest.mark.parametrize("kind", UNREAD)
@pytest.mark.parametrize("most", [2, 100, 1 << 30])
def test_why_there_are_no_numbers(kind: str, most: int) -> None:
    make, reason = UNREAD[kind]
    found = legible(make(), most)
    assert (found.numbers, found.summary, found.unread) == ((), None, reason)
    assert read([make(), plain(), make()]) == [legible(make()), legible(plain()), legible(make())]


def test_every_reason_occurs() -> None:
    """But for `sharded`, which takes several processes."""
    assert {reason for _, reason in UNREAD.values()} == set(get_args(Unread)) - {"sharded"}


def test_what_may_be_read_as_it_is() -> None:
    """`has_numbers` says yes to nothing that torch cannot read, and to all that is ordinary."""
    for kind, (make, _) in UNREAD.items():
        if kind != "a lazy parameter" and type(make()) in (torch.Tensor, nn.Parameter):
            assert not has_numbers(make()), kind
    for kind in ("plain", "a view", "transposed", "expanded", "of length 0", "bool", "int64", "bfloat16", "negative"):
        assert has_numbers(READ[kind][0]()), kind


@pytest.mark.parametrize("size", range(0, 49, 4))
def test_as_far_as_its_elements_reach(size: int) -> None:
    """By torch: a view is gone of which it makes the storage larger, to hold it again."""
    for start, stop, step in ((0, 12, 1), (0, 4, 1), (2, 9, 3), (11, 12, 1), (5, 5, 1)):
        whole = plain().reshape(-1)
        view = whole[start:stop:step]
        freed(whole, size)
        found = is_freed(view)
        torch.empty(0).set_(whole.untyped_storage(), view.storage_offset(), view.shape, view.stride())
        enlarged = whole.untyped_storage().nbytes() > size
        assert found == enlarged, (size, start, stop, step)


def test_a_hook_frees_what_waits_to_be_read() -> None:
    """The reader holds small tensors for a while."""
    first, second = plain(), plain() + 1
    waiting = iter([first, second])

    def tensors() -> Iterator[torch.Tensor]:
        yield next(waiting)
        freed(first)
        yield next(waiting)

    found = read(tensors())
    assert [values.unread for values in found if values] == ["freed", None]
    assert found[1] == legible(second)


def test_nothing_of_a_class_runs() -> None:
    """To look at a tensor is no operation of the user's."""
    asked = []

    class Talking(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            asked.append(func)
            return super().__torch_function__(func, types, args, kwargs or {})  # type: ignore[no-untyped-call]

    tensor = plain().as_subclass(Talking)
    asked.clear()
    assert list(legible(tensor, 100).numbers) == NUMBERS
    assert asked == []


def test_what_is_whole_in_each_process_is_read(tmp_path: Any) -> None:
    distributed = torch.distributed
    distributed.init_process_group("gloo", f"file://{tmp_path / 'alone'}", world_size=1, rank=0)
    try:
        mesh = torch.distributed.device_mesh.init_device_mesh("cpu", (1,))
        whole = DTensor.from_local(plain(), mesh, [Replicate()])
        assert list(legible(whole, 100).numbers) == NUMBERS
        assert legible(DTensor.from_local(plain(), mesh, [Shard(0)])).unread == "sharded"
        assert legible(DTensor.from_local(freed(plain()), mesh, [Replicate()])).unread == "freed"
    finally:
        distributed.destroy_process_group()


def test_same_storage_there_or_gone() -> None:
    whole = plain()
    view = whole[1:]
    assert is_same_storage(whole, view)
    freed(whole)
    assert is_same_storage(whole, view)
    assert not is_same_storage(whole, freed(plain()))
    assert not is_same_storage(whole, plain().to_sparse())
    assert readable(view) == "freed"
