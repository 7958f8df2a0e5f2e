"""What stands at the element where good numbers became bad ones: plain facts, read at the moment at which it happened."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch
from torch.autograd.graph import Node

from gradtui.engine.autograd.saved import SAVED
from gradtui.engine.tensors.readable_tensors import has_numbers, readable
from gradtui.engine.tensors.summaries import NARROW
from gradtui.engine.tensors.values import legible
from gradtui.engine.torch_private import RAW, names_of, saved_tensors
from gradtui.grad_fns.singularities import NEAR_0, NEAR_EQUAL, NEAR_SINGULAR
from gradtui.graph.operands import is_finite, operation_of
from gradtui.snapshot.model import Operand, Values, Witness

MOST_DIMENSIONS = 8
SPECTRA = ("S", "L", "s", "eigenvalues")
"""Names under which decompositions keep what they divide by the differences of."""
OVER_A_DIM = ("softmax", "log_softmax", "logsumexp", "safe_softmax", "logcumsumexp")


def lost_constant(args: Sequence[Any], dtype: torch.dtype) -> float | None:
    """A number among the arguments that is none, and 0 in this dtype, a narrow one."""
    if dtype not in NARROW:
        return None
    ends = torch.finfo(dtype)
    lost = ends.smallest_normal * ends.eps / 2  # and all that is less
    return next((one for one in args if type(one) is float and 0 < abs(one) <= lost), None)


def has_nan(values: Values) -> bool:
    if values.summary is not None:
        return values.summary.nan > 0
    return any(map(math.isnan, values.numbers))


def is_worse(result: Values | None, before: Sequence[Values | None]) -> bool:
    """Whether there is nan in it that was in none of those before, or an infinity where all of those were finite."""
    if result is None or is_finite(result):
        return False
    if has_nan(result):
        return not any(each is not None and has_nan(each) for each in before)
    return all(map(is_finite, before))


def readable_numbers(tensor: object) -> bool:
    return isinstance(tensor, torch.Tensor) and has_numbers(tensor) and not tensor.is_complex()


def first_bad(tensor: torch.Tensor) -> tuple[tuple[int, ...], float, int] | None:
    """The index of the first nan, of the first infinity where there is none; what stands there, of a complex number the part
    that is not finite; and how many elements are not finite. None where there are no numbers to read.

    Of any tensor of user code that holds such an element; () is the index in one that is sparse or nested.
    """
    numbers = tensor if has_numbers(tensor) else readable(tensor)
    if isinstance(numbers, str):
        return None
    strided = numbers.layout is torch.strided
    flat = (numbers if strided else numbers.coalesce().values()).reshape(-1)
    nan, bad = flat.isnan(), ~flat.isfinite()
    wanted = nan if bool(nan.any()) else bad
    place = int(wanted.to(torch.uint8).argmax())
    number = flat[place].item()
    if isinstance(number, complex):
        number = number.imag if math.isfinite(number.real) else number.real
    index = []
    for size in reversed(numbers.shape if strided and not tensor.is_nested else ()):
        index.append(place % size)
        place //= size
    return tuple(reversed(index)), float(number), int(bad.sum())


def number_at(what: object, shape: Sequence[int], index: tuple[int, ...]) -> float | None:
    """The number of an operand, broadcast to the shape of the result, at this index; None where it does not fit."""
    if isinstance(what, bool | int | float):
        return float(what)
    if isinstance(what, list) and len(shape) == 1 and len(what) == shape[0] and isinstance(what[index[0]], int):
        return float(what[index[0]])
    if not readable_numbers(what):
        return None
    tensor = cast(torch.Tensor, what)
    if tuple(tensor.shape) != tuple(shape):
        if tensor.ndim > len(shape) or any(
            size not in (1, wanted) for size, wanted in zip(reversed(tensor.shape), reversed(shape), strict=False)
        ):
            return None
        index = tuple(
            0 if size == 1 else place
            for size, place in zip(tensor.shape, index[len(index) - tensor.ndim :], strict=True)
        )
    return float(tensor[index].item())


def of_sent(node: Node, edge: int, sent: torch.Tensor, came: torch.Tensor | None) -> Witness | None:
    """Of a gradient that became bad in `node`, from what that keeps; what hooks have packed stays so."""
    if not readable_numbers(sent):
        return None
    sent = sent.detach()
    found = first_bad(sent)
    if found is None:
        return None
    index, result, bad = found
    kept = kept_by(node)
    operands = tuple(
        Operand(name, number_at(what, sent.shape, index), _told(what))
        for name, what in kept.items()
        if not isinstance(what, torch.Tensor) or readable_numbers(what)
    )
    return Witness(
        None,
        "backward",
        node.name(),
        index[:MOST_DIMENSIONS],
        result,
        operands,
        bad,
        rows_kept(kept) or masked_rows(node, kept),
        edge,
        number_at(came.detach(), sent.shape, index) if came is not None else None,
    )


def of_zeros(node: Node, edge: int) -> Witness | None:
    """Of a node that made zeros of a gradient that was none: the settings that it keeps, which may say why; None without."""
    packed = names_of(type(node), RAW)
    settings = [(name, getattr(node, SAVED + name, None)) for name in names_of(type(node), SAVED) if name not in packed]
    operands = tuple(Operand(name, float(value)) for name, value in settings if isinstance(value, int | float))
    if not operands:
        return None
    return Witness(None, "backward", node.name(), operands=operands, result=0.0, rows={"zeros": 1}, edge=edge)


def of_growth(node: Node) -> Witness | None:
    """Of a node that sends far more than came in: how near what it keeps is to where it is steep. `steep`: the least in size;
    `singular`: the least singular value of a matrix, `close`: the least difference, each as a share of the largest."""
    name = operation_of(node.name())
    for near, table, measure in NEAR:
        what = kept_by(node).get(table[name]) if name in table else None
        if isinstance(what, torch.Tensor) and readable_numbers(what) and what.numel():
            try:
                least = float(measure(what).min().item())
            except RuntimeError:  # what torch cannot take apart, or two numbers that are one
                return None
            return Witness(None, "backward", node.name(), operands=(Operand(table[name], least),), rows={near: 1})
    return None


def _of_singular_values(matrix: torch.Tensor) -> torch.Tensor:
    values: torch.Tensor = torch.linalg.svdvals(matrix.double())
    return values[..., -1] / values[..., 0]


def _of_differences(spectrum: torch.Tensor) -> torch.Tensor:
    ordered = spectrum.double().sort(-1).values
    return ordered.diff(dim=-1) / ordered.abs().amax(-1, keepdim=True)


NEAR: tuple[tuple[str, Mapping[str, str], Callable[[torch.Tensor], torch.Tensor]], ...] = (
    ("steep", NEAR_0, torch.abs),
    ("singular", NEAR_SINGULAR, _of_singular_values),
    ("close", NEAR_EQUAL, _of_differences),
)
"""How near, of which operations and under which name of theirs, and how that is measured."""


def kept_by(node: Node) -> dict[str, Any]:
    """What a node keeps for its backward, by torch's names, without unpacking."""
    packed = names_of(type(node), RAW)
    found: dict[str, Any] = {}
    for name in packed:
        tensors = [*saved_tensors(node, name)]
        if len(tensors) == 1:
            found[name] = tensors[0].detach()
    for name in names_of(type(node), SAVED):
        if name in packed:
            continue
        value = getattr(node, SAVED + name, None)
        if isinstance(value, int | float):
            found[name] = value
    return found


