"""The double where, in the person's own words: the remedy for a branch not taken that poisons the gradient. Pure."""

from __future__ import annotations

import re

from gradtui.findings.cause import Facts
from gradtui.grad_fns.traits import traits_of
from gradtui.graph.operands import operation
from gradtui.snapshot.model import Node

GENERAL = "the double where: give the branch a safe operand where it is not taken, f(where(condition, x, 1))"


DOUBLE_WHERE = "double where"
"""The name of the piece that is made here."""


def double_where(facts: Facts) -> str:
    """`write sqrt(where(x > 0, x, 1)) for sqrt(x)`: the `culprit` in the branch (`by`: 0 or 1) that `where` did not take."""
    where, branch, culprit = facts["where"], facts["by"], facts["culprit"]
    assert isinstance(where, Node)
    assert isinstance(culprit, Node)
    condition = _condition(where)
    traits = traits_of(operation(culprit))
    edge = culprit.edges[min(traits.culprit, len(culprit.edges) - 1)]
    if not condition or culprit.source is None or edge.source is None:
        return GENERAL
    text, offset = culprit.source.text, culprit.source.start
    start, end = edge.source.start - offset, edge.source.end - offset
    if not 0 <= start < end <= len(text):
        return GENERAL
    operands = f"{text[start:end]}, {traits.safe}" if branch == 0 else f"{traits.safe}, {text[start:end]}"
    return f"the double where: write {text[:start]}where({condition}, {operands}){text[end:]} for {text}"


def _condition(where: Node) -> str:
    """The text before the first comma that stands in no inner brackets."""
    call = re.fullmatch(r"[\w.]*where\s*\((.*)\)", where.source.text, re.DOTALL) if where.source else None
    depth = 0
    for place, sign in enumerate(call[1] if call else ""):
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            return " ".join(call[1][:place].split()) if call else ""
    return ""
