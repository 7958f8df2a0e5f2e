"""What is shown of numbers that are not finite: those at the bad element, else how many there are of each."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings.cause import Extent, Fact, Facts, Part, elements
from gradtui.findings.not_finite.witness import index_of, is_second
from gradtui.findings.record import Record
from gradtui.graph.gradients import spread
from gradtui.graph.operands import operand
from gradtui.snapshot.model import Node, Witness


def counts(record: Record, node: Node) -> Iterator[tuple[str, Facts]]:
    """What is known of the operands and of the result, where nobody saw the element."""
    named = [("operand counted", operand(record.graph, node, 0)), ("second counted", operand(record.graph, node, 1))]
    for name, values in (*named, ("value counted", node.value)):
        if values is not None:
            found = spread(values)
            counted: dict[str, Fact] = {"reach": Extent.of(values), "of": elements(found.elements)}
            for what, count in (("zeros", found.zeros), ("nan", found.nan), ("inf", found.inf)):
                counted[what] = Part(f"{what} counted", {"count": count}) if count else ""
            yield name, counted


def at_element(witness: Witness) -> Iterator[tuple[str, Facts]]:
    if witness.bad and witness.index:
        yield "bad elements", {"bad": witness.bad, "index": index_of(witness)}
    elif witness.bad:
        yield "bad number", {}
    for one in witness.operands:
        if one.number is None or one.values is None:
            continue
        if one.variable is not None:
            yield "number there", {"name": one.variable, "number": one.number}
        else:
            yield "second there" if is_second(one) else "operand there", {"number": one.number}
