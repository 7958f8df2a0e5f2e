"""How a place in user code, and a group of parameters, are called in a sentence. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gradtui.graph.operands import operation, quote
from gradtui.snapshot.model import Event, Node, Source

MOST_NAMES = 3
LONGEST = 44


def line_of(source: Source | None) -> str:
    """`train.py:12`; nothing for the text of an expression."""
    if source is None or source.file is None:
        return ""
    return source.file if source.line is None else f"{source.file}:{source.line}"


def quoted(source: Source | None) -> str:
    """Its text on one line; of a long one the begin and the end, where the last call is."""
    text = " ".join(source.text.split()) if source else ""
    half = (LONGEST - 1) // 2
    return text if len(text) <= LONGEST else f"{text[:half]}…{text[-half:]}"


def at(source: Source | None, module: str = "") -> str:
    """` at train.py:12 in module encoder.layer.3`, as far as it is known."""
    line = line_of(source)
    return (f" at {line}" if line else "") + (f" in module {module}" if module else "")


def spoken(source: Source | None) -> str:
    """`h.relu() at train.py:12`; nothing for none."""
    return "" if source is None else quoted(source) + at(source)


def where(node: Node) -> str:
    """`torch.sigmoid(h) at train.py:12 in module head`, a node by what made it."""
    if node.variable and not node.edges:
        return node.variable
    if node.source is not None and node.source.file is None:
        return quote(node)
    name = "" if node.source is None or operation(node).lower() in node.source.text.lower() else f" ({node.name})"
    text = quoted(node.source) or node.name
    return f"{text}{name}{at(node.source, node.module)}"


def where_done(event: Event) -> str:
    """`h.detach() at train.py:12`."""
    whole = event.source.text if event.source else ""
    text = quoted(event.source) or event.operation
    spoken = event.operation in whole or event.operation.startswith("__")
    named = text if spoken or not whole else f"{event.operation} in {text}"
    return f"{named}{at(event.source, event.module)}"


def gathered(names: Sequence[str], all_names: Collection[str]) -> str:
    """`encoder.* (24 parameters)`: a single one by its name, several by what they have in common."""
    if len(names) == 1:
        return names[0]
    count = f"{len(names)} parameters"
    if len(names) == len(all_names):
        return f"all {count}"
    if items := _items_of(names):
        return f"{items}[…] ({count})"
    prefix = _shared(names)
    if not prefix:
        parts = list(dict.fromkeys(f"{name.partition('.')[0]}.*" if "." in name else name for name in names))
        more = f" and {len(parts) - MOST_NAMES} more" if len(parts) > MOST_NAMES else ""
        return f"{', '.join(parts[:MOST_NAMES])}{more}" + (f" ({count})" if len(parts) < len(names) else "")
    whole = sum(name.startswith(prefix) for name in all_names)
    return f"{prefix}* ({count if whole == len(names) else f'{len(names)} of {whole} parameters'})"


def _items_of(names: Sequence[str]) -> str:
    """The list or dict of which they all are items themselves; nothing where there is none."""
    holders = {name.rpartition("[")[0] for name in names if name.endswith("]")}
    return holders.pop() if len(holders) == 1 and all(name.endswith("]") for name in names) else ""


def _shared(names: Sequence[str]) -> str:
    """The path of the module that holds them all, with a dot behind; nothing where that is the model itself."""
    least, most = min(names), max(names)
    same = next((place for place, (a, b) in enumerate(zip(least, most, strict=False)) if a != b), len(least))
    return least[: least.rfind(".", 0, same) + 1]
