"""What the nodes of a graph keep for backward, in bytes: in all, and by module. Pure."""

from __future__ import annotations

from gradtui.snapshot.model import Snapshot

UNITS = ("KiB", "MiB", "GiB", "TiB")


def in_all(snapshot: Snapshot) -> int | None:
    """None where it is not known of any node."""
    known = [node.kept for node in snapshot.graph.nodes if node.kept is not None]
    return sum(known) if known else None


def by_module(snapshot: Snapshot) -> dict[str, int]:
    """Of each module that ran a node that keeps something, and of all that it is in; `` is the whole."""
    own: dict[str, int] = {}
    for node in snapshot.graph.nodes:
        if node.kept:
            own[node.module] = own.get(node.module, 0) + node.kept
    found: dict[str, int] = {}
    for path, size in own.items():
        found[path] = found.get(path, 0) + size
        while path:
            path = path.rpartition(".")[0]
            found[path] = found.get(path, 0) + size
    return found


def in_units(size: int) -> str:
    """`512 B`, `1.5 KiB`, `20 MiB`: three digits."""
    value, unit = float(size), "B"
    for larger in UNITS:
        if value < 1000:
            break
        value, unit = value / 1024, larger
    return f"{value:.3g} {unit}"
