"""What is wrong with a snapshot, and why the gradient of a parameter is what it is: all detectors, asked once each."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module

from msgspec.structs import replace

from gradtui.findings import detectors, nothing_wrong
from gradtui.findings.cause import Cause, Place
from gradtui.findings.detectors import higher_orders
from gradtui.findings.rank import gathered, ranked
from gradtui.findings.record import Record
from gradtui.findings.same_line import of_one_line
from gradtui.findings.unfinished import Look
from gradtui.findings.words.sentences import told
from gradtui.graph.higher_orders import node_made_by, order_of, picture
from gradtui.graph.incoming_edges import Use
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Parameter, Snapshot

Detector = Callable[[Record], Iterator[Cause]]

DETECTORS: tuple[Detector, ...] = tuple(
    import_module(f"{detectors.__name__}.{module.name}").detect for module in pkgutil.iter_modules(detectors.__path__)
)
"""Whatever stands in the package; what is told first is a question of words, by the order of their topics."""


def findings(snapshot: Snapshot, used: list[list[Use]] | None = None) -> tuple[Finding, ...]:
    """All that is wrong, the cause of most first; each cause once, with all parameters that it explains. Nothing for a
    healthy function or model. Of an experiment only the forward pass, which it does not change.

    used: `uses` of its graph, where they are at hand."""
    return findings_and_each(snapshot, used)[0]


def findings_and_each(
    snapshot: Snapshot, used: list[list[Use]] | None = None
) -> tuple[tuple[Finding, ...], dict[str, tuple[Finding, ...]]]:
    """The same, and of each parameter those that explain it, in sentences that leave out whose gradient it is."""
    look = Look()
    found: list[Finding] = []
    of_each: dict[str, tuple[Finding, ...]] = {}
    with look.own():
        record = Record.of(snapshot, used=used)
        causes = of_one_line(record, gathered(look.of_each(DETECTORS, record)))
        for cause in ranked(cause for cause in causes if not cause.aside):
            found += look.each(partial(told, snapshot=snapshot), (cause,))
            if cause.about:
                for one in look.each(partial(told, snapshot=snapshot), (replace(cause, about=()),)):
                    of_each |= {name: (*of_each.get(name, ()), one) for name in cause.about}
    return (*found, *look.failed), of_each


def why(snapshot: Snapshot, parameter: str) -> tuple[Finding, ...]:
    """Why the gradient of one parameter, or other named leaf, is what it is: the root cause first, never empty.

    `ordinary` where nothing is wrong. KeyError for a name that the snapshot does not know.
    """
    look = Look()
    leaves: dict[str, Parameter] = {}
    found: list[Finding] = []
    with look.own():
        record = Record.of(snapshot, parameter)
        leaves = record.leaves
    if look.failed:
        return look.failed
    leaf = leaves[parameter]
    with look.own():
        there = leaf.node is not None
        causes = ranked(one for one in look.of_each(DETECTORS, record) if _explains(one, parameter, there))
        if not causes and not look.failed:
            causes = [nothing_wrong.cause(record, parameter, leaf)]
        about = (replace(cause, about=(parameter,)) for cause in causes)
        found += look.each(partial(told, snapshot=snapshot, named=True), about)
    return (*found, *look.failed)


def findings_of_derivative(snapshot: Snapshot, order: int, used: list[list[Use]] | None = None) -> tuple[Finding, ...]:
    """Of the graph that backward gave the derivatives of this order from: what is wrong in it, and with what came of it.

    Nodes are those of that graph. Of the graph of f where there is no such order. used: `uses` of that graph, where they are
    at hand.
    """
    told_of = order_of(snapshot, order)
    if told_of is None or order == 1:
        return findings(snapshot, used)
    shown = picture(snapshot, order)
    look = Look()
    said: list[Finding] = []
    with look.own():
        of_values = [
            replace(cause, place=Place(node_made_by(snapshot, order, cause.place.node)))
            for cause in higher_orders.of_order(Record.of(snapshot), told_of)
        ]
        said += look.each(partial(told, snapshot=shown), ranked(gathered(of_values)))
    said += look.failed
    kinds = {one.kind for one in said}
    return (*said, *(one for one in findings(shown, used) if one.kind not in kinds))


def why_derivative(snapshot: Snapshot, order: int, variable: str) -> tuple[Finding, ...]:
    """The same; where nothing is wrong, how the derivative by this variable comes about."""
    found = findings_of_derivative(snapshot, order)
    if found or order_of(snapshot, order) is None or order == 1:
        return found
    shown = picture(snapshot, order)
    look = Look()
    with look.own():
        found = (told(nothing_wrong.of_derivative(snapshot, shown, order, variable), shown),)
    return (*found, *look.failed)


def _explains(cause: Cause, parameter: str, there: bool) -> bool:
    """A cause of no parameter in particular explains all that are in the graph."""
    return parameter in cause.about or (not cause.about and there)
