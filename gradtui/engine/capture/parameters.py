"""The parameters and modules of a model as data, in the graph or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

import torch

from gradtui.engine.capture.introspection import is_a
from gradtui.engine.capture.recording import Recording
from gradtui.engine.tensors.reader import read
from gradtui.engine.tensors.values import device_name, dtype_name
from gradtui.snapshot import model
from gradtui.snapshot.numbers import UNREAD


def parameters(
    names: Mapping[torch.Tensor, str],
    nodes: Mapping[torch.Tensor, model.Node],
    grads: Mapping[torch.Tensor, model.Values | None],
    shards: Mapping[torch.Tensor, torch.Tensor],
    registered: Mapping[torch.Tensor, bool],
    within: Collection[torch.Tensor] = (),
    attributes: Collection[torch.Tensor] = (),
) -> dict[str, model.Parameter]:
    """One for each named tensor.

    nodes: those in the graph. One that an operation made has the node of that, one that was put into another leaf has that.
    shards: what the model itself has instead of a tensor of the graph. registered: of each of which that is known, whether it is
    a parameter of the model. within: those that get a gradient by a backward within a node. attributes: `holders.attributes`.
    """
    own = {tensor: shards.get(tensor, tensor) for tensor in names}
    others = [tensor for tensor, name in names.items() if tensor not in nodes or nodes[tensor].variable != name]
    values = dict(zip(others, read(own[tensor] for tensor in others), strict=True))
    told = {}
    for (tensor, name), itself in zip(names.items(), own.values(), strict=True):
        node = nodes.get(tensor)
        value = values.get(tensor) or (node.value if node is not None else None)
        told[name] = model.Parameter(
            value=value or model.Values((), (), unread="opaque"),
            grad=grads.get(tensor),
            dtype=dtype_name(itself),
            device=device_name(itself),
            node=None if node is None else node.id,
            requires_grad=itself.requires_grad,
            registered=registered.get(tensor) if _is_parameter(itself) else None,
            within=tensor in within,
            attribute=tensor in attributes,
            is_parameter=_is_parameter(itself),
        )
    return told


def _is_parameter(tensor: torch.Tensor) -> bool:
    return is_a(tensor, torch.nn.Parameter)


def unread_notes(parameters: Mapping[str, model.Parameter]) -> Iterator[model.Note]:
    """How many of them have a gradient that nobody can judge, and why."""
    unread = Counter(each.grad.unread for each in parameters.values() if each.grad is not None)
    for reason, count in unread.items():
        if reason is not None:
            which = (
                "the gradient" if len(parameters) == 1 else f"the gradients of {count} of {len(parameters)} parameters"
            )
            yield model.Note("unread", f"{which} cannot be read, and so not be judged: {UNREAD[reason]}")


def modules(
    parts: Mapping[str, torch.nn.Module], recording: Recording | None, absent: Collection[str] = ()
) -> dict[str, model.Module]:
    """As data. parts: a model's modules by path, "" for the model itself. absent: parameters not in the graph."""
    watched = recording if recording is not None and recording.watched else None
    places = {} if watched is None else watched.first_places({name.rpartition(".")[0] for name in absent})
    return {
        path: model.Module(type(module).__name__, None if watched is None else watched.count(path), places.get(path))
        for path, module in parts.items()
    }
