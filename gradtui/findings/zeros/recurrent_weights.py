"""Is every state 0 that a recurrent weight multiplies? Then of each sequence only the first step counts, which begins with 0."""

from __future__ import annotations

from gradtui.findings.cause import Cause, Fact, Place
from gradtui.findings.record import Record
from gradtui.findings.zeros.first_zero import Killer
from gradtui.graph.operands import is_zero

RECURRENT = {"RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"}
OF_THE_STATE, OF_THE_INPUT, REVERSE = "weight_hh", "weight_ih", "_reverse"


def cause(record: Record, name: str, killer: Killer) -> Cause | None:
    """Where the weights of the input, in the same layer and direction, get a gradient: what goes back comes to the same steps."""
    path, _, last = name.rpartition(".")
    module, parameters = record.snapshot.modules.get(path), record.snapshot.parameters
    if module is None or module.kind not in RECURRENT or not last.startswith(OF_THE_STATE):
        return None
    beside = parameters.get(name.replace(OF_THE_STATE, OF_THE_INPUT))
    if beside is None or beside.grad is None or is_zero(beside.grad):
        return None
    row = "first step in reverse" if last.endswith(REVERSE) else "first step"
    facts: dict[str, Fact] = {"node": record.nodes[killer.node], "symptom": "zero"}
    return Cause(row, Place(killer.node), facts, "likely" if last.endswith(REVERSE) else "perhaps", (name,))
