"""What torch refused, as facts for a sentence."""

from __future__ import annotations

from gradtui.findings.cause import Fact
from gradtui.findings.words.whereabouts import at, quoted
from gradtui.snapshot.events import Raised
from gradtui.snapshot.source import Source

DTYPES = {"Half": "float16", "BFloat16": "bfloat16", "Float": "float32"}
"""By what torch's messages call them."""


def facts_of(told: Raised) -> dict[str, Fact]:
    return {
        "place": line(told.source) or "it",
        "operation": told.operation,
        "tensor": told.tensor or "a tensor",
        "shape": _shape(told.shape),
        "of_shape": f" of shape {_shape(told.shape)}" if told.shape else "",
        "than_shape": f" than {_shape(told.shape)} has" if told.shape else "",
        "wanted": _shape(told.wanted),
        "of_operation": f" ({told.operation})" if told.operation else "",
        "of_both": f", {_shape(told.shape)} and {_shape(told.wanted)}" if told.shape and told.wanted else "",
        "of_rows": "" if told.needed is None else f": {told.count}, and it has {told.needed} rows, from 0 on",
        "of_tensor": f" ({told.tensor})" if told.tensor else "",
        "dimension": str(told.place),
        "index": "" if told.place is None else str(told.place + 1),
        "count": str(told.count),
        "needed": str(told.needed),
        "saver": told.saver,
        "kept": line(told.kept) or told.saver or "an operation",
        "made": line(told.made),
        "holder": told.holder,
        "earlier": line(told.earlier),
        "dtype": DTYPES.get(told.operation, told.operation),
    }


def _shape(shape: tuple[int, ...] | None) -> str:
    return "" if shape is None else str(list(shape))


def line(source: Source | None) -> str:
    return quoted(source) + at(source) if source is not None and source.text else at(source).removeprefix(" at ")
