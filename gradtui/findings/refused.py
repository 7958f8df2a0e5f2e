"""What did torch refuse to do, in which line, with which tensor? An exception of forward or backward, by its facts."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings import bad_value
from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.record import Record
from gradtui.findings.words.whereabouts import at, quoted
from gradtui.snapshot.events import Raised
from gradtui.snapshot.model import Source

STEPS = ("heaviside", "special_heaviside", "floor_divide")
"""Of two flat pieces: what people take instead is a soft one."""


DTYPES = {"Half": "float16", "BFloat16": "bfloat16", "Float": "float32"}
"""By what torch's messages call them."""
WAYS = {
    "bincount": "sum up with torch.zeros(n).index_add(0, index, weights), or scatter_add: they have a derivative",
    "histc": "take a soft histogram: sigmoid((x - left) / width) - sigmoid((x - right) / width), summed for each bin",
    "_cdist_backward": "for a second derivative write the distance by hand: (a[:, None] - b).pow(2).sum(-1).add(1e-12).sqrt()",
}
"""What people take instead of an operation, or of a derivative, that has no derivative."""


def detect(record: Record) -> Iterator[Cause]:
    problem = record.snapshot.problem
    if problem is None or problem.raised is None:
        return
    told = problem.raised
    if told.how == "bad_values" and (found := bad_value.before_it_raised(record)) is not None:
        yield found
        return
    facts = _facts(told)
    evidence: list[tuple[str, dict[str, Fact]]] = [("torch says", {"message": problem.message})]
    if told.how == "freed" and told.earlier is not None:
        evidence.append(("backward ran", {"place": _line(told.earlier)}))
    if told.how in ("shape", "count") and told.kept is not None:
        evidence.append(("applied", {"place": _line(told.kept)}))
    yield Cause(
        _kind(told),
        Place(told.node, _source(told)),
        facts,
        "proved",
        (),
        tuple(evidence),
    )


def _source(told: Raised) -> Source | None:
    if told.how == "inference" and told.made:
        return told.made
    return told.source or (told.earlier if told.how == "freed" else None)


def _kind(told: Raised) -> str:
    if told.how == "inplace" and not told.saver:
        return "refused: inplace unseen"
    if told.how == "inplace" and told.made is not None:
        return "refused: inplace result" if told.made == told.kept else "refused: inplace of result"
    if told.how == "freed" and not (told.holder or told.kept) and told.earlier is not None:
        return "refused: freed earlier"
    if told.how == "freed" and not (told.holder or told.kept):
        return "refused: freed unseen"
    if told.how == "freed" and not told.holder:
        return "refused: freed by whom"
    if told.how == "not_implemented" and told.operation in STEPS:
        return "refused: step"
    if told.how == "not_implemented" and told.operation in WAYS:
        return "refused: no derivative but another way"
    if told.how == "inference" and told.made is None:
        return "refused: inference unseen"
    return f"refused: {told.how}"


def _facts(told: Raised) -> dict[str, Fact]:
    return {
        "place": _line(told.source) or "it",
        "operation": told.operation,
        "tensor": told.tensor or "a tensor",
        "shape": _shape(told.shape),
        "wanted": _shape(told.wanted),
        "index": "" if told.place is None else str(told.place + 1),
        "count": str(told.count),
        "needed": str(told.needed),
        "saver": told.saver,
        "kept": _line(told.kept) or told.saver or "an operation",
        "made": _line(told.made),
        "holder": told.holder,
        "earlier": _line(told.earlier),
        "dtype": DTYPES.get(told.operation, told.operation),
        "way": WAYS.get(told.operation, ""),
    }


def _shape(shape: tuple[int, ...] | None) -> str:
    return "" if shape is None else str(list(shape))


def _line(source: Source | None) -> str:
    return quoted(source) + at(source) if source is not None and source.text else at(source).removeprefix(" at ")
