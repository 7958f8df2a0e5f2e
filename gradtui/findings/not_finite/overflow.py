"""Why a value is more than its dtype holds: by an exponential, in a narrow dtype, in a sum, or since it grew step by step."""

from __future__ import annotations

from gradtui.dtypes import NARROW
from gradtui.findings.cause import Fact
from gradtui.findings.dtype_remedies import in_dtype
from gradtui.findings.forms.stable_form import stable_form
from gradtui.findings.not_finite.growth import growth
from gradtui.findings.not_finite.witness import numbers_of
from gradtui.findings.reason_at_node import Reason
from gradtui.findings.record import Record
from gradtui.grad_fns import called_functions
from gradtui.grad_fns.singularities import SMALLER, SMALLER_EXPONENT
from gradtui.grad_fns.traits import has
from gradtui.graph.operands import is_finite, operation
from gradtui.snapshot.model import Node, Values, Witness

MOST_EXPONENT = 88.0
"""Of e, in bfloat16 and float32."""
MOST_LOOKED_AT = 12


def reason(record: Record, witness: Witness, node: Node, facts: dict[str, Fact]) -> Reason:
    """Of a value that became infinite."""
    form = stable_form(record.graph, record.uses, node, "overflow")
    if called_functions.has(witness.operation, "exponential") or has(operation(node), "exponential"):
        at, _ = numbers_of(witness)
        is_wider_enough = node.dtype == "float16" and at is not None and abs(at) < MOST_EXPONENT
        name = "exponential overflows in half" if is_wider_enough else "exponential overflows"
        return Reason("overflow", name, facts | {"form": form or SMALLER_EXPONENT}, "", "proved")
    if node.dtype in NARROW:
        return Reason("overflow", "overflow in half", facts, "", "proved")
    if (grown := growth(record, node)) is not None:
        facts |= {"factor": grown.factor, "times": grown.times, "by": grown.node}
        return Reason("overflow", "grows to overflow", facts, "", "proved")
    if not witness.operands or not called_functions.has(witness.operation, "overflowing"):
        return Reason("domain", "became infinite", facts)  # where no operand was seen it may have been at a pole
    return Reason("overflow", "overflows", facts, form or in_dtype(SMALLER, node.dtype), "proved")


def of_a_sum(record: Record, witness: Witness, node: Node, facts: dict[str, Fact]) -> Reason | None:
    """Of a sum of finite numbers that became nan: on its way it was inf and -inf."""
    if not _is_of_finite(record, node):
        return None
    found = reason(record, witness, node, facts)
    return found if found.name == "grows to overflow" else Reason("overflow", "sum overflows", facts, found.way)


def _is_of_finite(record: Record, node: Node) -> bool:
    """Whether all that is known of what goes into it is finite; of its own inner nodes no value is known."""
    waiting = [node]
    known: list[Values] = []
    while waiting and len(known) < MOST_LOOKED_AT:
        below = [record.nodes[edge.target] for edge in waiting.pop().edges if edge.target is not None]
        known += [one.value for one in below if one.value is not None]
        waiting += [one for one in below if one.value is None]
    return bool(known) and all(map(is_finite, known))
