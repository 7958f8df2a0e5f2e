"""Leaves that nobody trains: in the graph and not among the model's parameters, or held by an optimizer and not the model's."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gradtui.findings.cause import Cause, Place
from gradtui.findings.record import Record
from gradtui.snapshot.finding import Certainty
from gradtui.snapshot.model import Parameter


def detect(record: Record) -> Iterator[Cause]:
    if not record.has_run:  # a wrapper that waits for the program's own backward has leaves that stand for others
        return
    born = {name: event for event in record.events if event.kind == "born" for name in event.leaves}
    modules = record.snapshot.modules
    copied = {name for event in record.events if event.kind in ("copied", "stacked") for name in event.leaves}
    filled = {name for event in record.events if copied.intersection(event.leaves) for name in event.leaves}
    for name, leaf in record.wanted.items():
        if leaf.attribute and leaf.node is not None and name not in born and name not in filled:
            yield (
                _of_object(name, modules)
                if leaf.is_parameter
                else Cause(
                    "plain attribute", Place(), {"holder": name.partition("[")[0].rpartition(".")[2]}, "likely", (name,)
                )
            )
        if leaf.registered is not False:
            continue
        if leaf.node is None:
            if is_another(record, name, leaf):
                yield Cause("not the model's", Place(), {"name": name}, "likely", (name,))
        elif name in born and name not in filled:
            event = born[name]
            yield Cause("made in forward", Place(None, event.source), {"event": event}, "likely", (name,))
        elif "[" in name or (
            name.rpartition(".")[0] in modules and "." in name and not copied
        ):  # else of another model
            holder = name.partition("[")[0] if "[" in name else name.partition(".")[0]
            yield Cause("unregistered", Place(), {"holder": holder}, "proved", (name,))


def _of_object(name: str, modules: Collection[str]) -> Cause:
    """In one that is no module: its own weights, or by a module that it holds, which may well be another model."""
    own = max((path for path in modules if path and name.startswith(f"{path}.")), key=len, default="")
    holder, _, rest = name.removeprefix(f"{own}.").partition(".")
    certainty: Certainty = "perhaps" if "." in rest else "likely"
    return Cause("held by an object", Place(), {"holder": holder}, certainty, (name,))


def is_another(record: Record, name: str, leaf: Parameter) -> bool:
    """Whether it looks like a weight that the model had before: nothing was made of it, and the model has another of its
    shape. Before the program's own backward it may be one that another stands for."""
    if leaf.registered is not False or leaf.node is not None or any(name in event.leaves for event in record.events):
        return False
    others = (one for one in record.leaves.values() if one.registered and one.node is not None)
    return not record.has_run or any(one.value.shape == leaf.value.shape for one in others)
