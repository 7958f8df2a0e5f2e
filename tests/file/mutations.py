"""A Snapshot with other things in its fields, each of the right type: what a reader of files cannot refuse by type alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, get_args

import msgspec
from msgspec import msgpack

from gradtui.file.header import BrokenError
from gradtui.file.pieces import Piece, Reader, Writer
from gradtui.file.snapshot_format import KEPT
from gradtui.file.soundness import flaw
from gradtui.snapshot import model
from gradtui.snapshot.model import Snapshot

FLOATS = (0.0, -0.0, 1.0, -1.0, 0.1, 1e-300, 5e-324, 1e39, 1.7e308, -1.7e308, float("nan"), float("inf"), -float("inf"))
INTEGERS = (-1, 0, 1, 2, 3, 7, 9, 400, 10**6, 2**31, 2**53 + 1, 2**63 - 1, -(2**63))
WORDS = (
    *get_args(model.Origin),
    *get_args(model.ProblemKind),
    *get_args(model.EventKind),
    *("vector", "constant", "kink", "nonfinite", "torch", "backward", "code", "value", "gradient"),
)
"""Of all the enums: most are right in one place and refused in all others."""
TEXTS = (
    *WORDS,
    *("", " ", "\n", "\t\r\n", ".", "..", "a.b", "a..b", ".a", "x", "y", "f", "x[0]", "1" * 900, "a" * 999, "a b\nc"),
    *("\x1b[31m", "\u202e", "\u200d", "😀" * 20, "e\u0301" * 30, "한글", "\x00", "[red]", "[/]", "</text>", '"', "\\"),
    *("model.py:loss", "model.py", ":", "x^2 + 3x + 1", "x +", "f(x) = ", "a = x; a", "sum(x)", "(" * 300),
    *("AccumulateGrad", "MulBackward0", "AddmmBackward0", "SumBackward1", "SoftmaxBackward0", "NllLossBackward0"),
    *("MeanBackward0", "IndexBackward0", "NativeLayerNormBackward0", "torch::autograd::CopySlices", "ViewBackward0"),
    *("float16", "bfloat16", "float32", "float64", "complex64", "int64", "cpu", "cuda:0", "meta"),
)


STORMS: tuple[Callable[[float], float], ...] = (
    *(lambda number, by=by: number * by for by in (1e-320, 1e-200, 1e-30, -1.0, 1e38, 1e200, 1.7e308)),
    *(lambda number, to=to: to for to in (0.0, 1.0, 1e300, -1e300, float("nan"), float("inf"))),
    lambda number: 1e308 if number > 0 else -1e308,
    lambda number: 1e-308 / number if number else 1.7e308,
)
"""What may befall all numbers at once."""


def mutated(snapshot: Snapshot, chance: random.Random, times: int = 3) -> Snapshot | None:
    """`snapshot` with up to so many other fields; None where the types forbid that."""
    whole = msgspec.to_builtins(snapshot)
    if chance.random() < 0.3:
        _storm(whole, chance)
    for _ in range(chance.randint(0, times)):
        container, key = _place(whole, chance)
        container[key] = _other(container[key], chance, lambda: _value(whole, chance))
        if isinstance(container, dict) and chance.random() < 0.1:
            _rename(container, key, chance)
    try:
        return msgspec.convert(whole, Snapshot)
    except msgspec.ValidationError:
        return None


def reread(snapshot: Snapshot) -> Snapshot | None:
    """As it comes back from a file; None where it is refused."""
    try:
        payload = msgpack.encode(
            msgspec.structs.replace(snapshot, graph=model.Graph((), snapshot.graph.roots), parameters={})
        )
        reader = Reader(msgpack.decode(payload, type=Snapshot), KEPT)
        for piece in Writer().pieces(snapshot):
            reader.add(msgpack.decode(msgpack.encode(piece), type=Piece))
        found = reader.snapshot()
    except (BrokenError, msgspec.DecodeError, UnicodeEncodeError, OverflowError):
        return None
    return found if flaw(found) is None else None


def _place(whole: Any, chance: random.Random) -> tuple[Any, Any]:
    """A container in it, and a key of that: one level after the other, so that what is at the top is met as often."""
    container, key = whole, chance.choice(list(whole))
    while chance.random() < 0.85:
        inside = container[key]
        keys = (
            list(inside) if isinstance(inside, dict) else list(range(len(inside))) if isinstance(inside, list) else []
        )
        if not keys:
            break
        container, key = inside, chance.choice(keys)
    return container, key


def _storm(whole: Any, chance: random.Random) -> None:
    """Other numbers everywhere, or in some places; of gradients alone, or of values alone, or of all."""
    change, part = chance.choice(STORMS), chance.choice([1.0, 1.0, 0.5, 0.1])
    names = chance.choice(
        [None, {"grad", "grad_output"}, {"value"}, {"numbers"}, {"summary"}, {"curve"}, {"derivative"}]
    )
    waiting: list[tuple[Any, bool]] = [(whole, names is None)]
    while waiting:
        container, meant = waiting.pop()
        for key, value in list(container.items() if isinstance(container, dict) else enumerate(container)):
            here = meant or (names is not None and key in names)
            if isinstance(value, dict | list):
                waiting.append((value, here))
            elif here and isinstance(value, float) and chance.random() < part:
                container[key] = change(value)


def _value(whole: Any, chance: random.Random) -> Any:
    container, key = _place(whole, chance)
    return container[key]


def _other(value: Any, chance: random.Random, elsewhere: Callable[[], Any]) -> Any:
    """Something else of the same kind; now and then nothing at all, or what stands in another place."""
    luck = chance.random()
    if luck < 0.1:
        return None
    if luck < 0.2:
        return elsewhere()
    match value:
        case bool():
            return not value
        case int():
            return chance.choice([*INTEGERS, value + 1, value - 1])
        case float():
            return chance.choice([*FLOATS, value * 1e3, -value])
        case str():
            return chance.choice([*TEXTS, value[::-1], value + "x", value[: len(value) // 2]])
        case list():
            return _other_list(value, chance)
        case dict():
            kept = dict(value)
            if kept:
                del kept[chance.choice(list(kept))]
            return kept
    return chance.choice([0, 1, 0.5, "x", [], {}, {"shape": [], "numbers": [1.0]}, {"text": "x", "start": 0, "end": 1}])


def _other_list(value: list[Any], chance: random.Random) -> list[Any]:
    match chance.randrange(5):
        case 0:
            return []
        case 1:
            return value[:-1]
        case 2:
            return value * 2
        case 3:
            return value[::-1]
    return value + value[:1]


def _rename(container: dict[Any, Any], key: Any, chance: random.Random) -> None:
    container[chance.choice(TEXTS)] = container.pop(key)
