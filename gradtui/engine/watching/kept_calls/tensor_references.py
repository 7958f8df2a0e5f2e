"""The tensors that kept calls were given and gave, by weak references: what each is now, as far as it is still there."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import torch

from gradtui.engine.capture.introspection import is_a, items
from gradtui.engine.capture.recording import maker
from gradtui.engine.watching.kept_calls.segments import Call, Reference


def given_to(call: Call) -> Iterator[Reference]:
    return references((*call.args, *call.kwargs.values()))


def results_of(call: Call) -> Iterator[Reference]:
    return references((call.result,))


def references(values: Iterable[Any]) -> Iterator[Reference]:
    """To the tensors in arguments or results of a call."""
    for value in values:
        if is_reference(value):
            yield value
        elif issubclass(type(value), torch.Tensor):  # in a tuple of a kind of its own
            yield weakref.ref(value)
        else:
            yield from references(items(value))


def is_reference(value: Any) -> bool:
    """Not one of a person's own, to something else."""
    return type(value) is weakref.ReferenceType and is_a(value(), torch.Tensor, type(None))


def has_graph(reference: Reference) -> bool:
    """What is gone had one: all else is kept."""
    one = reference()
    return one is None or maker(one) is not None


def is_learned(reference: Reference) -> bool:
    one = reference()
    return one is None or one.requires_grad


def is_leaf(reference: Reference) -> bool:
    """Of a graph: another one in its place would be no parameter."""
    one = reference()
    return one is not None and one.requires_grad and one.is_leaf


def has_numbers(reference: Reference) -> bool:
    """Not of a parameter that is whole only while its module runs: its memory was given back."""
    tensor = reference()
    if tensor is None:
        return True
    if tensor.layout != torch.strided or hasattr(tensor, "to_local") or not tensor.numel():
        return True
    with suppress(RuntimeError, NotImplementedError):  # it has no memory of its own
        return bool(tensor.untyped_storage().nbytes())
    return True


def is_view(reference: Reference) -> bool:
    """Of what is gone it does not matter: its maker is wanted as it is."""
    one = reference()
    return one is not None and one._is_view()
