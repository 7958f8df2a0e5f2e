"""Frames and requests that no child of ours would send, and some that it would."""

from __future__ import annotations

import math
from random import Random
from typing import Any

from msgspec import msgpack, to_builtins

from gradtui.service.protocol import HEADER, Ready, frame
from gradtui.snapshot.curve import CurveRequest
from gradtui.snapshot.model import Experiment, Problem, Request, Snapshot
from tests import examples

SENT = (
    Request(1, "x^2 + 3x + 1", {"x": 4.0}),
    Request(
        2, "sum(w*x)", {"x": (1.0, 2.0), "w": 0.5}, "float64", curve=CurveRequest("x", (-1.0, 1.0)), along=("x", 1)
    ),
    Request(3, "x*y", names=("Volt",), experiments=(Experiment(0, 1, 0.5),)),
    Ready("torch"),
    Snapshot(4, "x +", problem=Problem("syntax", "no", 3, 3)),
    examples.quadratic(),
)
CURVES = (
    {"variable": "x", "window": [0.0, 0.0]},
    {"variable": "x", "window": [-math.inf, math.inf]},
    {"variable": "x", "window": [math.nan, 1.0], "points": -5},
    {"variable": "y", "window": [-1e308, 1e308], "points": 10**9, "element": 7},
    {"variable": "x", "window": [1.0, 2.0], "points": 10**9},
    {"variable": "x", "window": [5e-324, 1e-323], "points": 2, "element": -1},
)
ABSURD: dict[str, tuple[Any, ...]] = {
    "id": (0, -1, 2**63 - 1, -(2**63)),
    "expression": (
        "",
        "x",
        "x^2 + 1",
        "x +",
        "sin(x)/x",
        "\0",
        "é\x1b[31m",
        "y" * 300,
        "sum(x)",
        "[x, y]*w",
        "abs(x)",
        "5",
    ),
    "at": (
        *({}, {"x": 1.0}, {"x": []}, {"x": [1.0, 2.0]}, {"Volt": 3.0, "x": math.inf}, {"": 0.0}, {"a b": 1}),
        *({"x": math.nan}, {"x": [1e308, -1e308, 5e-324]}, {"x": [0.5] * 300, "w": [1.0]}, {"pi": 3, "sin": 2}),
    ),
    "dtype": ("float32", "float64"),
    "device": ("cpu", "cuda", "mps"),
    "curve": CURVES,
    "names": (["x"], [""], ["a b", "pi", "torch"], ["x"] * 300),
    "along": (["x", 0], ["y", -1], ["", 10**6], ["w", 1]),
    "experiments": (
        *([{"node": 10**9, "edge": -1, "factor": math.nan}], [{"node": 0, "factor": math.inf}] * 3),
        *([{"node": -1}], [{"node": 2, "edge": 0, "factor": -0.0}]),
    ),
    "origin": ("expression", "function", "capture"),
    "data": ((), ("x",), ("y", "nothing")),
    "training": (
        None,
        {"optimizer": {"name": "SGD", "settings": {"lr": math.inf}}, "trained": ["x"], "count": 3},
        {"optimizer": {"name": "Adam", "settings": {"betas": "x"}}, "trained": ["y", "x"], "count": -1},
        {"optimizer": {"name": "Nothing", "settings": {}}, "trained": []},
    ),
    "surface": (
        None,
        {"names": ["x", "y"], "windows": [[-1.0, 1.0], [2.0, -2.0]], "counts": [3, 2]},
        {"names": ["x", "x"], "windows": [[math.nan, 1.0], [0.0, 0.0]], "counts": [0, -1]},
    ),
    "fit": (False, True),
    "orders": (
        *(
            None,
            {"most": 2},
            {"most": 4, "along": "nothing", "element": 10**6},
            {"most": 3, "along": "w", "element": 1},
        ),
        *({"most": 10**9}, {"most": -1}, {"most": 2, "element": -1}),
    ),
}
"""By field of a Request: of the right kind, and still absurd."""
WRONG: tuple[Any, ...] = (None, True, 0.5, math.nan, 2**64 - 1, "", "int8", [], [[1]], [None], {}, {"x": None})
"""Of the wrong kind for most fields."""


def mutated(random: Random, data: bytes | None = None) -> bytes:
    """The bytes of a frame with some of them lost, doubled, changed or put in."""
    spoiled = bytearray(frame(random.choice(SENT)) if data is None else data)
    for _ in range(random.choice((1, 1, 3, 10))):
        start = random.randint(0, len(spoiled))
        end = start + random.choice((0, 1, 1, 2, 8))
        piece = bytes(spoiled[start:end])
        spoiled[start:end] = random.choice((b"", piece * 2, random.randbytes(len(piece)), random.randbytes(4)))
    return bytes(spoiled)


def framed(payload: bytes) -> bytes:
    return HEADER.pack(len(payload)) + payload


def request(random: Random) -> bytes:
    """The payload of a request in which some fields are absurd, or now and then of another kind."""
    fields: dict[str, Any] = to_builtins(random.choice(SENT[:3]))
    for name in random.sample(sorted(fields), random.choice((1, 2, 4))):
        fields[name] = random.choice(WRONG if random.random() < 0.15 else ABSURD[name])
    return msgpack.encode(fields)
