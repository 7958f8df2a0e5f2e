"""Why is a parameter not in the graph that nothing was seen to cut off? By what is known of its module. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from gradtui.findings.cause import Cause, Place
from gradtui.findings.record import Record
from gradtui.findings.words.whereabouts import spoken
from gradtui.snapshot.model import Event, Module, Parameter


def of_nothing_seen(record: Record, name: str, leaf: Parameter, late: Event | None) -> Cause:
    """late: that it was asked for its gradient after it had been used."""
    if not record.is_traced:
        return Cause("not traced", Place(), {}, "perhaps", (name,))
    modules, path = record.snapshot.modules, name.rpartition(".")[0]
    module = modules.get(path)
    if not leaf.registered and modules and (module is None or "." not in name):
        return Cause("used before or never", Place(), {}, "perhaps", (name,))
    if module is not None and _is_unseen(modules, path):
        # where a forward pass was made again by its calls, none is
        is_counted = any(one.calls is not None for one in modules.values())
        return Cause("compiled away" if is_counted else "used for nothing", Place(), {}, "perhaps", (name,))
    if late is not None:
        return Cause("switched on late", Place(None, late.source), {"place": spoken(late.source)}, "perhaps", (name,))
    kind = {None: "never used", 0: "never ran"}.get(module.calls if module else None, "ran for nothing")
    return Cause(kind, Place(None, module.source if module else None), {}, "perhaps", (name,))


def _is_unseen(modules: Mapping[str, Module], path: str) -> bool:
    """Whether it was not seen how often it ran, or ran what is directly in it, as in what is compiled."""
    return modules[path].calls is None or any(
        one.calls is None for other, one in modules.items() if other.rpartition(".")[0] == path and other != path
    )