def rows_kept(kept: Mapping[str, Any]) -> dict[str, int]:
    """Of a decomposition, how many of its singular values or eigenvalues are equal to another one, how many are 0."""
    spectrum = next((kept[name] for name in SPECTRA if isinstance(kept.get(name), torch.Tensor)), None)
    if spectrum is None or not spectrum.ndim or spectrum.shape[-1] < 2 or spectrum.layout is not torch.strided:
        return {}
    if spectrum.is_complex():
        if bool(spectrum.imag.any()):
            return {}
        spectrum = spectrum.real
    ordered = spectrum.detach().double().sort(-1).values
    near = torch.finfo(spectrum.dtype).eps * spectrum.shape[-1] * ordered.abs().amax(-1, keepdim=True)
    return {
        "all": ordered.numel(),
        "equal": int((ordered.diff(dim=-1) <= near).sum()),
        "zero": int((ordered.abs() <= near).sum()),
    }


def masked_rows(node: Node, kept: Mapping[str, Any]) -> dict[str, int]:
    """Of a logsumexp, how many rows are -inf throughout: only of these it is -inf itself."""
    made = kept.get("result")
    if not node.name().startswith("Logsumexp") or not isinstance(made, torch.Tensor) or not readable_numbers(made):
        return {}
    return {"all": made.numel(), "masked": int((made == -math.inf).sum())}


def rows_of(operation: str, args: Sequence[Any], result: torch.Tensor) -> dict[str, int]:
    """Of what works on rows: how many there are, and how many are masked throughout, of zeros, empty, or of one element."""
    operand = next((one for one in args if isinstance(one, torch.Tensor)), None)
    if operand is None or not readable_numbers(operand):
        return {}
    if operation.strip("_") in OVER_A_DIM and operand.ndim:
        dim = next((one for one in args if isinstance(one, int | list) and not isinstance(one, bool)), -1)
        masked = (operand == -math.inf).all(dim if isinstance(dim, int) else dim[0])
        return {"all": masked.numel(), "masked": int(masked.sum())}
    if operand.numel() and result.numel() and operand.numel() == result.numel():
        return {"all": result.numel(), "single": result.numel()} if operand.numel() >= 1 else {}
    if not operand.numel():
        return {"all": result.numel(), "empty": result.numel()}
    return {}


def _told(what: object) -> Values | None:
    return legible(what.detach()) if isinstance(what, torch.Tensor) else None
