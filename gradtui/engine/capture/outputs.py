"""What is to be differentiated: the tensors that user code hands over, and why there may be nothing to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch

from gradtui.engine.capture.introspection import entries, is_a, items, named_parameters
from gradtui.engine.torch_private import is_transformed
from gradtui.snapshot.model import Note, Problem


def outputs_of(output: object) -> list[torch.Tensor]:
    """Every tensor in `output`: itself, or those in tuples, lists and dicts, each once. Raises TypeError for none."""
    found: dict[torch.Tensor, None] = {}
    waiting: list[Any] = [output]
    known = {id(None)}
    while waiting:
        value = waiting.pop()
        if id(value) in known:  # of what holds itself, too
            continue
        known.add(id(value))
        if is_a(value, torch.Tensor):
            found[value] = None
        elif is_a(value, dict):
            waiting.extend(reversed([entry for _, entry in entries(value)]))
        elif issubclass(type(value), Mapping):
            waiting.extend(reversed(list(value.values())))
        else:
            waiting.extend(reversed([*items(value)]))
    if not found:
        raise TypeError(f"the output is no tensor, and holds none, but a {type(output).__name__}")
    return list(found)


def why_no_graph(outputs: list[torch.Tensor], model: torch.nn.Module | None) -> Problem | None:
    """None where at least one of them can be differentiated."""
    if any(is_transformed(output) for output in outputs):
        return Problem(
            "domain",
            "this tensor is inside a torch.func transform, which differentiates without a graph that could be shown",
            hint="capture outside of grad, vmap and the like, on a tensor that has a grad_fn",
        )
    if any(output.requires_grad for output in outputs):
        return None
    if any(output.is_inference() for output in outputs):
        return Problem("domain", _no_graph("it was computed in inference_mode"), hint="compute it outside of it")
    if not any(output.is_floating_point() or output.is_complex() for output in outputs):
        kind = str(outputs[0].dtype).removeprefix("torch.")
        hint = "differentiate a floating-point value; a cast to integers, argmax or a comparison ends the gradient"
        return Problem("domain", _no_graph(f"its dtype is {kind}, which has no gradients"), hint=hint)
    if not torch.is_grad_enabled():
        return Problem("domain", _no_graph("it was computed under no_grad, as here"), hint="leave the no_grad block")
    parameters = named_parameters(model).values() if model is not None else ()
    if parameters and not any(parameter.requires_grad for parameter in parameters):
        return Problem("domain", _no_graph("no parameter of the model requires grad"), hint="model.requires_grad_()")
    why = "nothing that it was computed from requires grad, or it was computed under no_grad, or detached"
    return Problem(
        "domain", _no_graph(why), hint="`with gradtui.trace() as trace:` around the forward pass shows where"
    )


def _no_graph(why: str) -> str:
    return f"the output has no graph: {why}"


def notes(outputs: list[torch.Tensor]) -> Iterator[Note]:
    """What is differentiated, where that is not simply the output."""
    parts = "of the real parts of" if any(output.is_complex() for output in outputs) else "of"
    if len(outputs) > 1:
        what = f"there are {len(outputs)} outputs"
        yield Note("vector", f"{what}: the gradient is that of the sum {parts} their elements")
    elif outputs and (outputs[0].is_complex() or outputs[0].ndim):
        shape = "nested" if outputs[0].is_nested else f"of shape {tuple(outputs[0].shape)}"
        kind = "complex" if outputs[0].is_complex() else shape
        yield Note("vector", f"the output is {kind}: the gradient is that of the sum {parts} its elements")
